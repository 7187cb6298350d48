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

use std::sync::Arc;

use async_trait::async_trait;
use extdns_auth::AlibabaMachine;
use extdns_model::Zone;
use serde_json::Value;

use crate::rest::credentials::CloudFile;
use crate::rest::identity::AlibabaIdentity;
use crate::rest::{Account, Actions, Auth, Given};
use crate::{
    Capabilities, Context, Page, PageFrom, Provider, ProviderError, RecordWriter, Step, Transport,
    ZoneReader,
};
use api::{PRIVATE, PUBLIC};
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
    let (identity, region) = identity(args, api, context)?;
    let identity = Arc::new(identity);
    let secret = identity.key().secret.text().to_owned();
    let secrets = Some(secret).filter(|secret| !secret.is_empty()).into_iter().collect();
    let signer = Rpc { version: api.version, region, identity: Arc::clone(&identity) };
    let base = context.environment.get("ALIBABA_CLOUD_API_URL");
    let rest = context.rest(&api.service, base, Auth::signed(signer, secrets))?;
    Ok(over(context.account(rest, api.capabilities("alibabacloud")), api, identity))
}

/// Who calls, and the region whose endpoints are called: those of the file, else the role of the machine.
fn identity(
    args: &AlibabacloudArgs,
    api: &Actions,
    context: &Context,
) -> Result<(AlibabaIdentity, String), ProviderError> {
    let (flag, path) = ("--alibaba-cloud-config-file", &args.alibaba_cloud_config_file);
    if path.is_empty() {
        let base = context.environment.get("ALIBABA_CLOUD_METADATA_URL");
        let machine = AlibabaMachine::new(base, &context.http)?;
        return Ok((AlibabaIdentity::of_machine(machine), REGION.to_owned()));
    }
    let key = ["accessKeyId", "accessKeySecret"];
    let file = CloudFile::read("Alibaba Cloud", (flag, path), key, api.is_private)?;
    let own = Some(file.region_id).filter(|region| !region.is_empty() && !api.is_private);
    let identity = AlibabaIdentity::of_key(file.key_id, file.key_secret, file.vpc_id);
    Ok((identity, own.unwrap_or_else(|| REGION.to_owned())))
}

fn over(
    account: Account,
    api: &'static Actions,
    identity: Arc<AlibabaIdentity>,
) -> impl Provider + use<> {
    account.stepped(|account| Alibabacloud { account, api, identity })
}

struct Alibabacloud {
    account: Account,
    api: &'static Actions,
    identity: Arc<AlibabaIdentity>,
}

impl Alibabacloud {
    /// Whether a private zone belongs to the VPC.
    async fn is_bound(&self, via: &Transport, zone: &Zone) -> Result<bool, ProviderError> {
        let rest = &self.account.rest;
        let request = self.api.request(rest, "DescribeZoneInfo", &self.api.in_zone(zone))?;
        let answer = rest.send(via, "read zone", &request).await?;
        let vpcs: Option<Vec<Value>> = answer.member("/BindVpcs/Vpc")?;
        let own = self.identity.vpc(via).await?;
        Ok(vpcs.into_iter().flatten().any(|vpc| vpc["VpcId"] == own))
    }
}

#[async_trait]
impl ZoneReader for Alibabacloud {
    fn capabilities(&self) -> &Capabilities {
        &self.account.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let zones = self.api.list_zones(&self.account, via, &Given::new()).await?;
        if !self.api.is_private {
            return Ok(zones);
        }
        let mut bound = Vec::new();
        for zone in zones {
            if self.is_bound(via, &zone).await? {
                bound.push(zone);
            }
        }
        Ok(bound)
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        // Records of other lines are not for everybody.
        let usual = |item: &Value| item["Line"].as_str().is_none_or(|line| line == "default");
        self.api.list_records(&self.account, via, zone, usual).await
    }
}

#[async_trait]
impl RecordWriter for Alibabacloud {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        self.api.step(&self.account.rest, via, zone, step).await
    }
}
