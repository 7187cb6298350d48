//! Every warning is printed once, in one place; a cluster has one name, and what is absent has no field.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use extdns_testkit::route53::Route53Sim;

use crate::program::{Bench, Run, external_dns, run};

/// Objects, each with something to warn of.
const ODD: &str = r#"
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: old, annotations: { external-dns.alpha.kubernetes.io/hostname: old.example.org } }
spec: { type: LoadBalancer }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } }
---
apiVersion: v1
kind: Service
metadata:
  namespace: shop
  name: ttl
  annotations: { external-dns.kubernetes.io/hostname: ttl.example.org, external-dns.kubernetes.io/ttl: soon }
spec: { type: LoadBalancer }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } }
---
apiVersion: v1
kind: Service
metadata:
  namespace: shop
  name: odd
  annotations:
    external-dns.kubernetes.io/hostname: "far.example.net,xn--a.example.org"
spec: { type: LoadBalancer }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } }
---
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: first, annotations: { external-dns.kubernetes.io/hostname: both.example.org } }
spec: { type: LoadBalancer }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } }
---
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: second, annotations: { external-dns.kubernetes.io/hostname: "both.example.org,alias.example.org" } }
spec: { type: LoadBalancer }
status: { loadBalancer: { ingress: [{ hostname: a.example.com }] } }
---
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: third, annotations: { external-dns.kubernetes.io/hostname: alias.example.org } }
spec: { type: LoadBalancer }
status: { loadBalancer: { ingress: [{ hostname: b.example.com }] } }
---
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: { namespace: shop, name: records }
spec:
  endpoints:
  - { dnsName: mail.example.org, recordType: MX, targets: ["10 mx.example.org"] }
  - { dnsName: forged.example.org, recordType: TXT, targets: ["heritage=external-dns,external-dns/owner=e2e"] }
"#;

fn program(bench: &Bench, command: &str, flags: &[&str]) -> Command {
    let mut program = external_dns(bench.path());
    program.args(command.split(' ')).args(flags);
    program
}

fn manifests(bench: &Bench) -> String {
    format!("--manifests={}", bench.write("odd.yaml", ODD).display())
}

/// All that a run prints: a plan on standard output, the log on standard error.
fn printed(run: &Run) -> String {
    format!("{}{}", run.out, run.log)
}

fn assert_once(run: &Run, part: &str) {
    assert_eq!(printed(run).matches(part).count(), 1, "{part:?} in\n{}", printed(run));
}

/// No line of the log is there twice, but for its time.
fn assert_no_line_twice(run: &Run) {
    let mut seen = BTreeSet::new();
    for line in run.log.lines() {
        let without_time = line.split_once(' ').map_or(line, |(_, rest)| rest);
        assert!(seen.insert(without_time), "twice: {line}\n{}", run.log);
    }
}

const USUAL: [&str; 4] =
    ["--source=service", "--source=crd", "--provider=inmemory", "--inmemory-zone=example.org"];

#[test]
fn every_warning_of_an_object_is_reported_once() {
    let parts = [
        "annotations with the old prefix",
        "ignoring the ttl annotation",
        "the name lies in no zone of the provider",
        "xn--a.example.org",
        "because a CNAME cannot stand beside other types",
        "CNAME record: service/shop/second is served instead",
        "MX is wanted but not managed",
        "TXT is wanted but not managed",
    ];
    for command in ["plan", "apply"] {
        let bench = Bench::new();
        let own = manifests(&bench);
        let flags = [&USUAL[..], &["--policy=sync", "--txt-owner-id=e2e", &*own]].concat();
        let run = run(&mut program(&bench, command, &flags));
        for part in parts {
            assert_once(&run, part);
        }
        assert_no_line_twice(&run);
    }
}

#[test]
fn every_warning_of_the_settings_is_reported_once() {
    let noop = "--registry=noop";
    let table: &[(&[&str], &str)] = &[
        (&[], "no --policy is given"),
        (&[], "--txt-owner-id is left at"),
        (&[noop, "--policy=sync"], "deletes every record that no object wants"),
        (&[noop, "--migrate-from-txt-owner=x"], "--migrate-from-txt-owner is ignored"),
        (&[noop, "--txt-encrypt-enabled"], "--txt-encrypt-enabled is ignored"),
        (&["--domain-filter=example.org,a.org"], "--domain-filter=example.org,a.org is read as"),
        (&["--managed-record-types=A,CNAME"], "--managed-record-types=A,CNAME is read as"),
        (&["--domain-filter=a.org", "--regex-domain-filter=org"], "are ignored beside"),
        (&["--allow-deletes=example.com:3"], "--allow-deletes=example.com: there is no such"),
        (&["--request-timeout=5s"], "--request-timeout is deprecated"),
        (&["--default-targets=192.0.2.9"], "endpoints keep their own targets"),
        (&["--namespace=shpo"], "--namespace=shpo: there is no such namespace"),
    ];
    for command in ["plan", "apply", "--once", "--once --dry-run"] {
        for (flags, part) in table {
            let bench = Bench::new();
            let own = manifests(&bench);
            let flags = [&USUAL[..], flags, &[&*own]].concat();
            let run = run(&mut program(&bench, command, &flags));
            assert_once(&run, part);
            assert_no_line_twice(&run);
        }
    }
}

