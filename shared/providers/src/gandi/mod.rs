//! Gandi LiveDNS: `gandi`.
//!
//! * API: <https://api.gandi.net/docs/livedns/>; record sets, one change per call. Which domains
//!   use LiveDNS says <https://api.gandi.net/docs/domains/>.
//! * Authentication: a personal access token in `GANDI_PAT`, or an API key in `GANDI_KEY`, which
//!   Gandi calls deprecated; the token wins. `GANDI_SHARING_ID` names the organisation. The variable
//!   `GANDI_API_URL` names another base URL.
//! * Limits: 1,000 calls a minute; TTLs of 300 seconds to 30 days.
//! * Quirks: a host name without a final dot is relative to the zone, so one is always written. The
//!   bodies of some failures (400) have no message of their own.
//! * Changed meanwhile: the API compares nothing. The zone is read again right before a delete; what
//!   changes between that and the write is overwritten.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{Action, Zone};

use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Account, Auth, Holds, Layout, Listing, More, SET_STEPS, Service, ZoneLayout};
use crate::{
    Capabilities, Context, Page, PageFrom, Provider, ProviderError, RateLimit, RecordWriter, Step,
    Stores, Transport, TxtQuoting, Updates, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/message", "/errors/0/description"],
    rights: "check GANDI_PAT (or GANDI_KEY) and GANDI_SHARING_ID; the token needs the right to \
             manage domain name technical configurations",
    ..Service::new("Gandi", "https://api.gandi.net/v5")
};

const FORM: Form = Form {
    apex: "@",
    dots: Dots::Final,
    txt: TxtQuoting::Quoted,
    ttls: Ttls::from(600).within(300, 2_592_000),
};

const LISTING: Listing = Listing {
    size: ("per_page", PAGE),
    next: More::Link,
    total_header: "total-count",
    ..Listing::at("")
};

/// Other domains of the account have their zones elsewhere.
const DOMAIN: ZoneLayout = ZoneLayout {
    served: Some(("/nameserver/current", "livedns")),
    ..ZoneLayout::of("fqdn", "fqdn")
};
/// The path of a set that changes has its name.
const RRSET: Layout = Layout {
    fixed: &["rrset_name"],
    ..Layout::of(&[
        ("rrset_name", Holds::Name),
        ("rrset_type", Holds::Type),
        ("rrset_ttl", Holds::Ttl),
        ("rrset_values", Holds::Values),
    ])
};

/// Items per page of a list.
const PAGE: u32 = 500;

/// The provider for the account of the token or key. Nothing is sent yet.
///
/// # Errors
/// When there is neither.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let auth = match (variables.get("GANDI_PAT"), variables.get("GANDI_KEY")) {
        (Some(token), _) => Auth::bearer(token),
        (None, Some(key)) => Auth::scheme("Apikey", key),
        (None, None) => {
            return Err(ProviderError::config(
                "neither GANDI_PAT nor GANDI_KEY is set; make a personal access token at Gandi",
            ));
        }
    };
    let rest = context.rest(&SERVICE, variables.get("GANDI_API_URL"), auth)?;
    let rest = rest.always("sharing_id", variables.get("GANDI_SHARING_ID"));
    Ok(context.account(rest, capabilities()).stepped(Gandi))
}

fn capabilities() -> Capabilities {
    Capabilities {
        stores: Stores::Sets(Updates::InPlace),
        page_size: Some(PAGE),
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(15, 100)),
        mutating_operations: SET_STEPS,
        ..FORM.capabilities("gandi")
    }
}

struct Gandi(Account);

#[async_trait]
impl ZoneReader for Gandi {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.0.rest.get(&["domain", "domains"]);
        self.0.list_zones(via, first, &LISTING, &DOMAIN).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.0.rest.get(&["livedns", "domains", &zone.id, "records"]);
        self.0.list_records(via, zone, first, &LISTING, &RRSET).await
    }
}

#[async_trait]
impl RecordWriter for Gandi {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let rest = &self.0.rest;
        let (set, records) = (step.set(), ["livedns", "domains", &zone.id, "records"]);
        let own = [FORM.name(&set.name, zone), set.rtype.to_string()];
        let path = [&records[..], &[&own[0], &own[1]]].concat();
        let request = match &step.action {
            Action::Create(_) => rest.post(&records).json(&RRSET.body(&FORM, zone, set))?,
            Action::Update { .. } => rest.put(&path).json(&RRSET.changed(&FORM, zone, set))?,
            Action::Delete(_) => rest.delete(&path),
        };
        rest.step_of_set(via, step, &request).await.map(drop)
    }
}
