//! A source of the tests alone: as much of HTTPRoutes as shows that a source with joins needs nothing but its folder.
//!
//! Routes and gateways have two versions; a route takes its addresses from its gateways, whose listeners can select
//! namespaces by label, or from an Ingress that an annotation names.

mod object;
mod tests;

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_clusters::{ClusterView, ReadError, SharedList};
use extdns_model::{KindName, Name, Resource, ResourceKind};

use crate::annotations::{Key, Reads};
use crate::common::Common;
use crate::context::Run;
use crate::driver::{ObjectSource, Visit};
use crate::error::{OptionsError, SourceError};
use crate::fault::{Effect, Fault};
use crate::needs::Row;
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;
use crate::source::{Definition, NoFlags};
use object::{Gateway, Ingress, Namespace, ParentRef, Route};

/// Names the Ingress whose addresses a route has: `namespace/name`.
const INGRESS: Key = Key("ingress");

#[derive(Clone, Debug)]
pub(crate) struct JoinedSource;

/// What can be wrong with a route.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouteFault {
    /// A field is malformed.
    #[error("a parentRef has no name")]
    NamelessParent,
    /// Its Ingress does not exist.
    #[error("there is no Ingress {0:?}")]
    NoIngress(EcoString),
}

impl Fault for RouteFault {
    fn effect(&self) -> Effect {
        match self {
            Self::NamelessParent => Effect::DropsObject,
            Self::NoIngress(_) => Effect::FailsSource,
        }
    }
}

/// A route that waits for the objects that it names.
pub(crate) struct Waiting {
    names: Vec<Name>,
    parents: Vec<ParentRef>,
    ingress: Option<EcoString>,
    namespace: EcoString,
    traits: Traits,
}

/// The lists that routes are joined with.
struct Lists {
    gateways: Arc<SharedList<Gateway>>,
    namespaces: Option<Arc<SharedList<Namespace>>>,
}

impl Lists {
    async fn read(view: &ClusterView) -> Result<Self, ReadError> {
        let gateways: Arc<SharedList<Gateway>> = view.shared(None).await?;
        let select = gateways.iter().any(Gateway::selects_namespaces);
        let namespaces = if select { Some(view.shared(None).await?) } else { None };
        Ok(Self { gateways, namespaces })
    }

    /// The addresses of the gateways that take a route.
    fn addresses(&self, route: &Waiting) -> TargetGroups {
        let own = route.namespace.as_str();
        let namespace = self.namespaces.as_ref().and_then(|list| list.get("", own));
        let gateways = route.parents.iter().filter_map(|parent| {
            let of = if parent.namespace.is_empty() { own } else { &parent.namespace };
            self.gateways.get(of, &parent.name)
        });
        let taking = gateways.filter(|gateway| gateway.takes_routes_of(own, namespace));
        taking.flat_map(Gateway::addresses).collect()
    }
}

#[async_trait]
impl ObjectSource for JoinedSource {
    type Object = Route;
    type Waiting = Waiting;
    type Rule = Infallible;
    type Fault = RouteFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("httproute"));
    const READS: Reads = Reads { keys: &[Key::CONTROLLER, Key::TTL, INGRESS], properties: false };

    fn other_rows(&self) -> Vec<Row> {
        vec![
            Row::list::<Gateway>("routes").within(None),
            Row::list::<Namespace>("gateways that select namespaces"),
            Row::get::<Ingress>("routes with the annotation ingress"),
        ]
    }

    fn visit(&self, route: Route, visit: &mut Visit<'_, Waiting>) {
        let annotations = visit.annotations(&route.metadata);
        let names = visit.all_names(route.spec.hostnames.iter());
        if route.spec.parent_refs.iter().any(|parent| parent.name.is_empty()) {
            return visit.fail(&RouteFault::NamelessParent);
        }
        let ingress = annotations.get(INGRESS).map(EcoString::from);
        let traits = Traits::only_ttl(annotations, &visit.by);
        let (parents, namespace) = (route.spec.parent_refs, route.metadata.namespace);
        visit.wait(Waiting { names, parents, ingress, namespace, traits });
    }

    async fn finish(
        &self,
        run: Run<'_>,
        waiting: Vec<(Arc<Resource>, Waiting)>,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        let lists = Lists::read(run.view).await?;
        for (by, route) in &waiting {
            let targets = match &route.ingress {
                None => lists.addresses(route),
                Some(text) => {
                    let (namespace, name) =
                        text.split_once('/').unwrap_or((&route.namespace, text));
                    let Some(ingress) = run.view.object::<Ingress>(namespace, name).await? else {
                        sink.fail(by, &RouteFault::NoIngress(text.clone()));
                        continue;
                    };
                    ingress.status.load_balancer.targets()
                }
            };
            sink.publish(&route.names, &targets, &route.traits, by);
        }
        Ok(())
    }
}

impl Definition for JoinedSource {
    const NAME: &'static str = "joined";
    const KINDS: &'static [&'static str] = &["httproute"];
    type Flags = NoFlags;

    fn read(_flags: &NoFlags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self)
    }
}
