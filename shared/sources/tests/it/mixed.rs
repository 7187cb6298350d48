//! All sources at once over one cluster with objects of every ecosystem, through the simulated API.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, ClusterView, Environment};
use extdns_model::{ClusterId, Endpoint};
use extdns_sources::{Args, Found, Options, Sources, SystemResolver};
use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::KubeSim;
use serde_json::{Value, json};

/// Rewrites what is expected.
const UPDATE: &str = "UPDATE_EXPECT";

/// The sources that read a cluster, in the order of the run.
const SOURCES: [&str; 22] = [
    "service",
    "ingress",
    "node",
    "pod",
    "crd",
    "gateway-httproute",
    "gateway-grpcroute",
    "gateway-tlsroute",
    "gateway-tcproute",
    "gateway-udproute",
    "istio-gateway",
    "istio-virtualservice",
    "contour-httpproxy",
    "ambassador-host",
    "gloo-proxy",
    "kong-tcpingress",
    "openshift-route",
    "skipper-routegroup",
    "traefik-proxy",
    "f5-virtualserver",
    "f5-transportserver",
    "unstructured",
];

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/mixed")
}

fn objects() -> Vec<Value> {
    let yaml = std::fs::read_to_string(folder().join("objects.yaml")).expect("the objects");
    let all: Vec<Value> = serde_saphyr::from_multiple(&yaml).expect("YAML");
    all.into_iter().filter(|document| !document.is_null()).collect()
}

/// A definition for each kind of object that Kubernetes itself does not have.
fn definitions(objects: &[Value]) -> Vec<Value> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let kinds: BTreeSet<_> =
        objects.iter().map(|it| (text(&it["apiVersion"]), text(&it["kind"]))).collect();
    let custom = kinds.iter().filter_map(|(version, kind)| {
        let (group, version) = version.split_once('/')?;
        let lower = kind.to_lowercase();
        let plural = match lower.strip_suffix('y') {
            Some(stem) if lower.ends_with("proxy") => format!("{stem}ies"),
            _ if lower.ends_with("ss") => format!("{lower}es"),
            _ => format!("{lower}s"),
        };
        let is_custom = !["networking.k8s.io", "discovery.k8s.io"].contains(&group);
        is_custom.then(|| {
            json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": { "name": format!("{plural}.{group}") },
                "spec": {
                    "group": group, "scope": "Namespaced",
                    "names": { "kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": lower },
                    "versions": [{
                        "name": version, "served": true, "storage": true,
                        "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
                    }],
                },
            })
        })
    });
    custom.collect()
}

async fn view(access: Access) -> ClusterView {
    let api = ApiOptions::default();
    let cluster = Cluster { id: ClusterId(0), name: "lab".into(), access, api };
    cluster.connect(&Environment::default(), std::io::empty()).await.expect("a view")
}

async fn gather(view: &ClusterView, flags: &[String]) -> Found {
    let flags = flags.iter().map(String::as_str);
    let cli = Cli::try_parse_from(std::iter::once("test").chain(flags)).expect("valid flags");
    let options = Options::try_from(&cli.args).expect("valid options");
    Sources::new(options.gather, Arc::new(SystemResolver::default())).gather(view).await
}

fn flags() -> Vec<String> {
    let sources = SOURCES.iter();
    let own = [
        "--unstructured-resource=virtualmachines.v1.kubevirt.io",
        "--gateway-listener-sets",
        "--gloo-namespace=gloo-system",
    ];
    sources.map(|name| format!("--source={name}")).chain(own.map(str::to_owned)).collect()
}

/// A line for each thing found.
fn shown(found: &Found) -> String {
    let failures: Vec<String> = found.failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    let mut text = String::new();
    let mut line = |words: String| text.push_str(&format!("{words}\n"));
    let endpoint =
        |it: &Endpoint| format!("{} {}", it.set, it.resource_label().as_deref().unwrap_or("-"));
    for (source, count) in &found.counts {
        line(format!("{source}: {count}"));
    }
    found.sink.endpoints.iter().for_each(|it| line(endpoint(it)));
    found.sink.unready.iter().for_each(|it| line(format!("unready: {} {}", it.name, it.resource)));
    found.sink.dropped.iter().for_each(|it| line(format!("dropped: {it}")));
    text
}

