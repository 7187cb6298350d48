//! What a plan depends on beside records and endpoints.

use extdns_model::{DomainFilter, Owners, RecordType};

use crate::{Guard, Protected};

/// Settings of a plan.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What kinds of change are allowed.
    pub policy: Policy,
    /// Which types are managed; others are not seen.
    pub types: RecordTypes,
    /// Which names are in scope (the user's filter; the inventory brings the provider's).
    pub filter: DomainFilter,
    /// Whose records are ours.
    pub owners: Owners,
    /// Names that are never deleted or updated.
    pub protected: Protected,
    /// How much may be deleted and updated at once.
    pub guard: Guard,
    /// Who gets a name that several clusters want.
    pub sharing: Sharing,
    /// The provider-specific property that holds the weight of a record, where the provider has
    /// weighted records.
    pub weight_property: Option<&'static str>,
}

/// Who gets a name that several clusters want.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Sharing {
    /// The cluster that has it, while it wants it; else the first one in the order of the settings.
    #[default]
    First,
    /// All of them: the record has the targets of each.
    Merge,
    /// All of them: each has a weighted record of its own, with its name as the set identifier.
    Weighted,
}

/// Which changes are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Policy {
    /// Create, update and delete.
    #[default]
    Sync,
    /// Create and update.
    UpsertOnly,
    /// Create.
    CreateOnly,
}

/// The managed record types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordTypes {
    managed: Vec<RecordType>,
    excluded: Vec<RecordType>,
}

impl RecordTypes {
    /// The managed types without the excluded ones.
    #[must_use]
    pub fn new(managed: &[RecordType], excluded: &[RecordType]) -> Self {
        let kept = managed.iter().copied().filter(|rtype| !excluded.contains(rtype));
        Self { managed: kept.collect(), excluded: excluded.to_vec() }
    }

    /// Whether a type is managed.
    #[must_use]
    pub fn contains(&self, rtype: RecordType) -> bool {
        self.managed.contains(&rtype)
    }

    /// Whether a type was excluded by name.
    #[must_use]
    pub fn excludes(&self, rtype: RecordType) -> bool {
        self.excluded.contains(&rtype)
    }

    /// Whether no type is managed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.managed.is_empty()
    }
}

impl Default for RecordTypes {
    fn default() -> Self {
        Self::new(&[RecordType::A, RecordType::Aaaa, RecordType::Cname], &[])
    }
}
