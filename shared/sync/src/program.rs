//! The command line program, but for what only a process can do: its arguments, its streams, its
//! signals, its exit.

use std::future::Future;
use std::io::{self, Read, Write};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::pin::{Pin, pin};

use extdns_auth::secrets::redact;
use futures::FutureExt as _;
use futures::future::OptionFuture;

use crate::report::{
    FailureKind, Palette, Report, render_json, render_markdown, render_metrics, render_text,
};
use crate::settings::{
    self, Arguments, Command, ConfigAction, Environment, Output, Request, load, resolve,
};
use crate::stdin::Input;
use crate::{
    Deadline, ExitCode, Mode, RunRequest, Wiring, doctor, explain, files, gc, logging, ownership,
    panics, progress, rbac, run,
};

/// What the process gives the program.
pub struct Streams<'a> {
    /// Where plans and help go.
    pub output: &'a mut (dyn Write + Send),
    /// Whether that is a terminal.
    pub terminal: bool,
    /// Whether standard error is a terminal, so that long work shows its progress there.
    pub watched: bool,
    /// What `-` among the manifests stands for.
    pub input: Box<dyn Read + Send>,
    /// Resolves when the process is told to stop (SIGTERM): the run's time is over then.
    pub stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

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
    if arguments.command == Command::Once && !arguments.process.once {
        tracing::error!(
            "the loop is not there yet: give --once, and let a CronJob or a timer repeat it"
        );
        return ExitCode::Configuration;
    }
    if let Command::Config { action } = arguments.command {
        return look_at_settings(arguments, environment, action, streams).await;
    }
    if arguments.command == Command::Rbac {
        return match rbac::rbac(arguments).await {
            Ok(manifests) => print(&mut streams, &manifests, ExitCode::Success),
            Err(error) => refuse(arguments, &error),
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
    if let Some(code) = refuse_files(arguments) {
        return code;
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

/// Says before anything is changed that a file could not be written afterwards. What can be written
/// tells of a run that failed.
fn refuse_files(arguments: &Arguments) -> Option<ExitCode> {
    let flags = &arguments.commands;
    let files = [&flags.report, &flags.metrics_file, &flags.out];
    if files.into_iter().flatten().all(|path| files::check(path).is_ok()) {
        return None;
    }
    if let Some(path) = &flags.out
        && let Err(error) = files::check(path)
    {
        tracing::error!("failed to write {} of --out: {error}", path.display());
    }
    let problem =
        "a file of --report, --metrics-file or --out cannot be written; nothing is changed";
    Some(fail(arguments, FailureKind::Other, problem.to_owned()))
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

/// Something could not be stored; it is logged.
struct Unstored;

/// Stores the report and the metrics where the flags say so.
fn store(arguments: &Arguments, report: &Report) -> Result<(), Unstored> {
    let flags = &arguments.commands;
    let mut result = Ok(());
    let mut write = |path: &Path, flag: &str, text: String| {
        if let Err(error) = files::write(path, &redact(&text)) {
            tracing::error!("failed to write {} of --{flag}: {error}", path.display());
            result = Err(Unstored);
        }
    };
    if let Some(path) = &flags.report {
        write(path, "report", render_json(report));
    }
    if let Some(path) = &flags.metrics_file {
        write(path, "metrics-file", render_metrics(report));
    }
    result
}

/// Shows each change once: as the flags say; without them on a terminal as a table; a plan as a
/// table anywhere, since that is what it is for; else as log lines. Why a run failed is always in
/// the log.
fn show(
    streams: &mut Streams<'_>,
    arguments: &Arguments,
    environment: &Environment,
    report: &Report,
    code: ExitCode,
) -> ExitCode {
    let flags = &arguments.commands;
    let asked = flags.output.is_some() || flags.out.is_some();
    let failed = report.first_failure().is_some();
    let as_log = failed || !asked && !report.planned_only && !streams.terminal;
    if as_log {
        report.log();
    }
    if as_log && !asked {
        return code;
    }
    let terminal = streams.terminal && flags.out.is_none();
    // https://no-color.org: set and not empty.
    let colourless = environment.variables.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    let palette = if terminal && !colourless { Palette::Ansi } else { Palette::Plain };
    let text = match flags.output.unwrap_or(Output::Text) {
        Output::Text => render_text(report, palette),
        Output::Json => render_json(report),
        Output::Markdown => render_markdown(report),
    };
    let Some(path) = &flags.out else { return print(streams, &text, code) };
    match files::write(path, &redact(&text)) {
        Ok(()) => code,
        Err(error) => {
            tracing::error!("failed to write {} of --out: {error}", path.display());
            ExitCode::Failed
        }
    }
}

/// Prints; a reader that has closed the pipe is no error.
fn print(streams: &mut Streams<'_>, text: &str, code: ExitCode) -> ExitCode {
    let text = redact(text);
    let written = streams.output.write_all(text.as_bytes()).and_then(|()| streams.output.flush());
    match written {
        Ok(()) => code,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => code,
        Err(error) => {
            tracing::error!("failed to print to standard output: {error}");
            ExitCode::Failed
        }
    }
}
