//! Record sets in memory that change in batches: each batch whole, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;
use extdns_model::{
    Action, Change, ChangeGroup, Labels, Opaque, Planned, Record, RecordSet, RecordType, Stored,
};

use super::changed::is_same;
use crate::{ErrorKind, ProviderError};

/// Name, type and set identifier.
type Key = (String, RecordType, EcoString);

/// Record sets with their labels, by name, type and set identifier.
#[derive(Debug, Default)]
pub struct Sets(BTreeMap<Key, (RecordSet, Labels)>);

impl Sets {
    /// These sets.
    #[must_use]
    pub fn of(sets: impl IntoIterator<Item = RecordSet>) -> Self {
        Self(sets.into_iter().map(|set| (key(&set), (set, Labels::new()))).collect())
    }

    /// The sets, in the order of their names.
    pub fn sets(&self) -> impl Iterator<Item = &RecordSet> {
        self.0.values().map(|(set, _)| set)
    }

    /// The same as records that were read.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        self.0.values().map(|(set, labels)| {
            let mut record = Record::new(set.clone(), Opaque::none());
            record.labels = labels.clone();
            record
        })
    }

    /// Makes all changes of groups, or none.
    ///
    /// # Errors
    /// When a set is changed twice, is there already, or is not there as it was read; and when that is so of one on which a
    /// group relies.
    pub fn apply(&mut self, groups: &[&ChangeGroup]) -> Result<(), ProviderError> {
        let changes = || groups.iter().flat_map(|group| &group.changes);
        for group in groups {
            self.check_required(&group.requires)?;
        }
        self.check(changes())?;
        // What makes room goes first, so that the order within a batch does not matter.
        for change in changes() {
            if let Action::Delete(old) = &change.action {
                self.0.remove(&key(&old.set));
            }
        }
        for change in changes() {
            if let Action::Create(new) | Action::Update { new, .. } = &change.action {
                let Planned { set, labels, .. } = new;
                self.0.insert(key(set), (set.clone(), labels.clone()));
            }
        }
        Ok(())
    }

    /// Whether a batch can be applied: every key once, creates of what is not there, updates and
    /// deletes of what is, as it was read.
    fn check<'c>(&self, changes: impl Iterator<Item = &'c Change>) -> Result<(), ProviderError> {
        let mut seen = BTreeSet::new();
        for change in changes {
            let set = change.set();
            let refuse = |conflict: bool, problem: &str| {
                let names = vec![set.name.clone()];
                let kind =
                    if conflict { ErrorKind::Conflict(names) } else { ErrorKind::Rejected(names) };
                Err(ProviderError::new(kind, format!("{} {}: {problem}", set.rtype, set.name)))
            };
            if !seen.insert(key(set)) {
                return refuse(false, "invalid batch request, the record is changed twice");
            }
            match &change.action {
                Action::Create(new) if self.0.contains_key(&key(&new.set)) => {
                    return refuse(true, "record already exists");
                }
                Action::Update { old, .. } | Action::Delete(old) => {
                    match self.0.get(&key(&old.set)) {
                        None => return refuse(false, "record not found"),
                        Some((now, _)) if !is_same(now, &old.set) => {
                            return refuse(true, "record was changed since it was read");
                        }
                        Some(_) => {}
                    }
                }
                Action::Create(_) => {}
            }
        }
        Ok(())
    }

    /// Whether the ownership records on which a group relies are as they were read.
    fn check_required(&self, required: &[Stored]) -> Result<(), ProviderError> {
        for Stored { set, .. } in required {
            if self.0.get(&key(set)).is_none_or(|(now, _)| !is_same(now, set)) {
                let names = vec![set.name.clone()];
                let message = format!("{} {} was changed since it was read", set.rtype, set.name);
                return Err(ProviderError::new(ErrorKind::Conflict(names), message));
            }
        }
        Ok(())
    }
}

fn key(set: &RecordSet) -> Key {
    (set.name.key().into_owned(), set.rtype, set.set_identifier().into())
}
