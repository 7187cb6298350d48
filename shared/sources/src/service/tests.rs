//! What the objects behind services cost: little more than what is read of them.

use std::sync::Arc;

use allocation_counter::measure;
use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, ClusterView, Environment};
use extdns_model::ClusterId;
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::KubeSim;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::index::{Index, Need};
use crate::{Args, Options, Sources, SystemResolver};

const PODS: usize = 50_000;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn pod(number: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": "data", "name": format!("storage-7d4b9c6f5d-{number:05}"),
            "labels": { "app": "storage", "pod-template-hash": "7d4b9c6f5d" },
        },
        "spec": { "nodeName": format!("ip-10-0-{}-{}", number / 250, number % 250) },
        "status": {
            "phase": "Running", "podIP": format!("10.1.{}.{}", number / 250, number % 250), "hostIP": "192.168.0.1",
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    })
}

/// A headless service with one of many pods behind it.
fn cluster() -> KubeSim {
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "namespace": "data", "name": "storage",
            "annotations": { "external-dns.kubernetes.io/hostname": "storage.example.org" },
        },
        "spec": { "type": "ClusterIP", "clusterIP": "None", "selector": { "app": "storage" } },
    });
    let name = "storage-7d4b9c6f5d-00007";
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": { "namespace": "data", "name": "storage-x", "labels": { "kubernetes.io/service-name": "storage" } },
        "addressType": "IPv4",
        "endpoints": [{ "addresses": ["10.1.0.7"], "targetRef": { "kind": "Pod", "namespace": "data", "name": name } }],
    });
    let builder = KubeSim::builder().object(service).object(slice);
    (0..PODS).fold(builder, |builder, number| builder.object(pod(number))).start()
}

fn connect(sim: &KubeSim, runtime: &Runtime) -> ClusterView {
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Custom(&json!({}))));
    let access = Access::kubeconfig(path);
    let cluster =
        Cluster { id: ClusterId(0), name: "lab".into(), access, api: ApiOptions::default() };
    runtime.block_on(cluster.connect(&Environment::default(), std::io::empty())).expect("a view")
}

#[test]
fn fifty_thousand_pods_behind_headless_services_cost_less_than_twice_what_is_read_of_them() {
    let sim = cluster();
    // The API server has threads of its own, so what is counted is ours.
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let view = connect(&sim, &runtime);
    let need = Need { slices: true, pods: true, nodes: false };
    let mut index = None;
    let kept = measure(|| {
        index = Some(runtime.block_on(Index::read(&view, None, need)).expect("lists"));
    });
    drop((index, view));
    let projections = u64::try_from(kept.bytes_current).expect("more than before");

    let view = connect(&sim, &runtime);
    let cli = Cli::parse_from(["test", "--source=service"]);
    let options = Options::try_from(&cli.args).expect("flags").gather;
    let sources = Sources::new(options, Arc::new(SystemResolver::default()));
    let mut found = None;
    let run = measure(|| found = Some(runtime.block_on(sources.gather(&view))));
    let found = found.expect("it ended");
    assert!(found.failures.is_empty(), "{:?}", found.failures);
    assert_eq!(found.sink.endpoints.len(), 1);
    assert_eq!(sim.lists("pods"), 2, "one for each view");
    assert!(run.bytes_max < 2 * projections, "{} of {projections}", run.bytes_max);
}
