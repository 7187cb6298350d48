//! One run: read the clusters, and for each target its zones; plan, and, if it is an apply, write.

use std::sync::Arc;

use extdns_model::Name;
use extdns_plan::Allowance;
use futures::FutureExt as _;
use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;

use crate::attempt::{Done, Failed, Stopwatch};
use crate::events::Events;
use crate::gather::{Gathered, gather};
use crate::permit::permit;
use crate::report::{self, Part, Report, Requests, RunFailure, Scope, TargetReport};
use crate::request::{Mode, RunRequest};
use crate::status;
use crate::target::{self, Gathering};
use crate::turn::{self, Turn};
use crate::wiring::{Target, Wiring};

/// How much of a run's time the clusters may take: one that hangs counts as failed by then, and the run goes
/// on with what the others say.
const CLUSTERS_SHARE: f64 = 0.6;

/// Targets that are worked on at a time: each holds the records of its zones.
const TARGETS_AT_ONCE: usize = 4;

/// Runs once. Whatever could not be read in full is not deleted from; where nothing could be read
/// in full, or the list of zones is not complete, nothing is written at all. There is always a
/// report: the report of a failed run says why it failed, and what was known by then. A target that
/// fails does not stop the others.
pub async fn run(wiring: &Wiring, request: &RunRequest) -> Report {
    // Boxed: its type is too deep for those of callers to be laid out.
    let report = Box::pin(report_attempt(request, attempt(wiring, request))).await;
    if !report.planned_only {
        // Boxed: it is rare, and large.
        Box::pin(wiring.outlets.tell(&report)).await;
    }
    report
}

/// The report of an attempt: when it was, and by what.
pub(crate) async fn report_attempt(
    request: &RunRequest,
    attempt: impl Future<Output = Report>,
) -> Report {
    let started = Timestamp::now();
    let requests = extdns_auth::request_times();
    let mut report = attempt.await;
    report.planned_only = request.mode == Mode::Plan;
    report.run.version = env!("CARGO_PKG_VERSION").to_owned();
    report.run.started = Some(started);
    report.run.finished = Some(Timestamp::now());
    report.run.peak_memory = report::peak_memory();
    report.run.requests = Requests::since(&requests);
    report
}

async fn attempt(wiring: &Wiring, request: &RunRequest) -> Report {
    // Before anything is read: what is read is newer than what the last run wrote.
    let turns = turn::take(wiring, request).await;
    let until = request.until.share(CLUSTERS_SHARE);
    let gathering: Gathering<'_> = match &request.revert {
        // The report says everything that is needed.
        Some(_) => futures::future::ready(Ok(Arc::new(Gathered::default()))).boxed().shared(),
        None => {
            let gathering = async move { gather(wiring, &until).await };
            gathering.map(|done| done.map(Arc::new).map_err(Arc::new)).boxed().shared()
        }
    };
    let attempts = wiring.targets.iter().zip(turns).map(|(target, turn)| {
        let gathering = gathering.clone();
        // Boxed: there are several, and each is large.
        async move {
            let work = async |turn: &mut Turn<'_>| {
                target::attempt(wiring, target, request, gathering, turn).await
            };
            Box::pin(turn::within(turn, target, request, work)).await
        }
    });
    let mut attempts = stream::iter(attempts).buffered(TARGETS_AT_ONCE).collect::<Vec<_>>().await;
    let gathered = gathering.peek().and_then(|done| done.as_ref().ok()).cloned();
    drop(gathering);
    let has_applied = attempts.iter().flatten().any(|done| done.has_applied);
    let mut watch = Stopwatch::start();
    let mut wrote_statuses = false;
    if let (Some(permit), Some(gathered)) = (permit(request), &gathered) {
        if has_applied {
            // Whether or not anything had to change.
            wrote_statuses = gathered.seen.iter().any(|own| !own.updates.is_empty());
            status::write(&permit, &gathered.seen, &request.until).await;
        }
        let events = events_of(&mut attempts);
        events.make(&permit, &gathered.seen, &request.until).await;
    }
    let mut report = join(wiring, request, attempts, gathered.as_deref());
    report.wrote_statuses = wrote_statuses;
    if let Some(apply) = &mut report.run.durations.apply {
        *apply += watch.lap();
    }
    report
}

/// What the objects are to be told of all targets.
fn events_of(attempts: &mut [Result<Done, Failed>]) -> Events {
    let mut all = Events::default();
    for attempt in attempts {
        let of_target = match attempt {
            Ok(done) => &mut done.events,
            Err(failed) => &mut failed.events,
        };
        all.absorb(std::mem::take(of_target));
    }
    all
}

/// The report of all targets.
pub(crate) fn join(
    wiring: &Wiring,
    request: &RunRequest,
    attempts: Vec<Result<Done, Failed>>,
    gathered: Option<&Gathered>,
) -> Report {
    let report = of_all(wiring, attempts, gathered);
    warn_of_unknown_allowances(wiring, request, &report);
    report
}

/// Warns of deletes that are allowed where there is nothing, unless the zones of some target are not known.
fn warn_of_unknown_allowances(wiring: &Wiring, request: &RunRequest, report: &Report) {
    let is_known = |own: &TargetReport| own.failure.is_none() && !own.zones.is_empty();
    if report.targets.len() < wiring.targets.len() || !report.targets.iter().all(is_known) {
        return;
    }
    let settings = wiring.targets.iter().map(|target| target.plan_settings(&request.overrides));
    let guards = settings.map(|own| own.guard).filter(|own| !own.disabled);
    let mut unknown: Vec<_> = guards.flat_map(|own| own.allow_deletes).collect();
    let zones = report.targets.iter().flat_map(|own| &own.zones);
    unknown.retain(|own| {
        !wiring.targets.iter().any(|target| own.zone_or_target == target.plan.guard.target)
            && !zones.clone().any(|zone| own.is_about(&Name::as_listed(&zone.zone), &zone.id))
    });
    unknown.dedup();
    for Allowance { zone_or_target, .. } in unknown {
        tracing::warn!(
            "--allow-deletes={zone_or_target}: there is no such zone or target; it allows nothing"
        );
    }
}

fn of_all(
    wiring: &Wiring,
    attempts: Vec<Result<Done, Failed>>,
    gathered: Option<&Gathered>,
) -> Report {
    if !wiring.has_several_targets() {
        let single = attempts.into_iter().next().unwrap_or_else(|| Ok(Done::default()));
        return single.map_or_else(of_failure, |done| done.report);
    }
    let part = |(target, attempt): (&Target, Result<Done, Failed>)| match attempt {
        Ok(Done { report, shared_notices, unrouted, dropped, .. }) => {
            let scope =
                Scope { filter: target.plan.filter.clone(), clusters: target.clusters.clone() };
            Part { report, shared_notices, unrouted, dropped, scope }
        }
        Err(failed) => {
            let (kind, message) = (failed.kind(), failed.error.to_string());
            let failure = RunFailure { kind, message, is_hard: failed.error.is_hard() };
            Part::of_failure(&target.name, failure, failed.clusters)
        }
    };
    let parts = wiring.targets.iter().zip(attempts).map(part).collect();
    let nothing = Gathered::default();
    let gathered = gathered.unwrap_or(&nothing);
    report::join(parts, &gathered.dropped, &gathered.unmatched)
}

fn of_failure(failed: Failed) -> Report {
    let (kind, message) = (failed.kind(), failed.error.to_string());
    let failure = Some(RunFailure { kind, message, is_hard: failed.error.is_hard() });
    Report { clusters: failed.clusters, failure, ..Report::default() }
}
