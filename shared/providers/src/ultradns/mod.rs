//! UltraDNS: `ultradns`.
//!
//! * API: <https://docs.ultradns.com/Content/REST%20API/Content/REST%20API/Home.htm>; record sets, one change per call.
//! * Authentication: `ULTRADNS_USERNAME` and `ULTRADNS_PASSWORD`, which is in base64, are exchanged for a token.
//!   `ULTRADNS_BASEURL` is the URL of the API, `ULTRADNS_ACCOUNTNAME` takes the zones of one account.
//! * Limits: pages of at most 1,000. How many calls it takes is not documented; changes of a zone are sent one at a time.
//! * Quirks: names are whole and have a final dot, and a host without one is within the zone. Several addresses of a name are
//!   a pool (`pool.rs`). Text comes back without quotes. A set without a TTL gets that of the zone. A change may be
//!   a task that has to be waited for. Some releases of the list of zones have cursors, others offsets.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT. The codes of errors are seen in practice, not documented.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod pool;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extdns_model::{Action, RecordSet, Surroundings, Zone};

use crate::engine::wire::{Dots, Form, Ttls, fqdn};
use crate::rest::credentials::given;
use crate::rest::{
    Account, Advice, Answer, Body, CONFLICT, Grant, Holds, Layout, Listing, Meaning, More,
    SET_STEPS, Service, Task, ZoneLayout,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RecordWriter, Step,
    Stores, Transport, TxtQuoting, Updates, ZoneReader,
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
        ..Advice::USUAL
    },
    ..Service::new("UltraDNS", "https://api.ultradns.com")
};

/// The TTL 0 is that of the zone.
const FORM: Form = Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Bare, ttls: Ttls::from(0) };

const RECORDS: Listing = Listing {
    size: ("limit", 0),
    next: More::TokenOrOffset("/cursorInfo/next", "cursor", "offset"),
    total: "/resultInfo/totalCount",
    ..Listing::at("/rrSets")
};
const ZONES: Listing = Listing { items: "/zones", ..RECORDS };

const ZONE: ZoneLayout = ZoneLayout::of("/properties/name", "/properties/name");
const RRSET: Layout = Layout {
    foreign: pool::foreign,
    ..Layout::of(&[
        ("ownerName", Holds::Fqdn),
        ("rrtype", Holds::Type),
        ("ttl", Holds::TtlIfSet),
        ("rdata", Holds::Values),
    ])
};

/// The provider for the zones of the user, or of one account. Nothing is sent yet.
///
/// # Errors
/// When a variable is missing or malformed.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    over(context, capabilities())
}

fn over(
    context: &Context,
    capabilities: Capabilities,
) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let names = ["ULTRADNS_USERNAME", "ULTRADNS_PASSWORD", "ULTRADNS_BASEURL"];
    let values = names.map(|name| (name, variables.get(name).unwrap_or_default()));
    let [user, encoded, base] = given("UltraDNS", values)?;
    let password = STANDARD.decode(&encoded).ok().and_then(|it| String::from_utf8(it).ok());
    let password = password.ok_or_else(|| {
        ProviderError::config("ULTRADNS_PASSWORD is not in base64; encode the password")
    })?;
    let form = [("grant_type", "password"), ("username", &user), ("password", &password)];
    let at = (&*base, &["authorization", "token"][..]);
    let auth = Grant::tokens(&SERVICE, at, form, &context.http)?;
    let rest = context.rest(&SERVICE, Some(&base), auth)?;
    let rest = rest.always_header("ultraclient", Some("kube-client"))?;
    let (pools, account) = (Pools::find(variables)?, variables.get("ULTRADNS_ACCOUNTNAME"));
    // Blanks part conditions, so those of the name are encoded once more.
    let query = account.map(|it| format!("account_name:{}", it.replace(' ', "%20")));
    Ok(context.account(rest, capabilities).stepped(|account| Ultradns { account, pools, query }))
}

fn capabilities() -> Capabilities {
    Capabilities {
        stores: Stores::Sets(Updates::InPlace),
        page_size: Some(1000),
        parallel_zones: 4,
        mutating_operations: SET_STEPS,
        ..FORM.capabilities("ultradns")
    }
}

struct Ultradns {
    account: Account,
    pools: Pools,
    /// Which zones are listed; without it, all.
    query: Option<String>,
}

#[async_trait]
impl ZoneReader for Ultradns {
    fn capabilities(&self) -> &Capabilities {
        &self.account.capabilities
    }

    /// The list of the third version stands in for the first where that is gone.
    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let list = async |path: &[&str]| {
            let query = self.query.as_deref().map(|it| ("q", it));
            let first = self.account.rest.get(path).queries(query);
            self.account.list_zones(via, first, &ZONES, &ZONE).await
        };
        match list(&["zones", ""]).await {
            Err(error) if error.kind == ErrorKind::ZoneGone => list(&["v3", "zones"]).await,
            listed => none_if_gone(listed),
        }
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.account.rest.get(&["zones", &zone.id, "rrsets"]);
        none_if_gone(self.account.list_records(via, zone, first, &RECORDS, &RRSET).await)
    }

    fn refusal(&self, set: &RecordSet, _: Surroundings<'_>) -> Option<String> {
        self.pools.refusal(set)
    }
}

/// An empty list is answered like one that is not there.
fn none_if_gone<T: Default>(listed: Result<T, ProviderError>) -> Result<T, ProviderError> {
    match listed {
        Err(error) if error.kind == ErrorKind::RecordGone => Ok(T::default()),
        listed => listed,
    }
}

#[async_trait]
impl RecordWriter for Ultradns {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let (rest, set) = (&self.account.rest, step.set());
        let (owner, rtype) = (fqdn(&set.name.key()), set.rtype.to_string());
        let path = ["zones", &zone.id, "rrsets", &rtype, &owner];
        let body = written(zone, set, self.pools);
        let request = match &step.action {
            Action::Create(_) => rest.post(&path).json(&body)?,
            Action::Update { .. } => rest.put(&path).json(&body)?,
            Action::Delete(_) => rest.delete(&path),
        };
        let answer = rest.step_of_set(via, step, &request).await?;
        match answer.header("x-task-id") {
            Some(task) => rest.ended(via, &rest.get(&["tasks", task]), task_of).await,
            None => Ok(()),
        }
    }
}

fn written(zone: &Zone, set: &RecordSet, pools: Pools) -> Body {
    let body = RRSET.body(&FORM, zone, set);
    match pools.profile(set) {
        Some(profile) => body.with("profile", profile),
        None => body,
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
