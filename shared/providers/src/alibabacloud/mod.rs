//! Alibaba Cloud DNS and its PrivateZone: `alibabacloud`.
//!
//! * API: <https://www.alibabacloud.com/help/en/dns/api-alidns-2015-01-09-overview> and
//!   <https://www.alibabacloud.com/help/en/dns/api-pvtz-2018-01-01-overview>; single values with ids, one change per call.
//!   Every call is a `POST` to one path, with its action and parameters in the query (`api.rs`).
//! * Authentication: a signature over the query (`sign.rs`), with the key in a file or that of the machine's role.
//! * Limits: 500 records per page, 100 in PrivateZone. How many calls it takes depends on the action and is not one number.
//!   TTLs below 600 seconds need a paid edition.
//! * Quirks: the apex is `@`. Text comes back without the quotes with which it was sent. The preference of MX stands apart.
//!   Records of other lines than the default one are answers for some resolvers only, and are left alone.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT; in private zones PTR and no NS.

mod api;
mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod sign;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use extdns_auth::{AlibabaKey, AlibabaMachine};
use extdns_model::{Action, Name, Record, RecordSet, Stored, Zone, ZoneIndex};
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::engine::stepped;
use crate::engine::wire::type_of;
use crate::rest::{Auth, Id, Request, Rest, origin};
use crate::{
    Adjusted, Capabilities, Context, Page, PageFrom, Provider, ProviderError, RecordWriter, Step,
    Transport, ZoneFilter, ZoneReader,
};
use api::{Api, PRIVATE, PUBLIC};
pub use args::AlibabacloudArgs;
use sign::Rpc;

/// The region whose endpoints are called where nothing else is said.
const REGION: &str = "cn-hangzhou";

/// The provider for the account of the key. Nothing is sent yet.
///
/// # Errors
/// When the file cannot be used.
pub fn provider(
    args: &AlibabacloudArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let api = if args.alibaba_cloud_zone_type == "private" { &PRIVATE } else { &PUBLIC };
    let variables = &context.environment;
    let (key, region, vpc, machine) = match args.file()? {
        Some(file) => {
            let (id, secret) = (file.access_key_id, file.access_key_secret.into());
            let key = AlibabaKey { id, secret, ..AlibabaKey::default() };
            let own = Some(file.region_id).filter(|region| !region.is_empty() && !api.is_private);
            (key, own, Some(file.vpc_id), None)
        }
        None => {
            let base = variables.get("ALIBABA_CLOUD_METADATA_URL");
            let machine = AlibabaMachine::new(base, &context.http)
                .map_err(|error| ProviderError::config(error.to_string()))?;
            (AlibabaKey::default(), None, None, Some(Arc::new(machine)))
        }
    };
    if api.is_private && vpc.as_ref().is_some_and(String::is_empty) {
        return Err(ProviderError::config(
            "private zones of Alibaba Cloud are those of a VPC; set vpcId in the file of --alibaba-cloud-config-file",
        ));
    }
    let region = region.unwrap_or_else(|| REGION.to_owned());
    let secret = Some(key.secret.text().to_owned()).filter(|secret| !secret.is_empty());
    let vpc = Vpc { known: OnceCell::new_with(vpc), machine: machine.clone() };
    let signer = Rpc { version: api.version, region, machine, key: Mutex::new(key) };
    let auth = Auth::signed(signer, secret.into_iter().collect());
    let rest = context.rest(&api.service, variables.get("ALIBABA_CLOUD_API_URL"), auth)?;
    Ok(over(rest, api, capabilities(api), context.zones.clone(), vpc))
}

fn over(
    rest: Rest,
    api: &'static Api,
    capabilities: Capabilities,
    filter: ZoneFilter,
    vpc: Vpc,
) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    stepped(Alibabacloud { rest, api, capabilities, filter, vpc }, via)
}

fn capabilities(api: &'static Api) -> Capabilities {
    Capabilities {
        record_types: api.types,
        page_size: Some(api.records.1.size.1),
        parallel_zones: 4,
        parallel_writes: 4,
        mutating_operations: &api.writes,
        ..api.form.capabilities("alibabacloud")
    }
}

/// The VPC whose zones are private ones, or the machine that it is of.
struct Vpc {
    known: OnceCell<String>,
    machine: Option<Arc<AlibabaMachine>>,
}

