//! What is told outside after a run: `--notify` and `--metrics-push`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use extdns_providers::Provider;
use extdns_providers::conformance::{Fault, RrsetServer};
use extdns_providers::engine::batched;
use extdns_providers::{Transport, ZoneReader as _};
use extdns_sync::ExitCode;
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::json;

use crate::support::{run_with, services, wired};

fn provider(server: &RrsetServer) -> Arc<dyn Provider> {
    let api = server.api();
    let via = Transport::new(api.capabilities());
    Arc::new(batched(api, via))
}

fn sink() -> ScriptedServer {
    ScriptedServer::start(|_| Reply::new(200))
}

fn one() -> String {
    services([("www.example.org", "192.0.2.1")])
}

/// The requests of a run that makes one record, told in this form.
async fn told(form: &str) -> serde_json::Value {
    let (sink, server) = (sink(), RrsetServer::new(&["example.org"]));
    let notify = format!("--notify={form}{}/services/T0/B0/of-the-channel", sink.url());
    let report = run_with(&one(), provider(&server), &[&notify], |_| {}).await;
    assert_eq!(report.exit_code(), ExitCode::Success);
    let [request] = &sink.requests()[..] else { panic!("one request: {:?}", sink.requests()) };
    assert_eq!(
        (request.method.as_str(), request.target().as_str(), request.header("content-type")),
        ("POST", "/services/T0/B0/of-the-channel", Some("application/json"))
    );
    request.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_gets_its_own_form_of_what_changed() {
    let title = "external-dns, owner me: 1 created";
    let line = "+ A www.example.org  192.0.2.1 ttl 300  (service/test/www-example-org)";
    let slack = told("slack+").await;
    assert_eq!(slack, json!({ "text": format!("*{title}*\n```{line}```") }));
    let teams = told("teams+").await;
    let card = &teams["attachments"][0]["content"];
    assert_eq!(card["body"][0]["text"], title);
    assert_eq!(card["body"][1]["text"], line);
    let plain = told("").await;
    assert_eq!((&plain["title"], &plain["ok"]), (&json!(title), &json!(true)));
    assert_eq!(plain["changes"][0]["name"], "www.example.org");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_of_a_plan_and_of_a_run_without_news() {
    let (sink, server) = (sink(), RrsetServer::new(&["example.org"]));
    let notify = format!("--notify={}/hook", sink.url());
    run_with(&one(), provider(&server), &[&notify, "--dry-run"], |_| {}).await;
    let (wiring, request, _file) = wired(&one(), provider(&server), &[&notify]);
    assert_eq!(sink.requests().len(), 0, "a plan");
    extdns_sync::run(&wiring, &request).await;
    extdns_sync::run(&wiring, &request).await;
    assert_eq!(sink.requests().len(), 1, "the second run changed nothing");
}

/// A loop meets the same failure in each of its runs.
#[tokio::test(flavor = "multi_thread")]
async fn what_stays_wrong_is_told_once_and_again_after_a_change() {
    let (sink, server) = (sink(), RrsetServer::new(&["example.org"]));
    let notify = format!("--notify={}/hook", sink.url());
    server.faults().inject(Fault::Reject(extdns_model::Name::as_listed("www.example.org")));
    let (wiring, request, _file) = wired(&one(), provider(&server), &[&notify]);
    for _ in 0..2 {
        extdns_sync::run(&wiring, &request).await;
    }
    let requests = sink.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].json()["ok"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_pushed_after_each_run() {
    let (sink, server) = (sink(), RrsetServer::new(&["example.org"]));
    let gateway = format!("--metrics-push={}", sink.url());
    run_with(&one(), provider(&server), &[&gateway], |_| {}).await;
    let otlp = format!("--metrics-push={}/v1/metrics", sink.url());
    run_with(&one(), provider(&server), &[&otlp], |_| {}).await;
    let requests = sink.requests();
    let heads: Vec<_> = requests.iter().map(|own| (own.method.as_str(), own.target())).collect();
    let expected =
        [("PUT", "/metrics/job/external-dns".to_owned()), ("POST", "/v1/metrics".to_owned())];
    assert_eq!(heads, expected);
    let text = requests[0].text();
    assert!(text.contains("\nexternal_dns_run_success 1\n"), "{text}");
    let metrics = &requests[1].json()["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
    let metrics = metrics.as_array().expect("a list");
    let success = metrics.iter().find(|own| own["name"] == "external_dns_run_success");
    assert_eq!(success.expect("a metric")["gauge"]["dataPoints"][0]["asDouble"], 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_hangs_or_refuses_costs_five_seconds_at_most_and_no_run() {
    let hanging = ScriptedServer::start(|_| Reply::new(200).held_until(Arc::default()));
    let refusing = ScriptedServer::start(|_| Reply::new(500));
    let server = RrsetServer::new(&["example.org"]);
    let flags = [
        format!("--notify={}/hook", hanging.url()),
        format!("--notify={}/hook", refusing.url()),
        "--notify=http://127.0.0.1:1/hook".to_owned(),
        format!("--metrics-push={}", hanging.url()),
    ];
    let start = Instant::now();
    let report =
        run_with(&one(), provider(&server), &flags.each_ref().map(String::as_str), |_| {}).await;
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    assert_eq!(report.exit_code(), ExitCode::Success);
    assert_eq!(refusing.requests().len(), 1);
}
