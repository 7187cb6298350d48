//! Flags, variables, exit codes and streams.

use std::io::Read as _;
use std::process::{Command, Stdio};

use extdns_testkit::webhook_sim::WebhookSim;

use crate::program::{Bench, example_cluster, external_dns, run};

fn manifests() -> String {
    format!("--manifests={}", example_cluster().display())
}

#[test]
fn a_dry_run_prints_the_plan_and_writes_nothing() {
    let bench = Bench::new();
    let planned = bench.run(&[&manifests(), "--dry-run"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(
        planned.out.starts_with("plan for zonefile: owner e2e, policy sync, "),
        "{}",
        planned.out
    );
    assert!(planned.out.contains("+ A     shop.example.org"), "{}", planned.out);
    assert!(planned.out.contains("(service/shop/web)"), "{}", planned.out);
    assert!(planned.out.contains("\n10 to create\n\nzone example.org\n"), "{}", planned.out);
    assert!(!planned.out.contains('\x1b'), "no colours where no terminal is");
    assert!(!bench.zone_file().exists());
}

#[test]
fn what_a_dry_run_shows_is_what_a_run_does() {
    let bench = Bench::new();
    assert_eq!(bench.run(&[&manifests()]).code, 0);
    let planned = bench.run(&[&manifests(), "--dry-run"]);
    assert!(
        planned.out.ends_with("nothing to do, all records are up to date\n"),
        "{}",
        planned.out
    );
    assert!(!planned.out.contains("example.org"), "{}", planned.out);
}

#[test]
fn flags_can_stand_in_variables() {
    let bench = Bench::new();
    let zones = bench.path().join("zones");
    let planned = run(external_dns(bench.path())
        .env("EXTERNAL_DNS_ONCE", "true")
        .env("EXTERNAL_DNS_DRY_RUN", "1")
        .env("EXTERNAL_DNS_SOURCE", "service\ningress")
        .env("EXTERNAL_DNS_PROVIDER", "zonefile")
        .env("EXTERNAL_DNS_ZONEFILE_DIR", &zones)
        .env("EXTERNAL_DNS_ZONEFILE_CREATE", "example.org\n")
        .env("EXTERNAL_DNS_MANIFESTS", example_cluster())
        // Kubernetes injects this for a Service of that name.
        .env("EXTERNAL_DNS_PORT", "tcp://10.0.0.1:7979"));
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.out.contains("10 to create"), "{}", planned.out);
    assert!(planned.log.contains("level=warning msg=\"no --policy is given"), "{}", planned.log);
}

#[test]
fn wrong_settings_say_what_would_be_right() {
    let table: &[(&[&str], &str)] = &[
        (&["--sourc=service"], "unknown long flag '--sourc' (argument 1); did you mean --source?"),
        (&["service"], "unexpected service (argument 1)"),
        (&["--source"], "expected a value for flag '--source' (argument 1)"),
        (&["--once", "--no-once"], "flag 'once' cannot be repeated (argument 2)"),
        (&["--once=maybe"], "flag '--once' is a boolean and cannot be \\\"maybe\\\" (argument 1)"),
        (&["--once"], "required flag(s) '--source', '--provider' not provided"),
        (
            &["--once", "--policy=all", "--source=service", "--provider=inmemory"],
            "flag '--policy' (argument 2): enum value must be one of sync,upsert-only,create-only, \
             got 'all'",
        ),
        (
            &["--once", "--interval=5", "--source=service", "--provider=inmemory"],
            "flag '--interval' (argument 2): \\\"5\\\" is no duration",
        ),
        (&["--once", "--source=service", "--provider=zonefile"], "--zonefile-dir"),
        (
            &["--once", "--source=fake", "--provider=inmemory", "--txt-owner-id="],
            "owner id cannot be empty",
        ),
        (
            &["--once", "--source=fake", "--provider=inmemory", "--txt-prefix=a", "--txt-suffix=b"],
            "txt-prefix and txt-suffix are mutual exclusive",
        ),
        (
            &["--source=fake", "--provider=inmemory", "--output=json"],
            "--output and --out show one run; add --once",
        ),
    ];
    let bench = Bench::new();
    for (flags, message) in table {
        let refused = run(external_dns(bench.path()).args(*flags));
        assert_eq!(refused.code, 2, "{flags:?}: {refused:?}");
        assert!(refused.log.contains(message), "{flags:?}: {}\nlacks: {message}", refused.log);
        assert_eq!(refused.out, "", "{flags:?}");
        let errors = refused.log.lines().filter(|line| line.contains("level=error")).count();
        assert_eq!(errors, 1, "{flags:?}: {}", refused.log);
    }
}

#[test]
fn a_bad_template_fails_at_start_up_with_its_line_and_column() {
    let table = [
        ("--fqdn-template={{.Name}.x.org", "--fqdn-template[0]", "line 1, column 8"),
        ("--fqdn-template=a.org\n  {{nope .Name}}", "--fqdn-template[0]", "line 2, column 5"),
        ("--fqdn-target-template={{if .Name}}a:b", "--fqdn-target-template[0]", "line 1, column 1"),
        ("--target-template={{.Name", "--target-template[0]", "line 1, column 1"),
    ];
    let bench = Bench::new();
    for (flag, name, place) in table {
        // The manifests are not there: nothing is read before the flags are right.
        let refused = bench.run(&["--manifests=/nowhere", flag]);
        assert_eq!(refused.code, 2, "{flag}: {refused:?}");
        for part in [name, place] {
            assert!(refused.log.contains(part), "{flag}: {}", refused.log);
        }
        assert!(!refused.log.contains("nowhere"), "{flag}: {}", refused.log);
    }
}

/// What cannot be opened is a run that failed; the libraries that panic over it do not end the process.
#[test]
fn too_few_files_are_a_failed_run() {
    let bench = Bench::new();
    let zones = format!("--zonefile-dir={}", bench.path().join("zones").display());
    for files in 4..=12 {
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -n $0; exec \"$@\"", &files.to_string()])
            .arg(env!("CARGO_BIN_EXE_external-dns"))
            .args(["plan", "--source=service", "--provider=zonefile", "--policy=sync"])
            .args([&zones, &manifests()])
            .env_clear()
            .env("HOME", bench.path());
        let run = run(&mut command);
        assert!((0..=6).contains(&run.code), "{files} files: {run:?}");
        assert!(!run.log.contains("panicked"), "{files} files: {run:?}");
    }
}

