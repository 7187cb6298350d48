//! IBM Cloud, Internet Services (CIS) for public zones and DNS Services for private ones: `ibmcloud`.
//!
//! * API: <https://cloud.ibm.com/apidocs/cis> and <https://cloud.ibm.com/apidocs/dns-svcs>; single values with ids, one change
//!   per call.
//! * Authentication: an API key is exchanged for a token (`args.rs`).
//! * Limits: pages of 100 (public) and 200 (private). How many calls it takes is not documented.
//! * Quirks: names are whole and have no final dot. In a public zone the TTL 1 is automatic, and what goes through the proxy
//!   has no other. In a private zone a value is a member that has the name of its type. A private zone is served in a VPC only
//!   when its network is permitted.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, TXT, and NS in public zones. An SRV of a public zone has members of its own, which are not
//!   written here; in a private zone upstream writes none.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use async_trait::async_trait;
use extdns_model::{
    Action, Name, Opaque, Properties, Record, RecordSet, RecordType, Ttl, Visibility, Zone,
    ZoneIndex, parse_go_bool,
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Advice, CONFLICT, Id, Listing, Meaning, More, RECORD_OPERATIONS, Rest, Service};
use crate::{
    Adaptation, AdaptationKind, Adjusted, Capabilities, Context, Page, PageFrom, Provider,
    ProviderError, RecordWriter, Step, Transport, TxtQuoting, ZoneFilter, ZoneReader,
};
pub use args::IbmcloudArgs;
use args::{Place, is_vpc};

const SERVICE: Service = Service {
    texts: &["/errors/0/message", "/message", "/errorMessage"],
    meanings: &[Meaning::of("already exist", CONFLICT)],
    rights: "check that apiKey in the file of --ibmcloud-config-file may write to the instance (role Manager)",
    advice: Advice {
        zone_gone: "add the zone to the instance, or leave it out with --exclude-domains",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "wait, or call it less often",
    },
    ..Service::new("IBM Cloud", "https://api.cis.cloud.ibm.com")
};

const PUBLIC: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::AsIs, ttls: Ttls::from(1) };
/// A private zone has a default TTL of its own.
const PRIVATE: Form = Form { ttls: Ttls::from(0), ..PUBLIC };

/// The service can have smaller pages than it is asked for. It says how many items there are.
const PUBLIC_LIST: Listing = Listing {
    size: ("per_page", 100),
    next: More::Numbered("/result_info/page", "/result_info/total_pages", "page"),
    total: "/result_info/total_count",
    ..Listing::at("/result")
};
const PRIVATE_ZONES: Listing = Listing {
    size: ("limit", 200),
    next: More::Offset("offset"),
    total: "/total_count",
    ..Listing::at("/dnszones")
};
const PRIVATE_RECORDS: Listing = Listing { items: "/resource_records", ..PRIVATE_ZONES };

const PERMIT: &str = "permit network";
const OPERATIONS: &[&str] = &{
    let [create, update, delete] = *RECORD_OPERATIONS else { panic!("three operations") };
    [create, update, delete, PERMIT]
};

/// The properties of the annotations `ibmcloud-proxied` and `ibmcloud-vpc`. In upstream's `DNSEndpoint` they have the names of
/// the annotations.
const PROXIED: [&str; 2] = ["ibmcloud/proxied", "ibmcloud-proxied"];
const VPC: [&str; 2] = ["ibmcloud/vpc", "ibmcloud-vpc"];

/// The provider for the zones of an instance. Nothing is sent yet.
///
/// # Errors
/// When the file of the settings cannot be read, or says not enough.
pub fn provider(
    args: &IbmcloudArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let (rest, place) = args.find(context)?;
    let capabilities = capabilities(&place);
    Ok(over(rest, place, args.ibmcloud_proxied, capabilities, context.zones.clone()))
}

fn over(
    rest: Rest,
    place: Place,
    proxied: bool,
    capabilities: Capabilities,
    filter: ZoneFilter,
) -> impl Provider + use<> {
    let (via, vpc) = (rest.transport(&capabilities), OnceLock::new());
    stepped(Ibmcloud { rest, place, proxied, capabilities, filter, vpc }, via)
}

