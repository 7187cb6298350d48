//! The sources of the Gateway API (<https://gateway-api.sigs.k8s.io>): the host names of routes, with the addresses of the
//! Gateways that take them.
//!
//! ```text
//! Route --spec.parentRefs and status.parents (Accepted)--> Gateway      --listeners--> hostname, port, protocol
//!   |                                                      ^   |                          |
//!   |                                                      |   '-- P/target, else status.addresses
//!   |              spec.parentRef (allowedListeners, Accepted)                            |
//!   |                                                      |                              v
//!   '--the same--> ListenerSet ----------------------------'    allowedRoutes --Selector--> labels of the Namespace
//! ```
//!
//! A name of a route (of its spec, a template or an annotation) is published as far as a listener covers it. TTL,
//! set identifier and properties are those of the route.

mod flags;
mod join;
mod kinds;
mod object;

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use extdns_clusters::{ClusterView, ObjectFilter, Projection as _, ReadError, ResourceType};
use extdns_model::{Name, Resource, ResourceKind};

use crate::annotations::{Annotations, HostnameSource, Key, Reads};
use crate::ask::Ask;
use crate::common::Common;
use crate::context::Context;
use crate::driver::{ObjectSource, Visit};
use crate::error::{OptionsError, SourceError};
use crate::needs::Row;
use crate::objects::host_name;
use crate::records::Traits;
use crate::sink::{DropReason, Frozen, Sink};
use crate::source::Definition;
use crate::templates::{TemplateFault, Templates, Viewed, Views};
use crate::visit::IGNORED_ANNOTATION;
use flags::{Flags, Options};
use join::{Filters, Lists, Waiting, Wanted};
use kinds::RouteKind;
pub(crate) use kinds::{GrpcRoute, HttpRoute, TcpRoute, TlsRoute, UdpRoute};
use object::{Gateway, ListenerSet, Namespace, Route};

/// Where a route takes its names from.
const HOSTNAME_SOURCE: Key = Key("gateway-hostname-source");

/// Why a name is left out that no listener can have.
const NO_HOST_NAME: &str = "a listener has host names only, which are letters, digits and \"-\", with \"*\" as the first label \
                            at most; give the name to another source, such as crd";

/// The source of one kind of route.
pub(crate) struct RouteSource<K> {
    context: Arc<Context>,
    options: Options,
    filters: Filters,
    kind: PhantomData<fn() -> K>,
}

/// Why a name of a route is not looked at.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum RouteRule {
    /// Nothing takes it.
    #[error("no parent that its spec names has accepted it (status.parents)")]
    NotAccepted,
    /// The annotation that says where a route takes its names from.
    #[error("its annotation gateway-hostname-source does not read the place where the name stands")]
    HostnameSource,
    /// `--ignore-hostname-annotation`.
    #[error("{}", IGNORED_ANNOTATION)]
    IgnoredAnnotation,
}

impl<K: RouteKind> RouteSource<K> {
    /// The names that a route can have, and whether it takes those of its listeners too. A rule can hide all of them.
    fn candidates(
        &self,
        route: &Viewed<Route<K>>,
        annotations: Annotations<'_>,
        hidden: Option<RouteRule>,
        visit: &mut Visit<'_, Waiting>,
    ) -> (Vec<Name>, bool) {
        let common = &self.context.common;
        let by = Arc::clone(&visit.by);
        let source = HostnameSource::of(annotations, HOSTNAME_SOURCE).unwrap_or_else(|value| {
            let rule = "it is defined-hosts-only or annotation-only";
            tracing::warn!(route = %by, value, "ignoring the annotation gateway-hostname-source; {rule}");
            HostnameSource::All
        });
        let has_hostnames = route.hostnames().next().is_some();
        let unread = |own| hidden.or((source == own).then_some(RouteRule::HostnameSource));
        let rule = unread(HostnameSource::Annotated);
        let mut names = visit.names(route.hostnames(), rule);
        if let Some(object) = route.view()
            && common.templates.apply(has_hostnames)
        {
            let ask =
                Ask { templates: &common.templates, object: &object, source: K::NAME, by: &by };
            let templated = ask.names(visit.sink);
            names.extend(templated.into_iter().filter(|_| rule.is_none()));
        }
        let ignored = common.ignores_hostnames.then_some(RouteRule::IgnoredAnnotation);
        let rule = unread(HostnameSource::Defined).or(ignored);
        names.extend(visit.names(annotations.list(Key::HOSTNAME), rule));
        (names, source == HostnameSource::All && !has_hostnames)
    }
}

