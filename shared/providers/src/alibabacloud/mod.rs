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

use async_trait::async_trait;
use extdns_model::{Action, Name, Record, RecordSet, RecordType, Stored, Zone, ZoneIndex};
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::engine::stepped;
use crate::rest::{Auth, Id, Request, Rest, Service, origin};
use crate::{
    Adjusted, Capabilities, Context, Page, PageFrom, Provider, ProviderError, RecordWriter, Step,
    Transport, ZoneFilter, ZoneReader,
};
use api::{Api, PRIVATE, PUBLIC};
pub use args::AlibabacloudArgs;
use sign::{Key, Rpc};

/// Where a machine of Alibaba Cloud finds its role.
const METADATA: Service = Service {
    rights: "give the machine a RAM role, or name a file with --alibaba-cloud-config-file",
    ..Service::new("the metadata of Alibaba Cloud", "http://100.100.100.200/latest/meta-data/")
};

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
    let metadata = || {
        let base = variables.get("ALIBABA_CLOUD_METADATA_URL");
        let http = extdns_auth::HttpOptions { direct: true, ..context.http.clone() };
        Rest::new(&METADATA, base, Auth::none(), &http)
    };
    let (auth, vpc) = match args.file()? {
        Some(file) => {
            let key =
                Key { id: file.access_key_id, secret: file.access_key_secret, ..Key::default() };
            let secrets = vec![key.secret.clone()];
            let own = Some(file.region_id).filter(|region| !region.is_empty() && !api.is_private);
            let signer = Rpc::of_key(api.version, own.as_deref().unwrap_or(REGION), key);
            (Auth::signed(signer, secrets), Vpc::Known(file.vpc_id))
        }
        None => {
            let signer = Rpc::of_role(api.version, REGION, metadata()?);
            (Auth::signed(signer, Vec::new()), Vpc::Own(Box::new(metadata()?), OnceCell::new()))
        }
    };
    if api.is_private && matches!(&vpc, Vpc::Known(id) if id.is_empty()) {
        return Err(ProviderError::config(
            "private zones of Alibaba Cloud are those of a VPC; set vpcId in the file of --alibaba-cloud-config-file",
        ));
    }
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

/// The VPC whose zones are private ones.
enum Vpc {
    Known(String),
    /// That of the machine.
    Own(Box<Rest>, OnceCell<String>),
}

impl Vpc {
    async fn id(&self, via: &Transport) -> Result<&str, ProviderError> {
        match self {
            Self::Known(id) => Ok(id),
            Self::Own(rest, id) => {
                let ask = || sign::metadata(rest, via, &["vpc-id"]);
                id.get_or_try_init(ask).await.map(String::as_str)
            }
        }
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
        let known = |it: &&RecordType| it.known_text() == Some(listed.rtype.as_str());
        let rtype = *self.api.types.iter().find(known)?;
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
        let first = self.call(action);
        let listed: Vec<ListedZone> = self.rest.list(via, "list zones", first, listing).await?;
        let zone = |it: &ListedZone| {
            let id = it.id.as_ref().map_or(it.name.as_str(), Id::as_str);
            Zone::new(id, Name::as_listed(&it.name))
        };
        let zones = self.filter.select(listed.iter().map(zone).collect());
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
        let listed: Vec<Listed> = self.rest.list(via, "list records", first, listing).await?;
        let records = listed.iter().filter_map(|it| self.record(it, zone)).collect();
        Ok(Page { records, next: None })
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
