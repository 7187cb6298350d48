//! From decisions to change groups: what belongs together, in the order in which it must happen.

use std::ops::Range;

use extdns_model::{
    Action, After, Change, ChangeGroup, Endpoint, GroupId, Labels, Name, Planned, Record, Role, Stored,
    ZoneKey,
};
use extdns_plan::{Cause, Decision, Differences, RecordChange, Row, Unit};

/// The changes of a plan as they are sent, and which decisions each group carries out.
#[derive(Debug, Default)]
pub struct Groups {
    /// The groups; the id of each is its position.
    pub groups: Vec<ChangeGroup>,
    /// What each group is about, in the same order.
    pub subjects: Vec<Subject>,
}

/// The decisions that a group carries out: those of one unit of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The index of the row in the plan.
    pub row: usize,
    /// The unit within the row.
    pub unit: Unit,
}

/// The changes of one unit.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// The records, deletes first.
    pub(crate) records: Vec<Change>,
    /// Their ownership records, each with its zone.
    pub(crate) marks: Vec<(ZoneKey, Change)>,
    /// A group that makes an ownership record on which this unit relies too.
    pub(crate) follows: Option<GroupId>,
}

impl Groups {
    /// What a group is about.
    #[must_use]
    pub fn subject(&self, group: GroupId) -> Option<Subject> {
        self.subjects.get(group.0 as usize).copied()
    }

    /// Cuts a unit into groups, each in one zone and each after the one before: new ownership
    /// records of other zones, then the zone of the records, then the remaining ownership records.
    /// Returns the positions of the groups.
    pub(crate) fn push_unit(
        &mut self,
        subject: Subject,
        row: &Row<'_>,
        draft: Draft,
    ) -> Range<usize> {
        let start = self.groups.len();
        let Draft { mut records, marks, mut follows } = draft;
        let Some(name) = name_of(row, subject.unit) else { return start..start };
        let (own, elsewhere): (Vec<_>, Vec<_>) =
            marks.into_iter().partition(|(zone, _)| *zone == row.zone);
        let (before, behind) = elsewhere
            .into_iter()
            .partition::<Vec<_>, _>(|(_, change)| matches!(change.action, Action::Create(_)));
        records.extend(own.into_iter().map(|(_, change)| change));

        let steps = by_zone(before)
            .into_iter()
            .chain((!records.is_empty()).then_some((row.zone, records)))
            .chain(by_zone(behind));
        for (zone, changes) in steps {
            let id = GroupId(u32::try_from(self.groups.len()).unwrap_or(u32::MAX));
            let name = name.clone();
            let after = follows.map(After::OwnershipRecord).into_iter().collect();
            self.groups.push(ChangeGroup { id, zone, name, changes, after, requires: Vec::new() });
            self.subjects.push(subject);
            follows = Some(id);
        }
        start..self.groups.len()
    }
}

/// The name of a unit's records, as wanted where something is wanted.
fn name_of(row: &Row<'_>, unit: Unit) -> Option<Name> {
    let of_unit = || row.decisions.iter().filter(|decision| decision.unit == unit);
    of_unit()
        .find_map(|decision| decision.change.endpoint().map(|endpoint| &endpoint.set))
        .or_else(|| of_unit().map(|decision| decision.change.set()).next())
        .map(|set| set.name.clone())
}

/// Changes by zone, in the order of zones.
fn by_zone(mut changes: Vec<(ZoneKey, Change)>) -> Vec<(ZoneKey, Vec<Change>)> {
    changes.sort_by_key(|(zone, _)| *zone);
    let mut zones: Vec<(ZoneKey, Vec<Change>)> = Vec::new();
    for (zone, change) in changes {
        match zones.last_mut() {
            Some((last, changes)) if *last == zone => changes.push(change),
            _ => zones.push((zone, vec![change])),
        }
    }
    zones
}

/// The units of a row of which something is carried out, ascending.
pub(crate) fn going_units(row: &Row<'_>) -> Vec<Unit> {
    let mut units: Vec<_> =
        row.decisions.iter().filter(|decision| decision.goes()).map(|d| d.unit).collect();
    units.sort_unstable();
    units.dedup();
    units
}

/// The change of the record itself; none if only its ownership record changes.
pub(crate) fn record_change(decision: &Decision<'_>, labels: Labels) -> Option<Change> {
    let action = match decision.change {
        RecordChange::Create(endpoint) => Action::Create(planned(endpoint, labels)),
        RecordChange::Update { record, endpoint } if !ownership_only(&decision.cause) => {
            Action::Update { old: stored(record), new: planned(endpoint, labels) }
        }
        RecordChange::Update { .. } => return None,
        RecordChange::Delete(record) => Action::Delete(stored(record)),
    };
    Some(Change { role: Role::Record, action })
}

/// Whether nothing but the ownership record is to change.
pub(crate) fn ownership_only(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::Differs(Differences {
            targets: false,
            ttl: false,
            properties: false,
            ownership: true
        })
    )
}

fn planned(endpoint: &Endpoint, labels: Labels) -> Planned {
    Planned { set: endpoint.set.clone(), labels, hints: endpoint.hints().clone() }
}

fn stored(record: &Record) -> Stored {
    Stored { set: record.set.clone(), labels: record.labels.clone(), origin: record.origin.clone() }
}
