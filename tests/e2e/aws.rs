//! The program as its users type it, from a simulated cluster to a simulated Route 53: credentials
//! come from the environment and its files, the cluster from the home folder.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::KubeSim;
use extdns_testkit::route53::{Fault, Moment, Operation, RecordSet, Route53Sim, Spoil};

use crate::program::{Run, external_dns, run};

/// `kubectl expose .. --type=LoadBalancer`, annotated, with the address that came.
const OBJECTS: &str = "
apiVersion: v1
kind: Service
metadata:
  namespace: default
  name: nginx
  annotations: { external-dns.kubernetes.io/hostname: nginx.example.org. }
spec: { type: LoadBalancer, ports: [{ port: 80 }] }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.10 }] } }
---
apiVersion: v1
kind: Service
metadata:
  namespace: default
  name: shop
  annotations: { external-dns.kubernetes.io/hostname: shop.example.org }
spec: { type: LoadBalancer, ports: [{ port: 443 }] }
status: { loadBalancer: { ingress: [{ hostname: shop-1.eu-central-1.elb.amazonaws.com }] } }
";

/// As in the README of ExternalDNS, but for the provider.
const AS_TYPED: &str =
    "--registry txt --txt-owner-id my-cluster-id --provider aws --source service --once --dry-run";

/// A cluster and a Route 53, and the home folder of who uses them.
struct World {
    kube: KubeSim,
    sim: Route53Sim,
    home: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let kube = KubeSim::builder().yaml(OBJECTS).start();
        let home = tempfile::tempdir().expect("a folder");
        let config = kube.write_kubeconfig(&kube.kubeconfig(ADMIN));
        std::fs::create_dir(home.path().join(".kube")).expect("a folder");
        std::fs::copy(config, home.path().join(".kube/config")).expect("copied");
        Self { kube, sim: Route53Sim::start(), home }
    }

    /// The program with this command line, and keys in its environment.
    fn command(&self, words: &str) -> Command {
        let mut command = self.bare(words);
        command.env("AWS_ACCESS_KEY_ID", "AKIATEST").env("AWS_SECRET_ACCESS_KEY", "secret-of-aws");
        command
    }

    /// The same without credentials.
    fn bare(&self, words: &str) -> Command {
        let mut command = external_dns(self.home.path());
        command
            .args(words.split_whitespace())
            .env("AWS_ENDPOINT_URL", self.sim.url())
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    fn run(&self, words: &str) -> Run {
        run(&mut self.command(words))
    }
}

fn applying() -> String {
    AS_TYPED.replace(" --dry-run", "")
}

fn lines<'r>(run: &'r Run, level: &str, text: &str) -> Vec<&'r str> {
    let level = format!("level={level} ");
    run.log.lines().filter(|line| line.contains(&level) && line.contains(text)).collect()
}

/// An address and an alias of both families, each with its ownership record.
fn expected() -> Vec<RecordSet> {
    let lb = "shop-1.eu-central-1.elb.amazonaws.com";
    let text = |service: &str| {
        format!(
            "heritage=external-dns,external-dns/owner=my-cluster-id,\
             external-dns/resource=service/default/{service}"
        )
    };
    let alias = |rtype: &str| {
        RecordSet::alias("shop.example.org", rtype, "Z215JYRZR1TBD5", lb).evaluate_target_health()
    };
    vec![
        RecordSet::txt("a-nginx.example.org", &text("nginx")),
        RecordSet::txt("a-shop.example.org", &text("shop")),
        RecordSet::txt("aaaa-shop.example.org", &text("shop")),
        RecordSet::a("nginx.example.org", "192.0.2.10"),
        alias("A"),
        alias("AAAA"),
    ]
}