/// `doctor` has them among its findings.
#[test]
fn what_doctor_finds_is_not_in_its_log_too() {
    let table: &[(&[&str], &[&str])] = &[
        (&[], &["--policy: not given", "is left at \"default\""]),
        (&["--registry=noop", "--policy=sync"], &["--registry=noop: "]),
        (&["--domain-filter=example.org,a.org", "--policy=sync"], &["is read as several entries"]),
    ];
    for (flags, parts) in table {
        let bench = Bench::new();
        let own = manifests(&bench);
        let flags = [&USUAL[..], flags, &[&*own]].concat();
        let run = run(&mut program(&bench, "doctor", &flags));
        parts.iter().for_each(|part| assert_once(&run, part));
        assert!(!run.log.contains("no --policy is given"), "{run:?}");
        assert!(!run.log.contains("--txt-owner-id is left"), "{run:?}");
        assert!(!run.log.contains("deletes every record"), "{run:?}");
        assert_no_line_twice(&run);
    }
    for command in ["explain old.example.org", "gc"] {
        let bench = Bench::new();
        let own = manifests(&bench);
        let all = [&USUAL[..], &[&*own]].concat();
        let flags = if command == "gc" { &all[2..4] } else { &all[..] };
        let run = run(&mut program(&bench, command, flags));
        assert_once(&run, "no --policy is given");
        assert_no_line_twice(&run);
    }
}

#[test]
fn every_warning_of_route_53_is_reported_once() {
    let sim = Route53Sim::start();
    sim.zone("example.org");
    for (flag, part) in [
        ("--zone-id-filter=Z404", "--zone-id-filter=Z404 matches no hosted zone"),
        ("--aws-zone-type=private", "no hosted zone passes all filters"),
    ] {
        for command in ["plan", "apply"] {
            let bench = Bench::new();
            let usual =
                ["--source=service", "--provider=aws", "--policy=sync", "--txt-owner-id=e2e"];
            let own = manifests(&bench);
            let flags = [&usual[..], &[flag, &*own]].concat();
            let mut program = program(&bench, command, &flags);
            program
                .env("AWS_ENDPOINT_URL", sim.url())
                .env("AWS_ACCESS_KEY_ID", "AKIATEST")
                .env("AWS_SECRET_ACCESS_KEY", "secret-of-aws");
            let run = run(&mut program);
            assert_once(&run, part);
            assert_once(&run, "names are wanted, and none of them lies in a zone");
            assert_no_line_twice(&run);
        }
    }
}

#[test]
fn the_one_cluster_is_called_default_and_what_there_is_not_has_no_field() {
    let unread = "--server=http://127.0.0.1:1";
    let cases: [(&str, &[&str], &str); 5] = [
        ("plan --output=json", &[], "\"name\": \"default\""),
        ("apply", &["--namespace=shpo"], "subject=\"cluster default\""),
        ("apply", &[unread], "cluster \\\"default\\\""),
        ("doctor", &[unread], "cluster \"default\""),
        ("plan", &["--allow-empty=0"], "there is no cluster of this name; there is default"),
    ];
    for (command, flags, part) in cases {
        let bench = Bench::new();
        let metrics = bench.path().join("metrics.prom");
        let own = manifests(&bench);
        let from = if flags.contains(&unread) { None } else { Some(&*own) };
        let usual = ["--policy=sync", "--txt-owner-id=e2e", "--log-level=debug"];
        let file = format!("--metrics-file={}", metrics.display());
        let mut program = program(&bench, command, &[&USUAL[..], &usual, flags].concat());
        program.args(from);
        if command != "doctor" {
            program.arg(&file);
        }
        let all = format!("{}{}", printed(&run(&mut program)), text(&metrics));
        assert!(all.contains(part), "{part:?} is not in\n{all}");
        for wrong in [
            "cluster=0",
            "cluster 0",
            "cluster=\"0\"",
            "cluster \"0\"",
            "ClusterId",
            " id=\"\"",
            " id= ",
        ] {
            assert!(!all.contains(wrong), "{wrong:?} in\n{all}");
        }
    }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
