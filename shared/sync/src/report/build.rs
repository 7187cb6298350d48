//! From a plan and its outcomes to a report.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use extdns_clusters::ClusterView;
use extdns_model::{Endpoint, Failure, FailureKind, Outcome, Resource};
use extdns_plan::{
    Cause, Decision, DecisionState, ExceededLimit, FreezeCause, Loser, Outage, Plan, RecordChange,
    Rule, Scope, Unit, Unmanaged,
};
use extdns_providers::Adaptation;
use extdns_registry::{Annotated, Groups, Registry};
use extdns_sources::Dropped;

use super::words::{SHOWN_OBJECTS, first_few};
use super::{
    Calls, ChangeKind, ChangeResult, ClusterReport, ClusterState, GuardStop, Notice, Report,
    ReportedChange, Run, Snapshot, TargetReport, Unmade, ZoneReport, ZonedOutage, counts,
};

/// What a report needs beside the plan.
pub struct Context<'a> {
    /// The name of the target: that of its provider, where the settings give none.
    pub target: &'a str,
    /// The inventory.
    pub annotated: &'a Annotated,
    /// Who owns it.
    pub registry: &'a dyn Registry,
    /// The clusters.
    pub views: &'a [ClusterView],
    /// What was read of them.
    pub clusters: Vec<ClusterReport>,
    /// What is wanted, for the numbers of metrics.
    pub desired: &'a [Endpoint],
    /// What was asked of the provider.
    pub calls: Calls,
    /// What came to nothing already.
    pub unmade: Unmade,
    /// What should be looked at already.
    pub notices: Vec<Notice>,
    /// The hash of the plan, hexadecimal.
    pub hash: Option<String>,
    /// The hash that the plan has to have.
    pub expected_hash: Option<String>,
}

impl<'a> Context<'a> {
    /// What every report needs; the rest is empty.
    #[must_use]
    pub fn new(target: &'a str, annotated: &'a Annotated, registry: &'a dyn Registry) -> Self {
        Self {
            target,
            annotated,
            registry,
            views: &[],
            clusters: Vec::new(),
            desired: &[],
            calls: Calls::default(),
            unmade: Unmade::default(),
            notices: Vec::new(),
            hash: None,
            expected_hash: None,
        }
    }
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
        match by_unit.entry((subject.row, subject.unit)) {
            Entry::Vacant(entry) => {
                entry.insert(outcome);
            }
            Entry::Occupied(mut entry) => {
                let known = entry.insert(Outcome::Applied);
                entry.insert(united(known, outcome));
            }
        }
    }
    build(context, plan, |row, unit| {
        // A change without a group had nothing to send: it is as it should be.
        ChangeResult::Sent(by_unit.get(&(row, unit)).cloned().unwrap_or(Outcome::Applied))
    })
}

/// What became of a unit that lies in several zones, of its groups in their order: as well as the
/// worst of them, but what was changed in one zone is not as if nothing had been changed.
fn united(first: Outcome, second: Outcome) -> Outcome {
    let (done, reason) = match (first, second) {
        (Outcome::Unknown(failure), _) | (_, Outcome::Unknown(failure)) => {
            return Outcome::Unknown(failure);
        }
        (Outcome::Applied, Outcome::Applied) => return Outcome::Applied,
        (Outcome::Partial { done, left, reason }, second) => {
            let more = usize::from(second == Outcome::Applied);
            return Outcome::Partial { done: done + more, left: left + 1 - more, reason };
        }
        (Outcome::Applied, Outcome::Partial { done, left, reason }) => {
            return Outcome::Partial { done: done + 1, left, reason };
        }
        (Outcome::Applied, Outcome::Rejected(reason) | Outcome::Failed(reason)) => (1, reason),
        (Outcome::Applied, Outcome::NotSent(why)) => {
            // Whatever kept it, the next run goes on.
            (1, Failure { kind: FailureKind::Transient, message: why.to_string() })
        }
        // What follows a group that was not applied was not sent.
        (first @ (Outcome::Rejected(_) | Outcome::Failed(_) | Outcome::NotSent(_)), _) => {
            return first;
        }
    };
    Outcome::Partial { done, left: 1, reason }
}

