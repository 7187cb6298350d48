//! The text of an ownership TXT record.

use extdns_model::{Labels, RecordSet};

/// From stored text to labels and back. What hides the text from readers of the zone belongs here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Codec;

impl Codec {
    /// The labels in a stored text; `None` if it is no ownership record but a user's own text.
    pub(super) fn read(&self, text: &str) -> Option<Labels> {
        Labels::parse(text).ok()
    }

    /// The text to store.
    pub(super) fn write(&self, labels: &Labels) -> String {
        format!("\"{}\"", labels.to_text())
    }

    /// The labels of a TXT record set: its first text counts.
    pub(super) fn labels(&self, set: &RecordSet) -> Option<Labels> {
        self.read(set.targets.first()?)
    }
}
