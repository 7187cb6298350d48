//! What is read of routes, and of the objects that they are joined with.

use std::marker::PhantomData;

use ecow::EcoString;
use extdns_clusters::{LabelSelector, Metadata, Projection, ResourceType};
use extdns_template::{Schema, Struct, Type};
use serde::Deserialize;

use super::kinds::{GROUP, RouteKind};
use crate::objects::{Condition, is_true, parts, projection};
use crate::templates::Templated;
use crate::templates::schemas::{INT, STRICT, Seen, TEXT, schema};

/// A route of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent, bound = "")]
pub(crate) struct Route<K> {
    object: AnyRoute,
    #[serde(skip)]
    kind: PhantomData<K>,
}

parts! {
    struct AnyRoute {
        metadata: Metadata,
        spec: RouteSpec,
        status: RouteStatus,
    }

    /// Routes of TCP and UDP have no host names.
    pub(super) struct RouteSpec as "RouteSpec" {
        parent_refs as "ParentRefs": Vec<ParentRef>,
        hostnames as "Hostnames": Vec<EcoString>,
        + "Rules": Type::List(&STRICT),
    }

    pub(super) struct RouteStatus as "RouteStatus" {
        parents as "Parents": Vec<ParentStatus>,
    }

    struct ParentStatus as "RouteParentStatus" {
        parent_ref as "ParentRef": ParentRef,
        conditions as "Conditions": Vec<Condition> = Type::List(&STRICT),
        + "ControllerName": Type::Text,
    }

    /// The Gateway or ListenerSet that a route belongs to. An empty text counts as absent.
    pub(super) struct ParentRef as "ParentReference" {
        group as "Group": EcoString = Type::Optional(&TEXT),
        pub(super) kind as "Kind": EcoString = Type::Optional(&TEXT),
        namespace as "Namespace": EcoString = Type::Optional(&TEXT),
        name as "Name": EcoString,
        /// The name of one listener; empty for all.
        pub(super) section_name as "SectionName": EcoString = Type::Optional(&TEXT),
        pub(super) port as "Port": Option<u16> = Type::Optional(&INT),
    }

    pub(crate) struct Gateway {
        pub(super) metadata: Metadata,
        pub(super) spec: GatewaySpec,
        pub(super) status: GatewayStatus,
    }

    pub(super) struct GatewaySpec {
        pub(super) listeners: Vec<Listener>,
        /// Which ListenerSets are taken.
        pub(super) allowed_listeners: Allowed,
    }

    pub(super) struct GatewayStatus {
        pub(super) addresses: Vec<Address>,
    }

    pub(super) struct Address {
        pub(super) value: EcoString,
    }

    pub(super) struct Listener {
        pub(super) name: EcoString,
        /// Empty for every name.
        pub(super) hostname: EcoString,
        pub(super) port: u16,
        pub(super) protocol: EcoString,
        pub(super) allowed_routes: Allowed,
    }

    /// What a listener, or a Gateway, takes.
    pub(super) struct Allowed {
        pub(super) namespaces: AllowedNamespaces,
        /// Empty for those that the protocol takes.
        kinds: Vec<AllowedKind>,
    }

    pub(super) struct AllowedNamespaces {
        /// Empty for the default, which is another one for routes than for ListenerSets.
        pub(super) from: EcoString,
        pub(super) selector: Option<LabelSelector>,
    }

    struct AllowedKind {
        group: EcoString,
        kind: EcoString,
    }

    pub(crate) struct ListenerSet {
        pub(super) metadata: Metadata,
        pub(super) spec: ListenerSetSpec,
        status: ListenerSetStatus,
    }

    pub(super) struct ListenerSetSpec {
        /// Its Gateway, whatever kind and group say.
        pub(super) parent_ref: ParentRef,
        pub(super) listeners: Vec<Listener>,
    }

    struct ListenerSetStatus {
        conditions: Vec<Condition>,
        listeners: Vec<ListenerStatus>,
    }

    struct ListenerStatus {
        name: EcoString,
        conditions: Vec<Condition>,
    }
}

