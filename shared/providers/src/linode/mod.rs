//! Linode DNS (Akamai Cloud): `linode`.
//!
//! * API: <https://techdocs.akamai.com/linode-api/reference/get-domains>; single values with ids, one change per call.
//! * Authentication: a personal access token in `LINODE_TOKEN`, with the scope `domains:read_write`. `LINODE_URL`,
//!   `LINODE_API_VERSION` and `LINODE_CA` are those of its own client.
//! * Limits: 800 calls in two minutes; pages of at most 500. Only some TTLs are stored, others are rounded.
//! * Quirks: the apex is nothing. A busy service answers with 400. A header `Retry-After` stands in successes too. Priority,
//!   weight and port are fields of every type, the two labels of an SRV beside its name.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_auth::HttpOptions;
use extdns_model::{Action, Name, Record, RecordSet, RecordType, Zone, ZoneIndex};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Numbers, Ttls};
use crate::rest::{Advice, Auth, Id, Listing, Meaning, More, RECORD_OPERATIONS, Rest, Service};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneFilter, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/errors/0/field", "/errors/0/reason"],
    meanings: &[
        Meaning {
            status: 400,
            text: "linode busy",
            kind: ErrorKind::Throttled { retry_after: None },
        },
        // The server in front of it, which has done nothing.
        Meaning { status: 400, text: "nginx", kind: ErrorKind::Throttled { retry_after: None } },
        Meaning { status: 400, text: "already exist", kind: ErrorKind::Conflict(Vec::new()) },
    ],
    rights: "check that the token in LINODE_TOKEN is valid and has the scope domains:read_write",
    advice: Advice {
        zone_gone: "add the domain at Linode, or leave it out with --exclude-domains",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "Linode takes 800 calls in two minutes of one account: wait, or call it less often",
    },
    ..Service::new("Linode", "https://api.linode.com/v4")
};

/// The TTL 0 is the default of the zone. Some pages of the vendor name 30 and 120 too; both are raised here.
const FORM: Form = Form {
    apex: "",
    dots: Dots::None,
    txt: TxtQuoting::AsIs,
    ttls: Ttls::from(0).only(&[
        300, 3600, 7200, 14_400, 28_800, 57_600, 86_400, 172_800, 345_600, 604_800, 1_209_600,
        2_419_200,
    ]),
};

const LISTING: Listing = Listing {
    size: ("page_size", PAGE),
    next: More::Numbered("/page", "/pages", "page"),
    total: "/results",
    ..Listing::at("/data")
};

/// Items per page of a list.
const PAGE: u32 = 500;

/// The provider for the account of the token. Nothing is sent yet.
///
/// # Errors
/// When there is no token, or the file of certificates cannot be used.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let token = variables.required("LINODE_TOKEN", "a personal access token of Linode")?;
    let host = variables.get("LINODE_URL").unwrap_or("https://api.linode.com");
    let host = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
    let version = variables.get("LINODE_API_VERSION").unwrap_or("v4");
    let base = format!("{}/{version}", host.trim_end_matches('/'));
    let ca = context.http.ca.clone().or(variables.get("LINODE_CA").map(Into::into));
    let http = HttpOptions { ca, ..context.http.clone() };
    let context = Context { http, ..context.clone() };
    let rest = context.rest(&SERVICE, Some(&base), Auth::bearer(token))?;
    Ok(over(rest, capabilities(), context.zones))
}

fn over(rest: Rest, capabilities: Capabilities, filter: ZoneFilter) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    stepped(Linode { rest, capabilities, filter }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        page_size: Some(PAGE),
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(6, 100)),
        mutating_operations: RECORD_OPERATIONS,
        ..FORM.capabilities("linode")
    }
}

struct Linode {
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Linode {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let domains: Vec<Domain> =
            self.rest.all(via, "list domains", &["domains"], &LISTING).await?;
        let zones = domains.iter().map(|it| Zone::new(it.id.as_str(), Name::as_listed(&it.domain)));
        Ok(self.filter.select(zones.collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let path = ["domains", &zone.id, "records"];
        let listed: Vec<Listed> = self.rest.all(via, "list records", &path, &LISTING).await?;
        Ok(Page { records: listed.iter().filter_map(|it| it.record(zone)).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

#[async_trait]
impl RecordWriter for Linode {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["domains", &zone.id, "records"][..]);
        let is_new = matches!(step.action, Action::Create(_));
        self.rest.step(via, step, at, |set| Written::of(set, zone, is_new)).await.map(drop)
    }
}

#[derive(Deserialize)]
struct Domain {
    id: Id,
    domain: String,
}

/// A record as it is read.
#[derive(Deserialize)]
struct Listed {
    id: Id,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    target: String,
    #[serde(flatten)]
    numbers: Numbers,
    ttl_sec: Option<u32>,
}

impl Listed {
    /// The record, if its type is managed.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype)?;
        let value = FORM.of_members(rtype, &self.numbers, &self.target);
        Some(FORM.record((zone, &self.name), (rtype, self.ttl_sec), value, self.id.clone()))
    }
}

/// A record as it is written.
#[derive(Serialize)]
struct Written {
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    target: String,
    #[serde(flatten)]
    numbers: Numbers,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_sec: Option<u32>,
}

impl Written {
    /// The one value of a set. What cannot be taken apart is sent whole, for the API to refuse. What is left out keeps the
    /// value that it has.
    fn of(set: &RecordSet, zone: &Zone, is_new: bool) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (numbers, target) = FORM.in_members(set.rtype, value);
        let name = FORM.name(&set.name, zone);
        let label = |label: &str| label.strip_prefix('_').map(str::to_owned);
        let mut labels = name.split('.').filter(|_| numbers.port.is_some()).map(label);
        let (service, protocol) = (labels.next().flatten(), labels.next().flatten());
        let ttl_sec = Some(FORM.ttl(set.ttl)).filter(|ttl| *ttl > 0 || !is_new);
        // Upstream's client sends all three with every type, and this weight with all but NS.
        let usual = u16::from(set.rtype != RecordType::Ns);
        let numbers = Numbers {
            priority: numbers.priority.or(Some(0)),
            weight: numbers.weight.or(Some(usual)),
            port: numbers.port.or(Some(0)),
        };
        let rtype = set.rtype.to_string();
        Self { rtype, name, target, numbers, service, protocol, ttl_sec }
    }
}
