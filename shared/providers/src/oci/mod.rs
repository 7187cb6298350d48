//! Oracle Cloud Infrastructure DNS: `oci`.
//!
//! * API: <https://docs.oracle.com/en-us/iaas/api/#/en/dns/20180115/>; single values, known by what they are. A call takes many
//!   changes of a zone and is applied whole or not at all.
//! * Authentication: HTTP signatures (`shared/auth`) with the key of a user, or a session key of the machine or of a service
//!   account.
//! * Limits: how many calls and changes it takes is not documented; 429 says that there were too many.
//! * Quirks: names are whole. What is added again with another TTL changes that. Protected records (NS and SOA of the zone) stay.
//!   404 is also said of what one may not see.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, DNAME, MX, NS, SRV, TXT.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_auth::{OracleIdentity, OracleRegion, OracleVariables, OracleWho};
use extdns_model::{ChangeGroup, Name, Opaque, Record, RecordSet, Ttl, Zone, ZoneIndex};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES_AND_DNAME, type_of};
use crate::engine::{ByKind, batched};
use crate::rest::{Advice, Auth, Listing, Meaning, More, Rest, Service, THROTTLED};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom,
    Provider, ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneFilter, ZoneReader,
};
pub use args::OciArgs;

const SERVICE: Service = Service {
    texts: &["/code", "/message"],
    meanings: &[
        Meaning::of("incorrectstate", THROTTLED),
        Meaning { status: 404, text: "notauthorizedornotfound", kind: ErrorKind::ZoneGone },
    ],
    rights: "check the identity in the file of --oci-config-file, and that a policy lets it manage dns",
    advice: Advice {
        zone_gone: "OCI says so too of what the identity may not see: check the compartment and the policy",
        ..Advice::USUAL
    },
    ..Service::new("OCI DNS", "https://dns.us-ashburn-1.oci.oraclecloud.com/20180115")
};

const FORM: Form =
    Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls: Ttls::from(300) };

/// Both lists name their next page in a header.
const ZONES: Listing = Listing { next: More::Header("opc-next-page", "page"), ..Listing::at("") };
const RECORDS: Listing = Listing { items: "/items", ..ZONES };

const CHANGE: &str = "change records";

/// The provider for a compartment. Of records nothing is asked for yet.
///
/// # Errors
/// When the identity cannot be used, or the machine does not say its region.
pub async fn provider(
    args: &OciArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let (who, compartment) = args.identity()?;
    let own = capabilities();
    let environment = &context.environment;
    let variables = OracleVariables::of(environment.variables());
    let find = async || Ok(OracleIdentity::find(&who, &variables, &context.http).await?);
    let identity = Transport::new(&own).call("find identity", find).await;
    let (what, secrets) = match who {
        OracleWho::User { key, .. } => {
            ("initializing OCI DNS API client", vec![key.text().to_owned()])
        }
        OracleWho::Machine => ("error creating OCI instance principal config provider", Vec::new()),
        OracleWho::Account(_) => {
            ("error creating OCI workload identity config provider", Vec::new())
        }
    };
    let identity = identity.map_err(|error| error.within(what))?;
    let own_base = base(&identity.region);
    let base = environment.get("OCI_DNS_API_URL").unwrap_or(&own_base);
    let rest = context.rest(&SERVICE, Some(base), Auth::signed(identity, secrets))?;
    let scopes: &[&str] = match args.oci_zone_scope.as_str() {
        "" => &["GLOBAL", "PRIVATE"],
        "PRIVATE" => &["PRIVATE"],
        _ => &["GLOBAL"],
    };
    let capabilities = context.batches.within(own);
    Ok(over(rest, capabilities, context.zones.clone(), (compartment, scopes)))
}

/// Where the API of a region is.
fn base(region: &OracleRegion) -> String {
    format!("https://dns.{}.oci.{}/20180115", region.name, region.domain)
}

fn over(
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
    (compartment, scopes): (String, &'static [&'static str]),
) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    batched(Oci { rest, capabilities, filter, compartment, scopes }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: USUAL_TYPES_AND_DNAME,
        stores: Stores::Values(Updates::SameValue),
        batches: Batching::Whole,
        batch_limits: BatchLimits::changes(300),
        parallel_zones: 4,
        mutating_operations: &[CHANGE],
        ..FORM.capabilities("oci")
    }
}

struct Oci {
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
    compartment: String,
    scopes: &'static [&'static str],
}

#[async_trait]
impl ZoneReader for Oci {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn accounts(&self) -> Option<String> {
        Some(self.compartment.clone())
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let mut zones = Vec::new();
        for scope in self.scopes {
            let first = self.rest.get(&["zones"]).query("compartmentId", &self.compartment);
            let first = first.query("zoneType", "PRIMARY").query("scope", scope);
            let zone = |it: &ListedZone| Zone::new(it.id.as_str(), Name::as_listed(&it.name));
            zones.extend(self.rest.zones(via, first, &ZONES, zone).await?);
        }
        Ok(self.filter.select(zones))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&["zones", &zone.id, "records"]);
        let first = first.query("compartmentId", &self.compartment);
        self.rest.records(via, first, &RECORDS, Listed::record).await
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

#[async_trait]
impl BatchWriter for Oci {
    /// What goes comes first, so that a name can change its type in one call. A value that stays is only added, with its
    /// new TTL.
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let ByKind { added, changed, gone } = ByKind::of(groups);
        let gone = gone.iter().map(|old| Item::of("REMOVE", &old.set));
        let added = added.into_iter().chain(changed.iter().map(|(_, new)| &new.set));
        let items: Vec<Item> = gone.chain(added.map(|set| Item::of("ADD", set))).collect();
        let request = self.rest.patch(&["zones", &zone.id, "records"]);
        let request =
            request.query("compartmentId", &self.compartment).json(&json!({ "items": items }))?;
        self.rest.send(via, CHANGE, &request).await.map(drop)
    }
}

#[derive(Deserialize)]
struct ListedZone {
    id: String,
    name: String,
}

/// A record as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    domain: String,
    rtype: String,
    rdata: String,
    ttl: u32,
    #[serde(default)]
    is_protected: bool,
}

impl Listed {
    /// The record, if its type is managed and it can be changed.
    fn record(&self) -> Option<Record> {
        let rtype = type_of(USUAL_TYPES_AND_DNAME, &self.rtype).filter(|_| !self.is_protected)?;
        let targets = [FORM.read(rtype, &self.rdata)].into_iter().collect();
        let ttl = Ttl::from_seconds(self.ttl.into());
        let set = RecordSet::new(Name::as_listed(&self.domain), rtype, ttl, targets);
        Some(Record::new(set, Opaque::none()))
    }
}

/// A change of one record.
#[derive(Serialize)]
struct Item {
    domain: String,
    operation: &'static str,
    rdata: String,
    rtype: String,
    ttl: u32,
}

impl Item {
    /// The one value of a set.
    fn of(operation: &'static str, set: &RecordSet) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        Self {
            domain: set.name.key().into_owned(),
            operation,
            rdata: FORM.value(set.rtype, value),
            rtype: set.rtype.to_string(),
            ttl: FORM.ttl(set.ttl),
        }
    }
}
