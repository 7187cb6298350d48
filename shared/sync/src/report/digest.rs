//! A report in a few lines, for a message.

use super::alerts::alerts;
use super::sections;
use super::total::total;
use super::{Report, Summary, words};

/// So many lines are enough for a message.
const MOST: usize = 20;
/// Longer lines are cut.
const LONGEST: usize = 300;

/// What people are told of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digest {
    /// Whose run it was, and the totals.
    pub(crate) title: String,
    /// What to look at, then the first changes.
    pub(crate) lines: Vec<String>,
    /// Whether it made any change.
    pub(crate) has_changes: bool,
}

impl Digest {
    /// Of a run that changed something, or in which something is wrong; `None` of any other.
    pub(crate) fn of(report: &Report) -> Option<Self> {
        let Summary { frozen, guarded, failed, frozen_clusters, unreadable_zones, .. } =
            Summary::of(report);
        let has_changes = Summary::of(report).good() > 0;
        let is_wrong = frozen + guarded + failed + frozen_clusters + unreadable_zones > 0;
        if !has_changes && !is_wrong && report.first_failure().is_none() {
            return None;
        }
        let alerts = alerts(report).into_iter().map(|alert| format!("! {}", alert.sentence()));
        let changes = report.zones().flat_map(sections::of_zone).flat_map(|section| {
            let (sign, reason) = (section.sign, section.reason);
            section.lines.into_iter().map(move |mut line| {
                line.reason = reason.clone().unwrap_or(line.reason);
                let text = format!("{} {} {}", sign.text(), line.rtype, line.label);
                format!("{text}  {}  {}", line.values, line.about())
            })
        });
        let all: Vec<String> = alerts.chain(changes).collect();
        let mut lines: Vec<String> = all.iter().take(MOST).map(|text| cut(text)).collect();
        if all.len() > MOST {
            lines.push(format!("and {} more", all.len() - MOST));
        }
        Some(Self { title: title(report), lines, has_changes })
    }
}

/// `external-dns, owner my-cluster: 3 created`
fn title(report: &Report) -> String {
    let mut owners: Vec<&str> = report
        .targets
        .iter()
        .filter_map(|target| target.rules.as_ref())
        .flat_map(|rules| rules.owners.iter().map(String::as_str))
        .collect();
    owners.sort_unstable();
    owners.dedup();
    let of = match &owners[..] {
        [] => String::new(),
        [one] => format!(", owner {one}"),
        several => format!(", owners {}", several.join(", ")),
    };
    let what = match &report.failure {
        Some(failure) => format!("the run failed: {}", failure.message),
        None => total(report),
    };
    cut(&format!("external-dns{of}: {what}"))
}

fn cut(text: &str) -> String {
    words::cut(text.trim_end(), LONGEST)
}