#[test]
fn the_command_that_users_have_typed_for_years_plans_and_changes_nothing() {
    let world = World::new();
    let zone = world.sim.zone("example.org");
    let run = world.run(AS_TYPED);
    assert_eq!(run.code, 0, "{run:?}");
    for line in ["nginx.example.org", "192.0.2.10", "service/default/nginx", "shop.example.org"] {
        assert!(run.out.contains(line), "{line} is missing in\n{}", run.out);
    }
    assert_eq!(lines(&run, "warning", "--policy").len(), 1, "{}", run.log);
    assert_eq!(lines(&run, "info", "running in dry-run mode").len(), 1, "{}", run.log);
    assert!(lines(&run, "error", "").is_empty(), "{}", run.log);
    assert_eq!((world.sim.reads(), world.sim.writes()), (1 + 1, 0));
    assert!(zone.own_records().is_empty());
    let lists = world.kube.all_calls().into_iter();
    let lists = lists.filter(|((verb, _), _)| verb == "list" || verb == "watch");
    let lists: Vec<_> = lists.map(|((_, resource), calls)| (resource, calls)).collect();
    assert_eq!(lists, [("services".to_owned(), 1)], "nothing that no Service needs");
}

#[test]
fn the_same_command_applied_writes_records_and_texts_as_upstream_does_and_then_no_more() {
    let world = World::new();
    let zone = world.sim.zone("example.org");
    let first = world.run(&applying());
    assert_eq!(first.code, 0, "{first:?}");
    assert_eq!(zone.own_records(), expected());
    assert_eq!((world.sim.reads(), world.sim.writes()), (1 + 1, 1));

    world.sim.forget_calls();
    let second = world.run(&applying());
    assert_eq!(second.code, 0, "{second:?}");
    assert_eq!(lines(&second, "info", "all records are already up to date").len(), 1);
    assert_eq!((world.sim.reads(), world.sim.writes()), (1 + 1, 0));
    assert_eq!(zone.own_records(), expected());
    assert!(!format!("{first:?}{second:?}").contains("secret-of-aws"));
}

/// What is written is also what the newer spelling of the annotation and the settings by environment
/// variables give.
#[test]
fn the_same_by_environment_variables() {
    let world = World::new();
    let zone = world.sim.zone("example.org");
    let mut command = world.command("");
    let variables = [
        ("REGISTRY", "txt"),
        ("TXT_OWNER_ID", "my-cluster-id"),
        ("PROVIDER", "aws"),
        ("SOURCE", "service"),
        ("ONCE", "true"),
    ];
    command.envs(variables.map(|(name, value)| (format!("EXTERNAL_DNS_{name}"), value)));
    let run = run(&mut command);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(zone.own_records(), expected());
}

