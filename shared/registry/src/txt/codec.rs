//! The text of an ownership TXT record.

use extdns_model::{Labels, RecordSet};

use super::cipher::{CannotEncrypt, Cipher};

/// From stored text to labels and back. What hides the text from readers of the zone belongs here.
#[derive(Default)]
pub(crate) struct Codec {
    /// For reading, whether or not new texts are encrypted: a zone holds texts from before and
    /// after encryption was switched on or off.
    cipher: Option<Cipher>,
    encrypts: bool,
}

impl Codec {
    /// A codec that reads plain texts and those of the cipher, and writes either kind.
    pub(crate) fn new(cipher: Cipher, encrypts: bool) -> Self {
        Self { cipher: Some(cipher), encrypts }
    }

    /// The labels in a stored text; `None` if it is no ownership record but a user's own text.
    pub(super) fn read(&self, text: &str) -> Option<Labels> {
        match self.cipher.as_ref().and_then(|cipher| cipher.decrypt(text)) {
            Some(plain) => Labels::parse(std::str::from_utf8(&plain).ok()?).ok(),
            None => Labels::parse(text).ok(),
        }
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

    /// The labels of a TXT record set: its first text counts.
    pub(super) fn labels(&self, set: &RecordSet) -> Option<Labels> {
        self.read(set.targets.first()?)
    }

    /// Whether an ownership record is there more than once, as a run that read stale records leaves
    /// it. Other values beside it are somebody else's. The labels tell, because the same labels are
    /// encrypted to another text each time.
    pub(super) fn is_repeated(&self, set: &RecordSet) -> bool {
        let [first, others @ ..] = set.targets.as_slice() else { return false };
        if others.is_empty() {
            return false;
        }
        let Some(labels) = self.read(first) else { return false };
        others.iter().all(|text| text == first || self.read(text).as_ref() == Some(&labels))
    }
}
