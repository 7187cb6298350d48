//! What is read of a DNSEndpoint.

use ecow::EcoString;
use extdns_clusters::{Metadata, Pairs, Projection, ResourceType, nullable};
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DnsEndpoint {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spec {
    #[serde(deserialize_with = "nullable")]
    pub(super) endpoints: Vec<Option<Entry>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Status {
    #[serde(deserialize_with = "nullable")]
    pub(super) observed_generation: i64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Entry {
    #[serde(deserialize_with = "nullable")]
    pub(super) dns_name: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(super) record_type: EcoString,
    #[serde(rename = "recordTTL", deserialize_with = "nullable")]
    pub(super) record_ttl: i64,
    #[serde(deserialize_with = "nullable")]
    pub(super) targets: Vec<EcoString>,
    #[serde(deserialize_with = "nullable")]
    pub(super) set_identifier: EcoString,
    pub(super) labels: Pairs,
    #[serde(deserialize_with = "nullable")]
    pub(super) provider_specific: Vec<Property>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Property {
    #[serde(deserialize_with = "nullable")]
    pub(super) name: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(super) value: EcoString,
}

impl Projection for DnsEndpoint {
    const RESOURCE: ResourceType = ResourceType {
        group: "externaldns.k8s.io",
        version: "v1alpha1",
        plural: "dnsendpoints",
        kind: "DNSEndpoint",
        namespaced: true,
    };

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }
}
