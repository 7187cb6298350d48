//! BlueCat Address Manager: `bluecat`.
//!
//! * API: the community workflow `rest_api` of a BlueCat Gateway (<https://github.com/bluecatlabs/gateway-workflows>,
//!   `Community/rest_api`); record sets by their names, one change per call, no update.
//! * Authentication: a user and a password open a session, which is a token and a cookie.
//! * Limits: none stated; lists have no pages.
//! * Quirks: a zone is a path (`zones/org/zones/example`), a list of zones has those one level below, and what a record
//!   holds stands in one text (`key=value|`). Some releases of the workflow make a record of the first label of its name
//!   alone. Changes are served when they are deployed.
//! * Changed meanwhile: the API compares nothing. The zone is read again right before a delete; what changes between
//!   that and the write is overwritten. With which status it refuses what is there already is not known.
//! * Record types: A, CNAME, TXT. AAAA records are seen, as addresses of a host that is left alone: the workflow takes
//!   addresses of version 4 only.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod record;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{
    Action, Name, Planned, Record, RecordSet, RecordType, Surroundings, Ttl, Zone, ZoneIndex,
};
use serde_json::json;
use tokio::sync::Mutex;

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Auth, Listing, Meaning, Request, Rest, Service, Token, TokenSource};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError,
    RecordWriter, Step, Stores, Transport, TxtQuoting, Updates, ZoneFilter, ZoneReader,
};
pub use args::BluecatArgs;
use args::Config;
use record::{Entity, KINDS, Kind, created, kind_of, refusal};

const SERVICE: Service = Service {
    texts: &["/message"],
    meanings: &[
        Meaning { status: 404, text: "no matching zone", kind: ErrorKind::ZoneGone },
        Meaning { status: 404, text: "record(s) found", kind: ErrorKind::RecordGone },
        Meaning { status: 0, text: "duplicate of another", kind: ErrorKind::Conflict(Vec::new()) },
    ],
    rights: "check BLUECAT_USERNAME and BLUECAT_PASSWORD; the user needs the permission for the workflow rest_page, and \
             access to the records of the zones",
    ..Service::new("BlueCat", "https://localhost")
};

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::Quoted, ttls: Ttls::from(0) };

const TYPES: &[RecordType] = &[RecordType::A, RecordType::Cname, RecordType::Txt];

/// Why a record is left alone whose name belongs to another zone by now.
const ELSEWHERE: &str = "lies in the zone above that of its name, and the workflow of BlueCat finds a record by its name \
                         alone, so it could take that of the other zone for it; move it in the Address Manager";

const LOGIN: &str = "log in";
const CREATE: &str = "create record";
const DELETE: &str = "delete record";

/// The provider for the gateway of the file or of the flags. Nothing is sent yet.
///
/// # Errors
/// When something of the settings is missing.
pub fn provider(
    args: &BluecatArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    over(args.config()?, context, capabilities())
}

fn over(
    config: Config,
    context: &Context,
    can: Capabilities,
) -> Result<impl Provider + use<>, ProviderError> {
    let own = |name: &str, in_file: &str| {
        let given = context.environment.get(name).unwrap_or(in_file);
        let missing =
            || ProviderError::config(format!("{name} is not set; it is needed to log in"));
        if given.is_empty() { Err(missing()) } else { Ok(given.to_owned()) }
    };
    let user = own("BLUECAT_USERNAME", &config.gateway_username)?;
    let password = own("BLUECAT_PASSWORD", &config.gateway_password)?;
    let context = context.trusting_any(config.skip_tls_verify);
    let base = config.gateway_host.trim_end_matches('/');
    let client = |auth| {
        let rest = context.rest(&SERVICE, Some(base), auth);
        rest.map_err(|error| error.within("--bluecat-gateway-host"))
    };
    let login = Login { rest: client(Auth::none())?, user, password };
    let rest = client(Auth::tokens_after("Basic ", login))?;
    let via = rest.transport(&can);
    let (filter, zones, undeployed) = (context.zones.clone(), Mutex::default(), Mutex::default());
    Ok(stepped(Bluecat { rest, can, config, filter, zones, undeployed }, via))
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: TYPES,
        stores: Stores::Sets(Updates::DeleteAndCreate),
        parallel_zones: 4,
        mutating_operations: &[CREATE, DELETE],
        ..FORM.capabilities("bluecat")
    }
}

/// A user and a password open a session.
struct Login {
    rest: Rest,
    user: String,
    password: String,
}

#[async_trait]
impl TokenSource for Login {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        let body = json!({ "username": self.user, "password": self.password });
        let request = self.rest.post(&["rest_login"]).json(&body)?;
        let answer = self.rest.send(via, LOGIN, &request).await?;
        // `BAMAuthToken: the-token`
        let said: String = answer.member("/access_token")?;
        let token = said.rsplit(' ').next().unwrap_or_default();
        Ok(Token::new(token, None).with_cookie(answer.header("set-cookie")))
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.password.clone()]
    }
}

struct Bluecat {
    rest: Rest,
    can: Capabilities,
    config: Config,
    filter: ZoneFilter,
    /// The names of all zones that were found.
    zones: Mutex<Vec<Name>>,
    /// Whether there are changes that were not deployed.
    undeployed: Mutex<bool>,
}

