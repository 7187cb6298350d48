//! What is known while ownership records are joined to the records that they stand for.

use std::collections::HashMap;

use extdns_model::{Name, RecordType, ZoneIndex, ZoneKey};

use super::ownership_records::OwnershipRecords;
use super::registry::TxtRegistry;
use super::siblings::Siblings;

/// Joins ownership records to records.
pub(super) struct Join<'a> {
    pub(super) registry: &'a TxtRegistry,
    pub(super) index: &'a ZoneIndex,
    pub(super) unreadable: Vec<ZoneKey>,
    pub(super) ownership_records: OwnershipRecords,
    /// The ownership records that may be those of another record in the format of older versions.
    pub(super) older: HashMap<usize, Older>,
    pub(super) siblings: Siblings,
    pub(super) superseded: Vec<Superseded>,
}

/// An ownership record of the oldest format that is not counted for a record, because it was made
/// for the one of another type.
pub(super) struct Superseded {
    pub(super) zone: ZoneKey,
    pub(super) name: Name,
    pub(super) rtype: RecordType,
    pub(super) ownership_record: usize,
}

/// The record that an ownership record may stand for in the format of older versions.
pub(super) struct Older {
    /// Its name.
    pub(super) name: Name,
    /// Its type.
    pub(super) rtype: RecordType,
    /// Its ownership record in today's format, if that says the same; whether or not the record is
    /// there.
    pub(super) twin: Option<usize>,
}
