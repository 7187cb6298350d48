//! The scripts behind the web interface of version 5, as upstream called them up to v0.13.2: forms, a cookie, and a token
//! that stands in a page.

use std::sync::Arc;

use async_trait::async_trait;
use extdns_model::{
    Action, Endpoint, Name, Opaque, Record, RecordSet, RecordType, Surroundings, Ttl, Zone,
    ZoneIndex,
};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{ADD, FORM, LOGIN, PiholeArgs, REMOVE, SERVICE, type_of};
use crate::engine::stepped;
use crate::rest::{Answer, Auth, Rest, Service};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError,
    RecordWriter, Step, Transport, Updates, ZoneReader,
};

const FIVE: Service = Service { has_pages: true, ..SERVICE };

/// The scripts: addresses, and names of other names.
const HOSTS: &str = "customdns.php";
const CNAMES: &str = "customcname.php";

pub(super) fn provider(
    args: &PiholeArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let base = args.pihole_server.trim_end_matches('/');
    let rest = context.rest(&FIVE, Some(base), Auth::none());
    let rest = rest.map_err(|error| error.within("--pihole-server"))?;
    // An address in the place of another: the script refuses a second one of a name.
    let can = Capabilities { max_values: 1, ..super::capabilities(Updates::InPlace) };
    let password = args.pihole_password.clone();
    extdns_auth::secrets::register(&password);
    let via = Transport::with_secrets(&can, [password.clone()]);
    let via = via.among(&context.accounts, &format!("{base}\n{password}")).at(&rest.server());
    Ok(stepped(Five { rest, can, password, session: Mutex::default() }, via))
}

struct Five {
    rest: Rest,
    can: Capabilities,
    password: String,
    session: Mutex<Option<Arc<Session>>>,
}

/// What every call has with it.
struct Session {
    cookie: String,
    token: String,
}

impl Session {
    /// With the cookie that an answer sets, if it sets one.
    fn cookie_of(answer: &Answer, before: &str) -> String {
        let set = answer.header("set-cookie").and_then(|text| text.split(';').next());
        set.map_or_else(|| before.to_owned(), |pair| pair.trim().to_owned())
    }
}

/// The text of the element with the id `token`.
fn token_in(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("id=\"token\"").or_else(|| page.split_once("id='token'"))?;
    let (_, text) = rest.split_once('>')?;
    let (token, _) = text.split_once('<')?;
    Some(token.trim()).filter(|token| !token.is_empty())
}

impl Five {
    /// Opens a session: the first page sets the cookie, the form takes the password, and the page behind it has the token.
    async fn log_in(&self, via: &Transport) -> Result<Session, ProviderError> {
        let page = self.rest.get(&["admin", "index.php"]);
        let first = self.rest.send(via, LOGIN, &page).await?;
        let mut cookie = Session::cookie_of(&first, "");
        let form = self.rest.post(&["admin", "index.php"]).flag("login");
        let form = form.form(&[("pw", &self.password)]).header("cookie", &cookie)?;
        let answer = self.rest.send(via, LOGIN, &form).await?;
        cookie = Session::cookie_of(&answer, &cookie);
        extdns_auth::secrets::register(&cookie);
        let page = page.header("cookie", &cookie)?;
        let answer = self.rest.send(via, LOGIN, &page).await?;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        let token = token_in(&text).ok_or_else(|| {
            let message = format!("could not parse token from login response; {}", SERVICE.rights);
            ProviderError::new(ErrorKind::Unauthorised, message)
        })?;
        extdns_auth::secrets::register(token);
        Ok(Session { cookie, token: token.to_owned() })
    }

