//! The source `node`: the name of every Node, with its addresses.
//!
//! A node without an address is no reason to delete its records, so it makes the source incomplete.

use std::convert::Infallible;
use std::sync::Arc;

use extdns_model::{KindName, ResourceKind};

use crate::annotations::{Key, Reads};
use crate::ask::Ask;
use crate::common::Common;
use crate::context::Context;
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::fault::{Effect, Fault};
use crate::objects::Node;
use crate::records::{TargetGroups, Traits};
use crate::source::{Definition, NoFlags};
use crate::templates::{Templates, Viewed, Views};

#[derive(Clone, Debug)]
pub(crate) struct NodeSource;

/// Why a node is not looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeRule {
    /// `--exclude-unschedulable`.
    #[error("it is cordoned, and --exclude-unschedulable leaves cordoned nodes out")]
    Cordoned,
}

/// Why nothing is known of a node.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeFault {
    /// Its records must not go for that.
    #[error(
        "it has no address of type ExternalIP or InternalIP; wait until it has one, cordon it, or give it targets \
         (annotation target)"
    )]
    NoAddress,
}

impl Fault for NodeFault {
    fn effect(&self) -> Effect {
        Effect::FailsSource
    }
}

/// The external addresses, and the internal ones only where there is no external one.
fn addresses(node: &Node, exposes_internal_v6: bool) -> TargetGroups {
    let exposed = node.internal_v6().filter(|_| exposes_internal_v6);
    match node.external().next() {
        Some(_) => node.external().chain(exposed).collect(),
        None => node.internal().collect(),
    }
}

impl ObjectSource for NodeSource {
    type Object = Viewed<Node>;
    type Waiting = Infallible;
    type Rule = NodeRule;
    type Fault = NodeFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("node"));
    const READS: Reads =
        Reads { keys: &[Key::CONTROLLER, Key::TARGET, Key::TTL], properties: false };

    fn hides(&self, node: &Viewed<Node>, context: &Context) -> Option<NodeRule> {
        let leaves_out = context.common.exclude_unschedulable && node.spec.unschedulable;
        leaves_out.then_some(NodeRule::Cordoned)
    }

    fn visit(&self, node: Viewed<Node>, visit: &mut Visit<'_, Infallible>) {
        let annotations = visit.annotations(&node.metadata);
        let (common, by) = (&visit.context.common, Arc::clone(&visit.by));
        let templates = &common.templates;
        let view = node.view();
        let ask =
            view.as_ref().map(|object| Ask { templates, object, source: Self::NAME, by: &by });
        let own =
            [&node.metadata.name].into_iter().filter(|_| ask.is_none() || templates.combine());
        let mut names = visit.all_names(own);
        let has_pairs = ask.is_some_and(|ask| ask.publish_pairs(&Traits::default(), visit.sink));
        if has_pairs && !templates.combine() {
            return;
        }
        names.extend(ask.map(|ask| ask.names(visit.sink)).unwrap_or_default());
        let given: TargetGroups = annotations.targets().collect();
        let targets = given.or_else(|| addresses(&node, common.expose_internal_v6));
        if targets.is_empty() {
            return visit.fail(&NodeFault::NoAddress);
        }
        let traits = Traits::only_ttl(annotations, &visit.by);
        visit.sink.publish(&names, &targets, &traits, &visit.by);
    }
}

impl Definition for NodeSource {
    const NAME: &'static str = "node";
    const KINDS: &'static [&'static str] = &["node"];
    type Flags = NoFlags;

    fn read(_flags: &NoFlags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self)
    }

    fn views(views: Views, templates: &Templates) -> Views {
        if templates.make_names() { views.with::<Node>(&templates.fields(false)) } else { views }
    }
}
