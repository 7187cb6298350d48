//! Which listeners take a route, and the targets behind them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::EcoString;
use extdns_clusters::{ClusterView, Metadata, ObjectFilter, ReadError, SharedList};
use extdns_model::Name;

use super::flags::Options;
use super::object::{
    Allowed, AllowedNamespaces, Gateway, Listener, ListenerSet, Namespace, ParentRef,
};
use crate::annotations::{Annotations, Vocabulary};
use crate::objects::intersection;
use crate::records::TargetGroups;

/// A route that waits for its parents.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(super) namespace: EcoString,
    pub(super) parents: Vec<ParentRef>,
    pub(super) names: Vec<Name>,
    /// Whether it also takes the names of its listeners.
    pub(super) takes_names_of_listeners: bool,
    pub(super) traits: crate::records::Traits,
}

/// Which routes the listeners of a kind of route take.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) kind: &'static str,
    pub(super) protocols: &'static [&'static str],
}

/// The objects that routes are joined with, each list read once in a run.
pub(super) struct Lists<'a> {
    options: &'a Options,
    filters: &'a Filters,
    vocabulary: &'a Vocabulary,
    gateways: Arc<SharedList<Gateway>>,
    listener_sets: Option<Arc<SharedList<ListenerSet>>>,
    /// Only where a listener or a Gateway selects by their labels.
    namespaces: Option<Arc<SharedList<Namespace>>>,
    /// The kinds of which the manifests hold nothing.
    pub(super) not_held: Vec<&'static str>,
}

/// Which of the joined objects are looked at.
pub(super) struct Filters {
    pub(super) gateways: ObjectFilter,
    pub(super) listener_sets: ObjectFilter,
}

/// A Gateway as the parent of a route, by itself or through one of its ListenerSets.
struct Parent<'a> {
    gateway: &'a Gateway,
    set: Option<&'a ListenerSet>,
}

impl<'a> Lists<'a> {
    pub(super) async fn read(
        view: &ClusterView,
        options: &'a Options,
        filters: &'a Filters,
        vocabulary: &'a Vocabulary,
    ) -> Result<Self, ReadError> {
        let gateways: Arc<SharedList<Gateway>> = view.shared(options.namespace.as_deref()).await?;
        let mut not_held = Vec::new();
        if !view.holds::<Gateway>() {
            not_held.push("Gateway");
        }
        let mut listener_sets: Option<Arc<SharedList<ListenerSet>>> = None;
        if options.reads_listener_sets {
            listener_sets = Some(view.shared(None).await?);
        }
        let sets = listener_sets.iter().flat_map(|sets| sets.iter());
        let of_sets = sets.flat_map(|set| &set.spec.listeners);
        let listeners = gateways.iter().flat_map(|gateway| &gateway.spec.listeners).chain(of_sets);
        let by_gateways = gateways.iter().any(|it| it.spec.allowed_listeners.selects_namespaces());
        let selects =
            by_gateways || listeners.map(|it| &it.allowed_routes).any(Allowed::selects_namespaces);
        let namespaces = if selects { Some(view.shared(None).await?) } else { None };
        if selects && !view.holds::<Namespace>() {
            not_held.push("Namespace");
        }
        Ok(Self { options, filters, vocabulary, gateways, listener_sets, namespaces, not_held })
    }

    /// The names that a route gets, with their targets.
    pub(super) fn join(
        &self,
        route: &Waiting,
        wanted: Wanted,
    ) -> BTreeMap<EcoString, TargetGroups> {
        let mut names: BTreeMap<EcoString, TargetGroups> = BTreeMap::new();
        for reference in &route.parents {
            let parent = match self.parent(reference, &route.namespace) {
                Ok(parent) => parent,
                Err(reason) => {
                    tracing::debug!(?reference, "skipping a parent of a route: {reason}");
                    continue;
                }
            };
            let targets = self.targets(&parent);
            let named = parent.listeners(&reference.section_name);
            for listener in named.filter(|it| self.takes(&parent, it, reference, route, wanted)) {
                for name in candidates(route, &listener.hostname) {
                    names.entry(name).or_default().extend(&targets);
                }
            }
        }
        names.values_mut().for_each(TargetGroups::normalise);
        names
    }