    /// The session; a new one in the place of one that is over.
    async fn session(
        &self,
        via: &Transport,
        over: Option<&Arc<Session>>,
    ) -> Result<Arc<Session>, ProviderError> {
        let mut kept = self.session.lock().await;
        let is_over = |it: &Arc<Session>| over.is_some_and(|over| Arc::ptr_eq(over, it));
        if let Some(session) = kept.as_ref().filter(|it| !is_over(it)) {
            return Ok(Arc::clone(session));
        }
        let session = Arc::new(self.log_in(via).await?);
        *kept = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Calls a script; once more in a new session, where the session is over.
    async fn call(
        &self,
        via: &Transport,
        operation: &'static str,
        script: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer, ProviderError> {
        let session = self.session(via, None).await?;
        let answer = self.once(via, operation, script, fields, &session).await?;
        if !is_over(&answer) {
            return Ok(answer);
        }
        let session = self.session(via, Some(&session)).await?;
        self.once(via, operation, script, fields, &session).await
    }

    async fn once(
        &self,
        via: &Transport,
        operation: &'static str,
        script: &str,
        fields: &[(&str, &str)],
        session: &Session,
    ) -> Result<Answer, ProviderError> {
        let fields = [fields, &[("token", session.token.as_str())]].concat();
        let request = self.rest.post(&["admin", "scripts", "pi-hole", "php", script]);
        let request = request.form(&fields).header("cookie", &session.cookie)?;
        self.rest.send(via, operation, &request).await
    }

    async fn list(&self, via: &Transport, script: &str) -> Result<Vec<Record>, ProviderError> {
        let answer = self.call(via, "list records", script, &[("action", "get")]).await?;
        let pairs: Vec<(String, String)> = answer.member("/data").map_err(|_| said(&answer))?;
        let record = |(name, value): &(String, String)| {
            let rtype = if script == CNAMES { Some(RecordType::Cname) } else { type_of(value) }?;
            let targets = [FORM.read(rtype, value)].into_iter().collect();
            let set = RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, targets);
            Some(Record::new(set, Opaque::none()))
        };
        Ok(pairs.iter().filter_map(record).collect())
    }

    async fn change(
        &self,
        via: &Transport,
        operation: &'static str,
        set: &RecordSet,
    ) -> Result<(), ProviderError> {
        let name = set.name.key();
        let value = set.targets.first().map(|it| FORM.value(set.rtype, it)).unwrap_or_default();
        let (script, member) = match set.rtype {
            RecordType::Cname => (CNAMES, "target"),
            _ => (HOSTS, "ip"),
        };
        let action = if operation == ADD { "add" } else { "delete" };
        let fields = [("action", action), ("domain", &name), (member, &value)];
        let answer = self.call(via, operation, script, &fields).await?;
        let done: Done = answer.json().map_err(|_| {
            // What came is no answer of the script, so it is not known what it did.
            ProviderError { kind: ErrorKind::Lost, ..said(&answer) }
        })?;
        if done.success {
            return Ok(());
        }
        let text = done.message.to_lowercase();
        let kind = if operation == REMOVE && text.contains("does not exist") {
            ErrorKind::RecordGone
        } else if operation == ADD && text.contains("already") {
            ErrorKind::Conflict(vec![set.name.clone()])
        } else {
            ErrorKind::Rejected(vec![set.name.clone()])
        };
        let message = format!("Pi-hole: {} {name}: {}", set.rtype, done.message);
        Err(ProviderError::new(kind, message))
    }
}

#[derive(Deserialize)]
struct Done {
    success: bool,
    #[serde(default)]
    message: String,
}

/// Whether the script says that the session is over, which it does in words.
fn is_over(answer: &Answer) -> bool {
    let text = String::from_utf8_lossy(answer.body());
    !text.trim_start().starts_with('{') && text.contains("expired")
}

/// The error of an answer in words.
fn said(answer: &Answer) -> ProviderError {
    let text = String::from_utf8_lossy(answer.body());
    let text: String =
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
    let message = format!(
        "Pi-hole: the answer is not what version 5 promises: {text}; see --pihole-api-version"
    );
    ProviderError::new(ErrorKind::Transient, message)
}

#[async_trait]
impl ZoneReader for Five {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    async fn zones(&self, _: &Transport) -> Result<Vec<Zone>, ProviderError> {
        Ok(vec![super::everything()])
    }

    async fn page(&self, via: &Transport, _: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let mut records = self.list(via, HOSTS).await?;
        records.extend(self.list(via, CNAMES).await?);
        Ok(Page { records, next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        super::wanted(desired, |_| false).changed(|Endpoint { set, .. }| {
            let has_more = set.targets.len() > 1;
            set.targets = set.targets.iter().take(1).cloned().collect();
            has_more
                .then(|| "Pi-hole 5 stores one address of a name; the first is stored".to_owned())
        })
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        super::refusal(set, around)
    }
}

#[async_trait]
impl RecordWriter for Five {
    async fn step(&self, via: &Transport, _: &Zone, step: &Step) -> Result<(), ProviderError> {
        match &step.action {
            Action::Create(new) => self.change(via, ADD, &new.set).await,
            Action::Delete(old) => self.change(via, REMOVE, &old.set).await,
            Action::Update { old, new } => {
                match self.change(via, REMOVE, &old.set).await {
                    Err(error) if error.kind != ErrorKind::RecordGone => return Err(error),
                    _ => {}
                }
                self.change(via, ADD, &new.set).await
            }
        }
    }
}
