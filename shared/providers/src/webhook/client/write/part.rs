//! What goes into one POST: groups, and those of their changes that are not applied yet.

use extdns_model::{Action, Change, ChangeGroup, RecordSet};
use smallvec::SmallVec;

use crate::engine::changed::Present;

/// Groups that go into one POST.
pub(super) struct Part<'g> {
    pub(super) groups: Vec<Open<'g>>,
    /// The split that made it and its sibling; none where what failed was the size.
    pub(super) split: Option<usize>,
    /// Its sibling was applied, so this part holds the group for which both together failed.
    pub(super) suspect: bool,
}

/// A group and those of its changes that are not applied yet.
pub(super) struct Open<'g> {
    /// Its position among all groups.
    pub(super) position: usize,
    pub(super) group: &'g ChangeGroup,
    pub(super) changes: SmallVec<[&'g Change; 2]>,
}

/// Where to cut a list of groups into halves, if it can be cut: a group that waits for another
/// stays behind it.
pub(super) fn middle(groups: &[Open<'_>]) -> Option<usize> {
    let half = groups.len() / 2;
    let free = |position: &usize| groups[*position].group.after.is_empty();
    (half.max(1)..groups.len()).find(free).or_else(|| (1..half).rev().find(free))
}

/// Whether the records show what the change wanted. TTL and properties may be the server's own
/// choice, so they decide only where they are what changes.
pub(super) fn is_done(change: &Change, present: &Present<'_>) -> bool {
    let found = |set: &RecordSet| present.find(set);
    let same_targets =
        |own: &RecordSet, set: &RecordSet| own.targets.same_as(&set.targets, set.rtype);
    match &change.action {
        Action::Create(new) => found(&new.set).is_some_and(|own| same_targets(own, &new.set)),
        Action::Delete(old) => found(&old.set).is_none(),
        Action::Update { old, new } => found(&new.set).is_some_and(|own| {
            let ttl = old.set.ttl == new.set.ttl || own.ttl == new.set.ttl;
            let properties = old.set.properties().same_as(new.set.properties())
                || own.properties().same_as(new.set.properties());
            same_targets(own, &new.set) && ttl && properties
        }),
    }
}
