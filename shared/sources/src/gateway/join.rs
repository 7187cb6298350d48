//! Which listeners take a route, and the targets behind them.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_clusters::{Metadata, ObjectFilter, Selector};
use extdns_model::{Name, Resource};

use super::RouteSource;
use super::kinds::RouteKind;
use super::object::{AllowedNamespaces, Gateway, Listener, ListenerSet, ParentRef};
use crate::context::{Context, Run};
use crate::joins::{ByName, Found, Join, Stop};
use crate::objects::{Namespace, intersection};
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;

/// A route that waits for its parents.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(super) parents: Box<[ParentRef]>,
    pub(super) names: Vec<Name>,
    /// Whether it also takes the names of its listeners.
    pub(super) takes_names_of_listeners: bool,
    pub(super) traits: Traits,
}

/// What routes are joined with.
pub(super) struct Joins<'a, K> {
    source: &'a RouteSource<K>,
    context: &'a Context,
    of_gateways: ObjectFilter,
    of_listener_sets: ObjectFilter,
    gateways: ByName<'a>,
    others: ByName<'a>,
}

/// A Gateway as the parent of a route, by itself or through one of its ListenerSets.
struct Parent {
    gateway: Found<Gateway>,
    set: Option<Found<ListenerSet>>,
}

impl<'a, K: RouteKind> Joins<'a, K> {
    pub(super) fn new(source: &'a RouteSource<K>, Run { context, view }: Run<'a>) -> Self {
        let (all, run) = (Selector::default, || context.filter.clone());
        let labels = source.options.labels.clone();
        Self {
            source,
            context,
            of_gateways: ObjectFilter { labels, annotations: all(), ..run() },
            of_listener_sets: ObjectFilter { labels: all(), ..run() },
            gateways: ByName::within(view, source.options.namespace.as_deref()),
            others: ByName::within(view, None),
        }
    }

    /// The parent of this reference, if it takes routes at all.
    async fn parent(&self, reference: &ParentRef, own: &str) -> Result<Option<Parent>, Stop> {
        let skip = |reason| {
            tracing::debug!(?reference, "skipping a parent of a route: {reason}");
            Ok(None)
        };
        let key @ (namespace, name) = reference.key(own);
        if reference.kind != "ListenerSet" {
            let Some(gateway) = self.gateway(key).await? else {
                return skip("there is no such Gateway");
            };
            return Ok(Some(Parent { gateway, set: None }));
        }
        let set = match self.source.options.reads_listener_sets {
            true => self.others.get::<ListenerSet>((namespace, name)).await?,
            false => None,
        };
        let Some(set) = set.filter(|set| self.of_listener_sets.apply(&set.metadata).is_admitted())
        else {
            return skip("there is no such ListenerSet");
        };
        let Some(gateway) = self.gateway(set.spec.parent_ref.key(namespace)).await? else {
            return skip("there is no Gateway of the ListenerSet");
        };
        let allowed = &gateway.spec.allowed_listeners.namespaces;
        if !self.allows(allowed, "None", &gateway.metadata, namespace).await? {
            return skip("its Gateway takes no ListenerSet of this namespace");
        }
        Ok(Some(Parent { gateway, set: Some(set) }))
    }

    async fn gateway(&self, key: (&str, &str)) -> Result<Option<Found<Gateway>>, Stop> {
        if !self.source.options.ask_gateway(key) {
            return Ok(None);
        }
        let gateway = self.gateways.get::<Gateway>(key).await?;
        Ok(gateway.filter(|gateway| self.of_gateways.apply(&gateway.metadata).is_admitted()))
    }

