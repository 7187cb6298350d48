//! One run: read clusters and zones, plan, and, if it is an apply, write.

use std::io::Read;
use std::time::Duration;

use extdns_model::{Endpoint, RecordSet, Surroundings, ZoneIndex, property_names};
use extdns_plan::{Allowance, Cluster, Clusters, Input, Reading, Settings};
use extdns_providers::Adjusted;
use extdns_registry::Annotated;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::apply::apply;
use crate::error::RunError;
use crate::gather::{Gathered, gather};
use crate::report::{
    self, Calls, ClusterReport, Context, Document, Durations, FailureKind, Notice, Report, Unmade,
};
use crate::request::{Mode, Overrides, RunRequest};
use crate::revert::{self, Ours, Revert};
use crate::wiring::Wiring;

/// How much of a run's time reading may take.
const READING_SHARE: f64 = 0.7;

/// How much of it the clusters may take: one that hangs counts as failed by then, and the run goes
/// on with what the others say.
const CLUSTERS_SHARE: f64 = 0.6;

/// Runs once. Whatever could not be read in full is not deleted from; where nothing could be read
/// in full, or the list of zones is not complete, nothing is written at all. There is always a
/// report: the report of a failed run says why it failed, and what was known by then.
pub async fn run(wiring: &Wiring, request: &RunRequest, stdin: impl Read + Send) -> Report {
    // Boxed: its type is too deep for those of callers to be laid out.
    Box::pin(report_attempt(request, attempt(wiring, request, stdin))).await
}

/// The report of an attempt, whether or not it came to its end.
pub(crate) async fn report_attempt(
    request: &RunRequest,
    attempt: impl Future<Output = Result<Report, Failed>>,
) -> Report {
    let started = Timestamp::now();
    let mut report = match attempt.await {
        Ok(report) => report,
        Err(Failed { error, clusters, late }) => {
            let kind = if late { FailureKind::Deadline } else { error.kind() };
            Report { clusters, ..Report::of_failure(kind, error.to_string()) }
        }
    };
    report.planned_only = request.mode == Mode::Plan;
    report.run.version = env!("CARGO_PKG_VERSION").to_owned();
    report.run.started = Some(started);
    report.run.finished = Some(Timestamp::now());
    report.run.peak_memory = report::peak_memory();
    report
}

/// A run that ended before its end, with what it knew of the clusters by then.
pub(crate) struct Failed {
    error: RunError,
    clusters: Vec<ClusterReport>,
    /// Whether the time for reading was over by then.
    late: bool,
}

impl From<RunError> for Failed {
    fn from(error: RunError) -> Self {
        Self { error, clusters: Vec::new(), late: false }
    }
}

