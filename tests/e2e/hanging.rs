//! A run ends although servers hang: with its time, or soon after it is asked to stop.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use extdns_testkit::http::{Reply, Request, ScriptedServer};
use extdns_testkit::route53::Route53Sim;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::program::{Bench, Run, example_cluster, external_dns, run};

/// The time that the runs have, and by when they are over on a busy machine.
const TIMEOUT: &str = "--timeout=2s";
const OVER: Duration = Duration::from_secs(6);

/// How long a run may go on after it was asked to stop: Kubernetes waits for 30 seconds.
const STOPPED: Duration = Duration::from_secs(10);

/// An answer that never comes.
fn never() -> Reply {
    Reply::new(200).held_until(Arc::new(Notify::new()))
}

/// A webhook provider that does not answer these requests.
fn webhook(hangs: &'static [(&'static str, &'static str)]) -> ScriptedServer {
    ScriptedServer::start(move |request: &Request| {
        let asked = (request.method.as_str(), request.path.as_str());
        if hangs.contains(&asked) {
            return never();
        }
        let body = match asked {
            ("GET", "/") => json!({ "include": ["example.org"] }),
            ("GET", "/records") => json!([]),
            ("POST", "/adjustendpoints") => request.json(),
            _ => return Reply::new(204),
        };
        Reply::new(200)
            .header("content-type", "application/external.dns.webhook+json;version=1")
            .body(body.to_string())
    })
}

fn with_webhook(bench: &Bench, command: &str, server: &ScriptedServer) -> Command {
    let mut program = external_dns(bench.path());
    program
        .args(command.split(' '))
        .args(["--source=service", "--provider=webhook", "--policy=sync", "--txt-owner-id=e2e"])
        .arg(format!("--webhook-provider-url={}", server.url()))
        .arg(format!("--manifests={}", example_cluster().display()))
        // More than the run has.
        .args(["--webhook-provider-read-timeout=5m", "--webhook-provider-write-timeout=5m"]);
    program
}

fn with_cluster(bench: &Bench, command: &str, server: &ScriptedServer) -> Command {
    let mut program = external_dns(bench.path());
    program
        .args(command.split(' '))
        .args(["--source=service", "--provider=inmemory", "--policy=sync", "--txt-owner-id=e2e"])
        .args(["--inmemory-zone=example.org", "--request-timeout=5m"])
        .arg(format!("--server={}", server.url()));
    program
}

/// Runs to the end, which has to come in time.
fn timed(command: &mut Command) -> Run {
    let begin = Instant::now();
    let run = run(command);
    assert!(begin.elapsed() < OVER, "{:?}: {run:?}", begin.elapsed());
    run
}

#[test]
fn a_run_ends_in_its_time_when_the_api_server_hangs() {
    let server = ScriptedServer::start(|_| never());
    let bench = Bench::new();
    let report = bench.path().join("report.json");
    for command in ["plan", "apply", "explain www.example.org", "doctor"] {
        let mut program = with_cluster(&bench, command, &server);
        if command == "apply" {
            program.arg(format!("--report={}", report.display()));
        }
        let run = timed(program.arg(TIMEOUT));
        assert_eq!(run.code, 1, "{command}: {run:?}");
        assert!(run.log.contains("time") && run.log.contains("over"), "{command}: {run:?}");
    }
    let report: Value =
        serde_json::from_slice(&std::fs::read(report).expect("a report")).expect("JSON");
    assert_eq!(report["exitCode"], 1, "{report}");
    let message = report["failure"]["message"].as_str().expect("a message");
    assert!(message.contains("the time of the run was over"), "{message}");
}

