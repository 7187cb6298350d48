//! What an API server refuses or does not serve, and what is not asked of it.

use std::sync::Arc;

use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, ClusterView, Environment};
use extdns_model::ClusterId;
use extdns_sources::{Args, Found, Options, Sources, SystemResolver};
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{KubeSim, User};
use serde_json::{Value, json};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

async fn view(sim: &KubeSim, login: Login<'_>) -> ClusterView {
    let path = sim.write_kubeconfig(&sim.kubeconfig(login));
    let access = Access::kubeconfig(path);
    let cluster =
        Cluster { id: ClusterId(0), name: "lab".into(), access, api: ApiOptions::default() };
    cluster.connect(&Environment::default(), std::io::empty()).await.expect("a view")
}

async fn gather(view: &ClusterView, flags: &[&str]) -> Found {
    let cli = Cli::try_parse_from(["test"].iter().chain(flags)).expect("valid flags");
    let options = Options::try_from(&cli.args).expect("valid options");
    Sources::new(options.gather, Arc::new(SystemResolver::default())).gather(view).await
}

fn service(name: &str, spec: &Value) -> Value {
    let hostname = format!("{name}.example.org");
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "namespace": "shop", "name": name,
            "annotations": { "external-dns.kubernetes.io/hostname": hostname },
        },
        "spec": spec,
        "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } },
    })
}

#[tokio::test]
async fn a_missing_right_or_api_group_fails_the_source_and_is_named() {
    let services = json!([{ "apiGroups": [""], "resources": ["services", "pods"], "verbs": ["list", "watch"] }]);
    let sim = KubeSim::builder()
        .object(service("db", &json!({ "type": "ClusterIP", "clusterIP": "None" })))
        .user(User::new("reader", "reader-token").may(&services))
        .user(User::admin("admin", "admin-token"))
        .start();
    let (reader, admin) = (Login::Token("reader-token"), Login::Token("admin-token"));
    let table: &[(Login<'_>, &[&str], &[&str])] = &[
        (reader, &["--source=service"], &["endpointslices", "discovery.k8s.io", "list"]),
        (reader, &["--source=node"], &["nodes", "list"]),
        (reader, &["--source=ingress"], &["ingresses", "networking.k8s.io"]),
        (
            admin,
            &["--source=crd"],
            &["externaldns.k8s.io/v1alpha1 dnsendpoints", "CustomResourceDefinition"],
        ),
        (
            admin,
            &["--source=unstructured", "--unstructured-resource=machines.v1.example.io"],
            &["example.io/v1 machines", "CustomResourceDefinition"],
        ),
        (
            reader,
            &["--source=unstructured", "--unstructured-resource=configmaps.v1"],
            &["configmaps", "list"],
        ),
    ];
    for (login, flags, words) in table {
        let found = gather(&view(&sim, *login).await, flags).await;
        let failures: Vec<String> = found.failures.iter().map(ToString::to_string).collect();
        assert_eq!(failures.len(), 1, "{flags:?}: {failures:?}");
        for word in *words {
            assert!(failures[0].contains(word), "{flags:?}: {word} is not in {}", failures[0]);
        }
        assert!(found.sink.endpoints.is_empty(), "{flags:?}");
    }
}

#[tokio::test]
async fn fifty_thousand_pods_and_no_headless_service_cost_no_list_of_pods() {
    let mut builder = KubeSim::builder()
        .object(service("web", &json!({ "type": "LoadBalancer" })))
        .object(service(
            "port",
            &json!({ "type": "NodePort", "ports": [{ "port": 80, "nodePort": 30080 }] }),
        ))
        .object(service("own", &json!({ "type": "ClusterIP", "clusterIP": "10.0.0.1" })))
        .object(json!({
            "apiVersion": "v1", "kind": "Node", "metadata": { "name": "n1" },
            "status": { "addresses": [{ "type": "ExternalIP", "address": "192.0.2.9" }] },
        }));
    for number in 0..50_000 {
        let metadata = json!({ "namespace": "shop", "name": format!("p{number}") });
        builder =
            builder.object(json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata }));
    }
    let sim = builder.start();
    let view = view(&sim, Login::Custom(&json!({}))).await;
    let found = gather(&view, &["--source=service"]).await;
    assert!(found.failures.is_empty(), "{:?}", found.failures);
    assert_eq!(found.sink.endpoints.len(), 3, "the load balancer, the node and its port");
    for helper in ["pods", "endpointslices"] {
        let requests = sim.requests();
        let asked = requests.iter().filter(|request| request.path.contains(helper)).count();
        assert_eq!(asked, 0, "{helper}");
    }
}

#[tokio::test]
async fn unstructured_lists_of_any_scope_are_read_where_discovery_finds_them() {
    let annotations = json!({
        "external-dns.kubernetes.io/hostname": "a.org", "external-dns.kubernetes.io/target": "192.0.2.1",
    });
    let sim = KubeSim::builder()
        .object(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "namespace": "shop", "name": "c", "annotations": annotations },
        }))
        .object(json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "n1", "annotations": annotations } }))
        .start();
    let view = view(&sim, Login::Custom(&json!({}))).await;
    let flags = [
        "--source=unstructured",
        "--namespace=shop",
        "--unstructured-resource=configmaps.v1",
        "--unstructured-resource=nodes.v1",
    ];
    let found = gather(&view, &flags).await;
    assert!(found.failures.is_empty(), "{:?}", found.failures);
    let labels: Vec<_> =
        found.sink.endpoints.iter().map(|it| it.resource_label().unwrap()).collect();
    assert_eq!(labels, ["configmap/shop/c", "node//n1"]);
}
