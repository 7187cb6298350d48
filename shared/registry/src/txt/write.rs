//! Writing: ownership TXT records join the changes of their records, or the change is refused.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;

use extdns_model::{
    Action, Change, ChangeGroup, Endpoint, GroupId, LabelKey, Labels, Name, OwnershipRecord,
    Planned, Record, RecordSet, RecordType, Role, Surroundings, Ttl, ZoneKey,
};
use extdns_plan::{Decision, Hold, Plan, RecordChange, Row, Unit};

use super::TxtRegistry;
use super::holds::{
    cannot_be_stored, contested, foreign, in_the_way, of_another, of_another_cluster, taken,
};
use super::location::Location;
use super::names::Names;
use super::own::{of_record, ownership, stored};
use super::slots::{Occupant, Pending, Slots};
use crate::groups::{Draft, going_units, ownership_only, record_change};
use crate::refusal::{Refusal, claim};
use crate::{Annotated, Groups, Leftover, Mixed, Registry as _, Subject};

/// Adds ownership records to the changes of a plan and cuts them into groups.
pub(super) fn decorate(
    registry: &TxtRegistry,
    plan: &mut Plan<'_>,
    annotated: &Annotated,
    refused: &extdns_plan::Refusal<'_>,
) -> Groups {
    let slots = Slots::survey(registry, plan, annotated);
    let names = Names::survey(registry, plan, annotated);
    let mut writer = Writer {
        registry,
        annotated,
        refused,
        slots,
        names,
        taken: OnceCell::new(),
        removed: HashSet::new(),
    };
    let mut groups = Groups::default();
    groups.add_rows(plan, &annotated.inventory.index, |groups, index, row, moves| {
        for unit in going_units(row) {
            match writer.unit(row, unit) {
                Ok(OwnedUnit { mut draft, new_names, mixed }) => {
                    draft.moves = moves.to_vec();
                    let range = groups.push_unit(Subject { row: index, unit }, row, draft);
                    writer.reserve(new_names, groups, range);
                    groups.mixed.extend(mixed);
                }
                Err(refusal) => refusal.apply(row),
            }
        }
    });
    groups
}

struct Writer<'a> {
    registry: &'a TxtRegistry,
    annotated: &'a Annotated,
    /// What the provider would not store.
    refused: &'a extdns_plan::Refusal<'a>,
    slots: Slots<'a>,
    names: Names,
    /// Where ownership records stand: looked up only for desired TXT records.
    taken: OnceCell<HashSet<TxtKey>>,
    /// Ownership records that this plan removes: several records may have one of an older format.
    removed: HashSet<TxtKey>,
}

/// Zone, name key and set identifier of a TXT record.
type TxtKey = (ZoneKey, String, String);

fn txt_key(zone: ZoneKey, set: &RecordSet) -> TxtKey {
    (zone, set.name.key().into_owned(), set.set_identifier().to_owned())
}

/// A unit with its ownership records.
#[derive(Default)]
struct OwnedUnit {
    draft: Draft,
    new_names: Vec<NewName>,
    mixed: Vec<Mixed>,
}

/// An ownership record that a unit writes under a new name.
struct NewName {
    location: Location,
    set_identifier: String,
    /// The name of the record.
    name: Name,
    labels: Labels,
    /// Whether it is made, or there and rewritten.
    made: bool,
}

