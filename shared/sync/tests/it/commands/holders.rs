//! Owners that change at the user's word, end to end: `adopt`, `release`, `transfer`, and a cluster
//! that is forgotten.

use std::sync::Arc;

use extdns_providers::Provider;
use extdns_sync::report::{Palette, Report, render_text};
use extdns_sync::settings::{Arguments, Command, Environment, Request, resolve};
use extdns_sync::{ExitCode, Mode, RunRequest, Wiring, ownership};
use extdns_testkit::route53::{RecordSet, Route53Sim, Zone};

use crate::commands::support::{apply, route53, settings};

const FLAGS: [&str; 3] = ["--provider=aws", "--source=service", "--manifests=-"];

fn value(owner: &str) -> String {
    format!(
        "heritage=external-dns,external-dns/owner={owner},external-dns/resource=service/shop/web"
    )
}

fn service(host: &str, address: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\n  name: web\n  \
         annotations: {{ external-dns.kubernetes.io/hostname: \"{host}\" }}\n\
         spec: {{ type: LoadBalancer }}\n\
         status: {{ loadBalancer: {{ ingress: [ {{ ip: {address} }} ] }} }}\n"
    )
}

fn lines(zone: &Zone) -> Vec<String> {
    let line = |set: &RecordSet| {
        format!("{} {} {}", set.record_type, set.name.trim_end_matches('.'), set.values.join(" "))
    };
    let mut lines: Vec<String> = zone.own_records().iter().map(line).collect();
    lines.sort();
    lines
}

fn provider(sim: &Route53Sim) -> Arc<dyn Provider> {
    let (arguments, _) = settings(&FLAGS);
    route53(sim, &arguments)
}

/// What a command line says.
fn command_line(words: &[&str]) -> (Box<Arguments>, Environment) {
    let usual = ["--txt-owner-id=me", "--policy=sync"];
    let words = words.iter().chain(&FLAGS).chain(&usual);
    let arguments = words.map(ToString::to_string).collect();
    let environment = Environment { arguments, ..Environment::default() };
    match resolve(&environment) {
        Ok(Request::Run(arguments)) => (arguments, environment),
        other => panic!("{other:?}"),
    }
}

async fn change(sim: &Route53Sim, words: &[&str], mode: Mode) -> Report {
    let (arguments, environment) = command_line(words);
    let wiring = Wiring::assemble(&arguments, &environment, provider(sim), "aws");
    let request = RunRequest { mode, ..RunRequest::default() };
    ownership::change(&wiring.expect("settings"), &request, &arguments).await
}

fn text(report: &Report) -> String {
    render_text(report, Palette::Plain)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn an_adopted_record_is_managed_from_then_on() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    zone.seed([
        RecordSet::a("www.example.org", "192.0.2.1"),
        RecordSet::a("api.example.org", "192.0.2.2"),
        RecordSet::txt("a-api.example.org", &value("other")),
    ]);
    let before = lines(&zone);
    let wanted = service("www.example.org,api.example.org", "192.0.2.9");
    apply(&provider(&sim), &FLAGS, &wanted).await;
    assert_eq!(lines(&zone), before, "neither is ours");

    let adopt = ["adopt", "www.example.org", "api.example.org", "no.example.org"];
    let planned = change(&sim, &adopt, Mode::Plan).await;
    assert_eq!(lines(&zone), before, "a plan writes nothing");
    assert!(text(&planned).contains("no.example.org"), "{}", text(&planned));
    let done = change(&sim, &adopt, Mode::Apply).await;
    assert_eq!(done.exit_code(), ExitCode::Success, "{}", text(&done));
    assert_eq!(
        lines(&zone),
        [
            "A api.example.org 192.0.2.2".to_owned(),
            "A www.example.org 192.0.2.1".to_owned(),
            format!("TXT a-api.example.org \"{}\"", value("me")),
            "TXT a-www.example.org \"heritage=external-dns,external-dns/owner=me\"".to_owned(),
        ]
    );
    apply(&provider(&sim), &FLAGS, &wanted).await;
    let after = lines(&zone);
    assert!(after.contains(&"A www.example.org 192.0.2.9".to_owned()), "{after:?}");
    assert!(after.contains(&"A api.example.org 192.0.2.9".to_owned()), "{after:?}");
}

#[tokio::test]
async fn a_released_record_stays_under_the_guard_of_deletes() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    apply(&provider(&sim), &FLAGS, &service("www.example.org,api.example.org", "192.0.2.1")).await;
    let release = ["release", "www.example.org"];
    let strict = ["release", "www.example.org", "--guard-min-records=1"];
    let held = change(&sim, &strict, Mode::Apply).await;
    assert_eq!(held.exit_code(), ExitCode::Guarded, "{}", text(&held));
    assert_eq!(lines(&zone).len(), 4);
    let done = change(&sim, &release, Mode::Apply).await;
    assert_eq!(done.exit_code(), ExitCode::Success, "{}", text(&done));
    let after = lines(&zone);
    assert!(after.contains(&"A www.example.org 192.0.2.1".to_owned()), "{after:?}");
    assert!(!after.iter().any(|line| line.contains("a-www")), "{after:?}");
    // Nobody wants it: it is not ours to delete.
    apply(&provider(&sim), &FLAGS, &service("api.example.org", "192.0.2.1")).await;
    assert_eq!(lines(&zone), after);
}

