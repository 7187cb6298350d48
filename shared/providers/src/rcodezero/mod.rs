//! RcodeZero DNS of nic.at: `rcodezero`.
//!
//! * API: <https://my.rcodezero.at/api-doc/>; record sets, a batch is one `PATCH` of a zone. Whether a call in which something
//!   is refused makes the rest is not documented: the zone is read again then.
//! * Authentication: an API key in `RC0_API_KEY`. The variable `RC0_BASE_URL` names another base URL.
//! * Limits: its answers say 200 calls (`X-RateLimit-Limit`), and not in which time; here it is a minute. Pages of 100.
//! * Quirks: names are absolute with a final dot, so is every host in a value. Text must be quoted, and can be encrypted
//!   (`crypt.rs`). A record can be switched off. The number of all items of a list also counts what the list does not show.
//!   An answer with a status of success says `ok`, else it is a failure. A zone whose primary is elsewhere (`SLAVE`) is
//!   never written.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, DNAME, MX, NS, SRV, TXT.

mod args;
mod crypt;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{ChangeGroup, RecordSet, Zone};
use serde_json::json;

use crate::engine::ByKind;
use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES_AND_DNAME, fqdn};
use crate::rest::{
    Account, Advice, Auth, Body, CONFLICT, Holds, Layout, Listing, Meaning, More, Service,
    ZoneLayout,
};
use crate::{
    BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom, Provider,
    ProviderError, RateLimit, Stores, Transport, TxtQuoting, Updates, ZoneReader,
};
pub use args::RcodezeroArgs;
use crypt::Crypt;

const SERVICE: Service = Service {
    texts: &["/message"],
    success: ("/status", "ok"),
    meanings: &[
        // The path of every call names the zone alone.
        Meaning { status: 404, text: "", kind: ErrorKind::ZoneGone },
        Meaning { status: 422, text: "could not find domain", kind: ErrorKind::ZoneGone },
        // How it refuses a record that is there already is not documented.
        Meaning { status: 422, text: "already exist", kind: CONFLICT },
    ],
    rights: "check that the key in RC0_API_KEY is valid and may write; \
             https://my.rcodezero.at/enableapi makes one",
    advice: Advice {
        zone_gone: "add the zone at RcodeZero, or leave it out with --exclude-domains",
        throttled: "RcodeZero counts the calls of an account: wait, or call it less often",
        ..Advice::USUAL
    },
    ..Service::new("RcodeZero", "https://my.rcodezero.at/api/v1")
};

/// A record that comes without a TTL gets one of the service's.
const FORM: Form =
    Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls: Ttls::from(0) };

const LISTING: Listing = Listing {
    size: ("page_size", 0),
    next: More::Numbered("/current_page", "/last_page", "page"),
    ..Listing::at("/data")
};

const ZONE: ZoneLayout =
    ZoneLayout { follows: Some(("/type", &["SLAVE"])), ..ZoneLayout::of("domain", "domain") };
/// A record set as it is read.
const RRSET: Layout = Layout::of(&[
    ("name", Holds::WholeName),
    ("type", Holds::Type),
    ("ttl", Holds::Ttl),
    ("records", Holds::Contents),
]);

const CHANGE: &str = "change record sets";

/// The provider for the account of the key. Nothing is sent yet.
///
/// # Errors
/// When there is no key, the URL is none, or texts shall be encrypted and their key cannot be used.
pub fn provider(
    args: &RcodezeroArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let key = variables.required("RC0_API_KEY", "an API key of RcodeZero")?;
    let crypt = args.rcodezero_txt_encrypt.then(|| Crypt::find(variables)).transpose()?;
    let base = variables.get("RC0_BASE_URL");
    let base = base.map(|base| format!("{}/v1", base.trim_end_matches('/')));
    let rest = context.rest(&SERVICE, base.as_deref(), Auth::bearer(key))?;
    Ok(over(context.account(rest, context.batches.within(capabilities())), crypt))
}

fn over(account: Account, crypt: Option<Crypt>) -> impl Provider + use<> {
    account.batched(|account| RcodeZero { account, crypt })
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: USUAL_TYPES_AND_DNAME,
        stores: Stores::Sets(Updates::InPlace),
        batches: Batching::InPart,
        batch_limits: BatchLimits::changes(1000),
        page_size: Some(100),
        parallel_zones: 4,
        rate_limit: Some(RateLimit::new(3, 20)),
        mutating_operations: &[CHANGE],
        ..FORM.capabilities("rcodezero")
    }
}

struct RcodeZero {
    account: Account,
    crypt: Option<Crypt>,
}

#[async_trait]
impl ZoneReader for RcodeZero {
    fn capabilities(&self) -> &Capabilities {
        &self.account.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        self.account.list_zones(via, self.account.rest.get(&["zones"]), &LISTING, &ZONE).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.account.rest.get(&rrsets(zone));
        let mut page = self.account.list_records(via, zone, first, &LISTING, &RRSET).await?;
        if let Some(crypt) = &self.crypt {
            page.records.iter_mut().for_each(|it| crypt.open_all(&mut it.set));
        }
        Ok(page)
    }
}

fn rrsets(zone: &Zone) -> [&str; 3] {
    ["zones", &zone.id, "rrsets"]
}

#[async_trait]
impl BatchWriter for RcodeZero {
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let rest = &self.account.rest;
        let request = rest.patch(&rrsets(zone)).json(&self.changes(&ByKind::of(groups))?)?;
        rest.send(via, CHANGE, &request).await.map(drop)
    }
}

impl RcodeZero {
    /// The changes of one call. What goes makes room for what comes.
    fn changes(&self, all: &ByKind<'_>) -> Result<Vec<Body>, ProviderError> {
        let written = |changetype, set: &RecordSet| match &self.crypt {
            Some(crypt) => Ok(written(changetype, &crypt.seal_all(set)?)),
            None => Ok(written(changetype, set)),
        };
        let gone = all.gone.iter().map(|old| Ok(deleted(&old.set)));
        let changed = all.changed.iter().map(|(_, new)| written("update", &new.set));
        let added = all.added.iter().map(|set| written("add", set));
        gone.chain(changed).chain(added).collect()
    }
}

fn change(changetype: &'static str, set: &RecordSet) -> Body {
    Body::default()
        .with("name", fqdn(&set.name.key()))
        .with("type", set.rtype.to_string())
        .with("changetype", changetype)
}

/// A change without values: the whole set goes.
fn deleted(set: &RecordSet) -> Body {
    change("delete", set).with("records", json!([]))
}

/// A change with all values of a set.
fn written(changetype: &'static str, set: &RecordSet) -> Body {
    let change = change(changetype, set);
    let change = match FORM.ttl(set.ttl) {
        0 => change,
        ttl => change.with("ttl", ttl),
    };
    change.with("records", FORM.contents(set))
}
