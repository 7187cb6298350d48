//! What is read of the Proxies of Gloo Edge (`gloo.solo.io`), and of the VirtualServices and Gateways behind them
//! (`gateway.solo.io`).

use std::collections::BTreeMap;

use ecow::EcoString;
use extdns_clusters::Metadata;
use extdns_template::Type;

use crate::objects::{parts, projection, without_port};
use crate::templates::schemas::{NOTHING, Seen, schema};

parts! {
    pub(crate) struct Proxy {
        pub(super) metadata: Metadata,
        spec: Spec,
    }
    struct Spec as "ProxySpec" { listeners as "Listeners": Vec<Listener>, }
    struct Listener as "Listener" {
        http_listener as "HTTPListener": HttpListener,
        aggregate_listener as "AggregateListener": AggregateListener,
        metadata_static as "MetadataStatic": StaticSources,
    }
    struct HttpListener as "HTTPListener" { virtual_hosts as "VirtualHosts": Vec<VirtualHost>, }
    struct AggregateListener as "AggregateListener" {
        http_filter_chains as "HTTPFilterChains": Vec<FilterChain>,
        http_resources as "HTTPResources": HttpResources,
    }
    struct FilterChain as "HTTPFilterChain" { virtual_host_refs as "VirtualHostRefs": Vec<EcoString>, }
    struct HttpResources as "HTTPResources" { virtual_hosts as "VirtualHosts": BTreeMap<EcoString, VirtualHost>, }
    /// A virtual host, with what it was made of.
    pub(super) struct VirtualHost as "VirtualHost" {
        domains as "Domains": Vec<EcoString>,
        metadata as "Metadata": Sources,
        metadata_static as "MetadataStatic": StaticSources,
    }
    struct Sources as "Metadata" { sources as "Source": Vec<Source> = Type::Keyed("sources", &Vec::<Source>::TYPE), }
    struct Source as "Source" {
        kind as "Kind": EcoString,
        name as "Name": EcoString,
        namespace as "Namespace": EcoString,
    }
    struct StaticSources as "MetadataStatic" {
        sources as "Source": Vec<StaticSource> = Type::Keyed("sources", &Vec::<StaticSource>::TYPE),
    }
    struct StaticSource as "StaticSource" {
        resource_kind as "ResourceKind": EcoString,
        resource_ref as "ResourceRef": Ref,
    }
    struct Ref as "ResourceRef" {
        name as "Name": EcoString,
        namespace as "Namespace": EcoString,
    }
    /// A VirtualService: its annotations alone.
    pub(crate) struct VirtualService { pub(super) metadata: Metadata, }
    /// A Gateway: its annotations alone.
    pub(crate) struct Gateway { pub(super) metadata: Metadata, }
}

projection!(Proxy: "gloo.solo.io", ["v1"], "proxies", true);
projection!(VirtualService: "gateway.solo.io", ["v1"], "virtualservices", true);
projection!(Gateway: "gateway.solo.io", ["v1"], "gateways", true);
schema!(Proxy: Spec::SEEN, NOTHING);

/// How a Proxy calls the kinds that it is made of.
const VIRTUAL_SERVICE: &str = "*v1.VirtualService";
const GATEWAY: &str = "*v1.Gateway";

impl StaticSources {
    /// Namespace and name of those of a kind.
    fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = (&str, &str)> {
        let all = self.sources.iter().filter(move |own| own.resource_kind == kind);
        all.map(|StaticSource { resource_ref: own, .. }| (&*own.namespace, &*own.name))
    }
}

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

    /// The gateways that its listeners were made of, by namespace and name.
    pub(super) fn gateways(&self) -> impl Iterator<Item = (&str, &str)> {
        self.spec.listeners.iter().flat_map(|own| own.metadata_static.of_kind(GATEWAY))
    }
}

impl VirtualHost {
    /// Its names: a domain can have a port, and stand for every name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let bare = self.domains.iter().map(|domain| without_port(domain));
        bare.filter(|host| !host.is_empty() && *host != "*")
    }

    /// The VirtualServices that it was made of, by namespace and name.
    pub(super) fn virtual_services(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.metadata.sources.iter().filter(|own| own.kind == VIRTUAL_SERVICE);
        let own = own.map(|own| (&*own.namespace, &*own.name));
        own.chain(self.metadata_static.of_kind(VIRTUAL_SERVICE))
    }
}
