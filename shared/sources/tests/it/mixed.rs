//! All sources at once over one cluster with objects of every ecosystem, through the simulated API.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, ClusterView, Environment};
use extdns_model::{ClusterId, Endpoint};
use extdns_sources::{Args, Found, Options, Sources, SystemResolver};
use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim};
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

/// What a source is joined with must be served too, even where no object needs it: its objects could not be known.
#[tokio::test]
async fn the_kinds_behind_those_of_a_source_are_missed_without_an_object() {
    // The flags of a run, the kinds that the cluster defines, the list that is missing, and the flag that asks for it.
    let table: [(&[&str], &[&str], &str, &str); 7] = [
        (
            &["--source=gateway-tlsroute"],
            &["TLSRoute"],
            "gateway.networking.k8s.io/v1 gateways",
            "--source=gateway-tlsroute",
        ),
        (
            &["--source=gateway-udproute", "--gateway-listener-sets"],
            &["UDPRoute", "Gateway"],
            "gateway.networking.k8s.io/v1 listenersets",
            "--gateway-listener-sets",
        ),
        (
            &["--source=istio-virtualservice"],
            &["VirtualService"],
            "networking.istio.io/v1 gateways",
            "--source=istio-virtualservice",
        ),
        (
            &["--source=gloo-proxy"],
            &["Proxy", "VirtualService"],
            "gateway.solo.io/v1 gateways",
            "--source=gloo-proxy",
        ),
        (
            &["--source=gloo-proxy"],
            &["Proxy"],
            "gateway.solo.io/v1 virtualservices",
            "--source=gloo-proxy",
        ),
        (
            &["--source=traefik-proxy"],
            &["IngressRoute", "IngressRouteTCP"],
            "traefik.io/v1alpha1 ingressrouteudps",
            "--source=traefik-proxy",
        ),
        (
            &["--source=traefik-proxy", "--traefik-enable-legacy"],
            &["IngressRoute", "IngressRouteTCP", "IngressRouteUDP"],
            "traefik.containo.us/v1alpha1 ingressroutes",
            "--traefik-enable-legacy",
        ),
    ];
    let all = definitions(&objects());
    for (flags, kinds, missing, flag) in table {
        let defined =
            all.iter().filter(|it| kinds.iter().any(|own| it["spec"]["names"]["kind"] == **own));
        let sim = defined.fold(KubeSim::builder(), |sim, it| sim.object(it.clone())).start();
        let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
        let mut flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let view = view(Access::kubeconfig(kubeconfig)).await;
        let found = gather(&view, &flags).await;
        let failures: Vec<String> = found.failures.iter().map(ToString::to_string).collect();
        let [failure] = &failures[..] else { panic!("{flags:?}: {failures:?}") };
        assert!(failure.contains(&format!("{missing}: not served")), "{missing}: {failure}");
        let remedy = format!("; or drop {flag}, or go on without it (--ignore-missing-crds)");
        assert!(failure.ends_with(&remedy), "{missing}: {failure}");
        // What is ignored already is not to be ignored once more.
        flags.push("--ignore-missing-crds".to_owned());
        let ignored = gather(&view, &flags).await.not_served;
        let [ignored] = &ignored[..] else { panic!("{flags:?}: {ignored:?}") };
        assert!(ignored.to_string().ends_with(&format!("; or drop {flag}")), "{ignored}");
    }
}

/// With `--ignore-missing-crds` a group that is missing must not cover up that another one cannot be read.
#[tokio::test]
async fn a_kind_that_is_not_served_hides_no_other_failure() {
    let of_traefik = |sim: KubeSim| {
        sim.fail(Fault::new("ingressroutetcps", Effect::Forbidden));
        let legacy = ["--source=traefik-proxy", "--traefik-enable-legacy"];
        (sim, legacy.map(str::to_owned).to_vec())
    };
    let of_unstructured = |sim: KubeSim| {
        sim.fail(Fault::new("configmaps", Effect::Forbidden));
        let kinds = ["things.v1.none.test", "configmaps.v1"];
        let kinds = kinds.map(|kind| format!("--unstructured-resource={kind}"));
        (sim, [vec!["--source=unstructured".to_owned()], kinds.to_vec()].concat())
    };
    let all = definitions(&objects());
    let of_group = all.iter().filter(|it| it["spec"]["group"] == "traefik.io");
    let traefik = of_group.fold(KubeSim::builder(), |sim, it| sim.object(it.clone())).start();
    for (sim, mut flags) in [of_traefik(traefik), of_unstructured(KubeSim::builder().start())] {
        flags.push("--ignore-missing-crds".to_owned());
        let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
        let found = gather(&view(Access::kubeconfig(kubeconfig)).await, &flags).await;
        let failures: Vec<String> = found.failures.iter().map(ToString::to_string).collect();
        let [failure] = &failures[..] else { panic!("{flags:?}: {failures:?}") };
        assert!(failure.contains("forbidden"), "{flags:?}: {failure}");
    }
}

