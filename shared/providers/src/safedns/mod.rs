//! SafeDNS of ANS, formerly UKFast: `safedns`.
//!
//! * API: <https://developers.ukfast.io/documentation/safedns>; single values with ids, one change per call.
//! * Authentication: a token in `SAFEDNS_TOKEN`, alone in the header `Authorization`. The variable `SAFEDNS_API_URL` names
//!   another base URL.
//! * Limits: how many calls it takes is not documented. A page has 10 items.
//! * Quirks: names are whole. Text stands in quotes. The priority of MX and SRV is a field of its own. A record that comes
//!   without a TTL gets the service's, which was 86400 when exchanges were recorded.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{Name, Opaque, Record, RecordSet, Ttl, Zone, ZoneIndex};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{
    Advice, Auth, CONFLICT, Id, Listing, Meaning, More, RECORD_OPERATIONS, Rest, Service,
};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError,
    RecordWriter, Step, Transport, TxtQuoting, ZoneFilter, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/message", "/errors/0/title", "/errors/0/detail"],
    meanings: &[
        Meaning { status: 404, text: "zone not found", kind: ErrorKind::ZoneGone },
        // How it refuses a record that is there already is not documented.
        Meaning { status: 400, text: "already exist", kind: CONFLICT },
        Meaning { status: 422, text: "already exist", kind: CONFLICT },
    ],
    rights: "check that the token in SAFEDNS_TOKEN is valid, and that its application may read and write SafeDNS",
    advice: Advice {
        zone_gone: "add the domain at SafeDNS, or leave it out with --exclude-domains",
        ..Advice::USUAL
    },
    ..Service::new("SafeDNS", "https://api.ukfast.io/safedns/v1")
};

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::Quoted, ttls: Ttls::from(0) };

const LISTING: Listing = Listing {
    next: More::Page("/meta/pagination/links/next", "page"),
    total: "/meta/pagination/total",
    ..Listing::at("/data")
};

/// The provider for the account of the token. Nothing is sent yet.
///
/// # Errors
/// When there is no token.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let token = variables.required("SAFEDNS_TOKEN", "a token of the API of ANS")?;
    let auth = Auth::header("authorization", token);
    let rest = context.rest(&SERVICE, variables.get("SAFEDNS_API_URL"), auth)?;
    Ok(over(rest, capabilities(), context.zones.clone()))
}

fn over(rest: Rest, capabilities: Capabilities, filter: ZoneFilter) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    stepped(SafeDns { rest, capabilities, filter }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        parallel_zones: 4,
        parallel_writes: 4,
        mutating_operations: RECORD_OPERATIONS,
        ..FORM.capabilities("safedns")
    }
}

struct SafeDns {
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for SafeDns {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let zone = |it: &ListedZone| Zone::new(it.name.as_str(), Name::as_listed(&it.name));
        let first = self.rest.get(&["zones"]);
        Ok(self.filter.select(self.rest.zones(via, first, &LISTING, zone).await?))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&records(zone));
        self.rest.records(via, first, &LISTING, Listed::record).await
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

fn records(zone: &Zone) -> [&str; 3] {
    ["zones", &zone.id, "records"]
}

#[async_trait]
impl RecordWriter for SafeDns {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PATCH, &records(zone)[..]);
        self.rest.step(via, step, at, Written::of).await.map(drop)
    }
}

#[derive(Deserialize)]
struct ListedZone {
    name: String,
}

/// A record as it is read.
#[derive(Deserialize)]
struct Listed {
    id: Id,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    content: String,
    priority: Option<u16>,
    ttl: Option<u32>,
}

impl Listed {
    /// The record, if its type is managed.
    fn record(&self) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype)?;
        let targets = [FORM.joined(rtype, self.priority, &self.content)].into_iter().collect();
        let ttl = Ttl::from_seconds(self.ttl.unwrap_or_default().into());
        let set = RecordSet::new(Name::as_listed(&self.name), rtype, ttl, targets);
        Some(Record::new(set, Opaque::new(self.id.clone())))
    }
}

/// A record as it is written.
#[derive(Serialize)]
struct Written {
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u16>,
}

impl Written {
    /// The one value of a set. What cannot be taken apart is sent whole, for the API to refuse.
    fn of(set: &RecordSet) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (priority, content) = FORM.apart(set.rtype, value);
        let (name, rtype) = (set.name.key().into_owned(), set.rtype.to_string());
        let ttl = Some(FORM.ttl(set.ttl)).filter(|ttl| *ttl > 0);
        Self { name, rtype, content, ttl, priority }
    }
}
