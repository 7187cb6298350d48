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
use extdns_model::{ChangeGroup, Zone};
use serde_json::{Value, json};

use crate::engine::Noted;
use crate::rest::credentials::CloudFile;
use crate::rest::{Account, Actions, Auth, Given};
use crate::{
    BatchLimits, BatchWriter, Capabilities, Context, ErrorKind, Page, PageFrom, Provider,
    ProviderError, RateLimit, RecordWriter, Step, Transport, ZoneReader,
};
use api::{PRIVATE, PUBLIC};
pub use args::TencentcloudArgs;
use sign::Tc3;

/// The record of a private zone that lets every other be deleted.
const KEPT: [(&str, &str); 3] =
    [("RecordType", "TXT"), ("SubDomain", "@"), ("RecordValue", "tencent_provider_record")];

/// The provider for the account of the key. Nothing is sent yet.
///
/// # Errors
/// When the file cannot be used.
pub fn provider(
    args: &TencentcloudArgs,
    context: &Context,
) -> Result<Box<dyn Provider>, ProviderError> {
    let api = if args.tencent_cloud_zone_type == "private" { &PRIVATE } else { &PUBLIC };
    let place = ("--tencent-cloud-config-file", args.tencent_cloud_config_file.as_str());
    let key = ["secretId", "secretKey"];
    let file = CloudFile::read("Tencent Cloud", place, key, api.is_private)?;
    let within = if file.internet_endpoint { "." } else { ".internal." };
    let own = api.service.base.replacen('.', within, 1);
    let base = context.environment.get("TENCENT_CLOUD_API_URL").unwrap_or(&own);
    let signer = Tc3::new(api.name, &file.key_id, &file.key_secret);
    let rest =
        context.rest(&api.service, Some(base), Auth::signed(signer, vec![file.key_secret]))?;
    let region = Some(file.region_id).filter(|region| !region.is_empty());
    let rest = rest.always_header("x-tc-region", region.as_deref())?;
    Ok(over(context.account(rest, capabilities(api)), api, file.vpc_id))
}

fn over(account: Account, api: &'static Actions, vpc: String) -> Box<dyn Provider> {
    let own = |account| Tencentcloud { account, api, vpc, kept: Noted::default() };
    match api.is_private {
        true => Box::new(account.batched(own)),
        false => Box::new(account.stepped(own)),
    }
}

fn capabilities(api: &'static Actions) -> Capabilities {
    Capabilities {
        batch_limits: BatchLimits::changes(100),
        rate_limit: Some(RateLimit::new(20, 20)),
        ..api.capabilities("tencentcloud")
    }
}

struct Tencentcloud {
    account: Account,
    api: &'static Actions,
    vpc: String,
    /// Whether a private zone has the record that is nobody's.
    kept: Noted<bool>,
}

impl Tencentcloud {
    /// Whether an item is for everybody, and a record that may go.
    fn is_own(&self, item: &Value) -> bool {
        let is_usual = item["LineId"].as_str().is_none_or(|line| line == "0");
        let is_of_zone = item["Type"] == "NS" && item["Name"] == "@" && !self.api.is_private;
        is_usual && !is_of_zone && !self.is_kept(item)
    }

    fn is_kept(&self, item: &Value) -> bool {
        self.api.is_private && KEPT.iter().all(|(member, value)| item[*member] == *value)
    }

    /// Makes the record without which the last of a private zone could not be deleted.
    async fn keep(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        if self.kept.of(zone, |is_kept| *is_kept) == Some(true) {
            return Ok(());
        }
        let own = KEPT.map(|(name, value)| (name.to_owned(), value.into()));
        let given = self.api.in_zone(zone).into_iter().chain(own).collect();
        self.api.call(&self.account.rest, via, self.api.writes[0], &given).await?;
        self.kept.note(zone, true);
        Ok(())
    }
}

#[async_trait]
impl ZoneReader for Tencentcloud {
    fn capabilities(&self) -> &Capabilities {
        &self.account.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let mut given = Given::new();
        if self.api.is_private {
            let vpc = json!([{ "Name": "Vpc", "Values": [self.vpc] }]);
            given.insert("Filters".to_owned(), vpc);
        }
        self.api.list_zones(&self.account, via, &given).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        self.kept.note(zone, false);
        let own = |item: &Value| {
            if self.is_kept(item) {
                self.kept.note(zone, true);
            }
            self.is_own(item)
        };
        match self.api.list_records(&self.account, via, zone, own).await {
            // A list without items is a failure here.
            Err(error) if error.kind == ErrorKind::RecordGone => Ok(Page::default()),
            page => page,
        }
    }
}

#[async_trait]
impl RecordWriter for Tencentcloud {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        self.api.step(&self.account.rest, via, zone, step).await
    }
}

/// Of private zones.
#[async_trait]
impl BatchWriter for Tencentcloud {
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        self.keep(via, zone).await?;
        self.api.send(&self.account.rest, via, zone, groups).await
    }
}