impl Bluecat {
    /// The path of something of the configuration. Every path of the workflow ends with a `/`.
    fn path<'p>(&'p self, rest: &[&'p str]) -> Vec<&'p str> {
        [&["api", "v1", "configurations", &self.config.dns_configuration], rest, &[""]].concat()
    }

    /// The path of something of the view.
    fn in_view<'p>(&'p self, rest: &[&'p str]) -> Vec<&'p str> {
        self.path(&[&["views", self.config.dns_view.as_str()], rest].concat())
    }

    /// The path of something of a zone: each label of its name is a zone of the one before.
    fn in_zone<'p>(&'p self, zone: &'p str, rest: &'p str) -> Vec<&'p str> {
        let labels = zone.rsplit('.').flat_map(|label| ["zones", label]);
        self.in_view(&labels.chain([rest]).collect::<Vec<_>>())
    }

    /// All zones below the root, which is not among them.
    async fn all_zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let (mut zones, mut parents) = (Vec::new(), vec![Name::as_listed(&self.config.root_zone)]);
        while let Some(parent) = parents.pop() {
            let above = parent.key();
            let path = self.in_zone(&above, "zones");
            let below: Vec<Entity> =
                self.rest.all(via, "list zones", &path, &Listing::at("")).await?;
            for zone in &below {
                let name = zone.absolute_name(&parent);
                // Each is longer than its parent, so that this ends.
                if name.key() != above && lies_in(&name, &parent) {
                    zones.push(Zone::new(zone.id.as_str(), name.clone()));
                    parents.push(name);
                }
            }
        }
        Ok(zones)
    }

    async fn create(
        &self,
        via: &Transport,
        zone: &Zone,
        new: &Planned,
    ) -> Result<(), ProviderError> {
        let (set, zone) = (&new.set, zone.name.key());
        let kind = kind_of(set.rtype)?;
        let request = self.rest.post(&self.in_zone(&zone, kind.path)).json(&created(kind, set))?;
        let answer = self.rest.send(via, CREATE, &request).await?;
        let made = answer.json::<Entity>().ok().and_then(|it| it.property("absoluteName"));
        let Some(other) =
            made.map(|it| Name::as_listed(&it)).filter(|it| it.key() != set.name.key())
        else {
            return Ok(());
        };
        // Of several texts of a name, a delete could take another one.
        let left = if set.rtype == RecordType::Txt {
            "; remove that"
        } else {
            self.remove(via, kind, &other).await?;
            ", which was removed"
        };
        let message = format!(
            "{} {}: the workflow of this BlueCat Gateway made {other} of it{left}; it takes names one label below their \
             zone: update the workflow, or make a zone for the rest of the name",
            set.rtype, set.name
        );
        Err(ProviderError::new(ErrorKind::Rejected(vec![set.name.clone()]), message))
    }

    async fn remove(&self, via: &Transport, kind: &Kind, name: &Name) -> Result<(), ProviderError> {
        let request: Request = self.rest.delete(&self.in_view(&[kind.path, &name.key()]));
        self.rest.send(via, DELETE, &request).await.map(drop)
    }

    /// Lets the server have what was changed. One call is for all zones.
    async fn deploy(&self, via: &Transport, server: &str) -> Result<(), ProviderError> {
        let mut undeployed = self.undeployed.lock().await;
        if *undeployed {
            let path = self.path(&["server", "full_deploy"]);
            let request = self.rest.post(&path).json(&json!({ "server_name": server }))?;
            self.rest.send(via, "deploy", &request).await?;
            *undeployed = false;
        }
        Ok(())
    }
}

/// Whether a name is another one or lies below it.
fn lies_in(name: &Name, above: &Name) -> bool {
    let (name, above) = (name.key(), above.key());
    let front = name.strip_suffix(above.as_ref());
    front.is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

#[async_trait]
impl ZoneReader for Bluecat {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let all = self.all_zones(via).await?;
        *self.zones.lock().await = all.iter().map(|zone| zone.name.clone()).collect();
        Ok(self.filter.select(all))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let mut records: Vec<Record> = Vec::new();
        for kind in KINDS {
            let zone_name = zone.name.key();
            let path = self.in_zone(&zone_name, kind.path);
            let listed: Vec<Entity> =
                self.rest.all(via, "list records", &path, &Listing::at("")).await?;
            records.extend(listed.iter().flat_map(|it| it.records(kind, &zone.name)));
        }
        let all = self.zones.lock().await;
        let below = |other: &&Name| other.key() != zone.name.key() && lies_in(other, &zone.name);
        let below: Vec<&Name> = all.iter().filter(below).collect();
        let is_elsewhere = |it: &&mut Record| below.iter().any(|zone| lies_in(&it.set.name, zone));
        for record in records.iter_mut().filter(is_elsewhere) {
            record.set_read_only(Some(ELSEWHERE));
        }
        Ok(Page { records, next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        let mut desired = FORM.wanted(desired);
        let texts = desired.endpoints.iter_mut().filter(|it| it.set.rtype == RecordType::Txt);
        texts.for_each(|endpoint| endpoint.set.ttl = Ttl::UNSET);
        desired
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        crate::storable::refusal(&self.can, set, around).or_else(|| refusal(set))
    }
}

#[async_trait]
impl RecordWriter for Bluecat {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        *self.undeployed.lock().await = true;
        match &step.action {
            Action::Create(new) | Action::Update { new, .. } => self.create(via, zone, new).await,
            Action::Delete(old) => self.remove(via, kind_of(old.set.rtype)?, &old.set.name).await,
        }
    }

    async fn finish(&self, via: &Transport, _: &Zone) -> Result<(), ProviderError> {
        match self.config.deploys_to() {
            Some(server) => self.deploy(via, server).await,
            None => Ok(()),
        }
    }
}
