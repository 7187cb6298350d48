//! The report as a JSON document: the types of its version 1, from which `docs/report.schema.json`
//! is generated. Fields are added within a version; no field is renamed or removed.

mod change;
mod cluster;
mod target;

use std::io::Read;

use serde::{Deserialize, Serialize};

pub use change::{Action, Cause, Change, HoldKind, Outcome, RecordState};
pub use cluster::{Cluster, ClusterState, Source, Unready};
pub use target::{GuardTrip, Outage, StateOutcome, Target, TargetState, Zone};

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
    /// The lease could not be taken or was lost, or the store of state could not be written.
    State,
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

/// Documents of runs with one target do not say it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// How many wanted names do not become records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unmade {
    /// They lie in no zone.
    pub no_zone: usize,
    /// The filters of no target match them.
    #[serde(skip_serializing_if = "is_zero")]
    pub no_target: usize,
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

    /// Every change of every zone, with its zone: those of one target, or of all.
    pub fn changes<'a>(
        &'a self,
        target: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Zone, &'a Change)> {
        let is_meant = move |own: &&Target| target.is_none_or(|name| own.name == name);
        let zones = self.targets.iter().filter(is_meant).flat_map(|target| &target.zones);
        zones.flat_map(|zone| zone.changes.iter().map(move |change| (zone, change)))
    }
}
