//! UltraDNS: `ultradns`.
//!
//! * API: <https://docs.ultradns.com/Content/REST%20API/Content/REST%20API/Home.htm>; record sets, one change per call.
//! * Authentication: a user and a password are exchanged for a token (`login.rs`).
//! * Limits: pages of at most 1,000. How many calls it takes is not documented; changes of a zone are sent one at a time.
//! * Quirks: names are whole and have a final dot, and a host without one is within the zone. Several addresses of a name are
//!   a pool (`pool.rs`). Text comes back without quotes. A set without a TTL gets that of the zone. A change may be
//!   a task that has to be waited for. Some releases of the list of zones have cursors, others offsets.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT. The codes of errors are seen in practice, not documented.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod login;
mod pool;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{Action, Name, Opaque, Record, RecordSet, Surroundings, Ttl, Zone, ZoneIndex};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls, fqdn};
use crate::rest::{Advice, Answer, CONFLICT, Listing, Meaning, More, Rest, Service, Task};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError,
    RecordWriter, Step, Stores, Transport, TxtQuoting, Updates, ZoneFilter, ZoneReader,
};
use pool::Pools;

const SERVICE: Service = Service {
    texts: &["/errorCode", "/errorMessage", "/0/errorCode", "/0/errorMessage"],
    meanings: &[
        Meaning::of("60001", ErrorKind::Unauthorised),
        Meaning::of("60004", ErrorKind::Unauthorised),
        Meaning::of("2111:", CONFLICT),
        Meaning::of("1801:", ErrorKind::ZoneGone),
        Meaning::of("70002:", ErrorKind::RecordGone),
    ],
    rights: "check ULTRADNS_USERNAME and ULTRADNS_PASSWORD, and that the user may change the records of the zone",
    advice: Advice {
        zone_gone: "add the zone at UltraDNS, or leave it out with --exclude-domains",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "wait, or call it less often",
    },
    ..Service::new("UltraDNS", "https://api.ultradns.com")
};

/// The TTL 0 is that of the zone.
const FORM: Form = Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Bare, ttls: Ttls::from(0) };

/// Items per page of a list.
const PAGE: u32 = 1000;
const RECORDS: Listing = Listing {
    size: ("limit", PAGE),
    next: More::TokenOrOffset("/cursorInfo/next", "cursor", "offset"),
    total: "/resultInfo/totalCount",
    ..Listing::at("/rrSets")
};
const ZONES: Listing = Listing { items: "/zones", ..RECORDS };

const CREATE: &str = "create record set";
const UPDATE: &str = "update record set";
const DELETE: &str = "delete record set";

/// The provider for the zones of the user, or of one account. Nothing is sent yet.
///
/// # Errors
/// When a variable is missing or malformed.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let (rest, pools) = login::find(context)?;
    let account = context.environment.get("ULTRADNS_ACCOUNTNAME").map(ToOwned::to_owned);
    Ok(over(rest, (pools, account), capabilities(), context.zones.clone()))
}

fn over(
    rest: Rest,
    (pools, account): (Pools, Option<String>),
    capabilities: Capabilities,
    filter: ZoneFilter,
) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    stepped(Ultradns { rest, pools, account, capabilities, filter }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        stores: Stores::Sets(Updates::InPlace),
        page_size: Some(PAGE),
        parallel_zones: 4,
        mutating_operations: &[CREATE, UPDATE, DELETE],
        ..FORM.capabilities("ultradns")
    }
}

