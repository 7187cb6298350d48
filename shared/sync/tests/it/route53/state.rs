//! Runs that leave the hash gate and the lease for the next, with a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use extdns_model::Permit;
use extdns_state::testing::{Fault as StoreFault, ManualClock, MemoryBackend};
use extdns_state::{Claim, ClockSource as _, Document, Known, LeaseEnd, LeaseEntry, Store, Taken};
use extdns_sync::report::{
    FailureKind, Palette, Report, Standing, render_json, render_metrics, render_text,
};
use extdns_sync::{ExitCode, RunRequest, State};
use extdns_testkit::route53::{Fault, Operation, RecordSet, Route53Sim, Zone};
use tempfile::NamedTempFile;

use crate::route53::support::{Service, configured, contents, manifests, service, wired};

const HOUR: Duration = Duration::from_secs(3600);
const READ: Operation = Operation::ListResourceRecordSets;
const WRITE: Operation = Operation::ChangeResourceRecordSets;

/// One installation: its zone, its objects, its store.
struct Bench {
    sim: Route53Sim,
    zone: Zone,
    file: NamedTempFile,
    memory: MemoryBackend,
    clock: ManualClock,
}

impl Bench {
    fn new() -> Self {
        let sim = Route53Sim::start();
        let zone = sim.zone("example.org");
        let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("a file");
        let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
        Self { sim, zone, file, memory: MemoryBackend::default(), clock }
    }

    fn store(&self) -> Store {
        Store::new(Box::new(self.memory.clone()), Arc::new(self.clock.clone()))
    }

    async fn run(&self, services: &[Service]) -> Report {
        self.run_with(services, &[], |_| {}).await
    }

    async fn run_with(
        &self,
        services: &[Service],
        flags: &[&str],
        ask: impl FnOnce(&mut RunRequest),
    ) -> Report {
        std::fs::write(self.file.path(), manifests(services)).expect("objects");
        let (mut wiring, mut request) = wired(&self.sim, "--manifests", self.file.path(), flags);
        let (wait, full_resync_interval) = (Duration::ZERO, HOUR);
        wiring.state = Some(State { store: self.store(), wait, full_resync_interval });
        ask(&mut request);
        self.sim.forget_calls();
        Box::pin(extdns_sync::run(&wiring, &request)).await
    }

    /// The document of the target.
    fn document(&self) -> Document {
        let text = self.memory.text("aws").expect("a document");
        Document::parse(&text).expect("a document")
    }

    fn records(&self) -> Vec<RecordSet> {
        contents(std::slice::from_ref(&self.zone))
    }

    fn assert_records_of(&self, services: &[Service], when: &str) {
        let mut wanted: Vec<String> =
            services.iter().flat_map(Service::records).map(|set| format!("{set:?}")).collect();
        let mut found: Vec<String> = self.records().iter().map(|set| format!("{set:?}")).collect();
        wanted.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, wanted, "{when}");
    }
}

fn standing(report: &Report) -> &Standing {
    report.targets[0].standing.as_ref().expect("a standing")
}

fn assert_gated(report: &Report, bench: &Bench) {
    assert!(matches!(standing(report), Standing::Gated { .. }), "{:?}", standing(report));
    assert_eq!(bench.sim.calls().len(), 0, "no provider call at all");
    assert_eq!(report.exit_code(), ExitCode::Success);
}

fn assert_full(report: &Report, bench: &Bench, part: &str) {
    let Standing::Full { reason } = standing(report) else { panic!("{:?}", standing(report)) };
    assert!(reason.contains(part), "{reason}");
    assert!(bench.sim.count(READ) > 0, "the zone was read");
}

fn two() -> [Service; 2] {
    [service("www.example.org", "192.0.2.1"), service("api.example.org", "192.0.2.2")]
}

/// Another run holds the lease from now on.
fn seize(memory: &MemoryBackend, clock: &ManualClock) {
    let until = clock.now().saturating_add(HOUR).expect("a time");
    let lease = Some(LeaseEntry { holder: "run 7 on dns-2".to_owned(), until });
    memory.put("aws", &Document { lease, gate: Known::Nothing }.text());
}

