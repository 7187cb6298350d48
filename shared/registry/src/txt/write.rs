//! Writing: ownership TXT records join the changes of their records, or the change is refused.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;

use extdns_model::{
    Action, Change, Endpoint, GroupId, LabelKey, Labels, Mark, Name, Planned, Record, RecordSet,
    RecordType, Role, Stored, Targets, Ttl, ZoneKey,
};
use extdns_plan::{Decision, Hold, Plan, RecordChange, Row, Unit};

use super::TxtRegistry;
use super::place::Place;
use super::slots::{Occupant, Pending, Slots};
use crate::groups::{Draft, going_units, ownership_only, record_change};
use crate::{Annotated, Groups, Registry as _, Subject};

/// Adds ownership records to the changes of a plan and cuts them into groups.
pub(super) fn decorate(
    registry: &TxtRegistry,
    plan: &mut Plan<'_>,
    annotated: &Annotated,
) -> Groups {
    let slots = Slots::survey(registry, plan, annotated);
    let mut writer = Writer { registry, annotated, slots, taken: OnceCell::new() };
    let mut groups = Groups::default();
    for (index, row) in plan.rows.iter_mut().enumerate() {
        for unit in going_units(row) {
            match writer.unit(row, unit) {
                Ok(Marked { draft, placed }) => {
                    let range = groups.push_unit(Subject { row: index, unit }, row, draft);
                    writer.reserve(placed, &groups, range);
                }
                Err(refusal) => refusal.apply(row),
            }
        }
    }
    groups
}

struct Writer<'a> {
    registry: &'a TxtRegistry,
    annotated: &'a Annotated,
    slots: Slots<'a>,
    /// Where ownership records stand: looked up only for wished TXT records.
    taken: OnceCell<HashSet<TxtKey>>,
}

/// Zone, name key and set identifier of a TXT record.
type TxtKey = (ZoneKey, String, String);

/// A unit with its ownership records.
#[derive(Default)]
struct Marked {
    draft: Draft,
    placed: Vec<Placed>,
}

/// An ownership record that a unit writes under a new name.
struct Placed {
    place: Place,
    set_identifier: String,
    labels: Labels,
    /// Whether it is made, or there and rewritten.
    made: bool,
}

