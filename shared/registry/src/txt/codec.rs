//! The text of an ownership TXT record.

use std::borrow::Cow;

use ecow::EcoString;
use extdns_model::{Labels, RecordSet, Targets};

use super::cipher::{CannotEncrypt, Cipher};
use crate::text::{claims_ownership, joined};

/// From stored text to labels and back. What hides the text from readers of the zone belongs here.
#[derive(Default)]
pub(crate) struct Codec {
    /// For reading, whether or not new texts are encrypted: a zone holds texts from before and
    /// after encryption was switched on or off.
    cipher: Option<Cipher>,
    encrypts: bool,
}

/// What the values of a TXT record set say of ownership. Their order has no meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ownership {
    /// Nothing: they are a user's own texts.
    Nothing,
    /// One thing, maybe more than once, as a run that read stale records leaves it.
    Says(Labels),
    /// Several things: it is not clear which of them is right.
    Contested,
}

impl Codec {
    /// A codec that reads plain texts and those of the cipher, and writes either kind.
    pub(crate) fn new(cipher: Cipher, encrypts: bool) -> Self {
        Self { cipher: Some(cipher), encrypts }
    }

    /// The labels in a stored text; `None` if it is no ownership value but a user's own text.
    pub(super) fn read(&self, stored: &EcoString) -> Option<Labels> {
        let text = joined(stored);
        match (self.cipher.as_ref().and_then(|cipher| cipher.decrypt(&text)), text) {
            (Some(plain), _) => Labels::parse(std::str::from_utf8(&plain).ok()?).ok(),
            (None, text) => as_written(stored, text),
        }
    }

    /// Whether a wanted text would be read as an ownership value, here or by another reader.
    pub(super) fn claims(&self, text: &EcoString) -> bool {
        claims_ownership(text) || self.read(text).is_some()
    }

    /// The text to store.
    pub(super) fn write(&self, labels: &Labels) -> Result<String, CannotEncrypt> {
        let plain = labels.to_text();
        let text = match self.cipher.as_ref().filter(|_| self.encrypts) {
            Some(cipher) => cipher.encrypt(&plain)?,
            None => plain,
        };
        Ok(format!("\"{text}\""))
    }

    /// What a TXT record set says. Values are compared by their labels, because the same labels
    /// are encrypted to another text each time.
    pub(super) fn ownership(&self, set: &RecordSet) -> Ownership {
        let mut said = set.targets.iter().filter_map(|text| self.read(text));
        let Some(first) = said.next() else { return Ownership::Nothing };
        if said.all(|labels| labels == first) {
            Ownership::Says(first)
        } else {
            Ownership::Contested
        }
    }

    /// The labels of a TXT record set, if it has one ownership value.
    pub(super) fn labels(&self, set: &RecordSet) -> Option<Labels> {
        match self.ownership(set) {
            Ownership::Says(labels) => Some(labels),
            Ownership::Nothing | Ownership::Contested => None,
        }
    }

    /// Whether [`plain_labels`] are what a TXT record set says.
    pub(super) fn says_plainly(&self, set: &RecordSet) -> bool {
        self.cipher.is_none() && set.targets.len() == 1
    }

    /// Whether an ownership value is there more than once.
    pub(super) fn is_repeated(&self, set: &RecordSet) -> bool {
        set.targets.len() > 1 && set.targets.iter().filter_map(|text| self.read(text)).count() > 1
    }

    /// The values of a record set that are not ownership values: they always stay.
    pub(super) fn foreign<'s>(&self, set: &'s RecordSet) -> impl Iterator<Item = &'s str> {
        // Most sets have one value, which is ours.
        let mixed = set.targets.len() > 1;
        let values = set.targets.iter().filter(move |text| mixed && self.read(text).is_none());
        values.map(EcoString::as_str)
    }

    /// The values of a set with another ownership value in the place of its own.
    pub(super) fn replaced(&self, set: &RecordSet, value: String) -> Targets {
        let mut value = Some(value);
        let mut targets = Targets::new();
        for text in &set.targets {
            match self.read(text) {
                None => targets.push(text.clone()),
                Some(_) => value.take().into_iter().for_each(|value| targets.push(value)),
            }
        }
        value.into_iter().for_each(|value| targets.push(value));
        targets
    }
}

/// The labels of the first value of a TXT record set that is not encrypted.
pub(super) fn plain_labels(set: &RecordSet) -> Option<Labels> {
    let stored = set.targets.first()?;
    as_written(stored, joined(stored))
}

/// The labels of a value, and of its strings in one.
fn as_written(stored: &EcoString, text: Cow<'_, str>) -> Option<Labels> {
    match text {
        Cow::Borrowed(_) => Labels::parse_stored(stored).ok(),
        Cow::Owned(text) => Labels::parse(&text).ok(),
    }
}
