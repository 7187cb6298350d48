//! The source `service`: names in the annotations of Services, with the addresses that the type of
//! the service gives.
//!
//! Most services are reduced to endpoints as they are read. Those that need more than themselves
//! (pods, nodes, endpoint slices, a look-up of a host name) wait until the list is complete; what
//! nobody waits for is not listed.

mod headless;
mod index;
mod node_port;
mod object;
mod resolve;

use std::sync::Arc;

use async_trait::async_trait;
use extdns_clusters::{ClusterView, Projection, ReadError, ResourceType, Verdict};
use extdns_model::{ClusterId, Name, Resource, ResourceKind};

use crate::annotations::{Annotations, Key};
use crate::error::SourceError;
use crate::merge;
use crate::records::{TargetGroups, Traits};
use crate::source::{Context, Sink, Source, resource};
use crate::trace::HiddenBy;
use index::{Index, Lists};
use object::Service;
pub(crate) use object::{ServiceType, ServiceTypes};

/// What the source lists in any case.
pub(crate) const SERVICES: ResourceType = <Service as Projection>::RESOURCE;

pub(crate) struct ServiceSource(Arc<Context>);

/// A service that wants names.
struct Wanted {
    service: Service,
    resource: Arc<Resource>,
    traits: Traits,
    /// Names of the annotation `hostname`.
    public: Vec<Name>,
    /// Names of the annotation `internal-hostname`.
    internal: Vec<Name>,
}

/// Where the targets of a service come from.
enum Origin {
    /// From itself: those of its public names, those of its internal names.
    Itself { public: TargetGroups, internal: TargetGroups },
    /// From its load balancer's host names, looked up.
    LookUp,
    /// From the pods behind it.
    Pods,
    /// From the nodes that forward to it.
    Nodes,
}

/// What one pass over the services found.
#[derive(Default)]
struct Pass {
    sink: Sink,
    /// Services that need more than themselves.
    waiting: Vec<(Wanted, Origin)>,
    need: Need,
}

/// What waiting services have to be told.
#[derive(Clone, Copy, Default)]
struct Need {
    slices: bool,
    pods: bool,
    nodes: bool,
}