/// Killed by the system at every call in turn: after it took effect, before its answer. What is there
/// then is owned, and the same command again finishes the work.
#[test]
fn a_process_that_is_killed_at_any_call_is_repaired_by_the_next() {
    let words = format!("{} --aws-batch-change-size=2 --aws-batch-change-interval=0s", applying());
    let undisturbed = World::new();
    undisturbed.sim.zone("example.org");
    assert_eq!(undisturbed.run(&words).code, 0);
    let calls = undisturbed.sim.calls().len();
    assert_eq!((calls, undisturbed.sim.writes()), (2 + 3, 3), "a record and its text in a call");

    for death in 1..=calls {
        let world = World::new();
        let zone = world.sim.zone("example.org");
        let process = Arc::new(Mutex::new(None::<Child>));
        let (victim, answered) = (Arc::clone(&process), AtomicUsize::new(0));
        world.sim.on_call(move |moment, _| {
            let over =
                moment == Moment::Answering && answered.fetch_add(1, Ordering::SeqCst) + 1 == death;
            if over && let Some(process) = &mut *victim.lock().expect("no panic") {
                process.kill().expect("it was there a moment ago");
                process.wait().expect("it ends");
            }
        });
        let start = |command: &mut Command| {
            let mut running = process.lock().expect("no panic");
            *running = Some(command.stderr(Stdio::null()).spawn().expect("the program starts"));
        };
        start(&mut world.command(&words));
        let bound = Instant::now() + Duration::from_secs(30);
        let status = loop {
            assert!(Instant::now() < bound, "not killed at call {death}");
            let mut running = process.lock().expect("no panic");
            match running.as_mut().expect("started").try_wait().expect("a process") {
                Some(status) => break status,
                None => drop(running),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(status.code(), None, "killed at call {death}");
        assert_eq!(world.sim.calls().len(), death);
        let names: Vec<_> =
            zone.own_records().into_iter().map(|set| (set.name, set.record_type)).collect();
        for (name, rtype) in names.iter().filter(|(_, rtype)| rtype != "TXT") {
            let mark = format!("{}-{name}", rtype.to_lowercase());
            assert!(names.contains(&(mark, "TXT".to_owned())), "killed at call {death}: {names:?}");
        }
        world.sim.on_call(|_, _| {});
        assert_eq!(world.run(&words).code, 0);
        assert_eq!(zone.own_records(), expected(), "killed at call {death}");
    }
}

fn write(home: &Path, name: &str, text: &str) -> String {
    let path = home.join(name);
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("text").to_owned()
}

const CREDENTIALS: &str = "[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = secret-of-aws
[one]
aws_access_key_id = AKIAONE
aws_secret_access_key = secret-of-aws
[two]
aws_access_key_id = AKIATWO
aws_secret_access_key = secret-of-aws
";

/// Each profile has its own client: the zones of both accounts are managed, each with its own keys.
#[test]
fn r53_case_41_two_profiles_are_two_clients() {
    let world = World::new();
    let accounts = ["111111111111", "222222222222"].map(|id| world.sim.account(id));
    accounts[0].access_key("AKIAONE");
    accounts[1].access_key("AKIATWO");
    world.sim.only_known_keys();
    let one = accounts[0].zone("example.org");
    let two = accounts[1].zone("example.net");
    two.seed([
        RecordSet::a("old.example.net", "192.0.2.1"),
        RecordSet::txt(
            "a-old.example.net",
            "heritage=external-dns,external-dns/owner=my-cluster-id,external-dns/resource=service/default/old",
        ),
    ]);
    let file = write(world.home.path(), "credentials", CREDENTIALS);
    let run_as = |flags: &str| {
        let words = format!("{} {flags}", applying());
        run(world.bare(&words).env("AWS_SHARED_CREDENTIALS_FILE", &file))
    };

    let both = run_as("--aws-profile=one --aws-profile=two");
    assert_eq!(both.code, 0, "{both:?}");
    assert_eq!(one.own_records(), expected());
    assert!(two.own_records().is_empty(), "what is not wanted any more");
    let callers: Vec<_> = world
        .sim
        .calls()
        .iter()
        .filter(|call| call.operation.is_write())
        .map(|call| (call.account.clone(), call.zone.clone()))
        .collect();
    for (account, zone) in accounts.iter().zip([&one, &two]) {
        let own = (account.id().to_owned(), Some(zone.id().to_owned()));
        assert_eq!(callers.iter().filter(|caller| **caller == own).count(), 1, "{callers:?}");
    }
    assert_eq!(world.sim.count(Operation::ListHostedZones), 2);

    // The server does not know the key of the default profile.
    let unknown = run_as("");
    assert_eq!(unknown.code, 1, "{unknown:?}");
    let errors = lines(&unknown, "error", "InvalidClientTokenId");
    assert_eq!(errors.len(), 1, "{}", unknown.log);
    assert!(errors[0].contains("check the credentials"), "{errors:?}");

    let missing = run(world
        .bare(&format!("{} --aws-profile=one", applying()))
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials"));
    assert_eq!(missing.code, 2, "{missing:?}");
    let errors = lines(&missing, "error", "instantiating AWS config: profile one");
    assert_eq!(errors.len(), 1, "{}", missing.log);
    for run in [both, unknown, missing] {
        assert!(!format!("{run:?}").contains("secret-of-aws"), "{run:?}");
    }
}

/// The log says which role is taken, and never its external id.
#[test]
fn r53_case_41_roles_are_logged_without_their_external_id() {
    const ID: &str = "the-external-id";
    let world = World::new();
    let account = world.sim.account("222222222222");
    let zone = account.zone("example.org");
    let (open, guarded) = (account.role("open", None), account.role("guarded", Some(ID)));

    let run = world.run(&format!("{} --aws-assume-role={open} --log-level=debug", applying()));
    assert_eq!(run.code, 0, "{run:?}");
    let assumed = format!("msg=\"Assuming role: {open}\"");
    assert_eq!(lines(&run, "info", &assumed).len(), 1, "{}", run.log);
    assert_eq!(zone.own_records(), expected());

    let words = format!(
        "{AS_TYPED} --aws-assume-role={guarded} --aws-assume-role-external-id={ID} --log-level=debug"
    );
    let run = world.run(&words);
    assert_eq!(run.code, 0, "{run:?}");
    let assumed = format!("msg=\"Assuming role {guarded} with external id\"");
    assert_eq!(lines(&run, "info", &assumed).len(), 1, "{}", run.log);
    assert!(!format!("{run:?}").contains(ID), "{run:?}");

    let refused = world.run(&format!("{AS_TYPED} --aws-assume-role={guarded}"));
    assert_eq!(refused.code, 2, "{refused:?}");
    let text = format!("instantiating AWS config: role {guarded}");
    let errors = lines(&refused, "error", &text);
    assert!(errors.len() == 1 && errors[0].contains("AccessDenied"), "{}", refused.log);
    assert_eq!(world.sim.count(Operation::AssumeRole), 3, "once for a run");
}

/// A role without one of the rights that a run needs: what is missing is named, with the remedy.
#[test]
fn a_role_without_one_right_gets_an_error_that_names_it() {
    const RIGHTS: [&str; 3] = [
        "route53:ListHostedZones",
        "route53:ListResourceRecordSets",
        "route53:ChangeResourceRecordSets",
    ];
    for (missing, code, reads, writes) in
        [(RIGHTS[0], 1, 1, 0), (RIGHTS[1], 3, 2, 0), (RIGHTS[2], 3, 2, 1)]
    {
        let world = World::new();
        let account = world.sim.account("222222222222");
        let zone = account.zone("example.org");
        let role = account.role("dns", None);
        world.sim.allow_only(
            &role,
            RIGHTS.into_iter().filter(|right| *right != missing).map(|right| (right, "*")),
        );
        let run = world.run(&format!("{} --aws-assume-role={role}", applying()));
        assert_eq!(run.code, code, "{missing}: {run:?}");
        let remedy = format!("allow the action {missing} in the policy of this identity");
        let told: Vec<_> = run.log.lines().filter(|line| line.contains(&remedy)).collect();
        assert!(!told.is_empty(), "{missing}: {}", run.log);
        assert!(
            told.iter().all(|line| line.contains("AccessDenied") && line.contains("request id"))
        );
        assert_eq!((world.sim.reads(), world.sim.writes()), (reads, writes), "{missing}");
        assert!(zone.own_records().is_empty(), "{missing}");
    }
}

/// A pod that is deleted ends what it has begun and begins nothing more; the next run goes on.
#[test]
fn sigterm_while_writing_leaves_the_rest_for_the_next_run() {
    let world = World::new();
    let zone = world.sim.zone("example.org");
    for number in 0..20 {
        world.kube.apply(serde_json::json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {
                "namespace": "default", "name": format!("s{number}"),
                "annotations": { "external-dns.kubernetes.io/hostname": format!("s{number}.example.org") }
            },
            "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
            "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.10" }] } }
        }));
    }
    let report = world.home.path().join("report.json");
    let flags = format!(
        "{} --aws-batch-change-size=4 --aws-batch-change-interval=200ms --report={}",
        applying(),
        report.display()
    );
    let mut child = world.command(&flags).stderr(Stdio::null()).spawn().expect("it starts");
    while world.sim.writes() < 3 {
        assert_eq!(child.try_wait().expect("a child"), None, "it ended before it was asked to");
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
    let document: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&report).expect("a report")).expect("JSON");
    let total = |name: &str| document["totals"][name].as_u64().expect("a total");
    assert_eq!(total("failed"), 0, "{document}");
    assert!(total("deferred") > 0 && total("create") > 0, "{}", document["totals"]);
    assert_eq!(total("create") + total("deferred"), 23, "20, and two families of an alias");
    let made = zone.records().len();
    assert_eq!(made as u64, 2 + 2 * total("create"), "each with its mark, beside NS and SOA");

    assert_eq!(world.run(&flags).code, 0);
    assert_eq!(zone.records().len(), 2 + 2 * 23);
}

