//! Tencent Cloud, DNSPod and Private DNS: `tencentcloud`.
//!
//! * API: <https://www.tencentcloud.com/document/api/1157> (DNSPod) and <https://www.tencentcloud.com/document/api/1097>; single
//!   values with ids. Every call is a `POST` to one path, with its action in a header (`api.rs`). One change per call, but that
//!   records of a private zone are deleted together.
//! * Authentication: a signature (`sign.rs`) with the key in a file.
//! * Limits: 20 calls in a second of one action; pages of 3,000 records, 100 of a private zone.
//! * Quirks: failures come with HTTP 200, an empty list of records too. The apex is `@`. Text comes back without quotes. The
//!   preference of MX stands apart. Records of other lines than the default one answer some resolvers only, and are left
//!   alone. A private zone must keep one record, so there is one that is nobody's.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT; in private zones A, AAAA, CNAME, MX, PTR, TXT.

mod api;
mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod sign;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{
    Action, ChangeGroup, Name, Record, RecordSet, RecordType, Stored, Zone, ZoneIndex,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::engine::wire::type_of;
use crate::engine::{Noted, batched, stepped};
use crate::rest::{Auth, Id, Request, Rest, origin};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom,
    Provider, ProviderError, RateLimit, RecordWriter, Step, Transport, ZoneFilter, ZoneReader,
};
use api::{Api, FORM, PRIVATE, PUBLIC, SERVICE};
pub use args::TencentcloudArgs;
use sign::Tc3;

/// The text at the apex of a private zone that lets every other record be deleted.
const KEEPS: &str = "tencent_provider_record";

/// The provider for the account of the key. Nothing is sent yet.
///
/// # Errors
/// When the file cannot be used.
pub fn provider(
    args: &TencentcloudArgs,
    context: &Context,
) -> Result<Box<dyn Provider>, ProviderError> {
    let api = if args.tencent_cloud_zone_type == "private" { &PRIVATE } else { &PUBLIC };
    let file = args.file()?;
    if api.is_private && file.vpc_id.is_empty() {
        return Err(ProviderError::config(
            "private zones of Tencent Cloud are those of a VPC; set vpcId in the file of --tencent-cloud-config-file",
        ));
    }
    let within = if file.internet_endpoint { "" } else { "internal." };
    let own = format!("https://{}.{within}tencentcloudapi.com/", api.name);
    let base = context.environment.get("TENCENT_CLOUD_API_URL").unwrap_or(&own);
    let signer = Tc3::new(api.name, &file.secret_id, &file.secret_key);
    let rest = context.rest(&SERVICE, Some(base), Auth::signed(signer, vec![file.secret_key]))?;
    let region = Some(file.region_id).filter(|region| !region.is_empty());
    let rest = rest.always_header("x-tc-region", region.as_deref())?;
    over(rest, api, capabilities(api), context.zones.clone(), file.vpc_id)
}

fn over(
    rest: Rest,
    api: &'static Api,
    capabilities: Capabilities,
    filter: ZoneFilter,
    vpc: String,
) -> Result<Box<dyn Provider>, ProviderError> {
    let rest = rest.always_header("x-tc-version", Some(api.version))?;
    let via = rest.transport(&capabilities);
    let kept = Noted::default();
    let own = Tencentcloud { rest, api, capabilities, filter, vpc, kept };
    Ok(if api.is_private { Box::new(batched(own, via)) } else { Box::new(stepped(own, via)) })
}

fn capabilities(api: &'static Api) -> Capabilities {
    let batches = if api.is_private { Batching::InPart } else { Batching::None };
    Capabilities {
        record_types: api.types,
        batches,
        batch_limits: BatchLimits::changes(100),
        page_size: Some(api.records.1.size.1),
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(20, 20)),
        mutating_operations: &api.writes,
        ..FORM.capabilities("tencentcloud")
    }
}

struct Tencentcloud {
    rest: Rest,
    api: &'static Api,
    capabilities: Capabilities,
    filter: ZoneFilter,
    vpc: String,
    /// Whether a private zone has the record that is nobody's.
    kept: Noted<bool>,
}

impl Tencentcloud {
    fn request(&self, action: &str, body: &Value) -> Result<Request, ProviderError> {
        self.rest.post(&[]).header("x-tc-action", action)?.json(body)
    }

    async fn call(
        &self,
        via: &Transport,
        action: &'static str,
        body: &Value,
    ) -> Result<(), ProviderError> {
        self.rest.send(via, action, &self.request(action, body)?).await.map(drop)
    }

    /// The members that name a zone and a record.
    fn body(&self, zone: &Zone, old: Option<&Stored>) -> Result<Value, ProviderError> {
        let mut body = json!({ self.api.zone: &*zone.id });
        if let Some(old) = old {
            let id = origin::<Id>(old)?.as_str();
            let number = id.parse::<u64>().ok().filter(|_| !self.api.is_private);
            body["RecordId"] = number.map_or_else(|| id.into(), Value::from);
        }
        Ok(body)
    }

    /// The same with the members of what is written.
    fn written(&self, mut body: Value, set: &RecordSet, zone: &Zone) -> Value {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (preference, value) = FORM.mx_apart(set.rtype, value);
        body["SubDomain"] = FORM.name(&set.name, zone).into();
        body["RecordType"] = set.rtype.to_string().into();
        body[self.api.value] = value.into();
        body["TTL"] = FORM.ttl(set.ttl).into();
        if let Some(preference) = preference {
            body["MX"] = preference.into();
        }
        if !self.api.is_private {
            // The two sites call the default line differently, and its id the same.
            body["RecordLine"] = "默认".into();
            body["RecordLineId"] = "0".into();
        }
        body
    }