#[tokio::test]
async fn all_sources_over_one_cluster_with_objects_of_every_kind() {
    let objects = objects();
    assert!(objects.len() >= 40, "only {} objects", objects.len());
    let all = definitions(&objects).into_iter().chain(objects);
    let sim = all.fold(KubeSim::builder(), |sim, object| sim.object(object)).start();
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
    let of_api = view(Access::kubeconfig(kubeconfig)).await;
    let text = shown(&gather(&of_api, &flags()).await);
    let file = folder().join("expected.txt");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, &text).expect("what is expected");
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, expected, "{}", file.display());
    // No list is read twice, whichever sources need it.
    for count in of_api.lists() {
        assert_eq!(count.lists, 1, "{}", count.resource);
    }
    let of_manifests = view(Access::Manifests(vec![folder().join("objects.yaml")])).await;
    assert_eq!(shown(&gather(&of_manifests, &flags()).await), text);
}

/// One error at once for each source whose objects nobody serves, with the remedy.
#[tokio::test]
async fn a_source_whose_objects_are_not_served_says_which_and_what_to_drop() {
    const OF_KUBERNETES: [&str; 5] = ["service", "ingress", "node", "pod", "unstructured"];
    let sim = KubeSim::builder().start();
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
    let access = Access::kubeconfig(kubeconfig);
    for source in SOURCES.iter().filter(|name| !OF_KUBERNETES.contains(name)) {
        let mut flags = vec![format!("--source={source}"), "--source=node".to_owned()];
        let found = gather(&view(access.clone()).await, &flags).await;
        let failures: Vec<String> = found.failures.iter().map(ToString::to_string).collect();
        let [failure] = &failures[..] else { panic!("{source}: {failures:?}") };
        for words in ["not served", "CustomResourceDefinition", &format!("drop --source={source}")]
        {
            assert!(failure.contains(words), "{source}: {words:?} is not in {failure}");
        }
        assert!(found.not_served.is_empty(), "{source}");
        flags.push("--ignore-missing-crds".to_owned());
        let found = gather(&view(access.clone()).await, &flags).await;
        assert!(found.failures.is_empty(), "{source}: {:?}", found.failures);
        let ignored: Vec<_> = found.not_served.iter().map(|it| it.source_name).collect();
        assert_eq!(ignored, [*source]);
    }
}

/// The objects are the same in each version that a cluster serves.
#[tokio::test]
async fn older_versions_are_read_where_the_cluster_serves_nothing_else() {
    let table = [
        ("Gateway", "HTTPRoute", "gateway-httproute", "v1beta1", "v1beta1"),
        ("Gateway", "GRPCRoute", "gateway-grpcroute", "v1", "v1alpha2"),
        ("Gateway", "TLSRoute", "gateway-tlsroute", "v1", "v1alpha3"),
        ("Gateway", "TLSRoute", "gateway-tlsroute", "v1beta1", "v1alpha2"),
        ("Gateway", "TCPRoute", "gateway-tcproute", "v1", "v1"),
        ("Gateway", "UDPRoute", "gateway-udproute", "v1beta1", "v1"),
    ];
    for (parent, kind, source, of_parent, of_route) in table {
        let mut objects = objects();
        objects.retain(|it| {
            let version = it["apiVersion"].as_str().unwrap_or_default();
            let is_wanted = [parent, kind, "ListenerSet"].iter().any(|own| it["kind"] == **own);
            is_wanted && version.starts_with("gateway.networking.k8s.io/")
                || it["kind"] == "Namespace"
        });
        let gather_from = async |objects: Vec<Value>| {
            let all = definitions(&objects).into_iter().chain(objects);
            let sim = all.fold(KubeSim::builder(), |sim, object| sim.object(object)).start();
            let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
            let view = view(Access::kubeconfig(kubeconfig)).await;
            shown(&gather(&view, &[format!("--source={source}")]).await)
        };
        let expected = gather_from(objects.clone()).await;
        assert!(expected.lines().count() > 1, "{kind}: {expected}");
        for object in &mut objects {
            for (own, version) in [(parent, of_parent), (kind, of_route)] {
                if object["kind"] == own {
                    object["apiVersion"] = json!(format!("gateway.networking.k8s.io/{version}"));
                }
            }
        }
        assert_eq!(gather_from(objects).await, expected, "{kind} in {of_route}");
    }
}
