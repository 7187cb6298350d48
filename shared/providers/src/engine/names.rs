//! Names as APIs write them: relative to their zone, with a symbol for the apex.

use extdns_model::Name;

/// The name as the API writes it inside a zone, as lower-case A-labels: `www` for
/// `www.example.org` in `example.org`, the symbol for the apex, and the whole name where it lies
/// outside.
///
/// ```
/// use extdns_model::Name;
/// use extdns_providers::engine::names::relative;
///
/// let zone = Name::as_listed("example.org");
/// assert_eq!(relative(&Name::as_listed("www.example.org"), &zone, "@"), "www");
/// assert_eq!(relative(&Name::as_listed("Example.org"), &zone, "@"), "@");
/// ```
#[must_use]
pub fn relative(name: &Name, zone: &Name, apex_symbol: &str) -> String {
    let (name, zone) = (name.key(), zone.key());
    if name == zone {
        return apex_symbol.to_owned();
    }
    let inside = name.strip_suffix(zone.as_ref()).and_then(|rest| rest.strip_suffix('.'));
    inside.unwrap_or(&name).to_owned()
}

/// The whole name of what the API calls `relative` inside a zone. No label is `@` (RFC 1035, 5.1), so that is always the apex.
#[must_use]
pub fn absolute(relative: &str, zone: &Name, apex_symbol: &str) -> Name {
    if relative.is_empty() || relative == "@" || relative == apex_symbol {
        return zone.clone();
    }
    if zone.is_empty() {
        return Name::as_listed(relative);
    }
    Name::as_listed(&format!("{relative}.{zone}"))
}

/// The name as users know it: A-labels become letters where that is possible.
#[must_use]
pub(crate) fn readable(name: &Name) -> Option<Name> {
    if !name.as_str().contains("xn--") {
        return None;
    }
    let unicode = Name::as_listed(&name.to_unicode());
    // Only where it is still the same name: not every A-label survives the way back.
    (unicode.key() == name.key()).then_some(unicode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_relative_to_their_zone() {
        let cases = [
            ("www.example.org", "example.org", "@", "www"),
            ("a.b.example.org", "example.org", "@", "a.b"),
            ("*.example.org", "example.org", "@", "*"),
            ("example.org", "example.org", "@", "@"),
            ("EXAMPLE.org", "example.org", "", ""),
            ("WWW.example.org", "Example.ORG", "@", "www"),
            ("bücher.example.org", "example.org", "@", "xn--bcher-kva"),
            ("notexample.org", "example.org", "@", "notexample.org"),
            ("www.example.org", "", "@", "www.example.org"),
        ];
        for (name, zone, apex, expected) in cases {
            let (name, zone) = (Name::as_listed(name), Name::as_listed(zone));
            let text = relative(&name, &zone, apex);
            assert_eq!(text, expected, "{name} in {zone}");
            if zone.contains_key(&name) {
                assert_eq!(absolute(&text, &zone, apex).key(), name.key());
            }
        }
    }

    trait ContainsKey {
        fn contains_key(&self, name: &Name) -> bool;
    }

    impl ContainsKey for Name {
        fn contains_key(&self, name: &Name) -> bool {
            extdns_model::Zone::new("", self.clone()).contains(&name.key())
        }
    }

    #[test]
    fn only_names_that_stay_the_same_become_readable() {
        let cases = [
            ("www.example.org", None),
            ("xn--bcher-kva.example.org", Some("bücher.example.org")),
            ("xn--zca.example.org", None),
        ];
        for (name, expected) in cases {
            let readable = readable(&Name::as_listed(name));
            assert_eq!(readable.as_ref().map(Name::as_str), expected, "{name}");
        }
    }
}
