//! A report as metrics of CloudWatch, in its embedded metric format: log lines from which the
//! service takes the numbers, without a call.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{ClusterReport, Report, Standing, Summary, TargetReport};
use crate::ExitCode;

/// What CloudWatch is told of: each metric costs by the month, so these are those that the alarms of `template.yaml`
/// watch. Everything else is a field of the same line, for Logs Insights and for metric filters.
const PUBLISHED: [&str; 3] = ["Succeeded", "Failures", "Stopped"];

/// Renders the figures of a run, a JSON object a line: one of the whole run, with the metrics, then one of each target
/// and of each cluster. Each has to be a log event of its own.
#[must_use]
pub fn render_emf(report: &Report, namespace: &str) -> String {
    let mut text = String::new();
    let metrics = ("_aws", metadata(namespace, milliseconds(report)));
    write(&mut text, of_run(report).into_iter().chain([metrics]));
    for target in &report.targets {
        write(
            &mut text,
            of_target(target).into_iter().chain([("Target", target.name.as_str().into())]),
        );
    }
    for cluster in &report.clusters {
        let name = ("Cluster", cluster.name.as_str().into());
        write(&mut text, of_cluster(report, cluster).into_iter().chain([name]));
    }
    text
}

/// A figure: its name and value.
type Figure = (&'static str, Value);

fn write(text: &mut String, figures: impl Iterator<Item = Figure>) {
    let line: Map<String, Value> = figures.map(|(name, value)| (name.to_owned(), value)).collect();
    text.push_str(&Value::Object(line).to_string());
    text.push('\n');
}

/// Which of the figures are metrics, without dimensions.
fn metadata(namespace: &str, time: i64) -> Value {
    let metrics = PUBLISHED.map(|name| json!({ "Name": name, "Unit": "Count" }));
    json!({
        "Timestamp": time,
        "CloudWatchMetrics": [{ "Namespace": namespace, "Dimensions": [[]], "Metrics": metrics }],
    })
}

fn milliseconds(report: &Report) -> i64 {
    let time = report.run.finished.or(report.run.started);
    time.map_or(0, jiff::Timestamp::as_millisecond)
}

fn of_run(report: &Report) -> Vec<Figure> {
    let summary = Summary::of(report);
    let Summary { unreadable_zones, frozen_clusters, .. } = summary;
    let exceeded_limits: usize =
        report.targets.iter().map(|target| target.exceeded_limits.len()).sum();
    let records: usize = report.zones().map(|zone| zone.records).sum();
    let endpoints: usize = report.clusters.iter().map(|cluster| cluster.endpoints).sum();
    let calls = report.targets.iter().flat_map(|target| &target.calls.made);
    let calls: u64 = calls.map(|call| call.count).sum();
    let has_failed = report.first_failure().is_some();
    let mut figures = vec![
        ("Failures", (summary.failed + usize::from(has_failed)).into()),
        ("Stopped", (exceeded_limits + frozen_clusters).into()),
        ("RunFailed", u8::from(has_failed).into()),
        ("Succeeded", u8::from(report.exit_code() == ExitCode::Success).into()),
        ("ExitCode", report.exit_code().number().into()),
        ("GuardTrips", exceeded_limits.into()),
        ("FrozenClusters", frozen_clusters.into()),
        ("UnreadableZones", unreadable_zones.into()),
        ("Endpoints", endpoints.into()),
        ("Records", records.into()),
        ("ProviderCalls", calls.into()),
        ("HttpRequests", report.run.requests.count.into()),
        ("HttpTime", milliseconds_of(report.run.requests.took)),
    ];
    figures.extend(of_summary(&summary));
    let durations = report.run.durations;
    let parts = [
        ("ReadTime", durations.read),
        ("PlanTime", durations.plan),
        ("ApplyTime", durations.apply),
    ];
    figures.extend(
        parts.into_iter().filter_map(|(name, duration)| Some((name, milliseconds_of(duration?)))),
    );
    figures.extend(report.run.peak_memory.map(|bytes| ("PeakMemory", bytes.into())));
    figures
}

fn milliseconds_of(duration: Duration) -> Value {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).into()
}

fn of_target(target: &TargetReport) -> Vec<Figure> {
    let stood_back = |is: fn(&Standing) -> bool| u8::from(target.standing.as_ref().is_some_and(is));
    let unreadable = target.zones.iter().filter(|zone| zone.unreadable.is_some()).count();
    let records: usize = target.zones.iter().map(|zone| zone.records).sum();
    let calls: u64 = target.calls.made.iter().map(|call| call.count).sum();
    let mut figures = vec![
        ("RunFailed", u8::from(target.failure.is_some()).into()),
        ("GuardTrips", target.exceeded_limits.len().into()),
        ("UnreadableZones", unreadable.into()),
        ("Records", records.into()),
        ("ProviderCalls", calls.into()),
        ("NothingToDo", stood_back(|own| matches!(own, Standing::Gated { .. })).into()),
        ("LeaseHeld", stood_back(|own| matches!(own, Standing::Held { .. })).into()),
    ];
    figures.extend(target.calls.least.map(|calls| ("LeastCalls", calls.into())));
    figures.extend(of_summary(&Summary::of_changes(target.zones.iter().flat_map(|z| &z.changes))));
    figures
}

fn of_cluster(report: &Report, cluster: &ClusterReport) -> Vec<Figure> {
    let mut figures = vec![
        ("Frozen", u8::from(cluster.is_frozen()).into()),
        ("Endpoints", cluster.endpoints.into()),
        ("UnreadyNames", cluster.unready.len().into()),
    ];
    figures.extend(of_summary(&report.summary_of(cluster)));
    figures
}

fn of_summary(summary: &Summary) -> [Figure; 8] {
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
    .map(|(name, value)| (name, (*value).into()))
}
