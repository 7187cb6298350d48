//! The program when something in it breaks: a panic ends no run. In a process of its own, as it
//! changes what a panic does.

use std::io::{self, Read};
use std::path::Path;

use extdns_sync::ExitCode;
use extdns_sync::program::{self, Streams};
use extdns_sync::settings::Environment;
use serde_json::Value;

/// A standard input that is broken.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        panic!("broken with hunter2-of-the-panic")
    }
}

/// A standard output that is broken.
impl io::Write for Broken {
    fn write(&mut self, _text: &[u8]) -> io::Result<usize> {
        panic!("broken output")
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn run(words: &[&str], report: &Path, broken_output: bool) -> (ExitCode, String) {
    let report = format!("--report={}", report.display());
    let usual =
        ["--source=service", "--provider=inmemory", "--policy=sync", "--manifests=-", &report];
    let arguments = words.iter().chain(&usual).map(ToString::to_string).collect();
    let environment = Environment { arguments, ..Environment::default() };
    let (mut output, mut broken) = (Vec::new(), Broken);
    let streams = Streams {
        output: if broken_output { &mut broken } else { &mut output },
        terminal: false,
        width: None,
        watched: false,
        input: if broken_output { Box::new(io::empty()) } else { Box::new(Broken) },
        stop: Box::pin(std::future::pending()),
    };
    let code = program::main(&environment, streams).await;
    (code, String::from_utf8(output).expect("text"))
}

fn failure(report: &Path) -> Value {
    let text = std::fs::read_to_string(report).expect("a report");
    serde_json::from_str::<Value>(&text).expect("JSON")["failure"].clone()
}

#[tokio::test]
async fn a_panic_is_one_line_and_a_failed_run_with_a_report() {
    extdns_auth::secrets::register("hunter2-of-the-panic");
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.json");
    for command in ["plan", "apply", "--once"] {
        let (code, _) = run(&[command], &report, false).await;
        assert_eq!(code, ExitCode::Failed, "{command}");
        let failure = failure(&report);
        let message = failure["message"].as_str().expect("a message");
        assert!(
            message.contains("internal error, please report it: broken with [redacted]"),
            "{message}"
        );
        assert!(message.contains("program/main.rs:"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
        assert_eq!(failure["kind"], "other");
    }
    // One outside the run.
    let (code, _) = run(&["plan"], &report, true).await;
    assert_eq!(code, ExitCode::Failed);
}
