//! A report as log lines: one a change, one for the whole.

use extdns_model::RecordSet;
use extdns_plan::Hold;

use super::alerts::alerts;
use super::total::total;
use super::words::{action_word, closing, result};
use super::{ChangeResult, Report, ReportedChange, Severity, Summary, Unmade, unready};

impl Report {
    /// Logs what to look at, every change and the totals.
    pub fn log(&self) {
        for alert in alerts(self) {
            tracing::error!("{}", alert.sentence());
        }
        for zone in self.zones() {
            for change in &zone.changes {
                log_change(&zone.zone, change);
            }
        }
        self.log_standings();
        for notice in &self.notices {
            tracing::warn!(subject = notice.subject, "{}", notice.message);
        }
        for cluster in &self.clusters {
            for row in unready::rows_of(cluster) {
                tracing::info!(cluster = cluster.name, "{} {row}", unready::MARK);
            }
        }
        self.log_totals();
    }

    fn log_totals(&self) {
        let summary = Summary::of(self);
        if self.failure.is_some() {
            return;
        }
        if summary.all() + summary.frozen_clusters + summary.unreadable_zones == 0 {
            let is_known = self.first_failure().is_none() && self.standing_total().is_none();
            if is_known && self.unmade == Unmade::default() && !self.only_ownership {
                tracing::info!("all records are already up to date");
            } else {
                tracing::info!("{}", total(self));
            }
            return;
        }
        let Summary { create, update, delete, held, frozen, guarded, failed, deferred, .. } =
            summary;
        tracing::info!(
            create,
            update,
            delete,
            held,
            frozen,
            guarded,
            failed,
            deferred,
            "{}",
            total(self)
        );
    }
}

fn log_change(zone: &str, change: &ReportedChange) {
    let Some(set) = change.set() else { return };
    let action = action_word(change.kind);
    let (name, kind) = (set.name.as_str(), set.rtype.to_string());
    // What there is not has no field.
    let id = Some(set.set_identifier()).filter(|id| !id.is_empty());
    let resource = change.wanted_by(",");
    let targets = targets(set);
    let message = match &change.result {
        ChangeResult::Planned => "would change".to_owned(),
        other => result(other).unwrap_or_else(|| "done".to_owned()),
    };
    // What stops many changes at once is logged once, in front of all changes.
    let is_logged = matches!(
        change.result,
        ChangeResult::Held(Hold::Frozen { .. } | Hold::Outage { .. } | Hold::Guarded { .. })
    ) || closing(&change.result).is_some();
    if is_logged {
        tracing::debug!(zone, action, name, kind, id, targets, resource, "{message}");
        return;
    }
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
