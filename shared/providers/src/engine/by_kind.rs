//! The changes of a batch by what they do.

use extdns_model::{Action, ChangeGroup, Planned, RecordSet, Stored};

/// The changes of a batch, for an API that takes those of one kind together. Their order is that of the batch.
#[derive(Debug, Default)]
pub struct ByKind<'g> {
    /// What is new.
    pub added: Vec<&'g RecordSet>,
    /// What is there, and what comes in its place.
    pub changed: Vec<(&'g Stored, &'g Planned)>,
    /// What goes.
    pub gone: Vec<&'g Stored>,
}

impl<'g> ByKind<'g> {
    /// The changes of these groups.
    #[must_use]
    pub fn of(groups: &[&'g ChangeGroup]) -> Self {
        let mut all = Self::default();
        for change in groups.iter().flat_map(|group| &group.changes) {
            match &change.action {
                Action::Create(new) => all.added.push(&new.set),
                Action::Update { old, new } => all.changed.push((old, new)),
                Action::Delete(old) => all.gone.push(old),
            }
        }
        all
    }
}
