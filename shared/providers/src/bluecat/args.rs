//! The flags of `bluecat`, and the file that takes their place.

use clap::ArgAction;
use serde::Deserialize;

use crate::ProviderError;

/// What `--bluecat-dns-deploy-type` takes.
const DEPLOY_TYPES: [&str; 2] = ["no-deploy", "full-deploy"];

/// Where the records lie that the API names first.
const ROOT: &str = "com";

/// Flags of the `bluecat` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider bluecat")]
pub struct BluecatArgs {
    /// A file in JSON with all settings; where it is there, the other flags of this provider count for nothing
    #[arg(long, value_name = "FILE", default_value = "/etc/kubernetes/bluecat.json")]
    pub bluecat_config_file: String,

    /// The URL of the BlueCat Gateway
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub bluecat_gateway_host: String,

    /// The configuration with the view
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub bluecat_dns_configuration: String,

    /// The view with the zones
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub bluecat_dns_view: String,

    /// The zone below which the zones lie; com without it
    #[arg(long, value_name = "ZONE", default_value = "", hide_default_value = true)]
    pub bluecat_root_zone: String,

    /// The server to deploy to after changes
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub bluecat_dns_server_name: String,

    /// Whether changes are deployed to the server
    #[arg(long, value_name = "TYPE", default_value = DEPLOY_TYPES[0], value_parser = DEPLOY_TYPES)]
    pub bluecat_dns_deploy_type: String,

    /// Take any certificate of the gateway for good
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub bluecat_skip_tls_verify: bool,
}

/// The settings, of the file or of the flags.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Config {
    pub(super) gateway_host: String,
    pub(super) gateway_username: String,
    pub(super) gateway_password: String,
    pub(super) dns_configuration: String,
    pub(super) dns_view: String,
    pub(super) root_zone: String,
    dns_server_name: String,
    dns_deploy_type: String,
    #[serde(rename = "skipTLSVerify")]
    pub(super) skip_tls_verify: bool,
}

impl BluecatArgs {
    /// The settings of the file, or of the flags where there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read, or something is missing.
    pub(super) fn config(&self) -> Result<Config, ProviderError> {
        let path = &self.bluecat_config_file;
        let cannot = |problem: String| {
            ProviderError::config(format!(
                "the file {path} of --bluecat-config-file cannot be used: {problem}"
            ))
        };
        let config = match std::fs::read(path) {
            // What is wrong is not quoted: it may be the password.
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|_| cannot("it is not JSON with the settings of BlueCat".to_owned()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.as_config(),
            Err(error) => return Err(cannot(error.to_string())),
        };
        config.checked()
    }

    fn as_config(&self) -> Config {
        Config {
            gateway_host: self.bluecat_gateway_host.clone(),
            dns_configuration: self.bluecat_dns_configuration.clone(),
            dns_view: self.bluecat_dns_view.clone(),
            root_zone: self.bluecat_root_zone.clone(),
            dns_server_name: self.bluecat_dns_server_name.clone(),
            dns_deploy_type: self.bluecat_dns_deploy_type.clone(),
            skip_tls_verify: self.bluecat_skip_tls_verify,
            ..Config::default()
        }
    }
}

impl Config {
    fn checked(mut self) -> Result<Self, ProviderError> {
        for (value, flag, key) in [
            (&self.gateway_host, "--bluecat-gateway-host", "gatewayHost"),
            (&self.dns_configuration, "--bluecat-dns-configuration", "dnsConfiguration"),
            (&self.dns_view, "--bluecat-dns-view", "dnsView"),
        ] {
            if value.is_empty() {
                let message = format!(
                    "{flag} is missing; give it, or {key} in the file of --bluecat-config-file"
                );
                return Err(ProviderError::config(message));
            }
        }
        if self.dns_deploy_type.is_empty() {
            self.dns_deploy_type = DEPLOY_TYPES[0].to_owned();
        }
        if !DEPLOY_TYPES.contains(&self.dns_deploy_type.as_str()) {
            let message = format!(
                "dnsDeployType {:?} of the file of --bluecat-config-file is none; write no-deploy or full-deploy",
                self.dns_deploy_type
            );
            return Err(ProviderError::config(message));
        }
        if self.root_zone.is_empty() {
            ROOT.clone_into(&mut self.root_zone);
        }
        Ok(self)
    }

    /// The server to which changes are deployed, if they are.
    pub(super) fn deploys_to(&self) -> Option<&str> {
        let deploys = self.dns_deploy_type == DEPLOY_TYPES[1] && !self.dns_server_name.is_empty();
        deploys.then_some(self.dns_server_name.as_str())
    }
}
