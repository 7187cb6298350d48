//! Whether a zone is still as it was read: a record that was changed in between must not be deleted, nor
//! given another owner.
//!
//! An API that can compare by itself refuses such a write. Elsewhere the records are read once more
//! right before, with no more calls than there are names that lose a record or get another owner. What differs is
//! not written. Changes between these calls and the write are not noticed, nor those on later pages.

use std::borrow::Cow;
use std::collections::HashMap;

use extdns_model::{
    Action, Change, ChangeGroup, Failure, FailureKind, Name, NotSent, Outcome, Record, RecordSet,
    RecordType, Role, Zone,
};

use super::Transport;
use super::fold::same_value;
use super::gate::Gate;
use crate::{Conditions, ErrorKind, ProviderError, ZoneReader};

/// An outcome for each group that must not be sent, because the zone shows that something of it has
/// changed. No more calls than groups that take something away.
pub(super) async fn changed(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
    groups: &[&ChangeGroup],
    gate: &Gate,
) -> Vec<Option<Outcome>> {
    let capabilities = api.capabilities();
    // Half of a group must not be made before the API refuses the other half.
    let refuses = capabilities.conditions == Conditions::Api && capabilities.is_atomic();
    if refuses || !groups.iter().any(|group| takes_away(group)) {
        return vec![None; groups.len()];
    }
    match present(api, via, zone, groups).await {
        Ok((records, complete)) => {
            let present = Present::new(&records, complete);
            let outcome = |group: &&ChangeGroup| present.changed(group).map(Outcome::Rejected);
            groups.iter().map(outcome).collect()
        }
        Err(error) => {
            gate.unread(&error);
            let why = match error.kind {
                ErrorKind::Deadline => NotSent::Deadline,
                _ => NotSent::Stopped(error.failure()),
            };
            let outcome =
                |group: &&ChangeGroup| takes_away(group).then(|| Outcome::NotSent(why.clone()));
            groups.iter().map(outcome).collect()
        }
    }
}

/// The records of these groups if one call gives them, else those of as many pages as there are groups
/// that take something away; and whether what is not among them is not there.
async fn present(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
    groups: &[&ChangeGroup],
) -> Result<(Vec<Record>, bool), ProviderError> {
    let required = groups.iter().flat_map(|group| &group.requires).map(|own| &own.set.name);
    let changes = groups.iter().flat_map(|group| &group.changes);
    let old = changes.clone().filter_map(|change| match &change.action {
        Action::Update { old, .. } => Some(&old.set.name),
        _ => None,
    });
    let mut names: Vec<&Name> =
        changes.map(|change| &change.set().name).chain(old).chain(required).collect();
    names.sort_by_cached_key(|name| name.key().into_owned());
    names.dedup_by(|left, right| left.key() == right.key());
    match super::read::in_one_call(api, via, zone, &names).await? {
        Some(records) => Ok((records, true)),
        None => {
            let taking = groups.iter().filter(|group| takes_away(group)).count();
            super::read::first_pages(api, via, zone, taking).await
        }
    }
}

/// Whether a group deletes a record or gives it another owner.
pub(crate) fn takes_away(group: &ChangeGroup) -> bool {
    group.changes.iter().any(|change| match &change.action {
        Action::Delete(_) => change.role == Role::Record,
        Action::Update { old, new } => old.labels.owner() != new.labels.owner(),
        Action::Create(_) => false,
    })
}

type Key<'r> = (Cow<'r, str>, RecordType, &'r str);

/// Records as they are now.
pub(crate) struct Present<'r> {
    records: HashMap<Key<'r>, &'r RecordSet>,
    /// Whether what is not among them is not there.
    complete: bool,
}

impl<'r> Present<'r> {
    pub(crate) fn new(records: &'r [Record], complete: bool) -> Self {
        let records = records.iter().map(|record| (key(&record.set), &record.set)).collect();
        Self { records, complete }
    }

    /// The record set of this name, type and set identifier.
    pub(crate) fn find(&self, set: &RecordSet) -> Option<&'r RecordSet> {
        self.records.get(&key(set)).copied()
    }

    /// The failure for a group of which a record is not as it was read. A record that is already as planned
    /// is no failure.
    pub(crate) fn changed(&self, group: &ChangeGroup) -> Option<Failure> {
        let required = group.requires.iter().find(|own| !self.is_as_read(&own.set));
        let required = required.map(|own| &own.set);
        let set = required.or_else(|| {
            group.changes.iter().find(|change| !self.may_be_made(change, group)).map(Change::set)
        })?;
        Some(Failure { kind: FailureKind::Conflict, message: changed_since(set) })
    }

    fn may_be_made(&self, change: &Change, group: &ChangeGroup) -> bool {
        match &change.action {
            Action::Create(new) => self
                .find(&new.set)
                .is_none_or(|now| is_as_planned(now, &new.set) || is_deleted_before(now, group)),
            Action::Update { old, new } => {
                self.is_as_read(&old.set)
                    || self.find(&new.set).is_some_and(|now| is_as_planned(now, &new.set))
            }
            Action::Delete(old) => match (self.find(&old.set), change.role) {
                (Some(now), _) => is_same(now, &old.set),
                (None, Role::Record) => true,
                // Without its ownership record a record is no longer ours.
                (None, Role::Ownership) => !self.complete || !self.shows_a_deleted_record(group),
            },
        }
    }

    fn shows_a_deleted_record(&self, group: &ChangeGroup) -> bool {
        group.changes.iter().any(|change| match &change.action {
            Action::Delete(old) => change.role == Role::Record && self.find(&old.set).is_some(),
            _ => false,
        })
    }

    fn is_as_read(&self, old: &RecordSet) -> bool {
        self.find(old).map_or(!self.complete, |now| is_same(now, old))
    }
}

/// The message about a record set that is no longer as it was read.
pub(super) fn changed_since(set: &RecordSet) -> String {
    format!(
        "{} {} was changed since it was read, so this change is not made; the next run sees how it \
         is now",
        set.name, set.rtype
    )
}

fn key(set: &RecordSet) -> Key<'_> {
    (set.name.key(), set.rtype, set.set_identifier())
}

/// Whether a group deletes a record before it makes it again.
fn is_deleted_before(now: &RecordSet, group: &ChangeGroup) -> bool {
    let deletes = |change: &Change| match &change.action {
        Action::Delete(old) => key(&old.set) == key(now) && is_same(now, &old.set),
        _ => false,
    };
    group.changes.iter().any(deletes)
}

/// Whether a record is the one that was read before.
pub(crate) fn is_same(now: &RecordSet, read: &RecordSet) -> bool {
    now.ttl == read.ttl
        && has_same_targets(now, read)
        && now.properties().same_as(read.properties())
}

/// Whether a record has the planned values. TTL and properties may be the API's own choice.
fn is_as_planned(now: &RecordSet, new: &RecordSet) -> bool {
    has_same_targets(now, new)
}

fn has_same_targets(left: &RecordSet, right: &RecordSet) -> bool {
    let has = |set: &RecordSet, target: &str| {
        set.targets.iter().any(|own| same_value(own, target, set.rtype))
    };
    left.targets.len() == right.targets.len()
        && left.targets.iter().all(|target| has(right, target))
        && right.targets.iter().all(|target| has(left, target))
}
