//! What is read of routes, and of the objects that they are joined with.

use ecow::EcoString;
use extdns_clusters::{LabelSelector, Metadata, nullable};
use serde::Deserialize;

use crate::objects::{LoadBalancerStatus, projection};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Route {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) spec: RouteSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RouteSpec {
    #[serde(deserialize_with = "nullable")]
    pub(super) parent_refs: Vec<ParentRef>,
    #[serde(deserialize_with = "nullable")]
    pub(super) hostnames: Vec<EcoString>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ParentRef {
    #[serde(deserialize_with = "nullable")]
    pub(super) namespace: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(super) name: EcoString,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Gateway {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    spec: GatewaySpec,
    #[serde(default, deserialize_with = "nullable")]
    status: GatewayStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct GatewaySpec {
    #[serde(deserialize_with = "nullable")]
    listeners: Vec<Listener>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Listener {
    #[serde(deserialize_with = "nullable")]
    allowed_routes: AllowedRoutes,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct AllowedRoutes {
    #[serde(deserialize_with = "nullable")]
    namespaces: RouteNamespaces,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RouteNamespaces {
    #[serde(deserialize_with = "nullable")]
    from: From,
    selector: Option<LabelSelector>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum From {
    #[default]
    Same,
    All,
    Selector,
    #[serde(other)]
    Other,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct GatewayStatus {
    #[serde(deserialize_with = "nullable")]
    addresses: Vec<Address>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Address {
    #[serde(deserialize_with = "nullable")]
    value: EcoString,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Namespace {
    #[serde(default)]
    pub(super) metadata: Metadata,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Ingress {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) status: LoadBalancerStatus,
}

impl Gateway {
    /// Whether a listener asks for the labels of namespaces.
    pub(super) fn selects_namespaces(&self) -> bool {
        let mut listeners = self.spec.listeners.iter();
        listeners.any(|own| own.allowed_routes.namespaces.from == From::Selector)
    }

    /// Whether a listener takes routes of a namespace; nobody knows its labels where it does not exist.
    pub(super) fn takes_routes_of(&self, name: &str, namespace: Option<&Namespace>) -> bool {
        let mut listeners = self.spec.listeners.iter().map(|own| &own.allowed_routes.namespaces);
        listeners.any(|allowed| match allowed.from {
            From::Same => self.metadata.namespace == name,
            From::All => true,
            From::Selector => {
                let both = allowed.selector.as_ref().zip(namespace);
                both.is_some_and(|(own, namespace)| own.selects(&namespace.metadata.labels))
            }
            From::Other => false,
        })
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.status.addresses.iter().map(|address| address.value.as_str())
    }
}

projection!(Route as "HTTPRoute": "gateway.networking.k8s.io", ["v1", "v1beta1"], "httproutes", true);
projection!(Gateway: "gateway.networking.k8s.io", ["v1", "v1beta1"], "gateways", true);
projection!(Namespace: "", "namespaces", false);
projection!(Ingress: "networking.k8s.io", "ingresses", true);
