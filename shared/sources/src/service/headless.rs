//! Headless services: the addresses of the pods behind them, under the service's names and under a
//! name per pod.

use std::collections::BTreeMap;

use ecow::EcoString;
use extdns_model::Name;

use crate::annotations::{Annotations, Key};
use crate::context::Context;
use crate::objects::Pod;
use crate::records::TargetGroups;
use crate::sink::Sink;

use super::flags::Options;
use super::index::Index;
use super::slice::{EndpointSlice, SliceEndpoint};
use super::wanted::Wanted;

/// Which addresses a headless service publishes.
pub(super) const ENDPOINTS_TYPE: Key = Key("endpoints-type");

/// Which addresses of a pod are published.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Publish {
    /// Its own.
    Pod,
    /// That of its host.
    Host,
    /// The external ones of its node.
    Node,
}

impl Publish {
    fn of(annotations: Annotations<'_>, publish_host_ip: bool) -> Self {
        match annotations.get(ENDPOINTS_TYPE) {
            Some("NodeExternalIP") => Self::Node,
            Some("HostIP") => Self::Host,
            _ if publish_host_ip => Self::Host,
            _ => Self::Pod,
        }
    }
}

/// Whether a headless service with these annotations publishes addresses of nodes.
pub(super) fn needs_nodes(annotations: Annotations<'_>) -> bool {
    Publish::of(annotations, false) == Publish::Node
}

/// Puts the endpoints of a headless service into the sink.
pub(super) fn settle(
    wanted: &Wanted,
    index: &Index,
    (context, options): (&Context, &Options),
    sink: &mut Sink,
) {
    let publish = Publish::of(wanted.annotations(context), options.publish_host_ip);
    let service = Headless { wanted, index, context, options, publish };
    // By the pod's own label; the service's names stand under the empty label.
    let mut targets: BTreeMap<EcoString, TargetGroups> = BTreeMap::new();
    let metadata = &wanted.service.metadata;
    for slice in index.slices(&metadata.namespace, &metadata.name) {
        for endpoint in &slice.endpoints {
            let Some((pod, found)) = service.targets(slice, endpoint) else { continue };
            let labels = [EcoString::new(), pod.spec.hostname.clone()];
            for label in labels.iter().take(if pod.spec.hostname.is_empty() { 1 } else { 2 }) {
                let group = targets.entry(label.clone()).or_default();
                found.iter().for_each(|target| group.push(target));
            }
        }
    }
    targets.values_mut().for_each(TargetGroups::normalise);
    if targets.get("").is_none_or(TargetGroups::is_empty) {
        sink.unready(wanted.names().cloned(), &wanted.traits, &wanted.resource);
    }
    for name in wanted.names() {
        for (label, targets) in &targets {
            let Some(name) = service.name(label, name, sink) else { continue };
            sink.endpoints.extend(targets.endpoints(&name, &wanted.traits, &wanted.resource));
        }
    }
}

struct Headless<'a> {
    wanted: &'a Wanted,
    index: &'a Index,
    context: &'a Context,
    options: &'a Options,
    publish: Publish,
}

impl<'a> Headless<'a> {
    /// The pod of an entry and its targets, if the entry counts.
    fn targets(
        &self,
        slice: &'a EndpointSlice,
        endpoint: &'a SliceEndpoint,
    ) -> Option<(&'a Pod, Vec<EcoString>)> {
        if !self.counts_as_ready(endpoint) {
            return None;
        }
        let resource = &self.wanted.resource;
        if self.publish == Publish::Pod && !slice.holds_addresses() {
            tracing::debug!(%resource, slice = %slice.metadata.name, "skipping a slice of host names");
            return None;
        }
        let pod = self.pod(endpoint).or_else(|| {
            let target = endpoint.target_ref.as_ref().map(|target| target.name.as_str());
            tracing::error!(%resource, slice = %slice.metadata.name, target, "skipping an endpoint that is no pod of the service");
            None
        })?;
        let given: Vec<EcoString> = self
            .context
            .vocabulary
            .read(&pod.metadata.annotations)
            .targets()
            .map(EcoString::from)
            .collect();
        let targets = if given.is_empty() { self.computed(pod, endpoint) } else { given };
        Some((pod, targets))
    }

    fn counts_as_ready(&self, endpoint: &SliceEndpoint) -> bool {
        endpoint.conditions.ready.unwrap_or(true)
            || self.wanted.service.spec.publish_not_ready_addresses
            || self.options.publish_not_ready
    }

    /// The pod that an entry stands for, if the service selects it.
    fn pod(&self, endpoint: &SliceEndpoint) -> Option<&'a Pod> {
        let target = endpoint.target_ref.as_ref()?;
        if !target.api_version.is_empty() || target.kind != "Pod" {
            return None;
        }
        let service = &self.wanted.service;
        self.index
            .pod(&service.metadata.namespace, &target.name)
            .filter(|pod| pod.metadata.labels.include(&service.spec.selector))
    }

    fn computed(&self, pod: &Pod, endpoint: &SliceEndpoint) -> Vec<EcoString> {
        match self.publish {
            Publish::Node => self.node_addresses(pod),
            Publish::Host => vec![pod.status.host_ip.clone()],
            Publish::Pod => match endpoint.addresses.first() {
                Some(address) => vec![address.clone()],
                None => {
                    let resource = &self.wanted.resource;
                    tracing::warn!(%resource, pod = %pod.metadata.name, "skipping an endpoint without an address");
                    Vec::new()
                }
            },
        }
    }

    fn node_addresses(&self, pod: &Pod) -> Vec<EcoString> {
        let (resource, name) = (&self.wanted.resource, &pod.spec.node_name);
        let Some(node) = self.index.node(name) else {
            if self.index.has_nodes() {
                tracing::error!(%resource, pod = %pod.metadata.name, node = %name, "the pod's node does not exist");
            } else {
                tracing::warn!(%resource, "nodes are not listed because --service-type-filter has no NodePort; the service gets no addresses");
            }
            return Vec::new();
        };
        let expose = self.context.common.expose_internal_v6;
        let internal = node.internal_v6().filter(|_| expose);
        node.external().chain(internal).map(EcoString::from).collect()
    }

    /// `<label>.<name>`, or the name itself where the label is empty.
    fn name(&self, label: &str, name: &Name, sink: &mut Sink) -> Option<Name> {
        if label.is_empty() {
            return Some(name.clone());
        }
        sink.name(&format!("{label}.{name}"), &self.wanted.resource)
    }
}
