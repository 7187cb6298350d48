//! The loop: the program without `--once`, between a simulated cluster and a simulated Route 53.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::{Effect, Fault as ClusterFault, KubeSim};
use extdns_testkit::process::{Daemon, free_ports};
use extdns_testkit::route53::{ACCOUNT, Fault, Operation, RecordSet, Route53Sim, Zone};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{external_dns, run};

/// As in the README of ExternalDNS, and in README.md.
const AS_TYPED: &str =
    "--registry txt --txt-owner-id my-cluster-id --provider aws --source service";

/// How long something may take on a busy machine.
const BOUND: Duration = Duration::from_secs(60);

/// A cluster, a Route 53 and the loop between them.
struct World {
    kube: KubeSim,
    sim: Route53Sim,
    zone: Zone,
    process: Daemon,
    port: u16,
}

fn service(name: &str, address: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "namespace": "default", "name": name,
            "annotations": { "external-dns.kubernetes.io/hostname": format!("{name}.example.org") },
        },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 443 }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": address }] } },
    })
}

impl World {
    /// With these words behind those of the README.
    fn start(words: &str) -> Self {
        Self::over(KubeSim::builder().object(service("web", "192.0.2.1")).start(), words)
    }

    fn over(kube: KubeSim, words: &str) -> Self {
        let home = TempDir::new().expect("a folder");
        let config = kube.write_kubeconfig(&kube.kubeconfig(ADMIN));
        std::fs::create_dir(home.path().join(".kube")).expect("a folder");
        std::fs::copy(config, home.path().join(".kube/config")).expect("copied");
        Self::of(kube, home, &format!("{AS_TYPED} {words}"))
    }

    /// With exactly these words.
    fn of(kube: KubeSim, home: TempDir, words: &str) -> Self {
        let sim = Route53Sim::start();
        let zone = sim.zone("example.org");
        let [port] = free_ports().expect("a port");
        let mut command = external_dns(home.path());
        command
            .args(words.split_whitespace())
            .env("EXTERNAL_DNS_METRICS_ADDRESS", format!("127.0.0.1:{port}"))
            .env("AWS_ENDPOINT_URL", sim.url())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", "AKIATEST")
            .env("AWS_SECRET_ACCESS_KEY", "secret-of-aws");
        let process = Daemon::spawn("external-dns", home, &mut command).expect("the loop");
        Self { kube, sim, zone, process, port }
    }

