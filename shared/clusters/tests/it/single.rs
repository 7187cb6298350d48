//! Single objects: what is there, what is known not to be there, and what nobody knows.

use extdns_clusters::{Access, ClusterView, Environment, Projection, ReadErrorKind, Right};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim, User};
use serde_json::json;

use crate::support::{Ingress, Node, Service, at, cluster, connect, status};

const OBJECTS: &str = "
{ apiVersion: v1, kind: Service, metadata: { name: web, namespace: shop } }
---
{ apiVersion: v1, kind: Node, metadata: { name: n1 } }
";

const PATH: &str = "/api/v1/namespaces/shop/services/web";

async fn of(sim: &KubeSim, login: Login<'_>) -> ClusterView {
    let path = sim.write_kubeconfig(&sim.kubeconfig(login));
    connect(&cluster(Access::kubeconfig(path))).await
}

/// `namespace/name`, `absent`, or the error without the name of the cluster.
async fn read<K: Projection + Sync>(view: &ClusterView, namespace: &str, name: &str) -> String {
    match view.object::<K>(namespace, name).await {
        Ok(Some(object)) => object.metadata().full_name().to_string(),
        Ok(None) => "absent".to_owned(),
        Err(error) => error.kind.to_string(),
    }
}

#[tokio::test]
async fn an_object_is_read_once_and_one_that_is_not_there_is_known_not_to_be_there() {
    let sim = KubeSim::builder().yaml(OBJECTS).start();
    let view = of(&sim, Login::Custom(&json!({}))).await;
    for _ in 0..2 {
        assert_eq!(read::<Service>(&view, "shop", "web").await, "shop/web");
        assert_eq!(read::<Service>(&view, "shop", "wbe").await, "absent");
        assert_eq!(read::<Service>(&view, "nowhere", "web").await, "absent");
        assert_eq!(read::<Node>(&view, "ignored", "n1").await, "n1");
    }
    assert_eq!((sim.calls("get", "services"), sim.calls("get", "nodes")), (3, 1));
    assert_eq!(sim.requests().len(), 4);
}

#[tokio::test]
async fn a_name_that_no_object_can_have_is_absent_and_not_asked_for() {
    let sim = KubeSim::builder().yaml(OBJECTS).start();
    let view = of(&sim, Login::Custom(&json!({}))).await;
    for (namespace, name) in [
        ("", "web"),
        ("shop", ""),
        ("shop", ".."),
        ("shop/services/web?", "x"),
        ("..", "x"),
        ("shop", "web/status"),
        ("shop", "web?watch=1"),
        ("shop", "w%65b"),
        ("shop", "web#"),
    ] {
        assert_eq!(
            read::<Service>(&view, namespace, name).await,
            "absent",
            "{namespace:?} {name:?}"
        );
    }
    assert!(sim.requests().is_empty());
}

