//! The hosts file of a node, kept from the annotations of kOps in the place of its dns-controller and protokube.

use std::os::unix::fs::MetadataExt as _;

use crate::program::{Bench, Run, external_dns, run};

/// What kOps has in a cluster with gossip DNS: two API servers, a Service of the nodes, and a load balancer with a name.
fn cluster(second: &str) -> String {
    format!(
        r#"
apiVersion: v1
kind: Node
metadata: {{ name: n1, labels: {{ node-role.kubernetes.io/node: "" }} }}
status: {{ addresses: [{{ type: InternalIP, address: 10.0.2.1 }}, {{ type: ExternalIP, address: 192.0.2.1 }}] }}
---
apiVersion: v1
kind: Pod
metadata:
  namespace: kube-system
  name: kube-apiserver-1
  annotations: {{ dns.alpha.kubernetes.io/internal: "api.internal.example.k8s.local, kops-controller.internal.example.k8s.local" }}
spec: {{ hostNetwork: true, nodeName: c1 }}
status: {{ phase: Running, podIP: 10.0.1.1 }}
---
apiVersion: v1
kind: Pod
metadata:
  namespace: kube-system
  name: kube-apiserver-2
  annotations: {{ dns.alpha.kubernetes.io/internal: api.internal.example.k8s.local }}
spec: {{ hostNetwork: true, nodeName: c2 }}
status: {{ phase: Running, podIP: {second} }}
---
apiVersion: v1
kind: Service
metadata:
  namespace: shop
  name: web
  annotations: {{ dns.alpha.kubernetes.io/internal: web.example.k8s.local }}
spec: {{ type: NodePort, ports: [{{ port: 80, nodePort: 30080 }}] }}
---
apiVersion: v1
kind: Service
metadata:
  namespace: shop
  name: named
  annotations: {{ dns.alpha.kubernetes.io/internal: named.example.k8s.local }}
spec: {{ type: LoadBalancer, ports: [{{ port: 80 }}] }}
status: {{ loadBalancer: {{ ingress: [{{ hostname: lb.example.com }}] }} }}
"#
    )
}

const HEAD: &str = "127.0.0.1\tlocalhost\n# mine\n10.0.0.7 bastion\n\n";
const BEGIN: &str = "# Begin host entries managed by kops - do not edit\n";
const END: &str = "# End host entries managed by kops\n";

/// An ownership record; those of pods have no resource.
fn owned(name: &str, resource: &str) -> String {
    format!(
        "# a-{name}.example.k8s.local TXT \"heritage=external-dns,external-dns/owner=node{resource}\"\n"
    )
}

fn keep(bench: &Bench, more: &[&str]) -> Run {
    let mut program = external_dns(bench.path());
    program.args(["--once", "--source=pod", "--source=service", "--policy=sync"]);
    program.args(["--compatibility=kops-dns-controller", "--provider=hosts"]);
    program.arg(format!("--manifests={}", bench.path().join("cluster.yaml").display()));
    program.arg(format!("--hosts-file={}", bench.path().join("hosts").display()));
    program.arg("--domain-filter=example.k8s.local");
    run(program.args(more))
}

#[test]
fn a_hosts_file_is_kept_from_the_annotations_of_kops() {
    let bench = Bench::new();
    bench.write("cluster.yaml", &cluster("10.0.1.2"));
    // What protokube left.
    let old = "10.0.9.9\told.example.k8s.local\n";
    bench.write("hosts", &format!("{HEAD}{BEGIN}{old}{END}"));
    let ours = ["--registry=txt", "--txt-owner-id=node"];
    let planned = keep(&bench, &[&ours[..], &["--dry-run"]].concat());
    assert!(planned.out.contains("+ A api.internal.example.k8s.local"), "{planned:?}");
    assert_eq!(bench.read("hosts"), format!("{HEAD}{BEGIN}{old}{END}"));

    let kept = keep(&bench, &ours);
    // A load balancer with a name has no address, and the report says so.
    assert_eq!(kept.code, 3, "{kept:?}");
    assert!(kept.log.contains("named.example.k8s.local"), "{kept:?}");
    let api = "api.internal.example.k8s.local";
    let texts = [
        owned("api.internal", ""),
        owned("kops-controller.internal", ""),
        owned("web", ",external-dns/resource=service/shop/web"),
    ]
    .concat();
    let block = |second: &str, foreign: &str| {
        format!(
            "{BEGIN}10.0.1.1\t{api} kops-controller.internal.example.k8s.local\n{second}\t{api}\n\
             10.0.2.1\tweb.example.k8s.local\n{foreign}{texts}{END}"
        )
    };
    assert_eq!(bench.read("hosts"), format!("{HEAD}{}", block("10.0.1.2", old)));

    // Nothing has changed, and nothing is written.
    let inode = || std::fs::metadata(bench.path().join("hosts")).expect("there").ino();
    let before = inode();
    keep(&bench, &ours);
    assert_eq!(inode(), before);

    // An API server has moved.
    bench.write("cluster.yaml", &cluster("10.0.1.3"));
    keep(&bench, &ours);
    assert_eq!(bench.read("hosts"), format!("{HEAD}{}", block("10.0.1.3", old)));
}

#[test]
fn without_a_registry_the_whole_block_is_ours() {
    let bench = Bench::new();
    bench.write("cluster.yaml", &cluster("10.0.1.2"));
    bench.write("hosts", &format!("{HEAD}{BEGIN}10.0.9.9\told.example.k8s.local\n{END}"));
    keep(&bench, &["--registry=noop", "--no-guard"]);
    let text = bench.read("hosts");
    assert!(text.starts_with(&format!("{HEAD}{BEGIN}10.0.1.1\tapi.internal")), "{text}");
    assert!(!text.contains("old.example") && !text.contains("TXT"), "{text}");
}

#[test]
fn gossip_is_no_provider_and_the_message_says_what_is() {
    let bench = Bench::new();
    let run = run(external_dns(bench.path()).args(["--source=service", "--provider=gossip"]));
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.log.contains("--provider=hosts keeps the hosts file"), "{run:?}");
}
