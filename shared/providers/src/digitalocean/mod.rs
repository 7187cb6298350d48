//! DigitalOcean DNS: `digitalocean`.
//!
//! * API: <https://docs.digitalocean.com/reference/api/digitalocean/#tag/Domain-Records>; single
//!   values with ids, one change per call.
//! * Authentication: a personal access token in `DO_TOKEN`, with the scope `domain`. The variable
//!   `DIGITALOCEAN_API_URL` names another base URL.
//! * Limits: 250 calls a minute, 5,000 an hour; pages of at most 200; TTLs of at least 30 seconds.
//! * Quirks: a host in a value is written with a final dot and read without; the value `@` is the zone
//!   itself. MX and SRV have fields of their own. Text is kept as it is given, with quotes or without.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use extdns_model::{
    Action, Name, Opaque, Record, RecordSet, RecordType, Stored, Ttl, Zone, ZoneIndex,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Mx, Srv, Ttls, fqdn};
use crate::rest::{Auth, Listing, Meaning, More, Rest, Service, origin};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneFilter, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/message"],
    meanings: &[
        Meaning { status: 422, text: "already exist", kind: ErrorKind::Conflict(Vec::new()) },
        Meaning { status: 422, text: "cannot share", kind: ErrorKind::Conflict(Vec::new()) },
    ],
    rights: "check that the token in DO_TOKEN is valid and has the scope domain",
    ..Service::new("DigitalOcean", "https://api.digitalocean.com/v2")
};

const FORM: Form = Form {
    apex: "@",
    dots: Dots::Final,
    txt: TxtQuoting::AsIs,
    ttls: Ttls::from(300).within(30, i32::MAX as u32),
};

/// A page says by a URL that there is another. Its host need not be ours, so it is not followed.
const DOMAINS: Listing = Listing {
    next: More::Page("/links/pages/next", "page"),
    total: "/meta/total",
    ..Listing::at("/domains")
};
const RECORDS: Listing = Listing { items: "/domain_records", ..DOMAINS };

const CREATE: &str = "create record";
const UPDATE: &str = "update record";
const DELETE: &str = "delete record";

/// Flags of the `digitalocean` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider digitalocean")]
pub struct DigitaloceanArgs {
    /// Domains or records per page of a list, at most 200
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub digitalocean_api_page_size: u32,
}

/// The provider for the account of the token. Nothing is sent yet.
///
/// # Errors
/// When there is no token.
pub fn provider(
    args: &DigitaloceanArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let token = variables.required("DO_TOKEN", "a personal access token of DigitalOcean")?;
    let base = variables.get("DIGITALOCEAN_API_URL");
    let rest = context.rest(&SERVICE, base, Auth::bearer(token))?;
    Ok(over(rest, capabilities(args), context.zones.clone()))
}

fn over(rest: Rest, capabilities: Capabilities, filter: ZoneFilter) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    stepped(DigitalOcean { rest, capabilities, filter }, via)
}

fn capabilities(args: &DigitaloceanArgs) -> Capabilities {
    Capabilities {
        page_size: Some(args.digitalocean_api_page_size.min(200)),
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(3, 70)),
        mutating_operations: &[CREATE, UPDATE, DELETE],
        ..FORM.capabilities("digitalocean")
    }
}

struct DigitalOcean {
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for DigitalOcean {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let domains: Vec<Domain> = self.list(via, "list domains", &["domains"], &DOMAINS).await?;
        let zones = domains.iter().map(|it| Zone::new(it.name.as_str(), Name::as_listed(&it.name)));
        Ok(self.filter.select(zones.collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let path = ["domains", &zone.id, "records"];
        let listed: Vec<Listed> = self.list(via, "list records", &path, &RECORDS).await?;
        Ok(Page { records: listed.iter().filter_map(|it| it.record(zone)).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

impl DigitalOcean {
    async fn list<T: DeserializeOwned>(
        &self,
        via: &Transport,
        operation: &'static str,
        path: &[&str],
        listing: &Listing,
    ) -> Result<Vec<T>, ProviderError> {
        let size = self.capabilities.page_size.unwrap_or(50);
        let first = self.rest.get(path).query("per_page", size);
        self.rest.list(via, operation, first, listing).await
    }
}

#[async_trait]
impl RecordWriter for DigitalOcean {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let id = |old: &Stored| origin::<u64>(old).map(ToString::to_string);
        let records = ["domains", &zone.id, "records"];
        let (operation, request) = match &step.action {
            Action::Create(new) => {
                (CREATE, self.rest.post(&records).json(&Written::of(&new.set, zone))?)
            }
            Action::Update { old, new } => {
                let path = ["domains", &zone.id, "records", &id(old)?];
                (UPDATE, self.rest.put(&path).json(&Written::of(&new.set, zone))?)
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
    name: String,
}

/// A record as it is read.
#[derive(Deserialize)]
struct Listed {
    id: Option<u64>,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    data: Option<String>,
    ttl: Option<u32>,
    priority: Option<u16>,
    port: Option<u16>,
    weight: Option<u16>,
}

impl Listed {
    /// The record, if its type is managed.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype)?;
        let data = match self.data.as_deref()? {
            "@" if rtype != RecordType::Txt => zone.name.as_str(),
            data => data,
        };
        let [priority, weight, port] =
            [self.priority, self.weight, self.port].map(Option::unwrap_or_default);
        let value = match rtype {
            RecordType::Mx => format!("{priority} {data}"),
            RecordType::Srv => format!("{priority} {weight} {port} {data}"),
            _ => data.to_owned(),
        };
        let name = FORM.whole_name(&self.name, zone);
        let ttl = Ttl::from_seconds(self.ttl.unwrap_or_default().into());
        let targets = [FORM.read(rtype, &value)].into_iter().collect();
        Some(Record::new(RecordSet::new(name, rtype, ttl, targets), Opaque::new(self.id?)))
    }
}

/// A record as it is written.
#[derive(Serialize)]
struct Written {
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    data: String,
    ttl: u32,
    /// The fields that only some types have.
    #[serde(flatten)]
    numbers: BTreeMap<&'static str, u16>,
}

impl Written {
    /// The one value of a set. What cannot be taken apart is sent whole, for the API to refuse.
    fn of(set: &RecordSet, zone: &Zone) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (data, numbers) = match (Mx::parse(value), Srv::parse(value)) {
            (Some(Mx { preference, exchange }), _) if set.rtype == RecordType::Mx => {
                (fqdn(&exchange), vec![("priority", preference)])
            }
            (_, Some(Srv { priority, weight, port, target })) if set.rtype == RecordType::Srv => {
                let numbers = vec![("priority", priority), ("weight", weight), ("port", port)];
                (fqdn(&target), numbers)
            }
            _ => (FORM.value(set.rtype, value), Vec::new()),
        };
        Self {
            rtype: set.rtype.to_string(),
            name: FORM.name(&set.name, zone),
            data,
            ttl: FORM.ttl(set.ttl),
            numbers: numbers.into_iter().collect(),
        }
    }
}
