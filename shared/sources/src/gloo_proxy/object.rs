//! What is read of the Proxies of Gloo Edge (`gloo.solo.io`), and of the VirtualServices and Gateways behind them
//! (`gateway.solo.io`).

use std::collections::BTreeMap;
use std::fmt;

use ecow::EcoString;
use extdns_clusters::{Metadata, nullable};
use extdns_template::{Schema, Type};
use serde::Deserialize;

use crate::objects::projection;
use crate::templates::Templated;
use crate::templates::schemas::{NOTHING, TEXT, schema, structs};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Proxy {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) spec: Spec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spec {
    #[serde(deserialize_with = "nullable")]
    listeners: Vec<Listener>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Listener {
    #[serde(deserialize_with = "nullable")]
    http_listener: HttpListener,
    #[serde(deserialize_with = "nullable")]
    aggregate_listener: AggregateListener,
    #[serde(deserialize_with = "nullable")]
    metadata_static: Sources<StaticSource>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HttpListener {
    #[serde(deserialize_with = "nullable")]
    virtual_hosts: Vec<VirtualHost>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AggregateListener {
    #[serde(deserialize_with = "nullable")]
    http_filter_chains: Vec<FilterChain>,
    #[serde(deserialize_with = "nullable")]
    http_resources: HttpResources,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FilterChain {
    #[serde(deserialize_with = "nullable")]
    virtual_host_refs: Vec<EcoString>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HttpResources {
    #[serde(deserialize_with = "nullable")]
    virtual_hosts: BTreeMap<EcoString, VirtualHost>,
}

/// A virtual host, with what it was made of.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct VirtualHost {
    #[serde(deserialize_with = "nullable")]
    domains: Vec<EcoString>,
    #[serde(deserialize_with = "nullable")]
    metadata: Sources<Source>,
    #[serde(deserialize_with = "nullable")]
    metadata_static: Sources<StaticSource>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(bound(deserialize = "S: Deserialize<'de>"))]
struct Sources<S> {
    #[serde(default = "Vec::new", deserialize_with = "nullable")]
    sources: Vec<S>,
}

impl<S> Default for Sources<S> {
    fn default() -> Self {
        Self { sources: Vec::new() }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    #[serde(deserialize_with = "nullable")]
    kind: EcoString,
    #[serde(deserialize_with = "nullable")]
    name: EcoString,
    #[serde(deserialize_with = "nullable")]
    namespace: EcoString,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StaticSource {
    #[serde(deserialize_with = "nullable")]
    resource_kind: EcoString,
    #[serde(deserialize_with = "nullable")]
    resource_ref: Ref,
}

/// An object that another one names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Ref {
    #[serde(deserialize_with = "nullable")]
    pub(crate) namespace: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(crate) name: EcoString,
}

/// `namespace/name`
impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// How a Proxy calls the kinds that it is made of.
const VIRTUAL_SERVICE: &str = "*v1.VirtualService";
const GATEWAY: &str = "*v1.Gateway";

impl Proxy {
    /// Its virtual hosts: of each listener those that stand in it, then those that its filter chains name.
    pub(super) fn virtual_hosts(&self) -> impl Iterator<Item = &VirtualHost> {
        self.spec.listeners.iter().flat_map(|listener| {
            let AggregateListener { http_filter_chains, http_resources } =
                &listener.aggregate_listener;
            let refs = http_filter_chains.iter().flat_map(|chain| &chain.virtual_host_refs);
            let named = refs.filter_map(|key| http_resources.virtual_hosts.get(key));
            listener.http_listener.virtual_hosts.iter().chain(named)
        })
    }

    /// The gateways that its listeners were made of.
    pub(super) fn gateways(&self) -> impl Iterator<Item = &Ref> {
        let sources = self.spec.listeners.iter().flat_map(|own| &own.metadata_static.sources);
        sources.filter(|source| source.resource_kind == GATEWAY).map(|source| &source.resource_ref)
    }
}

impl VirtualHost {
    /// Its names: a domain can have a port, and stand for every name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let bare = self.domains.iter().map(|domain| match domain.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => domain,
        });
        bare.filter(|host| !host.is_empty() && *host != "*")
    }

    /// The VirtualServices that it was made of.
    pub(super) fn virtual_services(&self) -> impl Iterator<Item = Ref> {
        let own = self.metadata.sources.iter().filter(|source| source.kind == VIRTUAL_SERVICE);
        let own = own.map(|Source { namespace, name, .. }| Ref {
            namespace: namespace.clone(),
            name: name.clone(),
        });
        let fixed = self.metadata_static.sources.iter();
        let fixed = fixed.filter(|source| source.resource_kind == VIRTUAL_SERVICE);
        own.chain(fixed.map(|source| source.resource_ref.clone()))
    }
}

/// A VirtualService: its annotations alone.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct VirtualService {
    #[serde(default)]
    pub(super) metadata: Metadata,
}

/// A Gateway: its annotations alone.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Gateway {
    #[serde(default)]
    pub(super) metadata: Metadata,
}

