//! Sizes and bad input: nothing is lost, nothing panics, and nothing is read that nobody needs.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, ClusterView, Environment};
use extdns_model::{ClusterId, Endpoint};
use extdns_sources::{Args, Found, Options, ResolveError, Resolver, Sources};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// Asked by no test.
struct Nobody;

#[async_trait]
impl Resolver for Nobody {
    async fn lookup(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        panic!("nobody asked for {host}")
    }
}

async fn view(manifests: &str) -> ClusterView {
    let cluster = Cluster {
        id: ClusterId(0),
        name: "test".into(),
        access: Access::Manifests(vec!["-".into()]),
        api: ApiOptions::default(),
    };
    cluster.connect(&Environment::default(), manifests.as_bytes()).await.unwrap()
}

async fn gather(flags: &[&str], view: &ClusterView) -> Found {
    let cli = Cli::parse_from(["test"].iter().chain(flags));
    let options = Options::try_from(&cli.args).unwrap();
    Sources::new(options.gather, Arc::new(Nobody)).gather(view).await
}

#[tokio::test]
async fn an_ingress_with_ten_thousand_hosts_and_an_annotation_of_a_mebibyte() {
    let rules: String =
        (0..10_000).map(|n| format!("{{\"host\":\"h{n}.example.org\"}},")).collect();
    let names: String = (0..).map(|n| format!("a{n}.example.org,")).take(60_000).collect();
    assert!(names.len() > 1 << 20);
    let object = format!(
        r#"{{"apiVersion":"networking.k8s.io/v1","kind":"Ingress",
            "metadata":{{"namespace":"d","name":"big","annotations":{{"external-dns.kubernetes.io/hostname":"{names}"}}}},
            "spec":{{"rules":[{}]}},
            "status":{{"loadBalancer":{{"ingress":[{{"ip":"192.0.2.1"}}]}}}}}}"#,
        rules.trim_end_matches(',')
    );
    let view = view(&object).await;
    let found = gather(&["--source=ingress"], &view).await;
    assert!(found.failures.is_empty() && found.sink.dropped.is_empty());
    assert_eq!(found.sink.endpoints.len(), 70_000);
}

#[tokio::test]
async fn one_bad_name_does_not_touch_the_others() {
    let long = "a".repeat(64);
    let deep = "abc.".repeat(64) + "org";
    let manifest = format!(
        r#"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{namespace: d, name: bad}}
spec: {{rules: [{{host: {long}.org}}, {{host: "{deep}"}}, {{host: "b\uFFFDd.org"}}, {{host: good.org}}]}}
status: {{loadBalancer: {{ingress: [{{ip: 192.0.2.1}}]}}}}
"#
    );
    let found = gather(&["--source=ingress"], &view(&manifest).await).await;
    let names: Vec<_> = found.sink.endpoints.iter().map(|e| e.set.name.to_string()).collect();
    assert_eq!(names, ["good.org"]);
    let dropped: Vec<_> = found.sink.dropped.iter().map(ToString::to_string).collect();
    assert_eq!(
        dropped,
        [
            format!(
                "ingress/d/bad: name \"{long}.org\" has a label of 64 bytes (\"{long}\"); DNS allows 63"
            ),
            format!("ingress/d/bad: name \"{deep}\" has 259 bytes; DNS allows 253"),
            "ingress/d/bad: name \"b\u{fffd}d.org\" is no valid internationalised name (IDNA)"
                .into(),
        ]
    );
}

fn services(count: usize, prefix: &str, spec: &str) -> String {
    let object = |n| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Service",
                "metadata":{{"namespace":"n{}","name":"{prefix}{n}","annotations":{{"external-dns.kubernetes.io/hostname":"{prefix}{n}.example.org"}}}},
                "spec":{spec},
                "status":{{"loadBalancer":{{"ingress":[{{"ip":"192.0.2.{}"}}]}}}}}}"#,
            n % 10,
            n % 250,
        )
    };
    let items: Vec<_> = (0..count).map(object).collect();
    format!(r#"{{"apiVersion":"v1","kind":"List","items":[{}]}}"#, items.join(","))
}

