//! DNS names: the text as written, and the form in which names are compared.

use std::borrow::Cow;
use std::fmt;

use ecow::EcoString;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// Most bytes of one label on the wire (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;
/// Most bytes of a name in text form, without the trailing dot (RFC 1035, 2.3.4: 255 on the wire).
const MAX_NAME: usize = 253;

/// A DNS name as it was written, without its trailing dot.
///
/// Case and Unicode letters are kept, because providers and the webhook protocol show names as
/// they were given. Two names are the same name when their [keys](Name::key) are equal; `==`
/// compares the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Name(EcoString);

/// Why a text is no usable DNS name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// A label takes more than 63 bytes on the wire.
    #[error("name {name:?} has a label of {length} bytes ({label:?}); DNS allows 63")]
    LabelTooLong {
        /// The whole name.
        name: String,
        /// The offending label.
        label: String,
        /// Its length in bytes, as A-label.
        length: usize,
    },
    /// The whole name takes more than 253 bytes on the wire.
    #[error("name {name:?} has {length} bytes; DNS allows 253")]
    TooLong {
        /// The whole name.
        name: String,
        /// Its length in bytes, as A-labels.
        length: usize,
    },
    /// A label with non-ASCII letters has no A-label (RFC 5891, UTS 46).
    #[error("name {name:?} is no valid internationalised name (IDNA)")]
    Idna {
        /// The whole name.
        name: String,
    },
}

impl Name {
    /// A name from a cluster object or a user: one trailing dot is stripped, the length limits of
    /// RFC 1035 hold on the wire form, and non-ASCII labels must have an A-label.
    ///
    /// # Errors
    /// The limit that the text breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name = Self::as_listed(text);
        name.to_ascii()?;
        // The key has no outer white space, so its first character can be one that begins no label.
        if !name.key().is_ascii() {
            return Err(NameError::Idna { name: text.to_owned() });
        }
        Ok(name)
    }

    /// A name from a zone that already serves it: one trailing dot is stripped, nothing is checked.
    #[must_use]
    pub fn as_listed(text: &str) -> Self {
        Self(EcoString::from(text.strip_suffix('.').unwrap_or(text)))
    }

    /// [`Name::as_listed`] of a text that is not needed for anything else: it is not copied.
    #[must_use]
    pub fn of_listed(text: EcoString) -> Self {
        if text.ends_with('.') { Self::as_listed(&text) } else { Self(text) }
    }

    /// The text without a trailing dot.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root (or "any zone") name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The form in which names are compared: lower-case A-labels without outer white space and
    /// trailing dots (UTS 46 lookup mapping with transitional processing, STD3 rules off). A label
    /// that has no such form compares by its text without ASCII case.
    ///
    /// Borrowed, and so without cost, for the names that are in this form already.
    #[must_use]
    pub fn key(&self) -> Cow<'_, str> {
        key_of(&self.0)
    }

    /// The key as a text of its own. It is shared with the name where the name is in this form already.
    #[must_use]
    pub fn shared_key(&self) -> EcoString {
        match self.key() {
            Cow::Borrowed(key) if key.len() == self.0.len() => self.0.clone(),
            key => EcoString::from(key),
        }
    }

    /// The lower-case A-label form, checked against the limits of the wire.
    ///
    /// # Errors
    /// The limit that the name breaks, or that it has no A-label form.
    pub fn to_ascii(&self) -> Result<Cow<'_, str>, NameError> {
        let ascii = if is_canonical(&self.0) {
            Cow::Borrowed(self.as_str())
        } else {
            match map_labels(&self.0, ascii_label) {
                Mapped { text, complete: true } => Cow::Owned(text),
                _ => return Err(NameError::Idna { name: self.0.to_string() }),
            }
        };
        if let Some(label) = ascii.split('.').find(|label| label.len() > MAX_LABEL) {
            return Err(NameError::LabelTooLong {
                name: self.0.to_string(),
                label: label.to_owned(),
                length: label.len(),
            });
        }
        if ascii.len() > MAX_NAME {
            return Err(NameError::TooLong { name: self.0.to_string(), length: ascii.len() });
        }
        Ok(ascii)
    }

    /// The lower-case U-label form without a trailing dot (UTS 46, non-transitional), as domain
    /// filters compare names. A label that has no such form keeps its text without ASCII case.
    #[must_use]
    pub fn to_unicode(&self) -> Cow<'_, str> {
        unicode_form(&self.0)
    }

    /// Whether the first label is `*`.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.0 == "*" || self.0.starts_with("*.")
    }

    /// The first label and the rest (`None` for a name of one label).
    #[must_use]
    pub fn split_first(&self) -> (&str, Option<&str>) {
        match self.0.split_once('.') {
            Some((head, tail)) => (head, Some(tail)),
            None => (&self.0, None),
        }
    }

    /// The name without its first label, if that still contains a dot; else the name itself: the
    /// `domain` label of metrics.
    #[must_use]
    pub fn naked_domain(&self) -> &str {
        match self.split_first().1 {
            Some(rest) if rest.contains('.') => rest,
            _ => &self.0,
        }
    }
}

