//! A report as metrics of CloudWatch, in its embedded metric format: log lines from which the
//! service takes the numbers, without a call.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use serde_json::{Map, Value, json};

use super::{ClusterReport, Report, Standing, Summary, TargetReport};
use crate::ExitCode;

/// Renders the metrics of a run, a JSON object a line: one of the whole run, without dimensions,
/// then one of each target and of each cluster. Each has to be a log event of its own.
#[must_use]
pub fn render_emf(report: &Report, namespace: &str) -> String {
    let event = Event { namespace, time: milliseconds(report) };
    let mut text = String::new();
    event.write(&mut text, None, &of_run(report));
    for target in &report.targets {
        event.write(&mut text, Some(("Target", &target.name)), &of_target(target));
    }
    for cluster in &report.clusters {
        event.write(&mut text, Some(("Cluster", &cluster.name)), &of_cluster(report, cluster));
    }
    text
}

/// A metric: name, unit, value.
type Metric = (&'static str, &'static str, Value);

struct Event<'a> {
    namespace: &'a str,
    time: i64,
}

impl Event<'_> {
    fn write(&self, text: &mut String, of: Option<(&str, &str)>, metrics: &[Metric]) {
        let dimensions: Vec<&str> = of.iter().map(|(dimension, _)| *dimension).collect();
        let definitions: Vec<Value> =
            metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
        let mut event = Map::new();
        event.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": self.time,
                "CloudWatchMetrics": [{
                    "Namespace": self.namespace,
                    "Dimensions": [dimensions],
                    "Metrics": definitions,
                }],
            }),
        );
        if let Some((dimension, name)) = of {
            event.insert(dimension.to_owned(), name.into());
        }
        event.extend(metrics.iter().map(|(name, _, value)| ((*name).to_owned(), value.clone())));
        text.push_str(&Value::Object(event).to_string());
        text.push('\n');
    }
}

fn milliseconds(report: &Report) -> i64 {
    let time = report.run.finished.or(report.run.started);
    time.map_or(0, jiff::Timestamp::as_millisecond)
}

const COUNT: &str = "Count";
const MILLISECONDS: &str = "Milliseconds";

fn of_run(report: &Report) -> Vec<Metric> {
    let summary = Summary::of(report);
    let Summary { unreadable_zones, frozen_clusters, .. } = summary;
    let exceeded_limits: usize =
        report.targets.iter().map(|target| target.exceeded_limits.len()).sum();
    let records: usize = report.zones().map(|zone| zone.records).sum();
    let endpoints: usize = report.clusters.iter().map(|cluster| cluster.endpoints).sum();
    let calls = report.targets.iter().flat_map(|target| &target.calls.made);
    let calls: u64 = calls.map(|call| call.count).sum();
    let mut metrics = vec![
        ("RunFailed", COUNT, u8::from(report.first_failure().is_some()).into()),
        ("Succeeded", COUNT, u8::from(report.exit_code() == ExitCode::Success).into()),
        ("ExitCode", "None", report.exit_code().number().into()),
        ("GuardTrips", COUNT, exceeded_limits.into()),
        ("FrozenClusters", COUNT, frozen_clusters.into()),
        ("UnreadableZones", COUNT, unreadable_zones.into()),
        ("Endpoints", COUNT, endpoints.into()),
        ("Records", COUNT, records.into()),
        ("ProviderCalls", COUNT, calls.into()),
    ];
    metrics.extend(of_summary(&summary));
    let durations = report.run.durations;
    let parts = [
        ("ReadTime", durations.read),
        ("PlanTime", durations.plan),
        ("ApplyTime", durations.apply),
    ];
    metrics.extend(parts.into_iter().filter_map(|(name, duration)| {
        let milliseconds = u64::try_from(duration?.as_millis()).unwrap_or(u64::MAX);
        Some((name, MILLISECONDS, milliseconds.into()))
    }));
    metrics.extend(report.run.peak_memory.map(|bytes| ("PeakMemory", "Bytes", bytes.into())));
    metrics
}

fn of_target(target: &TargetReport) -> Vec<Metric> {
    let stood_back = |is: fn(&Standing) -> bool| u8::from(target.standing.as_ref().is_some_and(is));
    let unreadable = target.zones.iter().filter(|zone| zone.unreadable.is_some()).count();
    let records: usize = target.zones.iter().map(|zone| zone.records).sum();
    let calls: u64 = target.calls.made.iter().map(|call| call.count).sum();
    let mut metrics = vec![
        ("RunFailed", COUNT, u8::from(target.failure.is_some()).into()),
        ("GuardTrips", COUNT, target.exceeded_limits.len().into()),
        ("UnreadableZones", COUNT, unreadable.into()),
        ("Records", COUNT, records.into()),
        ("ProviderCalls", COUNT, calls.into()),
        ("NothingToDo", COUNT, stood_back(|own| matches!(own, Standing::Gated { .. })).into()),
        ("LeaseHeld", COUNT, stood_back(|own| matches!(own, Standing::Held { .. })).into()),
    ];
    metrics.extend(of_summary(&Summary::of_changes(target.zones.iter().flat_map(|z| &z.changes))));
    metrics
}

fn of_cluster(report: &Report, cluster: &ClusterReport) -> Vec<Metric> {
    let mut metrics = vec![
        ("Frozen", COUNT, u8::from(cluster.is_frozen()).into()),
        ("Endpoints", COUNT, cluster.endpoints.into()),
        ("UnreadyNames", COUNT, cluster.unready.len().into()),
    ];
    metrics.extend(of_summary(&report.summary_of(cluster)));
    metrics
}

fn of_summary(summary: &Summary) -> [Metric; 8] {
    let Summary { create, update, delete, held, frozen, guarded, failed, deferred, .. } = summary;
    [
        ("Creates", create),
        ("Updates", update),
        ("Deletes", delete),
        ("ChangesHeld", held),
        ("ChangesFrozen", frozen),
        ("ChangesGuarded", guarded),
        ("ChangesFailed", failed),
        ("ChangesDeferred", deferred),
    ]
    .map(|(name, value)| (name, COUNT, (*value).into()))
}
