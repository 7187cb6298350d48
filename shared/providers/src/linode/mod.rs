//! Linode DNS (Akamai Cloud): `linode`.
//!
//! * API: <https://techdocs.akamai.com/linode-api/reference/get-domains>; single values with ids, one change per call.
//! * Authentication: a personal access token in `LINODE_TOKEN`, with the scope `domains:read_write`. `LINODE_URL`,
//!   `LINODE_API_VERSION` and `LINODE_CA` are those of its own client.
//! * Limits: 800 calls in two minutes; pages of at most 500. Only some TTLs are stored, others are rounded up.
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
use extdns_model::{Action, RecordSet, RecordType, Zone};
use reqwest::Method;
use serde::Serialize;

use crate::engine::wire::{Dots, Form, Numbers, Ttls};
use crate::rest::{
    Account, Advice, Auth, Holds, Layout, Listing, Meaning, More, RECORD_OPERATIONS, Service,
    ZoneLayout,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneReader,
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
        throttled: "Linode takes 800 calls in two minutes of one account: wait, or call it less often",
        ..Advice::USUAL
    },
    ..Service::new("Linode", "https://api.linode.com/v4")
};

/// The TTL 0 is the default of the zone. Not all pages of the vendor name 30 and 120, but both are stored.
const FORM: Form = Form {
    apex: "",
    dots: Dots::None,
    txt: TxtQuoting::AsIs,
    ttls: Ttls::from(0).only(&[
        30, 120, 300, 3600, 7200, 14_400, 28_800, 57_600, 86_400, 172_800, 345_600, 604_800,
        1_209_600, 2_419_200,
    ]),
};

const LISTING: Listing = Listing {
    size: ("page_size", PAGE),
    next: More::Numbered("/page", "/pages", "page"),
    total: "/results",
    ..Listing::at("/data")
};

const DOMAIN: ZoneLayout = ZoneLayout::of("id", "domain");
/// A record as it is read.
const RECORD: Layout = Layout::of(&[
    ("id", Holds::Id),
    ("type", Holds::Type),
    ("name", Holds::Name),
    ("target", Holds::Value),
    ("priority", Holds::Priority),
    ("weight", Holds::Weight),
    ("port", Holds::Port),
    ("ttl_sec", Holds::Ttl),
]);

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
    Ok(context.account(rest, capabilities()).stepped(Linode))
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

struct Linode(Account);

#[async_trait]
impl ZoneReader for Linode {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        self.0.list_zones(via, self.0.rest.get(&["domains"]), &LISTING, &DOMAIN).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.0.rest.get(&["domains", &zone.id, "records"]);
        self.0.list_records(via, zone, first, &LISTING, &RECORD).await
    }
}

#[async_trait]
impl RecordWriter for Linode {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["domains", &zone.id, "records"][..]);
        let is_new = matches!(step.action, Action::Create(_));
        self.0.rest.step(via, step, at, |set| Written::of(set, zone, is_new)).await.map(drop)
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
