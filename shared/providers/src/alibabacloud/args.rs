//! The flags of `alibabacloud`, and the file that they name.

use serde::Deserialize;

use crate::ProviderError;
use crate::rest::credentials::{config_file, given};

/// Flags of the `alibabacloud` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider alibabacloud")]
pub struct AlibabacloudArgs {
    /// The file with the region, the key and the VPC; empty for the RAM role of the machine
    #[arg(long, value_name = "FILE", default_value = "/etc/kubernetes/alibaba-cloud.json")]
    pub alibaba_cloud_config_file: String,

    /// The zones: public, or private ones of the VPC
    #[arg(long, value_name = "TYPE", default_value = "", value_parser = ["", "public", "private"])]
    pub alibaba_cloud_zone_type: String,
}

/// The file, in YAML or JSON. Empty where the machine has a role.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct File {
    pub(super) region_id: String,
    pub(super) access_key_id: String,
    pub(super) access_key_secret: String,
    pub(super) vpc_id: String,
}

impl AlibabacloudArgs {
    /// The file; `None` for the role of the machine.
    ///
    /// # Errors
    /// When it cannot be read, or has no key.
    pub(super) fn file(&self) -> Result<Option<File>, ProviderError> {
        if self.alibaba_cloud_config_file.is_empty() {
            return Ok(None);
        }
        let flag = "--alibaba-cloud-config-file";
        let file: File = config_file(flag, &self.alibaba_cloud_config_file)?;
        let key = [
            ("accessKeyId", file.access_key_id.as_str()),
            ("accessKeySecret", &file.access_key_secret),
        ];
        given(&format!("the file of {flag}"), key)?;
        Ok(Some(file))
    }
}
