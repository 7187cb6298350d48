//! The command line program, but for what only a process can do: its arguments, its streams, its
//! signals, its exit.

mod output;

use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::pin;

use futures::FutureExt as _;
use futures::future::{BoxFuture, OptionFuture};

use crate::repeat::repeat;
use crate::report::{FailureKind, Report};
use crate::settings::{
    self, Arguments, Command, ConfigAction, Environment, Request, SettingsError, load, resolve,
};
use crate::stdin::Input;
use crate::{
    Deadline, ExitCode, Mode, RunRequest, Wiring, doctor, explain, gc, logging, moving, ownership,
    panics, progress, rbac, relay, run, webhook_server,
};

pub use output::Streams;
use output::{Unstored, can_write_files, print, show, store};

/// Does what the arguments ask for.
pub async fn main(environment: &Environment, streams: Streams<'_>) -> ExitCode {
    panics::catch_panics();
    let done = AssertUnwindSafe(answer(environment, streams)).catch_unwind().await;
    match panics::take_panic() {
        Some(problem) => {
            panics::log_problem(&problem);
            ExitCode::Failed
        }
        None => done.unwrap_or(ExitCode::Failed),
    }
}

async fn answer(environment: &Environment, mut streams: Streams<'_>) -> ExitCode {
    let resolved = match load(environment.clone(), &mut *streams.input).await {
        Ok(environment) => resolve(&environment).map(|request| (request, environment)),
        Err(error) => Err(error),
    };
    match resolved {
        Ok((Request::Show(text), _)) => print(&mut streams, &text, ExitCode::Success),
        Ok((Request::Run(arguments), environment)) => {
            start(&arguments, &environment, streams).await
        }
        Err(error) => {
            logging::start(Default::default(), Default::default());
            tracing::error!("flag parsing error: {error}");
            ExitCode::Configuration
        }
    }
}

/// Does the work, and makes its time over as soon as the process is told to stop.
async fn start(
    arguments: &Arguments,
    environment: &Environment,
    mut streams: Streams<'_>,
) -> ExitCode {
    logging::start(arguments.process.log_format, arguments.process.log_level);
    let (until, stopper) = Deadline::of_timeout(arguments.process.timeout).stoppable();
    let stop = std::mem::replace(&mut streams.stop, Box::pin(std::future::pending()));
    if arguments.command == Command::Relay {
        return serve(arguments, environment, stop).await;
    }
    if arguments.command == Command::Once && arguments.providers.webhook_server.webhook_server {
        return match webhook_server::serve(arguments, environment, stop).await {
            Ok(code) => code,
            Err(error) => refuse(arguments, &error),
        };
    }
    if arguments.command == Command::Once && !arguments.process.once {
        return go_on(arguments, environment, streams, stop).await;
    }
    let mut stop = pin!(stop.fuse());
    // Boxed: its type is too deep for those of callers to be laid out.
    let mut work = Box::pin(work(arguments, environment, streams, until));
    loop {
        tokio::select! {
            biased;
            code = &mut work => return code,
            () = &mut stop => {
                tracing::warn!("told to stop: no further call is begun");
                stopper.stop();
            }
        }
    }
}

async fn work(
    arguments: &Arguments,
    environment: &Environment,
    mut streams: Streams<'_>,
    until: Deadline,
) -> ExitCode {
    if let Command::Config { action } = arguments.command {
        return look_at_settings(arguments, environment, action, streams).await;
    }
    if arguments.command == Command::Rbac {
        return match rbac::rbac(arguments).await {
            Ok(manifests) => print(&mut streams, &manifests, ExitCode::Success),
            Err(error) => refuse(arguments, &error),
        };
    }
    if let Command::Import { files } = &arguments.command {
        return match moving::import(files, arguments.commands.zone.as_deref()) {
            Ok(manifests) => print(&mut streams, &manifests, ExitCode::Success),
            Err(error) => fail_without_report(&error),
        };
    }
    let input = input(arguments, &mut streams);
    if arguments.command == Command::Doctor {
        let examined = async { doctor::examine(arguments, environment, input.await).await };
        let Some(diagnosis) = in_time(&until, examined).await else { return ExitCode::Failed };
        return print(&mut streams, &doctor::render(&diagnosis), diagnosis.exit_code());
    }
    let wired = in_time(&until, Wiring::new(arguments, environment)).await;
    let mut wiring = match wired {
        Some(Ok(wiring)) => wiring,
        Some(Err(error)) => return refuse(arguments, &error),
        None => return fail(arguments, FailureKind::Deadline, too_late(&until).to_owned()),
    };
    if arguments.command == Command::Dump {
        let form = arguments.commands.dump_as.unwrap_or_default();
        return match in_time(&until, Box::pin(moving::dump(&wiring, form))).await {
            Some(Ok(text)) => print(&mut streams, &text, ExitCode::Success),
            Some(Err(error)) => fail_without_report(&error),
            None => ExitCode::Failed,
        };
    }
    if let Command::Explain { name } = &arguments.command {
        let explained = async {
            wiring.input = input.await;
            explain::explain(&wiring, name).await
        };
        let Some(explanations) = in_time(&until, explained).await else { return ExitCode::Failed };
        let known = explanations.iter().all(|explanation| explanation.gaps.is_empty());
        let code = if known { ExitCode::Success } else { ExitCode::Failed };
        return print(&mut streams, &explain::render(&explanations), code);
    }
    let request = match RunRequest::of(arguments) {
        Ok(request) => RunRequest { until, ..request },
        Err(error) => return refuse(arguments, &error),
    };
    if !can_write_files(&arguments.commands) {
        // What can be written tells of a run that failed.
        let problem =
            "a file of --report, --metrics-file or --out cannot be written; nothing is changed";
        return fail(arguments, FailureKind::Other, problem.to_owned());
    }
    if arguments.command == Command::Once && request.mode == Mode::Plan {
        tracing::info!("running in dry-run mode. No changes to DNS records will be made.");
    }
    // The commands that read no cluster do not wait for it.
    if arguments.command.reads_clusters() && request.revert.is_none() {
        wiring.input = Input::in_time(input, &request.until).await;
    }
    let report = carry_out(arguments, &wiring, request, streams.watched).await;
    let code = match (store(arguments, &report), arguments.commands.detailed_exitcode) {
        (Err(Unstored), _) => ExitCode::Failed,
        (Ok(()), true) => report.detailed_exit_code(),
        (Ok(()), false) => report.exit_code(),
    };
    show(&mut streams, arguments, environment, &report, code)
}

