//! The totals of a report, and the exit code that follows from them.

use extdns_model::Outcome;

use super::{ChangeKind, ChangeResult, Report};
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
    /// Held back by a rule.
    pub held: usize,
    /// Tried, but not (or not surely, or not wholly) done.
    pub failed: usize,
    /// Left for the next run.
    pub deferred: usize,
    /// Zones that could not be read.
    pub unreadable_zones: usize,
}

/// How a result is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// As it should be.
    Good,
    /// A rule kept it from happening.
    Held,
    /// Left for the next run.
    Deferred,
    /// It did not happen, or nobody knows.
    Failed,
}

impl ChangeResult {
    /// How the result is to be looked at.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Planned | Self::Sent(Outcome::Applied) => Severity::Good,
            Self::Held(_) => Severity::Held,
            Self::Sent(Outcome::NotSent(extdns_model::NotSent::Deadline)) => Severity::Deferred,
            Self::Sent(_) => Severity::Failed,
        }
    }
}

impl Summary {
    /// The totals of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut summary = Self {
            unreadable_zones: report.zones.iter().filter(|zone| zone.unreadable.is_some()).count(),
            ..Self::default()
        };
        for change in report.changes() {
            let counter = match (change.result.severity(), change.kind) {
                (Severity::Good, ChangeKind::Create) => &mut summary.create,
                (Severity::Good, ChangeKind::Update) => &mut summary.update,
                (Severity::Good, ChangeKind::Delete) => &mut summary.delete,
                (Severity::Held, _) => &mut summary.held,
                (Severity::Deferred, _) => &mut summary.deferred,
                (Severity::Failed, _) => &mut summary.failed,
            };
            *counter += 1;
        }
        summary
    }

    /// The exit code of a run with these totals. What a rule holds back is not a failure: upstream
    /// lives with it, and a CronJob must not retry for ever.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.failed + self.deferred + self.unreadable_zones > 0 {
            ExitCode::Partial
        } else {
            ExitCode::Success
        }
    }
}
