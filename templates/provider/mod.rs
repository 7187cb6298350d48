//! Newapi DNS: `newapi`.
//!
//! * API: <https://api.newapi.example/docs>; single values with ids, one change per call.
//! * Authentication: a token in `NEWAPI_TOKEN`. The variable `NEWAPI_API_URL` names another base URL.
//! * Limits: calls per second, the size of a page, the TTLs that the API takes.
//! * Quirks: what a reader of the API's documentation would not expect.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{Record, RecordSet, Zone, ZoneIndex};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Auth, Listing, More, RECORD_OPERATIONS, Rest, Service};
use crate::{
    Adjusted, Capabilities, Context, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneFilter, ZoneReader,
};

// Flags

/// Flags of the `newapi` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider newapi")]
pub struct NewapiArgs {
    /// Zones or records per page of a list, at most 100
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub newapi_api_page_size: u32,
}

// Client

/// What is particular about the service: where it is, what its failures say and mean.
const SERVICE: Service = Service {
    texts: &["/message"],
    rights: "check the token in NEWAPI_TOKEN",
    ..Service::new("Newapi", "https://api.newapi.example/v1")
};

/// How it writes names, values and TTLs.
const FORM: Form = Form {
    apex: "@",
    dots: Dots::Final,
    txt: TxtQuoting::Quoted,
    ttls: Ttls::from(300).within(60, 86_400),
};

/// Where a page of a list has its items, and how it says that there is another.
const ZONES: Listing =
    Listing { next: More::Page("/next", "page"), total: "/total", ..Listing::at("/zones") };
const RECORDS: Listing = Listing { items: "/records", ..ZONES };

/// The provider for the account of the token. Nothing is sent yet.
///
/// # Errors
/// When there is no token.
pub fn provider(
    args: &NewapiArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let token = variables.required("NEWAPI_TOKEN", "a token of the API of Newapi")?;
    let base = variables.get("NEWAPI_API_URL");
    let rest = context.rest(&SERVICE, base, Auth::bearer(token))?;
    Ok(over(rest, capabilities(args), context.zones.clone()))
}

fn over(rest: Rest, capabilities: Capabilities, filter: ZoneFilter) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    stepped(Newapi { rest, capabilities, filter }, via)
}

/// What the API can do. A field that is not named has the value that suits a plain API.
fn capabilities(args: &NewapiArgs) -> Capabilities {
    Capabilities {
        page_size: Some(args.newapi_api_page_size),
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(5, 50)),
        mutating_operations: RECORD_OPERATIONS,
        ..FORM.capabilities("newapi")
    }
}

struct Newapi {
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

// Read

#[async_trait]
impl ZoneReader for Newapi {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let all = self.paged(&ZONES);
        let listed: Vec<ListedZone> = self.rest.all(via, "list zones", &["zones"], &all).await?;
        let zones = listed.iter().map(ListedZone::zone).collect::<Result<_, _>>()?;
        Ok(self.filter.select(zones))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let path = ["zones", &zone.id, "records"];
        let all = self.paged(&RECORDS);
        let listed: Vec<Listed> = self.rest.all(via, "list records", &path, &all).await?;
        let records = listed.iter().filter_map(|it| it.record(zone).transpose());
        Ok(Page { records: records.collect::<Result<_, _>>()?, next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

impl Newapi {
    /// A list with the size of its pages.
    fn paged(&self, listing: &Listing) -> Listing {
        Listing { size: ("per_page", self.capabilities.page_size.unwrap_or(100)), ..*listing }
    }
}

// Write

#[async_trait]
impl RecordWriter for Newapi {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["zones", &zone.id, "records"][..]);
        self.rest.step(via, step, at, |set| Written::of(set, zone)).await.map(drop)
    }
}

// Mapping

/// A zone as the API shows it: only the members that are read.
#[derive(Deserialize)]
struct ListedZone {
    name: String,
}

impl ListedZone {
    /// The zone, with the id that stands in the paths of its records. `Name` is of
    /// `extdns_model`.
    fn zone(&self) -> Result<Zone, ProviderError> {
        // Ok(Zone::new(self.name.as_str(), Name::as_listed(&self.name)))
        Err(to_be_written(&format!("ListedZone::zone, for {}", self.name)))
    }
}

/// A record as the API shows it: only the members that are read. Add `id: Id` (of `rest`), `value` and `ttl`.
#[derive(Deserialize)]
struct Listed {
    name: String,
    #[serde(rename = "type")]
    rtype: String,
}

impl Listed {
    /// The record, if its type is managed.
    fn record(&self, zone: &Zone) -> Result<Option<Record>, ProviderError> {
        let Some(rtype) = FORM.usual_type(&self.rtype) else { return Ok(None) };
        let name = &self.name;
        // let value = FORM.read(rtype, &self.value);
        // Ok(Some(FORM.record((zone, name), (rtype, self.ttl), value, self.id.clone())))
        Err(to_be_written(&format!("Listed::record, for {rtype} {name} in {zone}")))
    }
}

/// A record as it is written. An API with fields of its own for MX and SRV: see `digitalocean`.
#[derive(Serialize)]
struct Written {
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    value: String,
    ttl: u32,
}

impl Written {
    /// The one value of a set.
    fn of(set: &RecordSet, zone: &Zone) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        Self {
            rtype: set.rtype.to_string(),
            name: FORM.name(&set.name, zone),
            value: FORM.value(set.rtype, value),
            ttl: FORM.ttl(set.ttl),
        }
    }
}

/// The provider is not finished. This function goes when nothing calls it any more.
fn to_be_written(what: &str) -> ProviderError {
    ProviderError::config(format!("the provider newapi is not finished: write {what}"))
}
