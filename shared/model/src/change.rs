//! Changes as they are sent, and what became of them.

use std::fmt;

use crate::{Hints, Labels, Name, Opaque, RecordSet, ZoneKey};

/// A group of one apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// Changes that belong together in one zone: those of a record set (all its types when the type
/// changes) and of its ownership records. Sent in one call where the API allows, else step by step
/// in the order of [`Change::phase`]; never split over calls otherwise, never lost.
#[derive(Debug, Clone)]
pub struct ChangeGroup {
    /// This group.
    pub id: GroupId,
    /// The zone that all its changes are in.
    pub zone: ZoneKey,
    /// The name of the record set.
    pub name: Name,
    /// The changes.
    pub changes: Vec<Change>,
    /// Groups of the same apply that must be applied before; none in most cases. Not sent unless
    /// each of them was applied.
    pub after: Vec<After>,
    /// Ownership records of the zone on which the changes rely and which stay as they are. A
    /// provider whose API has conditions makes the changes only if each of them still is as it was
    /// read; for the others it costs no call.
    pub requires: Vec<Stored>,
}

/// Why a group waits for another group of the same apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum After {
    /// That group writes its ownership record, which can lie in another zone (that of an apex), or
    /// is the step before it.
    OwnershipRecord(GroupId),
    /// The name moves: that group makes it in its new zone, and this one removes it from its old
    /// zone. Only what the new zone was seen to serve is removed from the old one.
    Move(GroupId),
    /// That group makes what comes under the name in the place of what this one removes. They are sent in one call
    /// where the API makes all changes of a call or none of them.
    Replacement(GroupId),
}

impl After {
    /// The group that is waited for.
    #[must_use]
    pub fn group(self) -> GroupId {
        match self {
            Self::OwnershipRecord(group) | Self::Move(group) | Self::Replacement(group) => group,
        }
    }

    /// The same about a group that has got another id.
    #[must_use]
    pub fn with_group(self, group: GroupId) -> Self {
        match self {
            Self::OwnershipRecord(_) => Self::OwnershipRecord(group),
            Self::Move(_) => Self::Move(group),
            Self::Replacement(_) => Self::Replacement(group),
        }
    }

    /// Why the group that waits is not sent, where the other one was not applied.
    #[must_use]
    pub fn not_sent(self) -> NotSent {
        match self {
            Self::OwnershipRecord(_) => NotSent::Predecessor,
            Self::Move(_) => NotSent::Move,
            Self::Replacement(_) => NotSent::Replacement,
        }
    }
}

/// One record set to create, update or delete.
#[derive(Debug, Clone)]
pub struct Change {
    /// Whether this is the record or its ownership record.
    pub role: Role,
    /// What to do.
    pub action: Action,
}

/// What a changed record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The record that a resource wants.
    Record,
    /// The ownership record of it.
    Ownership,
}

/// What to do with a record set.
#[derive(Debug, Clone)]
pub enum Action {
    /// Make it. An equal record that is there already counts as success.
    Create(Planned),
    /// Replace what is stored by what is planned.
    Update {
        /// As it is in the zone.
        old: Stored,
        /// As it shall be.
        new: Planned,
    },
    /// Remove it. A record that is gone already counts as success.
    Delete(Stored),
}

/// A record set as it shall be.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What DNS shall see.
    pub set: RecordSet,
    /// Its ownership labels, for providers that keep some themselves.
    pub labels: Labels,
    /// What the provider noted when it adjusted the endpoint.
    pub hints: Hints,
}

/// A record set as it is stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// What DNS sees.
    pub set: RecordSet,
    /// Its ownership labels.
    pub labels: Labels,
    /// How the provider knows it.
    pub origin: Opaque,
}

impl Change {
    /// The place of this change in its group where each change is a call of its own, so that a run
    /// that dies in between leaves at worst an ownership record without a record: new ownership
    /// records, then records to go, then records to come or change, then ownership records to
    /// change, then those to go.
    #[must_use]
    pub fn phase(&self) -> u8 {
        match (self.role, &self.action) {
            (Role::Ownership, Action::Create(_)) => 0,
            (Role::Record, Action::Delete(_)) => 1,
            (Role::Record, Action::Create(_) | Action::Update { .. }) => 2,
            (Role::Ownership, Action::Update { .. }) => 3,
            (Role::Ownership, Action::Delete(_)) => 4,
        }
    }

    /// The record set that the change leaves, or that it removes.
    #[must_use]
    pub fn set(&self) -> &RecordSet {
        match &self.action {
            Action::Create(new) | Action::Update { new, .. } => &new.set,
            Action::Delete(old) => &old.set,
        }
    }
}

/// What became of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every change is in the zone.
    Applied,
    /// Some changes are in the zone, the rest is not; safe to run again.
    Partial {
        /// How many changes were made.
        done: usize,
        /// How many were not.
        left: usize,
        /// Why it stopped.
        reason: Failure,
    },
    /// Nothing was sent.
    NotSent(NotSent),
    /// The API refused it; nothing was changed.
    Rejected(Failure),
    /// It failed for a reason that may pass; nothing was changed, and the next run tries again.
    Failed(Failure),
    /// The answer was lost: the zone must be read to know.
    Unknown(Failure),
}

