//! Where the report goes: files, the log, standard output.

use std::future::Future;
use std::io::{self, Read, Write};
use std::path::Path;
use std::pin::Pin;

use extdns_auth::secrets::redact;

use crate::report::{
    Palette, Report, Screen, render_html, render_json, render_markdown, render_metrics, render_text,
};
use crate::settings::{Arguments, CommandArgs, Environment, Output};
use crate::{ExitCode, files};

/// What the process gives the program.
pub struct Streams<'a> {
    /// Where plans and help go.
    pub output: &'a mut (dyn Write + Send),
    /// Whether that is a terminal.
    pub terminal: bool,
    /// The columns of that terminal, where they are known.
    pub width: Option<usize>,
    /// Whether standard error is a terminal, so that long work shows its progress there.
    pub watched: bool,
    /// What `-` among the manifests stands for.
    pub input: Box<dyn Read + Send>,
    /// Resolves when the process is told to stop (SIGTERM): the run's time is over then.
    pub stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Whether all files of the flags can be written afterwards; else the log says which cannot.
pub(super) fn can_write_files(flags: &CommandArgs) -> bool {
    let files = [&flags.report, &flags.metrics_file, &flags.out];
    if files.into_iter().flatten().all(|path| files::check(path).is_ok()) {
        return true;
    }
    if let Some(path) = &flags.out
        && let Err(error) = files::check(path)
    {
        tracing::error!("failed to write {} of --out: {error}", path.display());
    }
    false
}

/// Something could not be stored; it is logged.
pub(super) struct Unstored;

/// Stores the report and the metrics where the flags say so.
pub(super) fn store(arguments: &Arguments, report: &Report) -> Result<(), Unstored> {
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
pub(super) fn show(
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
    let width = streams.width.filter(|_| terminal);
    let text = match flags.output.unwrap_or(Output::Text) {
        Output::Text => render_text(report, Screen { palette, width }),
        Output::Json => render_json(report),
        Output::Markdown => render_markdown(report),
        Output::Html => render_html(report),
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
pub(super) fn print(streams: &mut Streams<'_>, text: &str, code: ExitCode) -> ExitCode {
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
