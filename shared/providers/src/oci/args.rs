//! The flags of `oci`, and the file that they name.

use std::time::Duration;

use clap::ArgAction;
use extdns_auth::OracleWho;
use extdns_model::parse_go_duration;
use serde::Deserialize;

use crate::ProviderError;
use crate::rest::credentials::config_file;

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
struct File {
    auth: Identity,
    compartment: String,
}

/// Who calls.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Identity {
    region: String,
    tenancy: String,
    user: String,
    /// PEM.
    key: String,
    fingerprint: String,
    passphrase: String,
    use_instance_principal: bool,
    use_workload_identity: bool,
}

impl OciArgs {
    /// Who calls, and the compartment of the zones: those of the file, or of the flags alone where they name the identity of
    /// the machine.
    ///
    /// # Errors
    /// When the file cannot be read, or says two things at once.
    pub(super) fn identity(&self) -> Result<(OracleWho, String), ProviderError> {
        if self.oci_auth_instance_principal {
            if self.oci_compartment_ocid.is_empty() {
                return Err(ProviderError::config(
                    "--oci-auth-instance-principal needs --oci-compartment-ocid, the compartment of the zones",
                ));
            }
            return Ok((OracleWho::Machine, self.oci_compartment_ocid.clone()));
        }
        let path = &self.oci_config_file;
        let File { auth: own, compartment } = config_file("--oci-config-file", path)?;
        let who = match (own.use_workload_identity, own.use_instance_principal) {
            (true, true) => {
                return Err(ProviderError::config(format!(
                    "only one of useInstancePrincipal and useWorkloadIdentity may be true in {path:?}"
                )));
            }
            (true, _) => OracleWho::Account(own.region),
            (_, true) => OracleWho::Machine,
            _ => OracleWho::User {
                region: own.region,
                key_id: format!("{}/{}/{}", own.tenancy, own.user, own.fingerprint),
                key: own.key.into(),
                passphrase: own.passphrase.into(),
            },
        };
        Ok((who, compartment))
    }
}
