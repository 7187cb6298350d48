//! A plan is a value: it is looked at, carried out as it was looked at, reported and undone.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim};
use serde_json::Value;

use crate::program::{Bench, Run, external_dns, run};

const HOSTS: [&str; 3] = ["a.example.org", "b.example.org", "c.example.org"];

fn services<'a>(hosts: impl IntoIterator<Item = &'a str>, address: &str) -> String {
    hosts
        .into_iter()
        .map(|host| {
            format!(
                "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\n  name: {}\n  \
                 annotations: {{ external-dns.kubernetes.io/hostname: {host} }}\n\
                 spec: {{ type: LoadBalancer }}\n\
                 status: {{ loadBalancer: {{ ingress: [ {{ ip: {address} }} ] }} }}\n",
                host.replace('.', "-")
            )
        })
        .collect()
}

/// A bench with a cluster in a file.
struct Shop {
    bench: Bench,
    manifests: PathBuf,
}

impl Shop {
    fn new() -> Self {
        let bench = Bench::new();
        let manifests = bench.write("cluster.yaml", &services(HOSTS, "203.0.113.1"));
        Self { bench, manifests }
    }

    fn wants(&self, hosts: &[&str], address: &str) {
        self.bench.write("cluster.yaml", &services(hosts.iter().copied(), address));
    }

    /// Runs a command over the cluster and the zone file.
    fn run(&self, command: &str, extra: &[&str]) -> Run {
        run(self.command(command).args(extra))
    }

    fn command(&self, command: &str) -> Command {
        let mut program = external_dns(self.bench.path());
        let manifests = format!("--manifests={}", self.manifests.display());
        program.args(std::iter::once(command).filter(|command| !command.is_empty()));
        program.args(self.flags()).arg(manifests);
        program
    }

    fn flags(&self) -> Vec<String> {
        let zones = format!("--zonefile-dir={}", self.bench.path().join("zones").display());
        let flags = [
            "--source=service",
            "--provider=zonefile",
            &zones,
            "--zonefile-create=example.org",
            "--registry=txt",
            "--txt-owner-id=e2e",
            "--policy=sync",
        ];
        flags.map(str::to_owned).into()
    }

    fn file(&self, name: &str) -> String {
        let path = self.bench.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.file(name)).expect("JSON")
    }

    fn path(&self, flag: &str, name: &str) -> String {
        format!("{flag}={}", self.bench.path().join(name).display())
    }

    /// The zone without its serial.
    fn records(&self) -> Vec<String> {
        let zone = self.bench.zone();
        zone.lines().filter(|line| !line.contains(" SOA ")).map(str::to_owned).collect()
    }
}

fn hash(planned: &Run) -> String {
    let document: Value = serde_json::from_str(&planned.out).expect("JSON");
    document["targets"][0]["hash"].as_str().expect("a hash").to_owned()
}

