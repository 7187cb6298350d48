//! Pods.

use ecow::EcoString;
use extdns_clusters::{Metadata, nullable};
use extdns_template::Schema;
use serde::{Deserialize, Deserializer};

use super::served::projection;
use crate::templates::{Templated, schemas};

/// What is read of a Pod.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Pod {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) spec: PodSpec,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) status: PodStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PodSpec {
    #[serde(deserialize_with = "nullable")]
    pub(crate) hostname: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(crate) host_network: bool,
    #[serde(deserialize_with = "nullable")]
    pub(crate) node_name: EcoString,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PodStatus {
    #[serde(deserialize_with = "nullable")]
    pub(crate) phase: EcoString,
    #[serde(rename = "hostIP", deserialize_with = "nullable")]
    pub(crate) host_ip: EcoString,
    #[serde(rename = "podIP", deserialize_with = "nullable")]
    pub(crate) pod_ip: EcoString,
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
    /// Whether the pod was asked to go.
    pub(crate) fn is_terminating(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }
}

projection!(Pod: "", "pods", true);

impl Templated for Pod {
    const SCHEMA: &'static Schema = &schemas::POD;
    const KEEPS: &'static [(&'static str, Option<&'static str>)] = &[("status", Some("podIPs"))];
}
