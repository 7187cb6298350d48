//! A filter that selects none of the objects that there are is told, and so is a namespace that does not exist.

use std::sync::Arc;

use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, ClusterView, Environment};
use extdns_model::ClusterId;
use extdns_sources::{Args, Found, Interruption, Options, Sources, SystemResolver};
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim, User};
use serde_json::json;
use tokio::sync::Notify;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

const OBJECTS: &str = "
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  labels: { app: web }
  annotations: { external-dns.kubernetes.io/hostname: a.example.org }
spec: { type: LoadBalancer }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } }
---
apiVersion: v1
kind: Service
metadata:
  name: strange
  namespace: shop
  labels: { app: strange }
  annotations: { external-dns.kubernetes.io/controller: other, team: x }
spec: { type: ClusterIP }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: front, namespace: shop, labels: { app: web } }
spec: { ingressClassName: nginx, rules: [{ host: b.example.org }] }
---
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: { name: records, namespace: shop }
spec: { endpoints: [{ dnsName: c.example.org, recordType: A, targets: [192.0.2.3] }] }
";

fn cluster(access: Access) -> Cluster {
    Cluster { id: ClusterId(0), name: "test".into(), access, api: ApiOptions::default() }
}

async fn manifests() -> ClusterView {
    let cluster = cluster(Access::Manifests(vec!["-".into()]));
    cluster.connect(&Environment::default(), OBJECTS.as_bytes()).await.expect("a view")
}

async fn of_api(sim: &KubeSim, login: Login<'_>) -> ClusterView {
    let path = sim.write_kubeconfig(&sim.kubeconfig(login));
    let cluster = cluster(Access::kubeconfig(path));
    cluster.connect(&Environment::default(), std::io::empty()).await.expect("a view")
}

fn sources(flags: &[&str]) -> Sources {
    let cli = Cli::try_parse_from(["test"].iter().chain(flags)).expect("valid flags");
    let options = Options::try_from(&cli.args).expect("valid options");
    Sources::new(options.gather, Arc::new(SystemResolver::default()))
}

/// `source: filter`
fn told(found: &Found) -> Vec<String> {
    assert!(found.failures.is_empty(), "{:?}", found.failures);
    for nothing in &found.nothing_selected {
        let of_namespace = nothing.filter.starts_with("--namespace=");
        assert_eq!(nothing.is_absent_namespace, of_namespace, "{nothing:?}");
    }
    let nothing = found.nothing_selected.iter();
    nothing.map(|nothing| format!("{}: {}", nothing.source, nothing.filter)).collect()
}

const ALL: [&str; 3] = ["--source=service", "--source=ingress", "--source=crd"];

#[tokio::test]
async fn a_filter_that_selects_none_of_the_objects_is_reported_as_its_flag_is_written() {
    let view = manifests().await;
    let table: &[(&[&str], &[&str])] = &[
        (&[], &[]),
        (&["--namespace=shop"], &[]),
        (&["--label-filter=app=web"], &["crd: --label-filter=app=web"]),
        (
            &["--label-filter=app in (wbe)"],
            &[
                "service: --label-filter=app in (wbe)",
                "ingress: --label-filter=app in (wbe)",
                "crd: --label-filter=app in (wbe)",
            ],
        ),
        (
            &["--annotation-filter=team=y"],
            &[
                "service: --annotation-filter=team=y",
                "ingress: --annotation-filter=team=y",
                "crd: --annotation-filter=team=y",
            ],
        ),
        (&["--ingress-class=ngnix", "--ingress-class=x"], &["ingress: --ingress-class=ngnix,x"]),
        (&["--ingress-class=nginx"], &[]),
        (&["--service-type-filter=NodePort"], &["service: --service-type-filter=NodePort"]),
        (&["--service-type-filter=LoadBalancer"], &[]),
        // Two filters leave out everything together.
        (
            &["--label-filter=app=web", "--service-type-filter=NodePort"],
            &[
                "service: --label-filter=app=web, --service-type-filter=NodePort",
                "crd: --label-filter=app=web",
            ],
        ),
        // The object that is selected names another controller: that is what its owner wants.
        (
            &["--label-filter=app=strange", "--source=service"],
            &["ingress: --label-filter=app=strange", "crd: --label-filter=app=strange"],
        ),
        (
            &["--namespace=shpo"],
            &["service: --namespace=shpo", "ingress: --namespace=shpo", "crd: --namespace=shpo"],
        ),
    ];
    for (flags, expected) in table {
        let flags: Vec<&str> = ALL.iter().chain(*flags).copied().collect();
        let found = sources(&flags).gather(&view).await;
        let mut expected: Vec<&str> = expected.to_vec();
        let mut told = told(&found);
        expected.sort_unstable();
        told.sort();
        assert_eq!(told, expected, "{flags:?}");
    }
}

