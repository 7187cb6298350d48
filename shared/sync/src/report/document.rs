//! The report as a JSON document: the types of its version 1, from which `docs/report.schema.json`
//! is generated. Fields are added within a version; nothing is renamed or taken away.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};

/// The version of the document that this program writes and reads.
pub const SCHEMA_VERSION: u32 = 1;

/// What a run found, wanted and did.
///
/// The list of changes is a parameter, so that a report is written without copying it first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Document<L = Vec<Change>> {
    /// The version of this document's form.
    pub schema_version: u32,
    /// Whether the run only planned or applied.
    pub mode: Mode,
    /// The code with which the process ends, or would if the plan were applied.
    pub exit_code: u8,
    /// The version of the program.
    #[serde(default)]
    pub version: String,
    /// When the run began, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// When it ended, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<String>,
    /// How long its parts took.
    #[serde(default)]
    pub durations: Durations,
    /// The most memory that the process held, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// Why the run failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RunFailure>,
    /// The totals of all targets.
    pub totals: Totals,
    /// What is wanted and does not become a record.
    #[serde(default)]
    pub unmade: Unmade,
    /// What was read of each cluster.
    #[serde(default)]
    pub clusters: Vec<Cluster>,
    /// What was decided and done in each place where records go.
    pub targets: Vec<Target<L>>,
    /// Things to look at that are no change.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

/// Whether a run changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Mode {
    /// It only looks.
    Plan,
    /// It does.
    Apply,
}

/// How long the parts of a run took, in milliseconds, as far as it came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Durations {
    /// Reading clusters and zones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_ms: Option<u64>,
    /// Planning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_ms: Option<u64>,
    /// Applying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_ms: Option<u64>,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunFailure {
    /// The kind, for programs.
    pub kind: RunFailureKind,
    /// What happened, and the remedy.
    pub message: String,
}

/// Kinds of failure of a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RunFailureKind {
    /// The settings cannot be used.
    Configuration,
    /// No source of any cluster could be read in full.
    Clusters,
    /// The provider could not be read, asked or written to.
    Provider,
    /// The time was over before everything was read.
    Deadline,
    /// Anything else.
    Other,
}

/// How many changes of each kind and outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Totals {
    /// Created, or to be created.
    pub create: usize,
    /// Updated, or to be updated.
    pub update: usize,
    /// Deleted, or to be deleted.
    pub delete: usize,
    /// Held back by a rule that concerns the record alone.
    pub held: usize,
    /// Held back because not everything is known of a cluster.
    pub frozen: usize,
    /// Held back because there would have been too many.
    pub guarded: usize,
    /// Tried, but not, not surely or not wholly done.
    pub failed: usize,
    /// Left for the next run.
    pub deferred: usize,
}

/// How many wanted names do not become records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unmade {
    /// They lie in no zone.
    pub no_zone: usize,
    /// Their objects say something that is no record.
    pub invalid: usize,
    /// The provider cannot store them.
    pub refused: usize,
    /// The provider was asked about them, and its answer does not have them.
    pub unanswered: usize,
    /// Several objects want them, and one of these has them.
    pub contested: usize,
    /// Records of a type that is not managed.
    #[serde(default)]
    pub unmanaged: usize,
}

/// What was read of one cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Whether everything was read.
    pub state: ClusterState,
    /// Of a suspiciously empty cluster: how many records are its alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<usize>,
    /// Of a suspiciously empty cluster: the filter that selects none of its objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Why it could not be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Its sources, in order.
    pub sources: Vec<Source>,
    /// How many objects of each kind were read.
    #[serde(default)]
    pub objects: BTreeMap<String, u64>,
    /// How many record sets its objects want.
    pub endpoints: usize,
    /// Names of objects that have no address yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unready: Vec<Unready>,
    /// The totals of its changes.
    pub totals: Totals,
}

/// How a cluster ended the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ClusterState {
    /// Everything was read.
    #[default]
    Complete,
    /// Something was not read: its records are frozen.
    Failed,
    /// It suddenly wants nothing: its records are frozen.
    SuspiciouslyEmpty,
}

/// What one source of a cluster said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Source {
    /// Its name in `--source`.
    pub name: String,
    /// How many record sets it wants.
    pub endpoints: usize,
    /// Why it does not know everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A name whose object has no address yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unready {
    /// The name.
    pub name: String,
    /// The object.
    pub resource: String,
}

/// One place where records go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Target<L = Vec<Change>> {
    /// Its name.
    pub name: String,
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
    /// What tells members of a routed family apart.
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
    /// A record of the name belongs to somebody else.
    Foreign,
    /// Nobody can tell from the ownership records whose a record of the name is.
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

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Notice {
    /// What it is about: a resource, a record, a zone.
    pub subject: String,
    /// What is the matter, and the remedy.
    pub message: String,
}

/// Why a document cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is no report.
    #[error("not a report of extdns: {0}; give a file that --output=json or --report wrote")]
    Form(#[source] serde_json::Error),
    /// It is of a later version.
    #[error(
        "the report has schemaVersion {0}, and this program reads {SCHEMA_VERSION}; use the version that wrote it"
    )]
    Version(u32),
}

impl Document {
    /// Reads a report.
    ///
    /// # Errors
    /// If it is none, or one of a version that this program does not know.
    pub fn read(mut reader: impl Read) -> Result<Self, DocumentError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            schema_version: u32,
        }

        let mut text = Vec::new();
        reader
            .read_to_end(&mut text)
            .map_err(serde_json::Error::io)
            .map_err(DocumentError::Form)?;
        let Version { schema_version } =
            serde_json::from_slice(&text).map_err(DocumentError::Form)?;
        if schema_version != SCHEMA_VERSION {
            return Err(DocumentError::Version(schema_version));
        }
        serde_json::from_slice(&text).map_err(DocumentError::Form)
    }

    /// Every change of every zone, with its zone.
    pub fn changes(&self) -> impl Iterator<Item = (&Zone, &Change)> {
        let zones = self.targets.iter().flat_map(|target| &target.zones);
        zones.flat_map(|zone| zone.changes.iter().map(move |change| (zone, change)))
    }
}