    /// The record, if its type is managed and everybody gets it.
    fn record(&self, listed: &Listed, zone: &Zone) -> Option<Record> {
        let rtype = type_of(self.api.types, &listed.rtype)?;
        let is_usual = listed.line.as_deref().is_none_or(|line| line == "0");
        let is_own = rtype == RecordType::Ns && listed.name == "@" && !self.api.is_private;
        if !is_usual || is_own || self.is_kept(listed) {
            return None;
        }
        let value = FORM.mx_joined(rtype, listed.preference, &listed.value);
        Some(FORM.record((zone, &listed.name), (rtype, listed.ttl), value, listed.id.clone()))
    }

    fn is_kept(&self, listed: &Listed) -> bool {
        self.api.is_private && listed.rtype == "TXT" && listed.name == "@" && listed.value == KEEPS
    }

    /// Deletes records of a private zone. One that is gone is done.
    async fn delete(
        &self,
        via: &Transport,
        zone: &Zone,
        ids: &[&str],
    ) -> Result<(), ProviderError> {
        if ids.is_empty() {
            return Ok(());
        }
        let body = json!({ "ZoneId": &*zone.id, "RecordIdSet": ids });
        match self.call(via, self.api.writes[2], &body).await {
            Err(error) if error.kind == ErrorKind::RecordGone && ids.len() == 1 => Ok(()),
            answer => answer,
        }
    }

    /// Makes the record without which the last of a private zone could not be deleted.
    async fn keep(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        if self.kept.of(zone, |is_kept| *is_kept) == Some(true) {
            return Ok(());
        }
        let body = json!({ "ZoneId": &*zone.id, "RecordType": "TXT", "SubDomain": "@", "RecordValue": KEEPS });
        self.call(via, self.api.writes[0], &body).await?;
        self.kept.note(zone, true);
        Ok(())
    }
}

#[async_trait]
impl ZoneReader for Tencentcloud {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let body = match self.api.is_private {
            true => json!({ "Filters": [{ "Name": "Vpc", "Values": [self.vpc] }] }),
            false => json!({}),
        };
        let (action, listing) = &self.api.zones;
        let zone = |it: &ListedZone| {
            let id = it.id.as_ref().map_or(it.name.as_str(), Id::as_str);
            Zone::new(id, Name::as_listed(&it.name))
        };
        let first = self.request(action, &body)?;
        Ok(self.filter.select(self.rest.zones(via, first, listing, zone).await?))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let (action, listing) = &self.api.records;
        let first = self.request(action, &self.body(zone, None)?)?;
        self.kept.note(zone, false);
        let record = |it: &Listed| {
            if self.is_kept(it) {
                self.kept.note(zone, true);
            }
            self.record(it, zone)
        };
        match self.rest.records(via, first, listing, record).await {
            // A list without items is a failure here.
            Err(error) if error.kind == ErrorKind::RecordGone => Ok(Page::default()),
            page => page,
        }
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

#[async_trait]
impl RecordWriter for Tencentcloud {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let [create, modify, delete] = self.api.writes;
        let (action, body) = match &step.action {
            Action::Create(new) => (create, self.written(self.body(zone, None)?, &new.set, zone)),
            Action::Update { old, new } => {
                (modify, self.written(self.body(zone, Some(old))?, &new.set, zone))
            }
            Action::Delete(old) => (delete, self.body(zone, Some(old))?),
        };
        self.call(via, action, &body).await
    }
}

/// Of private zones.
#[async_trait]
impl BatchWriter for Tencentcloud {
    /// What goes comes first, so that a name can change its type: a CNAME excludes every other record.
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        self.keep(via, zone).await?;
        let mut gone: Vec<&str> = Vec::new();
        let mut others = Vec::new();
        for change in groups.iter().flat_map(|group| &group.changes) {
            match &change.action {
                Action::Delete(old) => gone.push(origin::<Id>(old)?.as_str()),
                _ => others.push(change),
            }
        }
        match self.delete(via, zone, &gone).await {
            // One that is gone lets the others stay.
            Err(error) if error.kind == ErrorKind::RecordGone && gone.len() > 1 => {
                for id in gone {
                    self.delete(via, zone, &[id]).await?;
                }
            }
            other => other?,
        }
        for change in others {
            self.step(via, zone, change).await?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct ListedZone {
    #[serde(rename = "Name", alias = "Domain")]
    name: String,
    /// Domains of DNSPod are known by their names.
    #[serde(rename = "ZoneId")]
    id: Option<Id>,
}

/// A record as it is read.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "RecordId")]
    id: Id,
    #[serde(rename = "Name", alias = "SubDomain")]
    name: String,
    #[serde(rename = "Type", alias = "RecordType")]
    rtype: String,
    #[serde(rename = "Value", alias = "RecordValue")]
    value: String,
    #[serde(rename = "TTL")]
    ttl: Option<u32>,
    #[serde(rename = "MX")]
    preference: Option<u16>,
    #[serde(rename = "LineId")]
    line: Option<String>,
}
