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
use extdns_model::{ChangeGroup, Name, Opaque, Record, RecordSet, Stored, Ttl, Zone, ZoneIndex};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::engine::batched;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{
    Advice, Auth, Listing, Meaning, Request, Rest, SET_OPERATIONS, Service, THROTTLED,
};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom,
    Provider, ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneFilter, ZoneReader,
};
pub use args::AkamaiArgs;
use login::Login;

const SERVICE: Service = Service {
    texts: &["/type", "/title", "/detail"],
    meanings: &[
        Meaning::of("concurrentzonemodification", THROTTLED),
        Meaning { status: 404, text: "zone not found", kind: ErrorKind::ZoneGone },
    ],
    rights: "check the tokens of Akamai, and that their client has read and write access to DNS Zone Record Management",
    advice: Advice {
        zone_gone: "check that the zone exists and is primary, or leave it out with --exclude-domains",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "wait, or call it less often",
    },
    ..Service::new("Akamai", "https://akamai.invalid")
};

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::Quoted, ttls: Ttls::from(600) };

const ZONES: Listing = Listing::at("/zones");
const RECORDSETS: Listing = Listing::at("/recordsets");

const ROOT: [&str; 3] = ["config-dns", "v2", "zones"];

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
    Ok(over(rest, capabilities, context.zones.clone()))
}

fn over(rest: Rest, capabilities: Capabilities, filter: ZoneFilter) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    batched(Akamai { rest, capabilities, filter }, via)
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

struct Akamai {
    rest: Rest,
    capabilities: Capabilities,
    /// Its ids are those of contracts.
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Akamai {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.rest.get(&ROOT).query("showAll", "true").query("types", "primary");
        let zone = |it: &ListedZone| Zone {
            data: Opaque::new(it.contract.clone()),
            ..Zone::new(it.zone.as_str(), Name::as_listed(&it.zone))
        };
        Ok(self.filter.select_by(self.rest.zones(via, first, &ZONES, zone).await?, contract))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&recordsets(zone)).query("showAll", "true");
        self.rest.records(via, first, &RECORDSETS, Rrset::record).await
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

/// What `--zone-id-filter` compares.
fn contract(zone: &Zone) -> &str {
    zone.data.get::<String>().map_or("", String::as_str)
}

fn recordsets(zone: &Zone) -> [&str; 5] {
    let [first, second, third] = ROOT;
    [first, second, third, &zone.id, "recordsets"]
}

impl Akamai {
    fn at(&self, method: Method, zone: &Zone, set: &RecordSet) -> Request {
        let (name, rtype) = (set.name.key(), set.rtype.to_string());
        let own = [&*zone.id, "names", &*name, "types", &rtype];
        self.rest.request(method, &[&ROOT[..], &own].concat())
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
        let all = |sets: &[&RecordSet]| {
            let sets: Vec<Rrset> = sets.iter().copied().map(Rrset::of).collect();
            json!({ "recordsets": sets })
        };
        let add = self.rest.post(&recordsets(zone));
        self.rest.set_by_set(via, groups, (at, Rrset::of), (add, all)).await
    }
}

#[derive(Deserialize)]
struct ListedZone {
    zone: String,
    #[serde(rename = "contractId", default)]
    contract: String,
}

/// A record set, both ways.
#[derive(Deserialize, Serialize)]
struct Rrset {
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    ttl: u32,
    rdata: Vec<String>,
}

impl Rrset {
    fn of(set: &RecordSet) -> Self {
        Self {
            name: set.name.key().into_owned(),
            rtype: set.rtype.to_string(),
            ttl: FORM.ttl(set.ttl),
            rdata: set.targets.iter().map(|it| FORM.value(set.rtype, it)).collect(),
        }
    }

    /// The record set, if its type is managed.
    fn record(&self) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype)?;
        let targets = self.rdata.iter().map(|it| FORM.read(rtype, it)).collect();
        let ttl = Ttl::from_seconds(self.ttl.into());
        let set = RecordSet::new(Name::as_listed(&self.name), rtype, ttl, targets);
        Some(Record::new(set, Opaque::none()))
    }
}
