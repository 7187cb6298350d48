//! From decisions to change groups: what belongs together, in the order in which it must happen.

use std::collections::HashMap;
use std::ops::Range;

use extdns_model::{
    Action, After, Change, ChangeGroup, Endpoint, GroupId, Labels, Name, Planned, Record, Role,
    Stored, ZoneIndex, ZoneKey,
};
use extdns_plan::{Cause, Decision, Differences, Plan, RecordChange, Row, Unit};

use crate::EntryChange;
use crate::refusal::claim_of;

/// The changes of a plan as they are sent, and which decisions each group carries out.
#[derive(Debug, Default)]
pub struct Groups {
    /// The groups; the id of each is its position.
    pub groups: Vec<ChangeGroup>,
    /// What each group is about, in the same order.
    pub subjects: Vec<Subject>,
    /// The ownership records that are edited by value, because they also hold values of others.
    pub mixed: Vec<Mixed>,
    /// What becomes of ownership records outside the zones.
    pub entries: Vec<EntryChange>,
}

/// An ownership record set that also holds values of others: only our value is removed or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mixed {
    /// Its name.
    pub name: Name,
    /// The values that stay as they are.
    pub kept: Vec<String>,
    /// Whether our value goes; else it changes.
    pub goes: bool,
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
    /// Ownership records that go before anything else is done, each with its zone: without the
    /// record that explains them they would read as those of other records.
    pub(crate) first: Vec<(ZoneKey, Change)>,
    /// Their ownership records, each with its zone.
    pub(crate) ownership_records: Vec<(ZoneKey, Change)>,
    /// Ownership records on which the changes rely, and which stay as they are.
    pub(crate) requires: Vec<(ZoneKey, Stored)>,
    /// A group that makes an ownership record on which this unit relies too.
    pub(crate) follows: Option<GroupId>,
    /// Groups that make the name of this unit in the zone that it moves to.
    pub(crate) moves: Vec<After>,
}

