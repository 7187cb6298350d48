//! What is read of the routers of Traefik: IngressRoute, IngressRouteTCP and IngressRouteUDP, in both groups.

use ecow::EcoString;
use extdns_clusters::{Metadata, ResourceType, nullable};
use extdns_model::{KindName, ResourceKind};
use extdns_template::{Schema, Type};
use serde::Deserialize;

use crate::objects::projection;
use crate::templates::Templated;
use crate::templates::schemas::{NOTHING, schema, structs};

/// A router of any kind.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Router {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) spec: Spec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spec {
    #[serde(deserialize_with = "nullable")]
    pub(super) routes: Vec<Route>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Route {
    /// The rule; routers of UDP have none.
    #[serde(rename = "match", deserialize_with = "nullable")]
    pub(super) rule: EcoString,
}

projection!(Router as "IngressRoute": "traefik.io", ["v1alpha1"], "ingressroutes", true);

/// The group of Traefik up to version 2.
pub(super) const LEGACY: &str = "traefik.containo.us";
/// The group of Traefik from version 2.10 on.
pub(super) const CURRENT: &str = "traefik.io";

/// A kind of router.
#[derive(Clone, Copy)]
pub(super) struct RouterKind {
    kind: &'static str,
    plural: &'static str,
    /// The kind in labels, and for records of templates, which have none.
    pub(super) label: ResourceKind,
    pub(super) unlabelled: ResourceKind,
    /// Whether its routes have rules.
    pub(super) has_rules: bool,
}

impl RouterKind {
    /// All of them, in the order in which they are read.
    pub(super) const ALL: [Self; 3] = [
        Self {
            kind: "IngressRoute",
            plural: "ingressroutes",
            label: ResourceKind::new(&KindName::Labelled("ingressroute")),
            unlabelled: ResourceKind::new(&KindName::Unlabelled("ingressroute")),
            has_rules: true,
        },
        Self {
            kind: "IngressRouteTCP",
            plural: "ingressroutetcps",
            label: ResourceKind::new(&KindName::Labelled("ingressroutetcp")),
            unlabelled: ResourceKind::new(&KindName::Unlabelled("ingressroutetcp")),
            has_rules: true,
        },
        Self {
            kind: "IngressRouteUDP",
            plural: "ingressrouteudps",
            label: ResourceKind::new(&KindName::Labelled("ingressrouteudp")),
            unlabelled: ResourceKind::new(&KindName::Unlabelled("ingressrouteudp")),
            has_rules: false,
        },
    ];

    /// Where a group has it.
    pub(super) fn of(self, group: &'static str) -> ResourceType {
        let Self { kind, plural, .. } = self;
        ResourceType { group, version: "v1alpha1", plural, kind, namespaced: true }
    }
}

structs! {
    ROUTE as ROUTE_T "Route" {
        "Match": Type::Text,
    }
    SPEC "IngressRouteSpec" {
        "Routes": Type::List(&ROUTE_T),
    }
}

schema!(ROUTER, SPEC, NOTHING);

impl Templated for Router {
    const SCHEMA: &'static Schema = &ROUTER;
}
