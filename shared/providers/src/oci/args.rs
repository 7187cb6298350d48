//! The flags of `oci`, and the file that they name.

use std::time::Duration;

use clap::ArgAction;
use extdns_model::parse_go_duration;
use serde::Deserialize;

use crate::ProviderError;

/// Flags of the `oci` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider oci")]
pub struct OciArgs {
    /// The file with the identity and the compartment
    #[arg(long, value_name = "FILE", default_value = "/etc/kubernetes/oci.yaml")]
    pub oci_config_file: String,

    /// The compartment of the zones, where the identity is that of the machine
    #[arg(long, value_name = "OCID", default_value = "", hide_default_value = true)]
    pub oci_compartment_ocid: String,

    /// Take the identity of the machine (instance principal)
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub oci_auth_instance_principal: bool,

    /// Which zones: GLOBAL, PRIVATE, or both where it is empty
    #[arg(long, value_name = "SCOPE", default_value = "GLOBAL", value_parser = ["", "GLOBAL", "PRIVATE"])]
    pub oci_zone_scope: String,

    /// Accepted for compatibility: a run reads every zone once, so there is nothing to cache
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_go_duration)]
    pub oci_zones_cache_duration: Duration,
}

/// The file, in YAML.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    pub(super) auth: Identity,
    pub(super) compartment: String,
}

/// Who calls.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Identity {
    pub(super) region: String,
    pub(super) tenancy: String,
    pub(super) user: String,
    /// PEM.
    pub(super) key: String,
    pub(super) fingerprint: String,
    pub(super) passphrase: String,
    pub(super) use_instance_principal: bool,
    pub(super) use_workload_identity: bool,
}

impl OciArgs {
    /// The file; that of the flags alone where they name the identity of the machine.
    ///
    /// # Errors
    /// When it cannot be read, or says two things at once.
    pub(super) fn file(&self) -> Result<File, ProviderError> {
        let config = |text: String| Err(ProviderError::config(text));
        if self.oci_auth_instance_principal {
            if self.oci_compartment_ocid.is_empty() {
                return config(
                    "--oci-auth-instance-principal needs --oci-compartment-ocid, the compartment of the zones".to_owned(),
                );
            }
            let auth = Identity { use_instance_principal: true, ..Identity::default() };
            return Ok(File { auth, compartment: self.oci_compartment_ocid.clone() });
        }
        let path = &self.oci_config_file;
        let text = std::fs::read_to_string(path).map_err(|error| {
            ProviderError::config(format!(
                "the file {path:?} of --oci-config-file cannot be read: {error}"
            ))
        })?;
        // What is wrong is not quoted: it may be the key.
        let file: File = serde_saphyr::from_str(&text).map_err(|_| {
            ProviderError::config(format!(
                "the file {path:?} of --oci-config-file is not the YAML that it should be"
            ))
        })?;
        if file.auth.use_instance_principal && file.auth.use_workload_identity {
            return config(format!(
                "only one of useInstancePrincipal and useWorkloadIdentity may be true in {path:?}"
            ));
        }
        Ok(file)
    }
}
