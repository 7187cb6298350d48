//! What is known while ownership records are added to a plan, and what a unit has become.

use std::cell::OnceCell;
use std::collections::HashSet;

use extdns_model::{Labels, Name, OwnershipRecord, RecordSet, ZoneKey};

use crate::groups::Draft;
use crate::txt::location::Location;
use crate::txt::names::Names;
use crate::txt::own::stored;
use crate::txt::registry::TxtRegistry;
use crate::txt::slots::Slots;
use crate::{Annotated, Mixed};

/// Adds the ownership records to the units of a plan.
pub(super) struct Writer<'a> {
    pub(super) registry: &'a TxtRegistry,
    pub(super) annotated: &'a Annotated,
    /// What the provider would not store.
    pub(super) refused: &'a extdns_plan::Refusal<'a>,
    pub(super) slots: Slots<'a>,
    pub(super) names: Names,
    /// Where ownership records stand: looked up only for desired TXT records.
    pub(super) taken: OnceCell<HashSet<TxtKey>>,
    /// Ownership records that this plan removes: several records may have one of an older format.
    pub(super) removed: HashSet<TxtKey>,
}

/// Zone, name key and set identifier of a TXT record.
pub(super) type TxtKey = (ZoneKey, String, String);

pub(super) fn txt_key(zone: ZoneKey, set: &RecordSet) -> TxtKey {
    (zone, set.name.key().into_owned(), set.set_identifier().to_owned())
}

/// A unit with its ownership records.
#[derive(Default)]
pub(super) struct OwnedUnit {
    pub(super) draft: Draft,
    pub(super) new_names: Vec<NewName>,
    pub(super) mixed: Vec<Mixed>,
}

/// An ownership record that a unit writes under a new name.
pub(super) struct NewName {
    pub(super) location: Location,
    pub(super) set_identifier: String,
    /// The name of the record.
    pub(super) name: Name,
    pub(super) labels: Labels,
    /// Whether it is made, or there and rewritten.
    pub(super) made: bool,
}

impl OwnedUnit {
    /// Notes that an ownership record has to be as it was read, unless the unit changes it.
    pub(super) fn rely_on(&mut self, ownership_record: &OwnershipRecord, record: &Name) {
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
    pub(super) fn note_mixed(&mut self, registry: &TxtRegistry, set: &RecordSet, goes: bool) {
        let kept: Vec<String> = registry.codec.foreign(set).map(str::to_owned).collect();
        if !kept.is_empty() {
            self.mixed.push(Mixed { name: set.name.clone(), kept, goes });
        }
    }
}
