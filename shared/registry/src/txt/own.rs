//! The ownership records of one record: which of them is its own, and what becomes of it.

use std::sync::Arc;

use extdns_model::{
    Action, Change, LabelKey, Labels, Name, OwnershipRecord, Planned, Record, Role, Stored, Targets,
};

use super::registry::TxtRegistry;

impl TxtRegistry {
    /// The ownership record of a record in today's format.
    pub(super) fn ownership_record_of<'r>(
        &self,
        record: &'r Record,
    ) -> Option<&'r OwnershipRecord> {
        let mut own = record.ownership_records.iter().map(Arc::as_ref);
        own.find(|ownership_record| {
            self.read_name(&ownership_record.set.name, record.labels.owner()).is_some_and(
                |reading| {
                    reading.canonical
                        && reading.owned.rtype == Some(record.set.rtype)
                        && self.is_of(&reading.owned.name, record)
                },
            )
        })
    }

    /// Whether an ownership record of a record reads as that of another record too, but for the
    /// record's own one, which says the same.
    pub(super) fn is_misread(&self, record: &Record, ownership_record: &OwnershipRecord) -> bool {
        self.ownership_record_of(record).is_some_and(|own| {
            self.read_name(&ownership_record.set.name, record.labels.owner()).is_some_and(
                |reading| {
                    own.set.name != ownership_record.set.name
                        && (reading.owned.rtype.is_none()
                            || !self.is_of(&reading.owned.name, record))
                },
            )
        })
    }

    fn is_of(&self, owned: &Name, record: &Record) -> bool {
        let raw = record.set.name.key();
        owned.key() == self.mapper.replace_wildcard(&raw)
    }

    /// The removal of our value from an ownership record, which goes as a whole if nothing else is
    /// in it.
    pub(super) fn removal(&self, ownership_record: &OwnershipRecord, record: &Name) -> Change {
        let old = stored(ownership_record, record);
        let kept: Targets = self.codec.foreign(&ownership_record.set).collect();
        if kept.is_empty() {
            return ownership(Action::Delete(old));
        }
        let mut set = ownership_record.set.clone();
        set.targets = kept;
        let new = Planned { set, labels: Labels::new(), hints: Default::default() };
        ownership(Action::Update { old, new })
    }
}

/// A change of an ownership record.
pub(super) fn ownership(action: Action) -> Change {
    Change { role: Role::Ownership, action }
}

/// An ownership record as it is stored.
pub(super) fn stored(ownership_record: &OwnershipRecord, record: &Name) -> Stored {
    Stored {
        set: ownership_record.set.clone(),
        labels: of_record(record),
        origin: ownership_record.origin.clone(),
    }
}

/// An ownership record's own labels, as the connector protocol shows them.
pub(super) fn of_record(name: &Name) -> Labels {
    std::iter::once((LabelKey::OWNED_RECORD, name.as_str())).collect()
}
