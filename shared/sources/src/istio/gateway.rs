//! The source `istio-gateway`.

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use extdns_model::{KindName, Name, Resource, ResourceKind};

use super::object::Gateway;
use super::targets::{Targets, ingress};
use crate::annotations::{Key, Reads};
use crate::common::Common;
use crate::context::{Context, Run};
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::joins::{INGRESS, Join, JoinFault, Stop, Waiting};
use crate::needs::Row;
use crate::objects::{Ingress, Service};
use crate::records::Traits;
use crate::sink::Sink;
use crate::source::{Definition, NoFlags};
use crate::templates::{Templates, Viewed, Views};

#[derive(Clone, Debug)]
pub(crate) struct GatewaySource;

/// What gateways are joined with.
struct Joins<'a> {
    context: &'a Context,
    targets: Targets<'a>,
}

#[async_trait]
impl Join<Waiting<Gateway>> for Joins<'_> {
    async fn publish(
        &mut self,
        waiting: &Waiting<Gateway>,
        by: &Arc<Resource>,
        found: &mut Sink,
    ) -> Result<(), Stop> {
        let targets = self.targets.of(&waiting.object).await?;
        let template = (&self.context.common.templates, waiting.view.clone(), GatewaySource::NAME);
        found.settle_templated(waiting.names.clone(), &targets, &waiting.traits, &template, by);
        Ok(())
    }

    fn names(&self, waiting: Waiting<Gateway>) -> Vec<Name> {
        waiting.names
    }
}

#[async_trait]
impl ObjectSource for GatewaySource {
    type Object = Viewed<Gateway>;
    type Waiting = Waiting<Gateway>;
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

    fn other_rows(&self) -> Vec<Row> {
        vec![
            Row::join::<Viewed<Service>>("gateways with their selector"),
            Row::join::<Viewed<Ingress>>("gateways with the annotation ingress"),
            Row::get_elsewhere::<Viewed<Ingress>>("gateways with an Ingress in another namespace"),
        ]
    }

    fn visit(&self, gateway: Viewed<Gateway>, visit: &mut Visit<'_, Waiting<Gateway>>) {
        let annotations = visit.annotations(&gateway.metadata);
        let mut names = visit.all_names(gateway.hosts().filter_map(|text| super::host(text)));
        names.extend(visit.hostnames(annotations));
        let traits = Traits::read(annotations, &visit.by);
        let view = gateway.view_as(visit.kind);
        let wants_nothing = names.is_empty() && view.is_none();
        // An Ingress that is not there is a fault even where no name needs it.
        if wants_nothing && ingress(annotations).is_none() {
            return;
        }
        visit.wait(Waiting { object: gateway, view, names, traits });
    }

    fn join<'a>(&'a self, run: Run<'a>) -> Option<Box<dyn Join<Waiting<Gateway>> + 'a>> {
        Some(Box::new(Joins { context: run.context, targets: Targets::new(run) }))
    }
}

impl Definition for GatewaySource {
    const NAME: &'static str = "istio-gateway";
    const KINDS: &'static [&'static str] = &["gateway"];
    type Flags = NoFlags;

    fn read(_flags: &NoFlags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self)
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_names::<Gateway>(templates)
    }
}
