//! Several targets: each is planned and written on its own, and one report tells of all.

use std::path::Path;
use std::sync::Arc;

use extdns_providers::Provider;
use extdns_sync::explain::explain;
use extdns_sync::report::{
    Palette, Report, Summary, render_json, render_markdown, render_metrics, render_text,
};
use extdns_sync::settings::SettingsError;
use extdns_sync::{ExitCode, RunRequest, Wiring};
use extdns_testkit::route53::{Fault, Operation, Route53Sim, Spoil};
use serde_json::Value;

use crate::commands::support::{in_memory, route53};
use crate::many::support::{objects, run, settings, wired};

/// Two clusters; `public` takes example.org of both, `internal` example.com of the second alone.
fn config(folder: &Path) -> String {
    let hosts = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let a = objects(folder, "a", &hosts(&["a.example.org", "a.example.com"]));
    let b = objects(folder, "b", &hosts(&["b.example.org", "b.example.com", "b.example.net"]));
    format!(
        "apiVersion: extdns/v1\ndefaults: {{ sources: [service], policy: sync, txtOwnerId: central }}\nclusters:\n\
         - {{ name: a, manifests: [{a:?}] }}\n- {{ name: b, manifests: [{b:?}] }}\ntargets:\n\
         - {{ name: public, provider: aws, domainFilter: [example.org] }}\n\
         - {{ name: internal, provider: inmemory, domainFilter: [example.com], clusters: [b] }}\n"
    )
}

struct World {
    folder: tempfile::TempDir,
    sim: Route53Sim,
    targets: [Arc<dyn Provider>; 2],
}

async fn world() -> World {
    let folder = tempfile::tempdir().expect("a folder");
    let sim = Route53Sim::start();
    sim.zone("example.org");
    let (arguments, _) = settings(&config(folder.path()), &["--once"]);
    let public = route53(&sim, &arguments.target_entries[0].arguments);
    World { targets: [public, in_memory(&["example.com"]).await], sim, folder }
}

impl World {
    async fn run(&self, words: &[&str]) -> Report {
        run(&config(self.folder.path()), words, &self.targets).await
    }
}

fn names(report: &Report) -> Vec<(String, Vec<String>)> {
    let of_target = |target: &extdns_sync::report::TargetReport| {
        let changes = target.zones.iter().flat_map(|zone| &zone.changes);
        changes.filter_map(|change| Some(change.set()?.name.to_string())).collect()
    };
    report.targets.iter().map(|target| (target.name.clone(), of_target(target))).collect()
}

#[tokio::test]
async fn each_target_gets_the_names_that_it_takes_of_the_clusters_that_it_lists() {
    let world = world().await;
    let report = world.run(&["--once"]).await;
    let expected = [
        ("public".to_owned(), vec!["a.example.org".to_owned(), "b.example.org".to_owned()]),
        ("internal".to_owned(), vec!["b.example.com".to_owned()]),
    ];
    assert_eq!(names(&report), expected);
    assert_eq!(Summary::of(&report).create, 3);
    // a.example.com has no target that lists its cluster, b.example.net none at all.
    assert_eq!((report.unmade.no_target, report.unmade.no_zone), (2, 0));
    let told = report.notices.iter().find(|notice| notice.subject == "targets");
    let told = &told.expect("a notice").message;
    assert!(told.contains("a.example.com, b.example.net"), "{told}");
    assert_eq!(report.exit_code(), ExitCode::Success, "names without a target are a warning");
    let again = world.run(&["--once"]).await;
    assert_eq!(again.changes().count(), 0);
}

#[tokio::test]
async fn a_target_that_fails_does_not_stop_the_others() {
    let world = world().await;
    world.sim.fault(Fault::spoiled(Spoil::CutAt(0)).on(Operation::ListHostedZones).always());
    let report = world.run(&["--once"]).await;
    assert_eq!(report.exit_code(), ExitCode::Failed);
    assert!(report.failure.is_none(), "the run itself went on");
    assert!(report.targets[0].failure.is_some() && report.targets[1].failure.is_none());
    assert_eq!(names(&report)[1].1, ["b.example.com"], "the other is written");
    let text = render_text(&report, Palette::Plain);
    assert!(text.contains("! target public failed: failed to read zones"), "{text}");
    let json: Value = serde_json::from_str(&render_json(&report)).expect("JSON");
    assert_eq!(json["targets"][0]["failure"]["kind"], "provider");
    assert_eq!(json["exitCode"], 1);
    let metrics = render_metrics(&report);
    assert!(metrics.contains("external_dns_run_success 0"), "{metrics}");
}