impl ServiceSource {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self(Arc::clone(context))
    }

    fn visit(&self, pass: &mut Pass, cluster: ClusterId, service: Service, verdict: Verdict) {
        let hidden = HiddenBy::verdict(verdict).or_else(|| self.type_objects(service.spec.kind));
        let resource = || resource(cluster, ResourceKind::Service, &service.metadata);
        if !pass.sink.admits(hidden, resource) {
            return;
        }
        let annotations = self.0.vocabulary.read(&service.metadata.annotations);
        if !annotations.has_any(&[Key::Hostname, Key::InternalHostname]) {
            return;
        }
        pass.sink.outdated_annotations += annotations.outdated();
        let by = resource();
        let public = pass.sink.names(annotations, Key::Hostname, &by);
        let internal = pass.sink.names(annotations, Key::InternalHostname, &by);
        if public.is_empty() && internal.is_empty() {
            return;
        }
        let traits = Traits::read(annotations, &by);
        let origin = self.origin(&service, annotations);
        self.note_need(&mut pass.need, &origin, &service, annotations);
        let wanted = Wanted { service, resource: by, traits, public, internal };
        match origin {
            Origin::Itself { public, internal } => {
                wanted.settle(&public, &internal, &mut pass.sink)
            }
            origin => pass.waiting.push((wanted, origin)),
        }
    }

    /// The type filter.
    fn type_objects(&self, kind: ServiceType) -> Option<HiddenBy> {
        let is_wanted = self.0.options.service_types.contain(kind);
        (!is_wanted).then(|| HiddenBy::ServiceType(kind.as_str()))
    }

    fn origin(&self, service: &Service, annotations: Annotations<'_>) -> Origin {
        let given: TargetGroups = annotations.targets().collect();
        if !given.is_empty() {
            return Origin::Itself { public: given.clone(), internal: given };
        }
        let spec = &service.spec;
        let cluster_ip = || spec.cluster_ip().into_iter().collect::<TargetGroups>();
        match spec.kind {
            ServiceType::LoadBalancer if self.must_look_up(service) => Origin::LookUp,
            ServiceType::LoadBalancer => {
                Origin::Itself { public: service.load_balancer_targets(), internal: cluster_ip() }
            }
            ServiceType::ClusterIp if spec.is_headless() => Origin::Pods,
            ServiceType::ClusterIp => {
                let publish = self.0.options.publish_internal_services;
                let public = if publish { cluster_ip() } else { TargetGroups::default() };
                Origin::Itself { public, internal: cluster_ip() }
            }
            ServiceType::NodePort => Origin::Nodes,
            ServiceType::ExternalName => {
                let targets = service.external_name_targets();
                Origin::Itself { public: targets.clone(), internal: targets }
            }
            ServiceType::Other => Origin::Itself {
                public: TargetGroups::default(),
                internal: TargetGroups::default(),
            },
        }
    }

    fn must_look_up(&self, service: &Service) -> bool {
        self.0.options.resolve_hostnames
            && service.spec.external_ips.is_empty()
            && service.status.load_balancer.ingress.iter().any(|entry| !entry.hostname.is_empty())
    }

    fn note_need(
        &self,
        need: &mut Need,
        origin: &Origin,
        service: &Service,
        annotations: Annotations<'_>,
    ) {
        match origin {
            Origin::Pods => {
                need.slices = true;
                need.pods = true;
                need.nodes |= headless::needs_nodes(annotations) && self.may_list_nodes();
            }
            Origin::Nodes => {
                need.nodes = true;
                need.pods |= service.spec.is_local();
            }
            Origin::Itself { .. } | Origin::LookUp => {}
        }
    }

    /// The type filter says what may be listed: nodes belong to NodePort services.
    fn may_list_nodes(&self) -> bool {
        self.0.options.service_types.contain(ServiceType::NodePort)
    }

    /// Finishes the services that need more than themselves.
    async fn finish(
        &self,
        view: &ClusterView,
        mut pass: Pass,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        let lists = self.read(view, pass.need).await?;
        let index = Index::new(&lists);
        pass.waiting.sort_by(|(a, _), (b, _)| a.resource.cmp(&b.resource));
        let hosts = pass.waiting.iter().filter(|(_, origin)| matches!(origin, Origin::LookUp));
        let answers = resolve::look_up(&*self.0.resolver, hosts.map(|(wanted, _)| wanted)).await;
        for (wanted, origin) in &pass.waiting {
            match origin {
                Origin::Itself { public, internal } => wanted.settle(public, internal, sink),
                Origin::LookUp => answers.settle(wanted, sink),
                Origin::Pods => headless::settle(wanted, &index, &self.0, sink),
                Origin::Nodes => node_port::settle(wanted, &index, &self.0, sink),
            }
        }
        answers.failure()
    }

    async fn read(&self, view: &ClusterView, need: Need) -> Result<Lists, ReadError> {
        let namespace = self.0.namespace();
        Ok(Lists {
            slices: if need.slices { Some(view.shared(namespace).await?) } else { None },
            pods: if need.pods { Some(view.shared(namespace).await?) } else { None },
            nodes: if need.nodes { Some(view.shared(None).await?) } else { None },
        })
    }
}

impl Wanted {
    /// The annotations of the service.
    fn annotations<'a>(&'a self, context: &'a Context) -> Annotations<'a> {
        context.vocabulary.read(&self.service.metadata.annotations)
    }

    /// Both kinds of names, for origins that make no difference.
    fn names(&self) -> impl Iterator<Item = &Name> {
        self.public.iter().chain(&self.internal)
    }

    fn settle(&self, public: &TargetGroups, internal: &TargetGroups, sink: &mut Sink) {
        if public.is_empty() && self.service.spec.kind == ServiceType::LoadBalancer {
            sink.unready(self.public.iter().cloned(), &self.resource);
        }
        for (names, targets) in [(&self.public, public), (&self.internal, internal)] {
            for name in names {
                sink.endpoints.extend(targets.endpoints(name, &self.traits, &self.resource));
            }
        }
    }
}

#[async_trait]
impl Source for ServiceSource {
    fn name(&self) -> &'static str {
        "service"
    }

    async fn gather(&self, view: &ClusterView, sink: &mut Sink) -> Result<(), SourceError> {
        let start = || Pass { sink: sink.sibling(), ..Pass::default() };
        let mut pass = view
            .fold(self.0.scope(), start, |pass: &mut Pass, service: Service, verdict| {
                self.visit(pass, view.id(), service, verdict);
            })
            .await?;
        let mut found = std::mem::take(&mut pass.sink);
        let outcome = if pass.waiting.is_empty() {
            Ok(())
        } else {
            self.finish(view, pass, &mut found).await
        };
        found.endpoints = merge::merge_services(found.endpoints);
        sink.absorb(found);
        outcome
    }
}
