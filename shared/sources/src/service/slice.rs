//! What is read of the endpoint slices of a service.

use ecow::EcoString;
use extdns_clusters::{Metadata, nullable};
use serde::Deserialize;

use crate::objects::projection;

/// What is read of an EndpointSlice.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndpointSlice {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) address_type: EcoString,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) endpoints: Vec<SliceEndpoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SliceEndpoint {
    #[serde(deserialize_with = "nullable")]
    pub(super) addresses: Vec<EcoString>,
    #[serde(deserialize_with = "nullable")]
    pub(super) conditions: SliceConditions,
    pub(super) target_ref: Option<TargetRef>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SliceConditions {
    /// Nothing counts as ready.
    pub(super) ready: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TargetRef {
    #[serde(deserialize_with = "nullable")]
    pub(super) api_version: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(super) kind: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(super) name: EcoString,
}

/// Names the service of an EndpointSlice.
pub(super) const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

impl EndpointSlice {
    /// Whether the slice holds addresses, not host names.
    pub(super) fn holds_addresses(&self) -> bool {
        matches!(self.address_type.as_str(), "IPv4" | "IPv6")
    }
}

projection!(EndpointSlice: "discovery.k8s.io", "endpointslices", true);
