//! What is at the location where an ownership record is to be written.

use std::collections::HashMap;
use std::sync::Arc;

use ecow::EcoString;
use extdns_model::{
    Endpoint, GroupId, Inventory, Labels, Name, OwnershipRecord, Record, RecordType, ZoneIndex,
    ZoneKey,
};
use extdns_plan::{Plan, RecordChange};

use super::location::Location;
use super::registry::TxtRegistry;
use crate::Annotated;
use crate::annotated::Standing;

/// The locations of the ownership records that a plan writes under a new name.
#[derive(Default)]
pub(super) struct Slots<'a> {
    by_name: HashMap<String, Vec<Slot<'a>>>,
}

/// One such location.
pub(super) struct Slot<'a> {
    zone: ZoneKey,
    set_identifier: EcoString,
    /// What the zone has there.
    pub(super) occupant: Occupant<'a>,
    /// The group of this plan that writes there, and what.
    pub(super) pending: Option<Pending>,
}

/// What a zone has at the name of an ownership record.
#[derive(Debug, Clone, Copy)]
pub(super) enum Occupant<'a> {
    /// Nothing.
    Nobody,
    /// An ownership record that no record has, or that is of an older format.
    OwnershipRecord(&'a OwnershipRecord),
    /// The ownership record of a record in today's format.
    Of(&'a Record, &'a OwnershipRecord),
    /// An ownership record whose owner is not clear.
    Contested,
    /// An ownership record whose record may lie in a zone that could not be read.
    Unknown,
    /// A TXT record that is no ownership record.
    Text,
    /// Nothing, but what is written there would also mark this record, which is not ours: that of
    /// a wildcard and of the name that replaces it, or the apex of another zone of the same name.
    Strange(&'a Record),
}

/// What this plan writes at a location.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// The group that makes the ownership record; `None` if it is there and only rewritten.
    pub(super) made_by: Option<GroupId>,
    /// The name of the record for which it does.
    pub(super) name: Name,
    /// What it will say.
    pub(super) labels: Labels,
}

impl<'a> Slots<'a> {
    /// Looks up what is at the locations that the plan needs.
    pub(super) fn survey(
        registry: &TxtRegistry,
        plan: &Plan<'_>,
        annotated: &'a Annotated,
    ) -> Self {
        let mut slots = Self::default();
        // Records that become ours at the user's word are not in their own way.
        let mut adopted: Vec<*const Record> = Vec::new();
        for (row, decision) in plan.going() {
            if let Some(endpoint) = needs_location(registry, &decision.change) {
                slots.open(registry, &annotated.inventory, row.zone, endpoint);
                let record = decision.change.record();
                adopted.extend(
                    record.filter(|it| !registry.owners.own(&it.labels)).map(std::ptr::from_ref),
                );
            }
        }
        slots.fill(registry, &annotated.inventory, &adopted);
        for leftover in &annotated.leftovers {
            let Some(ownership_record) = leftover.ownership_record() else { continue };
            let occupant = match leftover.standing {
                Standing::Unknown => Occupant::Unknown,
                Standing::Contested => Occupant::Contested,
                Standing::Ours | Standing::Foreign => Occupant::OwnershipRecord(ownership_record),
            };
            slots.occupy(ownership_record, occupant);
        }
        slots
    }

    fn open(
        &mut self,
        registry: &TxtRegistry,
        inventory: &Inventory,
        zone: ZoneKey,
        endpoint: &Endpoint,
    ) {
        let set = &endpoint.set;
        let Ok(location) = registry.locate(
            &inventory.index,
            zone,
            &set.name,
            set.rtype,
            registry.owner_of(endpoint),
        ) else {
            return;
        };
        if self.get(&location, set.set_identifier()).is_none() {
            let key = location.name.key().into_owned();
            self.by_name.entry(key).or_default().push(Slot {
                zone: location.zone,
                set_identifier: set.set_identifier().into(),
                occupant: Occupant::Nobody,
                pending: None,
            });
        }
    }

    fn fill(
        &mut self,
        registry: &TxtRegistry,
        inventory: &'a Inventory,
        adopted: &[*const Record],
    ) {
        if self.by_name.is_empty() {
            return;
        }
        for (zone, record) in inventory.records() {
            let own = registry.ownership_record_of(record).map(std::ptr::from_ref);
            for ownership_record in record.ownership_records.iter().map(Arc::as_ref) {
                let is_own = own.is_some_and(|own| std::ptr::eq(own, ownership_record));
                let occupant = if is_own {
                    Occupant::Of(record, ownership_record)
                } else {
                    Occupant::OwnershipRecord(ownership_record)
                };
                self.occupy(ownership_record, occupant);
            }
            if !registry.owners.own(&record.labels)
                && !adopted.contains(&std::ptr::from_ref(record))
            {
                for owner in registry.mappings() {
                    self.put_strange(registry, &inventory.index, zone, record, owner);
                }
            }
            if record.set.rtype == RecordType::Txt {
                self.put_text(zone, &record.set.name);
            }
        }
    }

    /// Notes a record that is not ours where an ownership record of ours would mark it too.
    fn put_strange(
        &mut self,
        registry: &TxtRegistry,
        index: &ZoneIndex,
        zone: ZoneKey,
        record: &'a Record,
        owner: Option<&str>,
    ) {
        let set = &record.set;
        if let Ok(location) = registry.locate(index, zone, &set.name, set.rtype, owner)
            && let Some(slot) = self.get(&location, set.set_identifier())
        {
            slot.occupant = Occupant::Strange(record);
        }
    }

    fn put_text(&mut self, zone: ZoneKey, name: &Name) {
        for slot in self.at(name).filter(|slot| slot.zone == zone) {
            slot.occupant = Occupant::Text;
        }
    }

    fn occupy(&mut self, ownership_record: &OwnershipRecord, occupant: Occupant<'a>) {
        if let Some(slot) = self.find(
            ownership_record.zone,
            &ownership_record.set.name,
            ownership_record.set.set_identifier(),
        ) {
            slot.occupant = occupant;
        }
    }

    /// The location, if the plan needs it.
    pub(super) fn get(
        &mut self,
        location: &Location,
        set_identifier: &str,
    ) -> Option<&mut Slot<'a>> {
        self.find(location.zone, &location.name, set_identifier)
    }

    /// Whether the plan writes where this ownership record is.
    pub(super) fn wants(&mut self, ownership_record: &OwnershipRecord) -> bool {
        self.find(
            ownership_record.zone,
            &ownership_record.set.name,
            ownership_record.set.set_identifier(),
        )
        .is_some()
    }

    fn find(&mut self, zone: ZoneKey, name: &Name, set_id: &str) -> Option<&mut Slot<'a>> {
        self.at(name).find(|slot| slot.zone == zone && slot.set_identifier == set_id)
    }

    fn at(&mut self, name: &Name) -> impl Iterator<Item = &mut Slot<'a>> {
        self.by_name.get_mut(name.key().as_ref()).into_iter().flatten()
    }
}

/// The endpoint of a change that writes an ownership record under a new name.
fn needs_location<'p>(registry: &TxtRegistry, change: &RecordChange<'p>) -> Option<&'p Endpoint> {
    match *change {
        RecordChange::Create(endpoint) => Some(endpoint),
        RecordChange::Update { record, endpoint } => {
            let is_new = registry.ownership_record_of(record).is_none()
                || registry.renames(record, registry.owner_of(endpoint));
            is_new.then_some(endpoint)
        }
        RecordChange::Delete(_) => None,
    }
}
