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

use async_trait::async_trait;
use extdns_model::{Name, Record, RecordSet, RecordType, Zone, ZoneIndex};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Numbers, Ttls};
use crate::rest::{Auth, Id, Listing, Meaning, More, RECORD_OPERATIONS, Rest, Service};
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
        mutating_operations: RECORD_OPERATIONS,
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
        let all = self.listing(&DOMAINS);
        let domains: Vec<Domain> = self.rest.all(via, "list domains", &["domains"], &all).await?;
        let zones = domains.iter().map(|it| Zone::new(it.name.as_str(), Name::as_listed(&it.name)));
        Ok(self.filter.select(zones.collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let path = ["domains", &zone.id, "records"];
        let listed: Vec<Listed> =
            self.rest.all(via, "list records", &path, &self.listing(&RECORDS)).await?;
        Ok(Page { records: listed.iter().filter_map(|it| it.record(zone)).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

impl DigitalOcean {
    fn listing(&self, listing: &Listing) -> Listing {
        Listing { size: ("per_page", self.capabilities.page_size.unwrap_or(50)), ..*listing }
    }
}

#[async_trait]
impl RecordWriter for DigitalOcean {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["domains", &zone.id, "records"][..]);
        self.rest.step(via, step, at, |set| Written::of(set, zone)).await.map(drop)
    }
}

#[derive(Deserialize)]
struct Domain {
    name: String,
}

/// A record as it is read.
#[derive(Deserialize)]
struct Listed {
    id: Option<Id>,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    data: Option<String>,
    ttl: Option<u32>,
    #[serde(flatten)]
    numbers: Numbers,
}

impl Listed {
    /// The record, if its type is managed.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype)?;
        let data = match self.data.as_deref()? {
            "@" if rtype != RecordType::Txt => zone.name.as_str(),
            data => data,
        };
        let value = FORM.of_members(rtype, &self.numbers, data);
        let place = (zone, self.name.as_str());
        Some(FORM.record(place, (rtype, self.ttl), value, self.id.clone()?))
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
    #[serde(flatten)]
    numbers: Numbers,
}

impl Written {
    /// The one value of a set. What cannot be taken apart is sent whole, for the API to refuse.
    fn of(set: &RecordSet, zone: &Zone) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (numbers, data) = FORM.in_members(set.rtype, value);
        Self {
            rtype: set.rtype.to_string(),
            name: FORM.name(&set.name, zone),
            data,
            ttl: FORM.ttl(set.ttl),
            numbers,
        }
    }
}
