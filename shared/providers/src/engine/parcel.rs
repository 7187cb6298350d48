//! A group on its way in batches: what earlier calls did of it, and what is still to be sent.

use std::borrow::Cow;

use extdns_model::{Action, Change, ChangeGroup, Name, Outcome, Record, Role, Stored};

use super::check::{Scope, find, is_done};

/// How often a group is sent again after its answer was lost.
const RESENDS: u8 = 2;

/// A group on its way.
#[derive(Clone)]
pub(super) struct Parcel<'g> {
    /// Its position among the groups of the zone.
    pub(super) position: usize,
    /// What is still to be sent of it.
    pub(super) group: Cow<'g, ChangeGroup>,
    /// How many of its changes were made by an earlier call.
    made: usize,
    /// Why it is sent again.
    tried: Tried,
}

/// What became of a group in the call before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// It was not sent, or with others whose fault the refusal may be.
    No,
    /// Its answer was lost, so many times in all.
    Lost(u8),
    /// It was refused, and the zone was read to see what of it is there.
    Refused,
}

/// Who made the changes that the zone shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MadeBy {
    /// An earlier call for this group.
    Us,
    /// Nobody knows: they were there.
    Anybody,
}

impl<'g> Parcel<'g> {
    pub(super) fn new(position: usize, group: &'g ChangeGroup) -> Self {
        Self { position, group: Cow::Borrowed(group), made: 0, tried: Tried::No }
    }

    /// What is said of the group where nothing more of it is sent.
    pub(super) fn ended(&self, outcome: Outcome) -> Outcome {
        outcome.after(self.made, self.group.changes.len())
    }

    /// Whether nothing of it was made by an earlier call.
    pub(super) fn is_whole(&self) -> bool {
        self.made == 0
    }

    /// Whether it was refused, and the zone was read, before.
    pub(super) fn was_looked_up(&self) -> bool {
        self.tried == Tried::Refused
    }

    /// After a refusal for which the zone was read.
    pub(super) fn looked_up(mut self) -> Self {
        self.tried = Tried::Refused;
        self
    }

    /// After a lost answer: whether it is sent once more.
    pub(super) fn lose(&mut self) -> bool {
        let before = match self.tried {
            Tried::No => 0,
            Tried::Lost(times) => times,
            Tried::Refused => RESENDS - 1,
        };
        self.tried = Tried::Lost(before + 1);
        before < RESENDS
    }

    /// The names that its changes and their conditions are about.
    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        let required = self.group.requires.iter().map(|own| &own.set.name);
        let changed = self.group.changes.iter().map(|change| &change.set().name);
        changed.chain(required).chain([&self.group.name])
    }

    pub(super) fn bears(&self, name: &Name) -> bool {
        self.names().any(|own| own.key() == name.key())
    }

    /// The change that tells whether its atomic batch was applied.
    pub(super) fn probe(&self) -> Option<&Change> {
        let record = self.group.changes.iter().find(|change| change.role == Role::Record);
        record.or(self.group.changes.first())
    }

    /// Without the changes that the zone shows; `None` if it shows all.
    pub(super) fn undone(mut self, records: &[Record], by: MadeBy) -> Option<Self> {
        let undone = |change: &_| !is_done(change, records, Scope::Set);
        let left = self.group.changes.iter().filter(|change| undone(change)).count();
        let there = self.group.changes.len() - left;
        if left == 0 {
            return None;
        }
        if there > 0 {
            let group = self.group.to_mut();
            // What is made later relies on the ownership records that are there already.
            let relied_on = group.changes.iter().filter(|change| !undone(change));
            group.requires.extend(relied_on.filter_map(|change| ownership(change, records)));
            group.changes.retain(undone);
            self.made += if by == MadeBy::Us { there } else { 0 };
        }
        Some(self)
    }
}

/// The ownership record of a change that made one, as it is now.
fn ownership(change: &Change, records: &[Record]) -> Option<Stored> {
    if change.role != Role::Ownership || matches!(change.action, Action::Delete(_)) {
        return None;
    }
    let Record { set, labels, origin, .. } = find(change.set(), records)?;
    Some(Stored { set: set.clone(), labels: labels.clone(), origin: origin.clone() })
}
