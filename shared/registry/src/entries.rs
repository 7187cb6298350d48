//! The ownership records of a store, by what they stand for.

use std::collections::HashMap;

use extdns_model::{RecordSet, RecordType};

use crate::store::Entry;

/// What tells ownership records apart: the key of the name, the type and the set identifier.
pub(crate) type Key = (String, RecordType, String);

pub(crate) fn key(set: &RecordSet) -> Key {
    (set.name.key().into_owned(), set.rtype, set.set_identifier().to_owned())
}

/// The ownership records of a store, joined to records.
#[derive(Debug, Default)]
pub(crate) struct Entries(pub(crate) HashMap<Key, Joined>);

/// An ownership record, and for how many records it stands: the same name can be in several zones.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) entry: Entry,
    pub(crate) records: usize,
}

impl Entries {
    /// The ownership record of a record set.
    pub(crate) fn of(&self, set: &RecordSet) -> Option<&Entry> {
        self.0.get(&key(set)).map(|joined| &joined.entry)
    }
}
