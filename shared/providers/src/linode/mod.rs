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
use extdns_model::{
    Action, Name, Opaque, Record, RecordSet, RecordType, Stored, Ttl, Zone, ZoneIndex,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Mx, Srv, Ttls, host};
use crate::rest::{Advice, Auth, Id, Listing, Meaning, More, Rest, Service, origin};
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
    next: More::Numbered("/page", "/pages", "page"),
    total: "/results",
    ..Listing::at("/data")
};

/// Items per page of a list.
const PAGE: u32 = 500;
const CREATE: &str = "create record";
const UPDATE: &str = "update record";
const DELETE: &str = "delete record";

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
        mutating_operations: &[CREATE, UPDATE, DELETE],
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
        let domains: Vec<Domain> = self.list(via, "list domains", &["domains"]).await?;
        let zones = domains.iter().map(|it| Zone::new(it.id.as_str(), Name::as_listed(&it.domain)));
        Ok(self.filter.select(zones.collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let path = ["domains", &zone.id, "records"];
        let listed: Vec<Listed> = self.list(via, "list records", &path).await?;
        Ok(Page { records: listed.iter().filter_map(|it| it.record(zone)).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

impl Linode {
    async fn list<T: DeserializeOwned>(
        &self,
        via: &Transport,
        operation: &'static str,
        path: &[&str],
    ) -> Result<Vec<T>, ProviderError> {
        let first = self.rest.get(path).query("page_size", PAGE);
        self.rest.list(via, operation, first, &LISTING).await
    }
}

#[async_trait]
impl RecordWriter for Linode {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let id = |old: &Stored| origin::<u64>(old).map(ToString::to_string);
        let records = ["domains", &zone.id, "records"];
        let (operation, request) = match &step.action {
            Action::Create(new) => {
                (CREATE, self.rest.post(&records).json(&Written::of(&new.set, zone))?)
            }
            Action::Update { old, new } => {
                let path = ["domains", &zone.id, "records", &id(old)?];
                let mut body = Written::of(&new.set, zone);
                // What is left out keeps its value.
                body.ttl_sec = body.ttl_sec.or(Some(0));
                (UPDATE, self.rest.put(&path).json(&body)?)
            }
            Action::Delete(old) => {
                (DELETE, self.rest.delete(&["domains", &zone.id, "records", &id(old)?]))
            }
        };
        self.rest.send(via, operation, &request).await.map(drop)
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
    id: u64,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    target: String,
    priority: Option<u16>,
    weight: Option<u16>,
    port: Option<u16>,
    ttl_sec: Option<u32>,
}

impl Listed {
    /// The record, if its type is managed.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype)?;
        let [priority, weight, port] =
            [self.priority, self.weight, self.port].map(Option::unwrap_or_default);
        let target = &self.target;
        let value = match rtype {
            RecordType::Mx => format!("{priority} {target}"),
            RecordType::Srv => format!("{priority} {weight} {port} {target}"),
            _ => target.clone(),
        };
        let name = FORM.whole_name(&self.name, zone);
        let ttl = Ttl::from_seconds(self.ttl_sec.unwrap_or_default().into());
        let targets = [FORM.read(rtype, &value)].into_iter().collect();
        Some(Record::new(RecordSet::new(name, rtype, ttl, targets), Opaque::new(self.id)))
    }
}

/// A record as it is written.
#[derive(Serialize)]
struct Written {
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    target: String,
    priority: u16,
    weight: u16,
    port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_sec: Option<u32>,
}

impl Written {
    /// The one value of a set. What cannot be taken apart is sent whole, for the API to refuse.
    fn of(set: &RecordSet, zone: &Zone) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let name = FORM.name(&set.name, zone);
        let mut labels = name.split('.').map(|label| label.strip_prefix('_').map(str::to_owned));
        let ttl_sec = Some(FORM.ttl(set.ttl)).filter(|ttl| *ttl > 0);
        // Upstream's client sends this weight with every type but NS.
        let weight = u16::from(set.rtype != RecordType::Ns);
        let plain = Self {
            rtype: set.rtype.to_string(),
            name: name.clone(),
            target: FORM.value(set.rtype, value),
            priority: 0,
            weight,
            port: 0,
            service: None,
            protocol: None,
            ttl_sec,
        };
        match (Mx::parse(value), Srv::parse(value)) {
            (Some(Mx { preference, exchange }), _) if set.rtype == RecordType::Mx => {
                Self { priority: preference, target: host(&exchange), ..plain }
            }
            (_, Some(Srv { priority, weight, port, target })) if set.rtype == RecordType::Srv => {
                let (service, protocol) = (labels.next().flatten(), labels.next().flatten());
                Self { priority, weight, port, target: host(&target), service, protocol, ..plain }
            }
            _ => plain,
        }
    }
}