impl Writer<'_> {
    fn unit(&mut self, row: &Row<'_>, unit: Unit) -> Result<OwnedUnit, Refusal> {
        let mut owned = OwnedUnit::default();
        for (index, decision) in row.decisions.iter().enumerate() {
            if decision.unit == unit && decision.goes() {
                self.decision(row.zone, decision, &mut owned)
                    .map_err(|hold| Refusal { decision: index, hold })?;
            }
        }
        Ok(owned)
    }

    fn decision(
        &mut self,
        zone: ZoneKey,
        decision: &Decision<'_>,
        owned: &mut OwnedUnit,
    ) -> Result<(), Hold> {
        if let Some(endpoint) = decision.change.endpoint() {
            self.admit_text(zone, &decision.change, &endpoint.set)?;
        }
        let labels = match decision.change {
            RecordChange::Create(endpoint) => {
                let labels = self.stamp(endpoint);
                self.write_ownership(zone, endpoint, &labels, owned)?;
                labels
            }
            RecordChange::Update { record, endpoint } => {
                let labels = self.stamp(endpoint);
                match self.registry.ownership_record_of(record) {
                    Some(ownership_record) => {
                        self.rewrite(ownership_record, record, endpoint, &labels, owned)?
                    }
                    None => match self.write_ownership(zone, endpoint, &labels, owned) {
                        // The record is ours by an ownership record of an older format, which stays
                        // valid.
                        Err(_) if !ownership_only(&decision.cause) => {}
                        result => result?,
                    },
                }
                labels
            }
            RecordChange::Delete(record) => {
                self.remove(record, owned);
                Labels::new()
            }
        };
        if let Some(record) = decision.change.record() {
            record
                .ownership_records
                .iter()
                .for_each(|ownership_record| owned.rely_on(ownership_record, &record.set.name));
        }
        owned.draft.records.extend(record_change(decision, labels));
        Ok(())
    }

    /// Refuses wanted TXT records that would be ownership records, or in the place of one.
    fn admit_text(
        &self,
        zone: ZoneKey,
        change: &RecordChange<'_>,
        set: &RecordSet,
    ) -> Result<(), Hold> {
        if set.rtype != RecordType::Txt {
            return Ok(());
        }
        if set.targets.iter().any(|text| self.registry.codec.claims(text)) {
            return Err(claim(set));
        }
        if !matches!(change, RecordChange::Create(_)) {
            return Ok(());
        }
        if self.is_taken(zone, set) {
            return Err(taken(&set.name));
        }
        self.names.refuse_text(self.registry, &set.name).map_or(Ok(()), Err)
    }

    /// Whether a desired TXT record would be where an ownership record stands.
    fn is_taken(&self, zone: ZoneKey, set: &RecordSet) -> bool {
        let ownership_records = || {
            let of_records =
                self.annotated.inventory.records().flat_map(|(_, own)| &own.ownership_records);
            let left = self.annotated.leftovers.iter().filter_map(Leftover::ownership_record);
            of_records
                .chain(left)
                .map(|ownership_record| txt_key(ownership_record.zone, &ownership_record.set))
                .collect()
        };
        self.taken.get_or_init(ownership_records).contains(&txt_key(zone, set))
    }

    fn stamp(&self, endpoint: &Endpoint) -> Labels {
        let mut labels = self.registry.labels(endpoint);
        self.names.disambiguate(self.registry, &endpoint.set, &mut labels);
        labels
    }

    /// Writes an ownership record where there may be one that no record of ours has.
    fn write_ownership(
        &mut self,
        zone: ZoneKey,
        endpoint: &Endpoint,
        labels: &Labels,
        owned: &mut OwnedUnit,
    ) -> Result<(), Hold> {
        let registry = self.registry;
        let inventory = &self.annotated.inventory;
        let set = &endpoint.set;
        let location = registry
            .locate(&inventory.index, zone, &set.name, set.rtype)
            .map_err(|why| Hold::CannotBeOwned { reason: why.to_string() })?;
        if !inventory.is_readable(location.zone) {
            return Err(Hold::UnreadableZone);
        }
        if let Some(reason) = inventory.index.zone(location.zone).read_only {
            let reason = format!("its ownership record {reason}");
            return Err(Hold::CannotBeOwned { reason });
        }
        let slot = self.slots.get(&location, set.set_identifier());
        let (occupant, pending) =
            slot.map_or((Occupant::Nobody, None), |slot| (slot.occupant, slot.pending.as_ref()));
        if let Some(pending) = pending {
            pending.admits(&set.name, labels, &location.name)?;
            owned.draft.follows = pending.made_by.or(owned.draft.follows);
            return Ok(());
        }
        let made = match occupant {
            Occupant::Unknown => return Err(Hold::UnreadableZone),
            Occupant::Strange(record) => return Err(foreign(&record.labels)),
            Occupant::Text => return Err(in_the_way(&location.name)),
            Occupant::Contested => return Err(contested(location.name)),
            Occupant::Of(record, _) if record.set.name.key() != set.name.key() => {
                return Err(of_another(&location.name, &record.set.name));
            }
            Occupant::Nobody => {
                let new =
                    self.planned(location.zone, location.name.clone(), endpoint, labels, None)?;
                owned.draft.ownership_records.push((location.zone, ownership(Action::Create(new))));
                true
            }
            Occupant::OwnershipRecord(ownership_record) | Occupant::Of(_, ownership_record) => {
                let found = registry.codec.labels(&ownership_record.set).unwrap_or_default();
                if !registry.owners.own(&found) {
                    return Err(foreign(&found));
                }
                if found != *labels || registry.codec.is_repeated(&ownership_record.set) {
                    self.overwrite(ownership_record, &set.name, endpoint, labels, owned)?;
                }
                owned.rely_on(ownership_record, &set.name);
                false
            }
        };
        let set_identifier = set.set_identifier().to_owned();
        let (name, labels) = (set.name.clone(), labels.clone());
        owned.new_names.push(NewName { location, set_identifier, name, labels, made });
        Ok(())
    }

    /// Rewrites a record's own ownership record, if that says something else now.
    fn rewrite(
        &mut self,
        ownership_record: &OwnershipRecord,
        record: &Record,
        endpoint: &Endpoint,
        labels: &Labels,
        owned: &mut OwnedUnit,
    ) -> Result<(), Hold> {
        let same_properties = record.set.properties().same_as(endpoint.set.properties());
        let same_labels =
            self.registry.codec.labels(&ownership_record.set).as_ref() == Some(labels);
        if same_properties && same_labels && !self.registry.codec.is_repeated(&ownership_record.set)
        {
            return Ok(());
        }
        self.remove_misread(record, owned);
        self.overwrite(ownership_record, &record.set.name, endpoint, labels, owned)
    }

    /// Writes an ownership value in the place of another one. What else the set holds stays.
    fn overwrite(
        &self,
        ownership_record: &OwnershipRecord,
        record: &Name,
        endpoint: &Endpoint,
        labels: &Labels,
        owned: &mut OwnedUnit,
    ) -> Result<(), Hold> {
        let new = self.planned(
            ownership_record.zone,
            ownership_record.set.name.clone(),
            endpoint,
            labels,
            Some(&ownership_record.set),
        )?;
        let old = stored(ownership_record, record);
        owned.note_mixed(self.registry, &ownership_record.set, false);
        owned
            .draft
            .ownership_records
            .push((ownership_record.zone, ownership(Action::Update { old, new })));
        Ok(())
    }

    /// Removes a record's own ownership record, unless another record needs it. Those of older
    /// formats stay, because they may stand for more than this record.
    fn remove(&mut self, record: &Record, owned: &mut OwnedUnit) {
        self.remove_misread(record, owned);
        let Some(ownership_record) = self.registry.ownership_record_of(record) else { return };
        if !self.annotated.is_shared(ownership_record) {
            let change = self.removal(ownership_record, record, owned);
            owned.draft.ownership_records.extend(change);
        }
    }

    /// Removes those ownership records of older formats that only this record's own one explains:
    /// once that is gone or says something else, they would be read as those of other records.
    fn remove_misread(&mut self, record: &Record, owned: &mut OwnedUnit) {
        for ownership_record in &record.ownership_records {
            if self.registry.is_misread(record, ownership_record) {
                let change = self.removal(ownership_record, record, owned);
                owned.draft.first.extend(change);
            }
        }
    }

    fn removal(
        &mut self,
        ownership_record: &OwnershipRecord,
        record: &Record,
        owned: &mut OwnedUnit,
    ) -> Option<(ZoneKey, Change)> {
        if self.slots.wants(ownership_record)
            || !self.removed.insert(txt_key(ownership_record.zone, &ownership_record.set))
        {
            return None;
        }
        owned.note_mixed(self.registry, &ownership_record.set, true);
        Some((ownership_record.zone, self.registry.removal(ownership_record, &record.set.name)))
    }

    /// An ownership record as it shall be, if the provider can store it.
    fn planned(
        &self,
        zone: ZoneKey,
        name: Name,
        endpoint: &Endpoint,
        labels: &Labels,
        old: Option<&RecordSet>,
    ) -> Result<Planned, Hold> {
        let codec = &self.registry.codec;
        let text = codec.write(labels).map_err(|why| Hold::CannotBeOwned {
            reason: format!("its ownership record {name} cannot be encrypted: {why}"),
        })?;
        let mixed = old.filter(|old| codec.foreign(old).next().is_some());
        let (ttl, targets) = match mixed {
            Some(old) => (old.ttl, codec.replaced(old, text)),
            None => (Ttl::UNSET, std::iter::once(text).collect()),
        };
        let set = RecordSet::new(name, RecordType::Txt, ttl, targets)
            .with_set_identifier(endpoint.set.set_identifier())
            .with_properties(endpoint.set.properties().clone());
        let zone = self.annotated.inventory.index.zone(zone);
        let around = Surroundings { role: Role::Ownership, ..Surroundings::alone(zone, &set) };
        if let Some(why) = (self.refused)(&set, around) {
            return Err(cannot_be_stored(&set.name, &endpoint.set.name, &why));
        }
        Ok(Planned { set, labels: of_record(&endpoint.set.name), hints: Default::default() })
    }

    /// Notes what a unit writes, for units that need the same ownership records.
    fn reserve(&mut self, new_names: Vec<NewName>, groups: &Groups, range: Range<usize>) {
        for NewName { location, set_identifier, name, labels, made } in new_names {
            let makes = |group: &&ChangeGroup| {
                group.zone == location.zone
                    && group.changes.iter().any(|change| change.set().name == location.name)
            };
            let group = groups.groups[range.clone()].iter().find(makes);
            let made_by: Option<GroupId> = group.filter(|_| made).map(|group| group.id);
            if let Some(slot) = self.slots.get(&location, &set_identifier) {
                slot.pending = Some(Pending { made_by, name, labels });
            }
        }
    }
}