#[tokio::test]
async fn the_records_of_an_owner_id_are_transferred_or_forgotten() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    zone.seed([
        RecordSet::a("www.example.org", "192.0.2.1"),
        RecordSet::txt("a-www.example.org", &value("old")),
        RecordSet::a("gone.example.org", "192.0.2.2"),
        RecordSet::txt("a-gone.example.org", &value("lost")),
    ]);
    let transfer = ["transfer", "--from=old", "--to=me"];
    let done = change(&sim, &transfer, Mode::Apply).await;
    assert_eq!(done.exit_code(), ExitCode::Success, "{}", text(&done));
    assert!(lines(&zone).contains(&format!("TXT a-www.example.org \"{}\"", value("me"))));
    let again = change(&sim, &transfer, Mode::Plan).await;
    assert_eq!(again.changes().count(), 0, "{}", text(&again));

    let wanted = service("www.example.org", "192.0.2.1");
    apply(&provider(&sim), &FLAGS, &wanted).await;
    assert_eq!(lines(&zone).len(), 4, "what bears another owner id stays");
    let forget = [&FLAGS[..], &["--forget-cluster=lost"]].concat();
    apply(&provider(&sim), &forget, &wanted).await;
    assert_eq!(lines(&zone).len(), 2, "it is deleted in the one run that forgets it");
}

#[tokio::test]
async fn what_cannot_be_changed_is_said_before_anything_is_read() {
    let sim = Route53Sim::start();
    sim.zone("example.org");
    let cases: [(&[&str], &str); 4] = [
        (&["adopt", "www.example.org", "--registry=noop"], "the registry noop keeps no owners"),
        (
            &["adopt", "www.example.org", "--to=lab"],
            "--to=lab: no cluster of ours has this name or owner id; there is",
        ),
        (&["transfer", "--from=old"], "transfer needs --from=CLUSTER|ID"),
        (&["transfer", "--to=me"], "transfer needs --from=CLUSTER|ID"),
    ];
    for (words, expected) in cases {
        let report = change(&sim, words, Mode::Apply).await;
        let failure = report.failure.as_ref().map(|it| it.message.clone()).unwrap_or_default();
        assert!(failure.contains(expected), "{words:?}: {failure}");
        assert_eq!(report.exit_code(), ExitCode::Configuration, "{words:?}");
    }
    assert_eq!(sim.calls().len(), 0, "nothing is read");
}

#[test]
fn names_stand_behind_the_command() {
    let command = |words: &[&str]| {
        let arguments = words.iter().map(ToString::to_string).collect();
        let environment = Environment { arguments, ..Environment::default() };
        match resolve(&environment) {
            Ok(Request::Run(arguments)) => Ok(arguments.command),
            Ok(other) => panic!("{words:?}: {other:?}"),
            Err(error) => Err(error.to_string()),
        }
    };
    let rest = ["--provider=inmemory", "--apply"];
    let adopt = command(&[&["adopt", "a.org", "b.org"], &rest[..]].concat());
    assert_eq!(adopt, Ok(Command::Adopt { names: names(&["a.org", "b.org"]) }));
    let release = command(&[&["release", "a.org"], &rest[..]].concat());
    assert_eq!(release, Ok(Command::Release { names: names(&["a.org"]) }));
    let transfer = command(&[&["transfer", "--from=a", "--to=b"], &rest[..]].concat());
    assert_eq!(transfer, Ok(Command::Transfer));
    let missing = command(&[&["adopt"], &rest[..]].concat()).expect_err("no name");
    assert!(missing.starts_with("adopt needs NAME.."), "{missing}");
}
