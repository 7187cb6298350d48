//! A report as JSON: one [`Change`] at a time goes from the report to the writer.

use std::collections::BTreeMap;
use std::io::{self, Write};

use extdns_plan::{Allow, GuardKind, Limit};
use serde::{Serialize, Serializer};

use super::document::{
    self, Action, Change, Cluster, Document, Mode, RecordState, SCHEMA_VERSION, Target, Totals,
    Unready, Zone,
};
use super::words::{cause, hold_kind, outcome, reason, result};
use super::{
    ChangeKind, ChangeResult, ClusterReport, ClusterState, Durations, FailureKind, GuardStop,
    Report, ReportedChange, RunFailure, Snapshot, Summary, TargetReport, Unmade, ZoneReport,
    ZonedOutage,
};

/// How JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Indented, for files and people.
    Pretty,
    /// On one line, for logs.
    Line,
}

/// Renders a report as a JSON document, ended by a line feed.
#[must_use]
pub fn render_json(report: &Report) -> String {
    let text = serde_json::to_string_pretty(&view(report));
    let mut text = text.expect("texts, numbers, lists and maps of texts are JSON");
    text.push('\n');
    text
}

/// Writes a report as a JSON document, ended by a line feed, without holding it.
///
/// # Errors
/// Those of the writer.
pub fn write_json(report: &Report, mut writer: impl Write, layout: Layout) -> io::Result<()> {
    let document = view(report);
    match layout {
        Layout::Pretty => serde_json::to_writer_pretty(&mut writer, &document),
        Layout::Line => serde_json::to_writer(&mut writer, &document),
    }?;
    writer.write_all(b"\n")?;
    writer.flush()
}

/// Changes that become JSON when they are written, one after the other.
struct Changes<'a>(&'a [ReportedChange]);

impl Serialize for Changes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter_map(change))
    }
}

fn view(report: &Report) -> Document<Changes<'_>> {
    let run = &report.run;
    Document {
        schema_version: SCHEMA_VERSION,
        mode: if report.planned_only { Mode::Plan } else { Mode::Apply },
        exit_code: report.exit_code().number(),
        version: run.version.clone(),
        started: run.started.as_ref().map(ToString::to_string),
        finished: run.finished.as_ref().map(ToString::to_string),
        durations: run.durations.into(),
        peak_memory_bytes: run.peak_memory,
        failure: report.failure.as_ref().map(document::RunFailure::from),
        totals: Summary::of(report).into(),
        unmade: report.unmade.into(),
        clusters: report.clusters.iter().map(|own| cluster(own, report.summary_of(own))).collect(),
        targets: report.targets.iter().map(target).collect(),
        notices: report
            .notices
            .iter()
            .map(|notice| document::Notice {
                subject: notice.subject.clone(),
                message: notice.message.clone(),
            })
            .collect(),
    }
}

fn cluster(cluster: &ClusterReport, totals: Summary) -> Cluster {
    Cluster {
        name: cluster.name.clone(),
        reached: cluster.reached.clone(),
        state: (&cluster.state).into(),
        records: match cluster.state {
            ClusterState::SuspiciouslyEmpty { records, .. } => Some(records),
            ClusterState::Complete | ClusterState::Failed => None,
        },
        filter: match &cluster.state {
            ClusterState::SuspiciouslyEmpty { filter, .. } => filter.clone(),
            ClusterState::Complete | ClusterState::Failed => None,
        },
        failure: cluster.failure.clone(),
        sources: cluster
            .sources
            .iter()
            .map(|source| document::Source {
                name: source.name.clone(),
                endpoints: source.endpoints,
                failure: source.failure.clone(),
            })
            .collect(),
        objects: cluster
            .objects
            .iter()
            .map(|objects| (objects.resource.clone(), objects.count))
            .collect(),
        endpoints: cluster.endpoints,
        unready: cluster
            .unready
            .iter()
            .map(|unready| Unready {
                name: unready.name.clone(),
                resource: unready.resource.clone(),
            })
            .collect(),
        totals: totals.into(),
    }
}

fn target(target: &TargetReport) -> Target<Changes<'_>> {
    Target {
        name: target.name.clone(),
        failure: target.failure.as_ref().map(document::RunFailure::from),
        state: target.standing.as_ref().map(document::TargetState::from),
        hash: target.hash.clone(),
        expected_hash: target.expected_hash.clone(),
        zones: target.zones.iter().map(zone).collect(),
        guard: target.exceeded_limits.iter().map(document::GuardTrip::from).collect(),
        outages: target.outages.iter().map(document::Outage::from).collect(),
        calls: target.calls.made.iter().map(|call| (call.operation.clone(), call.count)).collect(),
        least_calls: target.calls.least,
    }
}

fn zone(zone: &ZoneReport) -> Zone<Changes<'_>> {
    Zone {
        name: zone.zone.clone(),
        id: zone.id.clone(),
        records: zone.records,
        owned: zone.owned,
        unreadable: zone.unreadable.clone(),
        totals: Summary::of_changes(&zone.changes).into(),
        changes: Changes(&zone.changes),
    }
}

