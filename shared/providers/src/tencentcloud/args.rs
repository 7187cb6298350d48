//! The flags of `tencentcloud`, and the file that they name.

use serde::Deserialize;

use crate::ProviderError;
use crate::rest::credentials::{config_file, given};

/// Flags of the `tencentcloud` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider tencentcloud")]
pub struct TencentcloudArgs {
    /// The file with the region, the key and the VPC
    #[arg(long, value_name = "FILE", default_value = "/etc/kubernetes/tencent-cloud.json")]
    pub tencent_cloud_config_file: String,

    /// The zones: public ones of DNSPod, or private ones of the VPC
    #[arg(long, value_name = "TYPE", default_value = "", value_parser = ["", "public", "private"])]
    pub tencent_cloud_zone_type: String,
}

/// The file, in JSON.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct File {
    pub(super) region_id: String,
    pub(super) secret_id: String,
    pub(super) secret_key: String,
    pub(super) vpc_id: String,
    /// Whether the API is called over the internet; else at its address within the VPCs of Tencent Cloud.
    pub(super) internet_endpoint: bool,
}

impl TencentcloudArgs {
    /// The file.
    ///
    /// # Errors
    /// When it cannot be read, or has no key.
    pub(super) fn file(&self) -> Result<File, ProviderError> {
        let flag = "--tencent-cloud-config-file";
        let file: File = config_file(flag, &self.tencent_cloud_config_file)?;
        let key = [("secretId", &*file.secret_id), ("secretKey", &*file.secret_key)];
        given(&format!("the file of {flag}"), key)?;
        Ok(file)
    }
}
