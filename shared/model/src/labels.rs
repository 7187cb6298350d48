//! Ownership labels and their text form in TXT records.

use std::fmt::{self, Write as _};

use ecow::EcoString;
use memchr::memchr;
use thin_vec::ThinVec;

/// Keys with a meaning of their own.
pub struct LabelKey;

impl LabelKey {
    /// The owner id.
    pub const OWNER: &str = "owner";
    /// The object that wants the record, `<kind>/<namespace>/<name>`.
    pub const RESOURCE: &str = "resource";
    /// The clusters that want the record, where several share an owner id or a record.
    pub const CLUSTER: &str = "cluster";
    /// On an ownership TXT record: the name that it stands for.
    pub const OWNED_RECORD: &str = "ownedRecord";
    /// The description of a service of Cloud Map, which says who owns it: a text form of the other labels.
    pub const AWS_SD_DESCRIPTION: &str = "aws-sd-description";
    /// The nonce under which the stored text was encrypted; never part of the text.
    pub const NONCE: &str = "txt-encryption-nonce";
}

const HERITAGE: &str = "heritage";
const HERITAGE_VALUE: &str = "external-dns";
const PREFIX: &str = "external-dns/";
/// How a text begins, and what stands before each of its labels.
const BEGINNING: &str = "heritage=external-dns";
const SEPARATOR: &str = ",external-dns/";

/// The text is not an ownership record of the external-dns family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid heritage")]
pub struct InvalidHeritage;

/// Ownership metadata of a record: a small map, sorted by key.
///
/// A run holds labels for each record, and changes few of them: what was read stays the text that it
/// was, shared with the record that has it.
#[derive(Clone, Default)]
pub struct Labels {
    /// The labels as a zone holds them, in quotes or not: in byte order of their keys, each once.
    /// Empty where they are kept one by one.
    stored: EcoString,
    pairs: ThinVec<(EcoString, EcoString)>,
}

impl Labels {
    /// No labels.
    #[must_use]
    pub const fn new() -> Self {
        Self { stored: EcoString::new(), pairs: ThinVec::new() }
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    /// The owner id, if the label is there (even if empty).
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.get(LabelKey::OWNER)
    }

    /// The resource label.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.get(LabelKey::RESOURCE)
    }

    /// Sets a label.
    pub fn set(&mut self, key: impl Into<EcoString>, value: impl Into<EcoString>) {
        let (key, value) = (key.into(), value.into());
        let pairs = self.pairs();
        match pairs.binary_search_by(|(own, _)| own.cmp(&key)) {
            Ok(index) => pairs[index].1 = value,
            Err(index) => {
                // Records have two or three labels, and there are many records.
                pairs.reserve_exact(1);
                pairs.insert(index, (key, value));
            }
        }
    }

    /// Removes a label and returns its value.
    pub fn remove(&mut self, key: &str) -> Option<EcoString> {
        let index = self.iter().position(|(own, _)| own == key)?;
        Some(self.pairs().remove(index).1)
    }

    /// Takes over every label of the other map.
    pub fn extend(&mut self, other: &Self) {
        if self.is_empty() {
            *self = other.clone();
            return;
        }
        for (key, value) in other.iter() {
            self.set(key, value);
        }
    }

    /// The labels in byte order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        stored(&self.stored).chain(pairs)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The labels one by one, to be changed.
    fn pairs(&mut self) -> &mut ThinVec<(EcoString, EcoString)> {
        if !self.stored.is_empty() {
            let text = std::mem::take(&mut self.stored);
            self.pairs = stored(&text).map(|(key, value)| (key.into(), value.into())).collect();
        }
        &mut self.pairs
    }

    /// The text form without quotes: `heritage=external-dns,external-dns/owner=me,...`.
    ///
    /// There is no escaping, so a comma in a value does not survive a read.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{HERITAGE}={HERITAGE_VALUE}");
        for (key, value) in self.iter().filter(|(key, _)| *key != LabelKey::NONCE) {
            // Writing to a String cannot fail.
            let _ = write!(text, ",{PREFIX}{key}={value}");
        }
        text
    }

    /// Parses the text form; outer quotes are ignored, unknown tokens skipped, later duplicates win.
    ///
    /// # Errors
    /// [`InvalidHeritage`] if the text does not say `heritage=external-dns`.
    pub fn parse(text: &str) -> Result<Self, InvalidHeritage> {
        let mut labels = Self::new();
        let mut heritage = false;
        let tokens = unquoted(text).split(',');
        for (key, value) in tokens.filter_map(|token| token.split_once('=')) {
            if key == HERITAGE {
                if value != HERITAGE_VALUE {
                    return Err(InvalidHeritage);
                }
                heritage = true;
            } else if key.starts_with(HERITAGE_VALUE) {
                labels.set(key.strip_prefix(PREFIX).unwrap_or(key), value);
            }
        }
        if heritage { Ok(labels) } else { Err(InvalidHeritage) }
    }

    /// The same of a text that its record holds: as it is written as a rule, it is not copied.
    ///
    /// # Errors
    /// As [`Labels::parse`].
    pub fn parse_stored(text: &EcoString) -> Result<Self, InvalidHeritage> {
        if is_plain(text) {
            Ok(Self { stored: text.clone(), ..Self::new() })
        } else {
            Self::parse(text)
        }
    }
}

