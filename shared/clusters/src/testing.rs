//! What several unit tests of this crate read.

use crate::object::{Metadata, Projection, ResourceType};

/// A Service of which nothing but its metadata is read.
#[derive(serde::Deserialize)]
pub(crate) struct Service {
    pub(crate) metadata: Metadata,
}

impl Projection for Service {
    const RESOURCE: ResourceType = ResourceType {
        group: "",
        version: "v1",
        plural: "services",
        kind: "Service",
        namespaced: true,
    };
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }
}
