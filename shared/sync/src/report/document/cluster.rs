//! What the document says of the clusters that were read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Totals;

/// What was read of one cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// The API server, and as whom it was read; absent for manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<String>,
    /// Whether everything was read.
    pub state: ClusterState,
    /// Of a suspiciously empty cluster: how many records are its alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<usize>,
    /// Of a suspiciously empty cluster: the filter that selects none of its objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Why it could not be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Its sources, in order.
    pub sources: Vec<Source>,
    /// How many objects of each kind were read.
    #[serde(default)]
    pub objects: BTreeMap<String, u64>,
    /// How many record sets its objects want.
    pub endpoints: usize,
    /// Names of objects that have no address yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unready: Vec<Unready>,
    /// The totals of its changes.
    pub totals: Totals,
}

/// How a cluster ended the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ClusterState {
    /// Everything was read.
    #[default]
    Complete,
    /// Something was not read: its records are frozen.
    Failed,
    /// It suddenly wants nothing: its records are frozen.
    SuspiciouslyEmpty,
}

/// What one source of a cluster said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Source {
    /// Its name in `--source`.
    pub name: String,
    /// How many record sets it wants.
    pub endpoints: usize,
    /// Why it does not know everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A name whose object has no address yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unready {
    /// The name.
    pub name: String,
    /// The object.
    pub resource: String,
}
