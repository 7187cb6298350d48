//! The annotations that become provider-specific properties.

use ecow::{EcoString, eco_format};
use extdns_model::property_names;

/// How the annotations become provider-specific properties.
const PROPERTIES: &[(&str, Effect)] = &[
    ("alias", Effect::Alias),
    ("record-type", Effect::Named(property_names::RECORD_TYPE)),
    ("aws-", Effect::Family("aws/")),
    ("scw-", Effect::Family("scw/")),
    ("coredns-", Effect::Family("coredns/")),
    ("ibmcloud-", Effect::Family("ibmcloud/")),
    ("webhook-", Effect::Family("webhook/")),
    ("azure-tags", Effect::Named("azure/tags")),
    ("cloudflare-custom-hostname", Effect::FullKey),
    ("cloudflare-proxied", Effect::FullKey),
    ("cloudflare-region-key", Effect::FullKey),
    ("cloudflare-record-comment", Effect::FullKey),
    ("cloudflare-tags", Effect::FullKey),
];

/// What an annotation of [`PROPERTIES`] does.
#[derive(Clone, Copy)]
enum Effect {
    /// The property `alias`, for the values that mean something.
    Alias,
    /// A property of this name.
    Named(&'static str),
    /// Every annotation that begins so: a property of this prefix and the rest of the key.
    Family(&'static str),
    /// A property named by the key, prefix included.
    FullKey,
}

/// The values of `alias` that have an effect.
const ALIAS_VALUES: [&str; 3] = ["true", "A", "AAAA"];
/// The property of `alias: "false"`: only Route 53 makes aliases unasked, and for other providers it
/// means nothing, as in upstream.
const NO_ALIAS: &str = "aws/alias";

/// The name of the property that an annotation of this key and value makes, if it makes one. `prefix` is the preferred
/// prefix of the run.
pub(super) fn name(prefix: &str, suffix: &str, value: &str) -> Option<EcoString> {
    Some(match find(suffix)? {
        (_, Effect::Alias) if value == "false" => NO_ALIAS.into(),
        (_, Effect::Alias) if !ALIAS_VALUES.contains(&value) => return None,
        (_, Effect::Alias) => property_names::ALIAS.into(),
        (_, Effect::Named(name)) => name.into(),
        (start, Effect::Family(family)) => eco_format!("{family}{}", &suffix[start.len()..]),
        (_, Effect::FullKey) => eco_format!("{prefix}{suffix}"),
    })
}

/// Whether annotations of this key become properties.
pub(super) fn is_one(suffix: &str) -> bool {
    find(suffix).is_some()
}

fn find(suffix: &str) -> Option<(&'static str, Effect)> {
    PROPERTIES.iter().copied().find(|(key, effect)| match effect {
        Effect::Family(_) => suffix.starts_with(key),
        _ => suffix == *key,
    })
}
