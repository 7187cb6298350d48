//! The whole program with ownership in `DNSRecord` objects, on the simulator and on a real API server.

use std::path::Path;

use extdns_testkit::kube::{ADMIN, KubeApi};
use extdns_testkit::kube_sim::KubeSim;
use serde_json::{Value, json};

use crate::program::{Bench, Run, external_dns, run};

const DEFINITION: &str = include_str!("../../infra/kubernetes/crd-dnsrecord.yaml");

/// A load balancer of this address for this host.
fn service(host: &str, address: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "namespace": "shop", "name": host.replace('.', "-"),
            "annotations": { "external-dns.kubernetes.io/hostname": host },
        },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": address }] } },
    })
}

fn program(bench: &Bench, command: &[&str], kubeconfig: &Path) -> Run {
    let zones = format!("--zonefile-dir={}", bench.path().join("zones").display());
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let flags = [
        "--source=service",
        "--provider=zonefile",
        "--zonefile-create=example.org",
        "--registry=crd",
        "--crd-registry-namespace=dns",
        "--txt-owner-id=e2e",
        "--policy=sync",
        "--no-guard",
        &zones,
        &kubeconfig,
    ];
    run(external_dns(bench.path()).args(command).args(flags))
}

/// The address records of the zone file; there are no TXT records.
fn records(bench: &Bench) -> Vec<String> {
    let zone = bench.zone();
    assert!(!zone.contains(" TXT "), "{zone}");
    let is_record = |line: &&str| line.contains(" IN A ");
    zone.lines().filter(is_record).map(str::to_owned).collect()
}

#[test]
fn records_are_owned_by_objects_of_the_simulated_cluster() {
    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "dns" } });
    let sim = KubeSim::builder().yaml(DEFINITION).object(namespace).start();
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
    let bench = Bench::new();
    let owned = || sim.names("dnsrecords", "dns");
    sim.apply(service("one.example.org", "192.0.2.1"));
    sim.apply(service("two.example.org", "192.0.2.2"));

    let doctor = program(&bench, &["doctor"], &kubeconfig);
    assert!(
        doctor.out.contains("create dnsrecords.externaldns.k8s.io in namespace dns"),
        "{}",
        doctor.out
    );
    assert_eq!(program(&bench, &["--once", "--dry-run"], &kubeconfig).code, 0);
    assert!(owned().is_empty());

    let first = program(&bench, &["--once"], &kubeconfig);
    assert_eq!(first.code, 0, "{first:?}");
    assert_eq!(records(&bench).len(), 2);
    assert_eq!(owned().len(), 2);
    let explained = program(&bench, &["explain", "one.example.org"], &kubeconfig);
    assert!(explained.out.contains("e2e"), "{}", explained.out);

    let before = sim.requests().len();
    let second = program(&bench, &["--once"], &kubeconfig);
    assert!(second.log.contains("all records are already up to date"), "{}", second.log);
    let wrote = sim.requests()[before..].iter().any(|call| call.method != "GET");
    assert!(!wrote, "nothing is left to do");

    sim.apply(service("two.example.org", "192.0.2.3"));
    assert!(sim.delete(&service("one.example.org", "")));
    assert_eq!(program(&bench, &["--once"], &kubeconfig).code, 0);
    let left = records(&bench);
    assert!(left.len() == 1 && left[0].ends_with(" 192.0.2.3"), "{left:?}");
    assert!(owned().len() == 1 && owned()[0].starts_with("two-example-org-"), "{:?}", owned());
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_owned_by_objects_of_a_real_cluster() {
    let test = "records_are_owned_by_objects_of_a_real_cluster";
    let Some(api) = KubeApi::start_or_skip(test).await else { return };
    let bench = Bench::new();
    let kubeconfig = api.write_kubeconfig(&api.kubeconfig(ADMIN));
    api.apply(service("one.example.org", "192.0.2.1")).await;
    let lacking = program(&bench, &["--once"], &kubeconfig);
    assert_eq!(lacking.code, 1, "{lacking:?}");
    assert!(lacking.log.contains("crd-dnsrecord.yaml"), "{}", lacking.log);

    api.apply_yaml(DEFINITION).await;
    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "dns" } });
    api.apply(namespace).await;
    let first = program(&bench, &["--once"], &kubeconfig);
    assert_eq!(first.code, 0, "{first:?}");
    let second = program(&bench, &["--once"], &kubeconfig);
    assert!(second.log.contains("all records are already up to date"), "{}", second.log);
    let owned = async || {
        let path = "/apis/externaldns.k8s.io/v1alpha1/namespaces/dns/dnsrecords";
        let request = http::Request::get(path).body(Vec::new()).expect("a request");
        let list: Value = api.client(ADMIN).await.request(request).await.expect("a list");
        list["items"].clone()
    };
    let objects = owned().await;
    assert_eq!(objects[0]["status"]["conditions"][0]["reason"], "Programmed", "{objects}");
    api.apply(service("one.example.org", "192.0.2.9")).await;
    assert_eq!(program(&bench, &["--once"], &kubeconfig).code, 0);
    assert!(records(&bench)[0].ends_with(" 192.0.2.9"));
    assert_eq!(owned().await[0]["spec"]["endpoint"]["targets"], json!(["192.0.2.9"]));
    api.delete(&service("one.example.org", "")).await;
    assert_eq!(program(&bench, &["--once"], &kubeconfig).code, 0);
    assert_eq!((records(&bench).len(), owned().await), (0, json!([])));
}