impl OwnedUnit {
    /// Notes that an ownership record has to be as it was read, unless the unit changes it.
    fn rely_on(&mut self, ownership_record: &OwnershipRecord, record: &Name) {
        let is_it = |zone: ZoneKey, set: &RecordSet| {
            zone == ownership_record.zone
                && set.name == ownership_record.set.name
                && set.set_identifier() == ownership_record.set.set_identifier()
        };
        let changes = self.draft.first.iter().chain(&self.draft.ownership_records);
        let mut written = changes.map(|(zone, change)| (*zone, change.set()));
        let mut known = self.draft.requires.iter().map(|(zone, known)| (*zone, &known.set));
        if !written.any(|(zone, set)| is_it(zone, set))
            && !known.any(|(zone, set)| is_it(zone, set))
        {
            self.draft.requires.push((ownership_record.zone, stored(ownership_record, record)));
        }
    }

    /// Notes what else a set holds that is edited.
    fn note_mixed(&mut self, registry: &TxtRegistry, set: &RecordSet, goes: bool) {
        let kept: Vec<String> = registry.codec.foreign(set).map(str::to_owned).collect();
        if !kept.is_empty() {
            self.mixed.push(Mixed { name: set.name.clone(), kept, goes });
        }
    }
}

impl Pending {
    /// Whether one ownership record can stand for a record of this name with these labels too: the
    /// apexes of two zones of one name, but not a wildcard and the name that replaces it.
    fn admits(&self, name: &Name, labels: &Labels, txt: &Name) -> Result<(), Hold> {
        if self.name.key() != name.key() {
            return Err(of_another(txt, &self.name));
        }
        let same = |key| self.labels.get(key) == labels.get(key);
        if same(LabelKey::OWNER) && same(LabelKey::CLUSTER) {
            return Ok(());
        }
        Err(of_another_cluster(txt))
    }
}
