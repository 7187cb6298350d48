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
use extdns_model::Zone;
use reqwest::Method;

use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{
    Account, Auth, Holds, Layout, Listing, More, RECORD_OPERATIONS, Service, ZoneLayout,
};
use crate::{
    Capabilities, Context, Page, PageFrom, Provider, ProviderError, RateLimit, RecordWriter, Step,
    Transport, TxtQuoting, ZoneReader,
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
/// The size of a page is that of the capabilities.
const ZONES: Listing = Listing {
    size: ("per_page", 0),
    next: More::Page("/next", "page"),
    total: "/total",
    ..Listing::at("/zones")
};
const RECORDS: Listing = Listing { items: "/records", ..ZONES };

/// Which members of a zone hold its id, as the paths of its records have it, and its name.
const ZONE: ZoneLayout = ZoneLayout::of("name", "name");

/// Which members of a record hold what, in the order in which they are sent. An API with members of their own for the
/// numbers of MX and SRV: see `digitalocean`.
const RECORD: Layout = Layout::of(&[
    ("id", Holds::Id),
    ("type", Holds::Type),
    ("name", Holds::Name),
    ("value", Holds::Value),
    ("ttl", Holds::Ttl),
]);

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
    Ok(context.account(rest, capabilities(args)).stepped(Newapi))
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

struct Newapi(Account);

// Read

#[async_trait]
impl ZoneReader for Newapi {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        to_be_written("ZONE, the members of a zone")?;
        self.0.list_zones(via, self.0.rest.get(&["zones"]), &ZONES, &ZONE).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        to_be_written("RECORD, the members of a record")?;
        let first = self.0.rest.get(&["zones", &zone.id, "records"]);
        self.0.list_records(via, zone, first, &RECORDS, &RECORD).await
    }
}

// Write

#[async_trait]
impl RecordWriter for Newapi {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["zones", &zone.id, "records"][..]);
        self.0.step(via, zone, step, at, &RECORD).await.map(drop)
    }
}

/// The provider is not finished. This function goes when nothing calls it any more.
fn to_be_written(what: &str) -> Result<(), ProviderError> {
    Err(ProviderError::config(format!("the provider newapi is not finished: write {what}")))
}
