//! VinylDNS: `vinyldns`.
//!
//! * API: <https://www.vinyldns.io/api/>; record sets with ids, one change per call.
//! * Authentication: Signature Version 4 with `VINYLDNS_ACCESS_KEY` and `VINYLDNS_SECRET_KEY`; `VINYLDNS_HOST` is the base
//!   URL.
//! * Limits: 100 items a page.
//! * Quirks: names are relative to the zone, but the apex is the name of the zone with a final dot. Host names have a final
//!   dot. A write is accepted (202) before it is made; a record set that is still being written refuses the next one (409).
//! * Changed meanwhile: the API compares nothing. The zone is read again right before a delete; what changes between
//!   that and the write is overwritten.
//! * Record types: A, AAAA, CNAME, MX, NS, PTR, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{Action, Name, Opaque, Record, RecordSet, RecordType, Ttl, Zone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::wire::{Dots, Form, Members, Ttls, fqdn};
use crate::rest::{
    Account, Auth, Listing, Meaning, More, SET_STEPS, Service, SigV4, ZoneLayout, origin,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RecordWriter, Step,
    Stores, Transport, TxtQuoting, Updates, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/errors/0"],
    meanings: &[Meaning {
        status: 422,
        text: "already exists",
        kind: ErrorKind::Conflict(Vec::new()),
    }],
    rights: "check VINYLDNS_ACCESS_KEY and VINYLDNS_SECRET_KEY; the user must be in the group of the zone's \
             administrators, or have a rule of the zone that lets it write",
    ..Service::new("VinylDNS", "http://localhost:9000")
};

const FORM: Form = Form {
    apex: "",
    dots: Dots::Final,
    txt: TxtQuoting::Bare,
    ttls: Ttls::from(300).within(30, i32::MAX as u32),
};

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

const fn listing(items: &'static str) -> Listing {
    let next = More::Token("/nextId", "startFrom");
    Listing { size: ("maxItems", PAGE), next, ..Listing::at(items) }
}

/// Items per page of a list.
const PAGE: u32 = 100;

/// The provider for the account of the environment. Nothing is sent yet.
///
/// # Errors
/// When there is no access key.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let key = variables.get("VINYLDNS_ACCESS_KEY").ok_or_else(|| {
        ProviderError::config("no vinyldns access key found; set VINYLDNS_ACCESS_KEY")
    })?;
    let secret = variables.required("VINYLDNS_SECRET_KEY", "the secret of the access key")?;
    let rest = context.rest(&SERVICE, variables.get("VINYLDNS_HOST"), auth(key, secret))?;
    Ok(context.account(rest, capabilities()).stepped(Vinyldns))
}

fn auth(key: &str, secret: &str) -> Auth {
    let (key, secret) = (key.to_owned(), secret.to_owned());
    let secrets = vec![secret.clone()];
    Auth::signed(SigV4 { key, secret, region: "us-east-1", service: "VinylDNS" }, secrets)
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: TYPES,
        stores: Stores::Sets(Updates::InPlace),
        page_size: Some(PAGE),
        parallel_zones: 4,
        mutating_operations: SET_STEPS,
        ..FORM.capabilities("vinyldns")
    }
}

struct Vinyldns(Account);

#[async_trait]
impl ZoneReader for Vinyldns {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.0.rest.get(&["zones"]);
        self.0.list_zones(via, first, &listing("/zones"), &ZoneLayout::of("id", "name")).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.0.rest.get(&["zones", &zone.id, "recordsets"]);
        let record = |it: &Listed| it.record(zone);
        self.0.rest.records(via, first, &listing("/recordSets"), record).await
    }
}

#[async_trait]
impl RecordWriter for Vinyldns {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let path = ["zones", &zone.id, "recordsets"];
        let rest = &self.0.rest;
        let request = match &step.action {
            Action::Create(new) => rest.post(&path).json(&Sent::of(&new.set, zone, None)?)?,
            Action::Update { old, new } => {
                let id = origin::<String>(old)?.as_str();
                let body = Sent::of(&new.set, zone, Some(id))?;
                rest.put(&[&path[..], &[id]].concat()).json(&body)?
            }
            Action::Delete(old) => {
                let id = origin::<String>(old)?.as_str();
                rest.delete(&[&path[..], &[id]].concat())
            }
        };
        rest.step_of_set(via, step, &request).await.map(drop)
    }
}

/// The members of a value.
fn members(rtype: RecordType) -> Members {
    Members(match rtype {
        RecordType::A | RecordType::Aaaa => &["address"],
        RecordType::Cname => &["cname"],
        RecordType::Mx => &["preference", "exchange"],
        RecordType::Ns => &["nsdname"],
        RecordType::Ptr => &["ptrdname"],
        RecordType::Srv => &["priority", "weight", "port", "target"],
        _ => &["text"],
    })
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    ttl: u32,
    records: Vec<Value>,
}

impl Listed {
    /// The record set, if it is of a type that is managed.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = TYPES.iter().copied().find(|it| it.known_text() == Some(&self.rtype))?;
        let values = self.records.iter().filter_map(|it| members(rtype).read(it));
        let targets = values.map(|it| FORM.read(rtype, &it)).collect();
        let name = match self.name.strip_suffix('.') {
            Some(name) => Name::as_listed(name),
            None => FORM.whole_name(&self.name, zone),
        };
        let set = RecordSet::new(name, rtype, Ttl::from_seconds(self.ttl.into()), targets);
        (!set.targets.is_empty()).then(|| Record::new(set, Opaque::new(self.id.clone())))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    zone_id: &'a str,
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    ttl: u32,
    account: &'static str,
    records: Vec<Value>,
}

impl<'a> Sent<'a> {
    fn of(set: &RecordSet, zone: &'a Zone, id: Option<&'a str>) -> Result<Self, ProviderError> {
        let name = match FORM.name(&set.name, zone) {
            apex if apex.is_empty() => fqdn(&zone.name.key()),
            name => name,
        };
        let records = match set.rtype {
            RecordType::Txt => {
                let text = |it: &ecow::EcoString| json!({ "text": FORM.value(set.rtype, it) });
                set.targets.iter().map(text).collect()
            }
            rtype => members(rtype).of_set(&FORM, set)?,
        };
        Ok(Self {
            id,
            zone_id: &zone.id,
            name,
            rtype: set.rtype.to_string(),
            ttl: FORM.ttl(set.ttl),
            account: "",
            records,
        })
    }
}
