//! A report as metrics: upstream's names where it has one, and those of what only this program does.

mod outside;
mod process;
mod prometheus;
mod records;
mod requests;
mod values;

use std::collections::BTreeMap;

use extdns_plan::Hold;

use super::words::{action_word, outcome, outcome_word};
use super::{
    ChangeResult, ClusterReport, Report, ReportedChange, Standing, Summary, TargetReport,
    ZoneReport,
};
use values::Page;
pub(crate) use values::{Kind, Metric, Sample};

/// Renders the metrics of a run in the text format of Prometheus: for a file of node-exporter's textfile collector, say.
#[must_use]
pub fn render_metrics(report: &Report) -> String {
    prometheus::text(&metrics_of(report))
}

/// The metrics of a run.
pub(crate) fn metrics_of(report: &Report) -> Vec<Metric> {
    let mut metrics = Metrics::default();
    metrics.observe(report, report.first_failure().is_some());
    metrics.all()
}

/// The metrics of a process that makes many runs: the last one's, and what adds up over all.
#[derive(Debug, Default)]
pub struct Metrics {
    totals: Totals,
    /// Targets whose records are taken for unchanged for a time (`--provider-cache-time`).
    cached_targets: u64,
    /// Those of the last run.
    run: Vec<Metric>,
}

/// What adds up over runs.
#[derive(Debug, Default)]
struct Totals {
    no_op_runs: u64,
    registry_errors: usize,
    source_errors: usize,
    /// How often records were read, how often they were taken for unchanged, and how often changes were sent, of the
    /// targets for which they may be.
    cache: Option<CacheCounts>,
    /// Runs in a row that did not go well.
    soft_errors: u64,
    /// When the last run began, in seconds.
    last_reconcile: Option<i64>,
    /// When the last run ended that did not fail, in seconds.
    last_sync: Option<i64>,
}

/// How often a cache of records was asked.
#[derive(Debug, Default)]
struct CacheCounts {
    reads: u64,
    hits: u64,
    applies: u64,
}

impl Metrics {
    /// Nothing has run yet; the records of so many targets are cached.
    #[must_use]
    pub fn with_cache(cached_targets: u64) -> Self {
        let mut metrics = Self { cached_targets, ..Self::default() };
        metrics.totals.cache = (cached_targets > 0).then(CacheCounts::default);
        metrics
    }

    /// Takes the report of a run over. `went_wrong` is whether the next run may do better.
    pub fn observe(&mut self, report: &Report, went_wrong: bool) {
        let totals = &mut self.totals;
        let is_ok = report.first_failure().is_none();
        totals.no_op_runs += u64::from(is_ok && report.changes().next().is_none());
        if report.standing_total().is_none() {
            let (registry, source) = records::errors_of(report);
            totals.registry_errors += registry;
            totals.source_errors += source;
        }
        if let Some(cache) = &mut totals.cache {
            let is_sent = |own: &ReportedChange| matches!(own.result, ChangeResult::Sent(_));
            cache.reads += self.cached_targets;
            cache.applies += u64::from(report.changes().any(is_sent));
        }
        totals.soft_errors = if went_wrong { totals.soft_errors + 1 } else { 0 };
        if let Some(finished) = report.run.finished.as_ref().filter(|_| is_ok) {
            totals.last_sync = Some(finished.as_second());
        }
        if let Some(started) = &report.run.started {
            totals.last_reconcile = Some(started.as_second());
        }
        self.run = of_report(report);
    }

    /// A run was left out, as it would have found nothing new.
    pub fn observe_idle(&mut self) {
        let now = Some(jiff::Timestamp::now().as_second());
        self.totals.no_op_runs += 1;
        if let Some(cache) = &mut self.totals.cache {
            cache.hits += self.cached_targets;
        }
        self.totals.last_reconcile = now;
        self.totals.last_sync = now;
    }

    /// How many runs in a row did not go well.
    #[must_use]
    pub fn soft_errors(&self) -> u64 {
        self.totals.soft_errors
    }

    /// The page that is served: with what the system knows of the process now.
    #[must_use]
    pub fn page(&self) -> String {
        let mut all = self.all();
        all.extend(process::metrics());
        prometheus::text(&all)
    }

    fn all(&self) -> Vec<Metric> {
        let mut page = self.totals.page();
        page.0.extend_from_slice(&self.run);
        outside::of_webhooks(&mut page);
        page.0
    }
}

