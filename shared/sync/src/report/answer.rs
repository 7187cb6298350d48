//! A report as the answer of a function, which may have 6 MB: totals, what to look at, and the first
//! changes.

use serde::Serialize;

use super::alerts::alerts;
use super::document::{Change, Mode, Totals};
use super::json;
use super::{Report, Summary};
use crate::ExitCode;

/// How many changes an answer shows.
const ANSWERED_CHANGES: usize = 100;

/// How many alerts and notices an answer shows.
const ANSWERED_ALERTS: usize = 50;

/// The answer to a direct invocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Whether everything is as it should be: nothing failed, nothing is frozen, deferred or stopped
    /// by the guard.
    pub ok: bool,
    /// Whether the run only planned or applied.
    pub mode: Mode,
    /// The exit code that the command line program would have.
    pub exit_code: u8,
    /// What that code says.
    pub meaning: &'static str,
    /// The hash of each target's plan, for an invocation that applies exactly that.
    pub plan_hashes: std::collections::BTreeMap<String, String>,
    /// The totals of all targets.
    pub totals: Totals,
    /// What the user has to look at, with the way to allow it where there is one.
    pub alerts: Vec<Alert>,
    /// What the store of state said of targets at which nothing was done because of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub standings: Vec<String>,
    /// The first changes.
    pub changes: Vec<ZonedChange>,
    /// How many more there are.
    pub more_changes: usize,
}

/// What the user has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// What it is about.
    pub subject: String,
    /// What is the matter.
    pub message: String,
    /// The flag that allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// The same for the function: what to add to its invocation, or a variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

/// A change with its zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ZonedChange {
    /// The zone.
    pub zone: String,
    /// The change.
    #[serde(flatten)]
    pub change: Change,
}

impl Answer {
    /// The answer that a report gives.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let code = report.exit_code();
        let changes = report
            .zones()
            .flat_map(|zone| zone.changes.iter().map(move |change| (zone, change)))
            .filter_map(|(zone, change)| {
                Some(ZonedChange { zone: zone.zone.clone(), change: json::change(change)? })
            });
        let changes: Vec<_> = changes.take(ANSWERED_CHANGES).collect();
        let hashes = report
            .targets
            .iter()
            .filter_map(|target| Some((target.name.clone(), target.hash.clone()?)));
        Self {
            ok: code == ExitCode::Success,
            mode: if report.planned_only { Mode::Plan } else { Mode::Apply },
            exit_code: code.number(),
            meaning: meaning(report, code),
            plan_hashes: hashes.collect(),
            totals: Summary::of(report).into(),
            alerts: alerts(report).into_iter().take(ANSWERED_ALERTS).map(Alert::from).collect(),
            standings: report.standings().collect(),
            more_changes: report.changes().count() - changes.len(),
            changes,
        }
    }
}

/// What happened. A plan with changes is not in sync, and changes nothing.
fn meaning(report: &Report, code: ExitCode) -> &'static str {
    let has_changes = Summary::of(report).good() > 0;
    let has_stood_back = report.standings().next().is_some();
    match code {
        ExitCode::Success if report.planned_only && has_changes => {
            "the plan has changes; nothing was written"
        }
        ExitCode::Success if has_changes => "every change was applied",
        ExitCode::Success if has_stood_back => {
            "nothing was done, because of what other runs left or do; standings says what"
        }
        ExitCode::Success => "in sync: there is nothing to change",
        ExitCode::Partial if report.planned_only => {
            "nothing was written; applying would leave some changes undone: rejected, frozen, or not to be stored; or \
             no wanted name lies in any zone"
        }
        ExitCode::Guarded if report.planned_only => {
            "nothing was written; applying would be stopped by the guard; the message names the override"
        }
        code => code.meaning(),
    }
}

impl From<super::alerts::Alert> for Alert {
    fn from(alert: super::alerts::Alert) -> Self {
        let super::alerts::Alert { subject, message, allow } = alert;
        let (flag, function) = allow.map(|allow| (allow.flag, allow.function)).unzip();
        Self { subject, message, flag, function }
    }
}
