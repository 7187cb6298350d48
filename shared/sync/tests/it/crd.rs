//! Whole runs whose ownership records are `DNSRecord` objects of the cluster. The numbers are those of the cases that the
//! specification has for such registries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use extdns_model::{Name, RecordType};
use extdns_providers::conformance::{Fault as ProviderFault, RecordServer};
use extdns_providers::engine::stepped;
use extdns_providers::{Provider, Transport, ZoneReader as _};
use extdns_sync::report::{ChangeResult, Report, Summary};
use extdns_sync::settings::{Environment, Request, resolve};
use extdns_sync::{ExitCode, RunRequest, Wiring, gc};
use extdns_testkit::http::{Interference, Reply, Request as Call};
use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim};
use serde_json::{Value, json};
use tokio::sync::Notify;

const DEFINITION: &str = include_str!("../../../../infra/kubernetes/crd-dnsrecord.yaml");
const ONE: &str = "one.example.org";
const TWO: &str = "two.example.org";

/// A cluster with objects, and a provider.
struct World {
    sim: KubeSim,
    server: RecordServer,
}

impl World {
    fn new() -> Self {
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "dns" } });
        let sim = KubeSim::builder().yaml(DEFINITION).object(namespace).start();
        Self { sim, server: RecordServer::new(&["example.org"]) }
    }

    fn wiring(&self, flags: &[&str]) -> (Wiring, RunRequest) {
        let kubeconfig = self.sim.write_kubeconfig(&self.sim.kubeconfig(ADMIN));
        let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
        let usual = [
            "--once",
            "--source=service",
            "--provider=inmemory",
            "--policy=sync",
            "--registry=crd",
            "--crd-registry-namespace=dns",
            "--txt-owner-id=me",
            "--kube-api-qps=1000",
            "--kube-api-burst=1000",
            "--no-guard",
            &kubeconfig,
        ];
        // A flag that is given again takes the place of the usual one.
        let name = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
        let usual = usual.iter().filter(|own| !flags.iter().any(|flag| name(flag) == name(own)));
        let arguments = usual.chain(flags).map(ToString::to_string).collect();
        let environment = Environment { arguments, ..Environment::default() };
        let Ok(Request::Run(arguments)) = resolve(&environment) else { panic!("flags are right") };
        let api = self.server.api();
        let via = Transport::new(api.capabilities());
        let provider: Arc<dyn Provider> = Arc::new(stepped(api, via));
        let wiring = Wiring::assemble(&arguments, &environment, provider, "inmemory");
        (wiring.expect("settings"), RunRequest::of(&arguments).expect("a request"))
    }

    /// Makes the services of the cluster these, and runs.
    async fn run(&self, hosts: &[(&str, &str)], flags: &[&str]) -> Report {
        self.want(hosts);
        let (wiring, request) = self.wiring(flags);
        extdns_sync::run(&wiring, &request).await
    }

    fn want(&self, hosts: &[(&str, &str)]) {
        for number in 0..12 {
            let mut service = json!({
                "apiVersion": "v1", "kind": "Service",
                "metadata": { "namespace": "test", "name": format!("s{number}") },
            });
            match hosts.get(number) {
                None => drop(self.sim.delete(&service)),
                Some((host, address)) => {
                    service["metadata"]["annotations"] =
                        json!({ "external-dns.kubernetes.io/hostname": host });
                    service["spec"] = json!({ "type": "LoadBalancer" });
                    service["status"] =
                        json!({ "loadBalancer": { "ingress": [{ "ip": address }] } });
                    self.sim.apply(service);
                }
            }
        }
    }

    /// Names and targets of all records; none of them is a TXT.
    fn records(&self) -> Vec<String> {
        let contents = self.server.contents();
        assert!(contents.iter().all(|set| set.rtype != RecordType::Txt), "{contents:?}");
        let line = |set: &extdns_model::RecordSet| {
            format!("{} {}", set.name, set.targets.iter().cloned().collect::<Vec<_>>().join(","))
        };
        let mut lines: Vec<_> = contents.iter().map(line).collect();
        lines.sort();
        lines
    }

    fn objects(&self) -> Vec<Value> {
        let names = self.sim.names("dnsrecords", "dns");
        names.iter().filter_map(|name| self.sim.object("dnsrecords", "dns", name)).collect()
    }

    /// Name, owner, targets and condition of all objects.
    fn owned(&self) -> Vec<String> {
        let line = |object: Value| {
            let endpoint = &object["spec"]["endpoint"];
            format!(
                "{} {} {} {}",
                endpoint["dnsName"].as_str().unwrap_or("-"),
                object["metadata"]["labels"]["externaldns.k8s.io/owner"].as_str().unwrap_or("-"),
                endpoint["targets"],
                object["status"]["conditions"][0]["reason"].as_str().unwrap_or("-")
            )
        };
        self.objects().into_iter().map(line).collect()
    }

    fn cluster_writes(&self) -> usize {
        self.sim.requests().iter().filter(|call| is_write(call)).count()
    }

    /// Every record has an object of ours.
    fn assert_all_owned(&self, when: &str) {
        let owned: Vec<String> =
            self.owned().into_iter().filter(|line| line.contains(" me ")).collect();
        for record in self.records() {
            let (name, _) = record.split_once(' ').expect("a name");
            let is_owned = owned.iter().any(|line| line.starts_with(&format!("{name} ")));
            assert!(is_owned, "{when}: {record} is nobody's; objects: {owned:#?}");
        }
    }
}