/// What is wrong with the environment is reported before any request is sent, by the name of the variable;
/// an empty one is none.
#[test]
fn variables_of_aws_that_are_empty_or_odd() {
    let world = World::new();
    world.sim.zone("example.org");
    let url = world.sim.url();
    let with = |name: &str, value: &str| {
        let mut command = world.command(AS_TYPED);
        if name == "AWS_ENDPOINT_URL" {
            command.env("AWS_ENDPOINT_URL_ROUTE_53", &url);
        }
        run(command.env(name, value))
    };
    for empty in [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_ROUTE_53",
        "AWS_MAX_ATTEMPTS",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_RETRY_MODE",
        "AWS_SESSION_TOKEN",
    ] {
        let run = with(empty, "");
        assert_eq!(run.code, 0, "{empty}: {run:?}");
    }
    for (odd, value) in [
        ("AWS_ACCESS_KEY_ID", "AKIA\nTEST"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-aws\n"),
        ("AWS_SESSION_TOKEN", "token\u{1}of-aws"),
        ("AWS_ENDPOINT_URL", "localhost"),
        ("AWS_ENDPOINT_URL_ROUTE_53", "http://"),
        ("AWS_MAX_ATTEMPTS", "many"),
        ("AWS_REGION", "eu west"),
        ("AWS_RETRY_MODE", "odd"),
        ("AWS_CA_BUNDLE", "/etc/hostname"),
    ] {
        let run = with(odd, value);
        assert_eq!(run.code, 2, "{odd}: {run:?}");
        let errors = lines(&run, "error", &format!("instantiating AWS config: {odd}"));
        assert_eq!(errors.len(), 1, "{odd}: {}", run.log);
        assert!(!run.log.contains("of-aws"), "{odd}: {}", run.log);
    }
}

#[test]
fn credentials_and_names_that_cannot_be_used_are_reported_with_a_remedy() {
    let world = World::new();
    world.sim.zone("example.org");
    let role = world.sim.account("222222222222").role("dns", Some("the-id"));
    let without = run(&mut world.bare(AS_TYPED));
    let cases = [
        (without, "no credentials in any of 5 places: (1) the environment (AWS_ACCESS_KEY_ID"),
        (
            world.run(&format!("{AS_TYPED} --aws-assume-role=dns")),
            "is no ARN of a role, such as arn:aws:iam::111122223333:role/dns",
        ),
        (
            world.run(&format!("{AS_TYPED} --aws-assume-role={role}")),
            "give --aws-assume-role-external-id",
        ),
        (world.run(&format!("{AS_TYPED} --aws-profile=nope")), "check --aws-profile=nope"),
        (
            world.run(&format!("{AS_TYPED} --eks-cluster=arn:aws:eks:eu-west-1:1:cluster/prod")),
            "give --eks-cluster=prod --eks-region=eu-west-1",
        ),
    ];
    for (run, words) in cases {
        assert_eq!(run.code, 2, "{words}: {run:?}");
        let told = format!("{}{}", run.out, run.log);
        assert!(told.contains(words), "{words} is missing in {told}");
        assert!(!told.contains("Error {") && !told.contains("unhandled error"), "{told}");
    }
    let mistyped = world.run(&format!("{AS_TYPED} --zone-id-filter=Z9MISTYPED"));
    let told = lines(&mistyped, "warning", "--zone-id-filter=Z9MISTYPED matches no hosted zone");
    assert_eq!(told.len(), 1, "{}", mistyped.log);
}

/// A record that is not read is one that exists.
#[test]
fn gc_of_a_zone_that_is_cut_removes_nothing() {
    let world = World::new();
    let zone = world.sim.zone("example.org");
    let own = "heritage=external-dns,external-dns/owner=my-cluster-id";
    zone.seed((0..10).flat_map(|n| {
        let name = format!("n{n}.example.org");
        [RecordSet::txt(&format!("a-{name}"), own), RecordSet::a(&name, "192.0.2.1")]
    }));
    let before = zone.records();
    // The ownership records come first, and the records are cut off.
    for cut in [2_500, 3_500] {
        let fault = Fault::spoiled(Spoil::CutAt(cut)).on(Operation::ListResourceRecordSets);
        world.sim.fault(fault.always());
        let flags = AS_TYPED.replace("--once --dry-run", "");
        let run = world.run(&format!("gc --apply {flags} --aws-requests-per-second=1000"));
        assert_ne!(run.code, 0, "{run:?}");
        let told = format!("{}{}", run.out, run.log);
        assert!(told.contains("the answer is not whole"), "{told}");
        assert_eq!((zone.records(), world.sim.writes()), (before.clone(), 0));
        world.sim.heal();
    }
}

/// Kubernetes kills a pod 30 seconds after it was asked to stop.
#[test]
fn a_write_that_hangs_ends_soon_after_sigterm_and_is_reported_as_unknown() {
    let world = World::new();
    world.sim.zone("example.org");
    world.sim.fault(Fault::hang().on(Operation::ChangeResourceRecordSets).always());
    let report = world.home.path().join("report.json");
    let flags = format!("{} --report={}", applying(), report.display());
    let mut child = world.command(&flags).stderr(Stdio::null()).spawn().expect("it starts");
    while world.sim.writes() < 1 {
        assert_eq!(child.try_wait().expect("a child"), None, "it ended before it was asked to");
        std::thread::sleep(Duration::from_millis(10));
    }
    let told = Instant::now();
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
    let text = std::fs::read_to_string(&report).expect("a report");
    assert!(text.contains("unknown"), "{text}");
}

/// At any level, and also where a server repeats them.
#[test]
fn credentials_are_in_no_log_line_and_in_no_report() {
    const SECRETS: [&str; 3] = ["secret-of-aws-abcdef", "session-of-aws-abcdef", "the-external-id"];
    let world = World::new();
    let account = world.sim.account("222222222222");
    account.zone("example.org");
    let role = account.role("dns", Some(SECRETS[2]));
    let report = world.home.path().join("report.json");
    let words = format!(
        "{} --log-level=trace --aws-assume-role={role} --aws-assume-role-external-id={} --report={}",
        applying(),
        SECRETS[2],
        report.display()
    );
    for fault in [None, Some(Operation::ChangeResourceRecordSets), Some(Operation::ListHostedZones)]
    {
        world.sim.heal();
        if let Some(operation) = fault {
            world.sim.fault(Fault::echo().on(operation).always());
        }
        let run = run(world
            .command(&words)
            .env("AWS_SECRET_ACCESS_KEY", SECRETS[0])
            .env("AWS_SESSION_TOKEN", SECRETS[1]));
        let written = std::fs::read_to_string(&report).unwrap_or_default();
        let told = format!("{}{}{written}", run.out, run.log);
        for secret in SECRETS {
            assert!(!told.contains(secret), "{secret} is printed with {fault:?}");
        }
    }
}