fn of_report(report: &Report) -> Vec<Metric> {
    let mut page = Page::default();
    of_program(&mut page, report);
    of_run(&mut page, report);
    // Of zones that were not read nothing is known.
    if report.standing_total().is_none() {
        records::of_records(&mut page, report);
    }
    of_changes(&mut page, report);
    of_clusters(&mut page, report);
    of_targets(&mut page, report);
    of_state(&mut page, report);
    requests::of_requests(&mut page, report);
    page.0
}

impl Totals {
    fn page(&self) -> Page {
        let mut page = Page::default();
        let times = [
            (
                "controller_last_reconcile_timestamp_seconds",
                "When the last run began.",
                self.last_reconcile,
            ),
            (
                "controller_last_sync_timestamp_seconds",
                "When the last run that did not fail ended.",
                self.last_sync,
            ),
        ];
        for (name, help, seconds) in times {
            if let Some(seconds) = seconds {
                page.gauge(name, help).sample(&[], seconds);
            }
        }
        page.counter("controller_no_op_runs_total", "Runs without changes.")
            .sample(&[], self.no_op_runs);
        let help = "Runs in a row that did not go well, and that were followed by another one.";
        page.gauge("controller_consecutive_soft_errors", help).sample(&[], self.soft_errors);
        page.counter("registry_errors_total", "Zones, or lists of zones, that could not be read.")
            .sample(&[], self.registry_errors);
        page.counter("source_errors_total", "Sources that could not be read in full.")
            .sample(&[], self.source_errors);
        let help = "How often changes were sent past the cache of records.";
        let applies = self.cache.as_ref().map_or(0, |own| own.applies);
        page.counter("provider_cache_apply_changes_calls", help).sample(&[], applies);
        let help = "How often records were needed, by whether the cache had them.";
        let calls = page.counter("provider_cache_records_calls", help);
        if let Some(CacheCounts { reads, hits, .. }) = &self.cache {
            calls.sample(&[("from_cache", "true")], *hits);
            calls.sample(&[("from_cache", "false")], *reads);
        }
        page
    }
}

/// A metric with a sample for each of something: name, help and value.
type Column<T> = (&'static str, &'static str, fn(&T) -> usize);

fn lower(text: impl ToString) -> String {
    text.to_string().to_lowercase()
}

fn of_program(page: &mut Page, report: &Report) {
    let labels = [
        ("version", report.run.version.as_str()),
        ("revision", ""),
        ("go_version", ""),
        ("os", std::env::consts::OS),
        ("arch", std::env::consts::ARCH),
    ];
    page.gauge("build_info", "The program; always 1.").sample(&labels, 1_u8);
}

fn of_run(page: &mut Page, report: &Report) {
    let run = &report.run;
    let ok = report.first_failure().is_none();
    page.gauge("run_success", "Whether the last run did not fail.").sample(&[], u8::from(ok));
    page.gauge("run_exit_code", "The exit code of the last run.")
        .sample(&[], report.exit_code().number());
    let durations = page.gauge("run_duration_seconds", "How long each part of the last run took.");
    let parts = run.durations;
    for (phase, duration) in [("read", parts.read), ("plan", parts.plan), ("apply", parts.apply)] {
        if let Some(duration) = duration {
            durations.sample(&[("phase", phase)], duration.as_secs_f64());
        }
    }
    if let Some(bytes) = run.peak_memory {
        page.gauge("run_peak_memory_bytes", "The most memory that the last run held.")
            .sample(&[], bytes);
    }
}

fn of_changes(page: &mut Page, report: &Report) {
    let metric = page.gauge("changes", "Changes of the last run, by target, action and outcome.");
    for target in &report.targets {
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for change in target.zones.iter().flat_map(|zone| &zone.changes) {
            let ReportedChange { kind, result, .. } = change;
            *counts.entry((action_word(*kind), outcome_word(outcome(result)))).or_default() += 1;
        }
        for ((action, outcome), count) in counts {
            let labels =
                [("target", target.name.as_str()), ("action", action), ("outcome", outcome)];
            metric.sample(&labels, count);
        }
    }
    of_foreign(page, report);
    let summary = Summary::of(report);
    let totals = [
        (
            "changes_failed",
            "Changes that were rejected, failed, unconfirmed or not sent.",
            summary.failed,
        ),
        ("changes_deferred", "Changes left for the next run.", summary.deferred),
        (
            "changes_frozen",
            "Changes held back because a cluster could not be read.",
            summary.frozen,
        ),
        ("changes_guarded", "Changes that the guard stopped.", summary.guarded),
        ("changes_held", "Changes that another rule holds back.", summary.held),
    ];
    for (name, help, value) in totals {
        page.gauge(name, help).sample(&[], value);
    }
}

