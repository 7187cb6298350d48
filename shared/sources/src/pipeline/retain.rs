//! Which provider-specific properties a provider's endpoints keep.

use extdns_model::Endpoint;

/// Providers whose properties begin with something else than their name in `--provider`.
const PREFIXES: &[(&str, &[&str])] = &[
    ("aws-sd", &["aws/"]),
    ("azure-dns", &["azure/"]),
    ("azure-private-dns", &["azure/"]),
    ("scaleway", &["scw/", "scaleway/"]),
    ("skydns", &["coredns/"]),
];

/// Takes off the properties of other providers, whose names begin with their provider, and sorts
/// the rest. Names without `/` (`alias`) belong to nobody and stay; Cloudflare's are whole
/// annotation keys, so there all stay.
pub fn retain_properties(endpoints: &mut [Endpoint], provider: &str) {
    let usual = format!("{provider}/");
    let own: &[&str] = match PREFIXES.iter().find(|(name, _)| *name == provider) {
        Some((_, prefixes)) => prefixes,
        None => &[&usual],
    };
    let keep_all = matches!(provider, "" | "cloudflare");
    for endpoint in endpoints.iter_mut().filter(|e| !e.set.properties().is_empty()) {
        endpoint.set.edit_properties(|properties| {
            properties.retain(|property| {
                let is_own = || own.iter().any(|prefix| property.name.starts_with(prefix));
                keep_all || !property.name.contains('/') || is_own()
            });
            properties.sort();
        });
    }
}