impl Writer<'_> {
    fn unit(&mut self, row: &Row<'_>, unit: Unit) -> Result<Marked, Refusal> {
        let mut marked = Marked::default();
        for (index, decision) in row.decisions.iter().enumerate() {
            if decision.unit == unit && decision.goes() {
                self.decision(row.zone, decision, &mut marked)
                    .map_err(|hold| Refusal { decision: index, hold })?;
            }
        }
        Ok(marked)
    }

    fn decision(
        &mut self,
        zone: ZoneKey,
        decision: &Decision<'_>,
        marked: &mut Marked,
    ) -> Result<(), Hold> {
        let labels = match decision.change {
            RecordChange::Create(endpoint) => {
                if self.is_taken(zone, &endpoint.set) {
                    return Err(taken(&endpoint.set.name));
                }
                let labels = self.stamp(endpoint);
                self.place(zone, endpoint, &labels, marked)?;
                labels
            }
            RecordChange::Update { record, endpoint } => {
                let labels = self.stamp(endpoint);
                match self.registry.own_mark(record) {
                    Some(mark) => self.rewrite(mark, record, endpoint, &labels, marked)?,
                    None => match self.place(zone, endpoint, &labels, marked) {
                        // Ours by a mark of an older format, which goes on to do.
                        Err(_) if !ownership_only(&decision.cause) => {}
                        result => result?,
                    },
                }
                labels
            }
            RecordChange::Delete(record) => {
                self.remove(record, marked);
                Labels::new()
            }
        };
        marked.draft.records.extend(record_change(decision, labels));
        Ok(())
    }

    /// Whether a wished TXT record would be where an ownership record stands.
    fn is_taken(&self, zone: ZoneKey, set: &RecordSet) -> bool {
        let key = |zone: ZoneKey, set: &RecordSet| -> TxtKey {
            (zone, set.name.key().into_owned(), set.set_identifier().to_owned())
        };
        let marks = || {
            let of_records = self.annotated.inventory.records().flat_map(|(_, own)| &own.marks);
            let left = self.annotated.leftovers.iter().map(|leftover| &leftover.mark);
            of_records.chain(left).map(|mark| key(mark.zone, &mark.set)).collect()
        };
        set.rtype == RecordType::Txt && self.taken.get_or_init(marks).contains(&key(zone, set))
    }

    fn stamp(&self, endpoint: &Endpoint) -> Labels {
        self.registry.labels(endpoint)
    }

    /// Writes an ownership record where there may be one that no record of ours has.
    fn place(
        &mut self,
        zone: ZoneKey,
        endpoint: &Endpoint,
        labels: &Labels,
        marked: &mut Marked,
    ) -> Result<(), Hold> {
        let registry = self.registry;
        let inventory = &self.annotated.inventory;
        let set = &endpoint.set;
        let place = registry
            .place(&inventory.index, zone, &set.name, set.rtype)
            .map_err(|why| Hold::CannotBeOwned { reason: why.to_string() })?;
        if !inventory.is_readable(place.zone) {
            return Err(Hold::UnreadableZone);
        }
        let slot = self.slots.get(&place, set.set_identifier());
        let (occupant, pending) =
            slot.map_or((Occupant::Nobody, None), |slot| (slot.occupant, slot.pending.as_ref()));
        if let Some(pending) = pending {
            pending.admits(labels, &place.name)?;
            marked.draft.follows = pending.made_by.or(marked.draft.follows);
            return Ok(());
        }
        let made = match occupant {
            Occupant::Unknown => return Err(Hold::UnreadableZone),
            Occupant::Strange(record) => return Err(foreign(&record.labels)),
            Occupant::Text => return Err(in_the_way(&place.name)),
            Occupant::Nobody => {
                let new = self.planned(place.name.clone(), endpoint, labels)?;
                marked.draft.marks.push((place.zone, ownership(Action::Create(new))));
                true
            }
            Occupant::Mark(mark) => {
                let found = registry.codec.labels(&mark.set).unwrap_or_default();
                if !registry.owners.own(&found) {
                    return Err(foreign(&found));
                }
                if found != *labels || registry.codec.is_repeated(&mark.set) {
                    let old = stored(mark, &set.name);
                    let new = self.planned(mark.set.name.clone(), endpoint, labels)?;
                    let change = ownership(Action::Update { old, new });
                    marked.draft.marks.push((mark.zone, change));
                }
                false
            }
        };
        let set_identifier = set.set_identifier().to_owned();
        marked.placed.push(Placed { place, set_identifier, labels: labels.clone(), made });
        Ok(())
    }

    /// Rewrites a record's own ownership record, if that says something else now.
    fn rewrite(
        &self,
        mark: &Mark,
        record: &Record,
        endpoint: &Endpoint,
        labels: &Labels,
        marked: &mut Marked,
    ) -> Result<(), Hold> {
        let same_properties = record.set.properties().same_as(endpoint.set.properties());
        let same_labels = self.registry.codec.labels(&mark.set).as_ref() == Some(labels);
        if same_properties && same_labels && !self.registry.codec.is_repeated(&mark.set) {
            return Ok(());
        }
        let old = stored(mark, &record.set.name);
        let new = self.planned(mark.set.name.clone(), endpoint, labels)?;
        marked.draft.marks.push((mark.zone, ownership(Action::Update { old, new })));
        Ok(())
    }

    /// Removes a record's own ownership record, unless another record needs it. Those of older
    /// formats stay: they may stand for more than this record.
    fn remove(&mut self, record: &Record, marked: &mut Marked) {
        let Some(mark) = self.registry.own_mark(record) else { return };
        if !self.annotated.is_shared(mark) && !self.slots.wants(mark) {
            let change = ownership(Action::Delete(stored(mark, &record.set.name)));
            marked.draft.marks.push((mark.zone, change));
        }
    }

    fn planned(&self, name: Name, endpoint: &Endpoint, labels: &Labels) -> Result<Planned, Hold> {
        let text = self.registry.codec.write(labels).map_err(|why| Hold::CannotBeOwned {
            reason: format!("its ownership record {name} cannot be encrypted: {why}"),
        })?;
        let targets: Targets = std::iter::once(text).collect();
        let set = RecordSet::new(name, RecordType::Txt, Ttl::UNSET, targets)
            .with_set_identifier(endpoint.set.set_identifier())
            .with_properties(endpoint.set.properties().clone());
        Ok(Planned { set, labels: of_record(&endpoint.set.name), hints: Default::default() })
    }

    /// Notes what a unit writes, for units that need the same ownership records.
    fn reserve(&mut self, placed: Vec<Placed>, groups: &Groups, range: Range<usize>) {
        for Placed { place, set_identifier, labels, made } in placed {
            let group = groups.groups[range.clone()].iter().find(|group| group.zone == place.zone);
            let made_by: Option<GroupId> = group.filter(|_| made).map(|group| group.id);
            if let Some(slot) = self.slots.get(&place, &set_identifier) {
                slot.pending = Some(Pending { made_by, labels });
            }
        }
    }
}

