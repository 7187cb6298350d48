//! Akamai Edge DNS: `akamai`.
//!
//! * API: <https://techdocs.akamai.com/edge-dns/reference/api>; record sets, known by name and type. What is new in a zone goes
//!   into one call; a set that changes or goes is a call of its own.
//! * Authentication: a signature (EdgeGrid, `sign.rs`) with tokens from flags, variables or a file (`login.rs`).
//! * Limits: how many calls it takes is not documented. Lists have one page (`showAll`).
//! * Quirks: names are whole. Only the bodies of `POST` are signed. A zone takes one change at a time: another is refused with 409
//!   and sent again. An update of a set that is not there is refused with 400. AAAA comes back in full.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod login;
mod sign;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{ChangeGroup, RecordSet, Stored, Zone};
use reqwest::Method;
use serde_json::json;

use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{
    Account, Advice, Auth, Body, Holds, Layout, Listing, Meaning, Request, SET_OPERATIONS, Service,
    THROTTLED, ZoneLayout,
};
use crate::{
    BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom, Provider,
    ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneReader,
};
pub use args::AkamaiArgs;
use login::Login;

const SERVICE: Service = Service {
    root: &["config-dns", "v2", "zones"],
    texts: &["/type", "/title", "/detail"],
    meanings: &[
        Meaning::of("concurrentzonemodification", THROTTLED),
        Meaning { status: 404, text: "zone not found", kind: ErrorKind::ZoneGone },
    ],
    rights: "check the tokens of Akamai, and that their client has read and write access to DNS Zone Record Management",
    advice: Advice {
        zone_gone: "check that the zone exists and is primary, or leave it out with --exclude-domains",
        ..Advice::USUAL
    },
    ..Service::new("Akamai", "https://akamai.invalid")
};

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::Quoted, ttls: Ttls::from(600) };

const ZONES: Listing = Listing::at("/zones");
const RECORDSETS: Listing = Listing::at("/recordsets");

/// `--zone-id-filter` compares the contract.
const ZONE: ZoneLayout = ZoneLayout { other_id: "contractId", ..ZoneLayout::of("zone", "zone") };
const RECORDSET: Layout = Layout::of(&[
    ("name", Holds::WholeName),
    ("type", Holds::Type),
    ("ttl", Holds::Ttl),
    ("rdata", Holds::Values),
]);

/// The provider for the contracts that the tokens may see. Nothing is sent yet.
///
/// # Errors
/// When there are no credentials.
pub fn provider(
    args: &AkamaiArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let Login { host, account, key } = Login::find(args, &context.environment)?;
    let own = format!("https://{host}");
    let base = context.environment.get("AKAMAI_API_URL").unwrap_or(&own);
    let secrets = vec![key.client_secret.clone(), key.access_token.clone()];
    let rest = context.rest(&SERVICE, Some(base), Auth::signed(key, secrets))?;
    let rest = rest.always("accountSwitchKey", account);
    let capabilities = context.batches.within(capabilities());
    Ok(context.account(rest, capabilities).batched(Akamai))
}

fn capabilities() -> Capabilities {
    Capabilities {
        stores: Stores::Sets(Updates::InPlace),
        batches: Batching::InPart,
        batch_limits: BatchLimits::changes(1000),
        parallel_zones: 4,
        mutating_operations: SET_OPERATIONS,
        ..FORM.capabilities("akamai")
    }
}

struct Akamai(Account);

#[async_trait]
impl ZoneReader for Akamai {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.0.rest.get(&[]).query("showAll", "true").query("types", "primary");
        self.0.list_zones(via, first, &ZONES, &ZONE).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.0.rest.get(&[&zone.id, "recordsets"]).query("showAll", "true");
        self.0.list_records(via, zone, first, &RECORDSETS, &RECORDSET).await
    }
}

impl Akamai {
    fn at(&self, method: Method, zone: &Zone, set: &RecordSet) -> Request {
        let (name, rtype) = (set.name.key(), set.rtype.to_string());
        self.0.rest.request(method, &[&zone.id, "names", &name, "types", &rtype])
    }
}

#[async_trait]
impl BatchWriter for Akamai {
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let at = |method, old: &Stored| self.at(method, zone, &old.set);
        let body = |set: &RecordSet| RECORDSET.body(&FORM, zone, set);
        let all = |sets: &[&RecordSet]| {
            let sets: Vec<Body> = sets.iter().map(|set| body(set)).collect();
            json!({ "recordsets": sets })
        };
        let add = self.0.rest.post(&[&zone.id, "recordsets"]);
        self.0.rest.set_by_set(via, groups, (at, body), (add, all)).await
    }
}
