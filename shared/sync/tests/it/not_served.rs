//! A CustomResourceDefinition that is removed while there are records for its objects.

use std::sync::Arc;

use extdns_providers::conformance::RecordServer;
use extdns_providers::engine::stepped;
use extdns_providers::{Provider, Transport, ZoneReader as _};
use extdns_sync::report::{ClusterState, Report, Summary};
use extdns_sync::settings::{Environment, Request, resolve};
use extdns_sync::{ExitCode, RunRequest, Wiring};
use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::KubeSim;
use serde_json::{Value, json};

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "namespace": "test", "name": name,
            "annotations": { "external-dns.kubernetes.io/hostname": format!("{name}.example.org") },
        },
        "spec": { "type": "LoadBalancer" },
        "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } },
    })
}

/// A cluster with these services, and with Contour where it has proxies.
fn cluster(services: &[&str], proxies: &[&str]) -> KubeSim {
    let mut sim = KubeSim::builder();
    if !proxies.is_empty() {
        sim = sim.object(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": "httpproxies.projectcontour.io" },
            "spec": {
                "group": "projectcontour.io", "scope": "Namespaced",
                "names": { "kind": "HTTPProxy", "listKind": "HTTPProxyList", "plural": "httpproxies", "singular": "httpproxy" },
                "versions": [{
                    "name": "v1", "served": true, "storage": true,
                    "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
                }],
            },
        }));
    }
    for name in services {
        sim = sim.object(service(name));
    }
    for name in proxies {
        sim = sim.object(json!({
            "apiVersion": "projectcontour.io/v1", "kind": "HTTPProxy",
            "metadata": { "namespace": "test", "name": name },
            "spec": { "virtualhost": { "fqdn": format!("{name}.example.org") } },
            "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.2" }] } },
        }));
    }
    sim.start()
}

async fn run(sim: &KubeSim, server: &RecordServer, flags: &[&str]) -> Report {
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let usual = [
        "--once",
        "--source=service",
        "--source=contour-httpproxy",
        "--provider=inmemory",
        "--policy=sync",
        "--txt-owner-id=me",
        "--no-guard",
        &kubeconfig,
    ];
    let arguments = usual.iter().chain(flags).map(ToString::to_string).collect();
    let environment = Environment { arguments, ..Environment::default() };
    let Ok(Request::Run(arguments)) = resolve(&environment) else { panic!("flags are right") };
    let api = server.api();
    let via = Transport::new(api.capabilities());
    let provider: Arc<dyn Provider> = Arc::new(stepped(api, via));
    let wiring =
        Wiring::assemble(&arguments, &environment, provider, "inmemory").expect("settings");
    extdns_sync::run(&wiring, &RunRequest::of(&arguments).expect("a request")).await
}

/// The names of the records, each once.
fn names(server: &RecordServer) -> Vec<String> {
    let contents = server.contents();
    let addresses = contents.iter().filter(|set| set.rtype == extdns_model::RecordType::A);
    let mut names: Vec<String> = addresses.map(|set| set.name.to_string()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_definition_that_is_removed_freezes_the_records_of_its_objects() {
    let server = RecordServer::new(&["example.org"]);
    run(&cluster(&["s1", "s2"], &["p1", "p2"]), &server, &[]).await;
    let all = ["p1", "p2", "s1", "s2"].map(|name| format!("{name}.example.org"));
    assert_eq!(names(&server), all);

    // Without the flag the cluster failed: nothing of it is deleted, and the reason is told once, with the remedy.
    let without = cluster(&["s1"], &[]);
    let report = run(&without, &server, &[]).await;
    assert_eq!(names(&server), all);
    assert_eq!(report.clusters[0].state, ClusterState::Failed);
    let failures: Vec<_> =
        report.clusters[0].sources.iter().filter_map(|source| source.failure.clone()).collect();
    let [failure] = &failures[..] else { panic!("{failures:?}") };
    for words in ["projectcontour.io/v1 httpproxies: not served", "--source=contour-httpproxy"] {
        assert!(failure.contains(words), "{words:?} is not in {failure}");
    }
    assert_ne!(Summary::of(&report).exit_code(), ExitCode::Success);

    // With it the other sources go on, and the records of this one stay.
    let report = run(&without, &server, &["--ignore-missing-crds"]).await;
    assert_eq!(names(&server), ["p1", "p2", "s1"].map(|name| format!("{name}.example.org")));
    assert_eq!(report.clusters[0].state, ClusterState::Complete);
    let notices: Vec<_> = report.notices.iter().map(|notice| &notice.message).collect();
    assert!(
        notices.iter().any(|message| message.contains("httpproxies: not served")),
        "{notices:?}"
    );

    // Once the definition is back, what no object wants goes as ever.
    run(&cluster(&["s1"], &["p1"]), &server, &["--ignore-missing-crds"]).await;
    assert_eq!(names(&server), ["p1", "s1"].map(|name| format!("{name}.example.org")));
}
