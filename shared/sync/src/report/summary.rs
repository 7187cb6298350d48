//! The totals of a report, and the exit code that follows from them.

use extdns_plan::Hold;

use super::document::Outcome;
use super::words::outcome;
use super::{ChangeKind, ChangeResult, ClusterReport, FailureKind, Report, ReportedChange};
use crate::exit::ExitCode;

/// How many changes of each kind and result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
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
    /// Tried, but not (or not surely, or not wholly) done.
    pub failed: usize,
    /// Left for the next run.
    pub deferred: usize,
    /// Zones that could not be read.
    pub unreadable_zones: usize,
    /// Clusters of which not everything is known.
    pub frozen_clusters: usize,
}

/// How a result is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// As it should be.
    Good,
    /// A rule kept it from happening.
    Held,
    /// A cluster could not be read in full.
    Frozen,
    /// The guard kept it from happening.
    Guarded,
    /// Left for the next run.
    Deferred,
    /// It did not happen, or it is not known whether it did.
    Failed,
}

impl ChangeResult {
    /// How the result is to be looked at.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match outcome(self) {
            Outcome::Planned | Outcome::Applied => Severity::Good,
            Outcome::Held => Severity::Held,
            Outcome::Frozen => Severity::Frozen,
            Outcome::Guarded => Severity::Guarded,
            Outcome::Deferred => Severity::Deferred,
            Outcome::Partial
            | Outcome::Rejected
            | Outcome::Failed
            | Outcome::Unknown
            | Outcome::Skipped => Severity::Failed,
        }
    }
}

impl Summary {
    /// The totals of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let unreadable = report.zones().filter(|zone| zone.unreadable.is_some());
        let frozen = report.clusters.iter().filter(|cluster| cluster.is_frozen());
        Self {
            unreadable_zones: unreadable.count(),
            frozen_clusters: frozen.count(),
            ..Self::of_changes(report.changes())
        }
    }

    /// The totals of some changes: those of a zone or a cluster, say.
    #[must_use]
    pub fn of_changes<'a>(changes: impl IntoIterator<Item = &'a ReportedChange>) -> Self {
        let mut summary = Self::default();
        for change in changes {
            *summary.counter(change.result.severity(), change.kind) += 1;
        }
        summary
    }

    fn counter(&mut self, severity: Severity, kind: ChangeKind) -> &mut usize {
        match (severity, kind) {
            (Severity::Good, ChangeKind::Create) => &mut self.create,
            (Severity::Good, ChangeKind::Update) => &mut self.update,
            (Severity::Good, ChangeKind::Delete) => &mut self.delete,
            (Severity::Held, _) => &mut self.held,
            (Severity::Frozen, _) => &mut self.frozen,
            (Severity::Guarded, _) => &mut self.guarded,
            (Severity::Deferred, _) => &mut self.deferred,
            (Severity::Failed, _) => &mut self.failed,
        }
    }

    /// Changes that were made, or would be.
    #[must_use]
    pub fn good(&self) -> usize {
        self.create + self.update + self.delete
    }

    /// Every change.
    #[must_use]
    pub fn all(&self) -> usize {
        let held = self.held + self.frozen + self.guarded;
        self.good() + held + self.failed + self.deferred
    }

    /// The exit code of a run with these totals. What any other rule holds back is not a failure:
    /// upstream lives with it, and a CronJob must not retry for ever.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let undone = self.failed + self.deferred + self.frozen;
        if self.guarded > 0 {
            ExitCode::Guarded
        } else if undone + self.unreadable_zones + self.frozen_clusters > 0 {
            ExitCode::Partial
        } else {
            ExitCode::Success
        }
    }
}

impl Report {
    /// Whether the provider cannot store something: it is held back, or was left out of the desired
    /// endpoints.
    fn has_unstorable(&self) -> bool {
        let is_so = |result: &ChangeResult| {
            matches!(result, ChangeResult::Held(Hold::CannotBeStored { .. }))
        };
        self.unmade.refused > 0 || self.changes().any(|change| is_so(&change.result))
    }

    /// How the process ends. That of a plan is the code that applying it would have.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self.first_failure() {
            Some(failure) if failure.kind == FailureKind::Configuration => ExitCode::Configuration,
            Some(_) => ExitCode::Failed,
            None if self.targets.iter().any(|target| target.hash_differs()) => {
                ExitCode::HashDiffers
            }
            None if self.targets.iter().any(|target| !target.exceeded_limits.is_empty()) => {
                ExitCode::Guarded
            }
            None => match Summary::of(self).exit_code() {
                ExitCode::Success if self.unmade.nowhere || self.has_unstorable() => {
                    ExitCode::Partial
                }
                code => code,
            },
        }
    }

    /// The same, but telling a plan with changes from one without (`--detailed-exitcode`).
    #[must_use]
    pub fn detailed_exit_code(&self) -> ExitCode {
        let code = self.exit_code();
        let finds_changes = code == ExitCode::Success && Summary::of(self).good() > 0;
        if self.planned_only && finds_changes { ExitCode::Changes } else { code }
    }

    /// The totals of a cluster's changes. Where a report has but one cluster, all are its.
    #[must_use]
    pub fn summary_of(&self, cluster: &ClusterReport) -> Summary {
        let alone = self.clusters.len() == 1;
        let name = Some(cluster.name.as_str());
        Summary::of_changes(
            self.changes().filter(|change| alone || change.cluster.as_deref() == name),
        )
    }
}
