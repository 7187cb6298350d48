//! The source over a simulated cluster, with all requests that it takes.

use extdns_clusters::{Access, ApiOptions, Cluster, ClusterView, Environment};
use extdns_model::{ClusterId, Endpoint, Name};
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::KubeSim;
use serde_json::json;

use super::JoinedSource;
use crate::context::{Context, Run};
use crate::error::SourceError;
use crate::sink::Sink;
use crate::source::Source as _;
use crate::trace::Trace;

/// The definition of the gateways in one version: their plural is not guessed.
fn definition(version: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{ name: gateways.gateway.networking.k8s.io }}
spec:
  group: gateway.networking.k8s.io
  scope: Namespaced
  names: {{ kind: Gateway, plural: gateways }}
  versions: [{{ name: {version}, served: true, subresources: {{ status: {{}} }} }}]
---
"
    )
}

/// A gateway of this version whose listener takes routes by this rule.
fn gateway(version: &str, name: &str, namespaces: &str) -> String {
    let definition = definition(version);
    format!(
        "{definition}apiVersion: gateway.networking.k8s.io/{version}
kind: Gateway
metadata: {{ name: {name}, namespace: infra }}
spec: {{ listeners: [{{ name: web, allowedRoutes: {{ namespaces: {namespaces} }} }}] }}
status: {{ addresses: [{{ value: 192.0.2.1 }}, {{ value: lb.example.net }}] }}
---
"
    )
}

/// A route of this version in a namespace: its name is also its host name.
fn route(version: &str, namespace: &str, name: &str, parents: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/{version}
kind: HTTPRoute
metadata: {{ name: {name}, namespace: {namespace} }}
spec: {{ parentRefs: {parents}, hostnames: [{name}.example.org] }}
---
"
    )
}

const SELECTED: &str = "{ from: Selector, selector: { matchExpressions: [{ key: team, operator: In, values: [a, b] }] } }";
const TO_GATEWAY: &str = "[{ name: gw, namespace: infra }]";

async fn view(sim: &KubeSim) -> ClusterView {
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Custom(&json!({}))));
    let access = Access::kubeconfig(path);
    let api = ApiOptions::default();
    let cluster = Cluster { id: ClusterId(0), name: "lab".into(), access, api };
    cluster.connect(&Environment::default(), std::io::empty()).await.expect("a view")
}

async fn gather(view: &ClusterView) -> (Vec<String>, Sink, Result<(), SourceError>) {
    let mut sink = Sink::default();
    let outcome =
        JoinedSource.gather(Run { context: &Context::of_flags(&[]), view }, &mut sink).await;
    let shown = |own: &Endpoint| {
        format!("{} {} {}", own.set.name, own.set.rtype, own.set.targets.as_slice()[0])
    };
    let endpoints = sink.endpoints.iter().map(shown).collect();
    (endpoints, sink, outcome)
}

/// All requests, as verb and resource; a list counts as such whether it is read as a stream or in pages.
fn requests(sim: &KubeSim) -> Vec<(String, u64)> {
    let mut lists: Vec<(String, u64)> = Vec::new();
    for ((verb, resource), count) in sim.all_calls() {
        let verb = if verb == "watch" { "list" } else { &verb };
        lists.push((format!("{verb} {resource}"), count));
    }
    lists.sort();
    lists
}

fn counted(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect()
}

