//! The command line program, but for what only a process can do: its arguments, its streams, its
//! signals, its exit.

use std::future::Future;
use std::io::{self, Read, Write};
use std::path::Path;
use std::pin::{Pin, pin};

use futures::future::OptionFuture;

use crate::report::{
    FailureKind, Palette, Report, render_json, render_markdown, render_metrics, render_text,
};
use crate::settings::{Arguments, Command, Environment, Output, Request, resolve};
use crate::{ExitCode, Mode, RunRequest, Wiring, doctor, explain, gc, logging, progress, run};

/// What the process gives the program.
pub struct Streams<'a> {
    /// Where plans and help go.
    pub output: &'a mut (dyn Write + Send),
    /// Whether that is a terminal.
    pub terminal: bool,
    /// Whether somebody waits at standard error, so that long work shows its progress there.
    pub watched: bool,
    /// What `-` among the manifests stands for.
    pub input: &'a mut (dyn Read + Send),
    /// Resolves when the process is told to stop (SIGTERM): the run's time is over then.
    pub stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Does what the arguments ask for.
pub async fn main(environment: &Environment, mut streams: Streams<'_>) -> ExitCode {
    match resolve(environment) {
        Ok(Request::Show(text)) => print(&mut streams, text.as_bytes(), ExitCode::Success),
        Ok(Request::Run(arguments)) => start(&arguments, environment, streams).await,
        Err(error) => {
            logging::start(Default::default(), Default::default());
            tracing::error!("flag parsing error: {error}");
            ExitCode::Configuration
        }
    }
}

async fn start(
    arguments: &Arguments,
    environment: &Environment,
    mut streams: Streams<'_>,
) -> ExitCode {
    logging::start(arguments.process.log_format, arguments.process.log_level);
    if arguments.command == Command::Once && !arguments.process.once {
        tracing::error!(
            "the loop is not there yet: give --once, and let a CronJob or a timer repeat it"
        );
        return ExitCode::Configuration;
    }
    if arguments.command == Command::Doctor {
        let diagnosis = doctor::examine(arguments, environment, &mut streams.input).await;
        let text = doctor::render(&diagnosis);
        return print(&mut streams, text.as_bytes(), diagnosis.exit_code());
    }
    let wiring = match Wiring::new(arguments, environment).await {
        Ok(wiring) => wiring,
        Err(error) => return refuse(arguments, &error),
    };
    if let Command::Explain { name } = &arguments.command {
        let explanation = explain::explain(&wiring, name, &mut streams.input).await;
        let text = explain::render(&explanation);
        let known = explanation.gaps.is_empty();
        let code = if known { ExitCode::Success } else { ExitCode::Failed };
        return print(&mut streams, text.as_bytes(), code);
    }
    let request = match RunRequest::of(arguments) {
        Ok(request) => request,
        Err(error) => return refuse(arguments, &error),
    };
    if arguments.command == Command::Once && request.mode == Mode::Plan {
        tracing::info!("running in dry-run mode. No changes to DNS records will be made.");
    }
    let report = carry_out(arguments, &wiring, request, &mut streams).await;
    let code = match (store(arguments, &report), arguments.commands.detailed_exitcode) {
        (Err(Unstored), _) => ExitCode::Failed,
        (Ok(()), true) => report.detailed_exit_code(),
        (Ok(()), false) => report.exit_code(),
    };
    show(&mut streams, arguments, environment, &report, code)
}

/// Settings that cannot be used are a run that failed, so that no report of an earlier run is taken
/// for its own.
fn refuse(arguments: &Arguments, error: &dyn std::error::Error) -> ExitCode {
    let error = format!("config validation failed: {error}");
    tracing::error!("{error}");
    let report = Report::of_failure(FailureKind::Configuration, error);
    store(arguments, &report).map_or(ExitCode::Failed, |()| ExitCode::Configuration)
}

/// Makes the run, and its time over as soon as the process is told to stop.
async fn carry_out(
    arguments: &Arguments,
    wiring: &Wiring,
    mut request: RunRequest,
    streams: &mut Streams<'_>,
) -> Report {
    let (until, stopper) = request.until.stoppable();
    request.until = until;
    let Streams { input, stop, watched, .. } = streams;
    let work = async {
        match arguments.command {
            Command::Gc => gc::collect(wiring, &request).await,
            _ => run(wiring, &request, input).await,
        }
    };
    let mut work = pin!(work);
    let mut progress = pin!(OptionFuture::from(watched.then(|| progress::show(wiring))));
    let (mut stopped, mut progressed) = (false, false);
    loop {
        tokio::select! {
            biased;
            report = &mut work => return report,
            () = &mut *stop, if !stopped => {
                stopped = true;
                tracing::warn!("told to stop: no further call is begun");
                stopper.stop();
            }
            _ = &mut progress, if !progressed => progressed = true,
        }
    }
}

/// Something could not be stored; it is logged.
struct Unstored;

/// Stores the report and the metrics where the flags say so.
fn store(arguments: &Arguments, report: &Report) -> Result<(), Unstored> {
    let flags = &arguments.commands;
    let mut result = Ok(());
    let mut write = |path: &Path, flag: &str, text: String| {
        if let Err(error) = replace(path, text.as_bytes()) {
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

/// Writes a file beside its place and moves it there, so that nobody reads half of it.
fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let written = std::fs::write(&new, contents).and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        // What could not be written whole is of no use; that it is gone is no news.
        let _ = std::fs::remove_file(&new);
    }
    written
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
    let failed = report.failure.is_some();
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
    let Some(path) = &flags.out else { return print(streams, text.as_bytes(), code) };
    match replace(path, text.as_bytes()) {
        Ok(()) => code,
        Err(error) => {
            tracing::error!("failed to write {} of --out: {error}", path.display());
            ExitCode::Failed
        }
    }
}

/// Prints, and ends quietly where nobody reads any more.
fn print(streams: &mut Streams<'_>, text: &[u8], code: ExitCode) -> ExitCode {
    let written = streams.output.write_all(text).and_then(|()| streams.output.flush());
    match written {
        Ok(()) => code,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => code,
        Err(error) => {
            tracing::error!("failed to print to standard output: {error}");
            ExitCode::Failed
        }
    }
}