projection!(Gateway: "gateway.networking.k8s.io", ["v1", "v1beta1"], "gateways", true);
projection!(ListenerSet: "gateway.networking.k8s.io", "listenersets", true);

impl<K: RouteKind> Projection for Route<K> {
    const RESOURCE: ResourceType = K::RESOURCE;
    const OLDER_VERSIONS: &'static [&'static str] = K::OLDER_VERSIONS;

    fn metadata(&self) -> &Metadata {
        &self.object.metadata
    }

    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.object.metadata
    }
}

/// What templates see of a route without host names of its own.
const WITHOUT_HOSTNAMES: Struct = Struct {
    name: RouteSpec::SEEN.name,
    fields: &[("ParentRefs", Vec::<ParentRef>::TYPE), ("Rules", Type::List(&STRICT))],
};
schema!(NAMED, RouteSpec::SEEN, RouteStatus::SEEN);
schema!(UNNAMED, WITHOUT_HOSTNAMES, RouteStatus::SEEN);

impl<K: RouteKind> Templated for Route<K> {
    const SCHEMA: &'static Schema = if K::HAS_HOSTNAMES { &NAMED } else { &UNNAMED };
}

impl<K: RouteKind> Route<K> {
    /// The host names of its own that are not empty.
    pub(super) fn hostnames(&self) -> impl Iterator<Item = &EcoString> {
        let own: &[EcoString] = if K::HAS_HOSTNAMES { &self.object.spec.hostnames } else { &[] };
        own.iter().filter(|name| !name.is_empty())
    }

    /// The parents that its spec names. A Service of a mesh is none.
    pub(super) fn named_parents(&self) -> impl Iterator<Item = &ParentRef> {
        let own = self.object.metadata.namespace.as_str();
        let is_known = move |it: &&ParentRef| {
            matches!(it.identity(own), (GROUP, "Gateway" | "ListenerSet", _))
        };
        self.object.spec.parent_refs.iter().filter(is_known)
    }

    /// The parents that have accepted it, of those that its spec still names.
    pub(super) fn parents(&self) -> Box<[ParentRef]> {
        let own = self.object.metadata.namespace.as_str();
        let is_named = |it: &&ParentRef| {
            self.named_parents().any(|named| named.identity(own) == it.identity(own))
        };
        let parents = self.object.status.parents.iter();
        let accepted = parents.filter(|it| is_true(&it.conditions, ACCEPTED));
        accepted.map(|it| &it.parent_ref).filter(is_named).cloned().collect()
    }
}

/// The condition of what a parent takes.
const ACCEPTED: &str = "Accepted";

fn or<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}

impl ParentRef {
    /// Namespace and name, for an object in this namespace.
    pub(super) fn key<'a>(&'a self, own: &'a str) -> (&'a str, &'a str) {
        (or(&self.namespace, own), &self.name)
    }

    fn identity<'a>(&'a self, own: &'a str) -> (&'a str, &'a str, (&'a str, &'a str)) {
        (or(&self.group, GROUP), or(&self.kind, "Gateway"), self.key(own))
    }
}

impl Allowed {
    /// Whether a route of this kind is taken.
    pub(super) fn takes(&self, kind: &str) -> bool {
        let is_own = |own: &AllowedKind| or(&own.group, GROUP) == GROUP && own.kind == kind;
        self.kinds.is_empty() || self.kinds.iter().any(is_own)
    }
}

impl ListenerSet {
    /// Whether the Gateway has taken the set, and this listener of it.
    pub(super) fn has_accepted(&self, listener: &Listener) -> bool {
        let status = self.status.listeners.iter().find(|status| status.name == listener.name);
        is_true(&self.status.conditions, ACCEPTED)
            && status.is_some_and(|status| is_true(&status.conditions, ACCEPTED))
    }
}
