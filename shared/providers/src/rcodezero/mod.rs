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
use ecow::EcoString;
use extdns_model::{
    ChangeGroup, Name, Opaque, Record, RecordSet, RecordType, Ttl, Zone, ZoneIndex,
};
use serde::{Deserialize, Serialize};

use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES_AND_DNAME, fqdn, type_of};
use crate::engine::{ByKind, batched};
use crate::rest::{Advice, Auth, CONFLICT, Listing, Meaning, More, Rest, Service};
use crate::zones::{FOLLOWS, without_followers};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom,
    Provider, ProviderError, RateLimit, Stores, Transport, TxtQuoting, Updates, ZoneFilter,
    ZoneReader,
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
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "RcodeZero counts the calls of an account: wait, or call it less often",
    },
    ..Service::new("RcodeZero", "https://my.rcodezero.at/api/v1")
};

/// A record that comes without a TTL gets one of the service's.
const FORM: Form =
    Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls: Ttls::from(0) };

const LISTING: Listing = Listing {
    size: ("page_size", PAGE),
    next: More::Numbered("/current_page", "/last_page", "page"),
    ..Listing::at("/data")
};

/// Items per page of a list.
const PAGE: u32 = 100;

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
    let capabilities = context.batches.within(capabilities());
    Ok(over(rest, capabilities, context.zones.clone(), crypt))
}

fn over(
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
    crypt: Option<Crypt>,
) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    batched(RcodeZero { rest, capabilities, filter, crypt }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: USUAL_TYPES_AND_DNAME,
        stores: Stores::Sets(Updates::InPlace),
        batches: Batching::InPart,
        batch_limits: BatchLimits::changes(1000),
        page_size: Some(PAGE),
        parallel_zones: 4,
        rate_limit: Some(RateLimit::new(3, 20)),
        mutating_operations: &[CHANGE],
        ..FORM.capabilities("rcodezero")
    }
}

struct RcodeZero {
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
    crypt: Option<Crypt>,
}

#[async_trait]
impl ZoneReader for RcodeZero {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.rest.get(&["zones"]);
        let zones = self.rest.zones(via, first, &LISTING, ListedZone::zone).await?;
        Ok(without_followers(self.filter.select(zones)))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&rrsets(zone));
        self.rest.records(via, first, &LISTING, |it: &Rrset| it.record(self.crypt.as_ref())).await
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
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
        let request = self.rest.patch(&rrsets(zone)).json(&self.changes(&ByKind::of(groups))?)?;
        self.rest.send(via, CHANGE, &request).await.map(drop)
    }
}

impl RcodeZero {
    /// The changes of one call. What goes makes room for what comes.
    fn changes(&self, changes: &ByKind<'_>) -> Result<Vec<Rrset>, ProviderError> {
        let gone = changes.gone.iter().map(|old| Ok(Rrset::named(&old.set, "delete")));
        let crypt = self.crypt.as_ref();
        let changed = changes.changed.iter().map(|(_, new)| Rrset::of(&new.set, "update", crypt));
        let added = changes.added.iter().map(|set| Rrset::of(set, "add", crypt));
        gone.chain(changed).chain(added).collect()
    }
}

#[derive(Deserialize)]
struct ListedZone {
    domain: String,
    #[serde(rename = "type", default)]
    kind: String,
}

impl ListedZone {
    fn zone(&self) -> Zone {
        let follows = self.kind.eq_ignore_ascii_case("SLAVE");
        let zone = Zone::new(self.domain.as_str(), Name::as_listed(&self.domain));
        Zone { read_only: follows.then_some(FOLLOWS), ..zone }
    }
}

/// A record set, both ways.
#[derive(Deserialize, Serialize)]
struct Rrset {
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    #[serde(skip_deserializing)]
    changetype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u32>,
    records: Vec<Content>,
}

#[derive(Deserialize, Serialize)]
struct Content {
    content: String,
    #[serde(default)]
    disabled: bool,
}

impl Rrset {
    /// A set without values: the whole set, where it is deleted.
    fn named(set: &RecordSet, changetype: &'static str) -> Self {
        let (name, rtype) = (fqdn(&set.name.key()), set.rtype.to_string());
        Self { name, rtype, changetype, ttl: None, records: Vec::new() }
    }

    fn of(
        set: &RecordSet,
        changetype: &'static str,
        crypt: Option<&Crypt>,
    ) -> Result<Self, ProviderError> {
        let record = |value: &EcoString| {
            let content = FORM.value(set.rtype, value);
            let content = match crypt.filter(|_| set.rtype == RecordType::Txt) {
                Some(crypt) => FORM.value(set.rtype, &crypt.seal(&content)?),
                None => content,
            };
            Ok(Content { content, disabled: false })
        };
        let records = set.targets.iter().map(record).collect::<Result<_, ProviderError>>()?;
        let ttl = Some(FORM.ttl(set.ttl)).filter(|ttl| *ttl > 0);
        Ok(Self { ttl, records, ..Self::named(set, changetype) })
    }

    /// The record set as it is served; `None` if its type is not managed, or nothing of it is switched on.
    fn record(&self, crypt: Option<&Crypt>) -> Option<Record> {
        let rtype = type_of(USUAL_TYPES_AND_DNAME, &self.rtype)?;
        let value = |it: &Content| match crypt.filter(|_| rtype == RecordType::Txt) {
            Some(crypt) => FORM.read(rtype, &crypt.open(&it.content)),
            None => FORM.read(rtype, &it.content),
        };
        let targets = self.records.iter().filter(|it| !it.disabled).map(value).collect();
        let ttl = Ttl::from_seconds(self.ttl.unwrap_or_default().into());
        let set = RecordSet::new(Name::as_listed(&self.name), rtype, ttl, targets);
        (!set.targets.is_empty()).then(|| Record::new(set, Opaque::none()))
    }
}
