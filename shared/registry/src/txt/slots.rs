//! What is in the place where an ownership record is to be written.

use std::collections::HashMap;

use ecow::EcoString;
use extdns_model::{GroupId, Inventory, Labels, Mark, Name, RecordType, ZoneKey};
use extdns_plan::{Plan, RecordChange};

use super::TxtRegistry;
use super::place::Place;
use crate::Annotated;
use crate::annotated::Standing;

/// The places of the ownership records that a plan writes under a new name.
pub(super) struct Slots<'a> {
    by_name: HashMap<String, Vec<Slot<'a>>>,
}

/// One such place.
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
    /// An ownership record.
    Mark(&'a Mark),
    /// An ownership record whose record may lie in a zone that could not be read.
    Unknown,
    /// A TXT record that is no ownership record.
    Text,
}

/// What this plan writes into a place.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// The group that makes the ownership record; `None` if it is there and only rewritten.
    pub(super) made_by: Option<GroupId>,
    /// What it will say.
    pub(super) labels: Labels,
}

impl<'a> Slots<'a> {
    /// Looks up what is in the places that the plan needs.
    pub(super) fn survey(
        registry: &TxtRegistry,
        plan: &Plan<'_>,
        annotated: &'a Annotated,
    ) -> Self {
        let mut slots = Self { by_name: HashMap::new() };
        for (row, decision) in plan.going() {
            let endpoint = match decision.change {
                RecordChange::Create(endpoint) => endpoint,
                RecordChange::Update { record, endpoint }
                    if registry.own_mark(record).is_none() =>
                {
                    endpoint
                }
                _ => continue,
            };
            let (name, rtype) = (&endpoint.set.name, endpoint.set.rtype);
            if let Ok(place) = registry.place(&annotated.inventory.index, row.zone, name, rtype) {
                slots.open(&place, endpoint.set.set_identifier());
            }
        }
        slots.fill(&annotated.inventory);
        for leftover in &annotated.leftovers {
            let occupant = match leftover.standing {
                Standing::Unknown => Occupant::Unknown,
                Standing::Ours | Standing::Foreign => Occupant::Mark(&leftover.mark),
            };
            slots.occupy(&leftover.mark, occupant);
        }
        slots
    }

    fn open(&mut self, place: &Place, set_identifier: &str) {
        if self.get(place, set_identifier).is_none() {
            let key = place.name.key().into_owned();
            self.by_name.entry(key).or_default().push(Slot {
                zone: place.zone,
                set_identifier: set_identifier.into(),
                occupant: Occupant::Nobody,
                pending: None,
            });
        }
    }

    fn fill(&mut self, inventory: &'a Inventory) {
        if self.by_name.is_empty() {
            return;
        }
        for (zone, record) in inventory.records() {
            for mark in &record.marks {
                self.occupy(mark, Occupant::Mark(mark));
            }
            if record.set.rtype == RecordType::Txt {
                for slot in self.at(&record.set.name).filter(|slot| slot.zone == zone) {
                    slot.occupant = Occupant::Text;
                }
            }
        }
    }

    fn occupy(&mut self, mark: &Mark, occupant: Occupant<'a>) {
        if let Some(slot) = self.find(mark.zone, &mark.set.name, mark.set.set_identifier()) {
            slot.occupant = occupant;
        }
    }

    /// The place, if the plan needs it.
    pub(super) fn get(&mut self, place: &Place, set_identifier: &str) -> Option<&mut Slot<'a>> {
        self.find(place.zone, &place.name, set_identifier)
    }

    /// Whether the plan writes where this ownership record is.
    pub(super) fn wants(&mut self, mark: &Mark) -> bool {
        self.find(mark.zone, &mark.set.name, mark.set.set_identifier()).is_some()
    }

    fn find(&mut self, zone: ZoneKey, name: &Name, set_id: &str) -> Option<&mut Slot<'a>> {
        self.at(name).find(|slot| slot.zone == zone && slot.set_identifier == set_id)
    }

    fn at(&mut self, name: &Name) -> impl Iterator<Item = &mut Slot<'a>> {
        self.by_name.get_mut(name.key().as_ref()).into_iter().flatten()
    }
}
