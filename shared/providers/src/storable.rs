//! What a provider would refuse to store, known before anything is sent.

use extdns_model::{RecordSet, RecordType, Surroundings};

use crate::Capabilities;

/// Why a record set could not be stored, by what the provider can do: a lower-case fragment.
pub(crate) fn refusal(
    capabilities: &Capabilities,
    set: &RecordSet,
    around: Surroundings<'_>,
) -> Option<String> {
    let (provider, values) = (capabilities.provider, set.targets.len());
    if values > capabilities.max_values {
        let most = capabilities.max_values;
        return Some(format!("{provider} stores {most} values in a record set, not {values}"));
    }
    // Where names are kept as they are given, no rule of DNS is enforced.
    if !capabilities.ascii_names {
        return None;
    }
    let key = set.name.key();
    if !key.is_empty() && key.split('.').any(str::is_empty) {
        return Some(format!("the name {} has an empty label; correct it", set.name));
    }
    if set.rtype != RecordType::Cname {
        return None;
    }
    if around.at_apex {
        let reason = "a CNAME cannot stand at the apex of a zone; use addresses or an alias";
        return Some(reason.to_owned());
    }
    (values > 1).then(|| format!("a CNAME has one target, not {values}; name one of them"))
}

#[cfg(test)]
mod tests {
    use extdns_model::{Name, Ttl};

    use super::*;

    #[test]
    fn what_dns_or_the_provider_cannot_store_is_refused_with_the_reason() {
        use RecordType::{A, Cname};
        let strict = Capabilities { max_values: 2, ..Capabilities::new("example") };
        let lax = Capabilities { ascii_names: false, ..strict.clone() };
        let cases = [
            ("www.example.org", A, 2, false, None, false),
            ("www.example.org", A, 3, false, Some("stores 2 values in a record set, not 3"), true),
            ("example.org", A, 1, true, None, false),
            ("example.org", Cname, 1, true, Some("at the apex"), false),
            ("www.example.org", Cname, 1, false, None, false),
            ("www.example.org", Cname, 2, false, Some("one target, not 2"), false),
            (".sub.example.org", A, 1, false, Some("empty label"), false),
            ("a..example.org", A, 1, false, Some("empty label"), false),
        ];
        for (name, rtype, values, at_apex, expected, lax_too) in cases {
            let targets = (0..values).map(|at| format!("t{at}.example.net")).collect();
            let set = RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, targets);
            let around = Surroundings { at_apex, beside: &[] };
            let found = refusal(&strict, &set, around);
            assert_eq!(found.is_some(), expected.is_some(), "{set}: {found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.contains(expected), "{set}: {found}");
            }
            assert_eq!(refusal(&lax, &set, around).is_some(), lax_too, "{set}");
        }
    }
}
