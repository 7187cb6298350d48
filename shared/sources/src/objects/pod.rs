//! What is read of the pods behind a service.

use ecow::EcoString;
use extdns_clusters::{Metadata, Pairs, Projection, ResourceType, nullable};
use serde::{Deserialize, Deserializer};

use crate::objects::projection;

/// What is read of a Pod.
#[derive(Debug, Deserialize)]
pub(super) struct Pod {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) spec: PodSpec,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) status: PodStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PodSpec {
    #[serde(deserialize_with = "nullable")]
    pub(super) hostname: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(super) node_name: EcoString,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PodStatus {
    #[serde(deserialize_with = "nullable")]
    pub(super) phase: EcoString,
    #[serde(rename = "hostIP", deserialize_with = "nullable")]
    pub(super) host_ip: EcoString,
    #[serde(rename = "conditions", deserialize_with = "is_ready")]
    pub(super) ready: bool,
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
    pub(super) fn is_selected_by(&self, selector: &Pairs) -> bool {
        selector.iter().all(|(key, value)| self.metadata.labels.get(key) == Some(value))
    }

    /// Whether the pod was asked to go.
    pub(super) fn is_terminating(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }
}

projection!(Pod: "", "pods", true);

pub(super) const PODS: ResourceType = <Pod as Projection>::RESOURCE;
