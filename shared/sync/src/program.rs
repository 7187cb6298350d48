//! The command line program, but for what only a process can do: its arguments, its streams, its
//! exit.

use std::io::{self, Read, Write};

use crate::report::{Palette, Report, Summary, render_text};
use crate::settings::{Arguments, Environment, Request, resolve};
use crate::wiring::{Mode, Wiring};
use crate::{ExitCode, logging, run};

/// What the process gives the program.
pub struct Streams<'a> {
    /// Where plans and help go.
    pub output: &'a mut (dyn Write + Send),
    /// Whether that is a terminal.
    pub terminal: bool,
    /// What `-` among the manifests stands for.
    pub input: &'a mut (dyn Read + Send),
}

/// Does what the arguments ask for.
pub async fn main(environment: &Environment, mut streams: Streams<'_>) -> ExitCode {
    match resolve(environment) {
        Ok(Request::Show(text)) => print(&mut streams, &text, ExitCode::Success),
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
    if !arguments.process.once {
        tracing::error!(
            "the loop is not there yet: give --once, and let a CronJob or a timer repeat it"
        );
        return ExitCode::Configuration;
    }
    let wiring = match Wiring::new(arguments, environment).await {
        Ok(wiring) => wiring,
        Err(error) => {
            tracing::error!("config validation failed: {error}");
            return ExitCode::Configuration;
        }
    };
    if wiring.mode == Mode::Plan {
        tracing::info!("running in dry-run mode. No changes to DNS records will be made.");
    }
    let report = match run(&wiring, &mut streams.input).await {
        Ok(report) => report,
        Err(error) => {
            tracing::error!("{error}");
            return ExitCode::Failed;
        }
    };
    let code = Summary::of(&report).exit_code();
    show(&mut streams, environment, &report, code)
}

/// Shows each change once: on a terminal as a table; a plan as a table anywhere, since that is what
/// a dry run is for; else as log lines.
fn show(
    streams: &mut Streams<'_>,
    environment: &Environment,
    report: &Report,
    code: ExitCode,
) -> ExitCode {
    if !report.planned_only && !streams.terminal {
        report.log();
        return code;
    }
    // https://no-color.org: set and not empty.
    let colourless = environment.variables.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    let palette = if streams.terminal && !colourless { Palette::Ansi } else { Palette::Plain };
    print(streams, &render_text(report, palette), code)
}

/// Prints, and ends quietly where nobody reads any more.
fn print(streams: &mut Streams<'_>, text: &str, code: ExitCode) -> ExitCode {
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
