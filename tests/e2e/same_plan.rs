//! The same objects give the same plan, wherever they come from.

use std::fs;
use std::path::{Path, PathBuf};

use extdns_testkit::kube::{ADMIN, ADMIN_TOKEN, KubeApi, Login};
use extdns_testkit::kube_sim::{KubeSim, User};

use crate::program::{Bench, example_cluster};

/// Objects of every core kind beside those of the example cluster: two that want one name, one that wants a name of an
/// Ingress, a NodePort service, records of a DNSEndpoint.
const OTHERS: &str = r#"
apiVersion: v1
kind: Service
metadata:
  namespace: shop
  name: also-web
  annotations:
    external-dns.kubernetes.io/hostname: shop.example.org, api.example.org
spec:
  type: LoadBalancer
  ports: [{ name: https, port: 443, nodePort: 30444 }]
status:
  loadBalancer: { ingress: [{ ip: 203.0.113.11 }] }
---
apiVersion: v1
kind: Service
metadata:
  namespace: games
  name: lobby
  annotations:
    external-dns.kubernetes.io/hostname: lobby.example.org
    external-dns.kubernetes.io/internal-hostname: lobby.internal.example.org
spec:
  type: NodePort
  clusterIP: 10.96.7.7
  ports: [{ name: lobby, port: 7000, nodePort: 30700, protocol: TCP }]
---
apiVersion: v1
kind: Node
metadata: { name: node-1 }
status:
  addresses:
    - { type: ExternalIP, address: 198.51.100.1 }
    - { type: InternalIP, address: 10.0.0.1 }
---
apiVersion: v1
kind: Service
metadata:
  namespace: shop
  name: docs
  annotations:
    external-dns.kubernetes.io/hostname: docs.example.org
spec:
  type: ExternalName
  externalName: docs.example.net
---
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: { namespace: mail, name: mail, generation: 1 }
spec:
  endpoints:
    - { dnsName: mail.example.org, recordType: A, recordTTL: 60, targets: [192.0.2.25, 192.0.2.26] }
    - { dnsName: example.org, recordType: MX, targets: ["10 mail.example.org"] }
    - { dnsName: www.example.org, recordType: CNAME, targets: [shop.example.org] }
    - dnsName: weighted.example.org
      recordType: A
      targets: [192.0.2.30]
      setIdentifier: blue
      providerSpecific: [{ name: aws/weight, value: "10" }]
"#;

/// A folder of manifests: the definition of DNSEndpoints, the example cluster, the objects above.
fn manifests(bench: &Bench) -> PathBuf {
    let folder = bench.path().join("cluster");
    fs::create_dir(&folder).expect("a new folder");
    for (name, from) in [
        ("1-crd.yaml", example_cluster().join("../../infra/kubernetes/crd-dnsendpoint.yaml")),
        ("2-services.yaml", example_cluster().join("services.yaml")),
        ("3-ingresses.yaml", example_cluster().join("ingresses.yaml")),
    ] {
        fs::copy(&from, folder.join(name)).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    }
    fs::write(folder.join("4-others.yaml"), OTHERS).expect("a new file");
    folder
}

fn plan(from: &str) -> String {
    let bench = Bench::new();
    let types = "--managed-record-types";
    let run = bench.run(&[
        from,
        "--dry-run",
        "--source=crd",
        types,
        "A",
        types,
        "AAAA",
        types,
        "CNAME",
        types,
        "MX",
    ]);
    assert_eq!(run.code, 0, "{from}: {run:?}");
    assert!(!bench.zone_file().exists(), "{from}: a dry run wrote");
    // The hash is of this folder of zone files, too, and the head names the API server.
    let is_own = |line: &&str| {
        line.starts_with("to apply exactly this") || line.starts_with("cluster default: http")
    };
    let rest: Vec<&str> = run.out.lines().filter(|line| !is_own(line)).collect();
    rest.join("\n").trim_start().to_owned()
}

fn kubeconfig(path: &Path) -> String {
    format!("--kubeconfig={}", path.display())
}

fn simulated(manifests: &Path) -> String {
    let sim = KubeSim::builder()
        .manifests(manifests)
        .expect("the manifests")
        .user(User::admin("admin", ADMIN_TOKEN))
        .start();
    let login = sim.kubeconfig(Login::Token(ADMIN_TOKEN));
    plan(&kubeconfig(&sim.write_kubeconfig(&login)))
}

#[test]
fn the_simulator_and_manifests_give_the_same_plan() {
    let bench = Bench::new();
    let manifests = manifests(&bench);
    let from_files = plan(&format!("--manifests={}", manifests.display()));
    for part in [
        "shop.example.org",
        "lobby.example.org",
        "lobby.internal.example.org",
        "docs.example.org",
        "mail.example.org",
        "www.example.org",
        "pg-1.pg.example.org",
        "203.0.113.11",
        "198.51.100.1",
        "10 mail.example.org",
        "weighted.example.org",
        "(crd/mail/mail)",
        "(service/shop/docs)",
    ] {
        assert!(from_files.contains(part), "{part} is missing in\n{from_files}");
    }
    assert_eq!(simulated(&manifests), from_files);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_api_server_gives_the_same_plan() {
    let test = "the_real_api_server_gives_the_same_plan";
    let Some(api) = KubeApi::start_or_skip(test).await else { return };
    let bench = Bench::new();
    let manifests = manifests(&bench);
    let mut files: Vec<_> = fs::read_dir(&manifests)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    for file in files {
        api.apply_yaml(&fs::read_to_string(file).expect("a manifest")).await;
    }
    let real = plan(&kubeconfig(&api.write_kubeconfig(&api.kubeconfig(ADMIN))));
    assert_eq!(real, simulated(&manifests), "simulator");
    assert_eq!(real, plan(&format!("--manifests={}", manifests.display())), "manifests");
}