/// Makes one run after another until the process is told to stop.
async fn go_on(
    arguments: &Arguments,
    environment: &Environment,
    mut streams: Streams<'_>,
    stop: BoxFuture<'static, ()>,
) -> ExitCode {
    let flags = &arguments.commands;
    if flags.output.is_some() || flags.out.is_some() {
        let problem =
            "--output and --out show one run; add --once, or leave them out and see the log";
        return refuse(arguments, &SettingsError::Invalid(problem.to_owned()));
    }
    if !can_write_files(flags) {
        let problem = "a file of --report or --metrics-file cannot be written; nothing is changed";
        return fail(arguments, FailureKind::Other, problem.to_owned());
    }
    let input = input(arguments, &mut streams);
    // What could not be stored is in the log; the next run tries again.
    let stored = |report: &Report| drop(store(arguments, report));
    // Boxed: its type is too deep for those of callers to be laid out.
    match Box::pin(repeat(arguments, environment, input, stop, stored)).await {
        Ok(code) => code,
        Err(error) => refuse(arguments, &error),
    }
}

/// Takes calls until the process is told to stop.
async fn serve(
    arguments: &Arguments,
    environment: &Environment,
    stop: BoxFuture<'static, ()>,
) -> ExitCode {
    match relay::serve(arguments, environment, stop).await {
        Ok(()) => ExitCode::Success,
        Err(problem) => {
            tracing::error!("config validation failed: {problem}");
            ExitCode::Configuration
        }
    }
}

/// Checks or shows the settings. No cluster and no provider is asked.
async fn look_at_settings(
    arguments: &Arguments,
    environment: &Environment,
    action: ConfigAction,
    mut streams: Streams<'_>,
) -> ExitCode {
    if let Err(error) = Wiring::check(arguments, environment) {
        tracing::error!("config validation failed: {error}");
        return ExitCode::Configuration;
    }
    let text = match action {
        ConfigAction::Show => settings::show(arguments),
        ConfigAction::Check => {
            let (clusters, targets) = (&arguments.cluster_entries, &arguments.target_entries);
            let clusters: Vec<&str> = clusters.iter().map(|own| &*own.name).collect();
            let targets: Vec<&str> = targets.iter().map(|own| &*own.name).collect();
            format!(
                "the settings can be used\nclusters: {}\ntargets: {}\n",
                clusters.join(", "),
                targets.join(", ")
            )
        }
    };
    print(&mut streams, &text, ExitCode::Success)
}

/// Standard input, where the manifests name it.
fn input(
    arguments: &Arguments,
    streams: &mut Streams<'_>,
) -> impl Future<Output = Input> + Send + use<> {
    let is_read = arguments.reads_input();
    let from = is_read.then(|| std::mem::replace(&mut streams.input, Box::new(io::empty())));
    async move {
        match from {
            Some(from) => Input::read(from).await,
            None => Input::default(),
        }
    }
}

fn too_late(until: &Deadline) -> &'static str {
    if until.is_stopped() {
        "the run was told to stop before everything was looked at; nothing is changed"
    } else {
        "the time (--timeout) was over before everything was looked at; nothing is changed"
    }
}

/// What is done, if that takes no longer than the time that there is.
async fn in_time<T>(until: &Deadline, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = until.over() => {
            tracing::error!("{}", too_late(until));
            None
        }
    }
}

/// Settings that cannot be used are a run that failed, so that no report of an earlier run is taken
/// for its own.
fn refuse(arguments: &Arguments, error: &dyn std::error::Error) -> ExitCode {
    let error = format!("config validation failed: {error}");
    tracing::error!("{error}");
    fail(arguments, FailureKind::Configuration, error)
}

/// A command that is no run failed.
fn fail_without_report(error: &dyn std::error::Error) -> ExitCode {
    tracing::error!("{error}");
    ExitCode::Failed
}

/// A run that failed before it began; the log says so already.
fn fail(arguments: &Arguments, kind: FailureKind, problem: String) -> ExitCode {
    let report = Report::of_failure(kind, problem);
    store(arguments, &report).map_or(ExitCode::Failed, |()| report.exit_code())
}

/// Makes the run. A panic makes it a run that failed.
async fn carry_out(
    arguments: &Arguments,
    wiring: &Wiring,
    request: RunRequest,
    watched: bool,
) -> Report {
    let work = async {
        match arguments.command {
            Command::Gc => gc::collect(wiring, &request).await,
            _ if arguments.command.changes_ownership() => {
                ownership::change(wiring, &request, arguments).await
            }
            _ => run(wiring, &request).await,
        }
    };
    let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
    let mut progress = pin!(OptionFuture::from(watched.then(|| progress::show(wiring))).fuse());
    let report = loop {
        tokio::select! {
            biased;
            report = &mut work => break report,
            _ = &mut progress => {}
        }
    };
    let mut report = report.unwrap_or_default();
    if let Some(problem) = panics::take_panic() {
        report.fail(FailureKind::Other, problem);
    }
    report
}
