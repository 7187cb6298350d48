//! NodePort services: the addresses of the nodes that forward to them, and SRV records for the
//! ports.

use std::collections::HashMap;

use ecow::{EcoString, eco_format};
use extdns_model::{Name, RecordType, Targets, target_ip};

use crate::annotations::Key;
use crate::context::Context;
use crate::objects::{Node, Pod};
use crate::records::TargetGroups;
use crate::sink::Sink;

use super::index::Index;
use super::wanted::Wanted;

/// Which node addresses a NodePort service publishes.
pub(super) const ACCESS: Key = Key("access");

/// Puts the endpoints of a NodePort service into the sink.
pub(super) fn settle(wanted: &Wanted, index: &Index, context: &Context, sink: &mut Sink) {
    let targets = node_addresses(wanted, index, context);
    if targets.is_empty() {
        sink.unready(wanted.names().cloned(), &wanted.traits, &wanted.resource);
    }
    for name in wanted.names() {
        sink.endpoints.extend(targets.endpoints(name, &wanted.traits, &wanted.resource));
        ports(wanted, name, sink);
    }
}

fn node_addresses(wanted: &Wanted, index: &Index, context: &Context) -> TargetGroups {
    let options = &context.common;
    let nodes: Vec<_> = nodes(wanted, index)
        .into_iter()
        .filter(|node| !(options.exclude_unschedulable && node.spec.unschedulable))
        .collect();
    let public = || {
        let internal = |node: &Node| {
            let exposed = node.internal_v6().filter(|_| options.expose_internal_v6);
            exposed.map(EcoString::from).collect::<Vec<_>>()
        };
        let external = nodes.iter().flat_map(|node| node.external()).map(EcoString::from);
        external.chain(nodes.iter().flat_map(|node| internal(node))).collect()
    };
    let private = || nodes.iter().flat_map(|node| node.internal()).collect();
    match wanted.annotations(context).get(ACCESS) {
        Some("public") => public(),
        Some("private") => private(),
        _ if nodes.iter().any(|node| node.external().next().is_some()) => public(),
        _ => private(),
    }
}

/// The nodes that forward to the service.
fn nodes<'a>(wanted: &Wanted, index: &'a Index) -> Vec<&'a Node> {
    if wanted.service.spec.is_local() {
        local_nodes(wanted, index)
    } else {
        index.nodes().iter().map(|node| &**node).collect()
    }
}

/// How well a pod can serve; a node is as good as its best pod.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fitness {
    NotReady,
    Terminating,
    Ready,
}

impl Fitness {
    fn of(pod: &Pod) -> Self {
        match (pod.status.ready, pod.is_terminating()) {
            (true, false) => Self::Ready,
            (true, true) => Self::Terminating,
            (false, _) => Self::NotReady,
        }
    }
}

/// With `externalTrafficPolicy: Local`: the nodes with the fittest running pods.
fn local_nodes<'a>(wanted: &Wanted, index: &'a Index) -> Vec<&'a Node> {
    let service = &wanted.service;
    let mut fitness: HashMap<&str, Fitness> = HashMap::new();
    for pod in index.pods(&service.metadata.namespace) {
        if pod.status.phase != "Running" || !pod.metadata.labels.include(&service.spec.selector) {
            continue;
        }
        if index.node(&pod.spec.node_name).is_none() {
            let (resource, pod, node) = (&wanted.resource, &pod.metadata.name, &pod.spec.node_name);
            tracing::debug!(%resource, %pod, %node, "skipping a pod whose node does not exist");
            continue;
        }
        let best = fitness.entry(&pod.spec.node_name).or_insert(Fitness::NotReady);
        *best = Fitness::of(pod).max(*best);
    }
    let Some(most) = fitness.values().copied().max() else { return Vec::new() };
    let fit = |node: &&Node| fitness.get(node.metadata.name.as_str()) == Some(&most);
    index.nodes().iter().map(|node| &**node).filter(fit).collect()
}

/// One SRV target per port, by protocol: `_<service>._<protocol>.<name>`.
fn ports(wanted: &Wanted, name: &Name, sink: &mut Sink) {
    let service = &wanted.service;
    let host = if target_ip(name.as_str()).is_some() {
        EcoString::from(name.as_str())
    } else {
        eco_format!("{name}.")
    };
    let traits = wanted.traits.without_address_properties();
    for port in service.spec.ports.iter().filter(|port| port.node_port > 0) {
        let protocol = match port.protocol.as_str() {
            "" => "tcp".into(),
            protocol => protocol.to_lowercase(),
        };
        let text = format!("_{}._{protocol}.{name}", service.metadata.name);
        let Some(name) = sink.name(&text, &wanted.resource) else { continue };
        let targets = Targets::from_iter([eco_format!("0 50 {} {host}", port.node_port)]);
        let endpoint = traits.endpoint(name, RecordType::Srv, targets, &wanted.resource);
        sink.endpoints.push(endpoint);
    }
}
