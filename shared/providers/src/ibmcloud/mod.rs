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
use extdns_model::RecordType::{A, Aaaa, Cname, Ns, Txt};
use extdns_model::{Endpoint, Properties, RecordSet, RecordType, Ttl, Visibility, Zone, ZoneIndex};
use reqwest::Method;
use serde_json::json;

use crate::engine::wire::{Dots, Form, Members, Ttls, flag};
use crate::rest::{
    Account, Advice, CONFLICT, CREATE, DELETE, Holds, Layout, Listing, Meaning, More, Service,
    UPDATE, ZoneLayout,
};
use crate::{
    Adjusted, Capabilities, Context, Page, PageFrom, Provider, ProviderError, RecordWriter, Step,
    Transport, ZoneReader,
};
pub use args::IbmcloudArgs;
use args::{Instance, is_vpc};

const PUBLIC_BASE: &str = "https://api.cis.cloud.ibm.com";
const SERVICE: Service = Service {
    texts: &["/errors/0/message", "/message", "/errorMessage"],
    meanings: &[Meaning::of("already exist", CONFLICT)],
    rights: "check that apiKey in the file of --ibmcloud-config-file may write to the instance (role Manager)",
    advice: Advice {
        zone_gone: "add the zone to the instance, or leave it out with --exclude-domains",
        ..Advice::USUAL
    },
    ..Service::new("IBM Cloud", PUBLIC_BASE)
};

/// One of the two services, as data.
#[derive(Debug)]
struct Api {
    base: &'static str,
    form: Form,
    types: &'static [RecordType],
    /// The path of instances, and the ends of those of the zones of one and of their records.
    path: [&'static str; 3],
    zones: (Listing, ZoneLayout),
    records: (Listing, Layout),
}

/// It can have smaller pages than it is asked for. It says how many items there are.
const PUBLIC_LIST: Listing = Listing {
    size: ("per_page", 100),
    next: More::Numbered("/result_info/page", "/result_info/total_pages", "page"),
    total: "/result_info/total_count",
    ..Listing::at("/result")
};
static PUBLIC: Api = Api {
    base: PUBLIC_BASE,
    form: Form { dots: Dots::None, ttls: Ttls::from(1), ..Form::AS_GIVEN },
    types: &[A, Aaaa, Cname, Ns, Txt],
    path: ["v1", "zones", "dns_records"],
    zones: (PUBLIC_LIST, ZoneLayout::of("id", "name")),
    records: (
        PUBLIC_LIST,
        Layout {
            reads_all: true,
            ..Layout::of(&[
                ("id", Holds::Id),
                ("content", Holds::Value),
                ("name", Holds::WholeName),
                ("proxied", Holds::Flag(PROXIED[0])),
                ("ttl", Holds::Ttl),
                ("type", Holds::Type),
            ])
        },
    ),
};

const PRIVATE_ZONES: Listing = Listing {
    size: ("limit", 200),
    next: More::Offset("offset"),
    total: "/total_count",
    ..Listing::at("/dnszones")
};
/// A zone has a default TTL of its own.
static PRIVATE: Api = Api {
    base: "https://api.dns-svcs.cloud.ibm.com/v1",
    form: Form { ttls: Ttls::from(0), ..PUBLIC.form },
    types: &[A, Aaaa, Cname, Txt],
    path: ["instances", "dnszones", "resource_records"],
    zones: (
        PRIVATE_ZONES,
        ZoneLayout {
            noted: "state",
            visibility: Visibility::Private,
            ..ZoneLayout::of("id", "name")
        },
    ),
    records: (
        Listing { items: "/resource_records", ..PRIVATE_ZONES },
        Layout {
            fixed: &["type"],
            reads_all: true,
            rdata: |rtype| match rtype {
                Cname => Members(&["cname"]),
                Txt => Members(&["text"]),
                _ => Members(&["ip"]),
            },
            ..Layout::of(&[
                ("id", Holds::Id),
                ("name", Holds::WholeName),
                ("rdata", Holds::Rdata),
                ("ttl", Holds::TtlIfSet),
                ("type", Holds::Type),
            ])
        },
    ),
};
/// The state of a private zone that waits for a network.
const PENDING: &str = "pending_network_add";

const PERMIT: &str = "permit network";

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
    over(args, context, |usual| usual)
}

