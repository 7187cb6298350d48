//! What Azure Resource Manager says of a cluster.
//! <https://learn.microsoft.com/rest/api/aks/managed-clusters>

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kube::config::{AuthInfo, Cluster, Kubeconfig};
use serde::Deserialize;

/// A cluster, as far as it matters how it is reached.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Described {
    pub(super) id: String,
    pub(super) name: String,
    properties: Properties,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Properties {
    provisioning_state: String,
    power_state: PowerState,
    api_server_access_profile: Option<AccessProfile>,
    aad_profile: Option<AadProfile>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PowerState {
    code: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AccessProfile {
    enable_private_cluster: Option<bool>,
    #[serde(rename = "authorizedIPRanges")]
    authorized_ip_ranges: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AadProfile {
    #[serde(rename = "enableAzureRBAC")]
    enable_azure_rbac: Option<bool>,
}

impl Described {
    /// Whether its API server runs.
    pub(super) fn admit(&self) -> Result<(), String> {
        // An update goes on beside what runs.
        if let state @ ("Creating" | "Deleting") = self.properties.provisioning_state.as_str() {
            return Err(format!("it is {state}; it can be read when it is Succeeded"));
        }
        if self.properties.power_state.code == "Stopped" {
            return Err("it is Stopped; start it (az aks start)".to_owned());
        }
        Ok(())
    }

    /// The resource group, out of the id of the cluster.
    pub(super) fn resource_group(&self) -> &str {
        self.id.split('/').nth(4).unwrap_or_default()
    }

    /// Which networks reach the API server.
    pub(super) fn unreachable(&self) -> String {
        let Some(access) = &self.properties.api_server_access_profile else { return String::new() };
        let ranges = access.authorized_ip_ranges.as_deref().unwrap_or_default();
        if access.enable_private_cluster == Some(true) {
            "; its endpoint is private: run inside its network, or where that is routed to"
                .to_owned()
        } else if ranges.is_empty() {
            String::new()
        } else {
            format!("; its endpoint is open to {} alone", ranges.join(", "))
        }
    }

    /// What gives an identity rights in the cluster.
    pub(super) fn rights(&self) -> &'static str {
        let by_azure = self.properties.aad_profile.as_ref().and_then(|it| it.enable_azure_rbac);
        if by_azure == Some(true) {
            "give it Azure Kubernetes Service RBAC Reader for the cluster"
        } else {
            "bind a ClusterRole to its object id"
        }
    }
}

/// What `listClusterUserCredential` answers.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Credentials {
    kubeconfigs: Vec<Encoded>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Encoded {
    value: String,
}

impl Credentials {
    /// The API server, and the credentials of a user.
    pub(super) fn parts(self) -> Result<(Cluster, AuthInfo), String> {
        let Encoded { value } =
            self.kubeconfigs.into_iter().next().ok_or("it has no kubeconfig")?;
        let unusable = || "its kubeconfig cannot be read".to_owned();
        let text = BASE64_STANDARD.decode(value).map_err(|_| unusable())?;
        let text = String::from_utf8(text).map_err(|_| unusable())?;
        // What is wrong with it could hold a secret.
        let config = Kubeconfig::from_yaml(&text).map_err(|_| unusable())?;
        let cluster = config.clusters.into_iter().next().and_then(|named| named.cluster);
        let user = config.auth_infos.into_iter().next().and_then(|named| named.auth_info);
        let cluster = cluster.ok_or("its kubeconfig has no cluster")?;
        if !cluster.server.as_deref().is_some_and(|server| server.starts_with("https://")) {
            return Err("its endpoint is not https, and a credential is sent to it".to_owned());
        }
        Ok((cluster, user.unwrap_or_default()))
    }
}

/// The application for which the API server takes tokens, where users come from Microsoft Entra; `None` where the
/// kubeconfig has a credential of its own.
pub(super) fn application(user: &AuthInfo) -> Option<&str> {
    /// That of all clusters which AKS manages itself.
    const AKS: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";
    if let Some(provider) = &user.auth_provider {
        return Some(provider.config.get("apiserver-id").map_or(AKS, String::as_str));
    }
    let words = user.exec.as_ref()?.args.as_deref().unwrap_or_default();
    let at = words.iter().position(|word| word == "--server-id");
    Some(at.and_then(|at| words.get(at + 1)).map_or(AKS, String::as_str))
}