/// The labels of a text that [`is_plain`].
fn stored(text: &str) -> Stored<'_> {
    Stored(unquoted(text).strip_prefix(BEGINNING).unwrap_or_default())
}

/// A text without its outer quotes.
fn unquoted(mut text: &str) -> &str {
    while let Some(rest) = text.strip_prefix('"') {
        text = rest;
    }
    while let Some(rest) = text.strip_suffix('"') {
        text = rest;
    }
    text
}

/// What is left of such a text behind the heritage, or behind a label.
struct Stored<'t>(&'t str);

impl<'t> Iterator for Stored<'t> {
    type Item = (&'t str, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0.strip_prefix(SEPARATOR)?;
        let end = memchr(b',', text.as_bytes()).unwrap_or(text.len());
        let (label, rest) = text.split_at(end);
        let (key, value) = label.split_at(memchr(b'=', label.as_bytes())?);
        self.0 = rest;
        Some((key, &value[1..]))
    }
}

/// Whether a text is as it is written: the heritage, then labels in byte order of their keys, each
/// once, and nothing else.
fn is_plain(text: &str) -> bool {
    let (mut labels, mut last) = (stored(text), None);
    let is_sorted = labels.by_ref().all(|(key, _)| last.replace(key).is_none_or(|last| last < key));
    is_sorted && labels.0.is_empty() && unquoted(text).starts_with(BEGINNING)
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Labels {}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Into<EcoString>, V: Into<EcoString>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut labels = Self::new();
        for (key, value) in pairs {
            labels.set(key, value);
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parse() {
        type Pairs = &'static [(&'static str, &'static str)];
        let cases: &[(&str, Option<Pairs>)] = &[
            (
                "heritage=external-dns,external-dns/owner=o,external-dns/resource=ingress/ns/n",
                Some(&[("owner", "o"), ("resource", "ingress/ns/n")]),
            ),
            ("\"heritage=external-dns,external-dns/owner=o\"", Some(&[("owner", "o")])),
            ("\"\"heritage=external-dns,external-dns/owner=o\"\"\"", Some(&[("owner", "o")])),
            (
                "heritage=external-dns,,external-dns/owner=o,random=stuff,no-equal,,",
                Some(&[("owner", "o")]),
            ),
            (
                "heritage=external-dns,external-dns/owner=team=platform",
                Some(&[("owner", "team=platform")]),
            ),
            (
                "external-dns/owner=o,heritage=external-dns,external-dns/owner=p",
                Some(&[("owner", "p")]),
            ),
            (
                "heritage=external-dns,external-dnsfoo=x,external-dns=y,external-dns/=z",
                Some(&[("", "z"), ("external-dns", "y"), ("external-dnsfoo", "x")]),
            ),
            (
                "heritage=external-dns, external-dns/owner=o,external-dns/a= b ",
                Some(&[("a", " b ")]),
            ),
            ("heritage=external-dns,external-dns/owner=", Some(&[("owner", "")])),
            ("heritage=external-dns", Some(&[])),
            ("external-dns/owner=o", None),
            ("heritage=mate,external-dns/owner=o", None),
            ("heritage=mate,heritage=external-dns,external-dns/owner=o", None),
            ("heritage=external-dns,heritage=mate", None),
            (" heritage=external-dns", None),
            ("heritage", None),
            ("", None),
            ("v=spf1 -all", None),
        ];
        for (text, expected) in cases {
            let expected =
                expected.map(|pairs| pairs.iter().copied().collect()).ok_or(InvalidHeritage);
            assert_eq!(Labels::parse(text), expected, "{text}");
            assert_eq!(Labels::parse_stored(&EcoString::from(*text)), expected, "{text}");
        }
    }

    #[test]
    fn a_stored_text_is_shared_until_a_label_changes() {
        let text: EcoString =
            "\"heritage=external-dns,external-dns/owner=me,external-dns/resource=x\"".into();
        let mut labels = Labels::parse_stored(&text).unwrap();
        assert_eq!(labels.stored.as_ptr(), text.as_ptr());
        let mut extended = Labels::new();
        extended.extend(&labels);
        assert_eq!(extended.stored.as_ptr(), text.as_ptr());
        assert_eq!(labels.remove("cluster"), None);
        assert_eq!((labels.stored.as_ptr(), labels.len()), (text.as_ptr(), 2));
        labels.set("cluster", "eu");
        assert_eq!(
            labels,
            [("cluster", "eu"), ("owner", "me"), ("resource", "x")].into_iter().collect()
        );
        assert_eq!(labels.remove("resource").as_deref(), Some("x"));
        assert_eq!(extended.resource(), Some("x"));
    }

    #[test]
    fn text_form_is_in_byte_order_and_without_the_nonce() {
        let labels: Labels = [
            ("resource", "service/default/web"),
            ("owner", "me"),
            (LabelKey::NONCE, "secret"),
            (LabelKey::OWNED_RECORD, "a.org"),
            ("aws-sd-description", "x"),
            ("Z", ""),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            labels.to_text(),
            "heritage=external-dns,external-dns/Z=,external-dns/aws-sd-description=x,\
             external-dns/ownedRecord=a.org,external-dns/owner=me,\
             external-dns/resource=service/default/web"
        );
        assert_eq!(Labels::new().to_text(), "heritage=external-dns");
    }

    #[test]
    fn is_a_map() {
        let mut labels = Labels::new();
        assert!(labels.is_empty());
        labels.set("b", "1");
        labels.set("a", "2");
        labels.set("b", "3");
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "2"), ("b", "3")]);
        let other = [("c", "4"), ("a", "5")].into_iter().collect();
        labels.extend(&other);
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "5"), ("b", "3"), ("c", "4")]);
        assert_eq!(labels.remove("b").as_deref(), Some("3"));
        assert_eq!(labels.remove("b"), None);
        assert_eq!(labels.get("b"), None);
        assert_eq!(labels.owner(), None);
    }

    proptest! {
        #[test]
        fn writable_labels_survive(
            pairs in proptest::collection::btree_map("[^,=\"]{0,8}", "[^,\"]{0,12}", 0..6)
        ) {
            let labels: Labels = pairs
                .iter()
                .filter(|(key, _)| *key != LabelKey::NONCE)
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .collect();
            prop_assert_eq!(Labels::parse(&labels.to_text()), Ok(labels.clone()));
            prop_assert_eq!(Labels::parse(&format!("\"{}\"", labels.to_text())), Ok(labels));
        }

        #[test]
        fn what_was_read_can_be_written_and_read_again(
            tail in "(,(external-dns/)?[a-c]?=?[a-c=]{0,3}){0,5}"
        ) {
            let text = format!("heritage=external-dns{tail}");
            let labels = Labels::parse(&text);
            prop_assert_eq!(&Labels::parse_stored(&text.into()), &labels);
            if let Ok(labels) = labels {
                prop_assert_eq!(Labels::parse(&labels.to_text()), Ok(labels));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "(heritage=external-dns)?\\PC{0,60}") {
            let _ = Labels::parse(&text);
        }
    }
}
