//! The REST API of version 6: lines of its configuration are added and removed
//! (<https://docs.pi-hole.net/api/>, `/api/config`).

use async_trait::async_trait;
use extdns_model::{
    Action, Name, Opaque, Record, RecordSet, RecordType, Surroundings, Ttl, Zone, ZoneIndex,
};
use serde::Deserialize;
use serde_json::json;

use super::{ADD, FORM, LOGIN, PiholeArgs, REMOVE, SERVICE, type_of};
use crate::engine::stepped;
use crate::rest::{Auth, Meaning, Rest, Service, Token, TokenSource, origin};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError,
    RecordWriter, Step, Transport, Updates, ZoneReader,
};

const SIX: Service = Service {
    meanings: &[Meaning {
        status: 400,
        text: "item already present",
        kind: ErrorKind::Conflict(Vec::new()),
    }],
    ..SERVICE
};

/// The elements of the configuration: addresses, and names of other names.
const HOSTS: &str = "hosts";
const CNAMES: &str = "cnameRecords";

/// Why a line of several names is left alone.
const SHARED: &str = "shares a line of dns.hosts with other names, which would go with it; give it a line of its own";

pub(super) fn provider(
    args: &PiholeArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let base = args.pihole_server.trim_end_matches('/');
    let client = |auth| {
        let rest = context.rest(&SIX, Some(base), auth);
        rest.map_err(|error| error.within("--pihole-server"))
    };
    let auth = match args.pihole_password.as_str() {
        "" => Auth::none(),
        password => {
            let login = Login { rest: client(Auth::none())?, password: password.to_owned() };
            Auth::tokens_in("x-ftl-sid", login)
        }
    };
    let rest = client(auth)?;
    let can = super::capabilities(Updates::DeleteAndCreate);
    let via = rest.transport(&can);
    Ok(stepped(Six { rest, can }, via))
}

/// A password opens a session.
struct Login {
    rest: Rest,
    password: String,
}

#[derive(Deserialize)]
struct Session {
    valid: bool,
    /// None where this client needs no session.
    sid: Option<String>,
    message: Option<String>,
}

#[async_trait]
impl TokenSource for Login {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        let request =
            self.rest.post(&["api", "auth"]).json(&json!({ "password": self.password }))?;
        let session: Session = self.rest.send(via, LOGIN, &request).await?.member("/session")?;
        if !session.valid {
            let said = session.message.unwrap_or_default();
            let message = format!("{}: no session: {said}; {}", SERVICE.name, SERVICE.rights);
            return Err(ProviderError::new(ErrorKind::Unauthorised, message));
        }
        Ok(Token::new(session.sid.unwrap_or_default(), None))
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.password.clone()]
    }
}

struct Six {
    rest: Rest,
    can: Capabilities,
}

impl Six {
    async fn lines(
        &self,
        via: &Transport,
        element: &'static str,
    ) -> Result<Vec<String>, ProviderError> {
        let request = self.rest.get(&["api", "config", "dns", element]);
        let answer = self.rest.send(via, "list records", &request).await?;
        answer.member(&format!("/config/dns/{element}"))
    }

    /// Ends the session. One that cannot be ended is no failure of the run: it ends by itself.
    async fn log_out(&self, via: &Transport) {
        let request = self.rest.delete(&["api", "auth"]);
        if let Err(error) = self.rest.end_session(via, "log out", &request).await {
            tracing::warn!(%error, "the session of Pi-hole was not ended, so it takes a seat until it is over");
        }
    }
}

/// The records of a line of `dns.hosts`.
fn hosts(line: &str) -> Vec<Record> {
    let mut words = line.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    let (address, names): (_, Vec<&str>) = (words.next().unwrap_or_default(), words.collect());
    let Some(rtype) = type_of(address).filter(|_| !names.is_empty()) else {
        tracing::warn!("the line {line:?} of dns.hosts is left out: it is no address and a name");
        return Vec::new();
    };
    let record = |name: &&str| {
        let mut record = record(name, rtype, Ttl::UNSET, address, line);
        record.set_read_only((names.len() > 1).then_some(SHARED));
        record
    };
    names.iter().map(record).collect()
}

/// The record of a line of `dns.cnameRecords`.
fn cname(line: &str) -> Option<Record> {
    let words: Vec<&str> = line.split(',').map(str::trim).collect();
    let [name, target, rest @ ..] = &words[..] else {
        tracing::warn!("the line {line:?} of dns.cnameRecords is left out: it has no target");
        return None;
    };
    let ttl = match rest.first() {
        None => Ttl::UNSET,
        Some(seconds) => seconds.parse().map_or_else(
            |_| {
                tracing::warn!("the TTL of the line {line:?} of dns.cnameRecords is no number");
                Ttl::UNSET
            },
            Ttl::from_seconds,
        ),
    };
    Some(record(name, RecordType::Cname, ttl, target, line))
}

fn record(name: &str, rtype: RecordType, ttl: Ttl, value: &str, line: &str) -> Record {
    let targets = [FORM.read(rtype, value)].into_iter().collect();
    let set = RecordSet::new(Name::as_listed(name), rtype, ttl, targets);
    Record::new(set, Opaque::new(line.to_owned()))
}

/// The element and the line of a record.
fn line(set: &RecordSet) -> (&'static str, String) {
    let name = set.name.key();
    let value = set.targets.first().map(|it| FORM.value(set.rtype, it)).unwrap_or_default();
    match (set.rtype, set.ttl.seconds()) {
        (RecordType::Cname, None) => (CNAMES, format!("{name},{value}")),
        (RecordType::Cname, Some(ttl)) => (CNAMES, format!("{name},{value},{ttl}")),
        _ => (HOSTS, format!("{value} {name}")),
    }
}

#[async_trait]
impl ZoneReader for Six {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    async fn zones(&self, _: &Transport) -> Result<Vec<Zone>, ProviderError> {
        Ok(vec![super::everything()])
    }

    async fn page(&self, via: &Transport, _: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let listed = async {
            let hosts = self.lines(via, HOSTS).await?;
            Ok((hosts, self.lines(via, CNAMES).await?))
        };
        let listed: Result<(Vec<String>, Vec<String>), ProviderError> = listed.await;
        self.log_out(via).await;
        let (lines, cnames) = listed?;
        let records = lines.iter().flat_map(|line| hosts(line));
        let records = records.chain(cnames.iter().filter_map(|line| cname(line))).collect();
        Ok(Page { records, next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        super::wanted(desired, |rtype| rtype == RecordType::Cname)
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        super::refusal(set, around)
    }
}

#[async_trait]
impl RecordWriter for Six {
    async fn step(&self, via: &Transport, _: &Zone, step: &Step) -> Result<(), ProviderError> {
        let (operation, element, line) = match &step.action {
            Action::Create(new) | Action::Update { new, .. } => {
                let (element, line) = line(&new.set);
                (ADD, element, line)
            }
            // As it stands there, which may be otherwise than it would be written.
            Action::Delete(old) => (REMOVE, line(&old.set).0, origin::<String>(old)?.clone()),
        };
        let path = ["api", "config", "dns", element, line.as_str()];
        let request = if operation == ADD { self.rest.put(&path) } else { self.rest.delete(&path) };
        self.rest.send(via, operation, &request.with_encoded_commas()).await.map(drop)
    }

    async fn finish(&self, via: &Transport, _: &Zone) -> Result<(), ProviderError> {
        self.log_out(via).await;
        Ok(())
    }
}
