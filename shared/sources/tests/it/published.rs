//! The CustomResourceDefinitions that the projects publish, on the real API server: what a cluster stores and serves gives
//! the same endpoints as the manifests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, Environment};
use extdns_model::ClusterId;
use extdns_sources::{Args, Options, Sources, SystemResolver};
use extdns_testkit::kube::{ADMIN, KubeApi};
use extdns_testkit::process::{set_up, skip};
use serde_json::Value;

const GATEWAY_API: [&str; 6] = [
    "--source=gateway-httproute",
    "--source=gateway-grpcroute",
    "--source=gateway-tlsroute",
    "--source=gateway-tcproute",
    "--source=gateway-udproute",
    "--gateway-listener-sets",
];
const CONTOUR: [&str; 1] = ["--source=contour-httpproxy"];

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// What the sources find, a line for each endpoint.
async fn endpoints(access: Access, flags: &[&str]) -> Vec<String> {
    let cli = Cli::try_parse_from(["test"].iter().chain(flags)).expect("valid flags");
    let options = Options::try_from(&cli.args).expect("valid options");
    let api = ApiOptions::default();
    let cluster = Cluster { id: ClusterId(0), name: "lab".into(), access, api };
    let view = cluster.connect(&Environment::default(), std::io::empty()).await.expect("a view");
    let resolver = Arc::new(SystemResolver::default());
    let found = Sources::new(options.gather, resolver).gather(&view).await;
    assert!(found.failures.is_empty(), "{:?}", found.failures);
    let line = |it: &extdns_model::Endpoint| {
        let label = it.resource_label();
        format!("{} {}", it.set, label.as_deref().unwrap_or("-"))
    };
    found.sink.endpoints.iter().map(line).collect()
}

fn objects(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/published");
    folder.join(name).canonicalize().expect("a file of objects")
}

fn documents(path: &Path) -> Vec<Value> {
    let yaml = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let all: Vec<Value> = serde_saphyr::from_multiple(&yaml).expect("YAML");
    all.into_iter().filter(|document| !document.is_null()).collect()
}

/// The older versions alone are served, of the kinds that have any.
fn without_the_newest(definition: &mut Value) -> bool {
    let versions = definition["spec"]["versions"].as_array_mut().expect("versions");
    let served = |version: &Value| version["served"] == true;
    if versions.iter().filter(|version| served(version)).count() < 2 {
        return false;
    }
    let newest = versions.iter_mut().find(|version| version["name"] == "v1").expect("v1");
    newest["served"] = Value::Bool(false);
    true
}

#[tokio::test]
async fn published_definitions_give_the_endpoints_of_the_manifests() {
    let test = "published_definitions_give_the_endpoints_of_the_manifests";
    let Some(definitions) = set_up("crds").await else { return skip(test, "tests/setup crds") };
    let Some(api) = KubeApi::start_or_skip(test).await else { return };
    let of_api = || Access::kubeconfig(api.write_kubeconfig(&api.kubeconfig(ADMIN)));
    let defined = |file: &str| {
        let mut all = documents(&definitions.join(file));
        // The status of a definition is the API server's own to write.
        all.iter_mut()
            .for_each(|own| drop(own.as_object_mut().expect("an object").remove("status")));
        all
    };
    let mut gateway_api = defined("gateway-api.yaml");
    let sets: [(&str, Vec<Value>, &[&str]); 2] = [
        ("gateway-api.yaml", gateway_api.clone(), &GATEWAY_API),
        ("contour.yaml", defined("contour.yaml"), &CONTOUR),
    ];
    let mut shown = Vec::new();
    for (file, definitions, flags) in sets {
        for definition in definitions {
            api.apply(definition).await;
        }
        let objects = objects(file);
        for object in documents(&objects) {
            api.apply(object).await;
        }
        let of_manifests = endpoints(Access::Manifests(vec![objects]), flags).await;
        assert_eq!(endpoints(of_api(), flags).await, of_manifests, "{file}");
        shown.extend(of_manifests);
    }
    assert_eq!(
        shown,
        [
            "set.example.org 0 IN A  192.0.2.9 [] httproute/apps/of-the-set",
            "web.example.org 300 IN A  192.0.2.1 [] httproute/apps/web",
            "web.example.org 300 IN CNAME  lb.example.net [] httproute/apps/web",
            "rpc.example.org 0 IN A  192.0.2.1 [] grpcroute/apps/rpc",
            "rpc.example.org 0 IN CNAME  lb.example.net [] grpcroute/apps/rpc",
            "sni.example.org 0 IN A  192.0.2.1 [] tlsroute/apps/sni",
            "sni.example.org 0 IN CNAME  lb.example.net [] tlsroute/apps/sni",
            "db.example.org 0 IN A  192.0.2.1 [] tcproute/apps/db",
            "db.example.org 0 IN CNAME  lb.example.net [] tcproute/apps/db",
            "dns.example.org 0 IN A  192.0.2.1 [] udproute/apps/dns",
            "dns.example.org 0 IN CNAME  lb.example.net [] udproute/apps/dns",
            "part.example.org 0 IN CNAME  lb.example.net [] HTTPProxy/web/part",
            "shop.example.org 0 IN A  192.0.2.7 [] HTTPProxy/web/shop",
        ]
    );
    let mut older = 0;
    for definition in &mut gateway_api {
        if without_the_newest(definition) {
            older += 1;
            api.apply(definition.take()).await;
        }
    }
    assert_eq!(older, 3, "gateways, httproutes and tlsroutes have older versions");
    let of_older = endpoints(of_api(), &GATEWAY_API).await;
    assert_eq!(of_older, shown[..of_older.len()]);
    assert_eq!(of_older.len(), 11);
}
