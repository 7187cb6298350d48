//! Targets of a record set: their order, and when two lists of them mean the same.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ecow::EcoString;
use smallvec::SmallVec;

use crate::fields::{Caa, Mx, Naptr, Srv, host};
use crate::{RecordType, txt_strings};

/// The number of CAA among the types.
const CAA: RecordType = RecordType::Other(257);
/// How an ownership value in quotes begins.
const HERITAGE: &str = "\"heritage=external-dns";

/// The values of a record set, as text and as written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Targets(SmallVec<[EcoString; 1]>);

impl Targets {
    /// No targets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The targets in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &EcoString> + Clone {
        self.0.iter()
    }

    /// The targets as a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[EcoString] {
        &self.0
    }

    /// The first target.
    #[must_use]
    pub fn first(&self) -> Option<&EcoString> {
        self.0.first()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends a target.
    pub fn push(&mut self, target: impl Into<EcoString>) {
        self.0.push(target.into());
    }

    /// Keeps the targets for which the test holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&EcoString) -> bool) {
        self.0.retain(|target| keep(target));
    }

    /// Sorts byte-wise and removes duplicates.
    pub fn normalise(&mut self) {
        if self.0.len() > 1 {
            self.0.sort_unstable();
            self.0.dedup();
            if self.0.len() == 1 {
                self.0.shrink_to_fit();
            }
        }
    }

    /// Whether both lists mean the same record set: equal as multisets of canonical targets.
    ///
    /// A difference that is only spelling counts for nothing: addresses and the fields of MX, SRV,
    /// NAPTR and CAA compare parsed, host names without case and final dot, the strings of a TXT
    /// joined, in quotes or bare. What is no value of its type compares as text without ASCII case.
    #[must_use]
    pub fn same_as(&self, other: &Self, rtype: RecordType) -> bool {
        if self.len() != other.len() {
            return false;
        }
        if self.0 == other.0 {
            return true;
        }
        let mut left: SmallVec<[Canonical<'_>; 4]> =
            self.0.iter().map(|target| Canonical::of(target, rtype)).collect();
        let mut right: SmallVec<[Canonical<'_>; 4]> =
            other.0.iter().map(|target| Canonical::of(target, rtype)).collect();
        left.sort_unstable();
        right.sort_unstable();
        left == right
    }

    /// Whether every target of the other list is in this one too, by the rules of
    /// [`Targets::same_as`].
    #[must_use]
    pub fn cover(&self, other: &Self, rtype: RecordType) -> bool {
        let own: SmallVec<[Canonical<'_>; 4]> =
            self.0.iter().map(|target| Canonical::of(target, rtype)).collect();
        other.0.iter().all(|target| own.contains(&Canonical::of(target, rtype)))
    }

    /// The order of preference among candidates for one record: fewer targets first; then the
    /// first differing pair of the sorted lists decides, addresses numerically (IPv4 before IPv6),
    /// an address before a name, names byte-wise. Lists that differ only in how they write an
    /// address are distinguished by that text, so that the order of candidates never matters.
    #[must_use]
    pub fn preference(&self, other: &Self) -> Ordering {
        self.len().cmp(&other.len()).then_with(|| {
            let (left, right) = (self.sorted(), other.sorted());
            let pairs = || left.iter().zip(&right);
            pairs()
                .map(|(a, b)| by_value(a, b))
                .find(|order| order.is_ne())
                .or_else(|| pairs().map(|(a, b)| a.cmp(b)).find(|order| order.is_ne()))
                .unwrap_or(Ordering::Equal)
        })
    }

    /// Sorted by the canonical text of addresses and the raw bytes of everything else.
    fn sorted(&self) -> SmallVec<[&EcoString; 4]> {
        let mut sorted: SmallVec<[&EcoString; 4]> = self.0.iter().collect();
        if sorted.len() > 1 {
            sorted.sort_by_cached_key(|target| {
                let canonical = target_ip(target)
                    .map_or_else(|| Cow::Borrowed(target.as_str()), |ip| ip.to_string().into());
                (canonical, *target)
            });
        }
        sorted
    }
}

fn by_value(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    match (target_ip(a), target_ip(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

impl<T: Into<EcoString>> FromIterator<T> for Targets {
    fn from_iter<I: IntoIterator<Item = T>>(targets: I) -> Self {
        Self(targets.into_iter().map(Into::into).collect())
    }
}

impl<'a> IntoIterator for &'a Targets {
    type Item = &'a EcoString;
    type IntoIter = std::slice::Iter<'a, EcoString>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// A target in the form in which it is compared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Canonical<'a> {
    Address(IpAddr),
    Text(Cow<'a, str>),
}

impl<'a> Canonical<'a> {
    fn of(target: &'a str, rtype: RecordType) -> Self {
        match rtype {
            RecordType::Txt => Self::text(target),
            // Alias records of an address type carry host names.
            RecordType::A | RecordType::Aaaa => {
                target.trim_ascii().parse().map_or_else(|_| Self::host(target), Self::Address)
            }
            RecordType::Cname | RecordType::Ns | RecordType::Ptr | RecordType::Dname => {
                Self::host(target)
            }
            RecordType::Mx => Self::fields(Mx::parse(target), target),
            RecordType::Srv => Self::fields(Srv::parse(target), target),
            RecordType::Naptr => Self::fields(Naptr::parse(target), target),
            CAA => Self::fields(Caa::parse(target), target),
            _ => Self::lower(target),
        }
    }

    /// The strings of a text joined. An ownership value is text in quotes with nothing escaped, so
    /// it compares as it is; so do bytes that are no text.
    fn text(target: &'a str) -> Self {
        if !target.starts_with('"') || target.starts_with(HERITAGE) {
            return Self::Text(Cow::Borrowed(target));
        }
        let joined = txt_strings(target).and_then(|all| String::from_utf8(all.concat()).ok());
        Self::Text(joined.map_or(Cow::Borrowed(target), Cow::Owned))
    }

    fn fields(parsed: Option<impl ToString>, target: &'a str) -> Self {
        match parsed {
            Some(fields) => Self::Text(fields.to_string().to_ascii_lowercase().into()),
            None => Self::lower(target),
        }
    }

    fn host(target: &'a str) -> Self {
        let target = target.trim_ascii();
        if !target.is_ascii() {
            return Self::Text(host(target).into());
        }
        Self::lower(target.strip_suffix('.').filter(|name| !name.is_empty()).unwrap_or(target))
    }

    fn lower(target: &'a str) -> Self {
        Self::Text(if target.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(target.to_ascii_lowercase())
        } else {
            Cow::Borrowed(target)
        })
    }
}

/// The address that a target is, by the strict grammar of Go's `netip`: no leading zeros, no CIDR,
/// no brackets; an IPv6 address may carry a zone.
#[must_use]
pub fn target_ip(target: &str) -> Option<IpAddr> {
    if let Some((address, zone)) = target.split_once('%') {
        return (!zone.is_empty())
            .then(|| address.parse::<Ipv6Addr>().ok())
            .flatten()
            .map(IpAddr::V6);
    }
    match target.as_bytes().first() {
        Some(b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b':') => {}
        _ => return None,
    }
    if target.contains(':') {
        target.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    } else {
        target.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
    }
}

/// Whether a target is an address without a zone.
#[must_use]
pub fn is_ip_target(target: &str) -> bool {
    !target.contains('%') && target_ip(target).is_some()
}

/// The record type that a free target asks for: IPv4 is A, any other address AAAA, all else CNAME.
#[must_use]
pub fn suitable_type(target: &str) -> RecordType {
    match target_ip(target) {
        Some(IpAddr::V4(_)) => RecordType::A,
        Some(IpAddr::V6(_)) => RecordType::Aaaa,
        None => RecordType::Cname,
    }
}

#[cfg(test)]
mod tests;
