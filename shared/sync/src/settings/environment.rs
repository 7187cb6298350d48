//! What a process is given from outside, as a value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use extdns_clusters::Connections;

use super::error::SettingsError;
use super::file::ConfigText;
use super::layer::{Flags, variable_of};
use super::origin::Origin;

/// Everything that a process is given from outside.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The arguments, without the program's name.
    pub arguments: Vec<String>,
    /// The environment variables.
    pub variables: BTreeMap<String, String>,
    /// The home directory, for `~/.kube/config`.
    pub home: Option<PathBuf>,
    /// The configuration file, where `--config` names one: [`load`](super::load) reads it.
    pub config: Option<ConfigText>,
    /// Arguments and variables that are not UTF-8: they are reported when they would be read.
    pub not_text: Vec<Origin>,
    /// The connections to clusters that the process has already. Clones share them.
    pub connections: Connections,
}

impl Environment {
    /// What the system hands to a process.
    #[must_use]
    pub fn of(
        arguments: impl IntoIterator<Item = OsString>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        let mut environment = Self::default();
        for (index, argument) in arguments.into_iter().enumerate() {
            match argument.into_string() {
                Ok(text) => environment.arguments.push(text),
                Err(_) => environment.not_text.push(Origin::Argument(index + 1)),
            }
        }
        for (name, value) in variables {
            if name == "HOME" {
                environment.home = Some(PathBuf::from(&value));
            }
            let name = name.to_string_lossy().into_owned();
            match value.into_string() {
                Ok(text) => drop(environment.variables.insert(name, text)),
                Err(_) => environment.not_text.push(Origin::Variable(name)),
            }
        }
        environment
    }

    /// The first thing that would be read and is no text.
    pub(super) fn check_text(&self, flags: &Flags) -> Result<(), SettingsError> {
        let is_read = |origin: &&Origin| match origin {
            Origin::Variable(name) => {
                flags.iter().any(|(flag, _)| variable_of(flag) == *name)
                    || READ.iter().any(|start| name.starts_with(start))
                    || name.to_ascii_uppercase().ends_with("_PROXY")
            }
            _ => true,
        };
        match self.not_text.iter().find(is_read) {
            Some(origin) => Err(SettingsError::NotUtf8 { origin: origin.clone() }),
            None => Ok(()),
        }
    }

    /// What clusters need to know of it.
    #[must_use]
    pub fn for_clusters(&self) -> extdns_clusters::Environment {
        let get = |name: &str| self.variables.get(name).filter(|value| !value.is_empty()).cloned();
        extdns_clusters::Environment {
            home: self.home.clone(),
            kubeconfig: get("KUBECONFIG"),
            kubernetes_service_host: get("KUBERNETES_SERVICE_HOST"),
            kubernetes_service_port: get("KUBERNETES_SERVICE_PORT"),
            service_account: None,
            pod_namespace: get("POD_NAMESPACE"),
            https_proxy: get("HTTPS_PROXY").or_else(|| get("https_proxy")),
            no_proxy: get("NO_PROXY").or_else(|| get("no_proxy")),
            lambda_function: get("AWS_LAMBDA_FUNCTION_NAME"),
            connections: self.connections.clone(),
            google: extdns_auth::GoogleVariables::of(&self.variables),
            azure: extdns_auth::AzureVariables::of(&self.variables),
            #[cfg(feature = "aws")]
            aws: extdns_auth::AwsVariables::of(&self.variables),
        }
    }
}

/// Beginnings of the names of variables that are read beside those of flags.
const READ: [&str; 7] =
    ["AWS_", "AZURE_", "GOOGLE_", "KUBECONFIG", "KUBERNETES_", "POD_NAMESPACE", "SSL_CERT_"];
