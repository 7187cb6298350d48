//! What a run found, wanted and did, as a value of its own: everything that is rendered, logged
//! or counted comes from here.

mod build;
mod log;
mod run;
mod summary;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use build::{Context, applied, planned};
pub(crate) use build::{adaptation, dropped};
pub use run::{
    ClusterReport, ClusterState, Durations, FailureKind, ObjectCount, Run, RunFailure,
    SourceReport, UnreadyName, peak_memory,
};
pub use summary::{Severity, Summary};
pub use text::{Palette, render_text};

use extdns_model::{Labels, Outcome, RecordSet};
use extdns_plan::{Cause, Hold};

/// A run's result. A run that failed has one too: with the reason, and as much as it knows.
#[derive(Debug, Default)]
pub struct Report {
    /// Whether the changes were only planned.
    pub planned_only: bool,
    /// When, how long, by what.
    pub run: Run,
    /// Why the run failed, if it did.
    pub failure: Option<RunFailure>,
    /// What was read of each cluster.
    pub clusters: Vec<ClusterReport>,
    /// What was decided and done, by the places where records go.
    pub targets: Vec<TargetReport>,
    /// Things that somebody should look at although they are no change.
    pub notices: Vec<Notice>,
}

/// One place where records go: a provider with its zones, planned on its own.
#[derive(Debug, Default)]
pub struct TargetReport {
    /// Its name: that of the provider, where the settings give none.
    pub name: String,
    /// The hash of the plan, hexadecimal.
    pub hash: Option<String>,
    /// The hash that the plan had to have. Nothing was written if it has another.
    pub expected_hash: Option<String>,
    /// The zones, in order.
    pub zones: Vec<ZoneReport>,
    /// Where the guard stopped changes.
    pub trips: Vec<GuardTrip>,
    /// What was asked of the provider.
    pub calls: Calls,
}

/// Calls of a provider's API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    /// How often each operation was called, retries included.
    pub made: Vec<Call>,
    /// The fewest calls with which the same could have been done, where that is known.
    pub least: Option<u64>,
}

/// One operation of a provider's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub operation: String,
    /// How often it was called.
    pub count: u64,
}

/// A zone, or a cluster's part of it, of which the guard let nothing of a kind through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardTrip {
    /// The zone.
    pub zone: String,
    /// The cluster, where only its part tripped.
    pub cluster: Option<String>,
    /// What was too many: updates or deletes.
    pub kind: ChangeKind,
    /// How many records it would have been.
    pub count: usize,
    /// Of how many.
    pub base: usize,
    /// How many are allowed.
    pub limit: Limit,
    /// The first few of them.
    pub names: Vec<String>,
    /// How to allow exactly this, once.
    pub allow: Allow,
}

/// A limit of the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// This many of a hundred.
    Percent(u8),
    /// This many.
    Count(usize),
}

/// What lets through what the guard stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allow {
    /// `--allow-deletes=<place>:<count>`.
    Deletes {
        /// The zone's name or id, or the target's name.
        place: String,
        /// How many.
        count: usize,
    },
    /// `--max-update-percent=<percent>`.
    Updates {
        /// The least percentage that does.
        percent: u8,
    },
}

/// One zone.
#[derive(Debug, Default)]
pub struct ZoneReport {
    /// Its name, or its id where it has none.
    pub zone: String,
    /// The provider's id of it.
    pub id: String,
    /// How many record sets it held, without ownership records.
    pub records: usize,
    /// How many of them are ours.
    pub owned: usize,
    /// Why it could not be read.
    pub unreadable: Option<String>,
    /// What was decided about its names.
    pub changes: Vec<ReportedChange>,
}

/// One record set that is to change, or that is held back.
#[derive(Debug)]
pub struct ReportedChange {
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// As it was.
    pub before: Option<Snapshot>,
    /// As it shall be.
    pub after: Option<Snapshot>,
    /// The object that wants it (or wanted it, for a delete), where it is known.
    pub resource: Option<String>,
    /// The cluster of that object, where there are several.
    pub cluster: Option<String>,
    /// Why.
    pub cause: Cause,
    /// What became of it.
    pub result: ChangeResult,
}

/// A record set and what its ownership record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// What DNS sees.
    pub set: RecordSet,
    /// Owner, resource, clusters, and what else is kept.
    pub labels: Labels,
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// Something new.
    Create,
    /// Something else than before.
    Update,
    /// Something gone.
    Delete,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeResult {
    /// It was not tried: this run only plans.
    Planned,
    /// It was held back.
    Held(Hold),
    /// It was sent.
    Sent(Outcome),
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about: a resource, a record, a zone.
    pub subject: String,
    /// What is the matter, and the remedy.
    pub message: String,
}

impl ReportedChange {
    /// The record set that the change is about: as it shall be, else as it was.
    #[must_use]
    pub fn set(&self) -> Option<&RecordSet> {
        self.after.as_ref().or(self.before.as_ref()).map(|snapshot| &snapshot.set)
    }
}

impl TargetReport {
    /// Whether the plan is another than the one that was to be carried out.
    #[must_use]
    pub fn hash_differs(&self) -> bool {
        self.expected_hash.is_some() && self.expected_hash != self.hash
    }
}

impl Report {
    /// The report of a run that failed before there was a plan.
    #[must_use]
    pub fn of_failure(kind: FailureKind, message: impl Into<String>) -> Self {
        let failure = Some(RunFailure { kind, message: message.into() });
        Self { failure, ..Self::default() }
    }

    /// Every zone of every target.
    pub fn zones(&self) -> impl Iterator<Item = &ZoneReport> {
        self.targets.iter().flat_map(|target| &target.zones)
    }

    /// Every change of every zone.
    pub fn changes(&self) -> impl Iterator<Item = &ReportedChange> {
        self.zones().flat_map(|zone| &zone.changes)
    }
}