/// Changes that are held because of whose the record is, by its owner; without one where it has none.
fn of_foreign(page: &mut Page, report: &Report) {
    let help = "Changes that are held because the record has another owner, or none.";
    let metric = page.gauge("changes_foreign", help);
    for target in &report.targets {
        for zone in &target.zones {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for change in &zone.changes {
                if let ChangeResult::Held(Hold::Foreign { owner }) = &change.result {
                    *counts.entry(owner.as_deref().unwrap_or_default()).or_default() += 1;
                }
            }
            for (owner, count) in counts {
                let (target, zone) = (target.name.as_str(), zone.zone.as_str());
                metric.sample(&[("target", target), ("zone", zone), ("owner", owner)], count);
            }
        }
    }
}

fn of_clusters(page: &mut Page, report: &Report) {
    let values: [Column<ClusterReport>; 3] = [
        ("cluster_complete", "Whether everything of the cluster was read.", |cluster| {
            usize::from(!cluster.is_frozen())
        }),
        ("cluster_endpoints", "Endpoints of the cluster.", |cluster| cluster.endpoints),
        ("cluster_unready_names", "Names whose object has no address yet.", |cluster| {
            cluster.unready.len()
        }),
    ];
    for (name, help, value) in values {
        let metric = page.gauge(name, help);
        for cluster in &report.clusters {
            metric.sample(&[("cluster", &cluster.name)], value(cluster));
        }
    }
}

/// What the store of state said, where there is one.
fn of_state(page: &mut Page, report: &Report) {
    let known = report.targets.iter().filter_map(|own| Some((own, own.standing.as_ref()?)));
    let known: Vec<(&TargetReport, &Standing)> = known.collect();
    if known.is_empty() {
        return;
    }
    let gated =
        page.gauge("gated", "Whether the last run had nothing to do, and called no provider.");
    for (target, standing) in &known {
        let value = u8::from(matches!(standing, Standing::Gated { .. }));
        gated.sample(&[("target", &target.name)], value);
    }
    let help = "Whether the last run did nothing because another one held the lease.";
    let held = page.gauge("lease_held_elsewhere", help);
    for (target, standing) in &known {
        let value = u8::from(matches!(standing, Standing::Held { .. }));
        held.sample(&[("target", &target.name)], value);
    }
}

fn of_targets(page: &mut Page, report: &Report) {
    let exceeded_limits =
        page.gauge("guard_trips", "Times that the guard stopped changes in the last run.");
    for target in &report.targets {
        exceeded_limits.sample(&[("target", &target.name)], target.exceeded_limits.len());
    }
    let values: [Column<ZoneReport>; 3] = [
        ("zone_readable", "Whether the zone could be read.", |zone| {
            usize::from(zone.unreadable.is_none())
        }),
        ("zone_records", "Records in the zone, ownership records aside.", |zone| zone.records),
        ("zone_owned_records", "Records in the zone that are ours.", |zone| zone.owned),
    ];
    for (name, help, value) in values {
        let metric = page.gauge(name, help);
        for target in &report.targets {
            for zone in &target.zones {
                let labels = [
                    ("target", target.name.as_str()),
                    ("zone", zone.zone.as_str()),
                    ("zone_id", zone.id.as_str()),
                ];
                metric.sample(&labels, value(zone));
            }
        }
    }
    let calls = page
        .gauge("provider_calls", "Calls of the provider's API in the last run, retries included.");
    for target in &report.targets {
        for call in &target.calls.made {
            calls.sample(&[("target", &target.name), ("operation", &call.operation)], call.count);
        }
    }
    let least = page.gauge(
        "provider_least_calls",
        "The fewest calls with which the last run could have been done.",
    );
    for target in &report.targets {
        if let Some(count) = target.calls.least {
            least.sample(&[("target", &target.name)], count);
        }
    }
}