async fn attempt(
    wiring: &Wiring,
    request: &RunRequest,
    stdin: impl Read + Send,
) -> Result<Report, Failed> {
    let allow_empty = wiring.allow_empty.iter().chain(&request.overrides.allow_empty);
    let mut watch = Stopwatch::start();
    let called = wiring.provider.calls();
    let mut durations = Durations::default();
    let inputs = in_time(request, read(wiring, request, stdin)).await?;
    durations.read = Some(watch.lap());
    let PlanInputs { mut gathered, clusters, annotated, adjusted, revert } = inputs;
    let clusters = clusters.allow_empty(allow_empty).map_err(RunError::UnknownCluster)?;
    let settings = plan_settings(wiring, &request.overrides);
    let kept = adjusted.kept();
    let refusal = refusal(wiring);
    let input = Input {
        inventory: &annotated.inventory,
        desired: &adjusted.endpoints,
        settings: &settings,
        clusters: &clusters,
        kept: &kept,
    };
    let mut plan = extdns_plan::compute_for(input, &refusal);
    if let Some(revert) = &revert {
        revert.narrow(&mut plan);
        gathered.notices.extend(revert.notices.iter().cloned());
    }
    let groups = wiring.registry.decorate(&mut plan, &annotated, &refusal);
    let (index, owners) = (&annotated.inventory.index, wiring.registry.owners());
    let hash = plan.hash(index, owners, &groups.groups).to_string();
    let is_expected = request.expected_hash.as_ref().is_none_or(|expected| *expected == hash);
    durations.plan = Some(watch.lap());
    let unmade = Unmade::before_plan(&gathered.dropped, &adjusted.notes);
    let unmade = Unmade { unselected: gathered.has_idle_filter, ..unmade };
    let unmade = unmade.within(index, &settings.filter);
    let Gathered { views, seen, clusters: reports, mut notices, .. } = gathered;
    let mut outcomes = None;
    if request.mode == Mode::Apply && is_expected {
        match apply(wiring, request, &annotated, &groups, &seen).await {
            Ok(sent) => outcomes = Some(sent),
            Err(error) => return Err(Failed { error, clusters: reports, late: false }),
        }
        durations.apply = Some(watch.lap());
    }
    notices.extend(groups.mixed.iter().map(report::mixed));
    notices.extend(adjusted.notes.iter().map(report::adaptation));
    if revert.is_none() {
        notices.extend(report::of_absent_sources(&plan, &wiring.sources));
    }
    if annotated.inventory.zones.is_empty() && adjusted.endpoints.is_empty() {
        notices.push(no_zone());
    }
    let sent = if outcomes.is_some() { &*groups.groups } else { &[] };
    let context = Context {
        views: &views,
        clusters: reports,
        desired: &adjusted.endpoints,
        calls: Calls::since(&called, &*wiring.provider, &annotated, sent),
        unmade,
        notices,
        hash: Some(hash),
        expected_hash: request.expected_hash.clone(),
        ..Context::new(&wiring.provider_name, &annotated, &*wiring.registry)
    };
    let mut report = match outcomes {
        None => report::planned(context, &plan),
        Some(outcomes) => report::applied(context, &plan, &groups, outcomes),
    };
    report.run.durations = durations;
    Ok(report)
}

/// What was read, if that took no more than its part of the time.
pub(crate) async fn in_time<T>(
    request: &RunRequest,
    read: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    let reading = request.until.share(READING_SHARE);
    tokio::select! {
        biased;
        // What was read while nothing else could be done may have taken too long all the same.
        inputs = read => match inputs {
            Ok(_) if request.until.is_over() => Err(RunError::of_end(&request.until).into()),
            inputs => inputs.map_err(|failed| Failed {
                late: failed.late || reading.is_over(),
                ..failed
            }),
        },
        () = reading.over() => Err(RunError::of_end(&request.until).into()),
    }
}

/// A provider without zones is more often a mistake than what somebody wants.
fn no_zone() -> Notice {
    Notice {
        subject: "zones".to_owned(),
        message: "the provider has none that this run manages, so nothing is made; check \
                  --domain-filter, the other zone filters, and the account"
            .to_owned(),
    }
}

/// Everything that a plan is made of.
struct PlanInputs {
    gathered: Gathered,
    clusters: Clusters,
    annotated: Annotated,
    adjusted: Adjusted,
    revert: Option<Revert>,
}

/// Reads the zones, and what is to be undone.
async fn read_for_revert(wiring: &Wiring, report: &Document) -> Result<PlanInputs, Failed> {
    let inventory = wiring.provider.read().await.map_err(RunError::Read)?;
    let annotated = wiring.annotate(inventory).await?;
    let ours = Ours { owners: wiring.registry.owners(), clusters: &wiring.clusters };
    let mut revert = revert::revert(report, &annotated, ours);
    let endpoints = std::mem::take(&mut revert.endpoints);
    // The report says everything that is needed: no cluster is frozen because it was not read.
    let known = Reading::Complete { endpoints: endpoints.len().max(1) };
    let clusters = wiring.clusters.iter();
    let clusters = clusters.map(|own| Cluster::new(own.id, own.name.to_string(), known)).collect();
    Ok(PlanInputs {
        gathered: Gathered::default(),
        clusters: Clusters::new(clusters),
        annotated,
        adjusted: Adjusted { endpoints, notes: Vec::new() },
        revert: Some(revert),
    })
}