#[test]
fn a_run_ends_in_its_time_when_a_webhook_does_not_read_or_adjust() {
    let all: [&'static [(&str, &str)]; 3] =
        [&[("GET", "/")], &[("GET", "/records")], &[("POST", "/adjustendpoints")]];
    for hangs in all {
        let server = webhook(hangs);
        let bench = Bench::new();
        for command in ["plan", "apply"] {
            let run = timed(with_webhook(&bench, command, &server).arg(TIMEOUT));
            assert_eq!(run.code, 1, "{hangs:?} {command}: {run:?}");
        }
    }
}

#[test]
fn what_a_webhook_did_not_confirm_in_time_is_reported_as_unknown() {
    let server = webhook(&[("POST", "/records")]);
    let bench = Bench::new();
    let run = timed(with_webhook(&bench, "apply --output=json", &server).arg(TIMEOUT));
    assert_eq!(run.code, 3, "{run:?}");
    assert_unconfirmed(&run);
}

fn assert_unconfirmed(run: &Run) {
    let report: Value = serde_json::from_str(&run.out).expect("a report");
    let zones = report["targets"][0]["zones"].as_array().expect("zones");
    let changes = zones.iter().flat_map(|zone| zone["changes"].as_array().expect("changes"));
    let outcomes: Vec<&str> =
        changes.map(|change| change["outcome"].as_str().expect("a word")).collect();
    assert!(outcomes.contains(&"unknown"), "{outcomes:?}");
    assert!(
        outcomes.iter().all(|outcome| ["unknown", "deferred", "skipped"].contains(outcome)),
        "{outcomes:?}"
    );
}

#[test]
fn a_run_ends_in_its_time_when_route_53_hangs() {
    let sim = Route53Sim::start();
    sim.zone("example.org");
    sim.latency(Duration::from_secs(300));
    let bench = Bench::new();
    for command in ["plan", "apply", "gc", "doctor"] {
        let mut program = external_dns(bench.path());
        program
            .arg(command)
            .args(["--provider=aws", "--policy=sync", "--txt-owner-id=e2e", TIMEOUT])
            .env("AWS_ENDPOINT_URL", sim.url())
            .env("AWS_ACCESS_KEY_ID", "AKIATEST")
            .env("AWS_SECRET_ACCESS_KEY", "secret-of-aws");
        if command != "gc" {
            let manifests = format!("--manifests={}", example_cluster().display());
            program.args(["--source=service", &manifests]);
        }
        let run = timed(&mut program);
        assert_eq!(run.code, 1, "{command}: {run:?}");
    }
    assert_eq!(sim.writes(), 0);
}

#[test]
fn a_run_ends_in_its_time_when_nobody_ends_standard_input() {
    let bench = Bench::new();
    for command in ["plan", "explain www.example.org", "doctor"] {
        let mut program = external_dns(bench.path());
        program
            .args(command.split(' '))
            .args(["--source=service", "--provider=inmemory", "--policy=sync", "--manifests=-"])
            .arg(TIMEOUT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let begin = Instant::now();
        let mut child = program.spawn().expect("the program starts");
        let _open = child.stdin.take();
        let ended = child.wait_with_output().expect("the program ends");
        assert!(begin.elapsed() < OVER, "{command}");
        assert_eq!(ended.status.code(), Some(1), "{command}: {ended:?}");
    }
}

/// Tells the run to stop as soon as the server was asked for this; says how it ended.
fn stopped(mut command: Command, server: &ScriptedServer, asked: (&str, &str)) -> Run {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program starts");
    let begin = Instant::now();
    let is_asked = |request: &Request| (request.method.as_str(), request.path.as_str()) == asked;
    while !server.requests().iter().any(is_asked) {
        assert!(begin.elapsed() < Duration::from_secs(30), "{asked:?} is not asked for");
        std::thread::sleep(Duration::from_millis(10));
    }
    terminate(&child);
    let begin = Instant::now();
    let ended = child.wait_with_output().expect("the program ends");
    assert!(begin.elapsed() < STOPPED, "{:?}", begin.elapsed());
    Run {
        code: ended.status.code().expect("it ends by itself"),
        out: String::from_utf8(ended.stdout).expect("text"),
        log: String::from_utf8(ended.stderr).expect("text"),
    }
}

fn terminate(child: &Child) {
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(asked.expect("kill is there").success());
}

#[test]
fn sigterm_ends_a_run_that_reads_from_a_server_that_hangs() {
    let server = ScriptedServer::start(|_| never());
    let bench = Bench::new();
    let command = with_cluster(&bench, "apply", &server);
    let run = stopped(command, &server, ("GET", "/api/v1/services"));
    assert_eq!(run.code, 1, "{run:?}");
    let why = "the run was told to stop before the cluster had answered";
    assert!(run.log.contains(why), "{run:?}");
    assert!(!run.log.contains("--timeout"), "there is none: {run:?}");
}

#[test]
fn sigterm_is_the_reason_whatever_is_waited_for() {
    let bench = Bench::new();
    let server = webhook(&[("GET", "/")]);
    let starting = stopped(with_webhook(&bench, "apply", &server), &server, ("GET", "/"));
    let server = webhook(&[("GET", "/records")]);
    let reading = stopped(with_webhook(&bench, "apply", &server), &server, ("GET", "/records"));
    let server = ScriptedServer::start(|_| never());
    let cluster = with_cluster(&bench, "explain www.example.org", &server);
    let explaining = stopped(cluster, &server, ("GET", "/api/v1/services"));
    for run in [starting, reading, explaining] {
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.log.contains("the run was told to stop before"), "{run:?}");
        assert!(!run.log.contains("--timeout"), "there is none: {run:?}");
    }
}

#[test]
fn sigterm_ends_a_run_whose_write_hangs_and_the_report_says_so() {
    let server = webhook(&[("POST", "/records")]);
    let bench = Bench::new();
    let command = with_webhook(&bench, "apply --output=json", &server);
    let run = stopped(command, &server, ("POST", "/records"));
    assert_eq!(run.code, 3, "{run:?}");
    assert_unconfirmed(&run);
}