projection!(Proxy: "gloo.solo.io", ["v1"], "proxies", true);
projection!(VirtualService: "gateway.solo.io", ["v1"], "virtualservices", true);
projection!(Gateway: "gateway.solo.io", ["v1"], "gateways", true);

structs! {
    REF "ResourceRef" {
        "Name": Type::Text,
        "Namespace": Type::Text,
    }
    SOURCE as SOURCE_T "Source" {
        "Kind": Type::Text,
        "Name": Type::Text,
        "Namespace": Type::Text,
    }
    STATIC_SOURCE as STATIC_SOURCE_T "StaticSource" {
        "ResourceKind": Type::Text,
        "ResourceRef": Type::Struct(&REF),
    }
    SOURCES "Metadata" {
        "Source": Type::Keyed("sources", &LIST_OF_SOURCES),
    }
    STATIC_SOURCES "MetadataStatic" {
        "Source": Type::Keyed("sources", &LIST_OF_STATIC_SOURCES),
    }
    VIRTUAL_HOST as VIRTUAL_HOST_T "VirtualHost" {
        "Domains": Type::List(&TEXT),
        "Metadata": Type::Struct(&SOURCES),
        "MetadataStatic": Type::Struct(&STATIC_SOURCES),
    }
    HTTP_LISTENER "HTTPListener" {
        "VirtualHosts": Type::List(&VIRTUAL_HOST_T),
    }
    FILTER_CHAIN as FILTER_CHAIN_T "HTTPFilterChain" {
        "VirtualHostRefs": Type::List(&TEXT),
    }
    HTTP_RESOURCES "HTTPResources" {
        "VirtualHosts": Type::Map(&VIRTUAL_HOST_T),
    }
    AGGREGATE_LISTENER "AggregateListener" {
        "HTTPFilterChains": Type::List(&FILTER_CHAIN_T),
        "HTTPResources": Type::Struct(&HTTP_RESOURCES),
    }
    LISTENER as LISTENER_T "Listener" {
        "HTTPListener": Type::Struct(&HTTP_LISTENER),
        "AggregateListener": Type::Struct(&AGGREGATE_LISTENER),
        "MetadataStatic": Type::Struct(&STATIC_SOURCES),
    }
    SPEC "ProxySpec" {
        "Listeners": Type::List(&LISTENER_T),
    }
}

static LIST_OF_SOURCES: Type = Type::List(&SOURCE_T);
static LIST_OF_STATIC_SOURCES: Type = Type::List(&STATIC_SOURCE_T);

schema!(PROXY, SPEC, NOTHING);

impl Templated for Proxy {
    const SCHEMA: &'static Schema = &PROXY;
}

#[cfg(test)]
mod tests {
    use super::VirtualHost;

    #[test]
    fn domains_are_names_without_their_port() {
        let domains = ["a.test", "b.test:443", "*", "*:80", "*.c.test", "d.test:http", ""];
        let domains = domains.map(Into::into).to_vec();
        let host = VirtualHost { domains, ..VirtualHost::default() };
        let names: Vec<_> = host.names().collect();
        assert_eq!(names, ["a.test", "b.test", "*.c.test", "d.test:http"]);
    }
}
