//! Who has a name, and by which rule an ordinary run does not ask them.

use std::sync::Arc;

use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, ClusterView, Environment};
use extdns_model::{ClusterId, Name};
use extdns_sources::{Args, Options, Sources, SystemResolver};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

const OBJECTS: &str = "
apiVersion: v1
kind: Service
metadata: { name: plain, namespace: shop, annotations: { external-dns.kubernetes.io/hostname: a.example.org } }
spec: { type: LoadBalancer }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } }
---
apiVersion: v1
kind: Service
metadata:
  name: labelled
  namespace: shop
  labels: { dns: 'no' }
  annotations: { external-dns.kubernetes.io/hostname: 'A.example.org., other.example.org', team: x }
spec: { type: LoadBalancer }
---
apiVersion: v1
kind: Service
metadata:
  name: strange
  namespace: shop
  annotations: { external-dns.kubernetes.io/hostname: a.example.org, external-dns.kubernetes.io/controller: other }
spec: { type: LoadBalancer }
---
apiVersion: v1
kind: Service
metadata: { name: pods, namespace: shop, annotations: { external-dns.kubernetes.io/hostname: a.example.org } }
spec: { type: ClusterIP, clusterIP: None }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: front, namespace: shop }
spec: { ingressClassName: nginx, rules: [{ host: a.example.org }], tls: [{ hosts: [tls.example.org, a.example.org] }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: notes
  namespace: shop
  annotations:
    external-dns.kubernetes.io/hostname: noted.example.org
    external-dns.kubernetes.io/ingress-hostname-source: defined-hosts-only
spec: { rules: [{ host: ruled.example.org }] }
---
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: { name: records, namespace: shop }
spec:
  endpoints:
    - { dnsName: a.example.org, recordType: A, targets: [192.0.2.1] }
    - { dnsName: bad.example.org, recordType: A, targets: [192.0.2.1.] }
---
apiVersion: v1
kind: Node
metadata: { name: node1 }
spec: { unschedulable: true }
---
apiVersion: v1
kind: Pod
metadata: { name: relay, namespace: shop, annotations: { external-dns.kubernetes.io/hostname: pod.example.org } }
spec: { nodeName: node1 }
";

async fn view(objects: &str) -> ClusterView {
    let access = Access::Manifests(vec!["-".into()]);
    let api = ApiOptions::default();
    let cluster = Cluster { id: ClusterId(0), name: "test".into(), access, api };
    cluster.connect(&Environment::default(), objects.as_bytes()).await.expect("a view")
}

fn sources(flags: &[&str]) -> Sources {
    let cli = Cli::try_parse_from(["test"].iter().chain(flags)).expect("valid flags");
    let options = Options::try_from(&cli.args).expect("valid options");
    Sources::new(options.gather, Arc::new(SystemResolver::default()))
}

/// `resource: rule`, or `resource` alone.
async fn trace(flags: &[&str], name: &str) -> Vec<String> {
    let sightings = sources(flags).trace(&view(OBJECTS).await, &Name::as_listed(name)).await;
    assert!(sightings.failures.is_empty(), "{:?}", sightings.failures);
    let text = |sighting: &extdns_sources::Sighting| match &sighting.hidden {
        Some(rule) => format!("{}: {rule}", sighting.resource),
        None => sighting.resource.to_string(),
    };
    sightings.found.iter().map(text).collect()
}

const STRANGE: &str = "service/shop/strange: its controller annotation names another controller";

#[tokio::test]
async fn every_rule_that_hides_an_object_is_named() {
    let table: &[(&[&str], &str, &[&str])] = &[
        (
            &["--source=service"],
            "a.example.org",
            &["service/shop/labelled", "service/shop/plain", "service/shop/pods", STRANGE],
        ),
        (
            &["--source=service", "--label-filter=dns!=no", "--annotation-filter=team"],
            "other.example.org",
            &["service/shop/labelled: its labels do not match --label-filter"],
        ),
        (
            &["--source=service", "--annotation-filter=team"],
            "a.example.org",
            &[
                "service/shop/labelled",
                "service/shop/plain: its annotations do not match --annotation-filter",
                "service/shop/pods: its annotations do not match --annotation-filter",
                "service/shop/strange: its annotations do not match --annotation-filter",
            ],
        ),
        (
            &["--source=service", "--service-type-filter=LoadBalancer"],
            "A.Example.Org.",
            &[
                "service/shop/labelled",
                "service/shop/plain",
                "service/shop/pods: it is a service of type ClusterIP, which --service-type-filter \
                 leaves out",
                STRANGE,
            ],
        ),
        (
            &["--source=ingress", "--ingress-class=public"],
            "a.example.org",
            &["ingress/shop/front: its class \"nginx\" is not among --ingress-class"],
        ),
        (
            &["--source=ingress", "--ingress-class=public"],
            "ruled.example.org",
            &["ingress/shop/notes: it has no class, and --ingress-class asks for one"],
        ),
        (
            &["--source=ingress"],
            "noted.example.org",
            &[
                "ingress/shop/notes: its annotation ingress-hostname-source does not read the place \
               where the name stands",
            ],
        ),
        (
            &["--source=ingress", "--ignore-ingress-rules-spec"],
            "ruled.example.org",
            &[
                "ingress/shop/notes: the name stands in its rules, which --ignore-ingress-rules-spec \
               leaves out",
            ],
        ),
        // The name stands in the TLS section, too.
        (
            &["--source=ingress", "--ignore-ingress-rules-spec"],
            "a.example.org",
            &["ingress/shop/front"],
        ),
        (
            &["--source=ingress", "--ignore-ingress-tls-spec"],
            "tls.example.org",
            &["ingress/shop/front: the name stands in its TLS section, which \
               --ignore-ingress-tls-spec leaves out"],
        ),
        // An entry that becomes no record has its name all the same.
        (&["--source=crd"], "bad.example.org", &["crd/shop/records"]),
        (
            &["--source=crd", "--label-filter=x"],
            "bad.example.org",
            &["crd/shop/records: its labels do not match --label-filter"],
        ),
        // It has no address either, but what hides it comes first.
        (
            &["--source=node"],
            "node1",
            &["node/node1: it is cordoned, and --exclude-unschedulable leaves cordoned nodes out"],
        ),
        (
            &["--source=pod", "--ignore-non-host-network-pods"],
            "pod.example.org",
            &["pod/shop/relay: it does not use the network of its host, and \
               --ignore-non-host-network-pods leaves it out"],
        ),
        (
            &["--source=pod", "--pod-source-domain=pods.example.org"],
            "relay.pods.example.org",
            &["pod/shop/relay"],
        ),
        (&["--source=service", "--source=ingress"], "nobody.example.org", &[]),
    ];
    for (flags, name, expected) in table {
        assert_eq!(trace(flags, name).await, *expected, "{flags:?} {name}");
    }
}

/// What a second look lets through does not come into an ordinary run.
#[tokio::test]
async fn an_ordinary_run_sees_nothing_of_what_is_hidden() {
    let view = view(OBJECTS).await;
    let sources = sources(&["--source=service", "--source=ingress", "--label-filter=none"]);
    let sightings = sources.trace(&view, &Name::as_listed("a.example.org")).await;
    assert_eq!(sightings.found.len(), 5);
    let sink = sources.gather(&view).await.sink;
    assert!(sink.endpoints.is_empty() && sink.unready.is_empty() && sink.dropped.is_empty());
    assert_eq!(sink.outdated_annotations, 0);
}

#[tokio::test]
async fn a_source_that_cannot_look_says_so() {
    let access = Access::Default { context: None };
    let api = ApiOptions {
        server: Some("http://127.0.0.1:1".into()),
        limits: extdns_clusters::Limits { attempts: 1, ..Default::default() },
        ..ApiOptions::default()
    };
    let cluster = Cluster { id: ClusterId(0), name: "gone".into(), access, api };
    let view = cluster.connect(&Environment::default(), std::io::empty()).await.expect("a view");
    let sources = sources(&["--source=service", "--source=ingress"]);
    let sightings = sources.trace(&view, &Name::as_listed("a.example.org")).await;
    let failed: Vec<_> = sightings.failures.iter().map(|failure| failure.source_name).collect();
    assert_eq!(failed, ["service", "ingress"]);
}
