//! What a provider would refuse to store, known before anything is sent.

use extdns_model::fields::{Caa, Mx, Naptr, Srv};
use extdns_model::{RecordSet, RecordType, Surroundings, Visibility};

use crate::Capabilities;
use crate::engine::text;

/// Types that may stand beside a CNAME: RRSIG and NSEC (RFC 4035, 2.5).
const BESIDE_CNAME: [RecordType; 2] = [RecordType::Other(46), RecordType::Other(47)];

/// A type whose values have fields: whether a value has them all, and how they are written.
type Fields = (RecordType, fn(&str) -> bool, &'static str);

/// The types whose values have fields. MX and SRV records of cluster objects are validated before, so the
/// plan never has them without a field; others can come here.
const FIELDS: [Fields; 4] = [
    (RecordType::Mx, |value| Mx::parse(value).is_some(), "10 mail.example.org"),
    (RecordType::Srv, |value| Srv::parse(value).is_some(), "10 20 5060 sip.example.org."),
    (
        RecordType::Naptr,
        |value| Naptr::parse(value).is_some(),
        r#"100 50 "s" "SIP+D2U" "" _sip._udp.example.org."#,
    ),
    (RecordType::Other(257), |value| Caa::parse(value).is_some(), r#"0 issue "ca.example.net""#),
];

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
    if !capabilities.follows_dns {
        return None;
    }
    of_name(capabilities, set)
        .or_else(|| of_text(capabilities, set))
        .or_else(|| of_fields(set))
        .or_else(|| of_zone(capabilities, set, around))
        .or_else(|| of_cname(capabilities, set, around))
}

fn of_name(capabilities: &Capabilities, set: &RecordSet) -> Option<String> {
    if let Err(error) = set.name.to_ascii() {
        return Some(format!("{error}; use another name"));
    }
    if let Some(reason) = empty_label(set) {
        return Some(reason);
    }
    let (name, key) = (&set.name, set.name.key());
    let characters = capabilities.label_characters?;
    let is_taken = |it: char| it == '.' || it.is_ascii_alphanumeric() || characters.contains(it);
    let rest = if key == "*" { "" } else { key.strip_prefix("*.").unwrap_or(&key) };
    let provider = capabilities.provider;
    Some(match rest.chars().find(|it| !is_taken(*it))? {
        '*' => format!("{provider} takes a * only as the first label of a name, not as in {name}"),
        other => format!("{provider} takes no {other:?} in a name, as in {name}; use another name"),
    })
}

/// A name that has no form on the wire, so that no server takes it.
pub(crate) fn empty_label(set: &RecordSet) -> Option<String> {
    let (name, key) = (&set.name, set.name.key());
    (!key.is_empty() && key.split('.').any(str::is_empty))
        .then(|| format!("the name {name} has an empty label; correct it"))
}

fn of_text(capabilities: &Capabilities, set: &RecordSet) -> Option<String> {
    if set.rtype != RecordType::Txt {
        return None;
    }
    let longest = set.targets.iter().map(|value| text::bare(value).len()).max()?;
    let (provider, most) = (capabilities.provider, capabilities.max_text);
    (longest > most).then(|| {
        format!(
            "{provider} stores at most {most} bytes of text in a TXT, not {longest}; shorten it"
        )
    })
}

/// A value that lacks a field of its type.
fn of_fields(set: &RecordSet) -> Option<String> {
    let (rtype, is_whole, example) = FIELDS.iter().find(|(rtype, ..)| *rtype == set.rtype)?;
    let value = set.targets.iter().find(|value| !is_whole(value))?;
    Some(format!("{value:?} is no value of a {rtype} record; write it like {example}"))
}

fn of_zone(
    capabilities: &Capabilities,
    set: &RecordSet,
    around: Surroundings<'_>,
) -> Option<String> {
    let (provider, zone, rtype) = (capabilities.provider, around.zone, set.rtype);
    let is_refused =
        zone.visibility == Visibility::Private && !capabilities.private_types.contains(&rtype);
    is_refused.then(|| {
        format!("{provider} stores no {rtype} in a private zone, as {zone} is; use a public zone")
    })
}

/// The rules of RFC 1034 (3.6.2) and RFC 2181 (10.1). Resolvers do not see that a record is an
/// alias.
fn of_cname(
    capabilities: &Capabilities,
    set: &RecordSet,
    around: Surroundings<'_>,
) -> Option<String> {
    let is_cname =
        |set: &RecordSet| set.rtype == RecordType::Cname && !(capabilities.alias && set.is_alias());
    let is_own = is_cname(set);
    let excludes =
        |other: &&&RecordSet| is_cname(other) != is_own && !BESIDE_CNAME.contains(&other.rtype);
    if is_own && around.at_apex {
        let reason = "a CNAME cannot stand at the apex of a zone; use addresses or an alias";
        return Some(reason.to_owned());
    }
    let values = set.targets.len();
    if is_own && values > 1 {
        return Some(format!("a CNAME has one target, not {values}; name one of them"));
    }
    let other = around.beside.iter().find(excludes)?.rtype;
    let (name, own) = (&set.name, set.rtype);
    Some(format!("{own} and {other} records cannot both have the name {name}; remove one of them"))
}

#[cfg(test)]
mod tests {
    use extdns_model::{Name, Ttl, Zone};

    use super::*;

    fn set(name: &str, rtype: RecordType, targets: &[&str]) -> RecordSet {
        let targets = targets.iter().copied().collect();
        RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, targets)
    }

    /// What is refused, in words, by a provider that enforces the rules of DNS; and whether one that
    /// does not refuses it too.
    #[test]
    fn what_dns_or_the_provider_cannot_store_is_refused_with_the_reason() {
        use RecordType::{A, Cname, Mx, Naptr, Ns, Srv, Txt};
        let caa = RecordType::Other(257);
        let strict = Capabilities {
            max_values: 2,
            max_text: 300,
            label_characters: Some("-_"),
            private_types: &[A, Cname, Txt],
            ..Capabilities::new("example")
        };
        let lax = Capabilities { follows_dns: false, ..strict.clone() };
        let public = Zone::new("Z", Name::as_listed("example.org"));
        let private = Zone { visibility: Visibility::Private, ..public.clone() };
        let www = "www.example.org";
        let long_label = format!("{}.example.org", "a".repeat(64));
        let long_name = format!("{}example.org", "abcdefg.".repeat(31));
        let text = |bytes: usize| text::quoted(&"t".repeat(bytes)).into_owned();
        let (mx, sig) = (set(www, Mx, &["10 m.org"]), set(www, RecordType::Other(46), &["x"]));
        let (cname, address) = (set(www, Cname, &["a.org"]), set(www, A, &["192.0.2.1"]));
        let cases: Vec<(RecordSet, &Zone, Option<&RecordSet>, Option<&str>)> = vec![
            (set(www, A, &["192.0.2.1", "192.0.2.2"]), &public, None, None),
            (set("example.org", A, &["192.0.2.1"]), &public, None, None),
            (set("example.org", Cname, &["a.org"]), &public, None, Some("at the apex")),
            (cname.clone(), &public, None, None),
            (set(www, Cname, &["a.org", "b.org"]), &public, None, Some("one target, not 2")),
            (cname.clone(), &public, Some(&sig), None),
            (cname.clone(), &public, Some(&mx), Some("CNAME and MX records cannot both")),
            (mx.clone(), &public, Some(&cname), Some("MX and CNAME records cannot both")),
            (mx.clone(), &public, Some(&address), None),
            (set(".sub.example.org", A, &["192.0.2.1"]), &public, None, Some("empty label")),
            (set("a..example.org", A, &["192.0.2.1"]), &public, None, Some("empty label")),
            (set(&long_label, A, &["192.0.2.1"]), &public, None, Some("a label of 64 bytes")),
            (set(&long_name, A, &["192.0.2.1"]), &public, None, Some("259 bytes; DNS allows 253")),
            (set("bücher.example.org", A, &["192.0.2.1"]), &public, None, None),
            (set("*.example.org", A, &["192.0.2.1"]), &public, None, None),
            (set("a_b-c.example.org", A, &["192.0.2.1"]), &public, None, None),
            (
                set("a-*.example.org", A, &["192.0.2.1"]),
                &public,
                None,
                Some("a * only as the first"),
            ),
            (
                set("a.*.example.org", A, &["192.0.2.1"]),
                &public,
                None,
                Some("a * only as the first"),
            ),
            (set("a/b.example.org", A, &["192.0.2.1"]), &public, None, Some("takes no '/'")),
            (set(www, Txt, &[&text(300)]), &public, None, None),
            (
                set(www, Txt, &["x", &text(301)]),
                &public,
                None,
                Some("300 bytes of text in a TXT, not 301"),
            ),
            (
                set(www, Mx, &["10 m.org", "m.org"]),
                &public,
                None,
                Some("\"m.org\" is no value of a MX"),
            ),
            (set(www, Srv, &["1 2 5060 sip.org."]), &public, None, None),
            (
                set(www, Srv, &["1 5060 sip.org."]),
                &public,
                None,
                Some("like 10 20 5060 sip.example"),
            ),
            (set(www, Naptr, &["1 2 \"s\" \"\" \"\" a.org."]), &public, None, None),
            (set(www, Naptr, &["1 2 \"s\" a.org."]), &public, None, Some("no value of a NAPTR")),
            (set(www, caa, &["0 issue \"ca.org\""]), &public, None, None),
            (set(www, caa, &["0 ca.org"]), &public, None, Some("no value of a ")),
            (set(www, Ns, &["ns.org"]), &public, None, None),
            (set(www, Ns, &["ns.org"]), &private, None, Some("stores no NS in a private zone")),
            (set(www, Txt, &["x"]), &private, None, None),
        ];
        for (set, zone, beside, expected) in cases {
            let beside = beside.as_slice();
            let around = Surroundings { beside, ..Surroundings::alone(zone, &set) };
            let found = refusal(&strict, &set, around);
            assert_eq!(found.is_some(), expected.is_some(), "{set}: {found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.contains(expected), "{set}: {found}");
            }
            assert_eq!(refusal(&lax, &set, around), None, "{set}");
        }
        let three = set(www, A, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
        for capabilities in [&strict, &lax] {
            let found = refusal(capabilities, &three, Surroundings::alone(&public, &three));
            assert_eq!(found.as_deref(), Some("example stores 2 values in a record set, not 3"));
        }
    }

    /// An alias is kept by the provider under another type.
    #[test]
    fn an_alias_is_no_cname_to_a_provider_that_has_aliases() {
        let zone = Zone::new("Z", Name::as_listed("example.org"));
        let mut alias = set("example.org", RecordType::Cname, &["a.org"]);
        alias.edit_properties(|own| own.set("alias", "true"));
        let mx = set("example.org", RecordType::Mx, &["10 m.org"]);
        let around = Surroundings { beside: &[&mx], ..Surroundings::alone(&zone, &alias) };
        for (aliases, refused) in [(true, false), (false, true)] {
            let able = Capabilities { alias: aliases, ..Capabilities::new("example") };
            assert_eq!(refusal(&able, &alias, around).is_some(), refused);
        }
    }
}
