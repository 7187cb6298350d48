//! The result of reading ownership: an inventory with owners, and the orphaned ownership records.

use std::sync::Arc;

use extdns_model::{
    Inventory, Labels, Name, OwnershipRecord, Record, RecordSet, RecordType, Targets, ZoneKey,
};

use crate::entries::Entries;

use crate::{Entry, Registry, Unclear};

/// An inventory with ownership joined on.
#[derive(Debug, Default)]
pub struct Annotated {
    /// The records, without ownership records.
    pub inventory: Inventory,
    pub(crate) leftovers: Vec<Leftover>,
    /// Ownership records that stand for several records at once, which stay while one of them does.
    pub(crate) shared: Vec<Arc<OwnershipRecord>>,
    /// What ownership records without a record show of others.
    pub(crate) shown: Vec<ShownOlder>,
    /// The ownership records of a store, those without a record included.
    pub(crate) entries: Entries,
    /// Ownership records of a store whose owner is not clear.
    pub unclear: Vec<Unclear>,
}

/// An ownership record that is an older one of the record of another, since that says the same:
/// otherwise it would be read as that of a record of another name.
#[derive(Debug)]
pub(crate) struct ShownOlder {
    /// The one that shows it; its record is not there.
    pub(crate) by: Arc<OwnershipRecord>,
    /// The older one.
    pub(crate) older: Arc<OwnershipRecord>,
}

/// An ownership record without a record.
#[derive(Debug, Clone)]
pub struct Leftover {
    /// The name that it stands for, as far as the name of the TXT record says: lower-case, a
    /// wildcard replaced.
    pub name: Name,
    /// The type that it stands for; `None` in the format of older versions.
    pub rtype: Option<RecordType>,
    /// Its labels.
    pub labels: Labels,
    /// The ownership record itself.
    pub kept_in: KeptIn,
    /// Why the provider does not let it be changed, if it does not: a fragment that reads after
    /// "it".
    pub read_only: Option<&'static str>,
    /// The values of its record set that are not ownership values of ours: they stay when it is
    /// removed.
    pub kept: Targets,
    pub(crate) standing: Standing,
    /// Whether we would give it its name for the record that it stands for.
    pub(crate) is_canonical: bool,
    /// Whether its name can also be read as that of a record that is there.
    pub(crate) doubtful: bool,
    /// Whether it has a record after all, which the user releases.
    pub(crate) released: bool,
}

/// An ownership record as it is kept.
#[derive(Debug, Clone)]
pub enum KeptIn {
    /// As a TXT record of a zone.
    Zone(Arc<OwnershipRecord>),
    /// In a store outside the zones.
    Store {
        /// The zone that its name lies in.
        zone: ZoneKey,
        /// The ownership record.
        entry: Entry,
    },
}

/// Who owns an orphaned ownership record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Ours: reused when the name is wanted again.
    Ours,
    /// Of another owner: the name is taken.
    Foreign,
    /// Not clear: it says several things, or may stand for several records.
    Contested,
    /// Its record may be there after all: in a zone that could not be read.
    Unknown,
}

impl Leftover {
    /// An ownership record of a record that the user releases.
    pub(crate) fn of_record(record: &Record, kept_in: KeptIn, registry: &dyn Registry) -> Self {
        let kept = match &kept_in {
            KeptIn::Zone(own) => registry.others_values(&own.set),
            KeptIn::Store { .. } => Targets::new(),
        };
        Self {
            name: record.set.name.clone(),
            rtype: Some(record.set.rtype),
            labels: record.labels.clone(),
            kept_in,
            read_only: record.read_only(),
            kept,
            standing: Standing::Ours,
            is_canonical: true,
            doubtful: false,
            released: true,
        }
    }

    /// The zone of the ownership record, or, where it is kept outside the zones, that of its name.
    #[must_use]
    pub fn zone(&self) -> ZoneKey {
        match &self.kept_in {
            KeptIn::Zone(ownership_record) => ownership_record.zone,
            KeptIn::Store { zone, .. } => *zone,
        }
    }

    /// The ownership record where it is a TXT record of a zone.
    #[must_use]
    pub fn ownership_record(&self) -> Option<&OwnershipRecord> {
        match &self.kept_in {
            KeptIn::Zone(ownership_record) => Some(ownership_record),
            KeptIn::Store { .. } => None,
        }
    }

    /// The TXT record set, or, where it is kept outside the zones, the record set that it stands
    /// for.
    #[must_use]
    pub fn set(&self) -> &RecordSet {
        match &self.kept_in {
            KeptIn::Zone(ownership_record) => &ownership_record.set,
            KeptIn::Store { entry, .. } => &entry.set,
        }
    }

    /// How messages name the ownership record.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.kept_in {
            KeptIn::Zone(ownership_record) => ownership_record.set.name.to_string(),
            KeptIn::Store { entry, .. } => entry.shown.clone(),
        }
    }

    /// Whether it is surely ours, and surely without a record.
    pub(crate) fn is_orphan(&self) -> bool {
        self.standing == Standing::Ours && !self.doubtful
    }
}

impl Annotated {
    /// An inventory whose registry keeps no ownership records.
    #[must_use]
    pub fn without_ownership_records(inventory: Inventory) -> Self {
        Self { inventory, ..Self::default() }
    }

    /// Our ownership records without a record, by zone and name: reported, reused when the name is
    /// wanted again, and removed only on request.
    pub fn orphans(&self) -> impl Iterator<Item = &Leftover> {
        self.leftovers.iter().filter(|leftover| leftover.is_orphan())
    }

    /// Ownership records of others without a record: their names are not taken.
    pub fn reserved(&self) -> impl Iterator<Item = &Leftover> {
        self.standing(Standing::Foreign)
    }

    pub(crate) fn is_shared(&self, ownership_record: &OwnershipRecord) -> bool {
        self.shared.iter().any(|shared| {
            shared.zone == ownership_record.zone
                && shared.set.name == ownership_record.set.name
                && shared.set.set_identifier() == ownership_record.set.set_identifier()
        })
    }

    fn standing(&self, standing: Standing) -> impl Iterator<Item = &Leftover> {
        self.leftovers.iter().filter(move |leftover| leftover.standing == standing)
    }
}
