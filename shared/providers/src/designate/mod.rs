//! OpenStack Designate: `designate`.
//!
//! * API: <https://docs.openstack.org/api-ref/dns/>, version 2; record sets with ids, one change per call.
//! * Authentication: a token of Keystone (`keystone.rs`), whose catalogue says where the API is.
//! * Limits: 1,000 items a page; a quota of record sets per zone, which answers 413.
//! * Quirks: names are absolute with a final dot. A write is accepted (202) before it is served; a record set that is
//!   still being written can refuse the next write (409), which is sent once more. A zone of another primary
//!   (`SECONDARY`), or one that is not `ACTIVE`, is left out.
//! * Changed meanwhile: the API compares nothing. The zone is read again right before a delete; what changes between
//!   that and the write is overwritten.
//! * Record types: A, AAAA, CNAME, MX, NS, PTR, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod keystone;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{Action, Name, Opaque, Record, RecordSet, RecordType, Ttl, Zone};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls, fqdn};
use crate::rest::{Advice, Auth, Listing, Meaning, More, Request, Rest, Service, origin};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RecordWriter, Step,
    Stores, Transport, TxtQuoting, Updates, ZoneReader,
};
use keystone::Keystone;

const SERVICE: Service = Service {
    texts: &["/type", "/message"],
    meanings: &[Meaning { status: 413, text: "quota", kind: ErrorKind::Quota }],
    rights: "check the variables OS_..; the user needs the role of a member in the project of the zones",
    advice: Advice {
        zone_gone: "check that the project has the zone, or leave it out with --exclude-domains",
        ..Advice::NONE
    },
    ..Service::new("Designate", "https://dns.example.net/v2")
};

const FORM: Form =
    Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls: Ttls::from(0) };

const TYPES: &[RecordType] = &[
    RecordType::A,
    RecordType::Aaaa,
    RecordType::Cname,
    RecordType::Mx,
    RecordType::Ns,
    RecordType::Ptr,
    RecordType::Srv,
    RecordType::Txt,
];

const ZONES: Listing = Listing { next: More::Url("/links/next"), ..Listing::at("/zones") };
const RECORDS: Listing = Listing { next: More::Url("/links/next"), ..Listing::at("/recordsets") };

/// Items per page of a list.
const PAGE: u32 = 1000;
const CREATE: &str = "create record set";
const UPDATE: &str = "update record set";
const DELETE: &str = "delete record set";

/// Before a write is sent again that met a record set which was still being written.
const PENDING: Duration = Duration::from_secs(1);

/// The provider for the project of the environment. Nothing is sent yet.
///
/// # Errors
/// When a variable is missing, or a file of TLS cannot be used.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let mut context = context.clone();
    context.http = context.environment.tls("OPENSTACK", &context.http)?;
    Ok(over(Arc::new(Keystone::new(&context)?), context, capabilities()))
}

fn over(keystone: Arc<Keystone>, context: Context, can: Capabilities) -> impl Provider + use<> {
    let via = keystone.transport(&can);
    stepped(Designate { keystone, context, can, rest: OnceCell::new() }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: TYPES,
        stores: Stores::Sets(Updates::InPlace),
        page_size: Some(PAGE),
        parallel_zones: 4,
        parallel_writes: 4,
        mutating_operations: &[CREATE, UPDATE, DELETE],
        ..FORM.capabilities("designate")
    }
}

struct Designate {
    keystone: Arc<Keystone>,
    context: Context,
    can: Capabilities,
    /// The client, once the catalogue has said where the API is.
    rest: OnceCell<Rest>,
}

impl Designate {
    async fn rest(&self, via: &Transport) -> Result<&Rest, ProviderError> {
        let connect = async || {
            let url = self.keystone.endpoint(via).await?;
            let auth = Auth::tokens_in("x-auth-token", Arc::clone(&self.keystone));
            self.context.rest(&SERVICE, Some(&url), auth)
        };
        self.rest.get_or_try_init(connect).await
    }