#[test]
fn a_plan_is_applied_only_as_it_was_seen() {
    let shop = Shop::new();
    let planned = shop.run("plan", &["--output=json"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(!shop.bench.zone_file().exists(), "a plan writes nothing");
    let seen = hash(&planned);
    assert_eq!(hash(&shop.run("plan", &["--output=json"])), seen, "the same plan");

    shop.wants(&HOSTS, "203.0.113.2");
    let refused = shop.run("apply", &[&format!("--plan-hash={seen}")]);
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(!shop.bench.zone_file().exists(), "another plan is not applied");
    let said = format!("{}{}", refused.out, refused.log);
    for part in [&seen, "203.0.113.2"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }

    let now = hash(&shop.run("plan", &["--output=json"]));
    let applied = shop.run("apply", &[&format!("--plan-hash=zonefile={now}")]);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(shop.bench.zone().contains("a.example.org. 300 IN A 203.0.113.2\n"));
}

#[test]
fn the_exit_code_of_a_plan_says_whether_there_is_something_to_do() {
    let shop = Shop::new();
    assert_eq!(shop.run("plan", &["--detailed-exitcode"]).code, 6);
    assert_eq!(shop.run("apply", &[]).code, 0);
    assert_eq!(shop.run("plan", &["--detailed-exitcode"]).code, 0);
}

#[test]
fn a_plan_comes_in_every_form() {
    let shop = Shop::new();
    let text = shop.run("plan", &[]);
    assert!(
        text.out.contains("+ A a.example.org  203.0.113.1 ttl 300  (service/shop/a-example-org)"),
        "{}",
        text.out
    );
    assert!(text.out.contains("\n3 to create\n"), "{}", text.out);

    let markdown = shop.run("plan", &["--output=markdown", &shop.path("--out", "plan.md")]);
    assert_eq!((markdown.code, markdown.out.as_str()), (0, ""), "{markdown:?}");
    let page = shop.file("plan.md");
    assert!(page.contains("```diff") && page.contains("a.example.org"), "{page}");

    // The old way gives the same plan.
    let dry = shop.run("", &["--once", "--dry-run"]);
    assert_eq!(dry.out, text.out);
    let json = shop.run("", &["--once", "--dry-run", "--output=json"]);
    let document: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(document["schemaVersion"], 1);
    let changes = document["targets"][0]["zones"][0]["changes"].as_array().expect("changes");
    assert_eq!(changes.len(), 3);
}

#[test]
fn a_revert_restores_the_zone_record_for_record() {
    let shop = Shop::new();
    assert_eq!(shop.run("apply", &[]).code, 0);
    let before = shop.records();
    // One is gone, one is new, two have another address.
    shop.wants(&["a.example.org", "b.example.org", "d.example.org"], "203.0.113.9");
    let changed = shop.run("apply", &[&shop.path("--report", "report.json")]);
    assert_eq!(changed.code, 0, "{changed:?}");
    let after = shop.records();
    assert_ne!(before, after);

    let undo = shop.path("--revert", "report.json");
    let planned = shop.run("plan", &[&undo]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.out.contains("the next sync"), "{}", planned.out);
    assert_eq!(shop.records(), after, "a plan writes nothing");
    let undone = shop.run("apply", &[&undo]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(shop.records(), before);
    // No object has to be read for it.
    let again = run(external_dns(shop.bench.path())
        .args(["plan", &undo])
        .args(shop.flags().into_iter().skip(1)));
    assert_eq!(again.code, 0, "{again:?}");
    // And the cluster still wants what it wants.
    assert_eq!(shop.run("apply", &[]).code, 0);
    assert_eq!(shop.records(), after);
}

#[test]
fn a_revert_of_much_meets_the_guard() {
    let shop = Shop::new();
    let hosts: Vec<String> = (0..20).map(|number| format!("h{number}.example.org")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    shop.wants(&hosts, "203.0.113.1");
    assert_eq!(shop.run("apply", &[&shop.path("--report", "report.json")]).code, 0);
    let zone = shop.records();
    let undo = shop.path("--revert", "report.json");
    let stopped = shop.run("apply", &[&undo]);
    assert_eq!(stopped.code, 4, "{stopped:?}");
    assert_eq!(shop.records(), zone);
    let over = "--allow-deletes=example.org:20";
    let said = format!("{}{}", stopped.out, stopped.log);
    assert!(said.contains(over), "{said}");
    assert_eq!(shop.run("apply", &[&undo, over]).code, 0);
    assert!(!shop.bench.zone().contains(" IN A "), "{}", shop.bench.zone());
}

#[test]
fn every_run_leaves_its_report_and_metrics() {
    let shop = Shop::new();
    let (report, metrics) =
        (shop.path("--report", "report.json"), shop.path("--metrics-file", "run.prom"));
    assert_eq!(shop.run("", &["--once", &report, &metrics]).code, 0);
    let document = shop.json("report.json");
    assert_eq!(document["schemaVersion"], 1);
    assert!(document["failure"].is_null(), "{document}");
    let good = shop.file("run.prom");
    assert!(good.contains("external_dns_"), "{good}");

    // A run that fails, and one that cannot start.
    shop.bench.write("cluster.yaml", "kind: [");
    assert_eq!(shop.run("", &["--once", &report, &metrics]).code, 1);
    let document = shop.json("report.json");
    assert_eq!(document["failure"]["kind"], "clusters", "{document}");
    assert_ne!(shop.file("run.prom"), good);
    for unusable in [["--txt-prefix=a", "--txt-suffix=b"], ["--plan-hash=1", "--events"]] {
        shop.bench.write("report.json", r#"{ "schemaVersion": 1, "of": "an earlier run" }"#);
        let arguments = [&[report.as_str()], &unusable[..]].concat();
        assert_eq!(shop.run("apply", &arguments).code, 2, "{unusable:?}");
        assert_eq!(shop.json("report.json")["failure"]["kind"], "configuration");
    }

    // Where it cannot be stored, that is an error.
    shop.wants(&HOSTS, "203.0.113.1");
    let nowhere = shop.run("", &["--once", &shop.path("--report", "no/such/folder/report.json")]);
    assert_eq!(nowhere.code, 1, "{nowhere:?}");
    assert!(nowhere.log.contains("--report"), "{}", nowhere.log);
}

#[test]
fn flags_that_a_command_does_not_take_are_refused() {
    let shop = Shop::new();
    let table: [(&str, &[&str], &str); 8] = [
        ("plan", &["--plan-hash=1"], "flag '--plan-hash' (argument 10) is for apply only"),
        (
            "apply",
            &["--detailed-exitcode"],
            "flag '--detailed-exitcode' (argument 10) is for plan only",
        ),
        ("", &["--once", "--revert=x"], "flag '--revert' (argument 10) is for plan and apply only"),
        ("apply", &["--plan-hash=1"], "64 hexadecimal digits"),
        ("apply", &["--plan-hash=cdn=1"], "no target"),
        ("apply", &["--revert=/no/such/report"], "--revert: failed to read /no/such/report"),
        ("apply", &["--dry-run"], "apply writes, and --dry-run forbids it"),
        ("aply", &[], "did you mean the command apply"),
    ];
    for (command, flags, expected) in table {
        let refused = shop.run(command, flags);
        assert_eq!(refused.code, 2, "{command} {flags:?}: {refused:?}");
        assert!(refused.log.contains(expected), "{expected} is missing in {}", refused.log);
        assert!(!shop.bench.zone_file().exists(), "{command} {flags:?}");
    }
}

/// A cluster that answers its lists slower than anybody waits.
fn slow_cluster() -> KubeSim {
    let sim = KubeSim::builder().yaml(&services(HOSTS, "203.0.113.1")).start();
    let pause = Duration::from_secs(600);
    sim.fail(Fault::new("services", Effect::Slow { pieces: 2, pause }));
    sim
}

#[test]
fn reading_ends_with_its_part_of_the_time() {
    let sim = slow_cluster();
    let shop = Shop::new();
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
    let report = shop.path("--report", "report.json");
    let late = run(external_dns(shop.bench.path()).arg("apply").args(shop.flags()).args([
        &format!("--kubeconfig={}", kubeconfig.display()),
        "--timeout=1s",
        &report,
    ]));
    assert_eq!(late.code, 1, "{late:?}");
    assert!(late.log.contains("--timeout"), "{}", late.log);
    assert_eq!(shop.json("report.json")["failure"]["kind"], "deadline");
    assert!(!shop.bench.zone_file().exists());
}

#[test]
fn sigterm_ends_a_run_with_a_report() {
    let sim = slow_cluster();
    let shop = Shop::new();
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
    let mut program = external_dns(shop.bench.path());
    program.arg("apply").args(shop.flags()).args([
        &format!("--kubeconfig={}", kubeconfig.display()),
        "--log-level=debug",
        &shop.path("--report", "report.json"),
    ]);
    let mut child = program.stderr(Stdio::piped()).spawn().expect("the program starts");
    // It is reading by the time that the cluster has seen its list.
    let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
    while sim.lists("services") == 0 {
        assert_eq!(child.try_wait().expect("a child"), None, "it ended before it read");
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    let code = child.wait().expect("it ends").code();
    let mut lines = String::new();
    while log.read_line(&mut lines).expect("text") > 0 {}
    assert_eq!(code, Some(1), "{lines}");
    assert_eq!(shop.json("report.json")["failure"]["kind"], "deadline");
    assert!(lines.contains("told to stop"), "{lines}");
}

/// `script` of util-linux gives the program a terminal.
#[test]
fn a_terminal_shows_progress() {
    let sim = slow_cluster();
    let shop = Shop::new();
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
    let flags = shop.flags().join(" ");
    let line = format!(
        "{} plan {flags} --kubeconfig={} --timeout=4s",
        env!("CARGO_BIN_EXE_external-dns"),
        kubeconfig.display()
    );
    let shown = run(Command::new("script").args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()));
    assert_eq!(shown.code, 1, "{shown:?}");
    let (progress, rest) = shown.out.split_once("error: ").expect("the error");
    assert!(progress.contains("\r\u{1b}[K2 s, reading clusters, 0 of 1, "), "{shown:?}");
    assert!(!rest.contains("calls to the provider"), "{shown:?}");
    let last = progress.rsplit("\r\u{1b}[K").next().expect("a part");
    assert_eq!(last, "", "the line is gone before the log goes on: {shown:?}");
}
