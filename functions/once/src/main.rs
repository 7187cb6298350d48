//! `external-dns`: the command line program and what a CronJob runs.

use std::io::{self, IsTerminal as _, Write as _};
use std::panic::catch_unwind;
use std::process::ExitCode;

use extdns_sync::program::{self, Streams};
use extdns_sync::settings::Environment;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    extdns_sync::catch_panics();
    // One thread: a run waits for the network, and one thread needs the least memory.
    let start = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Where it may open only a few files, it panics rather than fails.
    let problem = match catch_unwind(start) {
        Ok(Ok(runtime)) => return work(runtime),
        Ok(Err(error)) => error.to_string(),
        Err(_) => extdns_sync::take_panic().unwrap_or_default(),
    };
    // Where that fails too, nobody can be told.
    let _ = writeln!(io::stderr(), "level=error msg=\"failed to start: {problem}\"");
    extdns_sync::ExitCode::Failed.number().into()
}

fn work(runtime: tokio::runtime::Runtime) -> ExitCode {
    let code = runtime.block_on(run());
    // A look-up of a name that hangs in a thread is not waited for.
    runtime.shutdown_background();
    code.number().into()
}

async fn run() -> extdns_sync::ExitCode {
    let environment = Environment::of(std::env::args_os().skip(1), std::env::vars_os());
    let mut output = io::stdout();
    let streams = Streams {
        terminal: output.is_terminal(),
        width: terminal_size::terminal_size_of(&output).map(|(width, _)| width.0.into()),
        watched: io::stderr().is_terminal(),
        output: &mut output,
        input: Box::new(io::stdin()),
        stop: Box::pin(told_to_stop()),
    };
    program::main(&environment, streams).await
}

/// Resolves when Kubernetes (SIGTERM) or somebody at a terminal (SIGINT) wants the process to end.
/// Further signals change nothing: what has been begun is ended first.
async fn told_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        // Without handlers the process ends as if there were none to install.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