#[tokio::test]
async fn an_object_that_may_not_be_read_is_an_error_that_names_the_rule() {
    let rule = json!([{ "apiGroups": [""], "resources": ["services"], "verbs": ["list"] }]);
    let sim = KubeSim::builder().yaml(OBJECTS).user(User::new("reader", "t").may(&rule)).start();
    let view = of(&sim, Login::Token("t")).await;
    assert_eq!(
        read::<Service>(&view, "shop", "web").await,
        "get services: forbidden; add {apiGroups: [\"\"], resources: [\"services\"], verbs: [\"get\"]} to a Role in \
         namespace \"shop\" that is bound to \"reader\""
    );
    assert!(!view.may(&Right::get(Service::RESOURCE, Some("shop"))).await.unwrap());
    let stranger = of(&sim, Login::Token("wrong")).await;
    let error = stranger.object::<Service>("shop", "web").await.unwrap_err();
    assert!(matches!(*error.kind, ReadErrorKind::Unauthorized { .. }), "{error}");
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_an_error_and_not_an_absent_object() {
    let sim = KubeSim::builder().start();
    let view = of(&sim, Login::Custom(&json!({}))).await;
    let plain = ScriptedServer::start(|_| Reply::new(404).body("404 page not found\n"));
    assert_eq!(
        read::<Ingress>(&connect(&at(&plain)).await, "shop", "web").await,
        "GET /apis: HTTP 404 (none)"
    );
    let unnamed = json!({ "kind": "Status", "reason": "NotFound", "message": "no such resource", "details": {} });
    let server = ScriptedServer::start(move |request| match request.path.as_str() {
        "/apis" => Reply::json(200, &json!({ "kind": "APIGroupList", "groups": [] })),
        _ => Reply::json(404, &unnamed),
    });
    assert_eq!(
        read::<Ingress>(&connect(&at(&server)).await, "shop", "web").await,
        "list networking.k8s.io/v1 ingresses: not served; install its CustomResourceDefinition, or remove the source that \
         needs it"
    );
    assert_eq!(read::<Ingress>(&view, "shop", "web").await, "absent", "it is served here");
}

#[tokio::test]
async fn what_is_not_the_whole_object_is_an_error() {
    let object = |name: &str, namespace: &str| json!({ "kind": "Service", "apiVersion": "v1", "metadata": { "name": name, "namespace": namespace } });
    const JSON: &str = "application/json";
    let partial = |reason: &str| {
        format!(
            "GET {PATH}: the answer is not complete: {reason}; is a proxy or a cache in between?"
        )
    };
    let foreign =
        |found: &str| format!("GET {PATH}: the answer is not that of a Kubernetes API but {found}");
    let refusal = |code: u16| {
        json!({ "kind": "Status", "apiVersion": "v1", "message": "boom", "code": code }).to_string()
    };
    let table = [
        (
            206,
            JSON,
            object("web", "shop").to_string(),
            partial("HTTP 206 Partial Content in place of 200"),
        ),
        (
            200,
            JSON,
            object("other", "shop").to_string(),
            partial("it is \"shop/other\" in place of \"shop/web\""),
        ),
        (
            200,
            JSON,
            object("web", "prod").to_string(),
            partial("it is \"prod/web\" in place of \"shop/web\""),
        ),
        (
            200,
            JSON,
            json!({ "kind": "ServiceList", "apiVersion": "v1", "items": [] }).to_string(),
            foreign(
                "a v1 ServiceList where a v1 Service was asked for (content type application/json)",
            ),
        ),
        (
            200,
            JSON,
            json!({ "kind": "Service", "apiVersion": "v1", "metadata": { "name": 7 } }).to_string(),
            "decode Service shop/web: invalid type: integer `7`, expected".to_owned(),
        ),
        (
            200,
            "text/html",
            "<h1>Log in</h1>".to_owned(),
            foreign("HTML or XML (content type text/html)"),
        ),
        (404, JSON, refusal(404), "GET /api: HTTP 404: boom".to_owned()),
        (409, JSON, refusal(409), format!("GET {PATH}: HTTP 409: boom")),
    ];
    for (code, content_type, body, expected) in table {
        let server = ScriptedServer::start(move |_| {
            Reply::new(code).header("content-type", content_type).body(body.clone())
        });
        let found = read::<Service>(&connect(&at(&server)).await, "shop", "web").await;
        assert!(found.starts_with(&expected), "{found}\n{expected}");
    }
}

#[tokio::test]
async fn an_answer_that_was_cut_is_asked_for_again_and_then_is_an_error() {
    let metadata = json!({ "name": "web", "namespace": "shop" });
    let text = json!({ "kind": "Service", "apiVersion": "v1", "metadata": metadata }).to_string();
    let cut = text[..text.len() - 10].to_owned();
    let server = ScriptedServer::start(move |_| Reply::new(200).body(cut.clone()));
    let mut cluster = at(&server);
    cluster.api.limits.restarts = 2;
    let found = read::<Service>(&connect(&cluster).await, "shop", "web").await;
    assert!(found.contains("the answer was cut off after"), "{found}");
    assert_eq!(server.requests().len(), 3);

    let sim = KubeSim::builder().yaml(OBJECTS).start();
    sim.fail(Fault::new("services", Effect::HangUp).verb("get").times(1));
    let view = of(&sim, Login::Custom(&json!({}))).await;
    assert_eq!(read::<Service>(&view, "shop", "web").await, "shop/web");
}

#[tokio::test]
async fn an_object_that_could_not_be_read_is_asked_for_by_the_next_source() {
    let metadata = json!({ "name": "web", "namespace": "shop" });
    let service = json!({ "kind": "Service", "apiVersion": "v1", "metadata": metadata });
    let server = ScriptedServer::sequence([
        ("GET", PATH, status(403, "no")),
        ("GET", PATH, Reply::json(200, &service)),
    ]);
    let view = connect(&at(&server)).await;
    assert!(read::<Service>(&view, "shop", "web").await.starts_with("get services: forbidden"));
    assert_eq!(read::<Service>(&view, "shop", "web").await, "shop/web");
}

#[tokio::test]
async fn manifests_answer_for_single_objects_too() {
    let manifests = cluster(Access::Manifests(vec!["-".into()]));
    let view = manifests.connect(&Environment::default(), OBJECTS.as_bytes()).await.unwrap();
    assert_eq!(read::<Service>(&view, "shop", "web").await, "shop/web");
    assert_eq!(read::<Service>(&view, "prod", "web").await, "absent");
    assert_eq!(read::<Node>(&view, "", "n1").await, "n1");
}