impl TxtRegistry {
    /// The ownership record of a record in today's format.
    pub(super) fn own_mark<'r>(&self, record: &'r Record) -> Option<&'r Mark> {
        record.marks.iter().find(|mark| {
            self.read_name(&mark.set.name).is_some_and(|reading| {
                reading.canonical && reading.owned.rtype == Some(record.set.rtype)
            })
        })
    }
}

impl Pending {
    /// Whether one ownership record can stand for a record with these labels too: a wildcard and
    /// the name that replaces it, or the apexes of two zones of one name.
    fn admits(&self, labels: &Labels, txt: &Name) -> Result<(), Hold> {
        let same = |key| self.labels.get(key) == labels.get(key);
        if same(LabelKey::OWNER) && same(LabelKey::CLUSTER) {
            return Ok(());
        }
        let reason = format!(
            "its ownership record {txt} is also that of another cluster's record; choose another \
             --txt-wildcard-replacement or --txt-prefix"
        );
        Err(Hold::CannotBeOwned { reason })
    }
}

fn foreign(labels: &Labels) -> Hold {
    Hold::Foreign { owner: labels.owner().map(Into::into) }
}

fn taken(txt: &Name) -> Hold {
    let reason = format!(
        "an ownership record has the name {txt}; choose another name, or another --txt-prefix or --txt-suffix"
    );
    Hold::CannotBeOwned { reason }
}

fn in_the_way(txt: &Name) -> Hold {
    let reason = format!(
        "a TXT record {txt}, which is no ownership record, is where its ownership record would be; remove it or \
         choose another --txt-prefix"
    );
    Hold::CannotBeOwned { reason }
}

/// Why a unit is held back.
struct Refusal {
    /// The index of the decision in its row.
    decision: usize,
    hold: Hold,
}

impl Refusal {
    fn apply(self, row: &mut Row<'_>) {
        let Some(refused) = row.decisions.get_mut(self.decision) else { return };
        let set = refused.change.set();
        match &self.hold {
            Hold::Foreign { owner } => tracing::warn!(
                name = %set.name, r#type = %set.rtype, owner = owner.as_deref().unwrap_or(""),
                "held back: an ownership record of somebody else reserves the name"
            ),
            Hold::CannotBeOwned { reason } => tracing::error!(
                name = %set.name, r#type = %set.rtype, "held back: {reason}"
            ),
            hold => tracing::warn!(name = %set.name, r#type = %set.rtype, ?hold, "held back"),
        }
        refused.hold(self.hold);
        row.close_units();
    }
}

fn ownership(action: Action) -> Change {
    Change { role: Role::Ownership, action }
}

fn stored(mark: &Mark, record: &Name) -> Stored {
    Stored { set: mark.set.clone(), labels: of_record(record), origin: mark.origin.clone() }
}

/// An ownership record's own labels, as the connector protocol shows them.
fn of_record(name: &Name) -> Labels {
    std::iter::once((LabelKey::OWNED_RECORD, name.as_str())).collect()
}
