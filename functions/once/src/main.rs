//! `external-dns`: the command line program and what a CronJob runs.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use extdns_sync::program::{self, Streams};
use extdns_sync::settings::Environment;
use tokio::signal::unix::{SignalKind, signal};

// One thread: a run waits for the network, and one thread needs the least memory.
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    let environment = Environment {
        arguments: std::env::args_os().skip(1).map(text).collect(),
        variables: std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect(),
        home: std::env::var_os("HOME").map(PathBuf::from),
    };
    let mut output = io::stdout();
    let streams = Streams {
        terminal: output.is_terminal(),
        watched: io::stderr().is_terminal(),
        output: &mut output,
        input: &mut io::stdin(),
        stop: Box::pin(told_to_stop()),
    };
    program::main(&environment, streams).await.number().into()
}

/// Flags and variables are text; what is not is replaced, and then refused by whoever reads it.
fn text(raw: std::ffi::OsString) -> String {
    raw.to_string_lossy().into_owned()
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
