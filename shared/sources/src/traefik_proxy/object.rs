//! What is read of the routers of Traefik: IngressRoute, IngressRouteTCP and IngressRouteUDP, in both groups.

use ecow::EcoString;
use extdns_clusters::{Metadata, ResourceType};
use extdns_model::KindName;

use crate::objects::{parts, projection};
use crate::templates::schemas::{NOTHING, schema};

parts! {
    /// A router of any kind.
    pub(crate) struct Router {
        pub(super) metadata: Metadata,
        pub(super) spec: Spec,
    }

    pub(super) struct Spec as "IngressRouteSpec" {
        pub(super) routes as "Routes": Vec<Route>,
    }

    pub(super) struct Route as "Route" {
        /// The rule; routers of UDP have none.
        #[serde(rename = "match")]
        pub(super) rule as "Match": EcoString,
    }
}

projection!(Router as "IngressRoute": "traefik.io", ["v1alpha1"], "ingressroutes", true);

/// The group of Traefik up to version 2.
pub(super) const LEGACY: &str = "traefik.containo.us";
/// The group of Traefik from version 2.10 on.
pub(super) const CURRENT: &str = "traefik.io";

/// A kind of router.
#[derive(Clone, Copy, Debug)]
pub(super) struct RouterKind {
    kind: &'static str,
    plural: &'static str,
    /// The kind in labels.
    pub(super) label: &'static KindName,
    /// Whether its routes have rules.
    pub(super) has_rules: bool,
}

impl RouterKind {
    /// All of them, in the order in which they are read.
    pub(super) const ALL: [Self; 3] = [
        Self {
            kind: "IngressRoute",
            plural: "ingressroutes",
            label: &KindName::Labelled("ingressroute"),
            has_rules: true,
        },
        Self {
            kind: "IngressRouteTCP",
            plural: "ingressroutetcps",
            label: &KindName::Labelled("ingressroutetcp"),
            has_rules: true,
        },
        Self {
            kind: "IngressRouteUDP",
            plural: "ingressrouteudps",
            label: &KindName::Labelled("ingressrouteudp"),
            has_rules: false,
        },
    ];

    /// Where a group has it.
    pub(super) fn of(self, group: &'static str) -> ResourceType {
        let Self { kind, plural, .. } = self;
        ResourceType { group, version: "v1alpha1", plural, kind, namespaced: true }
    }
}

schema!(Router: Spec::SEEN, NOTHING);
