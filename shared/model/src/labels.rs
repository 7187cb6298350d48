//! Ownership labels and their text form in TXT records.

use std::fmt::Write as _;

use ecow::EcoString;
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
    /// The nonce under which the stored text was encrypted; never part of the text.
    pub const NONCE: &str = "txt-encryption-nonce";
}

const HERITAGE: &str = "heritage";
const HERITAGE_VALUE: &str = "external-dns";
const PREFIX: &str = "external-dns/";

/// The text is not an ownership record of the external-dns family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid heritage")]
pub struct InvalidHeritage;

/// Ownership metadata of a record: a small map, sorted by key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels(ThinVec<(EcoString, EcoString)>);

impl Labels {
    /// No labels.
    #[must_use]
    pub const fn new() -> Self {
        Self(ThinVec::new())
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
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
        match self.0.binary_search_by(|(own, _)| own.cmp(&key)) {
            Ok(index) => self.0[index].1 = value,
            Err(index) => self.0.insert(index, (key, value)),
        }
    }

    /// Removes a label and returns its value.
    pub fn remove(&mut self, key: &str) -> Option<EcoString> {
        let index = self.0.iter().position(|(own, _)| own == key)?;
        Some(self.0.remove(index).1)
    }

    /// Takes over every label of the other map.
    pub fn extend(&mut self, other: &Self) {
        for (key, value) in other.0.iter() {
            self.set(key.clone(), value.clone());
        }
    }

    /// The labels in byte order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
        for (key, value) in
            text.trim_matches('"').split(',').filter_map(|token| token.split_once('='))
        {
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
