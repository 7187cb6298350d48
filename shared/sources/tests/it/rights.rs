//! Which rights the sources need, and that the manifests of `infra` grant these and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use clap::{Args as _, Parser};
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
    // A run over one namespace also reads single objects of others.
    let (all, one) = (needed_in(&[]).await, needed_in(&["--namespace=shop"]).await);
    all.union(&one).cloned().collect()
}

async fn needed_in(namespace: &[&str]) -> BTreeSet<(String, String, String)> {
    let all = Args::augment_args(clap::Command::new("test"));
    let sources = all.get_arguments().find(|flag| flag.get_long() == Some("source"));
    let names = sources.expect("the flag").get_possible_values();
    let sources = names.iter().map(|name| format!("--source={}", name.get_name()));
    let flags = [
        "test",
        "--gateway-listener-sets",
        "--traefik-enable-legacy",
        "--connector-source-server=localhost:8080",
        "--cf-api-endpoint=api.cf.test",
        "--cf-username=u",
        "--cf-password=p",
    ];
    let words = flags.iter().chain(namespace).map(|word| (*word).to_owned()).chain(sources);
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

/// `source: right` of everything that the sources need with these flags.
async fn rights(flags: &[&str], applies: bool) -> Vec<String> {
    let cli = Cli::try_parse_from(["test"].iter().chain(flags)).expect("valid flags");
    let options = Options::try_from(&cli.args).expect("valid options");
    let access = Access::Manifests(Vec::new());
    let api = ApiOptions::default();
    let cluster = Cluster { id: ClusterId(0), name: "test".into(), access, api };
    let view = cluster.connect(&Environment::default(), std::io::empty()).await.expect("a view");
    let mut rights = Vec::new();
    for need in options.gather.needs(applies) {
        let right = need.right(&view).await.expect("a right");
        rights.push(format!("{}: {right}", need.source));
    }
    rights
}

#[tokio::test]
async fn helpers_are_needed_where_the_settings_can_come_to_them() {
    const SLICES: &str = "service: list endpointslices.discovery.k8s.io";
    let table: &[(&[&str], &[&str])] = &[
        (
            &["--source=service"],
            &["service: list services", SLICES, "service: list pods", "service: list nodes"],
        ),
        (&["--source=service", "--service-type-filter=LoadBalancer"], &["service: list services"]),
        (
            &["--source=service", "--service-type-filter=NodePort"],
            &["service: list services", "service: list pods", "service: list nodes"],
        ),
        (
            &["--source=service", "--service-type-filter=ClusterIP", "--namespace=shop"],
            &[
                "service: list services in namespace shop",
                "service: list endpointslices.discovery.k8s.io in namespace shop",
                "service: list pods in namespace shop",
            ],
        ),
        (&["--source=ingress", "--source=fake"], &["ingress: list ingresses.networking.k8s.io"]),
        (&["--source=node", "--namespace=shop"], &["node: list nodes"]),
        (
            &["--source=pod", "--namespace=shop"],
            &["pod: list pods in namespace shop", "pod: list nodes"],
        ),
        (
            &["--source=istio-virtualservice"],
            &[
                "istio-virtualservice: list virtualservices.networking.istio.io",
                "istio-virtualservice: list gateways.networking.istio.io",
                "istio-virtualservice: list services",
                "istio-virtualservice: list ingresses.networking.k8s.io",
            ],
        ),
        (
            &["--source=istio-gateway", "--namespace=shop"],
            &[
                "istio-gateway: list gateways.networking.istio.io in namespace shop",
                "istio-gateway: list services in namespace shop",
                "istio-gateway: list ingresses.networking.k8s.io in namespace shop",
                "istio-gateway: get ingresses.networking.k8s.io",
            ],
        ),
        (
            &["--source=crd", "--crd-source-apiversion=a.org/v1", "--crd-source-kind=Thing"],
            &["crd: list things.a.org"],
        ),
    ];
    for (flags, expected) in table {
        assert_eq!(rights(flags, false).await, *expected, "{flags:?}");
    }
}

#[tokio::test]
async fn only_who_applies_writes_a_status() {
    assert_eq!(
        rights(&["--source=crd"], true).await,
        [
            "crd: list dnsendpoints.externaldns.k8s.io",
            "crd: update dnsendpoints/status.externaldns.k8s.io"
        ]
    );
    assert_eq!(rights(&["--source=crd"], false).await.len(), 1);
}