struct Ultradns {
    rest: Rest,
    pools: Pools,
    account: Option<String>,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Ultradns {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The list of the third version stands in for the first where that is gone.
    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let listed = match self.list_zones(via, &["zones", ""]).await {
            Err(error) if error.kind == ErrorKind::ZoneGone => {
                self.list_zones(via, &["v3", "zones"]).await?
            }
            listed => none_if_gone(listed)?,
        };
        Ok(self.filter.select(listed))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&["zones", &zone.id, "rrsets"]);
        let listed = self.rest.list(via, "list record sets", first, &RECORDS).await;
        let listed: Vec<Rrset> = none_if_gone(listed)?;
        Ok(Page { records: listed.iter().filter_map(|it| it.record(zone)).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }

    fn refusal(&self, set: &RecordSet, _: Surroundings<'_>) -> Option<String> {
        self.pools.refusal(set)
    }
}

/// An empty list is answered like one that is not there.
fn none_if_gone<T>(listed: Result<Vec<T>, ProviderError>) -> Result<Vec<T>, ProviderError> {
    match listed {
        Err(error) if error.kind == ErrorKind::RecordGone => Ok(Vec::new()),
        listed => listed,
    }
}

impl Ultradns {
    async fn list_zones(&self, via: &Transport, path: &[&str]) -> Result<Vec<Zone>, ProviderError> {
        // Blanks part conditions, so those of the name are encoded once more.
        let account =
            self.account.as_ref().map(|it| format!("account_name:{}", it.replace(' ', "%20")));
        let first = self.rest.get(path).queries(account.map(|it| ("q", it)));
        let zone = |it: &ListedZone| {
            let name = it.properties.name.as_str();
            Zone::new(name, Name::as_listed(name))
        };
        self.rest.zones(via, first, &ZONES, zone).await
    }
}

#[async_trait]
impl RecordWriter for Ultradns {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let set = step.set();
        let body = Rrset::of(set, self.pools);
        let path = ["zones", &zone.id, "rrsets", &body.rrtype, &body.owner_name];
        let (operation, request) = match &step.action {
            Action::Create(_) => (CREATE, self.rest.post(&path).json(&body)?),
            Action::Update { .. } => (UPDATE, self.rest.put(&path).json(&body)?),
            Action::Delete(_) => (DELETE, self.rest.delete(&path)),
        };
        let answer = self.rest.send(via, operation, &request).await?;
        match answer.header("x-task-id") {
            Some(task) => self.rest.ended(via, &self.rest.get(&["tasks", task]), task_of).await,
            None => Ok(()),
        }
    }
}

/// What a task says of itself.
fn task_of(answer: &Answer) -> Result<Task, ProviderError> {
    Ok(match answer.member::<String>("/code")?.as_str() {
        "COMPLETE" => Task::Done,
        "ERROR" => Task::Failed(answer.member("/message").unwrap_or_default()),
        _ => Task::UnderWay,
    })
}

#[derive(Deserialize)]
struct ListedZone {
    properties: ZoneProperties,
}

#[derive(Deserialize)]
struct ZoneProperties {
    name: String,
}

/// A record set, both ways.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rrset {
    owner_name: String,
    rrtype: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u32>,
    rdata: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Value>,
}

impl Rrset {
    fn of(set: &RecordSet, pools: Pools) -> Self {
        let owner_name = fqdn(&set.name.key());
        Self {
            rrtype: set.rtype.to_string(),
            ttl: Some(FORM.ttl(set.ttl)).filter(|ttl| *ttl > 0),
            rdata: set.targets.iter().map(|it| FORM.value(set.rtype, it)).collect(),
            profile: pools.profile(set, &owner_name),
            owner_name,
        }
    }

    /// The record set, if it is of a type that is managed: the first word, before its number.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = FORM.usual_type(self.rrtype.split(' ').next()?)?;
        let name = match self.owner_name.as_str() {
            "" => zone.name.clone(),
            name => Name::as_listed(name),
        };
        let targets = self.rdata.iter().map(|it| FORM.read(rtype, it)).collect();
        let ttl = Ttl::from_seconds(self.ttl.unwrap_or_default().into());
        let mut record = Record::new(RecordSet::new(name, rtype, ttl, targets), Opaque::none());
        let is_foreign = self.profile.as_ref().is_some_and(|it| !pool::is_known(it));
        record.set_read_only(is_foreign.then_some(pool::FOREIGN));
        Some(record)
    }
}