impl Outcome {
    /// Of a group of which nothing was changed: rejected, or failed for a reason that may pass.
    #[must_use]
    pub fn undone(failure: Failure) -> Self {
        if failure.kind.may_pass() { Self::Failed(failure) } else { Self::Rejected(failure) }
    }

    /// The outcome of a group of which earlier calls made some changes, where this is what became
    /// of those that were left.
    #[must_use]
    pub fn after(self, done: usize, left: usize) -> Self {
        if done == 0 { self } else { self.partly(done, left) }
    }

    /// The same where earlier calls made something at any rate, be it no change as a whole.
    #[must_use]
    pub fn partly(self, done: usize, left: usize) -> Self {
        let reason = match self {
            Self::Rejected(reason)
            | Self::Failed(reason)
            | Self::NotSent(NotSent::Stopped(reason)) => reason,
            Self::NotSent(why) => {
                Failure { kind: FailureKind::Transient, message: why.to_string() }
            }
            whole => return whole,
        };
        Self::Partial { done, left, reason }
    }
}

impl FailureKind {
    /// Whether the same call may succeed later without any change to it.
    #[must_use]
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Throttled | Self::Transient)
    }
}

/// Why a group was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSent {
    /// The run's time was nearly over, or the run was told to stop; the next run continues.
    Deadline,
    /// The group that it depends on was not applied.
    Predecessor,
    /// The name was not made in its new zone, or was not seen there, so it stays in its old zone.
    Move,
    /// What comes under the name in the place of what is to go was not made, so that stays.
    Replacement,
    /// Another owner has the name, as was found when it was to be claimed: why, in words.
    Foreign(String),
    /// The provider could no longer be written to in this run.
    Stopped(Failure),
}

/// Why a provider did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind, for programs.
    pub kind: FailureKind,
    /// For people: what happened, with the request id where there is one, and the remedy.
    pub message: String,
}

/// Kinds of failure that a program decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// Too many requests, retries included.
    Throttled,
    /// A fault that may pass.
    Transient,
    /// Missing or insufficient credentials.
    Unauthorised,
    /// The zone is not there.
    ZoneGone,
    /// The record is not there.
    RecordGone,
    /// Another record is in the way.
    Conflict,
    /// The API does not accept the content.
    Rejected,
    /// A limit of the API.
    Limit,
    /// The zone or the account holds as many records as it may.
    Quota,
    /// The record set must not be written through this provider.
    ReadOnly,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline => f.write_str("deferred: the run had to end before its turn"),
            Self::Predecessor => {
                f.write_str("not sent: its ownership record in the other zone was not applied")
            }
            Self::Move => f.write_str(
                "not sent: the name is not seen in its new zone yet, so it stays in this one",
            ),
            Self::Replacement => {
                f.write_str("not sent: what comes in its place was not made, so it stays")
            }
            Self::Foreign(why) => write!(f, "held back: {why}"),
            Self::Stopped(failure) => write!(f, "not sent: {failure}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RecordType, Targets, Ttl};

    fn set(name: &str) -> RecordSet {
        RecordSet::new(Name::as_listed(name), RecordType::A, Ttl::UNSET, Targets::new())
    }

    fn planned() -> Planned {
        Planned { set: set("new"), labels: Labels::new(), hints: Hints::default() }
    }

    fn stored() -> Stored {
        Stored { set: set("old"), labels: Labels::new(), origin: Opaque::none() }
    }

    /// Whatever prefix of the calls of a group is carried out, no record of ours is without an
    /// ownership record.
    #[test]
    fn phases() {
        let update = || Action::Update { old: stored(), new: planned() };
        let cases = [
            (
                "create",
                [Action::Create(planned()), Action::Create(planned())],
                [Role::Ownership, Role::Record],
            ),
            ("update", [update(), update()], [Role::Record, Role::Ownership]),
            (
                "delete",
                [Action::Delete(stored()), Action::Delete(stored())],
                [Role::Record, Role::Ownership],
            ),
        ];
        for (case, [record, ownership], expected) in cases {
            let mut changes = [
                Change { role: Role::Record, action: record },
                Change { role: Role::Ownership, action: ownership },
            ];
            changes.sort_by_key(Change::phase);
            assert_eq!(changes.map(|change| change.role), expected, "{case}");
        }
    }

    #[test]
    fn a_replacement_is_sent_as_new_ownership_record_old_record_new_record_old_ownership_record() {
        let mut changes = [
            (Role::Record, Action::Create(planned())),
            (Role::Ownership, Action::Delete(stored())),
            (Role::Record, Action::Delete(stored())),
            (Role::Ownership, Action::Create(planned())),
        ]
        .map(|(role, action)| Change { role, action });
        changes.sort_by_key(Change::phase);
        assert_eq!(
            changes.map(|change| (change.role, change.set().name.to_string())),
            [
                (Role::Ownership, "new".to_owned()),
                (Role::Record, "old".to_owned()),
                (Role::Record, "new".to_owned()),
                (Role::Ownership, "old".to_owned()),
            ]
        );
    }
}
