//! The source `istio-virtualservice`.

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::{EcoString, eco_format};
use extdns_clusters::{ClusterView, ReadError, ReadErrorKind};
use extdns_model::{KindName, Name, Resource, ResourceKind};
use extdns_template::Object;

use super::binding::{Asked, binds};
use super::object::{Gateway, VirtualService};
use super::targets::Targets;
use crate::annotations::{Key, Reads};
use crate::ask::Ask;
use crate::common::Common;
use crate::context::Context;
use crate::driver::{ObjectSource, Visit};
use crate::error::{OptionsError, SourceError};
use crate::fault::{Effect, Fault};
use crate::joins::{ByName, Found, JoinFault, full_name};
use crate::needs::Row;
use crate::objects::{Ingress, Service};
use crate::records::{TargetGroups, Traits};
use crate::sink::{Frozen, Sink};
use crate::source::{Definition, NoFlags};
use crate::templates::{Templates, Viewed, Views};

pub(crate) struct VirtualServiceSource(Arc<Context>);

/// The gateway of the sidecars: it has no address of its own.
const MESH: &str = "mesh";

/// A reference to a gateway that is none: it is not known what the object wants.
#[derive(Debug, thiserror::Error)]
#[error("its gateway {0:?} is no reference; it must be name or namespace/name")]
pub(crate) struct RefFault(pub(crate) EcoString);

impl Fault for RefFault {
    fn effect(&self) -> Effect {
        Effect::FailsSource
    }
}

/// A gateway of the object is at fault.
#[derive(Debug, thiserror::Error)]
#[error("its gateway {0}: {1}")]
pub(crate) struct GatewayFault(pub(crate) EcoString, pub(crate) JoinFault);

impl Fault for GatewayFault {
    fn effect(&self) -> Effect {
        self.1.effect()
    }
}

/// A VirtualService that waits for the addresses of its gateways.
pub(crate) struct Waiting {
    service: Viewed<VirtualService>,
    view: Option<Arc<Object>>,
    names: Vec<Name>,
    traits: Traits,
}

/// The gateways that a VirtualService names.
#[derive(Default)]
struct Gateways<'a> {
    found: Vec<Found<'a, Viewed<Gateway>>>,
    /// Whether one that it names does not exist.
    is_one_missing: bool,
}

/// What keeps a VirtualService from its gateways.
enum Problem {
    Fault(RefFault),
    Frozen(Frozen),
}

/// What VirtualServices are joined with.
struct Joins<'a> {
    view: &'a ClusterView,
    gateways: &'a ByName<Viewed<Gateway>>,
    targets: Targets<'a>,
}