    /// Whether objects of this namespace may belong to the owner of the rule.
    async fn allows(
        &self,
        rule: &AllowedNamespaces,
        default: &str,
        owner: &Metadata,
        namespace: &str,
    ) -> Result<bool, Stop> {
        let from = if rule.from.is_empty() { default } else { &rule.from };
        let selector = match (from, &rule.selector) {
            ("All", _) => return Ok(true),
            ("Same", _) => return Ok(owner.namespace == namespace),
            ("Selector", Some(selector)) => selector,
            _ => return Ok(false),
        };
        let found = self.others.get::<Namespace>(("", namespace)).await?;
        if found.is_none() {
            tracing::error!(
                namespace,
                "there is no such namespace, whose labels a listener selects"
            );
        }
        Ok(found.is_some_and(|found| selector.selects(&found.metadata.labels)))
    }

    /// Whether a listener of a parent takes a route of this namespace.
    async fn takes(
        &self,
        parent: &Parent,
        listener: &Listener,
        reference: &ParentRef,
        namespace: &str,
    ) -> Result<bool, Stop> {
        let allowed = &listener.allowed_routes;
        let is_wanted = K::PROTOCOLS.contains(&listener.protocol.as_str())
            && reference.port.is_none_or(|port| port == listener.port)
            && allowed.takes(K::RESOURCE.kind);
        let owner = parent.set.as_ref().map_or(&parent.gateway.metadata, |set| &set.metadata);
        Ok(is_wanted && self.allows(&allowed.namespaces, "Same", owner, namespace).await?)
    }

    /// The targets of an annotation, of the ListenerSet before that of the Gateway; else the addresses of the Gateway.
    fn targets(&self, Parent { gateway, set }: &Parent) -> TargetGroups {
        let annotated = |metadata: &Metadata| -> TargetGroups {
            self.context.vocabulary.read(&metadata.annotations).targets().collect()
        };
        let of_set = set.as_ref().map(|set| annotated(&set.metadata)).unwrap_or_default();
        let addresses = || gateway.status.addresses.iter().map(|address| &address.value).collect();
        of_set.or_else(|| annotated(&gateway.metadata)).or_else(addresses)
    }
}

#[async_trait]
impl<K: RouteKind> Join<Waiting> for Joins<'_, K> {
    /// The names that a route has at its listeners, with the targets behind them.
    async fn publish(
        &mut self,
        route: &Waiting,
        by: &Arc<Resource>,
        found: &mut Sink,
    ) -> Result<(), Stop> {
        let namespace = by.namespace.as_deref().unwrap_or_default();
        let mut names: BTreeMap<EcoString, TargetGroups> = BTreeMap::new();
        let nothing = TargetGroups::default();
        for reference in &route.parents {
            let Some(parent) = self.parent(reference, namespace).await? else { continue };
            let targets = self.targets(&parent);
            for listener in parent.listeners(&reference.section_name) {
                if !self.takes(&parent, listener, reference, namespace).await? {
                    continue;
                }
                let own = route.names.iter().map(Name::as_str);
                let any = route.takes_names_of_listeners.then_some("");
                let at = own.chain(any).filter_map(|name| intersection(&listener.hostname, name));
                // A name at a listener that its Gateway has not accepted yet has no address yet.
                let is_accepted = parent.set.as_ref().is_none_or(|set| set.has_accepted(listener));
                let targets = if is_accepted { &targets } else { &nothing };
                at.for_each(|name| names.entry(name).or_default().extend(targets));
            }
        }
        for (name, mut targets) in names {
            targets.normalise();
            if let Some(name) = found.name(&name, by) {
                found.settle(vec![name], &targets, &route.traits, by);
            }
        }
        Ok(())
    }

    fn names(&self, route: Waiting) -> Vec<Name> {
        route.names
    }
}

impl Parent {
    /// The listener of this name, or all. Of several with one name the last counts.
    fn listeners(&self, section: &str) -> impl Iterator<Item = &Listener> {
        let all = self.set.as_ref().map_or(&self.gateway.spec.listeners, |it| &it.spec.listeners);
        let named = all.iter().rfind(|listener| listener.name == section);
        let (all, named) = if section.is_empty() { (&all[..], None) } else { (&[][..], named) };
        all.iter().chain(named)
    }
}