impl Vpc {
    async fn id(&self, via: &Transport) -> Result<&str, ProviderError> {
        let ask = || async {
            let Some(machine) = &self.machine else { return Ok(String::new()) };
            via.call("read metadata", async || Ok(machine.vpc().await?)).await
        };
        self.known.get_or_try_init(ask).await.map(String::as_str)
    }
}

struct Alibabacloud {
    rest: Rest,
    api: &'static Api,
    capabilities: Capabilities,
    filter: ZoneFilter,
    vpc: Vpc,
}

impl Alibabacloud {
    fn call(&self, action: &str) -> Request {
        self.rest.post(&[]).query("Action", action)
    }

    /// Whether a zone belongs to the VPC.
    async fn is_bound(&self, via: &Transport, id: &Id) -> Result<bool, ProviderError> {
        let request = self.call("DescribeZoneInfo").query("ZoneId", id);
        let answer = self.rest.send(via, "read zone", &request).await?;
        let vpcs: Option<Vec<Bound>> = answer.member("/BindVpcs/Vpc")?;
        let own = self.vpc.id(via).await?;
        Ok(vpcs.into_iter().flatten().any(|vpc| vpc.id == own))
    }

    /// The record, if its type is managed.
    fn record(&self, listed: &Listed, zone: &Zone) -> Option<Record> {
        let form = &self.api.form;
        let rtype = type_of(self.api.types, &listed.rtype)?;
        listed.line.as_deref().is_none_or(|line| line == "default").then(|| {
            let value = form.mx_joined(rtype, listed.priority, &listed.value);
            form.record((zone, &listed.rr), (rtype, listed.ttl), value, listed.id.clone())
        })
    }

    /// A call with the members of a record.
    fn written(&self, action: &str, set: &RecordSet, zone: &Zone) -> Request {
        let form = &self.api.form;
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (priority, value) = form.mx_apart(set.rtype, value);
        let [name, ttl] = self.api.fields;
        let request = self.call(action).query(name, form.name(&set.name, zone));
        let request = request.query("Type", set.rtype).query("Value", value);
        let request = request.query(ttl, form.ttl(set.ttl));
        priority.into_iter().fold(request, |it, priority| it.query("Priority", priority))
    }
}

#[async_trait]
impl ZoneReader for Alibabacloud {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let (action, listing) = &self.api.zones;
        let zone = |it: &ListedZone| {
            let id = it.id.as_ref().map_or(it.name.as_str(), Id::as_str);
            Zone::new(id, Name::as_listed(&it.name))
        };
        let listed = self.rest.zones(via, self.call(action), listing, zone).await?;
        let zones = self.filter.select(listed);
        if !self.api.is_private {
            return Ok(zones);
        }
        let mut bound = Vec::new();
        for zone in zones {
            if self.is_bound(via, &Id::from(zone.id.as_str())).await? {
                bound.push(zone);
            }
        }
        Ok(bound)
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let (action, listing) = &self.api.records;
        let first = self.call(action).query(self.api.zone, &zone.id);
        self.rest.records(via, first, listing, |it| self.record(it, zone)).await
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        self.api.form.wanted(desired)
    }
}

#[async_trait]
impl RecordWriter for Alibabacloud {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let [add, update, delete] = self.api.writes;
        let id = |old: &Stored| origin::<Id>(old).cloned();
        let (action, request) = match &step.action {
            Action::Create(new) => {
                (add, self.written(add, &new.set, zone).query(self.api.zone, &zone.id))
            }
            Action::Update { old, new } => {
                (update, self.written(update, &new.set, zone).query("RecordId", id(old)?))
            }
            Action::Delete(old) => (delete, self.call(delete).query("RecordId", id(old)?)),
        };
        self.rest.send(via, action, &request).await.map(drop)
    }
}

#[derive(Deserialize)]
struct ListedZone {
    #[serde(rename = "DomainName", alias = "ZoneName")]
    name: String,
    /// Public zones are known by their names.
    #[serde(rename = "ZoneId")]
    id: Option<Id>,
}

#[derive(Deserialize)]
struct Bound {
    #[serde(rename = "VpcId")]
    id: String,
}

/// A record as it is read.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "RecordId")]
    id: Id,
    #[serde(rename = "RR", alias = "Rr")]
    rr: String,
    #[serde(rename = "Type")]
    rtype: String,
    #[serde(rename = "Value")]
    value: String,
    #[serde(rename = "TTL", alias = "Ttl")]
    ttl: Option<u32>,
    #[serde(rename = "Priority")]
    priority: Option<u16>,
    #[serde(rename = "Line")]
    line: Option<String>,
}
