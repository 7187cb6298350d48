//! Values of a flag that takes one of several: which was meant by one that is none of them.

use super::hints::apart;
use super::origin::Origin;

/// What people call a value that has another name, by flag.
const OTHER_NAMES: [(&str, &str, &str); 18] = [
    ("provider", "route53", "aws"),
    ("provider", "cloudmap", "aws-sd"),
    ("provider", "clouddns", "google"),
    ("provider", "gcp", "google"),
    ("provider", "powerdns", "pdns"),
    ("provider", "bind", "rfc2136"),
    ("provider", "knot", "rfc2136"),
    ("provider", "etcd", "coredns"),
    ("provider", "cf", "cloudflare"),
    ("provider", "do", "digitalocean"),
    ("source", "svc", "service"),
    ("source", "ing", "ingress"),
    ("source", "httproute", "gateway-httproute"),
    ("source", "virtualservice", "istio-virtualservice"),
    ("source", "route", "openshift-route"),
    ("source", "dnsendpoint", "crd"),
    ("policy", "upsert", "upsert-only"),
    ("policy", "create", "create-only"),
];

/// What to write in place of a value that is none of `valid`, to be put after the message; empty where nothing is near.
pub(super) fn hint(flag: &str, value: &str, valid: &[String], origin: &Origin) -> String {
    let is_valid = |word: &str| valid.iter().any(|known| known == word);
    let entries = || value.split(',').map(str::trim);
    if value.contains(',') && entries().all(is_valid) {
        return format!("; {}", apart(flag, value, origin));
    }
    let lower = value.trim().to_ascii_lowercase();
    let named = OTHER_NAMES.iter().find(|(of, word, _)| *of == flag && *word == lower);
    let named = named.map(|(_, _, meant)| *meant).filter(|meant| is_valid(meant));
    named
        .or_else(|| nearest(&lower, valid))
        .map_or_else(String::new, |meant| format!("; did you mean {meant}?"))
}

fn nearest<'a>(value: &str, valid: &'a [String]) -> Option<&'a str> {
    let distance = |known: &'a String| (strsim::damerau_levenshtein(known, value), known.as_str());
    // More than a third of a word is no slip of the hand.
    let is_near = |(far, known): &(usize, &str)| *far <= (known.len() / 3).min(value.len() / 2);
    valid.iter().map(distance).min().filter(is_near).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::{Origin, hint};

    #[test]
    fn the_value_that_was_meant_is_named() {
        let providers =
            ["aws", "aws-sd", "google", "pdns", "rfc2136", "cloudflare"].map(str::to_owned);
        let sources = ["service", "ingress", "gateway-httproute"].map(str::to_owned);
        let table: [(&str, &str, &[String], &str); 9] = [
            ("provider", "route53", &providers, "; did you mean aws?"),
            ("provider", "cloudflair", &providers, "; did you mean cloudflare?"),
            ("provider", "AWS", &providers, "; did you mean aws?"),
            ("provider", "etcd", &providers, ""),
            ("provider", "example", &providers, ""),
            ("source", "svc", &sources, "; did you mean service?"),
            ("source", "services", &sources, "; did you mean service?"),
            ("source", "service,ingress", &sources, "; write --source=service --source=ingress"),
            ("source", "service,nothing", &sources, ""),
        ];
        for (flag, value, valid, expected) in table {
            assert_eq!(hint(flag, value, valid, &Origin::Argument(1)), expected, "{flag} {value}");
        }
    }
}
