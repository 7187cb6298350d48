//! The sources that there are: one line each.

use crate::common::Common;
use crate::error::OptionsError;
use crate::gateway::{GrpcRoute, HttpRoute, RouteSource, TcpRoute, TlsRoute, UdpRoute};
use crate::source::{Definition, Source};
use crate::templates::{Templates, Views};

/// A source that can be named in `--source`.
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: &'static str,
    /// See [`Definition::KINDS`].
    kinds: &'static [&'static str],
    /// See [`Definition::views`].
    pub(crate) views: fn(Views, &Templates) -> Views,
    /// The source, as its flags have it.
    pub(crate) make: fn(&AllSources) -> Box<dyn Source>,
}

/// One source of the table.
macro_rules! entry {
    ($field:ident, $source:ty) => {
        Entry {
            name: <$source>::NAME,
            kinds: <$source>::KINDS,
            views: <$source>::views,
            make: |all| Box::new(all.$field.clone()),
        }
    };
}

/// Makes the table: of every source a field for its flags, a field for the source, and an entry. Sources that share the
/// flags of another one stand in brackets behind it.
macro_rules! sources {
    ($($field:ident: $source:ty $([$($more:ident: $sharing:ty,)*])?,)*) => {
        /// The flags that single sources have.
        #[derive(clap::Args, Clone, Debug)]
        #[group(skip)]
        pub(crate) struct SourceFlags {
            $(#[command(flatten)] $field: <$source as Definition>::Flags,)*
        }

        impl SourceFlags {
            /// See [`Definition::deprecation`].
            pub(crate) fn deprecations(&self) -> impl Iterator<Item = &'static str> {
                [$(<$source>::deprecation(&self.$field)),*].into_iter().flatten()
            }
        }

        /// All sources, each as its flags have it.
        #[derive(Clone, Debug)]
        pub(crate) struct AllSources {
            $($field: $source, $($($more: $sharing,)*)?)*
        }

        impl AllSources {
            pub(crate) fn read(flags: &SourceFlags, common: &Common) -> Result<Self, OptionsError> {
                Ok(Self {
                    $($field: <$source>::read(&flags.$field, common)?,
                    $($($more: <$sharing>::read(&flags.$field, common)?,)*)?)*
                })
            }
        }

        /// All sources, by name.
        pub(crate) const SOURCES: &[Entry] =
            &[$(entry!($field, $source), $($(entry!($more, $sharing),)*)?)*];
    };
}

/// The names of all sources, sorted.
pub(crate) fn all_names() -> Vec<&'static str> {
    let mut names: Vec<_> = SOURCES.iter().map(|entry| entry.name).collect();
    names.sort_unstable();
    names
}

sources! {
    ambassador_host: crate::ambassador_host::AmbassadorSource,
    cloudfoundry: crate::cloudfoundry::CloudFoundry,
    connector: crate::connector::Connector,
    contour_httpproxy: crate::contour_httpproxy::ContourSource,
    crd: crate::crd::CrdSource,
    empty: crate::empty::Empty,
    f5_transportserver: crate::f5::TransportServerSource,
    f5_virtualserver: crate::f5::VirtualServerSource,
    fake: crate::fake::Fake,
    gateway_httproute: RouteSource<HttpRoute> [
        gateway_grpcroute: RouteSource<GrpcRoute>,
        gateway_tlsroute: RouteSource<TlsRoute>,
        gateway_tcproute: RouteSource<TcpRoute>,
        gateway_udproute: RouteSource<UdpRoute>,
    ],
    gloo_proxy: crate::gloo_proxy::GlooSource,
    ingress: crate::ingress::IngressSource,
    istio_gateway: crate::istio::GatewaySource,
    istio_virtualservice: crate::istio::VirtualServiceSource,
    kong_tcpingress: crate::kong_tcpingress::KongSource,
    node: crate::node::NodeSource,
    openshift_route: crate::openshift_route::OpenshiftSource,
    pod: crate::pod::PodSource,
    service: crate::service::ServiceSource,
    skipper_routegroup: crate::skipper_routegroup::SkipperSource,
    traefik_proxy: crate::traefik_proxy::TraefikSource,
    unstructured: crate::unstructured::UnstructuredSource,
}

/// The source that makes records for an object, given as its ownership record names it; `None` for an object of a kind
/// that no source reads.
#[must_use]
pub fn source_of(resource: &str) -> Option<&'static str> {
    let (kind, _) = resource.split_once('/')?;
    source_of_kind(kind)
}

/// The same for the kind of an object.
pub(crate) fn source_of_kind(kind: &str) -> Option<&'static str> {
    let is_kind = |own: &str| own.eq_ignore_ascii_case(kind);
    let own = SOURCES.iter().find(|entry| entry.kinds.iter().any(|own| is_kind(own)));
    own.map(|entry| entry.name)
}

impl Entry {
    /// The source of this name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        SOURCES.iter().find(|entry| entry.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::{SOURCES, source_of};

    #[test]
    fn the_source_of_an_object_is_known_by_its_kind() {
        let table = [
            ("ingress/shop/web", Some("ingress")),
            ("service/shop/web", Some("service")),
            ("crd/dns/mail", Some("crd")),
            ("HTTPProxy/shop/web", Some("contour-httpproxy")),
            ("httproute/shop/web", Some("gateway-httproute")),
            ("ingresses/shop/web", None),
            ("ingress", None),
            ("", None),
        ];
        for (resource, expected) in table {
            assert_eq!(source_of(resource), expected, "{resource}");
        }
        for entry in SOURCES {
            for kind in entry.kinds {
                assert_eq!(source_of(&format!("{kind}/a/b")), Some(entry.name));
            }
        }
    }
}