#[tokio::test]
async fn a_target_without_credentials_does_not_stop_the_others() {
    let world = world().await;
    let no_credentials = || Err(SettingsError::Invalid("there are no credentials".to_owned()));
    let (arguments, environment) = settings(&config(world.folder.path()), &["--once"]);
    let wired = |providers| Wiring::over_made(&arguments, &environment, providers);
    let request = RunRequest::of(&arguments).expect("a request");
    let wiring = wired(vec![no_credentials(), Ok(Arc::clone(&world.targets[1]))]).expect("parts");
    let report = Box::pin(extdns_sync::run(&wiring, &request)).await;
    assert_eq!(report.exit_code(), ExitCode::Failed);
    let failure = report.targets[0].failure.as_ref().expect("a failure");
    assert_eq!(failure.message, "failed to read zones: there are no credentials");
    assert_eq!(names(&report)[1].1, ["b.example.com"], "the other is written");
    let none = wired(vec![no_credentials(), no_credentials()]);
    assert_eq!(
        none.err().map(|error| error.to_string()).as_deref(),
        Some("there are no credentials")
    );
}

#[tokio::test]
async fn credentials_that_come_later_are_found_by_the_next_run_of_the_process() {
    let config = "apiVersion: extdns/v1\nclusters: [{ name: a, manifests: [\"/nowhere.yaml\"] }]\n\
                  defaults: { sources: [service], policy: sync, txtOwnerId: central }\ntargets:\n\
                  - { name: public, provider: digitalocean, domainFilter: [example.org] }\n\
                  - { name: internal, provider: inmemory, domainFilter: [example.com] }\n";
    let (arguments, mut environment) = settings(config, &["--once"]);
    let mut wiring = Wiring::new(&arguments, &environment).await.expect("one of two targets");
    let name = |wiring: &Wiring| wiring.targets[0].provider.capabilities().provider;
    wiring.make_missing(&arguments, &environment).await;
    assert_eq!(name(&wiring), "none");
    environment.variables.insert("DO_TOKEN".to_owned(), "a-token".to_owned());
    wiring.make_missing(&arguments, &environment).await;
    assert_eq!(name(&wiring), "digitalocean");
}

#[tokio::test]
async fn the_hash_of_each_target_holds_that_target_alone() {
    let world = world().await;
    let plan = world.run(&["plan"]).await;
    let hash = |index: usize| plan.targets[index].hash.clone().expect("a hash");
    let public = format!("--plan-hash=public={}", hash(0));
    let wrong = format!("--plan-hash=internal={}", hash(0));
    let report = world.run(&["apply", &public, &wrong]).await;
    assert_eq!(report.exit_code(), ExitCode::HashDiffers);
    assert!(!report.targets[0].hash_differs() && report.targets[1].hash_differs());
    let after = world.run(&["plan"]).await;
    assert_eq!(names(&after)[0].1, [""; 0], "public is written");
    assert_eq!(names(&after)[1].1, ["b.example.com"], "internal is not");
}

#[tokio::test]
async fn renderings_name_the_target_of_each_zone() {
    let world = world().await;
    let report = world.run(&["plan"]).await;
    let text = render_text(&report, Palette::Plain);
    for part in ["target public\nzone example.org\n", "target internal\nzone example.com\n"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.contains("apply --plan-hash=internal="), "{text}");
    assert!(text.contains("b.example.com  192.0.2.1"), "{text}");
    assert!(text.contains("in b)"), "the cluster of each object: {text}");
    let markdown = render_markdown(&report);
    assert!(markdown.contains("<summary>internal: <b>example.com</b>: "), "{markdown}");
    let metrics = render_metrics(&report);
    assert!(metrics.contains("target=\"internal\",action=\"create\""), "{metrics}");
}

#[tokio::test]
async fn a_name_is_explained_for_each_target() {
    let world = world().await;
    let (wiring, _) = wired(&config(world.folder.path()), &["--once"], &world.targets);
    let explanations = Box::pin(explain(&wiring, "b.example.com")).await;
    let text = extdns_sync::explain::render(&explanations);
    assert!(text.contains("b.example.com at target public\n"), "{text}");
    assert!(text.contains("b.example.com at target internal\n"), "{text}");
    assert!(text.contains("creates A b.example.com 192.0.2.1 in example.com"), "{text}");
}