/// Without the right to read single objects of other namespaces, it is the object that names one which stays as it is.
#[tokio::test]
async fn an_object_of_another_namespace_that_may_not_be_read_stops_one_object() {
    let gateway = |name: &str, ingress: &str| {
        json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": {
                "namespace": "apps",
                "name": name,
                "annotations": { "external-dns.kubernetes.io/ingress": ingress },
            },
            "spec": { "servers": [{ "hosts": [format!("{name}.example.org")] }] },
        })
    };
    let ingress = |namespace: &str| {
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": { "namespace": namespace, "name": "ing" },
            "spec": {},
            "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } },
        })
    };
    let all = definitions(&objects());
    let of_istio = all.iter().filter(|it| it["spec"]["group"] == ISTIO).cloned();
    let own =
        [gateway("near", "ing"), gateway("far", "edge/ing"), ingress("apps"), ingress("edge")];
    let sim = of_istio.chain(own).fold(KubeSim::builder(), |sim, it| sim.object(it)).start();
    sim.fail(Fault::new("ingresses", Effect::Forbidden).verb("get"));
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
    let flags = ["--source=istio-gateway", "--namespace=apps"].map(str::to_owned);
    let found = gather(&view(Access::kubeconfig(kubeconfig)).await, &flags).await;
    assert!(found.failures.is_empty(), "{:?}", found.failures);
    let names: Vec<_> = found.sink.endpoints.iter().map(|own| own.set.name.as_str()).collect();
    assert_eq!(names, ["near.example.org"]);
    let [frozen] = &found.sink.frozen[..] else { panic!("{:?}", found.sink.frozen) };
    assert_eq!(frozen.names[0].as_str(), "far.example.org");
    assert!(
        frozen.reason.contains("edge/ing") && frozen.reason.contains("forbidden"),
        "{}",
        frozen.reason
    );
}

/// Example S10: an API that fails is no empty list.
#[tokio::test]
async fn an_api_that_fails_fails_the_source() {
    let all = definitions(&objects());
    let groups = all.into_iter().filter(|it| it["spec"]["names"]["kind"] == "RouteGroup");
    let sim = groups.fold(KubeSim::builder(), |sim, it| sim.object(it)).start();
    sim.fail(Fault::new("routegroups", Effect::Status(503)));
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
    let flags = ["--source=skipper-routegroup".to_owned()];
    let found = gather(&view(Access::kubeconfig(kubeconfig)).await, &flags).await;
    let failures: Vec<String> = found.failures.iter().map(ToString::to_string).collect();
    let [failure] = &failures[..] else { panic!("{failures:?}") };
    assert!(failure.contains("GET /apis/zalando.org/v1/routegroups: HTTP 503"), "{failure}");
}

const GATEWAY_API: &str = "gateway.networking.k8s.io";
const ISTIO: &str = "networking.istio.io";
const AMBASSADOR: &str = "getambassador.io";

/// A source, the group of its objects, and the version of each kind that the cluster serves in place of the newest.
type Older = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const OLDER: &[Older] = &[
    ("gateway-httproute", GATEWAY_API, &[("Gateway", "v1beta1"), ("HTTPRoute", "v1beta1")]),
    ("gateway-grpcroute", GATEWAY_API, &[("GRPCRoute", "v1alpha2")]),
    ("gateway-tlsroute", GATEWAY_API, &[("TLSRoute", "v1alpha3")]),
    ("gateway-tlsroute", GATEWAY_API, &[("Gateway", "v1beta1"), ("TLSRoute", "v1alpha2")]),
    ("gateway-tcproute", GATEWAY_API, &[("TCPRoute", "v1")]),
    ("gateway-udproute", GATEWAY_API, &[("Gateway", "v1beta1"), ("UDPRoute", "v1")]),
    ("istio-gateway", ISTIO, &[("Gateway", "v1beta1")]),
    ("istio-gateway", ISTIO, &[("Gateway", "v1alpha3")]),
    ("istio-virtualservice", ISTIO, &[("Gateway", "v1beta1"), ("VirtualService", "v1beta1")]),
    ("istio-virtualservice", ISTIO, &[("Gateway", "v1alpha3"), ("VirtualService", "v1alpha3")]),
    ("ambassador-host", AMBASSADOR, &[("Host", "v2")]),
];

/// What a source finds in a cluster with these objects, which serves no other versions of them.
async fn found_by(source: &str, objects: Vec<Value>) -> String {
    let all = definitions(&objects).into_iter().chain(objects);
    let sim = all.fold(KubeSim::builder(), |sim, object| sim.object(object)).start();
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
    let view = view(Access::kubeconfig(kubeconfig)).await;
    shown(&gather(&view, &[format!("--source={source}")]).await)
}

/// The objects are the same in each version that a cluster serves.
#[tokio::test]
async fn older_versions_are_read_where_the_cluster_serves_nothing_else() {
    for (source, group, versions) in OLDER {
        let mut objects = objects();
        objects.retain(|it| {
            let own = it["apiVersion"].as_str().unwrap_or_default().split_once('/');
            own.is_none_or(|(own, _)| [group, "networking.k8s.io"].contains(&own))
        });
        let expected = found_by(source, objects.clone()).await;
        assert!(expected.lines().count() > 1, "{source}: {expected}");
        for (kind, version) in *versions {
            let own = objects.iter_mut().filter(|it| {
                let own = it["apiVersion"].as_str().unwrap_or_default();
                it["kind"] == **kind && own.starts_with(&format!("{group}/"))
            });
            own.for_each(|it| it["apiVersion"] = json!(format!("{group}/{version}")));
        }
        assert_eq!(found_by(source, objects).await, expected, "{source}: {versions:?}");
    }
}
