//! The loop: one run after another in one process, as upstream runs without `--once`.
//!
//! A run is the same function as ever. What lasts from one to the next are the connections to the clusters with their
//! lists, which watches keep current, the providers, and the metrics.

pub(crate) mod exposed;
mod idle;
mod schedule;

use std::sync::{Arc, Mutex, PoisonError};

use extdns_clusters::Changes;
use futures::FutureExt as _;
use futures::future::{BoxFuture, OptionFuture};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::report::{Metrics, Report};
use crate::rounds::{Rounds, Stop};
use crate::settings::{Arguments, Environment, SettingsError, TargetEntry};
use crate::stdin::Input;
use crate::wiring::Watching;
use crate::{ExitCode, Mode, RunRequest};

use idle::{Idle, Outlook};
use schedule::Schedule;

/// What a run was, as far as the loop is concerned.
enum Ended {
    /// It did what it was to do.
    Well,
    /// The next one may do better: why.
    Soft(String),
    /// The next one would fail the same way: why.
    Hard(String),
}

/// Runs until the process is told to stop, or a run fails in a way that another one would, too. `stored` is given the
/// report of each run; it logs what it cannot do.
///
/// # Errors
/// The first setting that cannot be used.
pub(crate) async fn repeat(
    arguments: &Arguments,
    environment: &Environment,
    input: impl Future<Output = Input>,
    stop: BoxFuture<'static, ()>,
    stored: impl Fn(&Report),
) -> Result<ExitCode, SettingsError> {
    let stop = stop.shared();
    let is_cached = |own: &&TargetEntry| !own.arguments.providers.provider_cache_time.is_zero();
    let cached = arguments.target_entries.iter().filter(is_cached).count();
    let metrics = Metrics::with_cache(u64::try_from(cached).unwrap_or(u64::MAX));
    let metrics = Arc::new(Mutex::new(metrics));
    let address = &arguments.process.metrics_address;
    let serving = match exposed::open(address, Arc::clone(&metrics)).await {
        Ok(serving) => tokio::spawn(serving(stop.clone())),
        Err(error) => {
            tracing::error!("failed to listen on --metrics-address={address}: {error}");
            return Ok(ExitCode::Failed);
        }
    };
    let mut rounds = Rounds::new(arguments, environment).await?;
    if RunRequest::of(arguments)?.mode == Mode::Plan {
        tracing::info!("running in dry-run mode. No changes to DNS records will be made.");
    }
    tokio::select! {
        input = input => rounds.wiring.input = input,
        () = stop.clone() => {}
    }
    let watching = Watching::default();
    let changes = watching.changes().clone();
    rounds.wiring.watching = Some(watching);
    let process = &arguments.process;
    let mut schedule =
        Schedule::new(process.interval, process.min_event_sync_interval, Instant::now());
    let mut idle = Idle::new(arguments);
    let code = loop {
        let asked = process.events.then_some(&changes);
        if !is_due(&mut schedule, stop.clone(), asked).await {
            break ExitCode::Success;
        }
        let began = Instant::now();
        schedule.begin(began);
        if is_left_out(began, &mut idle, &rounds, &stop, &metrics, &stored).await {
            continue;
        }
        let seen = changes.number();
        let report = rounds.run(stop.clone()).await;
        report.log();
        stored(&report);
        let ended = match stop.peek() {
            // What it could not do in time is no failure of it.
            Some(()) => Ended::Well,
            None => Ended::of(&report),
        };
        let soft_errors = {
            let mut metrics = metrics.lock().unwrap_or_else(PoisonError::into_inner);
            metrics.observe(&report, !matches!(ended, Ended::Well));
            metrics.soft_errors()
        };
        let is_done = matches!(ended, Ended::Well) && report.exit_code() == ExitCode::Success;
        idle.ended(began, seen, is_done, report);
        match ended {
            Ended::Well => {}
            Ended::Soft(why) => {
                tracing::error!(
                    "Failed to do run once: {why} (consecutive soft errors: {soft_errors})"
                );
            }
            Ended::Hard(why) => {
                tracing::error!("failed to do run once: {why}");
                break ExitCode::Failed;
            }
        }
    };
    if code == ExitCode::Success {
        tracing::info!("Received SIGTERM. Terminating...");
        // The views end their watches when they go.
        drop(rounds);
        tracing::info!("Terminating main controller loop");
    }
    serving.abort();
    Ok(code)
}

/// Waits until a run is due. `false` where the process is told to stop before.
async fn is_due(schedule: &mut Schedule, stop: Stop, changes: Option<&Changes>) -> bool {
    loop {
        let asked = OptionFuture::from(changes.map(Changes::asked));
        tokio::select! {
            biased;
            () = stop.clone() => return false,
            () = tokio::time::sleep_until(schedule.next()) => return true,
            Some(()) = asked => schedule.ask(Instant::now()),
        }
    }
}

/// Leaves a run out that would find nothing to do, where that is known.
async fn is_left_out(
    began: Instant,
    idle: &mut Idle,
    rounds: &Rounds,
    stop: &Stop,
    metrics: &Mutex<Metrics>,
    stored: &impl Fn(&Report),
) -> bool {
    let metrics = || metrics.lock().unwrap_or_else(PoisonError::into_inner);
    let outlook = |watching: &Watching| idle.outlook(began, &rounds.wiring, watching);
    match rounds.wiring.watching.as_ref().map_or(Outlook::Open, outlook) {
        Outlook::Idle => {
            tracing::debug!("no cluster has changed, and the records are taken for unchanged");
            metrics().observe_idle();
            true
        }
        Outlook::UpToZones => {
            let (started, requests) = (Timestamp::now(), extdns_auth::request_times());
            let is_same = rounds.finds_zones_as_read(stop.clone()).await;
            let Some(report) = is_same.then(|| idle.again(began, started, &requests)).flatten()
            else {
                return stop.peek().is_some();
            };
            tracing::debug!("neither a cluster nor a zone has changed since the last run");
            report.log();
            stored(report);
            metrics().observe(report, false);
            true
        }
        Outlook::Open => false,
    }
}

impl Ended {
    fn of(report: &Report) -> Self {
        match (report.first_failure(), report.exit_code()) {
            (Some(failure), _) if report.is_hard_failure() => Self::Hard(failure.message.clone()),
            (Some(failure), _) => Self::Soft(failure.message.clone()),
            (None, ExitCode::Partial) => Self::Soft("not everything was applied".to_owned()),
            (None, _) => Self::Well,
        }
    }
}