#[tokio::test]
async fn routes_and_gateways_of_two_versions_are_joined_with_one_request_for_each_list() {
    for (of_routes, of_gateways) in [("v1", "v1"), ("v1beta1", "v1"), ("v1beta1", "v1beta1")] {
        let sim = KubeSim::builder()
            .yaml(&gateway(of_gateways, "gw", "{ from: All }"))
            .yaml(&route(of_routes, "apps", "a", TO_GATEWAY))
            .yaml(&route(of_routes, "apps", "b", TO_GATEWAY))
            .yaml(&route(of_routes, "apps", "c", "[{ name: other }]"))
            .start();
        let view = view(&sim).await;
        let (endpoints, _, outcome) = gather(&view).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        let expected = [
            "a.example.org A 192.0.2.1",
            "a.example.org CNAME lb.example.net",
            "b.example.org A 192.0.2.1",
            "b.example.org CNAME lb.example.net",
        ];
        assert_eq!(endpoints, expected, "{of_routes} {of_gateways}");
        let expected = [("get /apis", 1), ("list gateways", 1), ("list httproutes", 1)];
        assert_eq!(requests(&sim), counted(&expected), "namespaces are listed only for a selector");
        // Another source of the run joins the same gateways.
        assert_eq!(gather(&view).await.0.len(), 4);
        let expected = [("get /apis", 1), ("list gateways", 1), ("list httproutes", 2)];
        assert_eq!(requests(&sim), counted(&expected));
    }
}

#[tokio::test]
async fn a_listener_selects_routes_by_the_labels_of_their_namespace() {
    let sim = KubeSim::builder()
        .yaml(&gateway("v1", "gw", SELECTED))
        .yaml("{ apiVersion: v1, kind: Namespace, metadata: { name: apps, labels: { team: a } } }")
        .yaml("{ apiVersion: v1, kind: Namespace, metadata: { name: other, labels: { team: c } } }")
        .yaml(&route("v1", "apps", "a", TO_GATEWAY))
        .yaml(&route("v1", "other", "b", TO_GATEWAY))
        .yaml(&route("v1", "infra", "c", TO_GATEWAY))
        .start();
    let (endpoints, _, outcome) = gather(&view(&sim).await).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(endpoints, ["a.example.org A 192.0.2.1", "a.example.org CNAME lb.example.net"]);
    let expected =
        [("get /apis", 1), ("list gateways", 1), ("list httproutes", 1), ("list namespaces", 1)];
    assert_eq!(requests(&sim), counted(&expected));
}

#[tokio::test]
async fn without_a_route_nothing_is_joined() {
    let sim = KubeSim::builder()
        .yaml(&gateway("v1", "gw", SELECTED))
        .yaml(&route("v1", "apps", "a", TO_GATEWAY))
        .start();
    sim.delete(&json!({ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": { "name": "a", "namespace": "apps" } }));
    let (endpoints, _, outcome) = gather(&view(&sim).await).await;
    assert!(outcome.is_ok() && endpoints.is_empty(), "{outcome:?}");
    assert_eq!(requests(&sim), counted(&[("get /apis", 1), ("list httproutes", 1)]));
}

#[tokio::test]
async fn a_cluster_that_serves_no_version_of_the_kind_fails_the_source() {
    let sim = KubeSim::builder().start();
    let (_, _, outcome) = gather(&view(&sim).await).await;
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "read cluster \"lab\": list gateway.networking.k8s.io/v1 httproutes: not served; install its \
         CustomResourceDefinition, or remove the source that needs it"
    );
    assert_eq!(requests(&sim), counted(&[("get /apis", 1)]));
}

#[tokio::test]
async fn a_route_with_a_malformed_field_is_dropped_with_its_reason_and_the_source_is_complete() {
    let sim = KubeSim::builder()
        .yaml(&gateway("v1", "gw", "{ from: All }"))
        .yaml(&route("v1", "apps", "good", TO_GATEWAY))
        .yaml(&route("v1", "apps", "bad", "[{ namespace: infra }]"))
        .start();
    let view = view(&sim).await;
    let (endpoints, sink, outcome) = gather(&view).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(endpoints.len(), 2, "{endpoints:?}");
    let dropped: Vec<String> = sink.dropped.iter().map(ToString::to_string).collect();
    assert_eq!(dropped, ["httproute/apps/bad: a parentRef has no name"]);
    assert_eq!(sink.dropped[0].name, None, "the object as a whole");

    // Whoever asks for the name finds the object, which the reason is about.
    let name = Name::as_listed("bad.example.org");
    let mut sink = Sink { trace: Some(Box::new(Trace::of(&name))), ..Sink::default() };
    JoinedSource
        .gather(Run { context: &Context::of_flags(&[]), view: &view }, &mut sink)
        .await
        .expect("complete");
    let sightings = sink.trace.expect("a trace").finish();
    assert_eq!(sightings.len(), 1);
    assert_eq!(sightings[0].resource, sink.dropped[0].resources[0]);
}

/// Takes its addresses from an Ingress.
fn through_ingress(name: &str, annotations: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{ name: {name}, namespace: apps, annotations: {{ {annotations} }} }}
spec: {{ hostnames: [{name}.example.org] }}
---
"
    )
}

