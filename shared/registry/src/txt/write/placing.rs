//! The ownership record of a record that is made or changed: where it is, what it says, and what may
//! stand in its place.

use std::ops::Range;

use extdns_model::{
    Action, ChangeGroup, Endpoint, GroupId, Inventory, LabelKey, Labels, Name, OwnershipRecord,
    Planned, Record, RecordSet, RecordType, Role, Surroundings, Ttl, ZoneKey,
};
use extdns_plan::Hold;

use super::writer::{NewName, OwnedUnit, Writer};
use crate::Groups;
use crate::txt::holds::{
    cannot_be_stored, contested, foreign, in_the_way, of_another, of_another_cluster,
};
use crate::txt::own::{of_record, ownership, stored};
use crate::txt::slots::{Occupant, Pending};

impl Writer<'_> {
    /// Writes an ownership record where there may be one that no record of ours has.
    pub(super) fn write_ownership(
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
            .locate(&inventory.index, zone, &set.name, set.rtype, registry.owner_of(endpoint))
            .map_err(|why| Hold::CannotBeOwned { reason: why.to_string() })?;
        if !inventory.is_readable(location.zone) {
            return Err(Hold::UnreadableZone);
        }
        if let Some(reason) = inventory.index.zone(location.zone).read_only {
            let reason = format!("its ownership record {reason}");
            return Err(Hold::CannotBeOwned { reason });
        }
        if location.zone != zone && has_unread_twin(inventory, zone) {
            return Err(Hold::UnreadableZone);
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
                if found != *labels {
                    self.remove_shown(ownership_record, &set.name, owned);
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
    pub(super) fn rewrite(
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
    pub(super) fn reserve(
        &mut self,
        new_names: Vec<NewName>,
        groups: &Groups,
        range: Range<usize>,
    ) {
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

/// Whether a zone of the same name could not be read. In the parent zone of both, one ownership
/// record stands for the records of both, and the record of the other zone may be foreign.
fn has_unread_twin(inventory: &Inventory, zone: ZoneKey) -> bool {
    let index = &inventory.index;
    let name = index.zone(zone).name.key();
    let mut unread = inventory.unreadable().map(|(other, _)| other).filter(|other| *other != zone);
    unread.any(|other| index.zone(other).name.key() == name)
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
