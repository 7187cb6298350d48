//! What is read of a Service.

use ecow::EcoString;
use extdns_clusters::{Metadata, Pairs, nullable};
use extdns_template::Schema;
use serde::Deserialize;

use super::{LoadBalancerStatus, projection};
use crate::records::TargetGroups;
use crate::templates::{Templated, schemas};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Service {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) status: LoadBalancerStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub(crate) kind: ServiceType,
    #[serde(rename = "clusterIP", deserialize_with = "nullable")]
    cluster_ip: EcoString,
    #[serde(rename = "externalIPs", deserialize_with = "nullable")]
    pub(crate) external_ips: Vec<EcoString>,
    #[serde(deserialize_with = "nullable")]
    external_name: EcoString,
    #[serde(deserialize_with = "nullable")]
    external_traffic_policy: EcoString,
    pub(crate) selector: Pairs,
    #[serde(deserialize_with = "nullable")]
    pub(crate) ports: Vec<Port>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) publish_not_ready_addresses: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Port {
    #[serde(deserialize_with = "nullable")]
    pub(crate) protocol: EcoString,
    /// 0 where the port has none.
    #[serde(deserialize_with = "nullable")]
    pub(crate) node_port: u16,
}

/// The type of a service. The API server fills it in; a manifest may leave it out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum ServiceType {
    #[default]
    #[serde(rename = "ClusterIP")]
    ClusterIp,
    NodePort,
    LoadBalancer,
    ExternalName,
    #[serde(other)]
    Other,
}

impl ServiceType {
    /// As manifests call it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ClusterIp => "ClusterIP",
            Self::NodePort => "NodePort",
            Self::LoadBalancer => "LoadBalancer",
            Self::ExternalName => "ExternalName",
            Self::Other => "unknown",
        }
    }
}

projection!(Service: "", "services", true);

/// A cluster IP that stands for none.
const HEADLESS: &str = "None";

impl Spec {
    pub(crate) fn is_headless(&self) -> bool {
        self.cluster_ip == HEADLESS
    }

    /// The address inside the cluster, if the service has one.
    pub(crate) fn cluster_ip(&self) -> Option<&EcoString> {
        Some(&self.cluster_ip).filter(|ip| !ip.is_empty() && !self.is_headless())
    }

    /// Whether only nodes that run a pod of the service forward to it.
    pub(crate) fn is_local(&self) -> bool {
        self.external_traffic_policy == "Local"
    }
}

impl Service {
    /// External IPs, else what the load balancer says.
    pub(crate) fn load_balancer_targets(&self) -> TargetGroups {
        match &self.spec.external_ips[..] {
            [] => self.status.load_balancer.targets(),
            addresses => addresses.iter().collect(),
        }
    }

    /// External IPs, else the external name.
    pub(crate) fn external_name_targets(&self) -> TargetGroups {
        match &self.spec.external_ips[..] {
            [] => [&self.spec.external_name].into_iter().collect(),
            addresses => addresses.iter().collect(),
        }
    }
}

impl Templated for Service {
    const SCHEMA: &'static Schema = &schemas::SERVICE;
}