const INGRESS: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: front, namespace: edge }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.7 }] } }
";

#[tokio::test]
async fn an_object_that_is_named_is_read_alone_and_once_and_a_dangling_name_fails_the_source() {
    let to = |place: &str| format!("external-dns.kubernetes.io/ingress: {place}");
    let sim = KubeSim::builder()
        .yaml(&gateway("v1", "gw", "{ from: All }"))
        .yaml(INGRESS)
        .yaml(&through_ingress("a", &to("edge/front")))
        .yaml(&through_ingress("b", &to("edge/front")))
        .yaml(&through_ingress("c", &to("gone")))
        .yaml(&through_ingress("d", &to("gone")))
        .start();
    let (endpoints, sink, outcome) = gather(&view(&sim).await).await;
    assert_eq!(endpoints, ["a.example.org A 192.0.2.7", "b.example.org A 192.0.2.7"]);
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "httproute/apps/c (and one more object): there is no Ingress \"gone\""
    );
    assert!(sink.dropped.is_empty(), "{:?}", sink.dropped);
    let expected =
        [("get /apis", 1), ("get ingresses", 2), ("list gateways", 1), ("list httproutes", 1)];
    assert_eq!(requests(&sim), counted(&expected));
}

#[tokio::test]
async fn an_object_that_a_filter_leaves_out_cannot_fail_a_trace() {
    let controller = "external-dns.kubernetes.io/controller: other";
    let gone = format!("external-dns.kubernetes.io/ingress: gone, {controller}");
    let sim = KubeSim::builder()
        .yaml(&gateway("v1", "gw", "{ from: All }"))
        .yaml(&through_ingress("a", &gone))
        .start();
    let name = Name::as_listed("a.example.org");
    let mut sink = Sink { trace: Some(Box::new(Trace::of(&name))), ..Sink::default() };
    JoinedSource
        .gather(Run { context: &Context::of_flags(&[]), view: &view(&sim).await }, &mut sink)
        .await
        .expect("complete");
    let sightings = sink.trace.expect("a trace").finish();
    let hidden = sightings[0].hidden.as_ref().map(ToString::to_string);
    assert_eq!(hidden.as_deref(), Some("its controller annotation names another controller"));
}

#[tokio::test]
async fn the_rights_of_a_source_with_joins_are_in_its_rows() {
    let sim = KubeSim::builder()
        .yaml(&gateway("v1beta1", "gw", "{ from: All }"))
        .yaml(&route("v1beta1", "apps", "a", TO_GATEWAY))
        .start();
    let view = view(&sim).await;
    let mut rights = Vec::new();
    for row in JoinedSource.needs() {
        let right = row.of("joined", Some("apps".into())).right(&view).await.expect("a right");
        rights.push(format!("{right} ({})", right.resource.version));
    }
    assert_eq!(
        rights,
        [
            "list httproutes.gateway.networking.k8s.io in namespace apps (v1beta1)",
            "list gateways.gateway.networking.k8s.io (v1beta1)",
            "list namespaces (v1)",
            "get ingresses.networking.k8s.io (v1)",
        ]
    );
}
