//! From a plan and its outcomes to a report.

use std::collections::HashMap;

use extdns_clusters::ClusterView;
use extdns_model::Outcome;
use extdns_plan::{Decision, Plan, RecordChange, Rule, Unit, Verdict};
use extdns_providers::Adaptation;
use extdns_registry::{Annotated, Groups};
use extdns_sources::Dropped;

use super::{ChangeKind, ChangeResult, Notice, Report, ReportedChange, ZoneReport};

/// What a report needs beside the plan.
pub struct Context<'a> {
    /// The inventory.
    pub annotated: &'a Annotated,
    /// The clusters.
    pub views: &'a [ClusterView],
    /// What should be looked at already.
    pub notices: Vec<Notice>,
}

/// The report of a run that only planned.
#[must_use]
pub fn planned(context: Context<'_>, plan: &Plan<'_>) -> Report {
    let mut report = build(context, plan, |_, _| ChangeResult::Planned);
    report.planned_only = true;
    report
}

/// The report of a run that applied: one outcome for each group.
#[must_use]
pub fn applied(
    context: Context<'_>,
    plan: &Plan<'_>,
    groups: &Groups,
    outcomes: Vec<Outcome>,
) -> Report {
    let mut by_unit: HashMap<(usize, Unit), Outcome> = HashMap::new();
    for (subject, outcome) in groups.subjects.iter().zip(outcomes) {
        by_unit
            .entry((subject.row, subject.unit))
            .and_modify(|known| {
                if gravity(&outcome) > gravity(known) {
                    known.clone_from(&outcome);
                }
            })
            .or_insert(outcome);
    }
    build(context, plan, |row, unit| {
        // A change without a group had nothing to send: it is as it should be.
        ChangeResult::Sent(by_unit.get(&(row, unit)).cloned().unwrap_or(Outcome::Applied))
    })
}

/// A unit that lies in several zones is as well as its worst group.
fn gravity(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Applied => 0,
        Outcome::NotSent(_) => 1,
        Outcome::Partial { .. } => 2,
        Outcome::Unknown(_) => 3,
        Outcome::Rejected(_) => 4,
    }
}

fn build(
    context: Context<'_>,
    plan: &Plan<'_>,
    result: impl Fn(usize, Unit) -> ChangeResult,
) -> Report {
    let inventory = &context.annotated.inventory;
    let mut zones: Vec<ZoneReport> = inventory
        .zones
        .iter()
        .map(|entry| ZoneReport {
            zone: inventory.index.zone(entry.zone).to_string(),
            records: entry.records.as_ref().map_or(0, Vec::len),
            unreadable: entry.records.as_ref().err().map(|why| why.reason.clone()),
            changes: Vec::new(),
        })
        .collect();
    let several = context.views.len() > 1;
    for (index, row) in plan.rows.iter().enumerate() {
        let Some(zone) = zones.get_mut(row.zone.0 as usize) else { continue };
        zone.changes.extend(row.decisions.iter().map(|decision| {
            let result = match &decision.verdict {
                Verdict::Go => result(index, decision.unit),
                Verdict::Held(hold) => ChangeResult::Held(hold.clone()),
            };
            change(decision, result, several.then_some(context.views))
        }));
    }
    let mut notices = context.notices;
    notices.extend(plan.unrouted.iter().map(|endpoint| Notice {
        subject: subject(endpoint.set.name.as_str(), endpoint.attribution.first()),
        message: "the name lies in no zone of the provider; nothing is made for it".to_owned(),
    }));
    notices.extend(plan.losers.iter().map(|loser| {
        let (wish, winner) = (&loser.endpoint.set, &loser.winner);
        let by = winner
            .attribution
            .first()
            .map_or_else(|| winner.set.name.to_string(), |resource| resource.to_string());
        let why = match loser.rule {
            Rule::Preferred => "its targets come first",
            Rule::KeepsResource => "it has the record already",
            Rule::NoCnameBeside => "a CNAME cannot stand beside other types",
        };
        Notice {
            subject: subject(wish.name.as_str(), loser.endpoint.attribution.first()),
            message: format!("{} record: {by} is served instead, because {why}", wish.rtype),
        }
    }));
    notices.extend(context.annotated.orphans().map(|left| Notice {
        subject: left.mark.set.name.to_string(),
        message: format!(
            "an ownership record of ours without a record in zone {}; it is used again when the \
             name is wanted again",
            inventory.index.zone(left.mark.zone)
        ),
    }));
    Report { planned_only: false, zones, notices, calls: Vec::new() }
}

fn change(
    decision: &Decision<'_>,
    result: ChangeResult,
    views: Option<&[ClusterView]>,
) -> ReportedChange {
    let kind = match decision.change {
        RecordChange::Create(_) => ChangeKind::Create,
        RecordChange::Update { .. } => ChangeKind::Update,
        RecordChange::Delete(_) => ChangeKind::Delete,
    };
    let record = decision.change.record();
    let endpoint = decision.change.endpoint();
    let wanted_by = endpoint.and_then(|endpoint| endpoint.attribution.first());
    let cluster = wanted_by.zip(views).and_then(|(resource, views)| {
        views.iter().find(|view| view.id() == resource.cluster).map(|view| view.name().to_string())
    });
    ReportedChange {
        kind,
        before: record.map(|record| record.set.clone()),
        after: endpoint.map(|endpoint| endpoint.set.clone()),
        resource: wanted_by
            .map(ToString::to_string)
            .or_else(|| record.and_then(|record| record.labels.resource()).map(str::to_owned)),
        cluster,
        cause: decision.cause,
        result,
    }
}

fn subject(name: &str, resource: Option<&std::sync::Arc<extdns_model::Resource>>) -> String {
    resource.map_or_else(|| name.to_owned(), |resource| format!("{resource} ({name})"))
}

/// A notice about something wanted that does not become a record.
pub(crate) fn dropped(dropped: &Dropped) -> Notice {
    Notice {
        subject: subject(&dropped.name, dropped.resources.first()),
        message: dropped.reason.to_string(),
    }
}

/// A notice about something that the provider stores in another form, or not at all.
pub(crate) fn adaptation(note: &Adaptation) -> Notice {
    Notice {
        subject: subject(note.name.as_str(), note.attribution.first()),
        message: format!("{} record: {}", note.rtype, note.reason),
    }
}
