//! The annotations that sources read: their keys, prefixes and value grammars.

use std::borrow::Cow;

use ecow::{EcoString, eco_format};
use extdns_clusters::Pairs;
use extdns_model::{Properties, Ttl, property_names};

use crate::ttl::{TtlError, parse_ttl};

/// Where current ExternalDNS looks.
pub(crate) const GA_PREFIX: &str = "external-dns.kubernetes.io/";
/// Where every release up to v0.21 looked.
pub(crate) const ALPHA_PREFIX: &str = "external-dns.alpha.kubernetes.io/";

/// The part behind the prefix of an annotation that is looked up by itself; the rest are [`PROPERTIES`]. A key that only
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

/// How the annotations become provider-specific properties.
const PROPERTIES: &[(&str, Effect)] = &[
    ("alias", Effect::Alias),
    ("record-type", Effect::Named(property_names::RECORD_TYPE)),
    ("aws-", Effect::Family("aws/")),
    ("scw-", Effect::Family("scw/")),
    ("coredns-", Effect::Family("coredns/")),
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
            if let Some(name) = self.property(suffix, value)
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
                || reads.properties && property_of(suffix).is_some()
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

    fn property(self, suffix: &str, value: &str) -> Option<EcoString> {
        Some(match property_of(suffix)? {
            (_, Effect::Alias) if value == "false" => NO_ALIAS.into(),
            (_, Effect::Alias) if !ALIAS_VALUES.contains(&value) => return None,
            (_, Effect::Alias) => property_names::ALIAS.into(),
            (_, Effect::Named(name)) => name.into(),
            (start, Effect::Family(family)) => eco_format!("{family}{}", &suffix[start.len()..]),
            (_, Effect::FullKey) => eco_format!("{}{suffix}", self.vocabulary.prefixes[0]),
        })
    }
}

fn property_of(suffix: &str) -> Option<(&'static str, Effect)> {
    PROPERTIES.iter().copied().find(|(key, effect)| match effect {
        Effect::Family(_) => suffix.starts_with(key),
        _ => suffix == *key,
    })
}

/// The elements of a comma-separated list: blanks are deleted, also inside an element; other white
/// space around an element is trimmed; empty elements are skipped.
pub(crate) fn elements(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split(',').map(without_blanks).filter(|element| !element.is_empty())
}

fn without_blanks(element: &str) -> Cow<'_, str> {
    let element = element.trim();
    if element.contains(' ') {
        Cow::Owned(element.replace(' ', "").trim().to_owned())
    } else {
        Cow::Borrowed(element)
    }
}

