//! The source `pod`: names in the annotations of Pods, with the addresses of the pod or of its node.
//!
//! The phase of a pod does not matter: one that has ended but still has an address is published.

mod flags;

use std::sync::Arc;

use async_trait::async_trait;
use extdns_model::{KindName, Name, Resource, ResourceKind};
use extdns_template::Data;

use crate::annotations::{Annotations, Key, Reads};
use crate::ask::Ask;
use crate::common::{Common, Compatibility, kops};
use crate::context::{Context, Run};
use crate::driver::{ObjectSource, Visit};
use crate::error::{OptionsError, SourceError};
use crate::needs::Row;
use crate::objects::{Node, Pod};
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;
use crate::source::Definition;
use crate::templates::{TemplateFault, Templates, Viewed, Views};
use flags::{Flags, Options};

#[derive(Clone, Debug)]
pub(crate) struct PodSource {
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

/// A pod with names that get the addresses of its node.
pub(crate) struct OnNode {
    pod: Viewed<Pod>,
    names: Vec<Name>,
    traits: Traits,
    /// Whether the pod has a record already.
    has_record: bool,
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
        sink.unready(names.iter().cloned(), traits, by);
    } else {
        sink.publish(names, targets, traits, by);
    }
}

/// The addresses of a node that its pods publish: internal IPv6 addresses face the world, whatever the flags say.
fn addresses(node: &Node) -> TargetGroups {
    node.external().chain(node.internal_v6()).collect()
}

impl PodSource {
    /// Whether a pod publishes no names of its own.
    fn leaves_out(&self, pod: &Pod) -> bool {
        self.options.ignore_non_host_network && !pod.spec.host_network
    }
}

fn reads_kops(context: &Context) -> bool {
    context.common.compatibility == Some(Compatibility::Kops)
}

/// Names from templates get all addresses of the pod.
fn add_templates(
    templates: &Templates,
    pod: &Viewed<Pod>,
    has_record: bool,
    traits: &Traits,
    by: &Arc<Resource>,
    sink: &mut Sink,
) {
    let Some(object) = pod.view().filter(|_| templates.apply(has_record)) else { return };
    let ask = Ask { templates, object: &object, source: PodSource::NAME, by };
    let has_pairs = ask.publish_pairs(&Traits::default(), sink);
    if templates.apply(has_record || has_pairs) {
        let names = ask.names(sink);
        settle(sink, &names, &addresses_of(pod), traits, by);
    }
}

/// All addresses of a pod, which are kept only where there are templates.
fn addresses_of(pod: &Viewed<Pod>) -> TargetGroups {
    let Some(Data::List(addresses)) = pod.kept("status", "podIPs") else {
        return TargetGroups::default();
    };
    let text = |address: &Data| match address.get("ip") {
        Some(Data::Text(ip)) => Some(ip.clone()),
        _ => None,
    };
    addresses.iter().filter_map(text).collect()
}

#[async_trait]
impl ObjectSource for PodSource {
    type Object = Viewed<Pod>;
    type Waiting = OnNode;
    type Rule = PodRule;
    type Fault = TemplateFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Unlabelled("pod"));
    const READS: Reads = Reads {
        keys: &[Key::CONTROLLER, Key::HOSTNAME, Key::INTERNAL_HOSTNAME, Key::TARGET, Key::TTL],
        properties: false,
    };

    fn other_rows(&self) -> Vec<Row> {
        vec![Row::join::<Viewed<Node>>("pods with the annotation hostname")]
    }

    /// Names from templates are those of every pod.
    fn hides(&self, pod: &Viewed<Pod>, context: &Context) -> Option<PodRule> {
        let leaves_out = self.leaves_out(pod) && !context.common.templates.make_names();
        leaves_out.then_some(PodRule::NotOnHostNetwork)
    }

    fn may_want(&self, annotations: Annotations<'_>, context: &Context) -> bool {
        self.options.domain.is_some()
            || context.common.templates.make_names()
            || reads_kops(context)
            || annotations.has_any(&[Key::HOSTNAME, Key::INTERNAL_HOSTNAME])
    }

    fn visit(&self, pod: Viewed<Pod>, visit: &mut Visit<'_, OnNode>) {
        let annotations = visit.annotations(&pod.metadata);
        let templates = &visit.context.common.templates;
        let resource = Arc::clone(&visit.by);
        let traits = Traits::only_ttl(annotations, &resource);
        let before = visit.sink.endpoints.len();
        // Hidden as a whole where there are no templates.
        let is_left_out = self.leaves_out(&pod) && templates.make_names();
        let rule = is_left_out.then_some(PodRule::NotOnHostNetwork);
        let mut public = visit.names(annotations.list(Key::HOSTNAME), rule.as_ref());
        let mut own = visit.names(annotations.list(Key::INTERNAL_HOSTNAME), rule.as_ref());
        let below = self.options.domain.iter();
        let below = below.map(|domain| format!("{}.{domain}", pod.metadata.name));
        own.extend(visit.names(below, rule.as_ref()));
        let given: TargetGroups = annotations.targets().collect();
        if !given.is_empty() {
            visit.sink.publish(&own, &given, &traits, &resource);
            visit.sink.publish(&std::mem::take(&mut public), &given, &traits, &resource);
            own.clear();
        }
        if reads_kops(visit.context) {
            own.extend(visit.names(annotations.other_list(kops::INTERNAL), rule.as_ref()));
            public.extend(visit.names(annotations.other_list(kops::EXTERNAL), rule.as_ref()));
        }
        let address = [&pod.status.pod_ip].into_iter().collect();
        settle(visit.sink, &own, &address, &traits, &resource);
        let has_record = visit.sink.endpoints.len() > before;
        if public.is_empty() {
            add_templates(templates, &pod, has_record, &traits, &resource, visit.sink);
        } else {
            visit.wait(OnNode { pod, names: public, traits, has_record });
        }
    }

    async fn finish(
        &self,
        run: Run<'_>,
        waiting: Vec<(Arc<Resource>, OnNode)>,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        let nodes = run.view.shared::<Viewed<Node>>(None).await?;
        for (by, OnNode { pod, names, traits, has_record }) in &waiting {
            let node = nodes.get("", &pod.spec.node_name);
            let targets = node.map(|node| addresses(node)).unwrap_or_default();
            settle(sink, names, &targets, traits, by);
            let has_record = *has_record || !targets.is_empty();
            add_templates(&run.context.common.templates, pod, has_record, traits, by, sink);
        }
        Ok(())
    }
}

impl Definition for PodSource {
    const NAME: &'static str = "pod";
    const KINDS: &'static [&'static str] = &["pod"];
    type Flags = Flags;

    fn read(flags: &Flags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self { options: flags.into() })
    }

    fn views(views: Views, templates: &Templates) -> Views {
        if templates.make_names() { views.with::<Pod>(&templates.fields(false)) } else { views }
    }
}