    /// The parent of this reference, or why it takes no route.
    fn parent(&self, reference: &ParentRef, own: &str) -> Result<Parent<'_>, &'static str> {
        if !reference.is_listener_set() {
            let gateway = self.gateway(reference.key(own)).ok_or("there is no such Gateway")?;
            return Ok(Parent { gateway, set: None });
        }
        let (namespace, name) = reference.key(own);
        let set = self.listener_sets.as_ref().and_then(|sets| sets.get(namespace, name));
        let set = set.filter(|set| self.filters.listener_sets.apply(&set.metadata).is_admitted());
        let set = set.ok_or("there is no such ListenerSet")?;
        let gateway = self.gateway(set.spec.parent_ref.key(namespace));
        let gateway = gateway.ok_or("there is no Gateway of the ListenerSet")?;
        let allowed = &gateway.spec.allowed_listeners.namespaces;
        if !self.allows(allowed, "None", &gateway.metadata, namespace) {
            return Err("its Gateway takes no ListenerSet of this namespace");
        }
        if !set.is_accepted() {
            return Err("the ListenerSet is not accepted");
        }
        Ok(Parent { gateway, set: Some(set) })
    }

    fn gateway(&self, (namespace, name): (&str, &str)) -> Option<&Gateway> {
        let gateway = self.gateways.get(namespace, name)?;
        let is_named = self.options.name.as_ref().is_none_or(|only| only == name);
        let is_selected = is_named && self.filters.gateways.apply(&gateway.metadata).is_admitted();
        is_selected.then_some(gateway)
    }

    /// Whether objects of this namespace may belong to the owner of the rule.
    fn allows(
        &self,
        rule: &AllowedNamespaces,
        default: &str,
        owner: &Metadata,
        namespace: &str,
    ) -> bool {
        let from = if rule.from.is_empty() { default } else { &rule.from };
        match from {
            "All" => true,
            "Same" => owner.namespace == namespace,
            "Selector" => {
                let Some(selector) = &rule.selector else { return false };
                let list = self.namespaces.as_ref();
                let Some(found) = list.and_then(|list| list.get("", namespace)) else {
                    tracing::error!(
                        namespace,
                        "there is no such namespace, whose labels a listener selects"
                    );
                    return false;
                };
                selector.selects(&found.metadata.labels)
            }
            _ => false,
        }
    }

    /// Whether a listener of a parent takes a route.
    fn takes(
        &self,
        parent: &Parent<'_>,
        listener: &Listener,
        reference: &ParentRef,
        route: &Waiting,
        wanted: Wanted,
    ) -> bool {
        let owner = parent.set.map_or(&parent.gateway.metadata, |set| &set.metadata);
        let allowed = &listener.allowed_routes;
        wanted.protocols.contains(&listener.protocol.as_str())
            && reference.port.is_none_or(|port| port == listener.port)
            && allowed.takes(wanted.kind)
            && self.allows(&allowed.namespaces, "Same", owner, &route.namespace)
            && parent.set.is_none_or(|set| set.has_accepted(listener))
    }

    /// The targets of an annotation, of the ListenerSet before that of the Gateway; else the addresses of the Gateway.
    fn targets(&self, parent: &Parent<'_>) -> TargetGroups {
        let annotated = |metadata: &Metadata| {
            let annotations: Annotations<'_> = self.vocabulary.read(&metadata.annotations);
            annotations.targets().collect::<TargetGroups>()
        };
        let of_set = parent.set.map(|set| annotated(&set.metadata)).unwrap_or_default();
        of_set
            .or_else(|| annotated(&parent.gateway.metadata))
            .or_else(|| parent.gateway.addresses().collect())
    }
}

impl<'a> Parent<'a> {
    /// The listener of this name, or all. Of several with one name the last counts.
    fn listeners(&self, section: &str) -> impl Iterator<Item = &'a Listener> + use<'a> {
        let all = self.set.map_or(&self.gateway.spec.listeners, |set| &set.spec.listeners);
        let named = all.iter().rfind(|listener| listener.name == section);
        let (all, named) = if section.is_empty() { (&all[..], None) } else { (&[][..], named) };
        all.iter().chain(named)
    }
}

/// The names that a route has at a listener.
fn candidates(route: &Waiting, listener: &str) -> impl Iterator<Item = EcoString> {
    let own = route.names.iter().map(Name::as_str);
    let any = route.takes_names_of_listeners.then_some("");
    own.chain(any).filter_map(move |name| intersection(listener, name))
}
