//! SafeDNS of ANS, formerly UKFast: `safedns`.
//!
//! * API: <https://developers.ukfast.io/documentation/safedns>; single values with ids, one change per call.
//! * Authentication: a token in `SAFEDNS_TOKEN`, alone in the header `Authorization`. The variable `SAFEDNS_API_URL` names
//!   another base URL.
//! * Limits: how many calls it takes is not documented. A page has 10 items.
//! * Quirks: names are whole. Text stands in quotes. The priority of MX and SRV is a field of its own. A record that comes
//!   without a TTL gets the service's, which was 86400 when exchanges were recorded.
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
    Account, Advice, Auth, CONFLICT, Holds, Layout, Listing, Meaning, More, RECORD_OPERATIONS,
    Service, ZoneLayout,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RecordWriter, Step,
    Transport, TxtQuoting, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/message", "/errors/0/title", "/errors/0/detail"],
    meanings: &[
        Meaning { status: 404, text: "zone not found", kind: ErrorKind::ZoneGone },
        // How it refuses a record that is there already is not documented.
        Meaning { status: 400, text: "already exist", kind: CONFLICT },
        Meaning { status: 422, text: "already exist", kind: CONFLICT },
    ],
    rights: "check that the token in SAFEDNS_TOKEN is valid, and that its application may read and write SafeDNS",
    advice: Advice {
        zone_gone: "add the domain at SafeDNS, or leave it out with --exclude-domains",
        ..Advice::USUAL
    },
    ..Service::new("SafeDNS", "https://api.ukfast.io/safedns/v1")
};

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::Quoted, ttls: Ttls::from(0) };

const LISTING: Listing = Listing {
    next: More::Page("/meta/pagination/links/next", "page"),
    total: "/meta/pagination/total",
    ..Listing::at("/data")
};

const ZONE: ZoneLayout = ZoneLayout::of("name", "name");
const RECORD: Layout = Layout::of(&[
    ("id", Holds::Id),
    ("name", Holds::WholeName),
    ("type", Holds::Type),
    ("content", Holds::Value),
    ("ttl", Holds::TtlIfSet),
    ("priority", Holds::Priority),
]);

/// The provider for the account of the token. Nothing is sent yet.
///
/// # Errors
/// When there is no token.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let token = variables.required("SAFEDNS_TOKEN", "a token of the API of ANS")?;
    let auth = Auth::header("authorization", token);
    let rest = context.rest(&SERVICE, variables.get("SAFEDNS_API_URL"), auth)?;
    Ok(context.account(rest, capabilities()).stepped(SafeDns))
}

fn capabilities() -> Capabilities {
    Capabilities {
        parallel_zones: 4,
        parallel_writes: 4,
        mutating_operations: RECORD_OPERATIONS,
        ..FORM.capabilities("safedns")
    }
}

struct SafeDns(Account);

#[async_trait]
impl ZoneReader for SafeDns {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        self.0.list_zones(via, self.0.rest.get(&["zones"]), &LISTING, &ZONE).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.0.rest.get(&records(zone));
        self.0.list_records(via, zone, first, &LISTING, &RECORD).await
    }
}

fn records(zone: &Zone) -> [&str; 3] {
    ["zones", &zone.id, "records"]
}

#[async_trait]
impl RecordWriter for SafeDns {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PATCH, &records(zone)[..]);
        self.0.step(via, zone, step, at, &RECORD).await.map(drop)
    }
}
