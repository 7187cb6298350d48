//! The manifests of `infra` grant what the sources need, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, Environment};
use extdns_model::ClusterId;
use extdns_sources::{Args, Options};
use serde::Deserialize;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

#[derive(Deserialize)]
struct Object {
    kind: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rule {
    api_groups: Vec<String>,
    resources: Vec<String>,
    verbs: Vec<String>,
}

/// Group, resource and verb of every rule of a file.
fn granted(file: &Path) -> BTreeSet<(String, String, String)> {
    let yaml = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let objects: Vec<Object> = serde_saphyr::from_multiple(&yaml).expect("objects");
    let roles = objects.into_iter().filter(|object| object.kind == "ClusterRole");
    let mut granted = BTreeSet::new();
    for Rule { api_groups, resources, verbs } in roles.flat_map(|role| role.rules) {
        for group in &api_groups {
            for resource in &resources {
                granted.extend(
                    verbs.iter().map(|verb| (group.clone(), resource.clone(), verb.clone())),
                );
            }
        }
    }
    granted
}

/// The same of what the sources that read a cluster need.
async fn needed() -> BTreeSet<(String, String, String)> {
    let sources =
        ["service", "ingress", "crd", "node", "pod"].map(|name| format!("--source={name}"));
    let words = std::iter::once("test".to_owned()).chain(sources);
    let options = Options::try_from(&Cli::parse_from(words).args).expect("options");
    let access = Access::Manifests(Vec::new());
    let api = ApiOptions::default();
    let cluster = Cluster { id: ClusterId(0), name: "test".into(), access, api };
    let view = cluster.connect(&Environment::default(), std::io::empty()).await.expect("a view");
    let mut needed = BTreeSet::new();
    for need in options.gather.needs(true) {
        let right = need.right(&view).await.expect("a right");
        let resource = match right.subresource {
            "" => right.resource.plural.to_owned(),
            part => format!("{}/{part}", right.resource.plural),
        };
        let mut add = |verb: &str| {
            needed.insert((right.resource.group.to_owned(), resource.clone(), verb.to_owned()));
        };
        add(right.verb);
        // With this right a list is one request; without it, it is read in pages.
        if right.verb == "list" {
            add("watch");
        }
    }
    needed
}

#[tokio::test]
async fn the_cluster_role_of_infra_is_what_the_sources_need() {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra");
    let needed = needed().await;
    for file in ["kubernetes/rbac.yaml", "aws/kubernetes/rbac.yaml"] {
        assert_eq!(granted(&infra.join(file)), needed, "{file}");
    }
}
