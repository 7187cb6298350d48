//! The sources `istio-gateway` and `istio-virtualservice`: the hosts of Istio's Gateways and VirtualServices, with the
//! addresses of the load balancers in front of the gateways.
//!
//! ```text
//!                        spec.gateways                       annotation ingress
//!   VirtualService ----------------------> Gateway ------------------------------> Ingress
//!                   if one of its hosts       |
//!                   admits the name           |  spec.selector within spec.selector
//!                                             +------------------------------------> Service
//! ```
//!
//! The annotation `target` of a VirtualService or a Gateway stands in for all that is behind it. With `--namespace` the
//! Services are those of the namespace; a Gateway or an Ingress that is named elsewhere is read by itself.

mod binding;
mod gateway;
mod object;
mod targets;
mod virtual_service;

pub(crate) use gateway::GatewaySource;
pub(crate) use virtual_service::VirtualServiceSource;

/// The host in `host` or `namespace/host`, if it can be a name: not every host, and not none.
fn host(text: &str) -> Option<&str> {
    let host = match text.split_once('/') {
        None => text,
        Some((_, host)) if !host.contains('/') => host,
        Some(_) => return None,
    };
    (!host.is_empty() && host != "*").then_some(host)
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts_are_without_their_namespace() {
        let table = [
            ("foo.org", Some("foo.org")),
            ("apps/foo.org", Some("foo.org")),
            ("./foo.org", Some("foo.org")),
            ("*.foo.org", Some("*.foo.org")),
            ("ns/*.foo.org", Some("*.foo.org")),
            ("*", None),
            ("ns/*", None),
            ("./*", None),
            ("a/b/foo.org", None),
            ("ns/", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(host(text), expected, "{text:?}");
        }
    }
}
