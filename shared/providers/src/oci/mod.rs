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
use extdns_model::{ChangeGroup, RecordSet, Zone};
use serde_json::{Value, json};

use crate::engine::ByKind;
use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES_AND_DNAME};
use crate::rest::{
    Account, Advice, Auth, Body, Holds, Layout, Listing, Meaning, More, Service, THROTTLED,
    ZoneLayout,
};
use crate::{
    BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom, Provider,
    ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneReader,
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

const ZONE: ZoneLayout = ZoneLayout::of("id", "name");
const RECORD: Layout = Layout::of(&[
    ("domain", Holds::WholeName),
    ("rdata", Holds::Value),
    ("rtype", Holds::Type),
    ("ttl", Holds::Ttl),
]);

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
    Ok(over(context.account(rest, capabilities), compartment, scopes))
}

/// Where the API of a region is.
fn base(region: &OracleRegion) -> String {
    format!("https://dns.{}.oci.{}/20180115", region.name, region.domain)
}

fn over(
    account: Account,
    compartment: String,
    scopes: &'static [&'static str],
) -> impl Provider + use<> {
    account.batched(|account| Oci { account, compartment, scopes })
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
    account: Account,
    compartment: String,
    scopes: &'static [&'static str],
}

#[async_trait]
impl ZoneReader for Oci {
    fn capabilities(&self) -> &Capabilities {
        &self.account.capabilities
    }

    fn accounts(&self) -> Option<String> {
        Some(self.compartment.clone())
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let mut zones = Vec::new();
        for scope in self.scopes {
            let first = self.account.rest.get(&["zones"]);
            let first = first.query("compartmentId", &self.compartment);
            let first = first.query("zoneType", "PRIMARY").query("scope", scope);
            zones.extend(self.account.all_zones(via, first, &ZONES, &ZONE).await?);
        }
        Ok(self.account.zones.select(zones))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.account.rest.get(&["zones", &zone.id, "records"]);
        let first = first.query("compartmentId", &self.compartment);
        let free = |item: &Value| item["isProtected"] != true;
        self.account.list_some(via, zone, first, &RECORDS, &RECORD, free).await
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
        let item = |operation: &str, set: &RecordSet| {
            RECORD.body(&FORM, zone, set).with("operation", operation)
        };
        let gone = gone.iter().map(|old| item("REMOVE", &old.set));
        let added = added.into_iter().chain(changed.iter().map(|(_, new)| &new.set));
        let items: Vec<Body> = gone.chain(added.map(|set| item("ADD", set))).collect();
        let request = self.account.rest.patch(&["zones", &zone.id, "records"]);
        let request =
            request.query("compartmentId", &self.compartment).json(&json!({ "items": items }))?;
        self.account.rest.send(via, CHANGE, &request).await.map(drop)
    }
}