fn capabilities(place: &Place) -> Capabilities {
    use RecordType::{A, Aaaa, Cname, Ns, Txt};
    let (form, record_types): (Form, &[RecordType]) = match place {
        Place::Public(_) => (PUBLIC, &[A, Aaaa, Cname, Ns, Txt]),
        Place::Private(_) => (PRIVATE, &[A, Aaaa, Cname, Txt]),
    };
    Capabilities {
        record_types,
        parallel_zones: 4,
        parallel_writes: 4,
        mutating_operations: OPERATIONS,
        ..form.capabilities("ibmcloud")
    }
}

struct Ibmcloud {
    rest: Rest,
    place: Place,
    proxied: bool,
    capabilities: Capabilities,
    filter: ZoneFilter,
    /// The VPC in which private zones shall be served: the first that an endpoint names.
    vpc: OnceLock<String>,
}

#[async_trait]
impl ZoneReader for Ibmcloud {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let (listing, visibility) = match self.place {
            Place::Public(_) => (&PUBLIC_LIST, Visibility::Public),
            Place::Private(_) => (&PRIVATE_ZONES, Visibility::Private),
        };
        let zone = |it: &ListedZone| {
            let is_pending = it.state.eq_ignore_ascii_case("pending_network_add");
            let zone = Zone::new(it.id.as_str(), Name::as_listed(&it.name));
            Zone { visibility, data: Opaque::new(Pending(is_pending)), ..zone }
        };
        let first = self.rest.get(&self.path(&[]));
        Ok(self.filter.select(self.rest.zones(via, first, listing, zone).await?))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let listing = match self.place {
            Place::Public(_) => &PUBLIC_LIST,
            Place::Private(_) => &PRIVATE_RECORDS,
        };
        let first = self.rest.get(&self.records(zone));
        self.rest.records(via, first, listing, Listed::record).await
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        let mut desired = PUBLIC.wanted(desired);
        for endpoint in &mut desired.endpoints {
            let reason = match self.place {
                Place::Public(_) => fit(&mut endpoint.set, self.proxied),
                Place::Private(_) => self.take_vpc(&mut endpoint.set),
            };
            let note = |reason| Adaptation::of(endpoint, AdaptationKind::Changed, reason);
            desired.notes.extend(reason.map(note));
        }
        desired
    }
}

/// The value of a property that has these names.
fn given(set: &RecordSet, names: [&str; 2]) -> Option<String> {
    names.into_iter().find_map(|name| set.properties().get(name)).map(ToOwned::to_owned)
}

/// Gives a record set of a public zone the property and the TTL that are stored, and says what is another than given.
fn fit(set: &mut RecordSet, default: bool) -> Option<String> {
    use RecordType::{A, Aaaa, Cname};
    let text = given(set, PROXIED);
    let parsed = text.as_deref().map_or(Some(default), parse_go_bool);
    let is_proxiable = matches!(set.rtype, A | Aaaa | Cname) && !set.name.as_str().contains('*');
    let proxied = is_proxiable && parsed.unwrap_or(default);
    set.set_properties(
        [(PROXIED[0], if proxied { "true" } else { "false" })].into_iter().collect(),
    );
    if proxied {
        set.ttl = Ttl::UNSET;
    }
    let text = text.filter(|_| parsed.is_none())?;
    Some(format!("ibmcloud-proxied is neither true nor false but {text:?}; it is {default}"))
}

impl Ibmcloud {
    /// Takes the VPC from a record set of a private zone, and says if it is none.
    fn take_vpc(&self, set: &mut RecordSet) -> Option<String> {
        let vpc = given(set, VPC);
        set.set_properties(Properties::default());
        match vpc? {
            crn if is_vpc(&crn) => {
                // The first one counts.
                let _ = self.vpc.set(crn);
                None
            }
            other => Some(format!("ibmcloud-vpc is {other:?} and no CRN of a VPC; it is left out")),
        }
    }

