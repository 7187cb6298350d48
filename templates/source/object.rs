//! What is read of a Newkind: only the fields that the source needs.

use ecow::EcoString;
use extdns_clusters::{Metadata, nullable};
use serde::Deserialize;

use crate::objects::projection;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Newkind {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) spec: Spec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spec {
    #[serde(deserialize_with = "nullable")]
    pub(super) hosts: Vec<EcoString>,
}

// Group and plural of the API, and whether the objects live in namespaces.
projection!(Newkind: "newkind.example", "newkinds", true);
