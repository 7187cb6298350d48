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
use extdns_model::Zone;
use reqwest::Method;

use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{
    Account, Auth, Holds, Layout, Listing, Meaning, More, RECORD_OPERATIONS, Service, ZoneLayout,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneReader,
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
    size: ("per_page", 0),
    next: More::Page("/links/pages/next", "page"),
    total: "/meta/total",
    ..Listing::at("/domains")
};
const RECORDS: Listing = Listing { items: "/domain_records", ..DOMAINS };

const DOMAIN: ZoneLayout = ZoneLayout::of("name", "name");
const RECORD: Layout = Layout {
    apex_value: true,
    ..Layout::of(&[
        ("id", Holds::Id),
        ("type", Holds::Type),
        ("name", Holds::Name),
        ("data", Holds::Value),
        ("ttl", Holds::Ttl),
        ("priority", Holds::Priority),
        ("weight", Holds::Weight),
        ("port", Holds::Port),
    ])
};

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
    Ok(context.account(rest, capabilities(args)).stepped(DigitalOcean))
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

struct DigitalOcean(Account);

#[async_trait]
impl ZoneReader for DigitalOcean {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        self.0.list_zones(via, self.0.rest.get(&["domains"]), &DOMAINS, &DOMAIN).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.0.rest.get(&["domains", &zone.id, "records"]);
        self.0.list_records(via, zone, first, &RECORDS, &RECORD).await
    }
}

#[async_trait]
impl RecordWriter for DigitalOcean {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["domains", &zone.id, "records"][..]);
        self.0.step(via, zone, step, at, &RECORD).await.map(drop)
    }
}
