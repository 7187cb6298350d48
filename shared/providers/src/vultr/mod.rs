//! Vultr DNS: `vultr`.
//!
//! * API: <https://www.vultr.com/api/#tag/dns>; single values with ids, one change per call.
//! * Authentication: an API key in `VULTR_API_KEY`. The variable `VULTR_API_URL` names another base URL.
//! * Limits: 30 calls a second of one address; pages of at most 500.
//! * Quirks: names are relative to their zone, and the apex is nothing. Text stands in quotes. The priority of MX and SRV
//!   is a field of its own, that of other types is 0, or -1 in records that the service made.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{Action, Name, Record, RecordSet, Zone, ZoneIndex};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Advice, Auth, Id, Listing, Meaning, More, RECORD_OPERATIONS, Rest, Service};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneFilter, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/error"],
    // How it refuses a record that is there already is not documented.
    meanings: &[
        Meaning { status: 400, text: "already exist", kind: ErrorKind::Conflict(Vec::new()) },
        Meaning { status: 400, text: "duplicate", kind: ErrorKind::Conflict(Vec::new()) },
        Meaning {
            status: 503,
            text: "rate limit",
            kind: ErrorKind::Throttled { retry_after: None },
        },
    ],
    rights: "check that the key in VULTR_API_KEY is valid, that its user may manage DNS, and that the access control \
             of the API lets this machine's address in",
    advice: Advice {
        zone_gone: "add the domain at Vultr, or leave it out with --exclude-domains",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "Vultr takes 30 calls a second of one address: wait, or call it less often",
    },
    ..Service::new("Vultr", "https://api.vultr.com/v2")
};

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::Quoted, ttls: Ttls::from(3600) };

const DOMAINS: Listing = Listing {
    size: ("per_page", PAGE),
    next: More::Token("/meta/links/next", "cursor"),
    total: "/meta/total",
    ..Listing::at("/domains")
};
const RECORDS: Listing = Listing { items: "/records", ..DOMAINS };

/// Items per page of a list.
const PAGE: u32 = 500;

/// The provider for the account of the key. Nothing is sent yet.
///
/// # Errors
/// When there is no key.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let key = variables.required("VULTR_API_KEY", "an API key of Vultr")?;
    let rest = context.rest(&SERVICE, variables.get("VULTR_API_URL"), Auth::bearer(key))?;
    Ok(over(rest, capabilities(), context.zones.clone()))
}

fn over(rest: Rest, capabilities: Capabilities, filter: ZoneFilter) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    stepped(Vultr { rest, capabilities, filter }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        page_size: Some(PAGE),
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(20, 20)),
        mutating_operations: RECORD_OPERATIONS,
        ..FORM.capabilities("vultr")
    }
}

struct Vultr {
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Vultr {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let domains: Vec<Domain> =
            self.rest.all(via, "list domains", &["domains"], &DOMAINS).await?;
        let zones =
            domains.iter().map(|it| Zone::new(it.domain.as_str(), Name::as_listed(&it.domain)));
        Ok(self.filter.select(zones.collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let path = ["domains", &zone.id, "records"];
        let listed: Vec<Listed> = self.rest.all(via, "list records", &path, &RECORDS).await?;
        Ok(Page { records: listed.iter().filter_map(|it| it.record(zone)).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

#[async_trait]
impl RecordWriter for Vultr {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PATCH, &["domains", &zone.id, "records"][..]);
        // No record changes its type.
        let is_new = matches!(step.action, Action::Create(_));
        let body = |set: &RecordSet| match Written::of(set, zone) {
            whole if is_new => whole,
            whole => Written { rtype: String::new(), ..whole },
        };
        self.rest.step(via, step, at, body).await.map(drop)
    }
}

#[derive(Deserialize)]
struct Domain {
    domain: String,
}

/// A record as it is read.
#[derive(Deserialize)]
struct Listed {
    id: Id,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    data: String,
    priority: Option<i64>,
    ttl: Option<u32>,
}

impl Listed {
    /// The record, if its type is managed.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype)?;
        let priority = self.priority.and_then(|it| u16::try_from(it).ok());
        let value = FORM.joined(rtype, priority, &self.data);
        Some(FORM.record((zone, &self.name), (rtype, self.ttl), value, self.id.clone()))
    }
}

/// A record as it is written.
#[derive(Serialize)]
struct Written {
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    rtype: String,
    name: String,
    data: String,
    ttl: u32,
    priority: u16,
}

impl Written {
    /// The one value of a set. What cannot be taken apart is sent whole, for the API to refuse.
    fn of(set: &RecordSet, zone: &Zone) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (priority, data) = FORM.apart(set.rtype, value);
        let rtype = set.rtype.to_string();
        Self {
            rtype,
            name: FORM.name(&set.name, zone),
            data,
            ttl: FORM.ttl(set.ttl),
            priority: priority.unwrap_or_default(),
        }
    }
}
