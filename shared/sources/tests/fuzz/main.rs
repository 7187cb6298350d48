//! Annotations and manifests that nobody would write: whatever they are, gathering ends without a panic.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, Environment};
use extdns_fuzz::{changed, fuzz};
use extdns_model::ClusterId;
use extdns_sources::{Args, Options, ResolveError, Resolver, Sources};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::select;
use serde_json::{Map, Value, json};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

struct Nobody;

#[async_trait]
impl Resolver for Nobody {
    async fn lookup(&self, _host: &str) -> Result<Vec<std::net::IpAddr>, ResolveError> {
        Err(ResolveError::NotFound)
    }
}

const FLAGS: [&str; 10] = [
    "test",
    "--source=service",
    "--source=ingress",
    "--source=pod",
    "--source=node",
    "--source=crd",
    "--source=unstructured",
    "--unstructured-resource=services.v1",
    "--compatibility=kops-dns-controller",
    "--fqdn-template={{range .Annotations}}{{.}},{{end}}",
];

/// Gathers everything that a text of manifests wants; what is wrong with it is an error.
fn try_out(manifests: &str) {
    let options = Options::try_from(&Cli::parse_from(FLAGS).args).expect("flags");
    let sources = Sources::new(options.gather, Arc::new(Nobody));
    let access = Access::Manifests(vec!["-".into()]);
    let api = ApiOptions::default();
    let cluster = Cluster { id: ClusterId(0), name: "test".into(), access, api };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        if let Ok(view) = cluster.connect(&Environment::default(), manifests.as_bytes()).await {
            sources.gather(&view).await;
        }
    });
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

/// `key<TAB>value` lines, with the escapes of Rust.
fn annotations() -> Vec<(String, String)> {
    let text =
        std::fs::read_to_string(fixtures().join("fuzz/annotations.txt")).expect("the corpus");
    let pair = |line: &str| {
        let (key, value) = line.split_once('\t')?;
        Some((key.to_owned(), serde_json::from_str(&format!("\"{value}\"")).ok()?))
    };
    text.lines().filter_map(pair).collect()
}

/// The manifests of all fixtures.
fn manifests() -> Vec<String> {
    let mut found = Vec::new();
    for source in std::fs::read_dir(fixtures().join("sources")).expect("fixtures") {
        for case in std::fs::read_dir(source.expect("a folder").path()).expect("cases") {
            found.extend(std::fs::read_to_string(
                case.expect("a case").path().join("manifest.yaml"),
            ));
        }
    }
    found.sort();
    found
}

fn objects(annotations: &[(String, String)]) -> String {
    let annotations: Map<String, Value> =
        annotations.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let metadata = json!({ "namespace": "a", "name": "b", "annotations": annotations, "labels": { "dns": "route53" } });
    let status =
        json!({ "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }, { "hostname": "lb.net" }] } });
    let object = |version: &str, kind: &str, spec: Value| json!({ "apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec, "status": status });
    let rules = json!({ "rules": [{ "host": "r.org" }] });
    let items = [
        object("v1", "Service", json!({ "type": "LoadBalancer" })),
        object("networking.k8s.io/v1", "Ingress", rules),
        object("v1", "Pod", json!({ "nodeName": "b" })),
        object("v1", "Node", json!({})),
    ];
    json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string()
}

#[test]
fn the_corpus_ends_without_a_panic() {
    let annotations = annotations();
    assert!(annotations.len() > 30);
    annotations.iter().for_each(|pair| try_out(&objects(std::slice::from_ref(pair))));
    try_out(&objects(&annotations));
}

#[test]
fn changed_annotations_end_without_a_panic() {
    let change = (select(annotations()), any::<usize>(), 0_usize..8, "\\PC{0,6}|[-:., %/]{0,4}");
    fuzz(&vec(change, 1..6), |changes| {
        let pairs: Vec<(String, String)> = changes
            .into_iter()
            .map(|((key, value), from, length, with)| (key, changed(&value, from, length, &with)))
            .collect();
        try_out(&objects(&pairs));
    });
}

#[test]
fn changed_manifests_end_without_a_panic() {
    let with = "\\PC{0,4}|[-:{}\\[\\],&*!|>'\"%@ \n]{0,4}|null|true|[0-9]{1,20}";
    let texts = (select(manifests()), any::<usize>(), 0_usize..12, with);
    fuzz(&texts, |(text, from, length, with)| try_out(&changed(&text, from, length, &with)));
}
