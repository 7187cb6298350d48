//! Whether a Gateway serves a name of a VirtualService
//! (<https://istio.io/latest/docs/reference/config/networking/gateway/#Server>).

use ecow::EcoString;

use super::object::Gateway;

/// A name of a VirtualService, as gateways are asked for it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The namespace of the VirtualService.
    pub(super) namespace: &'a str,
    /// The namespaces that may see it.
    pub(super) export_to: &'a [EcoString],
    pub(super) name: &'a str,
}

/// Whether the gateway sees the VirtualService, and one of its hosts admits the name. Letters are compared as they are.
pub(super) fn binds(asked: Asked<'_>, gateway: &Gateway) -> bool {
    let is_same = asked.namespace == gateway.metadata.namespace;
    let is_exported = |to: &EcoString| match to.as_str() {
        "*" => true,
        "." => is_same,
        namespace => namespace == gateway.metadata.namespace,
    };
    let is_visible = asked.export_to.is_empty() || asked.export_to.iter().any(is_exported);
    is_visible && gateway.hosts().any(|text| admits(text, asked, is_same))
}

/// Whether a host of a gateway, `host` or `namespace/host`, admits the name.
fn admits(text: &str, asked: Asked<'_>, is_same: bool) -> bool {
    let (namespace, host) =
        text.split_once('/').map_or((None, text), |(ns, host)| (Some(ns), host));
    let is_from = match namespace {
        None | Some("*") => true,
        Some(".") => is_same,
        Some(namespace) => namespace == asked.namespace,
    };
    let name = asked.name;
    let is_below = |suffix: &str| suffix.starts_with('.') && name.ends_with(suffix);
    is_from && (host == "*" || host == name || host.strip_prefix('*').is_some_and(is_below))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Asked, binds};
    use crate::istio::object::Gateway;

    /// The host of the gateway, the namespaces of the VirtualService and of the gateway, `exportTo`, the name, and
    /// whether they belong together.
    type Case =
        (&'static str, &'static str, &'static str, &'static [&'static str], &'static str, bool);

    const TABLE: &[Case] = &[
        ("*", "a", "b", &[], "foo.bar", true),
        ("*.foo.bar", "a", "b", &[], "baz.foo.bar", true),
        ("*.foo.bar", "a", "b", &[], "foo.bar", false),
        ("*.foo.bar", "a", "b", &[], "bazfoo.bar", false),
        ("*.foo.bar", "a", "b", &[], "*foo.bar", false),
        ("*/*", "a", "b", &[], "foo.bar", true),
        ("myns/*", "myns", "istio-system", &[], "foo.bar", true),
        ("myns/*", "other", "istio-system", &[], "foo.bar", false),
        ("./*", "istio-system", "istio-system", &[], "foo.bar", true),
        ("./*", "myns", "istio-system", &[], "foo.bar", false),
        ("*", "other", "istio-system", &["*"], "foo.bar", true),
        ("*", "other", "istio-system", &["x", "istio-system"], "foo.bar", true),
        ("*", "other", "istio-system", &["."], "foo.bar", false),
        ("*", "other", "istio-system", &["myns"], "foo.bar", false),
        ("*", "same", "same", &["."], "foo.bar", true),
        ("a/b/foo.bar", "a", "b", &[], "foo.bar", false),
        ("a/b/*", "a", "b", &[], "foo.bar", false),
        // A wildcard name is only within a shorter wildcard.
        ("*.foo.org", "a", "b", &[], "*.foo.org", true),
        ("*.org", "a", "b", &[], "*.foo.org", true),
        ("a.foo.org", "a", "b", &[], "*.foo.org", false),
        ("*.Foo.org", "a", "b", &[], "a.foo.org", false),
    ];

    #[test]
    fn gateways_bind_by_namespace_and_host() {
        for (host, namespace, of_gateway, export_to, name, expected) in TABLE {
            let gateway: Gateway = serde_json::from_value(json!({
                "metadata": { "namespace": of_gateway, "name": "gw" },
                "spec": { "servers": [{ "hosts": ["", host] }] }
            }))
            .unwrap();
            let export_to: Vec<_> = export_to.iter().map(|text| (*text).into()).collect();
            let asked = Asked { namespace, export_to: &export_to, name };
            assert_eq!(
                binds(asked, &gateway),
                *expected,
                "{host} {namespace} {of_gateway} {export_to:?} {name}"
            );
        }
    }
}
