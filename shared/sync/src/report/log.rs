//! A report as log lines: one a change, one for the whole.

use extdns_model::RecordSet;

use super::words::{held, sent};
use super::{ChangeKind, ChangeResult, Report, ReportedChange, Severity, Summary};

impl Report {
    /// Logs every change and the totals.
    pub fn log(&self) {
        for zone in self.zones() {
            if let Some(reason) = &zone.unreadable {
                tracing::error!(
                    zone = zone.zone,
                    "zone could not be read, it is left alone: {reason}"
                );
            }
            for change in &zone.changes {
                log_change(&zone.zone, change);
            }
        }
        for notice in &self.notices {
            tracing::warn!(subject = notice.subject, "{}", notice.message);
        }
        let Summary { create, update, delete, held, failed, deferred, .. } = Summary::of(self);
        if create + update + delete + held + failed + deferred == 0 {
            tracing::info!("all records are already up to date");
        } else {
            tracing::info!(create, update, delete, held, failed, deferred, "{}", self.headline());
        }
    }

    fn headline(&self) -> &'static str {
        if self.planned_only { "planned" } else { "applied" }
    }
}

fn log_change(zone: &str, change: &ReportedChange) {
    let Some(set) = change.set() else { return };
    let action = match change.kind {
        ChangeKind::Create => "create",
        ChangeKind::Update => "update",
        ChangeKind::Delete => "delete",
    };
    let (name, kind, id) = (set.name.as_str(), set.rtype.to_string(), set.set_identifier());
    let resource = change.resource.as_deref().unwrap_or_default();
    let targets = targets(set);
    let message = match &change.result {
        ChangeResult::Planned => "would change".to_owned(),
        ChangeResult::Held(hold) => format!("held back: {}", held(hold)),
        ChangeResult::Sent(outcome) => sent(outcome),
    };
    match change.result.severity() {
        Severity::Good => {
            tracing::info!(zone, action, name, kind, id, targets, resource, "{message}");
        }
        Severity::Held | Severity::Frozen | Severity::Guarded | Severity::Deferred => {
            tracing::warn!(zone, action, name, kind, id, targets, resource, "{message}");
        }
        Severity::Failed => {
            tracing::error!(zone, action, name, kind, id, targets, resource, "{message}");
        }
    }
}

fn targets(set: &RecordSet) -> String {
    set.targets.iter().map(|target| target.as_str()).collect::<Vec<_>>().join(",")
}
