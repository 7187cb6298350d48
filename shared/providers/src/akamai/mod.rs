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
use extdns_model::{ChangeGroup, Name, Opaque, Record, RecordSet, Ttl, Zone, ZoneIndex};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::engine::wire::{Dots, Form, Ttls};
use crate::engine::{ByKind, batched};
use crate::rest::{Advice, Auth, Listing, Meaning, Request, Rest, Service};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom,
    Provider, ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneFilter, ZoneReader,
};
pub use args::AkamaiArgs;
use login::Login;

const SERVICE: Service = Service {
    texts: &["/type", "/title", "/detail"],
    meanings: &[
        Meaning {
            status: 409,
            text: "concurrentzonemodification",
            kind: ErrorKind::Throttled { retry_after: None },
        },
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
const ADD: &str = "add record sets";
const REPLACE: &str = "replace record set";
const DELETE: &str = "delete record set";

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
        mutating_operations: &[ADD, REPLACE, DELETE],
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
        let listed: Vec<ListedZone> = self.rest.list(via, "list zones", first, &ZONES).await?;
        let zones = listed.into_iter().map(|it| Zone {
            data: Opaque::new(it.contract),
            ..Zone::new(it.zone.as_str(), Name::as_listed(&it.zone))
        });
        Ok(self.filter.select_by(zones.collect(), contract))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&recordsets(zone)).query("showAll", "true");
        let listed: Vec<Rrset> =
            self.rest.list(via, "list record sets", first, &RECORDSETS).await?;
        Ok(Page { records: listed.iter().filter_map(Rrset::record).collect(), next: None })
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
    /// What goes comes first, so that a name can change its type: a CNAME excludes every other record.
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let ByKind { added, changed, gone } = ByKind::of(groups);
        for old in gone {
            self.rest.remove(via, DELETE, &self.at(Method::DELETE, zone, &old.set)).await?;
        }
        for (old, new) in changed {
            let request = self.at(Method::PUT, zone, &old.set).json(&Rrset::of(&new.set))?;
            self.rest.send(via, REPLACE, &request).await?;
        }
        if added.is_empty() {
            return Ok(());
        }
        let sets: Vec<Rrset> = added.into_iter().map(Rrset::of).collect();
        let body = json!({ "recordsets": sets });
        let request = self.rest.post(&recordsets(zone)).json(&body)?;
        self.rest.send(via, ADD, &request).await.map(drop)
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
