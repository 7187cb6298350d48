//! What the document says of a change: its record set before and after, its cause and its outcome.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One record set that is to change, or that is held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Change {
    /// What is done.
    pub action: Action,
    /// The name, as the zone has it where it has it.
    pub name: String,
    /// The record type.
    pub r#type: String,
    /// What distinguishes the members of a routed family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_identifier: Option<String>,
    /// As it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<RecordState>,
    /// As it shall be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<RecordState>,
    /// Why it is wanted, for programs.
    pub cause: Cause,
    /// Why it is wanted, for people.
    pub reason: String,
    /// The zone that its name moves to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moves_to: Option<String>,
    /// The object that wants it, or wanted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The other objects that want it: their targets are merged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_wanted_by: Vec<String>,
    /// The cluster of that object, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The rule that held it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldKind>,
    /// What there is to say about the outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Action {
    /// Something new.
    Create,
    /// Something else than before.
    Update,
    /// Something gone.
    Delete,
}

/// A record set and what its ownership record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RecordState {
    /// The time to live in seconds; none where it is left to the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// The values.
    pub targets: Vec<String>,
    /// Provider-specific properties.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
    /// Owner, resource, cluster, and what else is kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Why a change is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Cause {
    /// The record is wanted and missing.
    Missing,
    /// The record is there, but not as wanted.
    Differs,
    /// Only its ownership record is not as wanted.
    Ownership,
    /// The record is ours and nothing wants it.
    Unwanted,
    /// It is an ownership record of ours without a record.
    Orphaned,
    /// It is the ownership record of a record that is released, and stays.
    Released,
    /// The record is ours and gives way to one that cannot stand beside it.
    GivesWay,
    /// The record is ours, and its name is wanted in another zone now.
    Moves,
    /// The record is as it is wanted, but it is not ours.
    Unowned,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Outcome {
    /// It was not tried: the run only plans.
    Planned,
    /// It is in the zone.
    Applied,
    /// Some of its steps are in the zone; safe to run again.
    Partial,
    /// The API refused it; nothing was changed.
    Rejected,
    /// It failed for a reason that may pass; nothing was changed, and the next run tries again.
    Failed,
    /// The answer was lost; the next run looks again.
    Unknown,
    /// It was not sent, because something before it failed.
    Skipped,
    /// The time was nearly over, or the run was told to stop; the next run continues.
    Deferred,
    /// A cluster could not be read in full.
    Frozen,
    /// The guard stopped it.
    Guarded,
    /// Another rule holds it back.
    Held,
}

/// The rules that hold a change back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum HoldKind {
    /// A record of the name is foreign.
    Foreign,
    /// It is not clear from the ownership records who owns a record of the name.
    InDoubt,
    /// The policy does not allow changes of this kind.
    Policy,
    /// A record that stays cannot stand beside this one.
    Coexistence,
    /// A change that belongs to it is held back.
    Unit,
    /// Its ownership record cannot be written.
    CannotBeOwned,
    /// The provider would refuse to store it.
    CannotBeStored,
    /// Its zone could not be read.
    UnreadableZone,
    /// The provider does not let the record be changed.
    ReadOnly,
    /// A cluster could not be read in full, or suddenly wants nothing.
    Frozen,
    /// Its object has no address yet.
    Unready,
    /// Its object has no address any more, like too many others at once.
    Outage,
    /// Its name is held back in the zone that it moves to.
    Moves,
    /// Its name is wanted in a zone that is not there.
    NoZone,
    /// The provider's answer about the name was incomplete.
    Kept,
    /// The name is protected.
    Protected,
    /// There would have been too many.
    Guarded,
    /// It is attributed to a cluster that is not configured.
    UnknownCluster,
}
