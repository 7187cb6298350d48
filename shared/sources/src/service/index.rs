//! The lists of helper objects, and quick ways into them.

use std::sync::Arc;

use extdns_clusters::SharedList;

use crate::objects::Node;

use super::pod::Pod;
use super::slice::EndpointSlice;

/// What was listed; what nobody needs is not there.
pub(super) struct Lists {
    pub(super) slices: Option<Arc<SharedList<EndpointSlice>>>,
    pub(super) pods: Option<Arc<SharedList<Pod>>>,
    pub(super) nodes: Option<Arc<SharedList<Node>>>,
}

/// The lists, each sorted by what it is searched for.
pub(super) struct Index<'a> {
    /// By namespace, service and name.
    slices: Vec<&'a EndpointSlice>,
    /// By namespace and name.
    pods: Vec<&'a Pod>,
    /// By name.
    nodes: Vec<&'a Node>,
    has_nodes: bool,
}

impl<'a> Index<'a> {
    pub(super) fn new(lists: &'a Lists) -> Self {
        let mut slices: Vec<_> = lists.slices.iter().flat_map(|list| list.iter()).collect();
        slices.sort_by(|a, b| {
            (slice_key(a), &a.metadata.name).cmp(&(slice_key(b), &b.metadata.name))
        });
        let mut pods: Vec<_> = lists.pods.iter().flat_map(|list| list.iter()).collect();
        pods.sort_by(|a, b| pod_key(a).cmp(&pod_key(b)));
        let mut nodes: Vec<_> = lists.nodes.iter().flat_map(|list| list.iter()).collect();
        nodes.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
        Self { slices, pods, nodes, has_nodes: lists.nodes.is_some() }
    }

    /// The endpoint slices of a service.
    pub(super) fn slices(&self, namespace: &str, service: &str) -> &[&'a EndpointSlice] {
        let key = (namespace, Some(service));
        let start = self.slices.partition_point(|slice| slice_key(slice) < key);
        let count = self.slices[start..].partition_point(|slice| slice_key(slice) == key);
        &self.slices[start..start + count]
    }

    /// A pod by name.
    pub(super) fn pod(&self, namespace: &str, name: &str) -> Option<&'a Pod> {
        let found = self.pods.binary_search_by(|pod| pod_key(pod).cmp(&(namespace, name)));
        found.ok().map(|at| self.pods[at])
    }

    /// All pods of a namespace.
    pub(super) fn pods(&self, namespace: &str) -> &[&'a Pod] {
        let start = self.pods.partition_point(|pod| pod.metadata.namespace.as_str() < namespace);
        let count = self.pods[start..].partition_point(|pod| pod.metadata.namespace == namespace);
        &self.pods[start..start + count]
    }

    /// A node by name.
    pub(super) fn node(&self, name: &str) -> Option<&'a Node> {
        let found = self.nodes.binary_search_by(|node| node.metadata.name.as_str().cmp(name));
        found.ok().map(|at| self.nodes[at])
    }

    /// All nodes, by name.
    pub(super) fn nodes(&self) -> &[&'a Node] {
        &self.nodes
    }

    /// Whether nodes were listed.
    pub(super) fn has_nodes(&self) -> bool {
        self.has_nodes
    }
}

fn slice_key(slice: &EndpointSlice) -> (&str, Option<&str>) {
    (&slice.metadata.namespace, slice.service())
}

fn pod_key(pod: &Pod) -> (&str, &str) {
    (&pod.metadata.namespace, &pod.metadata.name)
}