#[tokio::test]
async fn sources_that_read_no_objects_and_kinds_without_objects_select_nothing_wrong() {
    let view = manifests().await;
    let found =
        sources(&["--source=fake", "--source=empty", "--namespace=shpo"]).gather(&view).await;
    assert_eq!(told(&found), [""; 0]);
    let sim = KubeSim::builder().start();
    let view = of_api(&sim, Login::Custom(&json!({}))).await;
    let flags =
        ["--source=service", "--source=ingress", "--label-filter=app=x", "--ingress-class=x"];
    assert_eq!(told(&sources(&flags).gather(&view).await), [""; 0]);
}

#[tokio::test]
async fn a_namespace_is_asked_for_only_where_it_is_empty_and_is_no_failure_without_the_right() {
    let list =
        json!([{ "apiGroups": ["*"], "resources": ["services", "ingresses"], "verbs": ["list"] }]);
    let get = json!([{ "apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"] }]);
    let sim = KubeSim::builder()
        .yaml(OBJECTS)
        .user(User::new("reader", "reader-token").may(&list))
        .user(User::new("getter", "getter-token").may(&list).may(&get))
        .start();
    let read = async |token: &str, namespace: &str| {
        let view = of_api(&sim, Login::Token(token)).await;
        let namespace = format!("--namespace={namespace}");
        told(&sources(&["--source=service", "--source=ingress", &namespace]).gather(&view).await)
    };
    assert_eq!(read("getter-token", "shop").await, [""; 0]);
    assert_eq!(sim.calls("get", "namespaces"), 0, "it costs nothing in the ordinary case");
    let expected = ["service: --namespace=shpo", "ingress: --namespace=shpo"];
    assert_eq!(read("getter-token", "shpo").await, expected);
    assert_eq!(read("reader-token", "shpo").await, [""; 0], "not known");
    sim.apply(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "new" } }));
    assert_eq!(read("getter-token", "new").await, [""; 0], "an empty namespace is one");
}

#[tokio::test]
async fn a_source_that_is_not_done_in_time_fails_and_the_others_are_kept() {
    let sim = KubeSim::builder().yaml(OBJECTS).start();
    sim.fail(Fault::new("*", Effect::Held(Arc::new(Notify::new()))));
    let view = of_api(&sim, Login::Custom(&json!({}))).await;
    let sources = sources(&["--source=fake", "--source=service", "--source=ingress"]);
    let late = "the time of the run was over before the cluster had answered; give it more (--timeout), or see what \
                keeps its API server";
    let told = "the run was told to stop before the cluster had answered";
    for (why, message) in [(Interruption::TimeOver, late), (Interruption::Stopped, told)] {
        let before = sim.lists("services");
        let asked = async {
            while sim.lists("services") == before || sim.lists("ingresses") == before {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            why
        };
        let found = sources.gather_until(&view, asked).await;
        let failures: Vec<String> = found.failures.iter().map(ToString::to_string).collect();
        let expected =
            ["service", "ingress"].map(|source| format!("gather source {source:?}: {message}"));
        assert_eq!(failures, expected);
        assert_eq!(found.counts, [("fake", 10), ("service", 0), ("ingress", 0)]);
        assert_eq!(sim.lists("services"), sim.lists("ingresses"), "side by side");

        let before = sim.requests().len();
        let found = sources.gather_until(&view, std::future::ready(why)).await;
        assert_eq!((found.failures.len(), sim.requests().len()), (3, before), "there is no time");
    }
}
