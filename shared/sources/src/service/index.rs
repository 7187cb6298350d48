//! The other objects that services need.

use std::sync::Arc;

use extdns_clusters::{ClusterView, ReadError, SharedList};

use crate::objects::{Node, Pod};
use crate::templates::Viewed;

use super::slice::{EndpointSlice, SERVICE_NAME_LABEL};

/// What the services that wait have to be told.
#[derive(Clone, Copy, Default)]
pub(super) struct Need {
    pub(super) slices: bool,
    pub(super) pods: bool,
    pub(super) nodes: bool,
}

impl Need {
    /// What is needed but cannot be known, because the manifests hold no object of the kind.
    pub(super) fn not_held(self, view: &ClusterView) -> Vec<&'static str> {
        let kinds = [
            (self.slices && !view.holds::<EndpointSlice>(), "EndpointSlice"),
            (self.pods && !view.holds::<Viewed<Pod>>(), "Pod"),
            (self.nodes && !view.holds::<Viewed<Node>>(), "Node"),
        ];
        kinds.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, kind)| kind).collect()
    }
}

/// The lists; one that is not needed is not read.
#[derive(Default)]
pub(super) struct Index {
    slices: Option<Arc<SharedList<EndpointSlice>>>,
    pods: Option<Arc<SharedList<Viewed<Pod>>>>,
    nodes: Option<Arc<SharedList<Viewed<Node>>>>,
}

impl Index {
    pub(super) async fn read(
        view: &ClusterView,
        namespace: Option<&str>,
        need: Need,
    ) -> Result<Self, ReadError> {
        Ok(Self {
            slices: if need.slices { Some(view.shared(namespace).await?) } else { None },
            pods: if need.pods { Some(view.shared(namespace).await?) } else { None },
            nodes: if need.nodes { Some(view.shared(None).await?) } else { None },
        })
    }

    /// The endpoint slices of a service, by name.
    pub(super) fn slices<'a>(
        &'a self,
        namespace: &'a str,
        service: &'a str,
    ) -> impl Iterator<Item = &'a EndpointSlice> {
        let list = self.slices.iter();
        list.flat_map(move |list| list.labelled(namespace, SERVICE_NAME_LABEL, service))
    }

    /// A pod by name.
    pub(super) fn pod(&self, namespace: &str, name: &str) -> Option<&Pod> {
        self.pods.as_ref()?.get(namespace, name).map(|pod| &**pod)
    }

    /// All pods of a namespace.
    pub(super) fn pods(&self, namespace: &str) -> &[Viewed<Pod>] {
        self.pods.as_ref().map_or(&[], |list| list.in_namespace(namespace))
    }

    /// A node by name.
    pub(super) fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.as_ref()?.get("", name).map(|node| &**node)
    }

    /// All nodes, by name.
    pub(super) fn nodes(&self) -> &[Viewed<Node>] {
        self.nodes.as_ref().map_or(&[], |list| list)
    }

    /// Whether nodes were listed.
    pub(super) fn has_nodes(&self) -> bool {
        self.nodes.is_some()
    }
}