    async fn list<T: DeserializeOwned + Send>(
        &self,
        via: &Transport,
        operation: &'static str,
        path: &[&str],
        listing: &Listing,
    ) -> Result<Vec<T>, ProviderError> {
        let rest = self.rest(via).await?;
        rest.list(via, operation, rest.get(path).query("limit", PAGE), listing).await
    }

    /// Sends a write, once more where the record set is still being written.
    async fn write(
        &self,
        via: &Transport,
        operation: &'static str,
        request: &Request,
    ) -> Result<(), ProviderError> {
        let rest = self.rest(via).await?;
        match rest.send(via, operation, request).await {
            Err(error) if operation != CREATE && matches!(error.kind, ErrorKind::Conflict(_)) => {
                tokio::time::sleep(PENDING).await;
                rest.send(via, operation, request).await.map(drop)
            }
            answer => answer.map(drop),
        }
    }
}

#[async_trait]
impl ZoneReader for Designate {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let listed: Vec<ListedZone> = self.list(via, "list zones", &["zones"], &ZONES).await?;
        let zones = listed.iter().filter(|zone| zone.is_written());
        let zones = zones.map(|it| Zone::new(it.id.as_str(), Name::as_listed(&it.name)));
        Ok(self.context.zones.select(zones.collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let path = ["zones", &zone.id, "recordsets"];
        let listed: Vec<Listed> = self.list(via, "list record sets", &path, &RECORDS).await?;
        Ok(Page { records: listed.iter().filter_map(Listed::record).collect(), next: None })
    }
}

#[async_trait]
impl RecordWriter for Designate {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let rest = self.rest(via).await?;
        let path = ["zones", &zone.id, "recordsets"];
        let at = |id: &str| [&path[..], &[id]].concat().iter().map(ToString::to_string).collect();
        let (operation, request) = match &step.action {
            Action::Create(new) => (CREATE, rest.post(&path).json(&New::of(&new.set))?),
            Action::Update { old, new } => {
                let path: Vec<String> = at(origin::<String>(old)?);
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                (UPDATE, rest.put(&path).json(&Changed::of(&new.set))?)
            }
            Action::Delete(old) => {
                let path: Vec<String> = at(origin::<String>(old)?);
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                (DELETE, rest.delete(&path))
            }
        };
        self.write(via, operation, &request).await
    }
}

#[derive(Deserialize)]
struct ListedZone {
    id: String,
    name: String,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

impl ListedZone {
    /// Whether it is the primary itself, and served.
    fn is_written(&self) -> bool {
        let kind = self.kind.as_deref().unwrap_or_default();
        (kind.is_empty() || kind.eq_ignore_ascii_case("PRIMARY"))
            && self.status.as_deref() == Some("ACTIVE")
    }
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    records: Vec<String>,
    /// None for that of the zone.
    ttl: Option<u32>,
}

impl Listed {
    /// The record set, if it is of a type that is managed.
    fn record(&self) -> Option<Record> {
        let rtype = TYPES.iter().copied().find(|it| it.known_text() == Some(&self.rtype))?;
        let targets = self.records.iter().map(|it| FORM.read(rtype, it)).collect();
        let ttl = self.ttl.map_or(Ttl::UNSET, |seconds| Ttl::from_seconds(seconds.into()));
        let set = RecordSet::new(Name::as_listed(&self.name), rtype, ttl, targets);
        Some(Record::new(set, Opaque::new(self.id.clone())))
    }
}

#[derive(Serialize)]
struct New {
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    records: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u32>,
}

impl New {
    fn of(set: &RecordSet) -> Self {
        let Changed { records, ttl } = Changed::of(set);
        Self { name: fqdn(&set.name.key()), rtype: set.rtype.to_string(), records, ttl }
    }
}

/// A TTL that is null is that of the zone.
#[derive(Serialize)]
struct Changed {
    records: Vec<String>,
    ttl: Option<u32>,
}

impl Changed {
    fn of(set: &RecordSet) -> Self {
        Self {
            records: set.targets.iter().map(|it| FORM.value(set.rtype, it)).collect(),
            ttl: Some(FORM.ttl(set.ttl)).filter(|ttl| *ttl > 0),
        }
    }
}
