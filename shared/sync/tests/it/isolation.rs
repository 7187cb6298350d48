//! One bad record never blocks the others.

use std::sync::Arc;

use extdns_model::{Name, Outcome};
use extdns_providers::conformance::{Fault, RecordServer, RrsetServer};
use extdns_providers::engine::{batched, stepped};
use extdns_providers::{Provider, Transport, ZoneReader as _};
use extdns_sync::ExitCode;
use extdns_sync::report::{ChangeResult, Palette, Report, Severity, Summary, render_text};

use crate::support::{assert_all_owned, records, run, services};

const BAD: &str = "h0250.example.org";

fn five_hundred() -> String {
    let hosts: Vec<String> = (0..500).map(|i| format!("h{i:04}.example.org")).collect();
    services(hosts.iter().map(|host| (host.as_str(), "192.0.2.1")))
}

fn assert_one_is_reported(report: &Report) {
    let summary = Summary::of(report);
    assert_eq!((summary.create, summary.failed), (499, 1));
    assert_eq!(summary.exit_code(), ExitCode::Partial);
    let failed: Vec<_> =
        report.changes().filter(|change| change.result.severity() == Severity::Failed).collect();
    assert_eq!(failed[0].resource.as_deref(), Some("service/test/h0250-example-org"));
    assert!(
        matches!(
            failed[0].result,
            ChangeResult::Sent(Outcome::Rejected(_) | Outcome::Partial { .. })
        ),
        "{:?}",
        failed[0].result
    );
    let text = render_text(report, Palette::Plain);
    let line = text.lines().find(|line| line.starts_with("  ! ")).expect("a line for it");
    assert!(line.contains(BAD) && line.contains("service/test/h0250-example-org"), "{line}");
}

async fn over_batches(server: RrsetServer) {
    server.faults().inject(Fault::Reject(Name::as_listed(BAD)));
    let api = server.api();
    let via = Transport::new(api.capabilities());
    let provider: Arc<dyn Provider> = Arc::new(batched(api, via));
    let report = run(&five_hundred(), provider, &[]).await.expect("run");
    assert_one_is_reported(&report);
    assert_eq!(records(&server.contents()).len(), 499);
    assert_all_owned(&server.contents(), "after the run");
}

#[tokio::test(start_paused = true)]
async fn of_500_changes_499_are_applied_where_the_api_names_the_offender() {
    over_batches(RrsetServer::new(&["example.org"])).await;
}

#[tokio::test(start_paused = true)]
async fn of_500_changes_499_are_applied_where_the_api_keeps_it_to_itself() {
    over_batches(RrsetServer::new(&["example.org"]).without_names()).await;
}

#[tokio::test(start_paused = true)]
async fn of_500_changes_499_are_applied_record_by_record() {
    let server = RecordServer::new(&["example.org"]);
    server.faults().inject(Fault::Reject(Name::as_listed(BAD)));
    let api = server.api();
    let via = Transport::new(api.capabilities());
    let provider: Arc<dyn Provider> = Arc::new(stepped(api, via));
    let report = run(&five_hundred(), provider, &[]).await.expect("run");
    assert_one_is_reported(&report);
    assert_eq!(records(&server.contents()).len(), 499);
    assert_all_owned(&server.contents(), "after the run");
}

/// A planning run has no way to write; the server counts to be sure.
#[tokio::test(start_paused = true)]
async fn a_planning_run_makes_no_mutating_call() {
    let batches = RrsetServer::new(&["example.org"]);
    let steps = RecordServer::new(&["example.org"]);
    let (api, step_api) = (batches.api(), steps.api());
    let via = Transport::new(api.capabilities());
    let step_via = Transport::new(step_api.capabilities());
    let providers: [Arc<dyn Provider>; 2] =
        [Arc::new(batched(api, via)), Arc::new(stepped(step_api, step_via))];
    for provider in providers {
        let report = run(&five_hundred(), provider, &["--dry-run"]).await.expect("run");
        assert_eq!(Summary::of(&report).create, 500);
    }
    assert_eq!((batches.faults().writes(), steps.faults().writes()), (0, 0));
    assert!(batches.contents().is_empty() && steps.contents().is_empty());
}
