//! The total of a report, as one line.

use super::{Report, Summary, unmade};

/// What happened in all, in one line.
pub(crate) fn total(report: &Report) -> String {
    let summary = Summary::of(report);
    let only_planned = report.planned_only || report.targets.iter().any(|t| t.hash_differs());
    let verbs = match (report.only_ownership, only_planned) {
        (false, true) => ["to create", "to update", "to delete"],
        (false, false) => ["created", "updated", "deleted"],
        (true, true) => ["to create", "ownership values to remove", "ownership records to remove"],
        (true, false) => ["created", "ownership values removed", "ownership records removed"],
    };
    let counts = [
        (summary.create, verbs[0]),
        (summary.update, verbs[1]),
        (summary.delete, verbs[2]),
        (summary.held - unmade::unowned(report).count(), "held back"),
        (summary.frozen, "frozen"),
        (summary.guarded, "stopped by the guard"),
        (summary.failed, "failed"),
        (summary.deferred, "deferred"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| match count {
            1 => format!("1 {}", what.replace("values", "value").replace("records", "record")),
            _ => format!("{count} {what}"),
        })
        .collect();
    let unmade = report.unmade.fragments(report).join(", ");
    let unsure = summary.unreadable_zones + summary.frozen_clusters > 0;
    let standing = report.standing_total();
    let done = match (report.first_failure(), unsure) {
        _ if !parts.is_empty() => parts.join(", "),
        (Some(_), _) => "nothing was done".to_owned(),
        (None, true) => "nothing to do in what could be read".to_owned(),
        (None, false) if standing.is_some() => standing.unwrap_or_default().to_owned(),
        (None, false) if report.only_ownership => {
            "nothing to remove, no ownership record of ours is known to be without a record"
                .to_owned()
        }
        (None, false) if report.unmade.nowhere && unmade.is_empty() => {
            "nothing to do; no name that is wanted lies in a zone of this run".to_owned()
        }
        (None, false) if report.unmade.nowhere => "nothing to do".to_owned(),
        (None, false) if report.unmade.unselected => {
            "nothing to do; no object is selected".to_owned()
        }
        (None, false) if unmade.is_empty() => {
            "nothing to do, all records are up to date".to_owned()
        }
        (None, false) => "up to date".to_owned(),
    };
    if unmade.is_empty() { done } else { format!("{done}; {unmade}") }
}
