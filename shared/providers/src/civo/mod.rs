//! Civo DNS: `civo`.
//!
//! * API: <https://www.civo.com/api/dns>; single values with ids, one change per call, lists of one page.
//! * Authentication: an API key in `CIVO_TOKEN`. The variable `CIVO_API_URL` names another base URL.
//! * Limits: TTLs of at least 600 seconds. How many calls it takes is not documented.
//! * Quirks: types may come back in lower case, and the apex as nothing or as `@`. The priority of MX stands apart; SRV
//!   is one text, as upstream sends it. Text is kept as it is given.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, CNAME, MX, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{RecordType, Zone};
use reqwest::Method;

use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{
    Account, Advice, Auth, Holds, Layout, Listing, Meaning, RECORD_OPERATIONS, Service, ZoneLayout,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RecordWriter, Step,
    Transport, TxtQuoting, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/code", "/reason"],
    // Which codes it has is documented only in part; these are the words of all that are about records.
    meanings: &[
        Meaning { status: 0, text: "dns_record_not_found", kind: ErrorKind::RecordGone },
        Meaning { status: 0, text: "dns_domain_not_found", kind: ErrorKind::ZoneGone },
        Meaning { status: 0, text: "account_not_found", kind: ErrorKind::Unauthorised },
        Meaning { status: 0, text: "duplicate", kind: ErrorKind::Conflict(Vec::new()) },
    ],
    rights: "check that the key in CIVO_TOKEN is that of the account with the domain",
    advice: Advice {
        zone_gone: "add the domain at Civo, or leave it out with --exclude-domains",
        ..Advice::USUAL
    },
    ..Service::new("Civo", "https://api.civo.com/v2")
};

const FORM: Form = Form {
    apex: "",
    dots: Dots::None,
    txt: TxtQuoting::AsIs,
    ttls: Ttls::from(600).within(600, i32::MAX as u32),
};

const TYPES: &[RecordType] =
    &[RecordType::A, RecordType::Cname, RecordType::Mx, RecordType::Srv, RecordType::Txt];

const LISTING: Listing = Listing::at("");
const ZONE: ZoneLayout = ZoneLayout::of("id", "name");
const RECORD: Layout = Layout {
    zeros: true,
    ..Layout::of(&[
        ("id", Holds::Id),
        ("type", Holds::Type),
        ("name", Holds::Name),
        ("value", Holds::Value),
        ("priority", Holds::Preference),
        ("ttl", Holds::Ttl),
    ])
};

/// The provider for the account of the key. Nothing is sent yet.
///
/// # Errors
/// When there is no key.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let key = variables.required("CIVO_TOKEN", "an API key of Civo")?;
    // As upstream's client writes it.
    let auth = Auth::scheme("bearer", key);
    let rest = context.rest(&SERVICE, variables.get("CIVO_API_URL"), auth)?;
    Ok(over(context.account(rest, capabilities())))
}

fn over(account: Account) -> impl Provider + use<> {
    // The zones of DNS lie in no region, but the API wants one.
    let rest = account.rest.always("region", Some("LON1"));
    Account { rest, ..account }.stepped(Civo)
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: TYPES,
        parallel_zones: 4,
        parallel_writes: 4,
        mutating_operations: RECORD_OPERATIONS,
        ..FORM.capabilities("civo")
    }
}

struct Civo(Account);

#[async_trait]
impl ZoneReader for Civo {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        self.0.list_zones(via, self.0.rest.get(&["dns"]), &LISTING, &ZONE).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.0.rest.get(&["dns", &zone.id, "records"]);
        self.0.list_records(via, zone, first, &LISTING, &RECORD).await
    }
}

#[async_trait]
impl RecordWriter for Civo {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["dns", &zone.id, "records"][..]);
        self.0.step(via, zone, step, at, &RECORD).await.map(drop)
    }
}