#[tokio::test]
async fn a_second_run_with_nothing_changed_calls_no_provider() {
    let bench = Bench::new();
    let first = bench.run(&two()).await;
    assert_eq!(first.exit_code(), ExitCode::Success);
    assert_full(&first, &bench, "no hash is stored");
    bench.assert_records_of(&two(), "after the first run");
    assert_eq!(bench.document().lease, None, "it was given back");

    let second = bench.run(&two()).await;
    assert_gated(&second, &bench);
    let text = render_text(&second, Palette::Plain);
    assert!(
        text.contains("target aws: there is nothing to do: the last run wrote the same"),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&render_json(&second)).expect("JSON");
    let state = &json["targets"][0]["state"];
    assert_eq!(state["outcome"], "gated");
    assert_eq!(state["fullReadAt"], "2026-03-01T12:00:00Z");
    let metrics = render_metrics(&second);
    assert!(metrics.contains("external_dns_gated{target=\"aws\"} 1\n"), "{metrics}");

    // In another order.
    let [www, api] = two();
    assert_gated(&bench.run(&[api, www]).await, &bench);
}

#[tokio::test]
async fn anything_else_that_is_wanted_opens_the_gate() {
    let bench = Bench::new();
    bench.run(&two()).await;
    let third = service("third.example.org", "192.0.2.3");
    let three = [&two()[..], std::slice::from_ref(&third)].concat();
    assert_full(&bench.run(&three).await, &bench, "differ");
    bench.assert_records_of(&three, "with one more");
    assert_gated(&bench.run(&three).await, &bench);
    assert_full(&bench.run(&two()).await, &bench, "differ");
    bench.assert_records_of(&two(), "with one less");
    let other = bench.run_with(&two(), &["--min-ttl=60s"], |_| {}).await;
    assert_full(&other, &bench, "differ");
    assert_gated(
        &bench.run_with(&two(), &["--min-ttl=60s", "--log-level=debug"], |_| {}).await,
        &bench,
    );
}

#[tokio::test]
async fn a_record_deleted_by_hand_is_back_at_the_first_run_after_the_full_resync_interval() {
    let bench = Bench::new();
    bench.run(&two()).await;
    bench.zone.remove("www.example.org");
    bench.clock.advance(HOUR - Duration::from_secs(1));
    assert_gated(&bench.run(&two()).await, &bench);
    assert!(bench.zone.find("www.example.org", "A").is_empty(), "a gated run does not see it");

    bench.clock.advance(Duration::from_secs(1));
    assert_full(&bench.run(&two()).await, &bench, "--full-resync-interval is over");
    bench.assert_records_of(&two(), "after the interval");
    bench.clock.advance(HOUR - Duration::from_secs(1));
    assert_gated(&bench.run(&two()).await, &bench);
}

#[tokio::test]
async fn a_deployment_rolled_back_after_a_run_that_ended_in_part_is_applied() {
    let bench = Bench::new();
    bench.run(&two()).await;
    let before = bench.document().gate;
    let four = [
        &two()[..],
        &[service("good.example.org", "192.0.2.3"), service("bad.example.org", "192.0.2.4")],
    ]
    .concat();
    bench.sim.fault(Fault::invalid_batch("no").changing("bad.example.org").always());
    let partial = bench.run(&four).await;
    assert_eq!(partial.exit_code(), ExitCode::Partial);
    assert!(!bench.zone.find("good.example.org", "A").is_empty(), "it was written in part");
    assert_eq!(bench.document().gate, Known::Nothing);

    bench.sim.heal();
    let back = bench.run(&two()).await;
    assert_full(&back, &bench, "no hash is stored");
    bench.assert_records_of(&two(), "rolled back");
    assert!(
        matches!((before, bench.document().gate), (Known::Gate(a), Known::Gate(b)) if a.hash == b.hash)
    );
    assert_gated(&bench.run(&two()).await, &bench);
}

#[tokio::test]
async fn after_a_run_that_ended_with_code_3_the_gate_stays_open() {
    let bench = Bench::new();
    bench.sim.fault(Fault::invalid_batch("no").changing("www.example.org").always());
    assert_eq!(bench.run(&two()).await.exit_code(), ExitCode::Partial);
    let again = bench.run(&two()).await;
    assert_eq!(again.exit_code(), ExitCode::Partial);
    assert_full(&again, &bench, "no hash is stored");
    bench.sim.heal();
    assert_full(&bench.run(&two()).await, &bench, "no hash is stored");
    assert_gated(&bench.run(&two()).await, &bench);
}

