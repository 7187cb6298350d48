//! What is read of a Pod.

use ecow::EcoString;
use extdns_clusters::{Metadata, nullable};
use serde::Deserialize;

use crate::objects::projection;

#[derive(Debug, Deserialize)]
pub(crate) struct Pod {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Spec {
    #[serde(deserialize_with = "nullable")]
    pub(super) host_network: bool,
    #[serde(deserialize_with = "nullable")]
    pub(super) node_name: EcoString,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    #[serde(rename = "podIP", deserialize_with = "nullable")]
    pub(super) pod_ip: EcoString,
}

projection!(Pod: "", "pods", true);
