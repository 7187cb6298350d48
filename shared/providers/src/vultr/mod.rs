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
use extdns_model::Zone;
use reqwest::Method;

use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{
    Account, Advice, Auth, Holds, Layout, Listing, Meaning, More, RECORD_OPERATIONS, Service,
    ZoneLayout,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneReader,
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
        throttled: "Vultr takes 30 calls a second of one address: wait, or call it less often",
        ..Advice::USUAL
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

const DOMAIN: ZoneLayout = ZoneLayout::of("domain", "domain");
/// No record changes its type.
const RECORD: Layout = Layout {
    fixed: &["type"],
    zeros: true,
    ..Layout::of(&[
        ("id", Holds::Id),
        ("type", Holds::Type),
        ("name", Holds::Name),
        ("data", Holds::Value),
        ("ttl", Holds::Ttl),
        ("priority", Holds::Priority),
    ])
};

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
    Ok(context.account(rest, capabilities()).stepped(Vultr))
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

struct Vultr(Account);

#[async_trait]
impl ZoneReader for Vultr {
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
impl RecordWriter for Vultr {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PATCH, &["domains", &zone.id, "records"][..]);
        self.0.step(via, zone, step, at, &RECORD).await.map(drop)
    }
}