/// The key of a name's text, see [`Name::key`].
pub(crate) fn key_of(text: &str) -> Cow<'_, str> {
    let text = trim(text);
    if is_canonical(text) {
        return Cow::Borrowed(text);
    }
    let key = map_labels(text, ascii_label).text;
    // Full stops and spaces of other scripts become ASCII only now.
    let trimmed = trim(&key);
    Cow::Owned(if trimmed.len() == key.len() { key } else { trimmed.to_owned() })
}

/// The U-label form of a name's text, see [`Name::to_unicode`].
pub(crate) fn unicode_form(text: &str) -> Cow<'_, str> {
    if is_canonical(text) && !text.contains("xn--") {
        return Cow::Borrowed(text);
    }
    let mapped = map_labels(text, unicode_label);
    if !mapped.complete {
        tracing::warn!(name = text, "name has no valid Unicode form, comparing it as written");
    }
    Cow::Owned(mapped.text)
}

/// Without outer white space and trailing dots.
fn trim(text: &str) -> &str {
    let ends = [text.bytes().next(), text.bytes().next_back()];
    if ends.iter().all(|end| end.is_some_and(|byte| byte.is_ascii_graphic() && byte != b'.')) {
        return text;
    }
    text.trim_start().trim_end_matches(|char: char| char == '.' || char.is_whitespace())
}

/// Lower-case ASCII already: nothing to map.
fn is_canonical(text: &str) -> bool {
    // Without an early end, so that many bytes are looked at together.
    !text.bytes().fold(false, |found, byte| found | !byte.is_ascii() | byte.is_ascii_uppercase())
}

struct Mapped {
    text: String,
    /// Whether every label has the form asked for.
    complete: bool,
}

/// Maps a name label by label, so that a label that breaks a rule spoils neither the others nor the
/// zone that the name belongs to. (It also leaves out the one rule that spans labels, RFC 5893's
/// for right-to-left names, which upstream does not apply.)
fn map_labels<'a>(text: &'a str, map: impl Fn(&'a str) -> Option<Cow<'a, str>>) -> Mapped {
    let mut mapped = Mapped { text: String::with_capacity(text.len()), complete: true };
    for (index, label) in text.split('.').enumerate() {
        if index > 0 {
            mapped.text.push('.');
        }
        match map(label) {
            Some(form) => mapped.text.push_str(&form),
            None => {
                mapped.complete = false;
                mapped.text.extend(label.chars().map(|char| char.to_ascii_lowercase()));
            }
        }
    }
    mapped
}

fn ascii_label(label: &str) -> Option<Cow<'_, str>> {
    if label.is_ascii() {
        return Some(Cow::Owned(label.to_ascii_lowercase()));
    }
    Uts46::new()
        .to_ascii(
            transitional(label).as_bytes(),
            AsciiDenyList::EMPTY,
            Hyphens::Allow,
            DnsLength::Ignore,
        )
        .ok()
        .map(|ascii| Cow::Owned(ascii.into_owned()))
}

fn unicode_label(label: &str) -> Option<Cow<'_, str>> {
    let (unicode, result) =
        Uts46::new().to_unicode(label.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
    result.is_ok().then_some(unicode)
}

/// The characters whose mapping differs in transitional processing (UTS 46, section 4,
/// table 1); the `idna` crate implements non-transitional processing only.
fn transitional(text: &str) -> Cow<'_, str> {
    const DEVIATIONS: [char; 5] = ['ß', 'ẞ', 'ς', '\u{200c}', '\u{200d}'];
    if !text.contains(DEVIATIONS) {
        return Cow::Borrowed(text);
    }
    let mut mapped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            'ß' | 'ẞ' => mapped.push_str("ss"),
            'ς' => mapped.push('σ'),
            '\u{200c}' | '\u{200d}' => {}
            other => mapped.push(other),
        }
    }
    Cow::Owned(mapped)
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests;
