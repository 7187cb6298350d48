//! Providers of upstream that this version does not have: who names one, or a
//! flag of one, made no slip of the hand.

/// The providers of upstream's releases that are not here, as `--provider` and the names of their
/// flags have them.
const PROVIDERS: [&str; 2] = ["stackpath", "yandex"];

/// How the flags of registries and others begin, and what they belong to.
const FEATURES: [(&str, &str); 2] = [
    ("contour-load-balancer", "the source contour-ingressroute of ExternalDNS v0.13"),
    ("rfc2136-create-ptr", "the PTR records that rfc2136 made before v0.21, by --create-ptr now"),
];

/// Why a value that upstream knows cannot be used here, to be put after the message: of `--provider` or
/// `--source`.
pub(super) fn not_here(flag: &str, value: &str) -> &'static str {
    match flag {
        "provider" if PROVIDERS.contains(&value) => {
            "; this version does not have it, and a webhook provider can stand in for it"
        }
        // What kOps calls its own DNS, of which ExternalDNS has the annotations alone.
        "provider" if value == "gossip" => {
            "; kOps's gossip DNS is no service that can be called, and --provider=hosts keeps the hosts file that it writes \
             on every node (docs/providers/gossip.md)"
        }
        "source" if value == "contour-ingressroute" => {
            "; Contour has no IngressRoute any more, and contour-httpproxy reads what came after it"
        }
        _ => "",
    }
}

/// What else of upstream a flag belongs to.
pub(super) fn feature_of(flag: &str) -> Option<&'static str> {
    FEATURES.iter().find(|(start, _)| flag.starts_with(start)).map(|(_, feature)| *feature)
}

/// The provider whose flag this is.
pub(super) fn provider_of(flag: &str) -> Option<&'static str> {
    let is_of =
        |provider: &&&str| flag.strip_prefix(**provider).is_some_and(|rest| rest.starts_with('-'));
    PROVIDERS.iter().filter(is_of).max_by_key(|provider| provider.len()).copied()
}

#[cfg(test)]
mod tests {
    use super::{feature_of, not_here, provider_of};

    #[test]
    fn flags_name_their_provider() {
        let table = [
            ("stackpath-x", Some("stackpath")),
            ("yandex-x", Some("yandex")),
            ("aws-sd-create-tag", None),
            ("aws-zone-typ", None),
            ("stackpat-x", None),
            ("zone-id-filtre", None),
        ];
        for (flag, provider) in table {
            assert_eq!(provider_of(flag), provider, "{flag}");
        }
    }

    #[test]
    fn flags_and_values_tell_what_is_not_here() {
        let contour = "the source contour-ingressroute of ExternalDNS v0.13";
        let table = [("contour-load-balancer", Some(contour)), ("sorce", None)];
        for (flag, feature) in table {
            assert_eq!(feature_of(flag), feature, "{flag}");
        }
        let table = [
            ("source", "istio-gateway", ""),
            ("registry", "dyn", ""),
            ("source", "stackpath", ""),
            ("source", "servce", ""),
            ("policy", "dynamodb", ""),
        ];
        for (flag, value, expected) in table {
            assert_eq!(not_here(flag, value), expected, "{flag} {value}");
        }
    }
}