#[tokio::test]
async fn a_child_zone_that_cannot_be_read_keeps_the_gate_open() {
    let bench = Bench::new();
    let child = bench.sim.zone("child.example.org");
    bench.run(&two()).await;
    bench.clock.advance(HOUR);
    bench.sim.fault(Fault::internal().on(READ).in_zone(child.id()).always());
    assert_eq!(bench.run(&two()).await.exit_code(), ExitCode::Partial);
    let again = bench.run(&two()).await;
    assert_full(&again, &bench, "no hash is stored");
    bench.sim.heal();
    assert_eq!(bench.run(&two()).await.exit_code(), ExitCode::Success);
    assert_gated(&bench.run(&two()).await, &bench);
}

#[tokio::test]
async fn while_another_run_holds_the_lease_nothing_is_read_or_written() {
    let bench = Bench::new();
    let other = bench.store();
    let claim = Claim {
        target: "aws",
        holder: "run 7 on dns-2",
        end: LeaseEnd { deadline: None },
        wait: Duration::ZERO,
    };
    let Ok(Taken::Lease(lease)) = other.acquire(&Permit::grant(), &claim).await else {
        panic!("no lease");
    };
    let report = bench.run(&two()).await;
    assert_eq!(report.exit_code(), ExitCode::Success);
    assert_eq!(bench.sim.calls().len(), 0);
    assert!(report.clusters.is_empty(), "no cluster was read either");
    let text = render_text(&report, Palette::Plain);
    assert!(text.contains("another run holds the lease"), "{text}");
    assert!(text.contains("run 7 on dns-2") && !text.contains("up to date"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&render_json(&report)).expect("JSON");
    assert_eq!(json["targets"][0]["state"]["outcome"], "leaseHeld");
    let metrics = render_metrics(&report);
    assert!(metrics.contains("external_dns_lease_held_elsewhere{target=\"aws\"} 1\n"), "{metrics}");

    lease.release(&Permit::grant(), Known::Nothing).await.expect("given back");
    assert_eq!(bench.run(&two()).await.exit_code(), ExitCode::Success);
    bench.assert_records_of(&two(), "after the other run");
}

#[tokio::test]
async fn a_run_that_has_lost_its_lease_writes_nothing() {
    let bench = Bench::new();
    let (memory, clock) = (bench.memory.clone(), bench.clock.clone());
    bench.sim.on_call(move |_, call| {
        if call.operation == READ {
            seize(&memory, &clock);
        }
    });
    let report = bench.run(&two()).await;
    assert_eq!(report.exit_code(), ExitCode::Failed);
    let failure = report.first_failure().expect("a failure");
    assert_eq!(failure.kind, FailureKind::State);
    assert!(failure.message.contains("is lost to run 7 on dns-2"), "{}", failure.message);
    assert_eq!(bench.sim.writes(), 0);
    assert_eq!(
        bench.document().lease.expect("a lease").holder,
        "run 7 on dns-2",
        "it is left alone"
    );
}

#[tokio::test]
async fn a_stored_hash_that_cannot_be_removed_keeps_everything_from_being_written() {
    let bench = Bench::new();
    bench.run(&two()[..1]).await;
    let memory = bench.memory.clone();
    bench.sim.on_call(move |_, call| {
        if call.operation == READ {
            memory.fail(Some(StoreFault::Writes));
        }
    });
    let report = bench.run(&two()).await;
    assert_eq!(report.exit_code(), ExitCode::Failed);
    assert_eq!(bench.sim.writes(), 0);
    bench.assert_records_of(&two()[..1], "as before");
}

#[tokio::test]
async fn a_store_that_fails_at_every_call_stops_writing() {
    let bench = Bench::new();
    bench.memory.fail(Some(StoreFault::Everything));
    let report = bench.run(&two()).await;
    assert_eq!(report.exit_code(), ExitCode::Failed);
    assert_eq!(report.first_failure().expect("a failure").kind, FailureKind::State);
    assert_eq!(bench.sim.writes(), 0);
    bench.memory.fail(None);
    bench.memory.put("aws", r#"{"version":2}"#);
    let report = bench.run(&two()).await;
    assert_eq!(report.exit_code(), ExitCode::Failed);
    assert_eq!(bench.memory.text("aws").as_deref(), Some(r#"{"version":2}"#));
    assert!(bench.records().is_empty());
}

#[tokio::test]
async fn a_gate_that_cannot_be_read_costs_a_full_run() {
    let bench = Bench::new();
    bench.run(&two()).await;
    bench.memory.put("aws", r#"{"version":1,"gate":{"hash":"odd"}}"#);
    let report = bench.run(&two()).await;
    assert_eq!(report.exit_code(), ExitCode::Success);
    assert_full(&report, &bench, "cannot be read");
    assert_gated(&bench.run(&two()).await, &bench);
}

#[tokio::test]
async fn a_store_that_fails_at_the_end_is_told_and_costs_the_next_run_nothing_but_time() {
    let bench = Bench::new();
    let memory = bench.memory.clone();
    bench.sim.on_call(move |_, call| {
        if call.operation == WRITE {
            memory.fail(Some(StoreFault::Writes));
        }
    });
    let report = bench.run(&two()).await;
    assert_eq!(report.exit_code(), ExitCode::Success);
    let told = report.notices.iter().any(|notice| notice.message.contains("the store is broken"));
    assert!(told, "{:?}", report.notices);
    bench.memory.fail(None);
    assert!(
        matches!(standing(&bench.run(&two()).await), Standing::Held { .. }),
        "until it is over"
    );
    bench.clock.advance(Duration::from_secs(600));
    let third = bench.run(&two()).await;
    assert_full(&third, &bench, "no hash is stored");
}

#[tokio::test]
async fn plans_and_dry_runs_neither_read_nor_write_state() {
    let bench = Bench::new();
    let plan = bench.run_with(&two(), &[], |request| *request = RunRequest::plan()).await;
    assert_eq!(plan.targets[0].standing, None);
    bench.run_with(&two(), &["--dry-run"], |_| {}).await;
    assert_eq!(bench.memory.calls(), (0, 0));
}

#[tokio::test]
async fn an_apply_by_hand_ignores_the_gate_and_takes_the_lease() {
    let bench = Bench::new();
    bench.run(&two()).await;
    bench.zone.remove("www.example.org");
    let by_hand = |request: &mut RunRequest| request.by_hand = true;
    let report = bench.run_with(&two(), &[], by_hand).await;
    assert_full(&report, &bench, "asked for by hand");
    bench.assert_records_of(&two(), "repaired");
    assert_gated(&bench.run(&two()).await, &bench);
    seize(&bench.memory, &bench.clock);
    let report = bench.run_with(&two(), &[], by_hand).await;
    assert!(matches!(standing(&report), Standing::Held { .. }));
}

#[tokio::test]
async fn nothing_is_written_in_the_last_half_minute_of_a_lease() {
    let bench = Bench::new();
    let clock = bench.clock.clone();
    bench.sim.on_call(move |_, call| {
        if call.operation == READ {
            clock.advance(Duration::from_secs(571) / 2);
        }
    });
    let report = bench.run(&two()).await;
    assert_eq!(report.exit_code(), ExitCode::Partial, "what is left is deferred");
    assert_eq!(bench.sim.writes(), 0);
    assert_eq!(bench.document(), Document::default(), "it was given back, without a hash");
}

#[tokio::test]
async fn a_run_that_cannot_read_its_cluster_gives_the_lease_back_and_leaves_no_hash() {
    let bench = Bench::new();
    bench.run(&two()).await;
    bench.clock.advance(HOUR);
    let report = bench.run_with(&two(), &["--manifests=/none/such.yaml"], |_| {}).await;
    assert_eq!(report.exit_code(), ExitCode::Failed);
    assert_eq!(bench.document(), Document::default());
    bench.assert_records_of(&two(), "as before");
}

/// Records and their ownership records go with a lease, too.
#[tokio::test]
async fn gc_takes_the_lease_and_leaves_no_hash() {
    let bench = Bench::new();
    bench.run(&two()).await;
    bench.zone.remove("www.example.org");
    let collect = async || {
        let (mut wiring, mut request) = wired(&bench.sim, "--manifests", bench.file.path(), &[]);
        let (wait, full_resync_interval) = (Duration::ZERO, HOUR);
        wiring.state = Some(State { store: bench.store(), wait, full_resync_interval });
        request.by_hand = true;
        bench.sim.forget_calls();
        Box::pin(extdns_sync::gc::collect(&wiring, &request)).await
    };
    let before = bench.document();
    seize(&bench.memory, &bench.clock);
    let report = collect().await;
    assert!(matches!(standing(&report), Standing::Held { .. }));
    assert_eq!(bench.sim.calls().len(), 0);

    bench.memory.put("aws", &before.text());
    let report = collect().await;
    assert_eq!(report.exit_code(), ExitCode::Success);
    assert_eq!(bench.records().len(), 2, "of www nothing is left");
    assert_eq!(bench.document(), Document::default());
    assert_full(&bench.run(&two()).await, &bench, "no hash is stored");
}

#[tokio::test]
async fn the_file_that_the_settings_name_is_the_store() {
    let bench = Bench::new();
    std::fs::write(bench.file.path(), manifests(&two())).expect("objects");
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("state.json");
    let flag = format!("--state=file:{}", path.display());
    let run = async |flags: &[&str]| {
        let flags = [&[flag.as_str()], flags].concat();
        let (wiring, request) = wired(&bench.sim, "--manifests", bench.file.path(), &flags);
        bench.sim.forget_calls();
        Box::pin(extdns_sync::run(&wiring, &request)).await
    };
    run(&["--dry-run"]).await;
    assert!(!path.exists());
    assert_eq!(run(&[]).await.exit_code(), ExitCode::Success);
    let text = std::fs::read_to_string(&path).expect("a file");
    assert!(text.contains("\"aws\"") && text.contains("\"fullReadAt\""), "{text}");
    assert_gated(&run(&[]).await, &bench);
    let due = run(&["--full-resync-interval=0s"]).await;
    assert_full(&due, &bench, "--full-resync-interval is over");
}

/// Two targets of one installation: what one of them waits for does not keep the other.
#[tokio::test]
async fn each_target_has_a_lease_and_a_gate_of_its_own() {
    let bench = Bench::new();
    let other = bench.sim.zone("example.com");
    let services =
        [service("www.example.org", "192.0.2.1"), service("www.example.com", "192.0.2.2")];
    std::fs::write(bench.file.path(), manifests(&services)).expect("objects");
    let text = format!(
        "apiVersion: extdns/v1\n\
         defaults: {{ txtOwnerId: me, policy: sync, sources: [service], provider: aws }}\n\
         clusters: [{{ name: prod, manifests: [{:?}] }}]\n\
         targets:\n\
         - {{ name: org, domainFilter: [example.org] }}\n\
         - {{ name: com, domainFilter: [example.com] }}\n",
        bench.file.path()
    );
    let run = async || {
        let (mut wiring, request) = configured(&bench.sim, &text);
        let (wait, full_resync_interval) = (Duration::ZERO, HOUR);
        wiring.state = Some(State { store: bench.store(), wait, full_resync_interval });
        bench.sim.forget_calls();
        Box::pin(extdns_sync::run(&wiring, &request)).await
    };
    let until = bench.clock.now().saturating_add(HOUR).expect("a time");
    let lease = Some(LeaseEntry { holder: "run 7 on dns-2".to_owned(), until });
    bench.memory.put("org", &Document { lease, gate: Known::Nothing }.text());
    let report = run().await;
    assert_eq!(report.exit_code(), ExitCode::Success);
    assert!(matches!(report.targets[0].standing, Some(Standing::Held { .. })));
    assert!(matches!(report.targets[1].standing, Some(Standing::Full { .. })));
    assert!(bench.records().is_empty());
    assert_eq!(other.own_records().len(), 2);

    bench.memory.remove("org");
    let report = run().await;
    assert!(matches!(report.targets[0].standing, Some(Standing::Full { .. })));
    assert!(matches!(report.targets[1].standing, Some(Standing::Gated { .. })));
    assert_eq!(bench.records().len(), 2);
    let report = run().await;
    assert!(report.targets.iter().all(|own| matches!(own.standing, Some(Standing::Gated { .. }))));
    assert_eq!(bench.sim.calls().len(), 0);
}