impl Groups {
    /// The groups of a plan that has no ownership records: of each unit the changes of its records.
    pub(crate) fn of_records(
        plan: &mut Plan<'_>,
        index: &ZoneIndex,
        change: impl Fn(&Decision<'_>) -> Option<Change>,
    ) -> Self {
        let mut groups = Self::default();
        groups.add_rows(plan, index, |groups, at, row, moves| {
            for unit in going_units(row) {
                if let Some(refusal) = claim_of(row, unit) {
                    refusal.apply(row);
                    continue;
                }
                let going = row.decisions.iter().filter(|own| own.unit == unit && own.goes());
                let records = going.filter_map(&change).collect();
                let draft = Draft { records, moves: moves.to_vec(), ..Draft::default() };
                groups.push_unit(Subject { row: at, unit }, row, draft);
            }
        });
        groups
    }

    /// Adds the groups of a plan's rows, row by row. Those that remove a name which moves to another
    /// zone come last and wait for the groups that make it there; what was refused there by then is
    /// held back here too.
    pub(crate) fn add_rows(
        &mut self,
        plan: &mut Plan<'_>,
        index: &ZoneIndex,
        mut add: impl FnMut(&mut Self, usize, &mut Row<'_>, &[After]),
    ) {
        for (at, row) in plan.rows.iter_mut().enumerate().filter(|(_, row)| !row.moves()) {
            add(self, at, row, &[]);
        }
        plan.close_moves(index);
        let moves = plan.moves();
        if moves.is_empty() {
            return;
        }
        let mut by_row: HashMap<usize, Vec<After>> = HashMap::new();
        for (group, subject) in self.groups.iter().zip(&self.subjects) {
            by_row.entry(subject.row).or_default().push(After::Move(group.id));
        }
        for (at, makers) in moves {
            let after = makers.iter().filter_map(|row| by_row.get(row)).flatten().copied();
            add(self, at, &mut plan.rows[at], &after.collect::<Vec<_>>());
        }
    }

    /// What a group is about.
    #[must_use]
    pub fn subject(&self, group: GroupId) -> Option<Subject> {
        self.subjects.get(group.0 as usize).copied()
    }

    /// The groups that make what comes in the place of what a unit removes: units that make something are there
    /// before.
    fn replacements(&self, subject: Subject, row: &Row<'_>) -> Vec<After> {
        let own = self.groups.iter().zip(&self.subjects).rev();
        let of_row = own.take_while(|(_, other)| other.row == subject.row);
        let is_record = |change: &Change| change.role == Role::Record;
        let made = of_row.filter(|(group, other)| {
            group.zone == row.zone
                && group.changes.iter().any(is_record)
                && other.unit != subject.unit
                && is_replaced(row, subject.unit, other.unit)
        });
        let mut made: Vec<After> = made.map(|(group, _)| After::Replacement(group.id)).collect();
        made.reverse();
        made
    }

    /// Cuts a unit into groups, each in one zone and each after the one before: ownership records
    /// that would be misread later, new ownership records of other zones, then the zone of the records, then the remaining ownership records.
    /// Returns the positions of the groups.
    pub(crate) fn push_unit(
        &mut self,
        subject: Subject,
        row: &Row<'_>,
        draft: Draft,
    ) -> Range<usize> {
        let start = self.groups.len();
        let Draft { mut records, first, ownership_records, requires, mut follows, mut moves } =
            draft;
        let Some(name) = name_of(row, subject.unit) else { return start..start };
        let mut replaced_by = self.replacements(subject, row);
        let (own, elsewhere): (Vec<_>, Vec<_>) =
            ownership_records.into_iter().partition(|(zone, _)| *zone == row.zone);
        let (before, behind) = elsewhere
            .into_iter()
            .partition::<Vec<_>, _>(|(_, change)| matches!(change.action, Action::Create(_)));
        records.extend(own.into_iter().map(|(_, change)| change));

        let steps = by_zone(first)
            .into_iter()
            .chain(by_zone(before))
            .chain((!records.is_empty()).then_some((row.zone, records)))
            .chain(by_zone(behind));
        for (zone, changes) in steps {
            let id = GroupId(u32::try_from(self.groups.len()).unwrap_or(u32::MAX));
            let name = name.clone();
            let mut after: Vec<_> = follows.map(After::OwnershipRecord).into_iter().collect();
            after.append(&mut moves);
            if zone == row.zone {
                after.append(&mut replaced_by);
            }
            let relies_on = requires.iter().filter(|(own, _)| *own == zone && zone == row.zone);
            let requires =
                relies_on.map(|(_, ownership_record)| ownership_record.clone()).collect();
            self.groups.push(ChangeGroup { id, zone, name, changes, after, requires });
            self.subjects.push(subject);
            follows = Some(id);
        }
        start..self.groups.len()
    }
}

/// Whether the second unit makes a record set in the place of one that the first removes: one of another type under
/// the same set identifier.
fn is_replaced(row: &Row<'_>, removing: Unit, making: Unit) -> bool {
    let going = |unit| row.decisions.iter().filter(move |own| own.unit == unit && own.goes());
    let id = |own: &Decision<'_>| own.change.set().set_identifier().to_owned();
    let is_gone = |own: &Decision<'_>| matches!(own.change, RecordChange::Delete(_));
    let is_made = |own: &&Decision<'_>| matches!(own.change, RecordChange::Create(_));
    going(removing).all(is_gone)
        && going(making)
            .filter(is_made)
            .any(|made| going(removing).any(|gone| id(gone) == id(made)))
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

/// The units of a row of which something is carried out: those that make something first, as the
/// refusal of a create holds back deletes.
pub(crate) fn going_units(row: &Row<'_>) -> Vec<Unit> {
    let going = row.decisions.iter().filter(|decision| decision.goes());
    let makes = |decision: &Decision<'_>| matches!(decision.change, RecordChange::Create(_));
    let mut units: Vec<(Unit, bool)> = going.map(|own| (own.unit, !makes(own))).collect();
    units.sort_unstable();
    units.dedup_by_key(|(unit, _)| *unit);
    units.sort_by_key(|(_, makes_nothing)| *makes_nothing);
    units.into_iter().map(|(unit, _)| unit).collect()
}

/// The change of the record itself; none if only its ownership record changes.
pub(crate) fn record_change(decision: &Decision<'_>, labels: Labels) -> Option<Change> {
    let is_update = matches!(decision.change, RecordChange::Update { .. });
    let is_apart = is_update && ownership_only(&decision.cause);
    (!is_apart).then(|| whole_change(decision, labels))
}

/// The change of a record that has its owner in itself.
pub(crate) fn whole_change(decision: &Decision<'_>, labels: Labels) -> Change {
    let action = match decision.change {
        RecordChange::Create(endpoint) => Action::Create(planned(endpoint, labels)),
        RecordChange::Update { record, endpoint } => {
            Action::Update { old: stored(record), new: planned(endpoint, labels) }
        }
        RecordChange::Delete(record) => Action::Delete(stored(record)),
    };
    Change { role: Role::Record, action }
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
