//! The source `istio-virtualservice`.

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::{EcoString, eco_format};
use extdns_model::{KindName, Name, Resource, ResourceKind};
use extdns_template::Object;

use super::binding::{Asked, binds};
use super::object::{Gateway, VirtualService};
use super::targets::Targets;
use crate::annotations::Reads;
use crate::common::Common;
use crate::context::{Context, Run};
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::joins::{ByName, Found, Join, JoinFault, Stop, full_name};
use crate::needs::Row;
use crate::objects::{Ingress, Service};
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;
use crate::source::{Definition, NoFlags};
use crate::templates::{Templates, Viewed, Views};

#[derive(Clone, Debug)]
pub(crate) struct VirtualServiceSource;

/// The gateway of the sidecars: it has no address of its own.
const MESH: &str = "mesh";

/// A VirtualService that waits for its gateways: what the join needs of it, and no more, as there can be many.
pub(crate) struct Waiting {
    gateways: Box<[EcoString]>,
    export_to: Box<[EcoString]>,
    /// The object as templates see it.
    view: Option<Arc<Object>>,
    names: Vec<Name>,
    traits: Traits,
}

/// The gateways that a VirtualService names.
#[derive(Default)]
struct Gateways {
    found: Vec<Found<Viewed<Gateway>>>,
    /// Whether one that it names does not exist.
    is_one_missing: bool,
}

/// What VirtualServices are joined with.
struct Joins<'a> {
    context: &'a Context,
    objects: ByName<'a>,
    targets: Targets<'a>,
}

impl Joins<'_> {
    /// The gateways that a VirtualService names. One that does not exist counts for nothing, as upstream has it.
    async fn gateways(&self, waiting: &Waiting, by: &Resource) -> Result<Gateways, Stop> {
        let namespace = by.namespace.as_deref().unwrap_or_default();
        let mut gateways = Gateways::default();
        for text in waiting.gateways.iter().filter(|text| !text.is_empty() && *text != MESH) {
            let name = full_name(text, namespace, "one of its gateways")?;
            let found = self.objects.get(name).await?;
            if found.is_none() {
                let service = eco_format!("{namespace}/{}", by.name);
                tracing::warn!(virtual_service = %service, gateway = %text, "skipping a gateway that does not exist");
                gateways.is_one_missing = true;
            }
            gateways.found.extend(found);
        }
        Ok(gateways)
    }

    /// Puts names with the addresses of the gateways that bind them into the sink. A name that no gateway binds is not
    /// wanted.
    async fn settle(
        &mut self,
        names: Vec<Name>,
        (waiting, gateways): (&Waiting, &Gateways),
        by: &Arc<Resource>,
        found: &mut Sink,
    ) -> Result<(), Stop> {
        let namespace = by.namespace.as_deref().unwrap_or_default();
        let export_to = &waiting.export_to[..];
        for name in names {
            let asked = Asked { namespace, export_to, name: name.as_str() };
            let (mut targets, mut is_bound) = (TargetGroups::default(), gateways.is_one_missing);
            for gateway in gateways.found.iter().filter(|gateway| binds(asked, gateway)) {
                is_bound = true;
                let own = self.targets.of(gateway).await;
                targets.extend(&own.map_err(|stop| stop.of(&**gateway))?);
            }
            if is_bound {
                found.settle(vec![name], &targets, &waiting.traits, by);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Join<Waiting> for Joins<'_> {
    async fn publish(
        &mut self,
        waiting: &Waiting,
        by: &Arc<Resource>,
        found: &mut Sink,
    ) -> Result<(), Stop> {
        let templates = &self.context.common.templates;
        let template = (templates, waiting.view.clone(), VirtualServiceSource::NAME);
        let (mut names, has_own) = (waiting.names.clone(), !waiting.names.is_empty());
        if !has_own {
            names = found.templated_names(false, &template, by);
        }
        // Without a name nobody looks at the gateways.
        if names.is_empty() {
            return Ok(());
        }
        let gateways = self.gateways(waiting, by).await?;
        self.settle(names, (waiting, &gateways), by, found).await?;
        if has_own {
            let has_record = !found.endpoints.is_empty();
            let names = found.templated_names(has_record, &template, by);
            self.settle(names, (waiting, &gateways), by, found).await?;
        }
        Ok(())
    }

    fn names(&self, waiting: Waiting) -> Vec<Name> {
        waiting.names
    }
}

#[async_trait]
impl ObjectSource for VirtualServiceSource {
    type Object = Viewed<VirtualService>;
    type Waiting = Waiting;
    type Rule = Infallible;
    type Fault = JoinFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("virtualservice"));
    const READS: Reads = Reads::USUAL;

    fn other_rows(&self) -> Vec<Row> {
        vec![
            Row::require::<Viewed<Gateway>>("virtual services at gateways"),
            Row::join::<Viewed<Service>>("gateways with their selector"),
            Row::join::<Viewed<Ingress>>("gateways with the annotation ingress"),
            Row::get_elsewhere::<Viewed<Gateway>>("gateways in other namespaces"),
            Row::get_elsewhere::<Viewed<Ingress>>("gateways with an Ingress in another namespace"),
        ]
    }

    fn visit(&self, service: Viewed<VirtualService>, visit: &mut Visit<'_, Waiting>) {
        let annotations = visit.annotations(&service.metadata);
        let hosts = service.spec.hosts.iter().filter_map(|text| super::host(text));
        let mut names = visit.all_names(hosts);
        names.extend(visit.hostnames(annotations));
        let traits = Traits::read(annotations, &visit.by);
        let view = service.view_as(visit.kind);
        let given: TargetGroups = annotations.targets().collect();
        if !given.is_empty() {
            let template = visit.template(view, Self::NAME);
            visit.settle_templated(names, &given, &traits, &template);
        } else if !names.is_empty() || view.is_some() {
            let spec = &service.spec;
            let gateways = spec.gateways.as_slice().into();
            let export_to = spec.export_to.as_slice().into();
            visit.wait(Waiting { gateways, export_to, view, names, traits });
        }
    }

    fn join<'a>(&'a self, run: Run<'a>) -> Option<Box<dyn Join<Waiting> + 'a>> {
        let objects = ByName::within(run.view, run.context.namespace());
        Some(Box::new(Joins { context: run.context, objects, targets: Targets::new(run) }))
    }
}

impl Definition for VirtualServiceSource {
    const NAME: &'static str = "istio-virtualservice";
    const KINDS: &'static [&'static str] = &["virtualservice"];
    type Flags = NoFlags;

    fn read(_flags: &NoFlags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self)
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_names::<VirtualService>(templates)
    }
}