fn is_write(call: &Call) -> bool {
    call.method != "GET"
}

fn code(report: &Report) -> ExitCode {
    assert!(report.failure.is_none(), "{:?}", report.failure);
    Summary::of(report).exit_code()
}

/// C1, C3: an object comes before its record and goes after it; a second run writes nothing.
#[tokio::test]
async fn objects_follow_their_records() {
    let world = World::new();
    let report = world.run(&[(ONE, "192.0.2.1"), (TWO, "192.0.2.2")], &[]).await;
    assert_eq!(code(&report), ExitCode::Success);
    assert_eq!(world.records(), ["one.example.org 192.0.2.1", "two.example.org 192.0.2.2"]);
    assert_eq!(
        world.owned(),
        [
            r#"one.example.org me ["192.0.2.1"] Programmed"#,
            r#"two.example.org me ["192.0.2.2"] Programmed"#
        ]
    );
    let writes = (world.cluster_writes(), world.server.faults().writes());
    let report = world.run(&[(ONE, "192.0.2.1"), (TWO, "192.0.2.2")], &[]).await;
    assert_eq!((code(&report), report.changes().count()), (ExitCode::Success, 0));
    assert_eq!((world.cluster_writes(), world.server.faults().writes()), writes);
    let report = world.run(&[(TWO, "192.0.2.3")], &[]).await;
    assert_eq!(code(&report), ExitCode::Success);
    assert_eq!(world.records(), ["two.example.org 192.0.2.3"]);
    assert_eq!(world.owned(), [r#"two.example.org me ["192.0.2.3"] Programmed"#]);
}

/// A plan has no way to write to the cluster.
#[tokio::test]
async fn a_dry_run_makes_no_object() {
    let world = World::new();
    let report = world.run(&[(ONE, "192.0.2.1")], &["--dry-run"]).await;
    assert_eq!(report.changes().count(), 1);
    assert_eq!((world.cluster_writes(), world.records().len()), (0, 0));
}

/// C2: what the provider refuses leaves no object, and the rest is made.
#[tokio::test]
async fn the_object_of_a_record_that_is_refused_goes_again() {
    let world = World::new();
    world.server.faults().inject(ProviderFault::Reject(Name::as_listed(ONE)));
    let report = world.run(&[(ONE, "192.0.2.1"), (TWO, "192.0.2.2")], &[]).await;
    assert_eq!(code(&report), ExitCode::Partial);
    assert_eq!(world.records(), ["two.example.org 192.0.2.2"]);
    assert_eq!(world.owned(), [r#"two.example.org me ["192.0.2.2"] Programmed"#]);
}

/// An object that was given to another owner, or that contradicts itself, makes its record foreign: it is held, and the
/// second is told.
#[tokio::test]
async fn a_record_whose_object_was_edited_is_left_alone() {
    let world = World::new();
    world.run(&[(ONE, "192.0.2.1"), (TWO, "192.0.2.2")], &[]).await;
    let mut objects = world.objects();
    for object in &mut objects {
        object["metadata"]["labels"]["externaldns.k8s.io/owner"] = json!("other");
    }
    objects[0]["spec"]["endpoint"]["labels"]["owner"] = json!("other");
    objects.into_iter().for_each(|object| drop(world.sim.apply(object)));
    let before = (world.records(), world.owned());
    let report = world.run(&[(TWO, "192.0.2.9")], &[]).await;
    assert_eq!(code(&report), ExitCode::Success);
    assert!(report.changes().all(|own| matches!(own.result, ChangeResult::Held(_))));
    let told: Vec<_> = report
        .notices
        .iter()
        .filter(|own| own.message.starts_with("not counted as ours"))
        .collect();
    assert!(told.len() == 1 && told[0].subject.starts_with("DNSRecord dns/two-"), "{told:?}");
    assert_eq!((world.records(), world.owned()), before);
}

/// Partial knowledge deletes nothing: a list that breaks off ends the run before anything is written.
#[tokio::test]
async fn objects_that_cannot_be_read_in_full_change_nothing() {
    let world = World::new();
    world.run(&[(ONE, "192.0.2.1")], &[]).await;
    let before = (world.records(), world.owned(), world.cluster_writes());
    for verb in ["list", "watch"] {
        world.sim.fail(Fault::new("dnsrecords", Effect::Forbidden).verb(verb));
    }
    let report = world.run(&[(TWO, "192.0.2.2")], &[]).await;
    let failure = report.failure.as_ref().expect("a failed run");
    assert!(failure.message.contains("verbs: [\"list\"]"), "{failure:?}");
    assert_eq!((world.records(), world.owned(), world.cluster_writes()), before);
}

/// Records that a TXT registry owns are not taken over: the plan shows that they are not ours.
#[tokio::test]
async fn records_of_a_txt_registry_are_shown_as_foreign() {
    let world = World::new();
    world.run(&[(ONE, "192.0.2.1")], &["--registry=txt"]).await;
    let before = world.server.contents();
    let report = world.run(&[(ONE, "192.0.2.9")], &[]).await;
    let held: Vec<_> = report.changes().map(|own| own.result.clone()).collect();
    assert!(matches!(held[..], [ChangeResult::Held(_)]), "{held:?}");
    assert_eq!((world.server.contents(), world.objects().len()), (before, 0));
}

/// `gc` removes objects without a record, and only those of ours.
#[tokio::test]
async fn an_object_without_a_record_is_reported_and_collected() {
    let world = World::new();
    world.run(&[(ONE, "192.0.2.1"), (TWO, "192.0.2.2")], &[]).await;
    world.sim.fail(Fault::new("dnsrecords", Effect::Status(503)).verb("delete"));
    let report = world.run(&[(ONE, "192.0.2.1")], &[]).await;
    assert_eq!(code(&report), ExitCode::Partial);
    world.sim.heal();
    let report = world.run(&[(ONE, "192.0.2.1")], &[]).await;
    let told = |report: &Report| {
        report.notices.iter().any(|own| own.message.contains("DNSRecord dns/two-example-org-"))
    };
    assert!(told(&report), "{:?}", report.notices);
    let (wiring, request) = world.wiring(&[]);
    assert_eq!(code(&gc::collect(&wiring, &request).await), ExitCode::Success);
    assert_eq!(world.records(), ["one.example.org 192.0.2.1"]);
    assert_eq!(world.owned(), [r#"one.example.org me ["192.0.2.1"] Programmed"#]);
}

const BEFORE: [(&str, &str); 4] = [
    ("a.example.org", "192.0.2.1"),
    ("b.example.org", "192.0.2.1"),
    ("c.example.org", "192.0.2.1"),
    ("d.example.org", "192.0.2.1"),
];
/// Two deletes, two updates, two creates.
const AFTER: [(&str, &str); 4] = [
    ("c.example.org", "192.0.2.2"),
    ("d.example.org", "192.0.2.2"),
    ("e.example.org", "192.0.2.1"),
    ("f.example.org", "192.0.2.1"),
];

/// Repairs what a run that died has left, and compares with a run that did not die.
async fn assert_repaired(world: &World, goal: &World, when: &str) {
    world.assert_all_owned(when);
    world.sim.interfere(None);
    world.server.faults().clear();
    let report = world.run(&AFTER, &[]).await;
    assert_eq!(code(&report), ExitCode::Success, "{when}");
    world.assert_all_owned(&format!("{when}, repaired"));
    assert_eq!(world.records(), goal.records(), "{when}");
    let report = world.run(&AFTER, &[]).await;
    assert_eq!(report.changes().count(), 0, "{when}: nothing is left to do");
    let (wiring, request) = world.wiring(&[]);
    assert_eq!(code(&gc::collect(&wiring, &request).await), ExitCode::Success, "{when}");
    // Targets and condition of an object are news for people, as of its last write.
    let owners = |world: &World| -> Vec<String> {
        let words = |line: &String| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        world.owned().iter().map(words).collect()
    };
    assert_eq!(owners(world), owners(goal), "{when}");
}

async fn started() -> World {
    let world = World::new();
    assert_eq!(code(&world.run(&BEFORE, &[]).await), ExitCode::Success);
    world
}

/// Killed after each write to the cluster: whatever the run did by then, no record is nobody's.
#[tokio::test]
async fn a_run_killed_after_any_write_to_the_cluster_leaves_no_unowned_record() {
    let goal = started().await;
    let before = goal.cluster_writes();
    assert_eq!(code(&goal.run(&AFTER, &[]).await), ExitCode::Success);
    let writes = goal.cluster_writes() - before;
    // Two objects are made, with a status before and one after; two rewritten, with a status; two removed.
    assert_eq!(writes, 2 * 3 + 2 * 2 + 2);
    for death in 1..=writes {
        let world = started().await;
        let (killed, never) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (told, seen) = (Arc::clone(&killed), AtomicUsize::new(0));
        world.sim.interfere(Some(Box::new(move |call| {
            if !is_write(call) {
                return Interference::None;
            }
            let number = seen.fetch_add(1, Ordering::Relaxed) + 1;
            let (told, never) = (Arc::clone(&told), Arc::clone(&never));
            match number.cmp(&death) {
                std::cmp::Ordering::Less => Interference::None,
                // It is carried out, and nobody is told.
                std::cmp::Ordering::Equal => {
                    Interference::Spoiled(Box::new(move |reply: Reply| {
                        told.notify_one();
                        reply.held_until(never)
                    }))
                }
                std::cmp::Ordering::Greater => {
                    Interference::Instead(Reply::new(503).held_until(never))
                }
            }
        })));
        let finished = tokio::select! {
            biased;
            () = killed.notified() => false,
            _ = world.run(&AFTER, &[]) => true,
        };
        assert!(!finished, "write {death} of {writes}");
        assert_repaired(
            &world,
            &goal,
            &format!("killed after write {death} of {writes} to the cluster"),
        )
        .await;
    }
}

/// Killed after each write to the provider.
#[tokio::test]
async fn a_run_killed_after_any_write_to_the_provider_leaves_no_unowned_record() {
    let goal = started().await;
    let before = goal.server.faults().writes();
    assert_eq!(code(&goal.run(&AFTER, &[]).await), ExitCode::Success);
    let writes = goal.server.faults().writes() - before;
    assert!(writes >= 6, "{writes} writes");
    for death in 1..=writes {
        let world = started().await;
        world.server.faults().inject(ProviderFault::KillAfter(death));
        let killed = world.server.faults().until_killed(world.run(&AFTER, &[])).await;
        assert!(killed.is_none(), "write {death} of {writes}");
        assert_repaired(
            &world,
            &goal,
            &format!("killed after write {death} of {writes} to the provider"),
        )
        .await;
    }
}

/// Without a cluster that can be written to, there is nothing to start.
#[test]
fn manifests_keep_no_objects() {
    let arguments =
        ["--once", "--source=service", "--provider=inmemory", "--registry=crd", "--manifests=-"];
    let arguments = arguments.iter().map(ToString::to_string).collect();
    let environment = Environment { arguments, ..Environment::default() };
    let Ok(Request::Run(arguments)) = resolve(&environment) else { panic!("flags are right") };
    let api = RecordServer::new(&["example.org"]).api();
    let via = Transport::new(api.capabilities());
    let provider: Arc<dyn Provider> = Arc::new(stepped(api, via));
    let wiring = Wiring::assemble(&arguments, &environment, provider, "inmemory");
    let error = wiring.err().expect("no registry").to_string();
    assert!(error.contains("--manifests stands for one that cannot"), "{error}");
}
