//! What Google's API says of a cluster.
//! <https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters>

use serde::Deserialize;

/// A cluster, as far as it matters how it is reached.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Described {
    pub(super) name: String,
    pub(super) location: String,
    status: String,
    endpoint: String,
    master_auth: MasterAuth,
    private_cluster_config: PrivateCluster,
    control_plane_endpoints_config: Endpoints,
    master_authorized_networks_config: Networks,
}

/// All clusters of a project.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct List {
    pub(super) clusters: Vec<Described>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct MasterAuth {
    cluster_ca_certificate: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PrivateCluster {
    enable_private_endpoint: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Endpoints {
    dns_endpoint_config: DnsEndpoint,
    ip_endpoints_config: IpEndpoints,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct DnsEndpoint {
    endpoint: String,
    allow_external_traffic: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct IpEndpoints {
    enabled: Option<bool>,
    enable_public_endpoint: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Networks {
    enabled: bool,
    cidr_blocks: Vec<Block>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Block {
    cidr_block: String,
}

impl Described {
    /// Where the API server is, as a kubeconfig says it: by its public address, else by its name, if everybody may use
    /// that, else by its private address.
    pub(super) fn server(&self) -> Result<kube::config::Cluster, String> {
        // An update goes on beside what runs.
        if let status @ ("PROVISIONING" | "STOPPING" | "ERROR") = self.status.as_str() {
            return Err(format!("it is {status}; it can be read when it is RUNNING"));
        }
        let dns = &self.control_plane_endpoints_config.dns_endpoint_config;
        if !self.is_public() && dns.allow_external_traffic && !dns.endpoint.is_empty() {
            // Its certificate is of an authority that everybody trusts.
            let server = Some(format!("https://{}", dns.endpoint));
            return Ok(kube::config::Cluster { server, ..kube::config::Cluster::default() });
        }
        if self.endpoint.is_empty() {
            return Err("it has no endpoint yet; try again later".to_owned());
        }
        let authority = &self.master_auth.cluster_ca_certificate;
        if authority.is_empty() {
            return Err("it has no certificate authority".to_owned());
        }
        Ok(kube::config::Cluster {
            server: Some(format!("https://{}", self.endpoint)),
            certificate_authority_data: Some(authority.clone()),
            ..kube::config::Cluster::default()
        })
    }

    fn is_public(&self) -> bool {
        let by_address = &self.control_plane_endpoints_config.ip_endpoints_config;
        let is_private = self.private_cluster_config.enable_private_endpoint
            || by_address.enable_public_endpoint == Some(false);
        by_address.enabled != Some(false) && !is_private
    }

    /// Which networks reach the API server.
    pub(super) fn unreachable(&self) -> String {
        let networks = &self.master_authorized_networks_config;
        if !self.is_public() {
            "; its endpoint is private: run inside its network, or let its DNS-based endpoint take external traffic"
                .to_owned()
        } else if networks.enabled {
            let blocks: Vec<&str> =
                networks.cidr_blocks.iter().map(|block| block.cidr_block.as_str()).collect();
            format!("; its endpoint is open to {} alone", blocks.join(", "))
        } else {
            String::new()
        }
    }
}
