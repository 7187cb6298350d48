//! The source `service`: names in the annotations of Services, with the addresses that the type of
//! the service gives.
//!
//! Most services are reduced to endpoints as they are read. Those that need more than themselves
//! (pods, nodes, endpoint slices, a look-up of a host name) wait until the list is complete; other
//! objects that no service needs are not listed.

mod flags;
mod headless;
mod index;
mod node_port;
mod object;
mod resolve;
mod slice;

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_clusters::ClusterView;
use extdns_model::{Endpoint, Name, Resource, ResourceKind};

use crate::annotations::{Annotations, Key, Reads};
use crate::common::Common;
use crate::context::Context;
use crate::driver::{ObjectSource, Visit};
use crate::error::{OptionsError, SourceError};
use crate::merge;
use crate::needs::Row;
use crate::objects::{Node, Pod};
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;
use crate::source::Definition;
#[cfg(test)]
pub(crate) use flags::ServiceFlagError;
use flags::{Flags, Options};
use index::{Index, Need};
use object::{Service, ServiceType};
use slice::EndpointSlice;

/// Which node addresses a NodePort service publishes.
const ACCESS: Key = Key("access");
/// Which addresses a headless service publishes.
const ENDPOINTS_TYPE: Key = Key("endpoints-type");

pub(crate) struct ServiceSource {
    context: Arc<Context>,
    options: Options,
}

/// Why a service is not looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceRule {
    /// `--service-type-filter`.
    #[error("it is a service of type {0}, which --service-type-filter leaves out")]
    Type(&'static str),
}

/// A service that wants names.
pub(crate) struct Wanted {
    service: Service,
    resource: Arc<Resource>,
    traits: Traits,
    /// Names of the annotation `hostname`.
    public: Vec<Name>,
    /// Names of the annotation `internal-hostname`.
    internal: Vec<Name>,
}

/// Where the targets of a service come from.
pub(crate) enum Origin {
    /// From itself: those of its public names, those of its internal names.
    Itself { public: TargetGroups, internal: TargetGroups },
    /// From its load balancer's host names, looked up.
    LookUp,
    /// From the pods behind it.
    Pods,
    /// From the nodes that forward to it.
    Nodes,
}

impl Need {
    fn add(&mut self, origin: &Origin, wanted: &Wanted, source: &ServiceSource) {
        match origin {
            Origin::Pods => {
                self.slices = true;
                self.pods = true;
                let annotations = wanted.annotations(&source.context);
                self.nodes |= headless::needs_nodes(annotations) && source.may_list_nodes();
            }
            Origin::Nodes => {
                self.nodes = true;
                self.pods |= wanted.service.spec.is_local();
            }
            Origin::Itself { .. } | Origin::LookUp => {}
        }
    }
}

impl ServiceSource {
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
                let publish = self.options.publish_internal_services;
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
        self.options.resolve_hostnames
            && service.spec.external_ips.is_empty()
            && service.status.load_balancer.ingress.iter().any(|entry| !entry.hostname.is_empty())
    }

    /// The type filter says what may be listed: nodes belong to NodePort services.
    fn may_list_nodes(&self) -> bool {
        self.options.types.contain(ServiceType::NodePort)
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
        sink.publish(&self.public, public, &self.traits, &self.resource);
        sink.publish(&self.internal, internal, &self.traits, &self.resource);
    }
}

#[async_trait]
impl ObjectSource for ServiceSource {
    type Object = Service;
    type Waiting = (Wanted, Origin);
    type Rule = ServiceRule;
    type Fault = Infallible;
    const KIND: ResourceKind = ResourceKind::SERVICE;
    const READS: Reads = Reads {
        keys: &[
            Key::CONTROLLER,
            Key::HOSTNAME,
            Key::INTERNAL_HOSTNAME,
            Key::TARGET,
            Key::TTL,
            Key::SET_IDENTIFIER,
            ACCESS,
            ENDPOINTS_TYPE,
        ],
        properties: true,
    };

    fn context(&self) -> &Context {
        &self.context
    }

    fn own_filter(&self) -> Option<EcoString> {
        self.options.written_types.clone()
    }

    fn hides(&self, service: &Service) -> Option<ServiceRule> {
        let kind = service.spec.kind;
        (!self.options.types.contain(kind)).then(|| ServiceRule::Type(kind.as_str()))
    }

    fn may_want(&self, annotations: Annotations<'_>) -> bool {
        annotations.has_any(&[Key::HOSTNAME, Key::INTERNAL_HOSTNAME])
    }

    fn visit(&self, service: Service, visit: &mut Visit<'_, (Wanted, Origin)>) {
        let annotations = self.context.vocabulary.read(&service.metadata.annotations);
        let public = visit.all_names(annotations.list(Key::HOSTNAME));
        let internal = visit.all_names(annotations.list(Key::INTERNAL_HOSTNAME));
        if public.is_empty() && internal.is_empty() {
            return;
        }
        let resource = Arc::clone(&visit.by);
        let traits = Traits::read(annotations, &resource);
        let origin = self.origin(&service, annotations);
        let wanted = Wanted { service, resource, traits, public, internal };
        match origin {
            Origin::Itself { public, internal } => wanted.settle(&public, &internal, visit.sink),
            origin => visit.wait((wanted, origin)),
        }
    }

    async fn finish(
        &self,
        view: &ClusterView,
        waiting: Vec<(Arc<Resource>, (Wanted, Origin))>,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        let mut need = Need::default();
        waiting.iter().for_each(|(_, (wanted, origin))| need.add(origin, wanted, self));
        let index = Index::read(view, self.context.namespace(), need).await?;
        let hosts = waiting.iter().filter(|(_, (_, origin))| matches!(origin, Origin::LookUp));
        let hosts = hosts.map(|(_, (wanted, _))| wanted);
        let answers = resolve::look_up(&*self.context.resolver, hosts).await;
        for (_, (wanted, origin)) in &waiting {
            match origin {
                Origin::Itself { public, internal } => wanted.settle(public, internal, sink),
                Origin::LookUp => answers.settle(wanted, sink),
                Origin::Pods => {
                    headless::settle(wanted, &index, (&self.context, &self.options), sink);
                }
                Origin::Nodes => node_port::settle(wanted, &index, &self.context, sink),
            }
        }
        answers.failure()
    }

    fn merge(endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
        merge::merge_services(endpoints)
    }
}

impl Definition for ServiceSource {
    const NAME: &'static str = "service";
    const KINDS: &'static [&'static str] = &["service"];
    type Flags = Flags;
    type Options = Options;

    fn options(flags: &Flags, _common: &Common) -> Result<Options, OptionsError> {
        Options::read(flags)
    }

    fn needs(options: &Options) -> Vec<Row> {
        let headless = options.types.contain(ServiceType::ClusterIp);
        let node_port = options.types.contain(ServiceType::NodePort);
        let mut rows = vec![Row::list::<Service>("all its objects")];
        if headless {
            rows.push(Row::list::<EndpointSlice>("headless services"));
        }
        if headless || node_port {
            let purpose =
                "headless services, and NodePort services with externalTrafficPolicy Local";
            rows.push(Row::list::<Pod>(purpose));
        }
        if node_port {
            rows.push(Row::list::<Node>("NodePort services"));
        }
        rows
    }

    fn new(options: Options, context: Arc<Context>) -> Self {
        Self { context, options }
    }
}