#[async_trait]
impl<K: RouteKind> ObjectSource for RouteSource<K> {
    type Object = Viewed<Route<K>>;
    type Waiting = Waiting;
    type Rule = RouteRule;
    type Fault = TemplateFault;
    const KIND: ResourceKind = K::LABEL;
    const READS: Reads = Reads {
        keys: &[Key::CONTROLLER, Key::HOSTNAME, Key::TTL, Key::SET_IDENTIFIER, HOSTNAME_SOURCE],
        properties: true,
    };

    fn context(&self) -> &Context {
        &self.context
    }

    /// A cluster without the kinds of parents is incomplete, even if it has no route.
    async fn resource(&self, view: &ClusterView) -> Result<ResourceType, ReadError> {
        let routes = view.served::<Self::Object>().await?;
        view.served::<Gateway>().await?;
        if self.options.reads_listener_sets {
            view.shared::<ListenerSet>(None).await?;
        }
        Ok(routes)
    }

    fn visit(&self, route: Viewed<Route<K>>, visit: &mut Visit<'_, Waiting>) {
        let annotations = self.context.vocabulary.read(&route.metadata().annotations);
        let parents = route.parents();
        let hidden = parents.is_empty().then_some(RouteRule::NotAccepted);
        let (mut names, takes_names_of_listeners) =
            self.candidates(&route, annotations, hidden, visit);
        if parents.is_empty() {
            return;
        }
        names.retain(|name| {
            let is_host_name = host_name(name.as_str()).is_some();
            if !is_host_name {
                visit.sink.drop(name.as_str(), &visit.by, DropReason::Source(NO_HOST_NAME.into()));
            }
            is_host_name
        });
        let traits = Traits::read(annotations, &visit.by);
        let namespace = route.metadata().namespace.clone();
        visit.wait(Waiting { namespace, parents, names, takes_names_of_listeners, traits });
    }

    async fn finish(
        &self,
        view: &ClusterView,
        waiting: Vec<(Arc<Resource>, Waiting)>,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        let Self { context, options, filters, .. } = self;
        let lists = Lists::read(view, options, filters, &context.vocabulary).await?;
        if !lists.not_held.is_empty() {
            let frozen =
                |(by, route): (_, Waiting)| Frozen::of_manifests(by, route.names, &lists.not_held);
            sink.frozen.extend(waiting.into_iter().map(frozen));
            return Ok(());
        }
        let wanted = Wanted { kind: K::RESOURCE.kind, protocols: K::PROTOCOLS };
        for (by, route) in &waiting {
            for (name, targets) in lists.join(route, wanted) {
                let Some(name) = sink.name(&name, by) else { continue };
                if targets.is_empty() {
                    sink.unready([name], &route.traits, by);
                } else {
                    sink.publish(&[name], &targets, &route.traits, by);
                }
            }
        }
        Ok(())
    }
}

impl<K: RouteKind> Definition for RouteSource<K> {
    const NAME: &'static str = K::NAME;
    const KINDS: &'static [&'static str] = K::LABELS;
    type Flags = Flags;
    type Options = Options;

    fn options(flags: &Flags, _common: &Common) -> Result<Options, OptionsError> {
        Options::read(flags)
    }

    fn needs(options: &Options) -> Vec<Row> {
        let gateways = Row::join::<Gateway>("the parents of routes");
        let mut rows = vec![
            Row::list::<Viewed<Route<K>>>("all its objects"),
            gateways.within(options.namespace.clone()),
            Row::join::<Namespace>("listeners that select namespaces"),
        ];
        if options.reads_listener_sets {
            rows.push(Row::join::<ListenerSet>("the parents of routes").within(None));
        }
        rows
    }

    fn views(views: Views, templates: &Templates) -> Views {
        if templates.has_names() { views.with::<Route<K>>(&templates.fields(false)) } else { views }
    }

    fn new(options: Options, context: Arc<Context>) -> Self {
        let controller_keys = context.vocabulary.keys(Key::CONTROLLER);
        let (common, labels) = (&context.common, options.labels.clone());
        let gateways =
            ObjectFilter { labels, controller_keys: controller_keys.clone(), ..Default::default() };
        let annotations = common.annotation_filter.clone();
        let listener_sets = ObjectFilter { annotations, controller_keys, ..Default::default() };
        Self { filters: Filters { gateways, listener_sets }, context, options, kind: PhantomData }
    }
}
