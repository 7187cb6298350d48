//! What a server serves, and what is said where it does not.

use extdns_clusters::Projection;
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};

use crate::support::{Ingress, Service, at, connect, names, services, status};

/// A server with services and two versions of ingresses, one of which is enough.
fn aggregated(request: &Request) -> Reply {
    let version = |name: &str, plural: &str| json!({ "version": name, "freshness": "Current", "resources": [{ "resource": plural }] });
    let list = |items: Value| json!({ "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items });
    match request.path.as_str() {
        "/api" => Reply::json(200, &list(json!([{ "versions": [version("v1", "services")] }]))),
        "/apis" => Reply::json(
            200,
            &list(json!([
                { "metadata": { "name": "apps" }, "versions": [version("v1", "deployments")] },
                { "metadata": { "name": "networking.k8s.io" }, "versions": [version("v2", "ingresses"), version("v1beta1", "ingresses")] },
            ])),
        ),
        path => status(404, &format!("{path} not found")),
    }
}

fn plain(request: &Request) -> Reply {
    match request.path.as_str() {
        "/api" => Reply::json(200, &json!({ "kind": "APIVersions", "versions": ["v1"] })),
        "/apis" => Reply::json(
            200,
            &json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": [
                { "name": "networking.k8s.io", "versions": [{ "groupVersion": "networking.k8s.io/v1", "version": "v1" }] },
            ] }),
        ),
        "/api/v1" => Reply::json(
            200,
            &json!({ "kind": "APIResourceList", "resources": [{ "name": "services" }, { "name": "services/status" }] }),
        ),
        "/apis/networking.k8s.io/v1" => Reply::json(
            200,
            &json!({ "kind": "APIResourceList", "resources": [{ "name": "ingresses" }] }),
        ),
        path => status(404, &format!("{path} not found")),
    }
}

#[tokio::test]
async fn one_call_for_each_half_of_the_api_and_only_once() {
    let server = ScriptedServer::start(aggregated);
    let view = connect(&at(&server)).await;
    for _ in 0..2 {
        assert!(view.has(&Service::RESOURCE).await.unwrap());
        assert!(!view.has(&Ingress::RESOURCE).await.unwrap(), "v1 is not among the versions");
        let versions =
            view.served_versions("networking.k8s.io", "ingresses").await.unwrap().unwrap();
        assert_eq!(versions, ["v2", "v1beta1"]);
        assert!(
            view.served_versions("gateway.networking.k8s.io", "httproutes")
                .await
                .unwrap()
                .unwrap()
                .is_empty()
        );
    }
    let asked = server.requests();
    let targets: Vec<String> = asked.iter().map(Request::target).collect();
    assert_eq!(targets, ["/api", "/apis"]);
    assert_eq!(
        asked[0].header("accept"),
        Some(
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
        )
    );
}

#[tokio::test]
async fn an_older_server_is_asked_version_by_version() {
    let server = ScriptedServer::start(plain);
    let view = connect(&at(&server)).await;
    for _ in 0..2 {
        assert!(view.has(&Service::RESOURCE).await.unwrap());
        assert!(view.has(&Ingress::RESOURCE).await.unwrap());
        assert!(view.served_versions("", "pods").await.unwrap().unwrap().is_empty());
    }
    let targets: Vec<String> = server.requests().iter().map(Request::target).collect();
    assert_eq!(targets, ["/api", "/api/v1", "/apis", "/apis/networking.k8s.io/v1"]);
}

#[tokio::test]
async fn what_is_missing_is_said_with_what_is_there() {
    let server = ScriptedServer::start(aggregated);
    let view = connect(&at(&server)).await;
    assert_eq!(
        names::<Ingress>(&view, "").await.unwrap_err().to_string(),
        "read cluster \"lab\": list networking.k8s.io/v1 ingresses: not served; the server has only version v2, v1beta1, \
         and v1 is needed"
    );
    let server = ScriptedServer::start(|request| match request.path.as_str() {
        "/apis" => Reply::json(200, &json!({ "kind": "APIGroupList", "groups": [] })),
        path => status(404, &format!("{path} not found")),
    });
    let view = connect(&at(&server)).await;
    assert_eq!(
        names::<Ingress>(&view, "").await.unwrap_err().to_string(),
        "read cluster \"lab\": list networking.k8s.io/v1 ingresses: not served; install its CustomResourceDefinition, or \
         remove the source that needs it"
    );
}

#[tokio::test]
async fn a_server_that_is_no_api_server_is_said_to_be_none() {
    let server = ScriptedServer::start(|_| {
        Reply::new(404).header("content-type", "text/html").body("<h1>Not found</h1>")
    });
    let view = connect(&at(&server)).await;
    assert_eq!(
        services(&view).await.unwrap_err().to_string(),
        "read cluster \"lab\": GET /api: HTTP 404 (text/html)"
    );
    let server = ScriptedServer::start(|_| {
        Reply::new(200).header("content-type", "text/html").body("<h1>Hello</h1>")
    });
    let view = connect(&at(&server)).await;
    let error = view.has(&Service::RESOURCE).await.unwrap_err().to_string();
    assert!(
        error.starts_with(
            "read cluster \"lab\": GET /api: the answer is not that of a Kubernetes API but "
        ),
        "{error}"
    );
    assert!(error.contains("(content type text/html)"), "{error}");
}
