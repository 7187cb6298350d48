//! The flags of `alibabacloud`, and the file that they name.

use serde::Deserialize;

use crate::ProviderError;

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
        let path = &self.alibaba_cloud_config_file;
        if path.is_empty() {
            return Ok(None);
        }
        let cannot = |problem: String| {
            ProviderError::config(format!(
                "the file {path} of --alibaba-cloud-config-file cannot be used: {problem}"
            ))
        };
        let text = std::fs::read_to_string(path).map_err(|error| cannot(error.to_string()))?;
        // What is wrong is not quoted: it may be the secret.
        let file: File = serde_saphyr::from_str(&text)
            .map_err(|_| cannot("it is not YAML or JSON with texts".to_owned()))?;
        if file.access_key_id.is_empty() || file.access_key_secret.is_empty() {
            return Err(cannot("accessKeyId and accessKeySecret are needed".to_owned()));
        }
        Ok(Some(file))
    }
}
