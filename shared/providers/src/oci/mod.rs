//! Oracle Cloud Infrastructure DNS: `oci`.
//!
//! * API: <https://docs.oracle.com/en-us/iaas/api/#/en/dns/20180115/>; single values, known by what they are. A call takes many
//!   changes of a zone and is applied whole or not at all.
//! * Authentication: HTTP signatures (`sign.rs`) with the key of a user, or a session key of the machine or of a service account.
//! * Limits: how many calls and changes it takes is not documented; 429 says that there were too many.
//! * Quirks: names are whole. What is added again with another TTL changes that. Protected records (NS and SOA of the zone) stay.
//!   404 is also said of what one may not see.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, DNAME, MX, NS, SRV, TXT.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod login;
mod region;
mod sign;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{
    ChangeGroup, Name, Opaque, Record, RecordSet, RecordType, Ttl, Zone, ZoneIndex,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::engine::wire::{Dots, Form, Ttls};
use crate::engine::{ByKind, batched};
use crate::rest::{Advice, Answer, Auth, Meaning, Next, Part, Rest, Service};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom,
    Provider, ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneFilter, ZoneReader,
};
use args::File;
pub use args::OciArgs;
use login::{Session, Source};
use sign::HttpSignature;

const SERVICE: Service = Service {
    texts: &["/code", "/message"],
    meanings: &[
        Meaning {
            status: 409,
            text: "incorrectstate",
            kind: ErrorKind::Throttled { retry_after: None },
        },
        Meaning { status: 404, text: "notauthorizedornotfound", kind: ErrorKind::ZoneGone },
    ],
    rights: "check the identity in the file of --oci-config-file, and that a policy lets it manage dns",
    advice: Advice {
        zone_gone: "OCI says so too of what the identity may not see: check the compartment and the policy",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "wait, or call it less often",
    },
    ..Service::new("OCI DNS", "https://dns.us-ashburn-1.oci.oraclecloud.com/20180115")
};

const FORM: Form =
    Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls: Ttls::from(300) };

const TYPES: &[RecordType] = {
    use RecordType::{A, Aaaa, Cname, Dname, Mx, Ns, Srv, Txt};
    &[A, Aaaa, Cname, Dname, Mx, Ns, Srv, Txt]
};

/// Where a machine finds who it is.
const METADATA: Service = Service {
    rights: "instance principals need a machine of Oracle Cloud",
    ..Service::new("the metadata of Oracle Cloud", "http://169.254.169.254/opc/v2")
};

/// Where tokens for session keys are from.
const LOGIN: Service = Service {
    texts: &["/code", "/message"],
    rights: "for a machine check its dynamic group; for a service account the cluster must be an enhanced one",
    ..Service::new("the login of Oracle Cloud", "https://auth.us-ashburn-1.oraclecloud.com")
};

const CHANGE: &str = "change records";

/// The provider for a compartment. Of records nothing is asked for yet.
///
/// # Errors
/// When the identity cannot be used, or the machine does not say its region.
pub async fn provider(
    args: &OciArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let File { auth: own, compartment } = args.file()?;
    let variables = &context.environment;
    let (auth, region) = if own.use_workload_identity {
        let source = Source::account(variables, &context.http).map_err(|error| {
            error.within("error creating OCI workload identity config provider")
        })?;
        (Auth::signed(Session::new(source, context), Vec::new()), own.region)
    } else if own.use_instance_principal {
        let source = Source::machine(variables, &context.http)?;
        let region = source.region(&capabilities()).await.map_err(|error| {
            error.within("error creating OCI instance principal config provider")
        })?;
        (Auth::signed(Session::new(source, context), Vec::new()), region)
    } else {
        let key = sign::key_of(&own.key)?;
        let key_id = format!("{}/{}/{}", own.tenancy, own.user, own.fingerprint);
        let signer = HttpSignature { key_id, key, with_host: true };
        (Auth::signed(signer, vec![own.key]), own.region)
    };
    let url = region::api(&region, variables);
    let rest = context.rest(&SERVICE, variables.get("OCI_DNS_API_URL").or(Some(&url)), auth)?;
    let scopes: &[&str] = match args.oci_zone_scope.as_str() {
        "" => &["GLOBAL", "PRIVATE"],
        "PRIVATE" => &["PRIVATE"],
        _ => &["GLOBAL"],
    };
    let capabilities = context.batches.within(capabilities());
    Ok(over(rest, capabilities, context.zones.clone(), (compartment, scopes)))
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
        record_types: TYPES,
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

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let mut zones = Vec::new();
        for scope in self.scopes {
            let first = self.rest.get(&["zones"]).query("compartmentId", &self.compartment);
            let first = first.query("zoneType", "PRIMARY").query("scope", scope);
            let listed = self.rest.walk(via, "list zones", first, |answer, _| {
                Ok(Part {
                    items: answer.json::<Vec<ListedZone>>()?,
                    next: next(answer),
                    total: None,
                })
            });
            let listed = listed.await?;
            zones.extend(
                listed.iter().map(|it| Zone::new(it.id.as_str(), Name::as_listed(&it.name))),
            );
        }
        Ok(self.filter.select(zones))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&["zones", &zone.id, "records"]);
        let first = first.query("compartmentId", &self.compartment);
        let listed = self.rest.walk(via, "list records", first, |answer, _| {
            Ok(Part {
                items: answer.member::<Vec<Listed>>("/items")?,
                next: next(answer),
                total: None,
            })
        });
        Ok(Page { records: listed.await?.iter().filter_map(Listed::record).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

/// The page that a header names.
fn next(answer: &Answer) -> Next {
    let token = answer.header("opc-next-page").filter(|token| !token.is_empty());
    token.map_or(Next::End, |token| Next::Token("page", token.to_owned()))
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
        let known = |it: &&RecordType| it.known_text() == Some(self.rtype.as_str());
        let rtype = *TYPES.iter().find(known).filter(|_| !self.is_protected)?;
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
