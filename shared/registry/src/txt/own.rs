//! The ownership records of one record: which of them is its own, and what becomes of it.

use extdns_model::{
    Action, Change, LabelKey, Labels, Mark, Name, Planned, Record, Role, Stored, Targets,
};

use super::TxtRegistry;

impl TxtRegistry {
    /// The ownership record of a record in today's format.
    pub(super) fn own_mark<'r>(&self, record: &'r Record) -> Option<&'r Mark> {
        record.marks.iter().find(|mark| {
            self.read_name(&mark.set.name).is_some_and(|reading| {
                reading.canonical
                    && reading.owned.rtype == Some(record.set.rtype)
                    && self.is_of(&reading.owned.name, record)
            })
        })
    }

    /// Whether an ownership record of a record reads as that of another record too, but for the
    /// record's own one, which says the same.
    pub(super) fn is_misread(&self, record: &Record, mark: &Mark) -> bool {
        self.own_mark(record).is_some_and(|own| {
            self.read_name(&mark.set.name).is_some_and(|reading| {
                own.set.name != mark.set.name
                    && (reading.owned.rtype.is_none() || !self.is_of(&reading.owned.name, record))
            })
        })
    }

    fn is_of(&self, owned: &str, record: &Record) -> bool {
        let raw = record.set.name.key();
        Name::as_listed(owned).key() == self.mapper.replace_wildcard(&raw)
    }

    /// The removal of our value from an ownership record, which goes as a whole if nothing else is
    /// in it.
    pub(super) fn removal(&self, mark: &Mark, record: &Name) -> Change {
        let old = stored(mark, record);
        let kept: Targets = self.codec.foreign(&mark.set).collect();
        if kept.is_empty() {
            return ownership(Action::Delete(old));
        }
        let mut set = mark.set.clone();
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
pub(super) fn stored(mark: &Mark, record: &Name) -> Stored {
    Stored { set: mark.set.clone(), labels: of_record(record), origin: mark.origin.clone() }
}

/// An ownership record's own labels, as the connector protocol shows them.
pub(super) fn of_record(name: &Name) -> Labels {
    std::iter::once((LabelKey::OWNED_RECORD, name.as_str())).collect()
}
