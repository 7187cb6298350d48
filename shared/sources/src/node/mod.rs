//! The source `node`: the name of every Node, with its addresses.
//!
//! A node without an address is no reason to delete its records, so it makes the source incomplete.

use std::sync::Arc;

use async_trait::async_trait;
use extdns_clusters::{ClusterView, Verdict};
use extdns_model::{ClusterId, Resource, ResourceKind};

use crate::error::SourceError;
use crate::merge;
use crate::objects::Node;
use crate::records::{TargetGroups, Traits};
use crate::source::{Context, Sink, Source};
use crate::trace::HiddenBy;

/// Why nothing is known of a node.
pub(crate) const NO_ADDRESS: &str = "it has no address of type ExternalIP or InternalIP; wait until it has one, cordon it, or give \
                          it targets (annotation target)";

pub(crate) struct NodeSource(Arc<Context>);

/// What one pass over the nodes found.
#[derive(Default)]
struct Pass {
    sink: Sink,
    without_address: Vec<Arc<Resource>>,
}

impl NodeSource {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self(Arc::clone(context))
    }

    fn visit(&self, pass: &mut Pass, cluster: ClusterId, node: &Node, verdict: Verdict) {
        let name = &node.metadata.name;
        let resource = || {
            let kind = ResourceKind::Node;
            Arc::new(Resource { cluster, kind, namespace: None, name: name.clone() })
        };
        let cordoned = || self.leaves_out(node).then_some(HiddenBy::Cordoned);
        if !pass.sink.admits(HiddenBy::verdict(verdict).or_else(cordoned), resource) {
            return;
        }
        let annotations = self.0.vocabulary.read(&node.metadata.annotations);
        pass.sink.outdated_annotations += annotations.outdated();
        let by = resource();
        let given: TargetGroups = annotations.targets().collect();
        let targets = if given.is_empty() { self.addresses(node) } else { given };
        let Some(name) = pass.sink.name(name, &by) else { return };
        if targets.is_empty() {
            return pass.without_address.push(by);
        }
        let traits = Traits::only_ttl(annotations, &by);
        pass.sink.endpoints.extend(targets.endpoints(&name, &traits, &by));
    }

    fn leaves_out(&self, node: &Node) -> bool {
        self.0.options.exclude_unschedulable && node.spec.unschedulable
    }

    /// The external addresses, and the internal ones only where there is no external one.
    fn addresses(&self, node: &Node) -> TargetGroups {
        let exposed = node.internal_v6().filter(|_| self.0.options.expose_internal_v6);
        match node.external().next() {
            Some(_) => node.external().chain(exposed).collect(),
            None => node.internal().collect(),
        }
    }
}

#[async_trait]
impl Source for NodeSource {
    fn name(&self) -> &'static str {
        "node"
    }

    async fn gather(&self, view: &ClusterView, sink: &mut Sink) -> Result<(), SourceError> {
        let start = || Pass { sink: sink.sibling(), ..Pass::default() };
        let Pass { sink: mut found, mut without_address } = view
            .fold(self.0.scope(), start, |pass: &mut Pass, node: Node, verdict| {
                self.visit(pass, view.id(), &node, verdict);
            })
            .await?;
        merge::by_resource(&mut found.endpoints);
        found.endpoints = merge::merge_endpoints(found.endpoints);
        sink.absorb(found);
        without_address.sort();
        SourceError::of_objects(&without_address, NO_ADDRESS)
    }
}
