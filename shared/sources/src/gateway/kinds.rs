//! The five kinds of routes: what tells one source from the other.

use extdns_clusters::ResourceType;
use extdns_model::{KindName, ResourceKind};

/// The group of everything in the Gateway API.
pub(super) const GROUP: &str = "gateway.networking.k8s.io";

/// A kind of route.
pub(crate) trait RouteKind: Clone + std::fmt::Debug + Send + Sync + 'static {
    /// The name of the source.
    const NAME: &'static str;
    /// The kind in resource labels.
    const LABEL: ResourceKind;
    const RESOURCE: ResourceType;
    const OLDER_VERSIONS: &'static [&'static str];
    /// The protocols of listeners that take such a route.
    const PROTOCOLS: &'static [&'static str];
    /// Whether such a route has host names of its own.
    const HAS_HOSTNAMES: bool;
}

macro_rules! kinds {
    ($($name:ident $source:literal $label:literal $kind:literal $plural:literal
        [$newest:literal, $($older:literal),*] $protocols:expr, $has_hostnames:literal;)*) => {$(
        #[derive(Clone, Debug)]
        pub(crate) struct $name;

        impl RouteKind for $name {
            const NAME: &'static str = $source;
            const LABEL: ResourceKind = ResourceKind::new(&KindName::Labelled($label));
            const RESOURCE: ResourceType = ResourceType {
                group: GROUP,
                version: $newest,
                plural: $plural,
                kind: $kind,
                namespaced: true,
            };
            const OLDER_VERSIONS: &'static [&'static str] = &[$($older),*];
            const PROTOCOLS: &'static [&'static str] = &$protocols;
            const HAS_HOSTNAMES: bool = $has_hostnames;
        }
    )*};
}

kinds! {
    HttpRoute "gateway-httproute" "httproute" "HTTPRoute" "httproutes"
        ["v1", "v1beta1"] ["HTTP", "HTTPS"], true;
    GrpcRoute "gateway-grpcroute" "grpcroute" "GRPCRoute" "grpcroutes"
        ["v1", "v1alpha2"] ["HTTP", "HTTPS"], true;
    TlsRoute "gateway-tlsroute" "tlsroute" "TLSRoute" "tlsroutes"
        ["v1", "v1alpha3", "v1alpha2"] ["TLS"], true;
    // Here the experimental version is preferred, as upstream does: it has been served the longest.
    TcpRoute "gateway-tcproute" "tcproute" "TCPRoute" "tcproutes"
        ["v1alpha2", "v1"] ["TCP", "TLS"], false;
    UdpRoute "gateway-udproute" "udproute" "UDPRoute" "udproutes"
        ["v1alpha2", "v1"] ["UDP"], false;
}
