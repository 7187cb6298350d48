//! Many clusters, some of which hang, and a zone that ten of them share.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::KubeSim;
use extdns_testkit::route53::{Operation, RecordSet, Route53Sim};
use serde_json::{Value, json};

use crate::many_clusters::world::service;
use crate::program::{Bench, external_dns, run};

/// What each of the clusters may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Far above what a run of this size takes.
const MEMORY: u64 = 256 << 20;

fn kubeconfig(bench: &Bench, name: &str, text: &Value) -> String {
    bench.write(&format!("{name}.kubeconfig"), &text.to_string()).display().to_string()
}

/// The entry of a cluster, with an owner id of its own.
fn entry(config: &mut String, name: &str, kubeconfig: &str) {
    writeln!(config, "  - name: {name}\n    kubeconfig: {kubeconfig}").expect("text");
    writeln!(config, "    txtOwnerId: {name}\n    timeout: {}s", TIMEOUT.as_secs()).expect("text");
}

fn head(defaults: &str) -> String {
    format!(
        "apiVersion: extdns/v1\ndefaults: {{ policy: sync, sources: [service], {defaults} }}\nclusters:\n"
    )
}

/// The report of a run.
fn report(home: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(home.join("report.json")).expect("a report"))
        .expect("JSON")
}

/// Of fifty clusters five accept a connection and say nothing. They are the first, so that they hold others up.
#[test]
fn fifty_clusters_of_which_five_hang_take_one_timeout() {
    let bench = Bench::new();
    let silent: Vec<TcpListener> =
        (0..5).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let mut config = head("zonefileDir: zones, zonefileCreate: [example.org]");
    for (number, listener) in silent.iter().enumerate() {
        let mut text = KubeSim::builder().start().kubeconfig(ADMIN);
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        text["clusters"][0]["cluster"]["server"] = json!(url);
        let name = format!("silent-{number}");
        entry(&mut config, &name, &kubeconfig(&bench, &name, &text));
    }
    let servers: Vec<KubeSim> = (0..45)
        .map(|n| {
            let host = format!("n{n:02}.example.org");
            KubeSim::builder().object(service("web", &host, "192.0.2.1")).start()
        })
        .collect();
    for (number, server) in servers.iter().enumerate() {
        let name = format!("c{number:02}");
        entry(&mut config, &name, &kubeconfig(&bench, &name, &server.kubeconfig(ADMIN)));
    }
    config.push_str(
        "targets:\n  - { name: public, provider: zonefile, domainFilter: [example.org] }\n",
    );
    bench.write("extdns.yaml", &config);
    let started = Instant::now();
    let mut command = external_dns(bench.path());
    command.current_dir(bench.path());
    let run = run(command.args(["--once", "--config=extdns.yaml", "--report=report.json"]));
    let elapsed = started.elapsed();
    assert_eq!(run.code, 3, "{}", run.log);
    let report = report(bench.path());
    let states = report["clusters"].as_array().expect("clusters").iter().map(|own| &own["state"]);
    assert_eq!(states.filter(|state| *state == "failed").count(), 5);
    assert_eq!(report["totals"]["create"], 45);
    assert!(elapsed >= TIMEOUT, "{elapsed:?}");
    assert!(elapsed < 3 * TIMEOUT, "{elapsed:?} is nearer to five timeouts than to one");
    let memory = report["peakMemoryBytes"].as_u64().expect("the memory");
    assert!(memory < MEMORY, "{memory}");
}

/// Ten clusters want two thousand names each of one zone, which is read once for all of them: 40,002 record sets, 300 to
/// a page. A large zone is begun at four names at once; here each of the four parts fills its pages but for 150
/// record sets at most, so that this costs nothing (else it is at most three pages).
#[test]
fn ten_clusters_share_one_read_of_a_large_zone() {
    const EACH: usize = 2_000;
    const BEFORE_N: usize = 9_850;
    let bench = Bench::new();
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let mut config = head("awsRequestsPerSecond: 1000");
    let mut servers = Vec::new();
    for cluster in 0..10 {
        let name = format!("c{cluster}");
        let host = |n: usize| {
            let letter = if cluster * EACH + n < BEFORE_N { 'c' } else { 'p' };
            format!("{letter}{cluster}-{n:04}.example.org")
        };
        let objects = (0..EACH).map(|n| service(&format!("s{n:04}"), &host(n), "192.0.2.1"));
        let builder = KubeSim::builder();
        let server = objects.fold(builder, |sim, object| sim.object(object)).start();
        entry(&mut config, &name, &kubeconfig(&bench, &name, &server.kubeconfig(ADMIN)));
        servers.push(server);
        zone.seed((0..EACH).flat_map(|n| {
            let text = format!(
                "heritage=external-dns,external-dns/owner={name},external-dns/resource=service/shop/s{n:04}"
            );
            [RecordSet::a(&host(n), "192.0.2.1"), RecordSet::txt(&format!("a-{}", host(n)), &text)]
        }));
    }
    config = config.replace("timeout: 3s", "timeout: 60s");
    config.push_str("targets:\n  - { name: public, provider: aws, domainFilter: [example.org] }\n");
    bench.write("extdns.yaml", &config);
    let mut command = external_dns(bench.path());
    command
        .current_dir(bench.path())
        .args(["--once", "--config=extdns.yaml", "--report=report.json"])
        .env("AWS_ENDPOINT_URL", sim.url())
        .env("AWS_ACCESS_KEY_ID", "AKIATEST")
        .env("AWS_SECRET_ACCESS_KEY", "secret-of-aws")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let run = run(&mut command);
    assert_eq!(run.code, 0, "{}", run.log);
    let report = report(bench.path());
    assert_eq!(report["targets"][0]["zones"][0]["owned"], 10 * EACH);
    let (lists, pages) =
        (sim.count(Operation::ListHostedZones), sim.count(Operation::ListResourceRecordSets));
    assert_eq!((lists, pages, sim.writes()), (1, 134, 0));
    assert!(report["peakMemoryBytes"].as_u64().is_some_and(|own| own < MEMORY), "{report}");
    assert!(servers.iter().all(|server| server.lists("services") == 1));
}
