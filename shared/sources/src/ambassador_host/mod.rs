//! The source `ambassador-host`: the host names of Ambassador's Hosts, with the addresses of the Service that an annotation
//! of the Host names.
//!
//! ```text
//!         annotation external-dns.ambassador-service
//!   Host ---------------------------------------------> Service
//! ```
//!
//! A Host without the annotation wants nothing, whatever its other annotations say. Services are read one by one.

mod object;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::{EcoString, eco_format};
use extdns_clusters::ClusterView;
use extdns_model::{KindName, Name, Resource, ResourceKind};
use futures::stream::{self, StreamExt as _};

use crate::annotations::{Key, Reads};
use crate::common::Common;
use crate::context::Run;
use crate::driver::{ObjectSource, Visit};
use crate::error::{OptionsError, SourceError};
use crate::fault::{Effect, Fault};
use crate::needs::Row;
use crate::objects::Service;
use crate::records::{TargetGroups, Traits};
use crate::sink::{Frozen, Sink};
use crate::source::{Definition, NoFlags};
use crate::templates::Viewed;
use object::Host;
pub(crate) use object::ServiceRef;

/// Names the Service. It has no prefix of ours.
const SERVICE: &str = "external-dns.ambassador-service";

/// Services that are read at a time.
const AT_ONCE: usize = 8;

#[derive(Clone, Debug)]
pub(crate) struct AmbassadorSource;

/// Why a Host gets no addresses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostFault {
    /// The annotation is malformed.
    #[error(
        "invalid external-dns service: {0} (annotation external-dns.ambassador-service); write name, name.namespace or namespace/name"
    )]
    Reference(EcoString),
    /// No such Service.
    #[error(
        "its annotation external-dns.ambassador-service names the Service {0}, and there is none; correct it, or give the Host targets (annotation target)"
    )]
    NoService(ServiceRef),
}

impl Fault for HostFault {
    fn effect(&self) -> Effect {
        Effect::DropsObject
    }
}

/// A Host that waits for its Service.
pub(crate) struct Waiting {
    service: ServiceRef,
    name: Name,
    traits: Traits,
}

/// The addresses of a Service; nothing where there is no such Service.
type Answer = Result<Option<TargetGroups>, EcoString>;

/// Reads services, each once.
async fn read(view: &ClusterView, services: BTreeSet<ServiceRef>) -> BTreeMap<ServiceRef, Answer> {
    let one = async |of: ServiceRef| {
        let found = view.object::<Viewed<Service>>(&of.namespace, &of.name).await;
        let targets = found.map(|found| found.map(|service| service.load_balancer_targets()));
        (of, targets.map_err(|error| eco_format!("{error}")))
    };
    stream::iter(services.into_iter().map(one)).buffer_unordered(AT_ONCE).collect().await
}

#[async_trait]
impl ObjectSource for AmbassadorSource {
    type Object = Host;
    type Waiting = Waiting;
    type Rule = Infallible;
    type Fault = HostFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("host"));
    const READS: Reads =
        Reads { keys: &[Key::TARGET, Key::TTL, Key::SET_IDENTIFIER], properties: true };

    fn other_rows(&self) -> Vec<Row> {
        let purpose = "hosts with the annotation external-dns.ambassador-service";
        vec![Row::get::<Viewed<Service>>(purpose)]
    }

    fn visit(&self, host: Host, visit: &mut Visit<'_, Waiting>) {
        let annotations = visit.annotations(&host.metadata);
        let Some(service) = annotations.other(SERVICE) else { return };
        let names = visit.all_names(host.hostname());
        let traits = Traits::read(annotations, &visit.by);
        let given: TargetGroups = annotations.targets().collect();
        if !given.is_empty() {
            return visit.settle(names, &given, &traits);
        }
        let Some(service) = ServiceRef::parse(service) else {
            return visit.fail(&HostFault::Reference(service.into()));
        };
        for name in names {
            visit.wait(Waiting { service: service.clone(), name, traits: traits.clone() });
        }
    }

    async fn finish(
        &self,
        run: Run<'_>,
        waiting: Vec<(Arc<Resource>, Waiting)>,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        let is_held = run.view.holds::<Viewed<Service>>();
        let services = waiting.iter().map(|(_, waiting)| waiting.service.clone());
        let answers = read(run.view, services.filter(|_| is_held).collect()).await;
        for (resource, Waiting { service, name, traits }) in waiting {
            match answers.get(&service) {
                None => sink.frozen.push(Frozen::of_manifests(
                    Arc::clone(&resource),
                    vec![name],
                    &["Service"],
                )),
                Some(Ok(None)) => sink.fail(&resource, &HostFault::NoService(service)),
                Some(Ok(Some(targets))) if targets.is_empty() => {
                    sink.unready([name], &traits, &resource);
                }
                Some(Ok(Some(targets))) => sink.publish(&[name], targets, &traits, &resource),
                // The others go on: so it is with upstream, whose chart does not even grant the right.
                Some(Err(error)) => {
                    let reason = eco_format!("{resource} is at the Service {service}: {error}");
                    sink.frozen.push(Frozen { resource, names: vec![name], reason });
                }
            }
        }
        Ok(())
    }
}

impl Definition for AmbassadorSource {
    const NAME: &'static str = "ambassador-host";
    const KINDS: &'static [&'static str] = &["host"];
    type Flags = NoFlags;

    fn read(_flags: &NoFlags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self)
    }
}
