//! A group that is sent in batches: which of its changes earlier calls made, and which are still to be
//! sent.

use std::borrow::Cow;

use extdns_model::{Action, Change, ChangeGroup, Name, Outcome, Record, RecordSet, Role, Stored};

use super::check::{Scope, find, is_done};
use super::unfold::values;
use crate::Stores;

/// How often a group is sent again after its answer was lost.
const RESENDS: u8 = 2;

/// A group on its way.
#[derive(Clone)]
pub(super) struct Parcel<'g> {
    /// Its position among the groups of the zone.
    pub(super) position: usize,
    /// The group as it was planned.
    pub(super) planned: &'g ChangeGroup,
    /// What is still to be sent of it: changes of sets, or of single values where the API stores these.
    pub(super) group: Cow<'g, ChangeGroup>,
    /// The planned change of each change that is still to be sent.
    of: Vec<usize>,
    /// What earlier calls made of it.
    made: Made,
    /// Why it is sent again.
    tried: Tried,
}

/// What earlier calls made of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    Nothing,
    /// Something: this many of the planned changes completely.
    Changes(usize),
}

/// What became of a group in the call before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// It was not sent, or sent with others that may have caused the refusal.
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
    /// It is not known: they were there.
    Anybody,
}

impl<'g> Parcel<'g> {
    pub(super) fn new(position: usize, planned: &'g ChangeGroup, stores: Stores) -> Self {
        let (of, group) = match values(planned, stores) {
            None => ((0..planned.changes.len()).collect(), Cow::Borrowed(planned)),
            Some((of, changes)) => (of, Cow::Owned(ChangeGroup { changes, ..planned.clone() })),
        };
        Self { position, planned, group, of, made: Made::Nothing, tried: Tried::No }
    }

    /// The outcome of the group where nothing more of it is sent.
    pub(super) fn ended(&self, outcome: Outcome) -> Outcome {
        match self.made {
            Made::Nothing => outcome,
            Made::Changes(done) => outcome.partly(done, self.left()),
        }
    }

    /// Whether nothing of it was made by an earlier call.
    pub(super) fn is_whole(&self) -> bool {
        self.made == Made::Nothing
    }

    /// How many planned changes are not completely made.
    fn left(&self) -> usize {
        let same = |at: &usize| *at > 0 && self.of[at - 1] == self.of[*at];
        (0..self.of.len()).filter(|at| !same(at)).count()
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

    /// The change that shows whether its atomic batch was applied.
    pub(super) fn probe(&self) -> Option<&Change> {
        let record = self.group.changes.iter().find(|change| change.role == Role::Record);
        record.or(self.group.changes.first())
    }

    /// Without the changes that the zone shows; `None` if it shows all.
    pub(super) fn undone(mut self, records: &[Record], by: MadeBy, scope: Scope) -> Option<Self> {
        let group = &*self.group;
        let is_made = |change: &Change| {
            is_done(change, records, scope) || is_made_again(change, group, records, scope)
        };
        let made: Vec<bool> = self.group.changes.iter().map(is_made).collect();
        if made.iter().all(|made| *made) {
            return None;
        }
        if made.contains(&true) {
            // What is made later relies on the ownership records that are there already.
            let changes = self.group.changes.iter().zip(&made).filter(|(_, made)| **made);
            let relied_on: Vec<Stored> =
                changes.filter_map(|(change, _)| ownership(change, records)).collect();
            self.group.to_mut().requires.extend(relied_on);
            self.forget(&made, by);
        }
        Some(self)
    }

    /// What can be sent of it where some changes of a batch may be made and others refused: those at
    /// its beginning between which a run may die in any order.
    pub(super) fn beginning(&self) -> usize {
        let mut phases = self.group.changes.iter().map(Change::phase);
        let first = phases.next();
        1 + phases.take_while(|phase| Some(*phase) == first).count()
    }

    /// Without its first changes, which were made; `None` if these are all.
    pub(super) fn after(mut self, made: usize) -> Option<Self> {
        if made >= self.group.changes.len() {
            return None;
        }
        let made: Vec<bool> = (0..self.group.changes.len()).map(|at| at < made).collect();
        self.forget(&made, MadeBy::Us);
        Some(self)
    }

    /// Takes out the changes that are made.
    fn forget(&mut self, made: &[bool], by: MadeBy) {
        let before = self.left();
        let mut marks = made.iter();
        self.group.to_mut().changes.retain(|_| marks.next() == Some(&false));
        let mut marks = made.iter();
        self.of.retain(|_| marks.next() == Some(&false));
        if by == MadeBy::Us {
            let earlier = match self.made {
                Made::Nothing => 0,
                Made::Changes(earlier) => earlier,
            };
            self.made = Made::Changes(earlier + before - self.left());
        }
    }
}

/// Whether a change deletes a record set that its group has made again since.
fn is_made_again(change: &Change, group: &ChangeGroup, records: &[Record], scope: Scope) -> bool {
    let (Action::Delete(old), Scope::Set) = (&change.action, scope) else { return false };
    let is_it = |set: &RecordSet| {
        set.rtype == old.set.rtype
            && set.set_identifier() == old.set.set_identifier()
            && set.name.key() == old.set.name.key()
    };
    group.changes.iter().any(|other| {
        matches!(&other.action, Action::Create(new) if is_it(&new.set))
            && is_done(other, records, scope)
    })
}

/// The ownership record of a change that made one, as it is now.
fn ownership(change: &Change, records: &[Record]) -> Option<Stored> {
    if change.role != Role::Ownership || matches!(change.action, Action::Delete(_)) {
        return None;
    }
    let Record { set, labels, origin, .. } = find(change.set(), records)?;
    Some(Stored { set: set.clone(), labels: labels.clone(), origin: origin.clone() })
}
