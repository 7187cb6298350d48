//! What is read of a Host, and how it names its Service.

use std::fmt;

use ecow::EcoString;
use extdns_clusters::Metadata;

use crate::objects::{parts, projection};

parts! {
    pub(crate) struct Host {
        pub(super) metadata: Metadata,
        spec: Spec,
    }

    struct Spec {
        hostname: EcoString,
    }
}

projection!(Host: "getambassador.io", ["v3alpha1", "v2"], "hosts", true);

impl Host {
    /// Its name, if it has one.
    pub(super) fn hostname(&self) -> impl Iterator<Item = &EcoString> {
        std::iter::once(&self.spec.hostname).filter(|name| !name.is_empty())
    }
}

/// The Service that a Host names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServiceRef {
    pub(super) namespace: EcoString,
    pub(super) name: EcoString,
}

impl ServiceRef {
    /// `namespace/name`, `name.namespace`, or `name` in the namespace `default`, whatever the Host's own.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (namespace, name) = match text.split_once('/') {
            Some((_, name)) if name.contains('/') => return None,
            Some(both) => both,
            None => match text.split_once('.') {
                Some((name, namespace)) => (namespace, name),
                None => ("default", text),
            },
        };
        Some(Self { namespace: namespace.into(), name: name.into() })
    }
}

/// `namespace/name`
impl fmt::Display for ServiceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::ServiceRef;

    #[test]
    fn services_are_named_in_three_ways() {
        let table = [
            ("svc", Some("default/svc")),
            ("ns/svc", Some("ns/svc")),
            ("svc.ns", Some("ns/svc")),
            ("svc.ns.foo.bar", Some("ns.foo.bar/svc")),
            ("a/b/c", None),
            ("a/b/c/d", None),
        ];
        for (text, expected) in table {
            let parsed = ServiceRef::parse(text).map(|parsed| parsed.to_string());
            assert_eq!(parsed.as_deref(), expected, "{text}");
        }
    }
}