    /// The path of something of the instance.
    fn path<'p>(&'p self, rest: &[&'p str]) -> Vec<&'p str> {
        let front = match &self.place {
            Place::Public(crn) => ["v1", crn, "zones"],
            Place::Private(instance) => ["instances", instance, "dnszones"],
        };
        [&front, rest].concat()
    }

    fn records<'p>(&'p self, zone: &'p Zone) -> Vec<&'p str> {
        let last = match self.place {
            Place::Public(_) => "dns_records",
            Place::Private(_) => "resource_records",
        };
        self.path(&[&zone.id, last])
    }

    /// The one value of a set, as it is written.
    fn written(&self, set: &RecordSet, is_new: bool) -> Value {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (value, rtype) = (PUBLIC.value(set.rtype, value), set.rtype.to_string());
        let mut body = json!({ "name": set.name.key() });
        match self.place {
            Place::Public(_) => {
                body["content"] = value.into();
                body["ttl"] = PUBLIC.ttl(set.ttl).into();
                body["proxied"] = (given(set, PROXIED).as_deref() == Some("true")).into();
            }
            Place::Private(_) => {
                body["rdata"] = json!({ member(set.rtype): value });
                if let ttl @ 1.. = PRIVATE.ttl(set.ttl) {
                    body["ttl"] = ttl.into();
                }
            }
        }
        if is_new || matches!(self.place, Place::Public(_)) {
            body["type"] = rtype.into();
        }
        body
    }
}

/// The member of a private value.
fn member(rtype: RecordType) -> &'static str {
    match rtype {
        RecordType::Cname => "cname",
        RecordType::Txt => "text",
        _ => "ip",
    }
}

#[async_trait]
impl RecordWriter for Ibmcloud {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let (records, is_new) = (self.records(zone), matches!(step.action, Action::Create(_)));
        let body = |set: &RecordSet| self.written(set, is_new);
        self.rest.step(via, step, (Method::PUT, &records), body).await.map(drop)
    }

    /// Permits the network of the VPC to resolve a zone that waits for one.
    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        let is_pending = zone.data.get::<Pending>().is_some_and(|it| it.0);
        let Some(vpc) = self.vpc.get().filter(|_| is_pending) else { return Ok(()) };
        let body = json!({ "type": "vpc", "permitted_network": { "vpc_crn": vpc } });
        let request = self.rest.post(&self.path(&[&zone.id, "permitted_networks"])).json(&body)?;
        self.rest.send(via, PERMIT, &request).await.map(drop)
    }
}

/// Whether a zone waits for a network.
struct Pending(bool);

#[derive(Deserialize)]
struct ListedZone {
    id: String,
    name: String,
    #[serde(default)]
    state: String,
}

/// A record as it is read: public ones have a content, private ones data.
#[derive(Deserialize)]
struct Listed {
    id: Id,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    ttl: Option<u32>,
    content: Option<String>,
    #[serde(default)]
    rdata: Value,
    proxied: Option<bool>,
}

impl Listed {
    /// The record; one of a type that is not written can stand in the way of another.
    fn record(&self) -> Option<Record> {
        let rtype: RecordType = self.rtype.parse().ok()?;
        let own = self.content.as_deref().or_else(|| self.rdata[member(rtype)].as_str());
        let value = own.map_or_else(|| self.rdata.to_string(), ToOwned::to_owned);
        let targets = [PUBLIC.read(rtype, &value)].into_iter().collect();
        let ttl = Ttl::from_seconds(self.ttl.unwrap_or_default().into());
        let set = RecordSet::new(Name::as_listed(&self.name), rtype, ttl, targets);
        let proxied = self.content.as_ref().map(|_| self.proxied.unwrap_or_default());
        let proxied = proxied.map(|it| (PROXIED[0], if it { "true" } else { "false" }));
        let set = set.with_properties(proxied.into_iter().collect());
        Some(Record::new(set, Opaque::new(self.id.clone())))
    }
}