fn over(
    args: &IbmcloudArgs,
    context: &Context,
    changed: fn(Capabilities) -> Capabilities,
) -> Result<impl Provider + use<>, ProviderError> {
    let (rest, instance) = args.find(context)?;
    let capabilities = changed(Capabilities {
        record_types: instance.api.types,
        parallel_zones: 4,
        parallel_writes: 4,
        mutating_operations: &[CREATE, UPDATE, DELETE, PERMIT],
        ..instance.api.form.capabilities("ibmcloud")
    });
    let (proxied, vpc) = (args.ibmcloud_proxied, OnceLock::new());
    let ibmcloud = |account| Ibmcloud { account, instance, proxied, vpc };
    Ok(context.account(rest, capabilities).stepped(ibmcloud))
}

struct Ibmcloud {
    account: Account,
    instance: Instance,
    proxied: bool,
    /// The VPC in which private zones shall be served: the first that an endpoint names.
    vpc: OnceLock<String>,
}

#[async_trait]
impl ZoneReader for Ibmcloud {
    fn capabilities(&self) -> &Capabilities {
        &self.account.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let (listing, layout) = &self.instance.api.zones;
        self.account.list_zones(via, self.account.rest.get(&self.path(&[])), listing, layout).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let (listing, layout) = &self.instance.api.records;
        let first = self.account.rest.get(&self.records(zone));
        self.account.list_records(via, zone, first, listing, layout).await
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        let has_proxy = std::ptr::eq(self.instance.api, &PUBLIC);
        self.account.form().wanted(desired).changed(|Endpoint { set, .. }| match has_proxy {
            true => fit(set, self.proxied),
            false => self.take_vpc(set),
        })
    }
}

/// The value of a property that has these names.
fn given(set: &RecordSet, names: [&str; 2]) -> Option<String> {
    names.into_iter().find_map(|name| set.properties().get(name)).map(ToOwned::to_owned)
}

/// Gives a record set of a public zone the property and the TTL that are stored, and says what is another than given.
fn fit(set: &mut RecordSet, default: bool) -> Option<String> {
    let (proxied, odd) = flag("ibmcloud-proxied", given(set, PROXIED).as_deref(), default);
    let is_proxiable = matches!(set.rtype, A | Aaaa | Cname) && !set.name.as_str().contains('*');
    let proxied = proxied && is_proxiable;
    let own = (PROXIED[0], if proxied { "true" } else { "false" });
    set.set_properties([own].into_iter().collect());
    if proxied {
        set.ttl = Ttl::UNSET;
    }
    odd
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

    /// The path of something below the zones of the instance.
    fn path<'p>(&'p self, rest: &[&'p str]) -> Vec<&'p str> {
        let [instances, zones, _] = self.instance.api.path;
        [&[instances, &self.instance.id, zones], rest].concat()
    }

    fn records<'p>(&'p self, zone: &'p Zone) -> Vec<&'p str> {
        self.path(&[&zone.id, self.instance.api.path[2]])
    }
}

#[async_trait]
impl RecordWriter for Ibmcloud {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let (at, layout) = (self.records(zone), &self.instance.api.records.1);
        self.account.step(via, zone, step, (Method::PUT, &at), layout).await.map(drop)
    }

    /// Permits the network of the VPC to resolve a zone that waits for one.
    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        let is_pending = ZoneLayout::note(zone).eq_ignore_ascii_case(PENDING);
        let Some(vpc) = self.vpc.get().filter(|_| is_pending) else { return Ok(()) };
        let body = json!({ "type": "vpc", "permitted_network": { "vpc_crn": vpc } });
        let path = self.path(&[&zone.id, "permitted_networks"]);
        let request = self.account.rest.post(&path).json(&body)?;
        self.account.rest.send(via, PERMIT, &request).await.map(drop)
    }
}
