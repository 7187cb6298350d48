//! The sources that there are: one line each.

use std::sync::Arc;

use crate::crd::CrdSource;
use crate::empty::Empty;
use crate::fake::Fake;
use crate::ingress::IngressSource;
use crate::needs::{self, Row};
use crate::node::NodeSource;
use crate::pod::PodSource;
use crate::service::ServiceSource;
use crate::source::{Context, Source};

/// A source that can be named in `--source`.
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does to a cluster; nothing if it needs none.
    pub(crate) needs: &'static [Row],
    make: fn(&Arc<Context>) -> Box<dyn Source>,
}

/// All sources, by name.
pub(crate) const SOURCES: [Entry; 7] = [
    Entry { name: "crd", needs: needs::CRD, make: |c| Box::new(CrdSource::new(c)) },
    Entry { name: "empty", needs: &[], make: |_| Box::new(Empty) },
    Entry { name: "fake", needs: &[], make: |_| Box::new(Fake) },
    Entry { name: "ingress", needs: needs::INGRESS, make: |c| Box::new(IngressSource::new(c)) },
    Entry { name: "node", needs: needs::NODE, make: |c| Box::new(NodeSource::new(c)) },
    Entry { name: "pod", needs: needs::POD, make: |c| Box::new(PodSource::new(c)) },
    Entry { name: "service", needs: needs::SERVICE, make: |c| Box::new(ServiceSource::new(c)) },
];

/// Which source makes records for which kind of object, as ownership records name it (`ingress/shop/web`). Also
/// sources of other versions: they may have made records that are in a zone now.
const KINDS: [(&str, &str); 22] = [
    ("crd", "crd"),
    ("fake", "fake"),
    ("ingress", "ingress"),
    ("service", "service"),
    ("node", "node"),
    ("pod", "pod"),
    ("gateway", "istio-gateway"),
    ("grpcroute", "gateway-grpcroute"),
    ("host", "ambassador-host"),
    ("httpproxy", "contour-httpproxy"),
    ("httproute", "gateway-httproute"),
    ("ingressroute", "traefik-proxy"),
    ("ingressroutetcp", "traefik-proxy"),
    ("ingressrouteudp", "traefik-proxy"),
    ("route", "openshift-route"),
    ("routegroup", "skipper-routegroup"),
    ("tcpingress", "kong-tcpingress"),
    ("tcproute", "gateway-tcproute"),
    ("tlsroute", "gateway-tlsroute"),
    ("transportserver", "f5-transportserver"),
    ("udproute", "gateway-udproute"),
    ("virtualserver", "f5-virtualserver"),
];

/// The source that makes records for an object, given as its ownership record names it; `None` for an object of a kind
/// that no source reads.
#[must_use]
pub fn source_of(resource: &str) -> Option<&'static str> {
    let (kind, _) = resource.split_once('/')?;
    KINDS.iter().find(|(own, _)| own.eq_ignore_ascii_case(kind)).map(|(_, source)| *source)
}

impl Entry {
    /// The source of this name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        SOURCES.iter().find(|entry| entry.name == name)
    }

    /// Makes the source.
    pub(crate) fn make(&self, context: &Arc<Context>) -> Box<dyn Source> {
        (self.make)(context)
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
        for entry in SOURCES.iter().filter(|entry| !entry.needs.is_empty()) {
            assert_eq!(source_of(&format!("{}/a/b", entry.name)), Some(entry.name));
        }
    }
}