impl<'a> Joins<'a> {
    /// The gateways that a VirtualService names. One that does not exist counts for nothing, as upstream has it.
    async fn gateways(
        &self,
        waiting: &Waiting,
        by: &Arc<Resource>,
    ) -> Result<Result<Gateways<'a>, Problem>, ReadError> {
        let VirtualService { metadata, spec } = &*waiting.service;
        let mut gateways = Gateways::default();
        for text in spec.gateways.iter().filter(|text| !text.is_empty() && *text != MESH) {
            let Some(name) = full_name(text, &metadata.namespace) else {
                return Ok(Err(Problem::Fault(RefFault(text.clone()))));
            };
            if !self.view.holds::<Viewed<Gateway>>() {
                let frozen =
                    Frozen::of_manifests(Arc::clone(by), waiting.names.clone(), &["Gateway"]);
                return Ok(Err(Problem::Frozen(frozen)));
            }
            match self.gateways.get(self.view, name).await {
                Ok(Some(gateway)) => gateways.found.push(gateway),
                Ok(None) => {
                    tracing::warn!(virtual_service = %by, gateway = %text, "skipping a gateway that does not exist");
                    gateways.is_one_missing = true;
                }
                Err(error) if matches!(*error.kind, ReadErrorKind::Forbidden { .. }) => {
                    let reason = eco_format!("{by} is at the gateway {text:?}: {error}");
                    let (resource, names) = (Arc::clone(by), waiting.names.clone());
                    return Ok(Err(Problem::Frozen(Frozen { resource, names, reason })));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Ok(gateways))
    }

    /// Puts names with the addresses of the gateways that bind them into the sink; a fault of a gateway ends it.
    async fn settle(
        &mut self,
        names: Vec<Name>,
        (waiting, gateways): (&Waiting, &Gateways<'_>),
        by: &Arc<Resource>,
        sink: &mut Sink,
    ) -> Result<(), ReadError> {
        let VirtualService { metadata, spec } = &*waiting.service;
        let (namespace, export_to) = (metadata.namespace.as_str(), &spec.export_to[..]);
        for name in names {
            let asked = Asked { namespace, export_to, name: name.as_str() };
            let binding = gateways.found.iter().filter(|gateway| binds(asked, gateway));
            let (mut targets, mut is_bound) = (TargetGroups::default(), gateways.is_one_missing);
            for gateway in binding {
                is_bound = true;
                if !self.targets.can_be_known(gateway) {
                    sink.frozen.push(Frozen::of_manifests(
                        Arc::clone(by),
                        vec![name],
                        &["Service"],
                    ));
                    return Ok(());
                }
                match self.targets.of(gateway).await? {
                    Ok(found) => targets.extend(&found),
                    Err(fault) => {
                        let name = gateway.metadata.full_name();
                        sink.fail(by, &GatewayFault(name, fault));
                        return Ok(());
                    }
                }
            }
            if !targets.is_empty() {
                sink.publish(&[name], &targets, &waiting.traits, by);
            } else if is_bound {
                sink.unready([name], &waiting.traits, by);
            }
        }
        Ok(())
    }
}

impl VirtualServiceSource {
    /// The names of templates, where they count beside or in place of the names that have a record.
    fn templated(
        &self,
        view: Option<&Arc<Object>>,
        has_record: bool,
        by: &Arc<Resource>,
        sink: &mut Sink,
    ) -> Vec<Name> {
        let templates = &self.0.common.templates;
        let Some(object) = view.filter(|_| templates.apply(has_record)) else { return Vec::new() };
        Ask { templates, object, source: Self::NAME, by }.names(sink)
    }

    async fn publish(
        &self,
        waiting: Waiting,
        by: &Arc<Resource>,
        joins: &mut Joins<'_>,
        sink: &mut Sink,
    ) -> Result<(), ReadError> {
        let own = waiting.names.clone();
        let instead = match own.is_empty() {
            true => self.templated(waiting.view.as_ref(), false, by, sink),
            false => Vec::new(),
        };
        // Without a name nobody looks at the gateways.
        if own.is_empty() && instead.is_empty() {
            return Ok(());
        }
        let gateways = match joins.gateways(&waiting, by).await? {
            Ok(gateways) => gateways,
            Err(Problem::Fault(fault)) => {
                sink.fail(by, &fault);
                return Ok(());
            }
            Err(Problem::Frozen(frozen)) => {
                sink.frozen.push(frozen);
                return Ok(());
            }
        };
        let before = sink.endpoints.len();
        if own.is_empty() {
            return joins.settle(instead, (&waiting, &gateways), by, sink).await;
        }
        joins.settle(own, (&waiting, &gateways), by, sink).await?;
        let has_record = sink.endpoints.len() > before;
        let names = self.templated(waiting.view.as_ref(), has_record, by, sink);
        joins.settle(names, (&waiting, &gateways), by, sink).await
    }
}

#[async_trait]
impl ObjectSource for VirtualServiceSource {
    type Object = Viewed<VirtualService>;
    type Waiting = Waiting;
    type Rule = Infallible;
    type Fault = GatewayFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("virtualservice"));
    const READS: Reads = Reads {
        keys: &[Key::CONTROLLER, Key::HOSTNAME, Key::TARGET, Key::TTL, Key::SET_IDENTIFIER],
        properties: true,
    };

    fn context(&self) -> &Context {
        &self.0
    }

    fn visit(&self, service: Viewed<VirtualService>, visit: &mut Visit<'_, Waiting>) {
        let annotations = self.0.vocabulary.read(&service.metadata.annotations);
        let hosts = service.spec.hosts.iter().filter_map(|text| super::host(text));
        let mut names = visit.all_names(hosts);
        names.extend(visit.hostnames(annotations, &self.0.common));
        let traits = Traits::read(annotations, &visit.by);
        let view = service.view_as(visit.kind);
        let given: TargetGroups = annotations.targets().collect();
        if !given.is_empty() {
            let by = Arc::clone(&visit.by);
            let more = self.templated(view.as_ref(), !names.is_empty(), &by, visit.sink);
            names.extend(more);
            visit.settle(names, &given, &traits);
        } else if !names.is_empty() || view.is_some() {
            visit.wait(Waiting { service, view, names, traits });
        }
    }

    async fn finish(
        &self,
        view: &ClusterView,
        waiting: Vec<(Arc<Resource>, Waiting)>,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        let gateways = ByName::within(self.0.namespace());
        let targets = Targets::new(view, &self.0);
        let mut joins = Joins { view, gateways: &gateways, targets };
        for (by, waiting) in waiting {
            self.publish(waiting, &by, &mut joins, sink).await?;
        }
        Ok(())
    }
}

impl Definition for VirtualServiceSource {
    const NAME: &'static str = "istio-virtualservice";
    const KINDS: &'static [&'static str] = &["virtualservice"];
    type Flags = NoFlags;
    type Options = ();

    fn options(_flags: &NoFlags, _common: &Common) -> Result<(), OptionsError> {
        Ok(())
    }

    fn needs((): &()) -> Vec<Row> {
        vec![
            Row::list::<Viewed<VirtualService>>("all its objects"),
            Row::join::<Viewed<Gateway>>("virtual services at gateways"),
            Row::join::<Viewed<Service>>("gateways with their selector"),
            Row::join::<Viewed<Ingress>>("gateways with the annotation ingress"),
        ]
    }

    fn views(views: Views, templates: &Templates) -> Views {
        if templates.has_names() {
            views.with::<VirtualService>(&templates.fields(false))
        } else {
            views
        }
    }

    fn new((): (), context: Arc<Context>) -> Self {
        Self(context)
    }
}