fn build(
    context: Context<'_>,
    plan: &Plan<'_>,
    result: impl Fn(usize, Unit) -> ChangeResult,
) -> Report {
    let mut zones = zones(&context);
    for (index, row) in plan.rows.iter().enumerate() {
        let Some(zone) = zones.get_mut(row.zone.0 as usize) else { continue };
        zone.changes.extend(row.decisions.iter().map(|decision| {
            let result = match &decision.state {
                DecisionState::Go => result(index, decision.unit),
                DecisionState::Held(hold) => ChangeResult::Held(hold.clone()),
            };
            change(&context, decision, result)
        }));
    }
    let Context {
        target,
        annotated,
        mut clusters,
        desired,
        calls,
        unmade,
        mut notices,
        hash,
        expected_hash,
        ..
    } = context;
    add_notices(&mut notices, plan, annotated);
    freeze(&mut clusters, plan);
    let target = TargetReport {
        name: target.to_owned(),
        hash,
        expected_hash,
        zones,
        exceeded_limits: plan
            .exceeded_limits
            .iter()
            .map(|exceeded| guard_stop(exceeded, annotated))
            .collect(),
        outages: plan.outages.iter().map(|outage| broken(outage, annotated)).collect(),
        calls,
        counts: counts::count(desired, &annotated.inventory),
    };
    Report {
        planned_only: false,
        only_ownership: false,
        run: Run::default(),
        failure: None,
        clusters,
        targets: vec![target],
        unmade: unmade.with_plan(plan, desired, annotated),
        notices,
    }
}

/// The zones without changes.
fn zones(context: &Context<'_>) -> Vec<ZoneReport> {
    let inventory = &context.annotated.inventory;
    let owners = context.registry.owners();
    inventory
        .zones
        .iter()
        .map(|entry| {
            let zone = inventory.index.zone(entry.zone);
            let records = entry.records.as_deref().unwrap_or_default();
            ZoneReport {
                zone: zone.to_string(),
                id: zone.id.to_string(),
                records: records.len(),
                owned: records.iter().filter(|record| owners.own(&record.labels)).count(),
                unreadable: entry.records.as_ref().err().map(|why| why.reason.clone()),
                changes: Vec::new(),
            }
        })
        .collect()
}

fn change(context: &Context<'_>, decision: &Decision<'_>, result: ChangeResult) -> ReportedChange {
    let kind = match decision.change {
        RecordChange::Create(_) => ChangeKind::Create,
        RecordChange::Update { .. } => ChangeKind::Update,
        RecordChange::Delete(_) => ChangeKind::Delete,
    };
    let record = decision.change.record();
    let endpoint = decision.change.endpoint();
    let wanting = endpoint.map_or(&[][..], |endpoint| endpoint.attribution.resources());
    let wanted_by = wanting.first();
    let views = (context.views.len() > 1).then_some(context.views);
    let cluster = wanted_by.zip(views).and_then(|(resource, views)| {
        views.iter().find(|view| view.id() == resource.cluster).map(|view| view.name().to_string())
    });
    ReportedChange {
        kind,
        before: record
            .map(|record| Snapshot { set: record.set.clone(), labels: record.labels.clone() }),
        after: endpoint.map(|endpoint| Snapshot {
            set: endpoint.set.clone(),
            labels: context.registry.labels(endpoint),
        }),
        resource: wanted_by
            .map(ToString::to_string)
            .or_else(|| record.and_then(|record| record.labels.resource()).map(str::to_owned)),
        also: wanting.iter().skip(1).map(ToString::to_string).collect(),
        cluster,
        cause: decision.cause,
        moves_to: match decision.cause {
            Cause::Moves { to } => Some(context.annotated.inventory.index.zone(to).to_string()),
            _ => None,
        },
        result,
    }
}

/// Notes which clusters are frozen, and why.
fn freeze(clusters: &mut [ClusterReport], plan: &Plan<'_>) {
    for frozen in &plan.frozen {
        let of_name = |cluster: &&mut ClusterReport| cluster.name == frozen.name.as_str();
        let Some(cluster) = clusters.iter_mut().find(of_name) else { continue };
        cluster.state = match &frozen.why {
            FreezeCause::Failed => ClusterState::Failed,
            FreezeCause::Empty { records, filter } => ClusterState::SuspiciouslyEmpty {
                records: *records,
                filter: filter.as_ref().map(ToString::to_string),
            },
        };
    }
}

fn guard_stop(exceeded: &ExceededLimit, annotated: &Annotated) -> GuardStop {
    GuardStop { zone: zone_of(&exceeded.scope, annotated), exceeded: exceeded.clone() }
}

fn broken(outage: &Outage, annotated: &Annotated) -> ZonedOutage {
    ZonedOutage { zone: zone_of(&outage.scope, annotated), outage: outage.clone() }
}

