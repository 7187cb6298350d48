//! Events on a real API server.

use extdns_clusters::{Event, ObjectReference, ResourceType};
use extdns_model::Permit;
use extdns_testkit::kube::{ADMIN, KubeApi, Login};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::server::view;

const SERVICES: ResourceType = ResourceType {
    group: "",
    version: "v1",
    plural: "services",
    kind: "Service",
    namespaced: true,
};
const NODES: ResourceType =
    ResourceType { plural: "nodes", kind: "Node", namespaced: false, ..SERVICES };

fn event(resource: ResourceType, namespace: &str, name: &str, uid: &str) -> Event {
    Event {
        regarding: ObjectReference {
            resource,
            namespace: namespace.into(),
            name: name.into(),
            uid: uid.into(),
        },
        source: "service",
        action: "Created",
        reason: "RecordReady",
        note: "x".repeat(2000),
    }
}

/// Makes Events, and returns what was said about single ones, and about all.
async fn make(api: &KubeApi, login: Login<'_>, events: &[Event]) -> (Vec<String>, Option<String>) {
    let writer = view(api, login).await.writer(&Permit::grant());
    let mut failed = Vec::new();
    let made = writer.create_events(events, Timestamp::now(), |event, error| {
        failed.push(format!("{event}: {error}"));
    });
    let all = made.await.err().map(|error| error.to_string());
    (failed, all)
}

/// The Events of a namespace as `kubectl get events` reads them.
async fn stored(api: &KubeApi, namespace: &str, name: &str) -> Vec<Value> {
    let path = format!("/api/v1/namespaces/{namespace}/events");
    let request = http::Request::get(path).body(Vec::new()).unwrap();
    let list: Value = api.client(ADMIN).await.request(request).await.unwrap();
    let items = list["items"].as_array().unwrap().iter();
    items.filter(|item| item["involvedObject"]["name"] == name).cloned().collect()
}

#[tokio::test]
async fn events_stand_beside_their_object_and_those_of_nodes_in_default() {
    let test = "events_stand_beside_their_object_and_those_of_nodes_in_default";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    let namespace = api.namespace("events").await;
    let node = format!("{namespace}-node");
    let events = [
        event(SERVICES, &namespace, "web", "3f6c"),
        event(SERVICES, &namespace, "web", "3f6c"),
        event(NODES, "", &node, ""),
        event(SERVICES, "no-such-namespace", "web", ""),
    ];
    let (failed, missing) = make(api, ADMIN, &events).await;
    assert_eq!(missing, None);
    assert!(
        matches!(&*failed, [only] if only.starts_with("RecordReady of Service no-such-namespace/web: namespace")),
        "{failed:?}"
    );
    let of_web = stored(api, &namespace, "web").await;
    assert_eq!(of_web.len(), 2, "{of_web:?}");
    let seen = &of_web[0];
    assert_eq!(
        seen["involvedObject"],
        json!({ "apiVersion": "v1", "kind": "Service", "namespace": namespace, "name": "web", "uid": "3f6c" })
    );
    assert_eq!(seen["related"], seen["involvedObject"]);
    assert_eq!(
        [&seen["type"], &seen["reason"], &seen["action"], &seen["reportingInstance"]],
        ["Normal", "RecordReady", "Created", "external-dns/source/service"]
    );
    assert_eq!(seen["message"].as_str().map(str::len), Some(1024));
    let of_node = stored(api, "default", &node).await;
    assert_eq!(of_node.len(), 1, "{of_node:?}");
    assert_eq!(of_node[0]["related"], Value::Null);
}

#[tokio::test]
async fn a_right_that_is_missing_in_one_namespace_does_not_stop_the_others() {
    let test = "a_right_that_is_missing_in_one_namespace_does_not_stop_the_others";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    let (open, closed) = (api.namespace("events").await, api.namespace("events").await);
    let group = format!("tellers-{open}");
    api.apply(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": { "namespace": open, "name": "tellers" },
        "rules": [{ "apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create"] }],
    }))
    .await;
    api.apply(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "namespace": open, "name": "tellers" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tellers" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group }],
    }))
    .await;
    let teller = api.client_certificate("teller", &group);
    let events = [event(SERVICES, &closed, "a", ""), event(SERVICES, &open, "b", "")];
    let (failed, missing) = make(api, Login::Certificate(&teller), &events).await;
    assert_eq!(failed, [""; 0]);
    let missing = missing.expect("the rule that is missing");
    for part in ["events", "events.k8s.io", "create", closed.as_str()] {
        assert!(missing.contains(part), "{part} is missing in {missing}");
    }
    assert_eq!(stored(api, &open, "b").await.len(), 1);
    assert_eq!(stored(api, &closed, "a").await.len(), 0);
}
