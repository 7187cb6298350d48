//! What is read of the objects that several sources look at.

use ecow::EcoString;
use extdns_clusters::{Metadata, Pairs, Projection, ResourceType, nullable};
use extdns_model::{RecordType, suitable_type};
use serde::{Deserialize, Deserializer};

use crate::records::TargetGroups;

/// The status of objects that get a load balancer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LoadBalancerStatus {
    #[serde(deserialize_with = "nullable")]
    pub(crate) load_balancer: LoadBalancer,
}

/// A load balancer's addresses.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoadBalancer {
    #[serde(deserialize_with = "nullable")]
    pub(crate) ingress: Vec<LoadBalancerIngress>,
}

/// One address, one host name, or both.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoadBalancerIngress {
    #[serde(deserialize_with = "nullable")]
    pub(crate) ip: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(crate) hostname: EcoString,
}

impl LoadBalancer {
    /// Every address and host name, in order.
    pub(crate) fn targets(&self) -> TargetGroups {
        let both = self.ingress.iter().flat_map(|entry| [&entry.ip, &entry.hostname]);
        both.filter(|target| !target.is_empty()).collect()
    }
}

/// What is read of a Pod.
#[derive(Debug, Deserialize)]
pub(crate) struct Pod {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) spec: PodSpec,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) status: PodStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PodSpec {
    #[serde(deserialize_with = "nullable")]
    pub(crate) hostname: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(crate) node_name: EcoString,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PodStatus {
    #[serde(deserialize_with = "nullable")]
    pub(crate) phase: EcoString,
    #[serde(rename = "hostIP", deserialize_with = "nullable")]
    pub(crate) host_ip: EcoString,
    #[serde(rename = "conditions", deserialize_with = "is_ready")]
    pub(crate) ready: bool,
}

/// Whether the condition `Ready` holds; the others are not kept.
fn is_ready<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    struct Condition {
        #[serde(rename = "type")]
        kind: EcoString,
        #[serde(default)]
        status: EcoString,
    }
    let conditions: Option<Vec<Condition>> = Option::deserialize(deserializer)?;
    let holds = |condition: &Condition| condition.kind == "Ready" && condition.status == "True";
    Ok(conditions.unwrap_or_default().iter().any(holds))
}

impl Pod {
    /// Whether the pod has every label of a selector; without labels it selects every pod.
    pub(crate) fn is_selected_by(&self, selector: &Pairs) -> bool {
        selector.iter().all(|(key, value)| self.metadata.labels.get(key) == Some(value))
    }

    /// Whether the pod was asked to go.
    pub(crate) fn is_terminating(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }
}

/// What is read of a Node.
#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) spec: NodeSpec,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) status: NodeStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NodeSpec {
    #[serde(deserialize_with = "nullable")]
    pub(crate) unschedulable: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NodeStatus {
    #[serde(deserialize_with = "nullable")]
    pub(crate) addresses: Vec<NodeAddress>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NodeAddress {
    #[serde(rename = "type")]
    kind: AddressKind,
    #[serde(default, deserialize_with = "nullable")]
    address: EcoString,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum AddressKind {
    #[serde(rename = "ExternalIP")]
    External,
    #[serde(rename = "InternalIP")]
    Internal,
    #[serde(other)]
    Other,
}

impl Node {
    /// The addresses that face the world.
    pub(crate) fn external(&self) -> impl Iterator<Item = &str> {
        self.of_kind(AddressKind::External)
    }

    /// The addresses inside the cluster's network.
    pub(crate) fn internal(&self) -> impl Iterator<Item = &str> {
        self.of_kind(AddressKind::Internal)
    }

    /// Internal IPv6 addresses: with `--expose-internal-ipv6` they count as external.
    pub(crate) fn internal_v6(&self) -> impl Iterator<Item = &str> {
        self.internal().filter(|address| suitable_type(address) == RecordType::Aaaa)
    }

    fn of_kind(&self, kind: AddressKind) -> impl Iterator<Item = &str> {
        let addresses = self.status.addresses.iter().filter(move |address| address.kind == kind);
        addresses.map(|address| address.address.as_str()).filter(|address| !address.is_empty())
    }
}

/// What is read of an EndpointSlice.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointSlice {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) address_type: EcoString,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) endpoints: Vec<SliceEndpoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SliceEndpoint {
    #[serde(deserialize_with = "nullable")]
    pub(crate) addresses: Vec<EcoString>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) conditions: SliceConditions,
    pub(crate) target_ref: Option<TargetRef>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SliceConditions {
    /// Nothing counts as ready.
    pub(crate) ready: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TargetRef {
    #[serde(deserialize_with = "nullable")]
    pub(crate) api_version: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(crate) kind: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(crate) name: EcoString,
}

/// Names the service of an EndpointSlice.
const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

impl EndpointSlice {
    /// The service that the slice belongs to, if it says so.
    pub(crate) fn service(&self) -> Option<&str> {
        self.metadata.labels.get(SERVICE_NAME_LABEL)
    }

    /// Whether the slice holds addresses, not host names.
    pub(crate) fn holds_addresses(&self) -> bool {
        matches!(self.address_type.as_str(), "IPv4" | "IPv6")
    }
}

/// Says where the API serves the objects of a projection, all of version `v1`.
macro_rules! projection {
    ($kind:ident: $group:literal, $plural:literal, $namespaced:literal) => {
        impl extdns_clusters::Projection for $kind {
            const RESOURCE: extdns_clusters::ResourceType = extdns_clusters::ResourceType {
                group: $group,
                version: "v1",
                plural: $plural,
                kind: stringify!($kind),
                namespaced: $namespaced,
            };

            fn metadata(&self) -> &extdns_clusters::Metadata {
                &self.metadata
            }

            fn metadata_mut(&mut self) -> &mut extdns_clusters::Metadata {
                &mut self.metadata
            }
        }
    };
}
pub(crate) use projection;

projection!(Pod: "", "pods", true);
projection!(Node: "", "nodes", false);
projection!(EndpointSlice: "discovery.k8s.io", "endpointslices", true);

/// What services list where they need it.
pub(crate) const PODS: ResourceType = <Pod as Projection>::RESOURCE;
/// What services list where they need it.
pub(crate) const NODES: ResourceType = <Node as Projection>::RESOURCE;
/// What services list where they need it.
pub(crate) const ENDPOINT_SLICES: ResourceType = <EndpointSlice as Projection>::RESOURCE;
