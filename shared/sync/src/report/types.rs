//! The report as a value. Renderings, totals and counts are in files of their own.

use extdns_model::{Labels, Outcome, RecordSet};
use extdns_plan::{Cause, ExceededLimit, Hold, Outage};
use extdns_sources::Removed;
use jiff::Timestamp;

use super::listing::{SHOWN_OBJECTS, first_few};
use super::{Calls, ClusterReport, FailureKind, Rules, Run, RunFailure, TypeCounts};

/// A run's result. A run that failed has one too: with the reason, and as much as it knows.
#[derive(Debug, Default)]
pub struct Report {
    /// Whether the changes were only planned.
    pub planned_only: bool,
    /// Whether the run was about ownership records without a record alone.
    pub only_ownership: bool,
    /// When, how long, by what.
    pub run: Run,
    /// Why the run failed, if it did.
    pub failure: Option<RunFailure>,
    /// What was read of each cluster.
    pub clusters: Vec<ClusterReport>,
    /// What was decided and done, by the places where records go.
    pub targets: Vec<TargetReport>,
    /// What is wanted and does not become a record.
    pub unmade: Unmade,
    /// Things that the user should look at although they are no change.
    pub notices: Vec<Notice>,
    /// Whether statuses of objects were to be written: only a run that finds nothing to write knows that they are.
    pub wrote_statuses: bool,
}

/// One place where records go: a provider with its zones, planned on its own.
#[derive(Debug, Default)]
pub struct TargetReport {
    /// Its name: that of the provider, where the settings give none.
    pub name: String,
    /// What its plan keeps to.
    pub rules: Option<Rules>,
    /// Why nothing is known of it, where other targets went on.
    pub failure: Option<RunFailure>,
    /// What the store of state said of it, where there is one.
    pub standing: Option<Standing>,
    /// The hash of the plan, hexadecimal.
    pub hash: Option<String>,
    /// The hash that the plan had to have. Nothing was written if it has another.
    pub expected_hash: Option<String>,
    /// The zones, in order.
    pub zones: Vec<ZoneReport>,
    /// Where the guard stopped changes.
    pub exceeded_limits: Vec<GuardStop>,
    /// Where too much would go because objects have no address any more.
    pub outages: Vec<ZonedOutage>,
    /// What was asked of the provider.
    pub calls: Calls,
    /// How many record sets of each type are wanted and there.
    pub counts: TypeCounts,
    /// How many endpoints were removed before the plan.
    pub removed: Removed,
}

/// What the store of state said of a target before its zones were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There is nothing to do, so the provider was not called.
    Gated {
        /// When the zones were last read in full.
        full_read_at: Timestamp,
    },
    /// The zones are read.
    Full {
        /// Why.
        reason: String,
    },
    /// Another run holds the lease, so nothing was read or written.
    Held {
        /// That run.
        holder: String,
        /// When its lease ends.
        until: Timestamp,
    },
}

/// How many wanted names do not become records, by the reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unmade {
    /// They lie in no zone.
    pub no_zone: usize,
    /// The filters of no target match them.
    pub no_target: usize,
    /// Their objects say something that is no record.
    pub invalid: usize,
    /// The provider cannot store them. Unlike what the plan holds back for it, no change says so.
    pub refused: usize,
    /// The provider was asked about them, and its answer does not have them.
    pub unanswered: usize,
    /// Several objects want them, and one of these has them.
    pub contested: usize,
    /// Records of a type that is not managed.
    pub unmanaged: usize,
    /// Whether names are wanted and none of them lies in a zone: more often a mistake of the
    /// settings than what objects want.
    pub nowhere: bool,
    /// Whether nothing is wanted, and a filter that selects nothing or a namespace that does not exist may be why.
    pub unselected: bool,
}

/// A part of a target of which the guard let nothing of a kind through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardStop {
    /// The name of the zone; `None` for all zones of the target together.
    pub zone: Option<String>,
    /// What was too much, and what allows it.
    pub exceeded: ExceededLimit,
}

/// A part of a target in which too much would go because objects have no address any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZonedOutage {
    /// The name of the zone; `None` for all zones of the target together.
    pub zone: Option<String>,
    /// What would go, and what allows it.
    pub outage: Outage,
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
    /// The other objects that want it: their targets are merged.
    pub also: Vec<String>,
    /// The cluster of that object, where there are several.
    pub cluster: Option<String>,
    /// Why.
    pub cause: Cause,
    /// The zone that its name moves to.
    pub moves_to: Option<String>,
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
    /// The objects that want it, of many the first few and how many more; joined by a separator.
    pub(crate) fn wanted_by(&self, separator: &str) -> Option<String> {
        let first = self.resource.as_deref()?;
        let all = std::iter::once(first).chain(self.also.iter().map(String::as_str));
        Some(first_few(all, 1 + self.also.len(), SHOWN_OBJECTS, separator))
    }

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
        let mut report = Self::default();
        report.fail(kind, message);
        report
    }

    /// Marks the run as failed. The rest of the report stays as it is.
    pub fn fail(&mut self, kind: FailureKind, message: impl Into<String>) {
        let is_hard = matches!(kind, FailureKind::Configuration | FailureKind::Other);
        self.failure = Some(RunFailure { kind, message: message.into(), is_hard });
    }

    /// Whether nothing went on, and another run would fail the same way.
    #[must_use]
    pub fn is_hard_failure(&self) -> bool {
        let is_hard =
            |failure: &Option<RunFailure>| failure.as_ref().is_some_and(|own| own.is_hard);
        let all_targets =
            !self.targets.is_empty() && self.targets.iter().all(|own| is_hard(&own.failure));
        is_hard(&self.failure) || self.failure.is_none() && all_targets
    }

    /// Why the run, or the first target of it that did, failed.
    #[must_use]
    pub fn first_failure(&self) -> Option<&RunFailure> {
        self.failure.as_ref().or_else(|| self.targets.iter().find_map(|own| own.failure.as_ref()))
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
