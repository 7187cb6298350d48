//! From a plan and its outcomes to a report.

use extdns_clusters::ClusterView;
use extdns_model::{Endpoint, LabelKey, Labels, Outcome, Owners};
use extdns_plan::{
    Cause, Decision, DecisionState, ExceededLimit, FreezeCause, Outage, Plan, RecordChange, Scope,
    Unit,
};
use extdns_registry::{Annotated, Groups, Registry};
use extdns_sources::Removed;

use super::{
    Calls, ChangeKind, ChangeResult, ClusterReport, ClusterState, GuardStop, Notice, Report,
    ReportedChange, Rules, Run, Snapshot, TargetReport, Unmade, ZoneReport, ZonedOutage, counts,
    notices, united,
};

/// What a report needs beside the plan.
pub struct Context<'a> {
    /// The name of the target: that of its provider, where the settings give none.
    pub target: &'a str,
    /// Whether the run has no other.
    pub is_only_target: bool,
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
    /// How many endpoints were removed before the plan.
    pub removed: Removed,
    /// What the plan keeps to.
    pub rules: Option<Rules>,
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
            is_only_target: true,
            annotated,
            registry,
            views: &[],
            clusters: Vec::new(),
            desired: &[],
            removed: Removed::default(),
            rules: None,
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
    let by_unit = united::by_unit(groups, outcomes);
    build(context, plan, |row, unit| {
        // A change without a group had nothing to send: it is as it should be.
        ChangeResult::Sent(by_unit.get(&(row, unit)).cloned().unwrap_or(Outcome::Applied))
    })
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
        is_only_target,
        annotated,
        mut clusters,
        desired,
        removed,
        rules,
        calls,
        unmade,
        mut notices,
        hash,
        expected_hash,
        ..
    } = context;
    notices::of_plan(&mut notices, plan, annotated, is_only_target);
    freeze(&mut clusters, plan);
    let target = TargetReport {
        name: target.to_owned(),
        rules,
        standing: None,
        failure: None,
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
        removed,
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
        wrote_statuses: false,
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
    let cluster = match wanted_by {
        _ if context.clusters.len() < 2 => None,
        Some(resource) => {
            let view = context.views.iter().find(|view| view.id() == resource.cluster);
            view.map(|view| view.name().to_string())
        }
        None => record.and_then(|record| cluster_of(context.registry.owners(), &record.labels)),
    };
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

/// The cluster to which a record belongs alone: that with its owner id, or of several the one that its label names.
fn cluster_of(owners: &Owners, labels: &Labels) -> Option<String> {
    let label = labels.get(LabelKey::CLUSTER);
    let with_id = owners.iter().filter(|(_, id)| labels.owner() == Some(*id));
    let named: Vec<&str> = with_id.filter_map(|(cluster, _)| owners.name_of(cluster)).collect();
    match (&*named, label) {
        ([only], None) => Some((*only).to_owned()),
        (_, Some(label)) => named.iter().find(|own| **own == label).map(|own| (*own).to_owned()),
        _ => None,
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
