//! What a record of each type may hold.

use std::net::IpAddr;

use crate::name::key_of;
use crate::{Endpoint, RecordSet, RecordType, property_names, target_ip};

/// An endpoint that cannot become a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rtype} record {name:?}: {problem}")]
pub struct InvalidEndpoint {
    /// The name.
    pub name: String,
    /// The type.
    pub rtype: RecordType,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a record's content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Only A, AAAA and CNAME can be provider-native aliases.
    #[error("a record of this type cannot have the property alias; remove it")]
    Alias,
    /// The target does not have the form that the type asks for.
    #[error("target {target:?} is not {expected}")]
    Target {
        /// The offending target.
        target: String,
        /// The form that was expected.
        expected: &'static str,
    },
    /// The name of a PTR record lies outside the reverse trees.
    #[error("the name of a PTR record must end with .in-addr.arpa or .ip6.arpa")]
    PtrName,
    /// A PTR record without targets.
    #[error("a PTR record needs at least one host name")]
    NoTarget,
    /// An alias of itself.
    #[error("a CNAME must not point to itself")]
    SelfReference,
}

impl Endpoint {
    /// Checks the content by type, all targets or none.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self) -> Result<(), InvalidEndpoint> {
        check(&self.set).map_err(|problem| InvalidEndpoint {
            name: self.set.name.to_string(),
            rtype: self.set.rtype,
            problem,
        })
    }
}

fn check(set: &RecordSet) -> Result<(), Problem> {
    let may_alias = matches!(set.rtype, RecordType::A | RecordType::Aaaa | RecordType::Cname);
    if !may_alias && set.properties().get(property_names::ALIAS).is_some() {
        return Err(Problem::Alias);
    }
    match set.rtype {
        RecordType::A | RecordType::Aaaa if set.is_alias() => Ok(()),
        RecordType::A => {
            each(set, "an IPv4 address", |t| matches!(target_ip(t), Some(IpAddr::V4(_))))
        }
        RecordType::Aaaa => {
            each(set, "an IPv6 address", |t| matches!(target_ip(t), Some(IpAddr::V6(_))))
        }
        RecordType::Mx => each(set, "a preference (0 to 65535) and a host", is_mx),
        RecordType::Srv => each(
            set,
            "priority, weight, port (0 to 65535 each) and a host with a final dot",
            is_srv,
        ),
        RecordType::Ptr => check_ptr(set),
        RecordType::Cname if points_to_itself(set) => Err(Problem::SelfReference),
        _ => Ok(()),
    }
}

fn each(set: &RecordSet, expected: &'static str, ok: impl Fn(&str) -> bool) -> Result<(), Problem> {
    match set.targets.iter().find(|target| !ok(target)) {
        Some(target) => Err(Problem::Target { target: target.to_string(), expected }),
        None => Ok(()),
    }
}

fn is_mx(target: &str) -> bool {
    let fields: Vec<_> = target.split_whitespace().collect();
    matches!(fields[..], [preference, _] if is_u16(preference))
}

fn is_srv(target: &str) -> bool {
    let fields: Vec<_> = target.split_whitespace().collect();
    matches!(fields[..], [priority, weight, port, host]
        if [priority, weight, port].into_iter().all(is_u16) && host.ends_with('.'))
}

