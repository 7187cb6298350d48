//! The source `service`: names in the annotations of Services, with the addresses that the type of
//! the service gives.
//!
//! Most services are reduced to endpoints as they are read. Those that need more than themselves
//! (pods, nodes, endpoint slices, a look-up of a host name) wait until the list is complete; other
//! objects that no service needs are not listed.

mod compatibility;
mod flags;
mod headless;
mod index;
mod node_port;
mod resolve;
mod slice;
#[cfg(test)]
mod tests;
mod wanted;

use std::sync::Arc;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_model::{Endpoint, Name, Resource, ResourceKind};

use crate::annotations::{Annotations, Key, Reads};
use crate::ask::Ask;
use crate::common::Common;
use crate::context::{Context, Run};
use crate::driver::{ObjectSource, Visit};
use crate::error::{OptionsError, SourceError};
use crate::merge;
use crate::needs::Row;
use crate::objects::{Node, Pod, Service, ServiceType};
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;
use crate::source::Definition;
use crate::templates::{TemplateFault, Templates, Viewed, Views};
use crate::visit::IGNORED_ANNOTATION;
use compatibility::Foreign;
#[cfg(test)]
pub(crate) use flags::ServiceFlagError;
use flags::{Flags, Options};
use headless::ENDPOINTS_TYPE;
use index::{Index, Need};
use node_port::ACCESS;
use resolve::Answers;
use slice::EndpointSlice;
use wanted::Wanted;

#[derive(Clone, Debug)]
pub(crate) struct ServiceSource {
    options: Options,
}

/// How a run makes endpoints of services.
#[derive(Clone, Copy)]
struct Publisher<'a> {
    options: &'a Options,
    context: &'a Context,
}

/// Why a service is not looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceRule {
    /// `--service-type-filter`.
    #[error("it is a service of type {0}, which --service-type-filter leaves out")]
    Type(&'static str),
    /// `--ignore-hostname-annotation`.
    #[error("{}", IGNORED_ANNOTATION)]
    IgnoredAnnotation,
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
    fn add(&mut self, origin: &Origin, wanted: &Wanted, publisher: Publisher<'_>) {
        match origin {
            Origin::Pods => {
                self.slices = true;
                self.pods = true;
                let annotations = wanted.annotations(publisher.context);
                self.nodes |= headless::needs_nodes(annotations) && publisher.may_list_nodes();
            }
            Origin::Nodes => {
                self.nodes = true;
                let has_names = wanted.names().next().is_some();
                self.pods |= has_names && wanted.service.spec.is_local();
            }
            Origin::Itself { .. } | Origin::LookUp => {}
        }
    }
}

/// What was read besides the services.
#[derive(Default)]
struct Helpers {
    index: Index,
    answers: Answers,
}

impl Origin {
    /// There is no target.
    fn nothing() -> Self {
        Self::Itself { public: TargetGroups::default(), internal: TargetGroups::default() }
    }
}

impl Publisher<'_> {
    /// Puts everything that a service wants into the sink: names of its own, else those of another system, and what
    /// templates give.
    fn publish(self, wanted: &Wanted, origin: &Origin, helpers: &Helpers, sink: &mut Sink) {
        let (before, waiting) = (sink.endpoints.len(), sink.unready.len());
        self.settle(wanted, origin, helpers, sink);
        if sink.endpoints.len() == before {
            wanted.settle_foreign(&helpers.index, self.context, sink);
        }
        let has_record = sink.endpoints.len() > before;
        // What waits for an address has its names already.
        let is_settled = has_record || sink.unready.len() > waiting;
        if wanted.view.is_none() || !self.context.common.templates.apply(is_settled) {
            return;
        }
        let public = self.templated(wanted, has_record, sink);
        if !public.is_empty() {
            self.settle(&wanted.named(public), origin, helpers, sink);
        }
    }

    /// Publishes the pairs that templates give; returns the names that they give.
    fn templated(self, wanted: &Wanted, has_record: bool, sink: &mut Sink) -> Vec<Name> {
        let templates = &self.context.common.templates;
        let Some(object) = &wanted.view else { return Vec::new() };
        let ask = Ask { templates, object, source: ServiceSource::NAME, by: &wanted.resource };
        let has_pairs = ask.publish_pairs(&Traits::default(), sink);
        let asks_names = templates.apply(has_record || has_pairs);
        if asks_names { ask.names(sink) } else { Vec::new() }
    }

    fn settle(self, wanted: &Wanted, origin: &Origin, helpers: &Helpers, sink: &mut Sink) {
        match origin {
            Origin::Itself { public, internal } => wanted.settle(public, internal, sink),
            Origin::LookUp => helpers.answers.settle(wanted, sink),
            Origin::Pods => {
                headless::settle(wanted, &helpers.index, (self.context, self.options), sink);
            }
            Origin::Nodes => node_port::settle(wanted, &helpers.index, self.context, sink),
        }
    }

    fn origin(self, wanted: &Wanted) -> Origin {
        let (service, annotations) = (&*wanted.service, wanted.annotations(self.context));
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
            ServiceType::Other => Origin::nothing(),
        }
    }

    fn must_look_up(self, service: &Service) -> bool {
        self.options.resolve_hostnames
            && service.spec.external_ips.is_empty()
            && service.status.load_balancer.ingress.iter().any(|entry| !entry.hostname.is_empty())
    }

    /// The type filter says what may be listed: nodes belong to NodePort services.
    fn may_list_nodes(self) -> bool {
        self.options.types.contain(ServiceType::NodePort)
    }
}

