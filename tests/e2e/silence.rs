//! A run that does less than is wanted says so, and what it cannot read it names.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::json;

use crate::program::{Bench, Run, example_cluster, external_dns, run};

fn in_memory(bench: &Bench, command: &str) -> Command {
    let mut program = external_dns(bench.path());
    program
        .args(command.split(' '))
        .args(["--source=service", "--provider=inmemory", "--policy=sync", "--txt-owner-id=e2e"])
        .arg(format!("--manifests={}", example_cluster().display()));
    program
}

fn assert_says(run: &Run, code: i32, part: &str) {
    assert_eq!(run.code, code, "{run:?}");
    let all = format!("{}{}", run.out, run.log);
    assert!(all.contains(part), "{all}\nlacks: {part}");
}

#[test]
fn names_that_all_lie_in_no_zone_end_with_3() {
    let bench = Bench::new();
    for command in ["plan", "apply", "--once"] {
        let nowhere = run(in_memory(&bench, command).arg("--inmemory-zone=example.net"));
        assert_says(&nowhere, 3, "none of them lies in a zone that this run manages");
        assert_says(&nowhere, 3, "check --domain-filter");
        assert!(!nowhere.log.contains("already up to date"), "{nowhere:?}");
    }
    let zones = format!("--zonefile-dir={}", bench.path().join("zones").display());
    let mut program = external_dns(bench.path());
    program.args(["apply", "--source=service", "--provider=zonefile", "--policy=sync", &zones]);
    program.arg(format!("--manifests={}", example_cluster().display()));
    let no_zone_file = run(program.arg("--domain-filter=exmaple.org"));
    assert_says(&no_zone_file, 3, "there is none");
    // A filter that leaves every name out, beside a zone that is there.
    for command in ["plan", "apply"] {
        let filtered = run(in_memory(&bench, command)
            .args(["--inmemory-zone=example.org", "--domain-filter=exmaple.org"]));
        assert_says(&filtered, 3, "no name that is wanted lies in a zone of this run");
        assert!(!format!("{filtered:?}").contains("up to date"), "{filtered:?}");
    }
}

#[test]
fn names_that_come_to_nothing_are_in_the_last_line() {
    let bench = Bench::new();
    let services = bench.write(
        "services.yaml",
        "apiVersion: v1\nkind: Service\nmetadata:\n  namespace: a\n  name: in\n  annotations:\n    \
         external-dns.kubernetes.io/hostname: in.example.org,out.example.net,off.example.com\n\
         spec: { type: LoadBalancer }\nstatus: { loadBalancer: { ingress: [ { ip: 192.0.2.1 } ] } }\n",
    );
    let manifests = format!("--manifests={}", services.display());
    let applied = bench.run(&[&manifests]);
    assert_says(&applied, 0, "msg=\"1 created; 2 names lie in no zone\"");
    let applied = bench.run(&[&manifests]);
    assert_says(&applied, 0, "msg=\"up to date; 2 names lie in no zone\"");
    assert!(!applied.log.contains("all records are already up to date"), "{applied:?}");
    let planned = bench.run(&[&manifests, "--dry-run"]);
    assert!(planned.out.contains("\nup to date; 2 names lie in no zone\n"), "{planned:?}");
}

#[test]
fn doctor_fails_where_nothing_can_be_asked() {
    let refusals: [fn() -> Reply; 2] = [
        || Reply::json(403, &json!({ "kind": "Status", "code": 403, "reason": "Forbidden" })),
        || Reply::new(200).header("content-type", "text/html").body("<html>Log in</html>"),
    ];
    let manifests = format!("--manifests={}", example_cluster().display());
    for reply in refusals {
        let server = ScriptedServer::start(move |_| reply());
        let usual = ["doctor", "--source=service", "--policy=sync", "--txt-owner-id=e2e"];
        let of_cluster = format!("--server={}", server.url());
        let of_provider = format!("--webhook-provider-url={}", server.url());
        let cases: [&[&str]; 2] = [
            &["--provider=inmemory", "--inmemory-zone=example.org", &of_cluster],
            &["--provider=webhook", &of_provider, &manifests],
        ];
        for flags in cases {
            let bench = Bench::new();
            let examined = run(external_dns(bench.path()).args(usual).args(flags));
            assert_says(&examined, 1, "WRONG");
            assert!(!format!("{examined:?}").contains("but expected value"), "{examined:?}");
        }
    }
}

#[test]
fn a_variable_that_is_not_utf_8_is_refused_by_name() {
    let bench = Bench::new();
    let odd = OsStr::from_bytes(b"caf\xe9");
    for name in ["EXTERNAL_DNS_TXT_OWNER_ID", "AWS_PROFILE", "https_proxy"] {
        let refused = run(in_memory(&bench, "plan").env(name, odd));
        assert_says(&refused, 2, &format!("variable {name} is not UTF-8"));
    }
    let refused = run(in_memory(&bench, "plan").arg(odd));
    assert_says(&refused, 2, "is not UTF-8");
    let passed = run(in_memory(&bench, "plan --inmemory-zone=example.org").env("LC_NAME", odd));
    assert_eq!(passed.code, 0, "{passed:?}");
}

#[test]
fn a_report_never_replaces_something_else() {
    let bench = Bench::new();
    let soa = "@ IN SOA ns1.example.org. host.example.org. 7 3600 600 86400 60\n@ IN NS ns1\n";
    let zone = bench.zone_file();
    for flag in ["report", "out", "metrics-file"] {
        std::fs::write(&zone, soa).expect("a zone file");
        let flag = format!("--{flag}={}", zone.display());
        let refused = run(in_memory(&bench, "plan --inmemory-zone=example.org").arg(&flag));
        assert_says(&refused, 1, "is not replaced; name another file");
        assert_eq!(std::fs::read_to_string(&zone).expect("text"), soa);
    }
    let shown = run(in_memory(&bench, "plan --inmemory-zone=example.org")
        .args(["--output=json", "--out=/dev/stdout"]));
    assert_says(&shown, 0, "\"schemaVersion\"");
}

#[test]
fn a_report_that_cannot_be_written_is_reported_before_anything_is_changed() {
    let bench = Bench::new();
    let manifests = format!("--manifests={}", example_cluster().display());
    let notes = bench.write("notes.txt", "a user's own notes\n");
    for flag in ["report", "out", "metrics-file"] {
        let file = format!("--{flag}={}", notes.display());
        let refused = bench.run(&[&manifests, &file]);
        assert_says(&refused, 1, "is not replaced; name another file");
        assert_eq!(refused.log.matches("is not replaced").count(), 1, "{refused:?}");
        assert!(!bench.zone_file().exists(), "nothing is changed: {refused:?}");
    }
    let nowhere = bench.path().join("missing").join("report.json");
    let refused = bench.run(&[&manifests, &format!("--report={}", nowhere.display())]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(!bench.zone_file().exists(), "nothing is changed: {refused:?}");
    let report = bench.path().join("report.json");
    let made = bench.run(&[&manifests, &format!("--report={}", report.display())]);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(bench.zone_file().exists());
}
