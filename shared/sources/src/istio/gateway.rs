//! The source `istio-gateway`.

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use extdns_clusters::ClusterView;
use extdns_model::{KindName, Name, Resource, ResourceKind};

use super::object::Gateway;
use super::targets::{Targets, ingress};
use crate::annotations::{Key, Reads};
use crate::ask::Ask;
use crate::common::Common;
use crate::context::Context;
use crate::driver::{ObjectSource, Visit};
use crate::error::{OptionsError, SourceError};
use crate::joins::{INGRESS, JoinFault};
use crate::needs::Row;
use crate::objects::{Ingress, Service};
use crate::records::{TargetGroups, Traits};
use crate::sink::{Frozen, Sink};
use crate::source::{Definition, NoFlags};
use crate::templates::{Templates, Viewed, Views};
use extdns_template::Object;

pub(crate) struct GatewaySource(Arc<Context>);

/// A gateway that waits for its addresses.
pub(crate) struct Waiting {
    gateway: Viewed<Gateway>,
    view: Option<Arc<Object>>,
    names: Vec<Name>,
    traits: Traits,
}

impl GatewaySource {
    /// Puts what a gateway wants into the sink.
    fn publish(
        &self,
        waiting: Waiting,
        targets: &TargetGroups,
        by: &Arc<Resource>,
        sink: &mut Sink,
    ) {
        let Waiting { mut names, view, traits, .. } = waiting;
        let templates = &self.0.common.templates;
        let has_record = !names.is_empty() && !targets.is_empty();
        if let Some(object) = view
            && templates.apply(has_record)
        {
            let ask = Ask { templates, object: &object, source: Self::NAME, by };
            names.extend(ask.names(sink));
        }
        if targets.is_empty() {
            sink.unready(names, &traits, by);
        } else {
            sink.publish(&names, targets, &traits, by);
        }
    }
}

#[async_trait]
impl ObjectSource for GatewaySource {
    type Object = Viewed<Gateway>;
    type Waiting = Waiting;
    type Rule = Infallible;
    type Fault = JoinFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("gateway"));
    const READS: Reads = Reads {
        keys: &[
            Key::CONTROLLER,
            Key::HOSTNAME,
            Key::TARGET,
            Key::TTL,
            Key::SET_IDENTIFIER,
            INGRESS,
        ],
        properties: true,
    };

    fn context(&self) -> &Context {
        &self.0
    }

    fn visit(&self, gateway: Viewed<Gateway>, visit: &mut Visit<'_, Waiting>) {
        let annotations = self.0.vocabulary.read(&gateway.metadata.annotations);
        let mut names = visit.all_names(gateway.hosts().filter_map(|text| super::host(text)));
        names.extend(visit.hostnames(annotations, &self.0.common));
        let traits = Traits::read(annotations, &visit.by);
        let view = gateway.view_as(visit.kind);
        let wants_nothing = names.is_empty() && view.is_none();
        // An Ingress that is not there is a fault even where no name needs it.
        if wants_nothing && ingress(annotations).is_none() {
            return;
        }
        visit.wait(Waiting { gateway, view, names, traits });
    }

    async fn finish(
        &self,
        view: &ClusterView,
        waiting: Vec<(Arc<Resource>, Waiting)>,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        let mut targets = Targets::new(view, &self.0);
        for (by, waiting) in waiting {
            if !targets.can_be_known(&waiting.gateway) {
                sink.frozen.push(Frozen::of_manifests(
                    Arc::clone(&by),
                    waiting.names,
                    &["Service"],
                ));
                continue;
            }
            match targets.of(&waiting.gateway).await? {
                Ok(targets) => self.publish(waiting, &targets, &by, sink),
                Err(fault) => sink.fail(&by, &fault),
            }
        }
        Ok(())
    }
}

impl Definition for GatewaySource {
    const NAME: &'static str = "istio-gateway";
    const KINDS: &'static [&'static str] = &["gateway"];
    type Flags = NoFlags;
    type Options = ();

    fn options(_flags: &NoFlags, _common: &Common) -> Result<(), OptionsError> {
        Ok(())
    }

    fn needs((): &()) -> Vec<Row> {
        vec![
            Row::list::<Viewed<Gateway>>("all its objects"),
            Row::join::<Viewed<Service>>("gateways with their selector"),
            Row::join::<Viewed<Ingress>>("gateways with the annotation ingress"),
        ]
    }

    fn views(views: Views, templates: &Templates) -> Views {
        if templates.has_names() { views.with::<Gateway>(&templates.fields(false)) } else { views }
    }

    fn new((): (), context: Arc<Context>) -> Self {
        Self(context)
    }
}