#[test]
fn flags_of_the_loop_are_accepted_with_once() {
    let bench = Bench::new();
    let accepted = bench.run(&[
        &manifests(),
        "--log-level=info",
        "--log-format=text",
        "--interval=1m",
        "--events",
        "--metrics-address=:7979",
        "--request-timeout=30s",
    ]);
    assert_eq!(accepted.code, 0, "{accepted:?}");
}

#[test]
fn logs_can_be_json() {
    let bench = Bench::new();
    let applied = bench.run(&[&manifests(), "--log-format=json"]);
    assert_eq!((applied.code, applied.out.as_str()), (0, ""));
    let lines: Vec<serde_json::Value> = applied
        .log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")))
        .collect();
    let created =
        lines.iter().find(|line| line["name"] == "shop.example.org").expect("a line of it");
    assert_eq!((&created["action"], &created["level"]), (&"create".into(), &"info".into()));
    assert_eq!(created["resource"], "service/shop/web");
}

#[test]
fn help_and_version_need_no_other_flag() {
    let bench = Bench::new();
    let help = run(external_dns(bench.path()).args(["--source=nothing", "--help"]));
    assert_eq!(help.code, 0);
    for part in ["--txt-owner-id", "[default: default]", "EXTERNAL_DNS_TXT_OWNER_ID", "Exit codes:"]
    {
        assert!(help.out.contains(part), "{part}");
    }
    let version = run(external_dns(bench.path()).arg("--version"));
    assert_eq!((version.code, version.out.contains(env!("CARGO_PKG_VERSION"))), (0, true));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let bench = Bench::new();
    // More than a pipe holds, so the program meets the closed end.
    let hosts: String = (0..20_000).map(|i| format!("    - host: h{i}.example.org\n")).collect();
    let ingress = bench.write(
        "ingress.yaml",
        &format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{ name: many, namespace: a }}\n\
             spec:\n  rules:\n{hosts}status: {{ loadBalancer: {{ ingress: [ {{ ip: 192.0.2.1 }} ] }} }}\n"
        ),
    );
    let mut child = external_dns(bench.path())
        .args(["--once", "--dry-run", "--source=ingress", "--provider=inmemory", "--policy=sync"])
        .arg("--txt-owner-id=e2e")
        .arg(format!("--manifests={}", ingress.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = [0; 64];
    let mut out = child.stdout.take().expect("piped");
    out.read_exact(&mut first).expect("the plan begins");
    drop(out);
    let ended = child.wait_with_output().expect("the program ends");
    let log = String::from_utf8(ended.stderr).expect("text");
    assert_eq!(ended.status.code(), Some(0), "{log}");
    assert!(!log.contains("panicked") && !log.contains("level=error"), "{log}");
}

/// The default of --webhook-provider-url is on this machine, and no proxy of the environment reaches
/// that.
#[test]
fn a_webhook_on_this_machine_needs_no_proxy() {
    let webhook = WebhookSim::builder().start();
    let bench = Bench::new();
    let run = run(external_dns(bench.path())
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("http_proxy", "http://127.0.0.1:9")
        .args(["--once", "--dry-run", "--source=fake", "--provider=webhook", "--policy=sync"])
        .arg(format!("--webhook-provider-url={}", webhook.url())));
    assert_eq!(run.code, 0, "{run:?}");
}

/// A webhook names no zones, so no filter can leave them all out.
#[test]
fn a_domain_filter_goes_with_a_webhook() {
    let webhook = WebhookSim::builder().start();
    let bench = Bench::new();
    let run = run(external_dns(bench.path())
        .args(["--once", "--dry-run", "--source=fake", "--provider=webhook", "--policy=sync"])
        .args(["--domain-filter=example.com", "--registry=noop"])
        .arg(format!("--webhook-provider-url={}", webhook.url())));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("to create"), "{run:?}");
    assert!(!run.out.contains("names are wanted"), "{run:?}");
}