#[tokio::test]
async fn ten_thousand_services_need_no_other_list() {
    let view =
        view(&services(10_000, "s", r#"{"type":"LoadBalancer","clusterIP":"10.0.0.1"}"#)).await;
    let found = gather(&["--source=service"], &view).await;
    assert_eq!(found.sink.endpoints.len(), 10_000);
    let lists: Vec<_> =
        view.lists().iter().map(|list| (list.resource.plural, list.lists, list.objects)).collect();
    assert_eq!(lists, [("services", 1, 10_000)]);
}

#[tokio::test]
async fn lists_of_helpers_are_read_once_for_all_services() {
    let headless = services(50, "h", r#"{"clusterIP":"None"}"#);
    let node_port = services(50, "p", r#"{"type":"NodePort","externalTrafficPolicy":"Local"}"#);
    let view = view(&format!("{headless}\n---\n{node_port}")).await;
    let found = gather(&["--source=service"], &view).await;
    assert!(found.failures.is_empty());
    let lists: Vec<_> =
        view.lists().iter().map(|list| (list.resource.plural, list.lists)).collect();
    assert_eq!(lists, [("nodes", 1), ("pods", 1), ("services", 1), ("endpointslices", 1)]);
}

/// Lists by kind, with the objects in them.
fn counted(view: &ClusterView) -> Vec<(&'static str, u64, u64)> {
    view.lists().iter().map(|list| (list.resource.plural, list.lists, list.objects)).collect()
}

#[tokio::test]
async fn pods_that_two_sources_need_are_listed_once_whatever_their_order() {
    let headless = services(1, "h", r#"{"clusterIP":"None"}"#);
    let manifests = format!(
        r#"{headless}
---
apiVersion: v1
kind: Pod
metadata:
  name: p
  namespace: n0
  annotations: {{ external-dns.kubernetes.io/internal-hostname: p.example.org }}
spec: {{ nodeName: node1 }}
status: {{ podIP: 10.0.0.1, hostIP: 10.0.1.1 }}
---
apiVersion: v1
kind: Pod
metadata:
  name: q
  namespace: n0
  annotations: {{ external-dns.kubernetes.io/controller: other, external-dns.kubernetes.io/internal-hostname: q.example.org }}
status: {{ podIP: 10.0.0.2 }}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{ name: h0-x, namespace: n0, labels: {{ kubernetes.io/service-name: h0 }} }}
addressType: IPv4
endpoints: [{{ addresses: [10.0.0.1], targetRef: {{ kind: Pod, name: p, namespace: n0 }} }}]
"#
    );
    for order in [["--source=service", "--source=pod"], ["--source=pod", "--source=service"]] {
        let view = view(&manifests).await;
        let found = gather(&order, &view).await;
        assert!(found.failures.is_empty(), "{:?}", found.failures);
        let shown = |own: &Endpoint| format!("{} {}", own.set.name, own.set.targets.as_slice()[0]);
        let mut names: Vec<String> = found.sink.endpoints.iter().map(shown).collect();
        names.sort();
        assert_eq!(names, ["h0.example.org 10.0.0.1", "p.example.org 10.0.0.1"], "{order:?}");
        let expected = [("pods", 1, 2), ("services", 1, 1), ("endpointslices", 1, 1)];
        assert_eq!(counted(&view), expected, "{order:?}");
    }
}

#[tokio::test]
async fn pods_that_one_source_needs_are_not_kept_for_others() {
    // Without headless services nobody but the source pod reads pods, and without names nobody reads nodes.
    let view = view(&services(2, "s", r#"{"type":"LoadBalancer"}"#)).await;
    let found = gather(&["--source=pod", "--source=service"], &view).await;
    assert!(found.failures.is_empty(), "{:?}", found.failures);
    assert_eq!(counted(&view), [("pods", 1, 0), ("services", 1, 2)]);
}

#[tokio::test]
async fn sources_that_need_no_cluster_say_so() {
    let needs = |flags: &[&str]| {
        let cli = Cli::parse_from(["test"].iter().chain(flags));
        Options::try_from(&cli.args).unwrap().gather.needs_cluster()
    };
    assert!(!needs(&["--source=fake", "--source=empty"]));
    assert!(needs(&["--source=fake", "--source=ingress"]));
}

#[tokio::test]
async fn the_order_of_objects_means_nothing() {
    let object = |name: &str, ip: &str| {
        format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"Service\",\
             \"metadata\":{{\"namespace\":\"d\",\"name\":\"{name}\",\"annotations\":{{\"external-dns.kubernetes.io/hostname\":\"x.org,{name}.org\",\"external-dns.kubernetes.io/ttl\":\"{}\"}}}},\
             \"spec\":{{\"type\":\"LoadBalancer\"}},\
             \"status\":{{\"loadBalancer\":{{\"ingress\":[{{\"ip\":\"{ip}\"}}]}}}}}}",
            name.len()
        )
    };
    let objects = [object("a", "192.0.2.1"), object("bb", "192.0.2.2"), object("ccc", "192.0.2.3")];
    let mut outcomes = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let manifests = order.map(|at| objects[at].clone()).join("\n---\n");
        let found = gather(&["--source=service"], &view(&manifests).await).await;
        let text: Vec<_> = found
            .sink
            .endpoints
            .iter()
            .map(|endpoint| format!("{} {:?}", endpoint.set, endpoint.resource_label()))
            .collect();
        outcomes.push(text);
    }
    assert_eq!(outcomes[0], outcomes[1]);
    assert_eq!(outcomes[0], outcomes[2]);
    assert_eq!(outcomes[0].len(), 4);
}

#[tokio::test]
async fn what_is_known_stays_when_a_helper_list_fails() {
    let load_balancers = services(3, "s", r#"{"type":"LoadBalancer"}"#);
    let node_ports = services(2, "p", r#"{"type":"NodePort"}"#);
    let node = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},"spec":{"unschedulable":"yes"}}"#;
    let manifests = format!("{load_balancers}\n---\n{node_ports}\n---\n{node}");
    let found =
        gather(&["--source=fake", "--source=service", "--source=ingress"], &view(&manifests).await)
            .await;
    let names: Vec<_> =
        found.sink.endpoints[10..].iter().map(|endpoint| endpoint.set.name.as_str()).collect();
    assert_eq!(names, ["s0.example.org", "s1.example.org", "s2.example.org"]);
    let [failure] = &found.failures[..] else { panic!("{:?}", found.failures) };
    assert_eq!(failure.source_name, "service");
    let message = failure.to_string();
    assert!(
        message.starts_with("gather source \"service\": read cluster \"test\": -, document 3"),
        "{message}"
    );
    assert!(message.contains("n1"), "{message}");
}

/// VirtualServices and HTTPRoutes, with a tenth as many gateways of both.
fn joined(count: usize) -> String {
    let object = |group: &str, kind: &str, name: String, rest: String| {
        format!(
            r#"{{"apiVersion":"{group}/v1","kind":"{kind}","metadata":{{"namespace":"d","name":"{name}"}},{rest}}}"#
        )
    };
    let (istio, api) = ("networking.istio.io", "gateway.networking.k8s.io");
    let gateways = (0..count / 10).flat_map(|n| {
        let spec = format!(r#""spec":{{"selector":{{"app":"a{n}"}},"servers":[{{"hosts":["*.m{n}.org"]}}]}}"#);
        let listener = format!(r#"{{"name":"web","hostname":"*.e{n}.org","port":80,"protocol":"HTTP"}}"#);
        let rest = format!(
            r#""spec":{{"listeners":[{listener}]}},"status":{{"addresses":[{{"value":"192.0.2.2"}}]}}"#
        );
        [
            object(istio, "Gateway", format!("m{n}"), spec),
            object(api, "Gateway", format!("e{n}"), rest),
        ]
    });
    let routes = (0..count).flat_map(|n| {
        let of = n % (count / 10);
        let spec = format!(r#""spec":{{"hosts":["v{n}.m{of}.org"],"gateways":["m{of}"]}}"#);
        let parent = format!(r#"{{"name":"e{of}"}}"#);
        let rest = format!(
            r#""spec":{{"parentRefs":[{parent}],"hostnames":["r{n}.e{of}.org"]}},
               "status":{{"parents":[{{"parentRef":{parent},"conditions":[{{"type":"Accepted","status":"True"}}]}}]}}"#
        );
        [
            object(istio, "VirtualService", format!("v{n}"), spec),
            object(api, "HTTPRoute", format!("r{n}"), rest),
        ]
    });
    let services = services(
        count / 10,
        "a",
        r#"{"type":"LoadBalancer","selector":{"app":"a1"},"externalIPs":["192.0.2.1"]}"#,
    );
    let items: Vec<_> = gateways.chain(routes).chain([services]).collect();
    format!(r#"{{"apiVersion":"v1","kind":"List","items":[{}]}}"#, items.join(","))
}

/// The processor time of this thread, in milliseconds.
fn spent() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).expect("the usage of this thread");
    usage.user_time().num_milliseconds()
}

#[tokio::test]
async fn joined_objects_cost_in_proportion_to_their_number() {
    let cost = async |count| {
        let view = view(&joined(count)).await;
        let before = spent();
        let found =
            gather(&["--source=istio-virtualservice", "--source=gateway-httproute"], &view).await;
        assert!(found.failures.is_empty(), "{:?}", found.failures);
        assert!(found.sink.endpoints.len() > count, "{}", found.sink.endpoints.len());
        spent() - before
    };
    let (few, many) = (cost(1_000).await, cost(4_000).await);
    // In proportion it is four times as much; with a search through all objects for each it would be near sixteen.
    assert!(many < 8 * few.max(20), "{few} ms for 1,000 of each, {many} ms for 4,000");
}