/// Reads the clusters and the zones, both at a time.
async fn read(
    wiring: &Wiring,
    request: &RunRequest,
    stdin: impl Read + Send,
) -> Result<PlanInputs, Failed> {
    if let Some(report) = &request.revert {
        return read_for_revert(wiring, report).await;
    }
    let until = request.until.share(CLUSTERS_SHARE);
    let (gathered, inventory) = tokio::join!(gather(wiring, stdin, &until), wiring.provider.read());
    let late = until.is_over();
    let mut gathered = gathered.map_err(|(error, clusters)| Failed { error, clusters, late })?;
    let fail = |error, gathered: &mut Gathered| Failed {
        error,
        clusters: std::mem::take(&mut gathered.clusters),
        late: false,
    };
    let inventory = match inventory {
        Ok(inventory) => inventory,
        Err(error) => return Err(fail(RunError::Read(error), &mut gathered)),
    };
    let mut annotated = match wiring.annotate(inventory).await {
        Ok(annotated) => annotated,
        Err(error) => return Err(fail(error, &mut gathered)),
    };
    if annotated.orphans().next().is_some() {
        let explained = annotated.set_explained_aside(wiring.registry.owners());
        gathered.notices.extend(report::explained(&explained));
    }
    let clusters = gathered.for_plan(wiring, Some(&annotated.inventory));
    let idle = gathered.idle_filters(wiring, &annotated.inventory);
    gathered.has_idle_filter = !idle.is_empty();
    gathered.notices.extend(idle);
    let desired = std::mem::take(&mut gathered.endpoints);
    match adjust(wiring, desired, &annotated.inventory.index).await {
        Ok(adjusted) => Ok(PlanInputs { gathered, clusters, annotated, adjusted, revert: None }),
        Err(error) => Err(fail(error, &mut gathered)),
    }
}

/// Why the provider would refuse to store a record set, if it would.
pub(crate) fn refusal(
    wiring: &Wiring,
) -> impl Fn(&RecordSet, Surroundings<'_>) -> Option<String> + '_ {
    |set, around| wiring.provider.refusal(set, around)
}

/// The settings of this one plan.
pub(crate) fn plan_settings(wiring: &Wiring, overrides: &Overrides) -> Settings {
    let mut settings = wiring.plan.clone();
    let allowed = overrides.allow_deletes.iter();
    settings.guard.allow_deletes.extend(allowed.map(|(zone_or_target, count)| Allowance {
        zone_or_target: zone_or_target.as_str().into(),
        count: *count,
    }));
    settings
}

/// What the provider makes of the desired endpoints. An address that asks for an alias of its own
/// family is an alias, whatever the provider.
pub(crate) async fn adjust(
    wiring: &Wiring,
    desired: Vec<Endpoint>,
    zones: &ZoneIndex,
) -> Result<Adjusted, RunError> {
    let adjusted = wiring.provider.adjust(desired, zones).await;
    let mut adjusted = adjusted.map_err(RunError::Adjust)?;
    for endpoint in &mut adjusted.endpoints {
        let own_family = endpoint.set.rtype.is_address()
            && endpoint.set.properties().get(property_names::ALIAS)
                == endpoint.set.rtype.known_text();
        if own_family {
            endpoint.set.edit_properties(|own| own.set(property_names::ALIAS, "true"));
        }
    }
    Ok(adjusted)
}

/// Measures one part of a run after the other.
struct Stopwatch(Instant);

impl Stopwatch {
    fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the last call.
    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now.duration_since(std::mem::replace(&mut self.0, now))
    }
}
