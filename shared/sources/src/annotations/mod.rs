//! The annotations that sources read: their keys, prefixes and value grammars.

mod hostname_source;
mod list;
mod properties;

use std::borrow::Cow;

use ecow::{EcoString, eco_format};
use extdns_clusters::Pairs;
use extdns_model::{Properties, Ttl};

use crate::ttl::{TtlError, parse_ttl};
pub(crate) use hostname_source::HostnameSource;
use list::{elements, without_dot};

/// Where current ExternalDNS looks.
pub(crate) const GA_PREFIX: &str = "external-dns.kubernetes.io/";
/// Where every release up to v0.21 looked.
pub(crate) const ALPHA_PREFIX: &str = "external-dns.alpha.kubernetes.io/";

/// The part behind the prefix of an annotation that is looked up by itself; the rest become [properties]. A key that only
/// one source reads stands in the folder of that source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) &'static str);

impl Key {
    /// Which controller an object belongs to.
    pub(crate) const CONTROLLER: Self = Self("controller");
    /// Names to publish.
    pub(crate) const HOSTNAME: Self = Self("hostname");
    /// Names to publish for the address inside the cluster.
    pub(crate) const INTERNAL_HOSTNAME: Self = Self("internal-hostname");
    /// Targets instead of the computed ones.
    pub(crate) const TARGET: Self = Self("target");
    /// Time to live.
    pub(crate) const TTL: Self = Self("ttl");
    /// Set identifier of every endpoint of the object.
    pub(crate) const SET_IDENTIFIER: Self = Self("set-identifier");
}

/// The annotations that a source reads.
pub(crate) struct Reads {
    /// One by one.
    pub(crate) keys: &'static [Key],
    /// Whether those that become provider-specific properties count.
    pub(crate) properties: bool,
}

impl Reads {
    /// What most sources read: names, targets, and all that goes into a record.
    pub(crate) const USUAL: Self = Self {
        keys: &[Key::CONTROLLER, Key::HOSTNAME, Key::TARGET, Key::TTL, Key::SET_IDENTIFIER],
        properties: true,
    };
}

/// The prefixes of this run.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// The preferred prefix first.
    prefixes: Vec<EcoString>,
}

impl Vocabulary {
    /// Exactly the given prefix, or the current prefix with the old one per key behind it.
    pub(crate) fn new(prefix: Option<&str>) -> Self {
        let prefixes = match prefix {
            Some(prefix) => vec![prefix.into()],
            None => vec![GA_PREFIX.into(), ALPHA_PREFIX.into()],
        };
        Self { prefixes }
    }

    /// An object's annotations, read with these keys.
    pub(crate) fn read<'a>(&'a self, pairs: &'a Pairs) -> Annotations<'a> {
        Annotations { vocabulary: self, pairs }
    }

    /// The keys of an annotation in full, the preferred first.
    pub(crate) fn keys(&self, key: Key) -> Vec<EcoString> {
        self.prefixes.iter().map(|prefix| eco_format!("{prefix}{}", key.0)).collect()
    }
}

/// The annotations of one object.
#[derive(Clone, Copy)]
pub(crate) struct Annotations<'a> {
    vocabulary: &'a Vocabulary,
    pairs: &'a Pairs,
}

impl<'a> Annotations<'a> {
    /// The value of an annotation.
    pub(crate) fn get(self, key: Key) -> Option<&'a str> {
        if self.pairs.is_empty() {
            return None;
        }
        self.by_suffix().find(|(suffix, _)| *suffix == key.0).map(|(_, value)| value)
    }

    /// Whether one of the annotations is there.
    pub(crate) fn has_any(self, keys: &[Key]) -> bool {
        keys.iter().any(|key| self.get(*key).is_some())
    }

    /// The elements of a list annotation, see [`elements`].
    pub(crate) fn list(self, key: Key) -> impl Iterator<Item = Cow<'a, str>> {
        elements(self.get(key).unwrap_or_default())
    }

    /// The value of an annotation of another system, by its whole key.
    pub(crate) fn other(self, key: &str) -> Option<&'a str> {
        self.pairs.get(key)
    }

    /// The elements of a list annotation of another system, by its whole key.
    pub(crate) fn other_list(self, key: &str) -> impl Iterator<Item = Cow<'a, str>> {
        elements(self.other(key).unwrap_or_default())
    }

    /// The targets that replace the computed ones, each without one trailing dot.
    pub(crate) fn targets(self) -> impl Iterator<Item = Cow<'a, str>> {
        self.list(Key::TARGET).map(without_dot).filter(|target| !target.is_empty())
    }

    /// The TTL: not configured if there is none.
    pub(crate) fn ttl(self) -> Result<Ttl, TtlError> {
        self.get(Key::TTL).map_or(Ok(Ttl::UNSET), parse_ttl)
    }

    /// The set identifier, empty if there is none.
    pub(crate) fn set_identifier(self) -> EcoString {
        self.get(Key::SET_IDENTIFIER).unwrap_or_default().into()
    }

    /// The provider-specific properties, sorted by name.
    pub(crate) fn properties(self) -> Properties {
        let mut properties = Properties::new();
        for (suffix, value) in self.by_suffix() {
            if let Some(name) = properties::name(&self.vocabulary.prefixes[0], suffix, value)
                && properties.get(&name).is_none()
            {
                properties.set(name, value);
            }
        }
        properties.sort();
        properties
    }

    /// How many annotations count that have the old prefix, where the current one is preferred.
    pub(crate) fn outdated(self, reads: &Reads) -> usize {
        let [current, old] = &self.vocabulary.prefixes[..] else { return 0 };
        let known = |suffix: &str| {
            reads.keys.iter().any(|key| key.0 == suffix)
                || reads.properties && properties::is_one(suffix)
        };
        self.pairs
            .with_prefix(old)
            .map(|(key, _)| &key[old.len()..])
            .filter(|suffix| known(suffix))
            .filter(|suffix| self.pairs.get(&eco_format!("{current}{suffix}")).is_none())
            .count()
    }

    /// Our annotations without their prefix, those of the preferred prefix first.
    fn by_suffix(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.vocabulary.prefixes.iter().flat_map(move |prefix| {
            self.pairs.with_prefix(prefix).map(|(key, value)| (&key[prefix.len()..], value))
        })
    }
}

#[cfg(test)]
mod tests;
