//! What a record of each type may hold.

use std::net::{Ipv4Addr, Ipv6Addr};

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
        RecordType::A => each(set, "an IPv4 address", |t| t.parse::<Ipv4Addr>().is_ok()),
        RecordType::Aaaa => each(set, "an IPv6 address", |t| {
            t.split('%').next().is_some_and(|t| t.parse::<Ipv6Addr>().is_ok())
                && target_ip(t).is_some()
        }),
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
    !set.is_alias()
        && set.targets.iter().any(|target| crate::Name::as_listed(target).key() == set.name.key())
}