/// A change; none if it is about nothing.
pub(crate) fn change(change: &ReportedChange) -> Option<Change> {
    let set = change.before.as_ref().or(change.after.as_ref()).map(|snapshot| &snapshot.set)?;
    let set_identifier = set.set_identifier();
    Some(Change {
        action: change.kind.into(),
        name: set.name.to_string(),
        r#type: set.rtype.to_string(),
        set_identifier: (!set_identifier.is_empty()).then(|| set_identifier.to_owned()),
        before: change.before.as_ref().map(RecordState::from),
        after: change.after.as_ref().map(RecordState::from),
        cause: cause(change.cause),
        reason: reason(change),
        moves_to: change.moves_to.clone(),
        resource: change.resource.clone(),
        also_wanted_by: change.also.clone(),
        cluster: change.cluster.clone(),
        outcome: outcome(&change.result),
        hold: match &change.result {
            ChangeResult::Held(hold) => Some(hold_kind(hold)),
            ChangeResult::Planned | ChangeResult::Sent(_) => None,
        },
        message: result(&change.result),
    })
}

impl From<&Snapshot> for RecordState {
    fn from(snapshot: &Snapshot) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let properties = snapshot.set.properties().iter();
        Self {
            ttl: snapshot.set.ttl.seconds(),
            targets: snapshot.set.targets.iter().map(ToString::to_string).collect(),
            properties: properties
                .map(|property| owned((&property.name, &property.value)))
                .collect(),
            labels: snapshot.labels.iter().map(owned).collect(),
        }
    }
}

/// In place of a zone: all zones of the target together.
const EVERYWHERE: &str = "*";

impl From<&GuardStop> for document::GuardTrip {
    fn from(GuardStop { zone, exceeded }: &GuardStop) -> Self {
        let (max_percent, max_count) = match exceeded.limit {
            Limit::Percent(percent) => (Some(percent), None),
            Limit::Count(count) => (None, Some(count)),
        };
        Self {
            zone: zone.as_deref().unwrap_or(EVERYWHERE).to_owned(),
            cluster: exceeded.scope.cluster().map(str::to_owned),
            action: match exceeded.kind {
                GuardKind::Deletes => Action::Delete,
                GuardKind::Updates => Action::Update,
            },
            count: exceeded.count,
            base: exceeded.base,
            max_percent,
            max_count,
            names: exceeded.names.iter().map(ToString::to_string).collect(),
            flag: exceeded.allow.to_string(),
            allow_deletes: match &exceeded.allow {
                Allow::Deletes { zone_or_target, count } => {
                    BTreeMap::from([(zone_or_target.to_string(), *count)])
                }
                Allow::Updates { .. } => BTreeMap::new(),
            },
        }
    }
}

impl From<&ZonedOutage> for document::Outage {
    fn from(ZonedOutage { zone, outage }: &ZonedOutage) -> Self {
        Self {
            zone: zone.as_deref().unwrap_or(EVERYWHERE).to_owned(),
            count: outage.count,
            base: outage.base,
            max_percent: outage.max_percent,
            names: outage.names.iter().map(ToString::to_string).collect(),
            flag: outage.allow.to_string(),
        }
    }
}

impl From<Summary> for Totals {
    fn from(summary: Summary) -> Self {
        let Summary { create, update, delete, held, frozen, guarded, failed, deferred, .. } =
            summary;
        Self { create, update, delete, held, frozen, guarded, failed, deferred }
    }
}

impl From<Unmade> for document::Unmade {
    fn from(unmade: Unmade) -> Self {
        let Unmade { no_zone, invalid, refused, unanswered, contested, unmanaged, .. } = unmade;
        let no_target = unmade.no_target;
        Self { no_zone, no_target, invalid, refused, unanswered, contested, unmanaged }
    }
}

impl From<Durations> for document::Durations {
    fn from(durations: Durations) -> Self {
        let milliseconds = |duration: Option<std::time::Duration>| {
            duration.map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
        };
        Self {
            read_ms: milliseconds(durations.read),
            plan_ms: milliseconds(durations.plan),
            apply_ms: milliseconds(durations.apply),
        }
    }
}

impl From<ChangeKind> for Action {
    fn from(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Create => Self::Create,
            ChangeKind::Update => Self::Update,
            ChangeKind::Delete => Self::Delete,
        }
    }
}

impl From<&ClusterState> for document::ClusterState {
    fn from(state: &ClusterState) -> Self {
        match state {
            ClusterState::Complete => Self::Complete,
            ClusterState::Failed => Self::Failed,
            ClusterState::SuspiciouslyEmpty { .. } => Self::SuspiciouslyEmpty,
        }
    }
}

impl From<&RunFailure> for document::RunFailure {
    fn from(failure: &RunFailure) -> Self {
        Self { kind: failure.kind.into(), message: failure.message.clone() }
    }
}

impl From<FailureKind> for document::RunFailureKind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Configuration => Self::Configuration,
            FailureKind::Clusters => Self::Clusters,
            FailureKind::Provider => Self::Provider,
            FailureKind::Deadline => Self::Deadline,
            FailureKind::State => Self::State,
            FailureKind::Other => Self::Other,
        }
    }
}
