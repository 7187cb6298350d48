//! Nodes.

use ecow::EcoString;
use extdns_clusters::{Metadata, nullable};
use extdns_model::{RecordType, suitable_type};
use extdns_template::Schema;
use serde::Deserialize;

use super::served::projection;
use crate::templates::{Templated, schemas};

/// What is read of a Node.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Node {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) spec: NodeSpec,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) status: NodeStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NodeSpec {
    #[serde(deserialize_with = "nullable")]
    pub(crate) unschedulable: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NodeStatus {
    #[serde(deserialize_with = "nullable")]
    pub(crate) addresses: Vec<NodeAddress>,
}

#[derive(Clone, Debug, Deserialize)]
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

projection!(Node: "", "nodes", false);

impl Templated for Node {
    const SCHEMA: &'static Schema = &schemas::NODE;
}
