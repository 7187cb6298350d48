//! The source `pod`: names in the annotations of Pods, with the addresses of the pod or of its node.
//!
//! The phase of a pod does not matter: one that has ended but still has an address is published.

mod flags;

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_clusters::ClusterView;
use extdns_model::{KindName, Name, Resource, ResourceKind};

use crate::annotations::{Annotations, Key, Reads};
use crate::common::Common;
use crate::context::Context;
use crate::driver::{ObjectSource, Visit};
use crate::error::{OptionsError, SourceError};
use crate::needs::Row;
use crate::objects::{Node, Pod};
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;
use crate::source::Definition;
use flags::{Flags, Options};

pub(crate) struct PodSource {
    context: Arc<Context>,
    options: Options,
}

/// Why a pod is not looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PodRule {
    /// `--ignore-non-host-network-pods`.
    #[error(
        "it does not use the network of its host, and --ignore-non-host-network-pods leaves it out"
    )]
    NotOnHostNetwork,
}

/// The names of a pod that get the addresses of its node.
pub(crate) struct OnNode {
    names: Vec<Name>,
    node: EcoString,
    traits: Traits,
}

/// Puts the endpoints of names into the sink; without a target the names are not ready.
fn settle(
    sink: &mut Sink,
    names: &[Name],
    targets: &TargetGroups,
    traits: &Traits,
    by: &Arc<Resource>,
) {
    if targets.is_empty() {
        sink.unready(names.iter().cloned(), by);
    } else {
        sink.publish(names, targets, traits, by);
    }
}

/// The addresses of a node that its pods publish: internal IPv6 addresses face the world, whatever the flags say.
fn addresses(node: &Node) -> TargetGroups {
    node.external().chain(node.internal_v6()).collect()
}

#[async_trait]
impl ObjectSource for PodSource {
    type Object = Pod;
    type Waiting = OnNode;
    type Rule = PodRule;
    type Fault = Infallible;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Unlabelled("pod"));
    const READS: Reads = Reads {
        keys: &[Key::CONTROLLER, Key::HOSTNAME, Key::INTERNAL_HOSTNAME, Key::TARGET, Key::TTL],
        properties: false,
    };

    fn context(&self) -> &Context {
        &self.context
    }

    fn hides(&self, pod: &Pod) -> Option<PodRule> {
        let leaves_out = self.options.ignore_non_host_network && !pod.spec.host_network;
        leaves_out.then_some(PodRule::NotOnHostNetwork)
    }

    fn may_want(&self, annotations: Annotations<'_>) -> bool {
        self.options.domain.is_some()
            || annotations.has_any(&[Key::HOSTNAME, Key::INTERNAL_HOSTNAME])
    }

    fn visit(&self, pod: Pod, visit: &mut Visit<'_, OnNode>) {
        let annotations = self.context.vocabulary.read(&pod.metadata.annotations);
        let public = visit.all_names(annotations.list(Key::HOSTNAME));
        let mut own = visit.all_names(annotations.list(Key::INTERNAL_HOSTNAME));
        let below = self.options.domain.iter();
        own.extend(visit.all_names(below.map(|domain| format!("{}.{domain}", pod.metadata.name))));
        let resource = Arc::clone(&visit.by);
        let traits = Traits::only_ttl(annotations, &resource);
        let given: TargetGroups = annotations.targets().collect();
        if !given.is_empty() {
            visit.sink.publish(&own, &given, &traits, &resource);
            return visit.sink.publish(&public, &given, &traits, &resource);
        }
        let address = [&pod.status.pod_ip].into_iter().collect();
        settle(visit.sink, &own, &address, &traits, &resource);
        if !public.is_empty() {
            visit.wait(OnNode { names: public, node: pod.spec.node_name, traits });
        }
    }

    async fn finish(
        &self,
        view: &ClusterView,
        waiting: Vec<(Arc<Resource>, OnNode)>,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        let nodes = view.shared::<Node>(None).await?;
        for (by, OnNode { names, node, traits }) in &waiting {
            let targets = nodes.get("", node).map(addresses).unwrap_or_default();
            settle(sink, names, &targets, traits, by);
        }
        Ok(())
    }
}

impl Definition for PodSource {
    const NAME: &'static str = "pod";
    const KINDS: &'static [&'static str] = &["pod"];
    type Flags = Flags;
    type Options = Options;

    fn options(flags: &Flags, _common: &Common) -> Result<Options, OptionsError> {
        Ok(flags.into())
    }

    fn needs(_options: &Options) -> Vec<Row> {
        vec![
            Row::list::<Pod>("all its objects"),
            Row::list::<Node>("pods with the annotation hostname"),
        ]
    }

    fn new(options: Options, context: Arc<Context>) -> Self {
        Self { context, options }
    }
}
