//! The source `pod`: names in the annotations of Pods, with the addresses of the pod or of its node.
//!
//! The phase of a pod does not matter: one that has ended but still has an address is published.

mod object;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_clusters::{ClusterView, Projection, ResourceType, Verdict};
use extdns_model::{ClusterId, Name, Resource, ResourceKind};

use crate::annotations::{Annotations, Key};
use crate::error::SourceError;
use crate::merge;
use crate::objects::Node;
use crate::records::{TargetGroups, Traits};
use crate::source::{Context, Sink, Source, resource};
use crate::trace::HiddenBy;
use object::Pod;

/// What the source lists in any case.
pub(crate) const PODS: ResourceType = <Pod as Projection>::RESOURCE;

pub(crate) struct PodSource(Arc<Context>);

/// A pod whose names get the addresses of its node.
struct Waiting {
    resource: Arc<Resource>,
    names: Vec<Name>,
    node: EcoString,
    traits: Traits,
}

/// What one pass over the pods found.
#[derive(Default)]
struct Pass {
    sink: Sink,
    waiting: Vec<Waiting>,
}

impl PodSource {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self(Arc::clone(context))
    }

    fn visit(&self, pass: &mut Pass, cluster: ClusterId, pod: Pod, verdict: Verdict) {
        let resource = || resource(cluster, ResourceKind::Pod, &pod.metadata);
        let ignored = || self.leaves_out(&pod).then_some(HiddenBy::NotOnHostNetwork);
        if !pass.sink.admits(HiddenBy::verdict(verdict).or_else(ignored), resource) {
            return;
        }
        let annotations = self.0.vocabulary.read(&pod.metadata.annotations);
        let has_names = annotations.has_any(&[Key::Hostname, Key::InternalHostname]);
        if !has_names && self.0.options.pod_source_domain.is_none() {
            return;
        }
        pass.sink.outdated_annotations += annotations.outdated();
        let by = resource();
        let traits = Traits::only_ttl(annotations, &by);
        let given: TargetGroups = annotations.targets().collect();
        let own = self.own_names(&mut pass.sink, &pod, annotations, &by);
        let public = pass.sink.names(annotations, Key::Hostname, &by);
        if given.is_empty() {
            publish(
                &mut pass.sink,
                &own,
                &[&pod.status.pod_ip].into_iter().collect(),
                &traits,
                &by,
            );
            if !public.is_empty() {
                let node = pod.spec.node_name;
                pass.waiting.push(Waiting { resource: by, names: public, node, traits });
            }
        } else {
            publish(&mut pass.sink, &own, &given, &traits, &by);
            publish(&mut pass.sink, &public, &given, &traits, &by);
        }
    }

    fn leaves_out(&self, pod: &Pod) -> bool {
        self.0.options.ignore_non_host_network_pods && !pod.spec.host_network
    }

    /// The names of the pod's own address: those of the annotation `internal-hostname`, and the one below
    /// `--pod-source-domain`.
    fn own_names(
        &self,
        sink: &mut Sink,
        pod: &Pod,
        annotations: Annotations<'_>,
        by: &Arc<Resource>,
    ) -> Vec<Name> {
        let mut names = sink.names(annotations, Key::InternalHostname, by);
        if let Some(domain) = &self.0.options.pod_source_domain {
            names.extend(sink.name(&format!("{}.{domain}", pod.metadata.name), by));
        }
        names
    }
}

/// Puts the endpoints of names into the sink; without a target the names are not ready.
fn publish(
    sink: &mut Sink,
    names: &[Name],
    targets: &TargetGroups,
    traits: &Traits,
    by: &Arc<Resource>,
) {
    if targets.is_empty() {
        return sink.unready(names.iter().cloned(), by);
    }
    for name in names {
        sink.endpoints.extend(targets.endpoints(name, traits, by));
    }
}

/// The addresses of a node that its pods publish: internal IPv6 addresses face the world, whatever the flags say.
fn addresses(node: &Node) -> TargetGroups {
    node.external().chain(node.internal_v6()).collect()
}

#[async_trait]
impl Source for PodSource {
    fn name(&self) -> &'static str {
        "pod"
    }

    async fn gather(&self, view: &ClusterView, sink: &mut Sink) -> Result<(), SourceError> {
        let start = || Pass { sink: sink.sibling(), ..Pass::default() };
        let Pass { sink: mut found, waiting } = view
            .fold(self.0.scope(), start, |pass: &mut Pass, pod: Pod, verdict| {
                self.visit(pass, view.id(), pod, verdict);
            })
            .await?;
        if !waiting.is_empty() {
            let nodes = view.shared::<Node>(None).await?;
            let by_name: HashMap<&str, &Node> =
                nodes.iter().map(|node| (node.metadata.name.as_str(), node)).collect();
            for Waiting { resource, names, node, traits } in &waiting {
                let node = by_name.get(node.as_str());
                let targets = node.map(|node| addresses(node)).unwrap_or_default();
                publish(&mut found, names, &targets, traits, resource);
            }
        }
        merge::by_resource(&mut found.endpoints);
        found.endpoints = merge::merge_endpoints(found.endpoints);
        sink.absorb(found);
        Ok(())
    }
}