    /// Waits until something is so.
    fn until<T>(&mut self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let begin = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            let log = self.process.log();
            assert!(begin.elapsed() < BOUND, "{what} does not come: {log}");
            assert!(self.process.ended().is_none(), "{what} does not come, and it ended: {log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The address that a name has at the provider.
    fn address(&self, name: &str) -> Option<String> {
        let name = format!("{name}.example.org.");
        let sets = self.zone.own_records();
        let set = sets.into_iter().find(|set| set.name == name && set.record_type == "A")?;
        set.values.into_iter().next()
    }

    fn until_at_provider(&mut self, name: &str, address: &str) {
        let what = format!("{name} with {address}");
        self.until(&what, |own| (own.address(name).as_deref() == Some(address)).then_some(()));
    }

    fn page(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
    }

    /// A sample of the metrics, by its name with labels.
    fn sample(&self, name: &str) -> Option<f64> {
        let page = self.page("/metrics")?;
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.parse().ok()
    }

    fn until_runs_without_changes(&mut self, count: f64) {
        let runs = |own: &Self| own.sample("external_dns_controller_no_op_runs_total");
        self.until("a run without changes", |own| runs(own).filter(|runs| *runs >= count));
    }

    fn stop(&mut self) -> ExitStatus {
        let pid = self.process.pid().to_string();
        let told = std::process::Command::new("kill").args(["-TERM", &pid]).status();
        assert!(told.expect("kill is there").success());
        self.ended()
    }

    fn ended(&mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.process.ended() {
                return status;
            }
            assert!(begin.elapsed() < BOUND, "it does not end: {}", self.process.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn the_command_of_the_readme_loops_until_it_is_told_to_stop() {
    let mut world = World::start("");
    world.until_at_provider("web", "192.0.2.1");
    assert_eq!(world.page("/healthz").as_deref(), Some("OK"));
    assert_eq!(world.page("/other"), None);
    // By its interval the next run is a minute away.
    assert_eq!(world.kube.lists("services"), 2, "one list and one watch");
    let status = world.stop();
    let log = world.process.log();
    assert!(status.success(), "{status}: {log}");
    for line in ["Received SIGTERM. Terminating...", "Terminating main controller loop"] {
        assert!(log.contains(line), "{log}");
    }
    assert!(log.contains("no --policy is given"), "{log}");
}

#[test]
fn a_change_is_at_the_provider_in_under_a_second() {
    let mut world = World::start("--events --min-event-sync-interval=0s --interval=1h");
    world.until_at_provider("web", "192.0.2.1");
    for number in 2..7 {
        let address = format!("192.0.2.{number}");
        let begin = Instant::now();
        world.kube.apply(service("web", &address));
        world.until_at_provider("web", &address);
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    }
    let begin = Instant::now();
    assert!(world.kube.delete(&service("web", "")));
    world.until("the delete", |own| own.address("web").is_none().then_some(()));
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert_eq!(world.kube.lists("services"), 2, "nothing is listed again");
    assert!(world.stop().success());
}

#[test]
fn changes_wait_for_the_interval_without_events_and_lists_stay_current() {
    let mut world = World::start("--interval=300ms");
    world.until_at_provider("web", "192.0.2.1");
    world.until_runs_without_changes(2.0);
    world.kube.apply(service("shop", "192.0.2.9"));
    world.until_at_provider("shop", "192.0.2.9");
    assert_eq!(world.kube.lists("services"), 2, "nothing is listed again");
    assert!(world.stop().success());
}

#[test]
fn watches_that_end_go_on_and_lost_ones_are_listed_again() {
    let mut world = World::start("--events --min-event-sync-interval=0s --interval=1h");
    world.until_at_provider("web", "192.0.2.1");
    // The server ends a watch: the next one goes on from where it ended.
    world.kube.end_watches();
    world.kube.apply(service("web", "192.0.2.2"));
    world.until_at_provider("web", "192.0.2.2");
    let streams = world.kube.lists("services");
    assert_eq!(streams, 3, "a list, and two watches");
    // The server has forgotten the state with which the watch ended.
    world.kube.fail(ClusterFault::new("services", Effect::Status(503)).verb("watch").times(1));
    world.kube.end_watches();
    world.kube.apply(service("web", "192.0.2.3"));
    world.kube.compact();
    world.until_at_provider("web", "192.0.2.3");
    assert!(world.stop().success());
}

#[test]
fn without_the_right_to_watch_every_run_lists() {
    let kube = KubeSim::builder().object(service("web", "192.0.2.1")).start();
    kube.fail(ClusterFault::new("services", Effect::Forbidden).verb("watch"));
    let mut world = World::over(kube, "--interval=200ms");
    world.until_at_provider("web", "192.0.2.1");
    world.kube.apply(service("web", "192.0.2.2"));
    world.until_at_provider("web", "192.0.2.2");
    assert!(
        world.process.log().contains("the changes cannot be watched"),
        "{}",
        world.process.log()
    );
    assert!(world.stop().success());
}

#[test]
fn soft_errors_are_counted_and_the_loop_goes_on() {
    let mut world = World::start("--interval=200ms --aws-api-retries=1");
    world.until_at_provider("web", "192.0.2.1");
    world.sim.fault(Fault::unavailable().on(Operation::ListHostedZones).always());
    let soft = |own: &World| own.sample("external_dns_controller_consecutive_soft_errors");
    world.until("two soft errors", |own| soft(own).filter(|count| *count >= 2.0));
    let log = world.process.log();
    assert!(
        log.contains("Failed to do run once: ") && log.contains("(consecutive soft errors: 2)"),
        "{log}"
    );
    assert!(world.sample("external_dns_registry_errors_total") >= Some(2.0));
    world.sim.heal();
    world.until("a run that goes well", |own| soft(own).filter(|count| *count == 0.0));
    world.kube.apply(service("web", "192.0.2.2"));
    world.until_at_provider("web", "192.0.2.2");
    assert!(world.stop().success());
}

#[test]
fn a_hard_error_ends_the_loop() {
    let mut world = World::start("--interval=200ms");
    world.until_at_provider("web", "192.0.2.1");
    let user = world.sim.account(ACCOUNT).user("AKIATEST");
    world.sim.allow_only(&user, []);
    let status = world.ended();
    let log = world.process.log();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("failed to do run once: "), "{log}");
}

#[test]
fn idle_runs_call_nobody_while_the_records_may_be_cached() {
    let mut world = World::start("--interval=100ms --txt-cache-interval=1h");
    world.until_at_provider("web", "192.0.2.1");
    world.until_runs_without_changes(3.0);
    let reads = world.sim.reads();
    world.until_runs_without_changes(20.0);
    assert_eq!(world.sim.reads(), reads, "the zones are not read");
    assert_eq!(world.kube.lists("services"), 2, "nor the cluster");
    // What changes in the cluster is seen all the same.
    world.kube.apply(service("web", "192.0.2.2"));
    world.until_at_provider("web", "192.0.2.2");
    assert!(world.stop().success());
}

/// Each run asks for all records, as upstream does, and plans only where an answer is another than before.
#[test]
fn idle_runs_read_the_zones_and_mend_what_somebody_else_changed() {
    const SAME: &str = "neither a cluster nor a zone has changed since the last run";
    let mut world = World::start("--interval=200ms --log-level=debug --policy=sync");
    world.until_at_provider("web", "192.0.2.1");
    world.until("a run that plans nothing", |own| own.process.log().contains(SAME).then_some(()));
    let reads = world.sim.reads();
    let runs = world.sample("external_dns_controller_no_op_runs_total").expect("a sample");
    world.until_runs_without_changes(runs + 5.0);
    assert!(world.sim.reads() >= reads + 2 * 4, "each of them lists the zones and the records");
    assert!(world.process.log().contains("all records are already up to date"));
    // A value, a record and an ownership record that somebody else changes.
    let mend: [&dyn Fn(&World); 3] = [
        &|own| {
            own.zone.seed([RecordSet::a("web.example.org", "203.0.113.9")]);
        },
        &|own| {
            own.zone.remove("web.example.org");
        },
        &|own| {
            own.zone.remove("web.example.org").remove("a-web.example.org");
        },
    ];
    for change in mend {
        change(&world);
        world.until_at_provider("web", "192.0.2.1");
        let is_owned = |own: &World| !own.zone.find("a-web.example.org", "TXT").is_empty();
        world.until("the ownership record", |own| is_owned(own).then_some(()));
    }
    // What changes in the cluster is seen as well.
    world.kube.apply(service("web", "192.0.2.2"));
    world.until_at_provider("web", "192.0.2.2");
    assert!(world.stop().success());
}

#[test]
fn an_address_that_is_taken_ends_the_program() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("--metrics-address={}", taken.local_addr().expect("an address"));
    let home = TempDir::new().expect("a folder");
    let words = ["--source=fake", "--provider=inmemory", "--policy=sync", "--txt-owner-id=e2e"];
    let refused = run(external_dns(home.path()).args(words).arg(&address));
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.log.contains(&format!("failed to listen on {address}")), "{refused:?}");
    let once = run(external_dns(home.path()).args(words).args(["--once", &address]));
    assert_eq!(once.code, 0, "one run serves nothing: {once:?}");
}

/// Each cluster has watches of its own; one that cannot be read freezes its names, and the others go on.
#[test]
fn several_clusters_are_watched_and_one_that_is_dark_keeps_its_names() {
    let web = KubeSim::builder().object(service("web", "192.0.2.1")).start();
    let shop = KubeSim::builder().object(service("shop", "192.0.2.11")).start();
    let home = TempDir::new().expect("a folder");
    let entry = |name: &str, kube: &KubeSim| {
        let path = kube.write_kubeconfig(&kube.kubeconfig(ADMIN)).display().to_string();
        json!({ "name": name, "kubeconfig": { "path": path }, "sources": ["service"] })
    };
    let config = json!({
        "apiVersion": "extdns/v1",
        "defaults": { "txtOwnerId": "my-cluster-id" },
        "clusters": [entry("one", &web), entry("two", &shop)],
        "targets": [{ "name": "public", "provider": "aws" }],
    });
    let file = home.path().join("extdns.yaml");
    std::fs::write(&file, config.to_string()).expect("written");
    let words = "--events --min-event-sync-interval=0s --interval=1h --policy=sync";
    let mut world = World::of(web, home, &format!("--config={} {words}", file.display()));
    world.until_at_provider("web", "192.0.2.1");
    world.until_at_provider("shop", "192.0.2.11");
    shop.apply(service("shop", "192.0.2.12"));
    world.until_at_provider("shop", "192.0.2.12");

    shop.fail(ClusterFault::new("services", Effect::Status(503)));
    shop.end_watches();
    world.kube.apply(service("web", "192.0.2.2"));
    world.until_at_provider("web", "192.0.2.2");
    assert!(shop.delete(&service("shop", "")));
    let failed = |own: &World| own.sample("external_dns_source_errors_total");
    world
        .until("a run without the second cluster", |own| failed(own).filter(|count| *count >= 1.0));
    assert_eq!(world.address("shop").as_deref(), Some("192.0.2.12"), "it is frozen");

    shop.heal();
    world.kube.apply(service("web", "192.0.2.3"));
    world.until_at_provider("web", "192.0.2.3");
    world.until("the delete", |own| own.address("shop").is_none().then_some(()));
    assert_eq!(world.kube.lists("services"), 2, "the first cluster was listed once");
    assert!(world.stop().success());
}

#[test]
fn objects_are_told_of_their_records_in_every_run_that_changes_them() {
    let mut world = World::start(
        "--events --min-event-sync-interval=0s --interval=1h --events-emit=RecordReady",
    );
    world.until_at_provider("web", "192.0.2.1");
    let told = |own: &World| own.kube.calls("create", "events");
    world.until("an Event", |own| (told(own) == 1).then_some(()));
    world.kube.apply(service("web", "192.0.2.2"));
    world.until_at_provider("web", "192.0.2.2");
    world.until("a second Event", |own| (told(own) == 2).then_some(()));
    assert!(world.stop().success());
}

/// All names of the sheet, section 4.7, that are there after a run with this provider.
#[test]
fn the_metrics_have_the_names_of_upstream() {
    let mut world = World::start("--interval=200ms");
    world.until_at_provider("web", "192.0.2.1");
    world.until_runs_without_changes(2.0);
    let page = world.page("/metrics").expect("the metrics");
    let names = [
        ("external_dns_build_info", "gauge"),
        ("external_dns_controller_consecutive_soft_errors", "gauge"),
        ("external_dns_controller_last_reconcile_timestamp_seconds", "gauge"),
        ("external_dns_controller_last_sync_timestamp_seconds", "gauge"),
        ("external_dns_controller_no_op_runs_total", "counter"),
        ("external_dns_controller_verified_records", "gauge"),
        ("external_dns_provider_cache_apply_changes_calls", "counter"),
        ("external_dns_provider_cache_records_calls", "counter"),
        ("external_dns_webhook_provider_adjustendpoints_errors_total", "gauge"),
        ("external_dns_webhook_provider_adjustendpoints_requests_total", "gauge"),
        ("external_dns_webhook_provider_applychanges_errors_total", "gauge"),
        ("external_dns_webhook_provider_applychanges_requests_total", "gauge"),
        ("external_dns_webhook_provider_records_errors_total", "gauge"),
        ("external_dns_webhook_provider_records_requests_total", "gauge"),
        ("external_dns_registry_endpoints_total", "gauge"),
        ("external_dns_registry_errors_total", "counter"),
        ("external_dns_registry_records", "gauge"),
        ("external_dns_registry_skipped_records_owner_mismatch_per_sync", "gauge"),
        ("external_dns_source_deduplicated_endpoints", "gauge"),
        ("external_dns_source_endpoints_total", "gauge"),
        ("external_dns_source_errors_total", "counter"),
        ("external_dns_source_invalid_endpoints", "gauge"),
        ("external_dns_source_records", "gauge"),
        ("process_cpu_seconds_total", "counter"),
        ("process_resident_memory_bytes", "gauge"),
        ("process_start_time_seconds", "gauge"),
        ("process_open_fds", "gauge"),
    ];
    for (name, kind) in names {
        assert!(page.contains(&format!("# TYPE {name} {kind}\n")), "{name} {kind}: {page}");
    }
    assert_eq!(world.sample(r#"external_dns_source_records{record_type="a"}"#), Some(1.0));
    assert_eq!(world.sample(r#"external_dns_registry_records{record_type="a"}"#), Some(1.0));
    assert!(world.stop().success());
}
