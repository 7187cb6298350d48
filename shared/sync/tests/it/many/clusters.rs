//! Many clusters into one target: those that hang, and those that share a zone.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use extdns_sync::ExitCode;
use extdns_sync::report::{ClusterState, Summary};
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim};
use extdns_testkit::route53::{Operation, RecordSet, Route53Sim};
use serde_json::json;
use tokio::sync::Notify;

use crate::commands::support::{in_memory, route53};
use crate::many::support::{host, objects, run, settings};

const CLUSTERS: usize = 50;

/// Every tenth cluster hangs in the second run.
fn hangs(cluster: usize) -> bool {
    cluster.is_multiple_of(10)
}

#[tokio::test]
async fn of_50_clusters_5_hang_and_the_run_takes_their_timeout_once() {
    const TIMEOUT: Duration = Duration::from_secs(4);
    let sim = KubeSim::builder().start();
    sim.fail(Fault::new("services", Effect::Held(Arc::new(Notify::new()))));
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(Login::Custom(&json!({}))));
    let folder = tempfile::tempdir().expect("a folder");
    let config = |hang: bool| {
        let mut text = "apiVersion: extdns/v1\ndefaults: { sources: [service], txtOwnerId: central, policy: sync }\n\
                        targets: [{ name: all, provider: inmemory, domainFilter: [example.org] }]\nclusters:\n"
            .to_owned();
        for cluster in 0..CLUSTERS {
            let name = format!("c{cluster}");
            let access = match hang && hangs(cluster) {
                true => format!("kubeconfig: {{ path: {:?} }}", kubeconfig.display().to_string()),
                false => format!("manifests: [{:?}]", objects(folder.path(), &name, &host(&name))),
            };
            writeln!(text, "- {{ name: {name}, timeout: 4s, {access} }}").expect("a text");
        }
        text
    };
    let providers = [in_memory(&["example.org"]).await];
    let first = run(&config(false), &["--once"], &providers).await;
    assert_eq!((Summary::of(&first).create, first.exit_code()), (CLUSTERS, ExitCode::Success));

    let begin = Instant::now();
    let second = run(&config(true), &["--once"], &providers).await;
    let took = begin.elapsed();
    assert!((TIMEOUT..TIMEOUT * 2).contains(&took), "{took:?}");
    assert_eq!(second.exit_code(), ExitCode::Partial);
    let failed = second.clusters.iter().filter(|own| own.state == ClusterState::Failed);
    let failed: Vec<&str> = failed.map(|own| own.name.as_str()).collect();
    assert_eq!(failed, ["c0", "c10", "c20", "c30", "c40"]);
    let Summary { create, update, delete, frozen, .. } = Summary::of(&second);
    assert_eq!((create, update, delete), (0, 0, 0), "nothing of them is taken away");
    assert_eq!(frozen, 5, "the record of each stays");
    assert!(second.run.peak_memory.is_some(), "peak memory is stated");
}

#[tokio::test]
async fn ten_clusters_read_one_large_zone_once() {
    /// Record sets in the zone: 20,000 with as many ownership records.
    const SETS: usize = 40_000;
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = "apiVersion: extdns/v1\ndefaults: { sources: [service], txtOwnerId: me, policy: sync }\n\
                    targets: [{ name: public, provider: aws, awsRequestsPerSecond: 1000, awsBatchChangeInterval: 0s }]\n\
                    clusters:\n"
        .to_owned();
    for cluster in 0..10 {
        let name = format!("c{cluster}");
        let hosts: Vec<String> = (0..20).map(|n| format!("w{n}.{name}.example.org")).collect();
        let path = objects(folder.path(), &name, &hosts);
        writeln!(text, "- {{ name: {name}, manifests: [{path:?}] }}").expect("a text");
    }
    let (arguments, _) = settings(&text, &["--once"]);
    let providers = [route53(&sim, &arguments.target_entries[0].arguments)];
    let made = run(&text, &["--once"], &providers).await;
    assert_eq!(Summary::of(&made).create, 200);
    let others = SETS - zone.len();
    zone.seed((0..others).map(|n| RecordSet::a(&format!("other{n}.example.org"), "192.0.2.9")));
    sim.forget_calls();
    let again = run(&text, &["--once"], &providers).await;
    assert_eq!((again.changes().count(), again.exit_code()), (0, ExitCode::Success));
    // 40,002 record sets, 300 to a page. A large zone is begun at four names at once, so at most three pages more.
    let pages = sim.count(Operation::ListResourceRecordSets);
    assert!((134..=137).contains(&pages), "{pages} pages, each read once");
    assert_eq!((sim.count(Operation::ListHostedZones), sim.writes()), (1, 0));
    let calls = &again.targets[0].calls;
    let made: u64 = calls.made.iter().map(|call| call.count).sum();
    assert_eq!((made, calls.least), (1 + pages as u64, Some(135)), "beside the least possible");
    assert_eq!(again.clusters.len(), 10);
}