#[async_trait]
impl ObjectSource for ServiceSource {
    type Object = Viewed<Service>;
    type Waiting = (Wanted, Origin);
    type Rule = ServiceRule;
    type Fault = TemplateFault;
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

    fn other_rows(&self) -> Vec<Row> {
        let Options { types, listens_to_endpoints, .. } = &self.options;
        let headless = types.contain(ServiceType::ClusterIp);
        let node_port = types.contain(ServiceType::NodePort);
        let mut rows = Vec::new();
        if headless {
            let slices = match listens_to_endpoints {
                true => Row::list::<EndpointSlice>,
                false => Row::join::<EndpointSlice>,
            };
            rows.push(slices("headless services"));
        }
        if headless || node_port {
            let purpose =
                "headless services, and NodePort services with externalTrafficPolicy Local";
            rows.push(Row::join::<Viewed<Pod>>(purpose));
        }
        if node_port {
            rows.push(Row::join::<Viewed<Node>>("NodePort services"));
        }
        rows
    }

    fn own_filter(&self) -> Option<EcoString> {
        self.options.written_types.clone()
    }

    fn hides(&self, service: &Viewed<Service>, _context: &Context) -> Option<ServiceRule> {
        let kind = service.spec.kind;
        (!self.options.types.contain(kind)).then(|| ServiceRule::Type(kind.as_str()))
    }

    fn may_want(&self, annotations: Annotations<'_>, context: &Context) -> bool {
        let common = &context.common;
        common.templates.make_names()
            || common.compatibility.is_some()
            || annotations.has_any(&[Key::HOSTNAME, Key::INTERNAL_HOSTNAME])
    }

    fn visit(&self, service: Viewed<Service>, visit: &mut Visit<'_, (Wanted, Origin)>) {
        let (annotations, context) = (visit.annotations(&service.metadata), visit.context);
        let publisher = Publisher { options: &self.options, context };
        let resource = Arc::clone(&visit.by);
        let ignores = context.common.ignores_hostnames;
        let hidden = ignores.then_some(ServiceRule::IgnoredAnnotation);
        let public = visit.names(annotations.list(Key::HOSTNAME), hidden.as_ref());
        let internal = visit.names(annotations.list(Key::INTERNAL_HOSTNAME), hidden.as_ref());
        let name = |text: &str| visit.sink.name(text, &resource);
        let foreign = Foreign::read(context, &service, annotations, name);
        let has_own = !public.is_empty() || !internal.is_empty();
        if !has_own && foreign.is_none() && !context.common.templates.make_names() {
            return;
        }
        let traits = Traits::read(annotations, &resource);
        let view = service.view();
        let mut wanted = Wanted { service, resource, traits, public, internal, foreign, view };
        if !has_own && wanted.foreign.is_none() {
            wanted.public = publisher.templated(&wanted, false, visit.sink);
            wanted.view = None;
        }
        let origin = match (&wanted.foreign, wanted.public.is_empty() && wanted.internal.is_empty())
        {
            (Some(foreign), true) if foreign.needs_nodes() => Origin::Nodes,
            (Some(_), true) if wanted.view.is_none() => Origin::nothing(),
            (None, true) => return,
            _ => publisher.origin(&wanted),
        };
        match origin {
            Origin::Itself { .. } => {
                publisher.publish(&wanted, &origin, &Helpers::default(), visit.sink);
            }
            origin => visit.wait((wanted, origin)),
        }
    }

    async fn finish(
        &self,
        run: Run<'_>,
        waiting: Vec<(Arc<Resource>, (Wanted, Origin))>,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        let Run { context, view } = run;
        let publisher = Publisher { options: &self.options, context };
        let mut need = Need::default();
        waiting.iter().for_each(|(_, (wanted, origin))| need.add(origin, wanted, publisher));
        let index = Index::read(view, context.namespace(), need).await?;
        let hosts = waiting.iter().filter(|(_, (_, origin))| matches!(origin, Origin::LookUp));
        let hosts = hosts.map(|(_, (wanted, _))| wanted);
        let answers = resolve::look_up(&*context.resolver, hosts).await;
        let helpers = Helpers { index, answers };
        for (_, (wanted, origin)) in &waiting {
            let mut own = Need::default();
            own.add(origin, wanted, publisher);
            match &own.not_held(view)[..] {
                [] => publisher.publish(wanted, origin, &helpers, sink),
                kinds => sink.frozen.push(wanted.frozen(kinds)),
            }
        }
        helpers.answers.failure()
    }

    fn merge(endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
        merge::merge_services(endpoints)
    }
}

impl Definition for ServiceSource {
    const NAME: &'static str = "service";
    const KINDS: &'static [&'static str] = &["service"];
    type Flags = Flags;

    fn read(flags: &Flags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self { options: Options::read(flags)? })
    }

    fn views(views: Views, templates: &Templates) -> Views {
        if templates.make_names() { views.with::<Service>(&templates.fields(false)) } else { views }
    }
}