/// A text without one trailing dot.
pub(crate) fn without_dot(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix('.').unwrap_or(text)),
        Cow::Owned(mut text) => {
            if text.ends_with('.') {
                text.pop();
            }
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Annotations, Key, Reads, Vocabulary, elements};
    use extdns_clusters::Pairs;
    use extdns_model::Ttl;

    #[test]
    fn lists() {
        let table: &[(&str, &[&str])] = &[
            ("a.org", &["a.org"]),
            ("a.org, b.org ,c.org", &["a.org", "b.org", "c.org"]),
            ("a .o rg", &["a.org"]),
            ("a.org,a.org", &["a.org", "a.org"]),
            ("", &[]),
            ("a.org,", &["a.org"]),
            (",,  ,", &[]),
            ("a.org,\n\tb.org\r\n", &["a.org", "b.org"]),
            (" \t a.org \t ", &["a.org"]),
        ];
        for (text, expected) in table {
            assert_eq!(elements(text).collect::<Vec<_>>(), *expected, "{text:?}");
        }
    }

    fn with<T>(
        prefix: Option<&str>,
        pairs: &[(&str, &str)],
        read: impl FnOnce(Annotations<'_>) -> T,
    ) -> T {
        let pairs: Pairs = pairs.iter().copied().collect();
        read(Vocabulary::new(prefix).read(&pairs))
    }

    #[test]
    fn targets_lose_one_dot_and_nothing_is_no_target() {
        let table: &[(&str, &[&str])] = &[
            ("alias.example.net., 192.0.2.1", &["alias.example.net", "192.0.2.1"]),
            ("a..", &["a."]),
            (". , .", &[]),
            ("", &[]),
        ];
        for (text, expected) in table {
            let targets = with(None, &[("external-dns.kubernetes.io/target", text)], |a| {
                a.targets().map(std::borrow::Cow::into_owned).collect::<Vec<_>>()
            });
            assert_eq!(targets, *expected, "{text:?}");
        }
    }

    const ALL: Reads = Reads { keys: &[Key::TTL], properties: true };
    const GA: &str = "external-dns.kubernetes.io/ttl";
    const ALPHA: &str = "external-dns.alpha.kubernetes.io/ttl";

    #[test]
    fn the_current_prefix_wins_over_the_old_one_and_a_given_one_is_alone() {
        type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], Option<&'a str>, usize);
        let table: &[Case<'_>] = &[
            (None, &[(GA, "1")], Some("1"), 0),
            (None, &[(ALPHA, "2")], Some("2"), 1),
            (None, &[(ALPHA, "2"), (GA, "1")], Some("1"), 0),
            (None, &[("my/ttl", "3")], None, 0),
            (None, &[("external-dns.alpha.kubernetes.io/unknown", "3")], None, 0),
            (Some("my/"), &[("my/ttl", "3"), (GA, "1")], Some("3"), 0),
            (Some("my/"), &[(GA, "1"), (ALPHA, "2")], None, 0),
            (Some("external-dns.kubernetes.io/"), &[(ALPHA, "2")], None, 0),
        ];
        for (prefix, pairs, value, outdated) in table {
            with(*prefix, pairs, |annotations| {
                assert_eq!(annotations.get(Key::TTL), *value, "{prefix:?} {pairs:?}");
                assert_eq!(annotations.outdated(&ALL), *outdated, "{prefix:?} {pairs:?}");
            });
        }
    }

    #[test]
    fn the_catalogue_of_properties() {
        let table: &[(&str, &str, &str)] = &[
            ("alias", "true", "alias=true"),
            ("alias", "A", "alias=A"),
            ("alias", "AAAA", "alias=AAAA"),
            ("alias", "false", "aws/alias=false"),
            ("alias", "TRUE", ""),
            ("record-type", "PTR", "record-type=PTR"),
            ("record-type", "", "record-type="),
            ("aws-weight", "10", "aws/weight=10"),
            ("aws-", "x", "aws/=x"),
            ("scw-priority", "1", "scw/priority=1"),
            ("coredns-group", "g", "coredns/group=g"),
            ("webhook-a-b", "c", "webhook/a-b=c"),
            ("azure-tags", "k=v", "azure/tags=k=v"),
            ("azure-other", "x", ""),
            ("cloudflare-proxied", "true", "external-dns.kubernetes.io/cloudflare-proxied=true"),
            ("cloudflare-tags", "t", "external-dns.kubernetes.io/cloudflare-tags=t"),
            (
                "cloudflare-custom-hostname",
                "h",
                "external-dns.kubernetes.io/cloudflare-custom-hostname=h",
            ),
            ("cloudflare-region-key", "eu", "external-dns.kubernetes.io/cloudflare-region-key=eu"),
            (
                "cloudflare-record-comment",
                "c",
                "external-dns.kubernetes.io/cloudflare-record-comment=c",
            ),
            ("cloudflare-proxied-x", "true", ""),
            ("cloudflare-other", "x", ""),
            ("ibmcloud-x", "y", ""),
            ("hostname", "h", ""),
        ];
        for (suffix, value, expected) in table {
            for prefix in ["external-dns.kubernetes.io/", "external-dns.alpha.kubernetes.io/"] {
                let key = format!("{prefix}{suffix}");
                with(None, &[(&key, value)], |annotations| {
                    assert_eq!(shown(annotations), *expected, "{key}");
                });
            }
        }
    }

    fn shown(annotations: Annotations<'_>) -> String {
        let shown: Vec<_> =
            annotations.properties().iter().map(|p| format!("{}={}", p.name, p.value)).collect();
        shown.join(",")
    }

    #[test]
    fn properties_are_sorted_and_the_current_spelling_wins() {
        let pairs = [
            ("external-dns.kubernetes.io/webhook-z", "1"),
            ("external-dns.kubernetes.io/aws-weight", "10"),
            ("external-dns.alpha.kubernetes.io/aws-weight", "20"),
            ("external-dns.alpha.kubernetes.io/alias", "true"),
        ];
        with(None, &pairs, |annotations| {
            assert_eq!(shown(annotations), "alias=true,aws/weight=10,webhook/z=1");
        });
        let own = [("my/cloudflare-proxied", "true")];
        with(Some("my/"), &own, |annotations| {
            assert_eq!(shown(annotations), "my/cloudflare-proxied=true");
        });
    }

    #[test]
    fn an_object_without_annotations_costs_nothing_and_has_nothing() {
        with(None, &[], |annotations| {
            assert_eq!(annotations.get(Key::HOSTNAME), None);
            assert_eq!(annotations.list(Key::HOSTNAME).count(), 0);
            assert_eq!(annotations.ttl(), Ok(Ttl::UNSET));
            assert_eq!(annotations.set_identifier(), "");
            assert!(annotations.properties().is_empty());
        });
    }
}
