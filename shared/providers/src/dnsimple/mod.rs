//! DNSimple: `dnsimple`.
//!
//! * API: <https://developer.dnsimple.com/v2/zones/records/>; single values with ids, one change per call. The calls with
//!   several changes are for the largest plan alone, and not used.
//! * Authentication: an access token in `DNSIMPLE_OAUTH`. `DNSIMPLE_ACCOUNT_ID` names the account; else the service is asked
//!   whose the token is. `DNSIMPLE_ZONES` names zones instead of a list. `DNSIMPLE_API_URL` is another base URL.
//! * Limits: 2,400 calls an hour; pages of at most 100.
//! * Quirks: the apex is nothing and must be sent so. The priority of MX and SRV stands apart. Text is kept as given.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{Name, Zone};
use reqwest::Method;
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{
    Account, Advice, Auth, Holds, Id, Layout, Listing, Meaning, More, RECORD_OPERATIONS, Service,
    ZoneLayout,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/message", "/errors"],
    meanings: &[
        Meaning { status: 404, text: "zone `", kind: ErrorKind::ZoneGone },
        Meaning { status: 404, text: "record `", kind: ErrorKind::RecordGone },
        Meaning { status: 400, text: "already exist", kind: ErrorKind::Conflict(Vec::new()) },
        Meaning { status: 400, text: "quota", kind: ErrorKind::Quota },
    ],
    rights: "check that the token in DNSIMPLE_OAUTH is valid and belongs to the account in DNSIMPLE_ACCOUNT_ID",
    advice: Advice {
        zone_gone: "check DNSIMPLE_ZONES and DNSIMPLE_ACCOUNT_ID, or leave the zone out with --exclude-domains",
        throttled: "DNSimple takes 2,400 calls an hour of one account: wait, or call it less often",
        ..Advice::USUAL
    },
    ..Service::new("DNSimple", "https://api.dnsimple.com/v2")
};

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::AsIs, ttls: Ttls::from(3600) };

const LISTING: Listing = Listing {
    size: ("per_page", PAGE),
    next: More::Numbered("/pagination/current_page", "/pagination/total_pages", "page"),
    total: "/pagination/total_entries",
    ..Listing::at("/data")
};

/// The name is what paths have; the id is a number.
const ZONE: ZoneLayout = ZoneLayout { other_id: "id", ..ZoneLayout::of("name", "name") };
const RECORD: Layout = Layout::of(&[
    ("id", Holds::Id),
    ("type", Holds::Type),
    ("name", Holds::Name),
    ("content", Holds::Value),
    ("ttl", Holds::Ttl),
    ("priority", Holds::Priority),
]);

/// Items per page of a list.
const PAGE: u32 = 100;

/// The provider for an account. Nothing is sent yet.
///
/// # Errors
/// When there is no token.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let token = variables.required("DNSIMPLE_OAUTH", "an access token of DNSimple")?;
    let rest = context.rest(&SERVICE, variables.get("DNSIMPLE_API_URL"), Auth::bearer(token))?;
    let names = variables.get("DNSIMPLE_ZONES").unwrap_or_default().split(',').map(str::trim);
    let named = names.filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect();
    let id = variables.get("DNSIMPLE_ACCOUNT_ID").map(ToOwned::to_owned);
    Ok(over(context.account(rest, capabilities()), id, named))
}

/// The id of the account and the zones that are named are those of the variables.
fn over(account: Account, id: Option<String>, named: Vec<String>) -> impl Provider + use<> {
    account.stepped(|account| Dnsimple { account, id: OnceCell::new_with(id), named })
}

fn capabilities() -> Capabilities {
    Capabilities {
        page_size: Some(PAGE),
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(1, 600)),
        mutating_operations: RECORD_OPERATIONS,
        ..FORM.capabilities("dnsimple")
    }
}

struct Dnsimple {
    account: Account,
    id: OnceCell<String>,
    named: Vec<String>,
}

#[async_trait]
impl ZoneReader for Dnsimple {
    fn capabilities(&self) -> &Capabilities {
        &self.account.capabilities
    }

    /// Where the variable names it, or it was asked for.
    fn accounts(&self) -> Option<String> {
        self.id.get().cloned()
    }

    /// Zones that are named by the variable pass without a filter.
    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        if !self.named.is_empty() {
            let zone = |name: &String| Zone::new(name.as_str(), Name::as_listed(name));
            return Ok(self.named.iter().map(zone).collect());
        }
        let first = self.account.rest.get(&[self.id(via).await?, "zones"]);
        self.account.list_zones(via, first, &LISTING, &ZONE).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.account.rest.get(&[self.id(via).await?, "zones", &zone.id, "records"]);
        self.account.list_records(via, zone, first, &LISTING, &RECORD).await
    }
}

impl Dnsimple {
    /// The account whose zones these are. It is asked for once.
    async fn id(&self, via: &Transport) -> Result<&str, ProviderError> {
        let rest = &self.account.rest;
        let ask = || async {
            let answer = rest.send(via, "find account", &rest.get(&["whoami"])).await?;
            let account: Option<Owner> = answer.member("/data/account")?;
            account.map(|it| it.id.to_string()).ok_or_else(|| {
                ProviderError::config(
                    "the token in DNSIMPLE_OAUTH is one of a user, who may have several accounts; name one in \
                     DNSIMPLE_ACCOUNT_ID, or make a token of the account",
                )
            })
        };
        self.id.get_or_try_init(ask).await.map(String::as_str)
    }
}

#[async_trait]
impl RecordWriter for Dnsimple {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PATCH, &[self.id(via).await?, "zones", &zone.id, "records"][..]);
        self.account.step(via, zone, step, at, &RECORD).await.map(drop)
    }
}

/// Whose the token is.
#[derive(Deserialize)]
struct Owner {
    id: Id,
}
