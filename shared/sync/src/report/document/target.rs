//! What the document says of a target: its zones, and the limits that its plan exceeds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Action, Change, RunFailure, Totals};

/// One place where records go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Target<L = Vec<Change>> {
    /// Its name.
    pub name: String,
    /// Why nothing is known of it, where other targets went on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RunFailure>,
    /// What the store of state said of it, where `--state` names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<TargetState>,
    /// The hash of the plan, for `apply --plan-hash`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// The hash that the plan had to have. If it has another, nothing was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_hash: Option<String>,
    /// The zones, in order.
    pub zones: Vec<Zone<L>>,
    /// Where the guard stopped changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guard: Vec<GuardTrip>,
    /// Where too much would go because objects have no address any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<Outage>,
    /// How often each operation of the provider was called, retries included.
    #[serde(default)]
    pub calls: BTreeMap<String, u64>,
    /// The fewest calls with which the same could have been done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_calls: Option<u64>,
}

/// What the store of state said of a target before its zones were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TargetState {
    /// What followed from it.
    pub outcome: StateOutcome,
    /// Why the zones were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the zones were last read in full, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_read_at: Option<String>,
    /// The run that holds the lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// When its lease ends, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// What followed from the state of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum StateOutcome {
    /// The zones were read.
    Full,
    /// There was nothing to do: the last run wrote the same. The provider was not called.
    Gated,
    /// Another run held the lease: nothing was read or written.
    LeaseHeld,
}

/// One zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Zone<L = Vec<Change>> {
    /// Its name, or its id where it has none.
    pub name: String,
    /// The provider's id of it.
    pub id: String,
    /// How many record sets it held, without ownership records.
    pub records: usize,
    /// How many of them are ours.
    #[serde(default)]
    pub owned: usize,
    /// Why it could not be read. Nothing in it is changed then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// The totals of its changes.
    pub totals: Totals,
    /// What was decided about its names.
    pub changes: L,
}

/// A part of a target of which the guard let nothing of a kind through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GuardTrip {
    /// The zone; `*` for all zones of the target together.
    pub zone: String,
    /// The cluster, where only its part tripped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// What was too many: updates or deletes.
    pub action: Action,
    /// How many records it would have been.
    pub count: usize,
    /// Of how many.
    pub base: usize,
    /// The percentage that is allowed, where that was exceeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_percent: Option<u8>,
    /// The number that is allowed, where that was exceeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_count: Option<usize>,
    /// The first few of them.
    pub names: Vec<String>,
    /// The flag that allows exactly this, once.
    pub flag: String,
    /// What to add to a direct invocation of the function for the same; nothing if only a setting
    /// does.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub allow_deletes: BTreeMap<String, usize>,
}

/// A part of a target in which too much would go because objects have no address any more: its
/// records are frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Outage {
    /// The zone; `*` for all zones of the target together.
    pub zone: String,
    /// How many records would go, or lose a target.
    pub count: usize,
    /// Of how many.
    pub base: usize,
    /// The percentage that may go.
    pub max_percent: u8,
    /// The first few of them.
    pub names: Vec<String>,
    /// The flag that lets them go, once.
    pub flag: String,
}