/// Decimal digits only: the standard parser would also take a leading `+`.
fn is_u16(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

fn check_ptr(set: &RecordSet) -> Result<(), Problem> {
    let name = set.name.as_str().to_ascii_lowercase();
    let inside = [".in-addr.arpa", ".ip6.arpa"]
        .iter()
        .filter_map(|tree| name.strip_suffix(tree))
        .any(|prefix| !prefix.is_empty() && !prefix.starts_with('.'));
    if !inside {
        return Err(Problem::PtrName);
    }
    if set.targets.is_empty() {
        return Err(Problem::NoTarget);
    }
    each(set, "a host name", |target| !target.trim().is_empty() && target_ip(target).is_none())
}

/// A CNAME whose target is its own name. A provider-native alias may point at a record of its own
/// name in another type, so only plain CNAMEs count.
fn points_to_itself(set: &RecordSet) -> bool {
    !set.is_alias() && set.targets.iter().any(|target| key_of(target) == set.name.key())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Name, Ttl};

    fn endpoint(rtype: RecordType, name: &str, targets: &[&str], alias: &str) -> Endpoint {
        let targets = targets.iter().copied().collect();
        let mut set = RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, targets);
        if !alias.is_empty() {
            set.edit_properties(|properties| properties.set(property_names::ALIAS, alias));
        }
        Endpoint::from_set(set)
    }

    #[test]
    fn content_of_each_type() {
        use RecordType::{A, Aaaa, Cname, Dname, Mx, Naptr, Ns, Other, Ptr, Srv, Txt};
        type Texts = &'static [&'static str];
        // case, type, name, targets, alias ("" for no property), valid
        let cases: &[(&str, RecordType, &str, Texts, &str, bool)] = &[
            ("V1", Mx, "a.org", &["10 example.com", "20 backup.example.com"], "", true),
            ("V1 space", Mx, "a.org", &[" 10\t example.com "], "", true),
            ("V2 no preference", Mx, "a.org", &["example.com"], "", false),
            ("V2 text", Mx, "a.org", &["abc example.com"], "", false),
            ("V2 three", Mx, "a.org", &["10 example.com abc"], "", false),
            ("V2 no host", Mx, "a.org", &["10 "], "", false),
            ("V2 sign", Mx, "a.org", &["+10 example.com"], "", false),
            ("V2 range", Mx, "a.org", &["65536 example.com"], "", false),
            ("V2 one of two", Mx, "a.org", &["10 example.com", "x"], "", false),
            ("V3", Srv, "_s._tcp.a.org", &["10 20 5060 service.example.com."], "", true),
            ("V3 root", Srv, "_s._tcp.a.org", &["0 0 0 ."], "", true),
            ("V4 no host", Srv, "a.org", &["10 20 5060"], "", false),
            ("V4 port", Srv, "a.org", &["10 20 abc h."], "", false),
            ("V4 no dot", Srv, "a.org", &["10 20 5060 service.example.com"], "", false),
            ("V4 negative", Srv, "a.org", &["-1 20 5060 h."], "", false),
            ("V4 five", Srv, "a.org", &["1 2 3 h. i."], "", false),
            ("V5", A, "a.org", &["192.168.1.1"], "", true),
            ("V6 AAAA in A", A, "a.org", &["2001:db8::1"], "", false),
            ("V6 mapped in A", A, "a.org", &["::ffff:1.2.3.4"], "", false),
            ("V6 text", A, "a.org", &["not-an-ip"], "", false),
            ("V6 zeros", A, "a.org", &["192.168.001.1"], "", false),
            ("V6 A in AAAA", Aaaa, "a.org", &["192.168.1.1"], "", false),
            ("V6 mapped in AAAA", Aaaa, "a.org", &["::ffff:1.2.3.4"], "", true),
            ("V6 zone", Aaaa, "a.org", &["fe80::1%eth0"], "", true),
            ("V6 empty zone", Aaaa, "a.org", &["fe80::1%"], "", false),
            ("V7 A", A, "a.org", &["lb.example.com"], "true", true),
            ("V7 AAAA", Aaaa, "a.org", &["lb.example.com"], "true", true),
            ("V7 CNAME", Cname, "a.org", &["lb.example.com"], "true", true),
            ("V7 CNAME false", Cname, "a.org", &["lb.example.com"], "false", true),
            ("V8 A", A, "a.org", &["lb.example.com"], "A", false),
            ("V8 AAAA", Aaaa, "a.org", &["lb.example.com"], "AAAA", false),
            ("V8 false", A, "a.org", &["lb.example.com"], "false", false),
            ("V9 MX", Mx, "a.org", &["10 a"], "true", false),
            ("V9 TXT", Txt, "a.org", &["a"], "false", false),
            ("V9 NS", Ns, "a.org", &["a"], "true", false),
            ("V9 SRV", Srv, "a.org", &["0 0 0 ."], "false", false),
            ("V10", Ptr, "2.49.168.192.in-addr.arpa", &["web.example.com"], "", true),
            ("V10 case", Ptr, "2.49.168.192.IN-ADDR.arpa", &["web.example.com"], "", true),
            ("V10 v6", Ptr, "1.0.ip6.arpa", &["web.example.com"], "", true),
            ("V11 name", Ptr, "web.example.com", &["web.example.com"], "", false),
            ("V11 address", Ptr, "2.in-addr.arpa", &["192.0.2.1"], "", false),
            ("V11 v6 address", Ptr, "2.in-addr.arpa", &["fe80::1%eth0"], "", false),
            ("V11 blank", Ptr, "2.in-addr.arpa", &[" "], "", false),
            ("V11 empty", Ptr, "2.in-addr.arpa", &[""], "", false),
            ("V11 none", Ptr, "2.in-addr.arpa", &[], "", false),
            ("V11 tree", Ptr, "in-addr.arpa", &["a.org"], "", false),
            ("V11 dot", Ptr, ".ip6.arpa", &["a.org"], "", false),
            ("V11 dots", Ptr, "..ip6.arpa", &["a.org"], "", false),
            ("V12", Txt, "a.org", &["v=1;s=aB..", "text.with.dots..."], "", true),
            ("no targets A", A, "a.org", &[], "", true),
            ("no targets AAAA", Aaaa, "a.org", &[], "", true),
            ("no targets MX", Mx, "a.org", &[], "", true),
            ("no targets SRV", Srv, "a.org", &[], "", true),
            ("unchecked NS", Ns, "a.org", &["1.2.3.4"], "", true),
            ("unchecked NAPTR", Naptr, "a.org", &["x"], "", true),
            ("unchecked DNAME", Dname, "a.org", &["a.org"], "", true),
            ("unchecked other", Other(257), "a.org", &["x"], "", true),
            ("self", Cname, "a.org", &["a.org"], "", false),
            ("self by key", Cname, "點看.org", &["XN--C1YN36F.org."], "", false),
            ("self second", Cname, "a.org", &["b.org", "A.org"], "", false),
            ("self alias", Cname, "a.org", &["a.org"], "true", true),
            ("below self", Cname, "a.org", &["a.a.org"], "", true),
        ];
        for (case, rtype, name, targets, alias, valid) in cases {
            let result = endpoint(*rtype, name, targets, alias).validate();
            assert_eq!(result.is_ok(), *valid, "{case}: {result:?}");
        }
    }

    #[test]
    fn errors_name_the_record_and_the_problem() {
        use RecordType::{A, Cname, Mx, Ptr, Txt};
        let cases = [
            (
                endpoint(Cname, "www.a.org", &["WWW.a.org."], ""),
                "CNAME record \"www.a.org\": a CNAME must not point to itself",
            ),
            (
                endpoint(A, "a.org", &["192.0.2.1", "x"], ""),
                "A record \"a.org\": target \"x\" is not an IPv4 address",
            ),
            (
                endpoint(Mx, "a.org", &["mail"], ""),
                "MX record \"a.org\": target \"mail\" is not a preference (0 to 65535) and a host",
            ),
            (
                endpoint(Txt, "a.org", &["x"], "false"),
                "TXT record \"a.org\": a record of this type cannot have the property alias; remove it",
            ),
            (
                endpoint(Ptr, "a.org", &["b.org"], ""),
                "PTR record \"a.org\": the name of a PTR record must end with .in-addr.arpa or .ip6.arpa",
            ),
        ];
        for (endpoint, expected) in cases {
            assert_eq!(endpoint.validate().expect_err(expected).to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(
            name in "\\PC{0,20}|\\PC{0,5}\\.in-addr\\.arpa",
            target in "\\PC{0,20}|[0-9 .:%a-f]{0,20}",
            rtype in proptest::sample::select(RecordType::KNOWN.to_vec()),
            alias in "|true|A",
        ) {
            let _ = endpoint(rtype, &name, &[&target], &alias).validate();
        }
    }
}
