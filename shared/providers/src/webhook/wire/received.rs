//! What a server answers: endpoints, what is usable of them, and the domain filter.

mod decode;
mod filter;

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use ecow::EcoString;
use extdns_model::{Labels, Name, Opaque, Properties, Record, RecordSet, RecordType, Targets, Ttl};
use foldhash::quality::RandomState;

use crate::{ErrorKind, ProviderError};
pub(in crate::webhook) use filter::domain_filter;

/// An endpoint as it came.
#[derive(Debug, Default)]
pub(in crate::webhook) struct Received {
    name: EcoString,
    rtype: EcoString,
    set_identifier: EcoString,
    targets: Targets,
    ttl: i64,
    labels: Labels,
    properties: Properties,
}

impl Received {
    /// The record set and its labels.
    pub(in crate::webhook) fn into_set(self) -> Result<(RecordSet, Labels), Unusable> {
        let Ok(rtype) = self.rtype.parse::<RecordType>() else {
            return Err(Unusable { name: self.name, rtype: self.rtype });
        };
        if self.name.is_empty() {
            return Err(Unusable { name: self.name, rtype: self.rtype });
        }
        let set = RecordSet::new(
            Name::of_listed(self.name),
            rtype,
            Ttl::from_seconds(self.ttl),
            self.targets,
        )
        .with_set_identifier(self.set_identifier)
        .with_properties(self.properties);
        Ok((set, self.labels))
    }

    /// As a record of the pseudo-zone.
    pub(in crate::webhook) fn into_record(self) -> Result<Record, Unusable> {
        let (set, labels) = self.into_set()?;
        let mut record = Record::new(set, Opaque::none());
        record.labels = labels;
        Ok(record)
    }
}

/// An endpoint without a name, or of a type that does not exist.
#[derive(Debug)]
pub(in crate::webhook) struct Unusable {
    name: EcoString,
    rtype: EcoString,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, rtype) = (shown(&self.name), shown(&self.rtype));
        write!(f, "the endpoint {name} (type {rtype}) has no name, or a type that does not exist")
    }
}

impl Unusable {
    /// Whether the type is not a word, so that it is not known what is there. Some servers have words
    /// beside the types of DNS (`ALIAS`).
    fn may_be_anything(&self) -> bool {
        let is_of_word = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
        self.rtype.is_empty() || !self.rtype.bytes().all(is_of_word)
    }
}

/// The unusable endpoints of one answer: how many, and which came first.
#[derive(Debug, Default)]
pub(in crate::webhook) struct Skipped {
    count: usize,
    first: Vec<String>,
    /// The names of those that are unknown.
    pub(in crate::webhook) unclear: Vec<Name>,
}

impl Skipped {
    /// Endpoints that are named in a message.
    const SHOWN: usize = 3;

    /// What is usable; the rest is counted.
    pub(in crate::webhook) fn sift<T>(&mut self, endpoint: Result<T, Unusable>) -> Option<T> {
        let unusable = match endpoint {
            Ok(endpoint) => return Some(endpoint),
            Err(unusable) => unusable,
        };
        if !unusable.name.is_empty() && unusable.may_be_anything() {
            self.unclear.push(Name::as_listed(&unusable.name));
        }
        let Unusable { name, rtype } = unusable;
        if self.first.len() < Self::SHOWN {
            self.first.push(format!("{} (type {})", shown(&name), shown(&rtype)));
        }
        self.count += 1;
        None
    }

    /// The message for the user, if something was left out.
    pub(in crate::webhook) fn message(&self) -> Option<String> {
        let first = self.first.join(", ");
        let more = self.count.checked_sub(self.first.len()).filter(|more| *more > 0);
        let more = more.map_or_else(String::new, |more| format!(" and {more} more"));
        (self.count > 0).then(|| {
            format!("endpoints that have no name or a type that does not exist: {first}{more}")
        })
    }
}

/// A text of the server as it is shown: quoted and cut.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    let dots = if short.len() < text.len() { ".." } else { "" };
    format!("{short:?}{dots}")
}

/// Checks that a list has no record twice. If a page is given twice, another page is missing, so such a
/// list is not complete. The plan decides about records of one key with different content.
///
/// # Errors
/// Names the record.
pub(in crate::webhook) fn no_twins(records: &[Record]) -> Result<(), ProviderError> {
    let random = RandomState::default();
    let hash = |record: &Record| {
        let mut hasher = random.build_hasher();
        record.set.name.key().hash(&mut hasher);
        record.set.rtype.hash(&mut hasher);
        record.set.set_identifier().hash(&mut hasher);
        record.set.targets.as_slice().hash(&mut hasher);
        hasher.finish()
    };
    let mut hashes: Vec<u64> = records.iter().map(hash).collect();
    hashes.sort_unstable();
    if hashes.is_sorted_by(|left, right| left < right) {
        return Ok(());
    }
    let mut seen = HashSet::with_capacity(records.len());
    let twin = records.iter().map(|record| &record.set).find(|set| {
        let key = (set.name.key(), set.rtype, set.set_identifier(), set.targets.as_slice());
        !seen.insert(key)
    });
    let Some(twin) = twin else { return Ok(()) };
    let message = format!(
        "the webhook provider lists {} {} twice, so its list of records is not complete; look for \
         a fault in the provider's paging",
        twin.name, twin.rtype
    );
    Err(ProviderError::new(ErrorKind::Rejected(Vec::new()), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_skipped_is_counted_and_shown_in_part() {
        let mut skipped = Skipped::default();
        assert_eq!(skipped.message(), None);
        let long = "x".repeat(100);
        for (name, rtype) in [("a.org", "ALIAS"), ("", "A"), (&long, "\n"), ("d", "e"), ("f", "")] {
            let received =
                Received { name: name.into(), rtype: rtype.into(), ..Received::default() };
            assert!(skipped.sift(received.into_record()).is_none(), "{name} {rtype}");
        }
        let fits = Received { name: "a.org".into(), rtype: "A".into(), ..Received::default() };
        assert!(skipped.sift(fits.into_set()).is_some());
        let unclear: Vec<&str> = skipped.unclear.iter().map(Name::as_str).collect();
        assert_eq!(
            unclear,
            [&*long, "f"],
            "of a type that is a word it is known that it is no other"
        );
        let shown = format!(
            "\"a.org\" (type \"ALIAS\"), \"\" (type \"A\"), \"{}\".. (type \"\\n\")",
            "x".repeat(80)
        );
        let expected = format!(
            "endpoints that have no name or a type that does not exist: {shown} and 2 more"
        );
        assert_eq!(skipped.message(), Some(expected));
    }
}