fn zone_of(scope: &Scope, annotated: &Annotated) -> Option<String> {
    scope.zone().map(|zone| annotated.inventory.index.zone(zone).to_string())
}

/// What a plan says beside its changes.
fn add_notices(notices: &mut Vec<Notice>, plan: &Plan<'_>, annotated: &Annotated) {
    notices.extend(plan.unrouted.iter().map(|endpoint| Notice {
        subject: subject(endpoint.set.name.as_str(), endpoint.attribution.resources()),
        message: "the name lies in no zone of the provider; nothing is made for it".to_owned(),
    }));
    notices.extend(plan.unmanaged.iter().map(unmanaged));
    notices.extend(plan.losers.iter().map(lost));
    notices.extend(super::ownership::in_doubt(plan, annotated));
    notices.extend(super::ownership::unclear(annotated));
    notices.extend(super::ownership::without_record(annotated));
}

fn unmanaged(unmanaged: &Unmanaged) -> Notice {
    let Unmanaged { rtype, count, names } = unmanaged;
    let names = first_few(names.iter().map(AsRef::as_ref), *count, names.len(), ", ");
    Notice {
        subject: "--managed-record-types".to_owned(),
        message: format!(
            "{rtype} is wanted but not managed, so nothing is made of it: {names}; add \
             --managed-record-types={rtype}, or --exclude-record-types={rtype} to leave it out"
        ),
    }
}

fn lost(loser: &Loser<'_>) -> Notice {
    let (lost, winner) = (&loser.endpoint.set, &loser.winner);
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
        subject: subject(lost.name.as_str(), loser.endpoint.attribution.resources()),
        message: format!("{} record: {by} is served instead, because {why}", lost.rtype),
    }
}

/// The objects that want a name, of many the first few, and the name, if there is one.
fn subject(name: &str, resources: &[Arc<Resource>]) -> String {
    if resources.is_empty() {
        return name.to_owned();
    }
    let shown: Vec<String> =
        resources.iter().take(SHOWN_OBJECTS).map(ToString::to_string).collect();
    let objects = first_few(shown.iter().map(String::as_str), resources.len(), SHOWN_OBJECTS, ", ");
    if name.is_empty() { objects } else { format!("{objects} ({name})") }
}

/// A notice about something wanted that does not become a record.
pub(crate) fn dropped(dropped: &Dropped) -> Notice {
    Notice {
        subject: subject(dropped.name.as_deref().unwrap_or_default(), &dropped.resources),
        message: dropped.reason.to_string(),
    }
}

/// A notice about something that the provider stores in another form, or not at all.
pub(crate) fn adaptation(note: &Adaptation) -> Notice {
    Notice {
        subject: subject(note.name.as_str(), note.attribution.resources()),
        message: format!("{} record: {}", note.rtype, note.reason),
    }
}

#[cfg(test)]
mod tests {
    use extdns_model::NotSent;

    use super::*;

    #[test]
    fn what_became_of_a_unit_in_several_zones() {
        let failure =
            |text: &str| Failure { kind: FailureKind::Rejected, message: text.to_owned() };
        let rejected = || Outcome::Rejected(failure("no"));
        let unknown = || Outcome::Unknown(failure("lost"));
        let late = || Outcome::NotSent(NotSent::Deadline);
        let behind = || Outcome::NotSent(NotSent::Predecessor);
        let partial = |done, left| Outcome::Partial { done, left, reason: failure("no") };
        let stopped = || {
            let message = NotSent::Deadline.to_string();
            let reason = Failure { kind: FailureKind::Transient, message };
            Outcome::Partial { done: 1, left: 1, reason }
        };
        let table = [
            (Outcome::Applied, Outcome::Applied, Outcome::Applied),
            (Outcome::Applied, rejected(), partial(1, 1)),
            (Outcome::Applied, Outcome::Failed(failure("no")), partial(1, 1)),
            (Outcome::Applied, late(), stopped()),
            (Outcome::Applied, unknown(), unknown()),
            (Outcome::Applied, partial(1, 2), partial(2, 2)),
            (partial(1, 1), behind(), partial(1, 2)),
            (partial(1, 1), Outcome::Applied, partial(2, 1)),
            (rejected(), behind(), rejected()),
            (late(), late(), late()),
            (unknown(), behind(), unknown()),
        ];
        for (first, second, expected) in table {
            let case = format!("{first:?} {second:?}");
            assert_eq!(united(first, second), expected, "{case}");
        }
    }
}
