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

use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use extdns_clusters::Projection as _;
use extdns_model::{Name, ResourceKind};

use crate::annotations::{Annotations, HostnameSource, Key, Reads};
use crate::common::Common;
use crate::context::Run;
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::joins::Join;
use crate::needs::Row;
use crate::objects::Namespace;
use crate::records::{TargetGroups, Traits};
use crate::source::Definition;
use crate::templates::{TemplateFault, Templates, Viewed, Views};
use crate::visit::IGNORED_ANNOTATION;
use flags::{Flags, Options};
use join::{Joins, Waiting};
use kinds::RouteKind;
pub(crate) use kinds::{GrpcRoute, HttpRoute, TcpRoute, TlsRoute, UdpRoute};
use object::{Gateway, ListenerSet, Route};

/// Where a route takes its names from.
const HOSTNAME_SOURCE: Key = Key("gateway-hostname-source");

/// The source of one kind of route.
#[derive(Clone, Debug)]
pub(crate) struct RouteSource<K> {
    options: Options,
    kind: PhantomData<fn() -> K>,
}

/// Why the names of a route are not looked at that no Gateway can take.
const NO_PARENT: &str =
    "its spec names no Gateway or ListenerSet as its parent, or none that the flags ask for";

/// Why the names in one place are not looked at.
const OTHER_PLACE: &str =
    "its annotation gateway-hostname-source does not read the place where the name stands";

impl<K: RouteKind> RouteSource<K> {
    /// The names that a route can have, and whether it takes those of its listeners too. A rule can hide all of them.
    fn candidates(
        &self,
        route: &Viewed<Route<K>>,
        annotations: Annotations<'_>,
        hidden: Option<&'static str>,
        visit: &mut Visit<'_, Waiting>,
    ) -> (Vec<Name>, bool) {
        let common = &visit.context.common;
        let by = Arc::clone(&visit.by);
        let source = HostnameSource::or_all(annotations, HOSTNAME_SOURCE, &by);
        let has_hostnames = route.hostnames().next().is_some();
        let unread = |own| hidden.or((source == own).then_some(OTHER_PLACE));
        let rule = unread(HostnameSource::Annotated);
        let mut names = visit.names(route.hostnames(), rule);
        let template = visit.template(route.view(), K::NAME);
        let templated = visit.sink.templated_names(has_hostnames, &template, &by);
        names.extend(templated.into_iter().filter(|_| rule.is_none()));
        let ignored = common.ignores_hostnames.then_some(IGNORED_ANNOTATION);
        let rule = unread(HostnameSource::Defined).or(ignored);
        names.extend(visit.names(annotations.list(Key::HOSTNAME), rule));
        (names, source == HostnameSource::All && !has_hostnames)
    }
}

#[async_trait]
impl<K: RouteKind> ObjectSource for RouteSource<K> {
    type Object = Viewed<Route<K>>;
    type Waiting = Waiting;
    type Rule = Infallible;
    type Fault = TemplateFault;
    const KIND: ResourceKind = K::LABEL;
    const READS: Reads = Reads {
        keys: &[Key::CONTROLLER, Key::HOSTNAME, Key::TTL, Key::SET_IDENTIFIER, HOSTNAME_SOURCE],
        properties: true,
    };

    fn other_rows(&self) -> Vec<Row> {
        let gateways = Row::require::<Gateway>("the parents of routes");
        let mut rows = vec![
            gateways.within(self.options.namespace.clone()),
            Row::join::<Namespace>("listeners that select namespaces"),
        ];
        if self.options.reads_listener_sets {
            let sets = Row::require::<ListenerSet>("the parents of routes").within(None);
            rows.push(sets.of_flag("--gateway-listener-sets"));
        }
        rows
    }

    fn visit(&self, route: Viewed<Route<K>>, visit: &mut Visit<'_, Waiting>) {
        let annotations = visit.annotations(route.metadata());
        let parents = route.parents();
        let own = &route.metadata().namespace;
        let may_be_taken = route.named_parents().any(|parent| self.options.ask(parent, own));
        let hidden = (!may_be_taken).then_some(NO_PARENT);
        let (mut names, takes_names_of_listeners) =
            self.candidates(&route, annotations, hidden, visit);
        visit.keep_host_names(&mut names);
        let traits = Traits::read(annotations, &visit.by);
        if parents.is_empty() {
            // Nothing of those that it names has accepted it yet.
            return visit.settle(names, &TargetGroups::default(), &traits);
        }
        visit.wait(Waiting { parents, names, takes_names_of_listeners, traits });
    }

    fn join<'a>(&'a self, run: Run<'a>) -> Option<Box<dyn Join<Waiting> + 'a>> {
        Some(Box::new(Joins::new(self, run)))
    }
}

impl<K: RouteKind> Definition for RouteSource<K> {
    const NAME: &'static str = K::NAME;
    const KINDS: &'static [&'static str] = &[K::LABEL.as_str()];
    type Flags = Flags;

    fn read(flags: &Flags, common: &Common) -> Result<Self, OptionsError> {
        let options = Options::read(flags, common.sources.contains(&Self::NAME))?;
        Ok(Self { options, kind: PhantomData })
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_names::<Route<K>>(templates)
    }
}
