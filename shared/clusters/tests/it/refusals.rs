//! Writes that an API server refuses: the simulator and a real server have to refuse alike.

use extdns_testkit::kube::{ADMIN, KubeApi};
use extdns_testkit::kube_sim::KubeSim;
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::{Value, json};

const DEFINITION: &str = include_str!("../../../../infra/kubernetes/crd-dnsrecord.yaml");
const OTHER_UID: &str = "11111111-1111-4111-8111-111111111111";

async fn client(kubeconfig: Value) -> kube::Client {
    let kubeconfig = serde_json::from_value(kubeconfig).expect("a kubeconfig");
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await;
    kube::Client::try_from(config.expect("a configuration")).expect("a client")
}

/// Status and body of an answer.
async fn send(client: &kube::Client, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let form = match method {
        "PATCH" => "application/merge-patch+json",
        _ => "application/json",
    };
    let request = http::Request::builder().method(method).uri(path).header("content-type", form);
    let request = request.body(Body::from(body.to_string().into_bytes())).expect("a request");
    let answer = client.send(request).await.expect("an answer");
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn object(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSRecord",
        "metadata": { "name": name, "namespace": namespace, "labels": { "team": "dns" } },
        "spec": { "endpoint": { "dnsName": "a.example.org" } },
        "status": { "observedGeneration": 7 },
    })
}

/// The same object with other metadata.
fn with(mut object: Value, metadata: Value) -> Value {
    for (field, value) in metadata.as_object().expect("fields") {
        object["metadata"][field.as_str()] = value.clone();
    }
    object
}

/// What each write is answered: its name, the status and the reason.
async fn answers(client: &kube::Client, namespace: &str) -> Vec<String> {
    let root = "/apis/externaldns.k8s.io/v1alpha1/namespaces";
    let all = format!("{root}/{namespace}/dnsrecords");
    let one = format!("{all}/one");
    let new = object(namespace, "one");
    let mut told = Vec::new();
    let mut tell = |what: &str, (status, body): (u16, Value)| {
        let reason =
            body["reason"].as_str().filter(|reason| !reason.is_empty()).unwrap_or("-").to_owned();
        told.push(format!("{what}: {status} {reason}"));
        body
    };
    let post = async |path: &str, body: &Value| send(client, "POST", path, body).await;
    let made = tell("create", post(&all, &new).await);
    assert_eq!((&made["status"], &made["metadata"]["generation"]), (&Value::Null, &json!(1)));
    tell("again", post(&all, &new).await);
    for name in ["", "One", "one-", "a..b", &"x".repeat(254)] {
        tell(&format!("name {name:.6}"), post(&all, &object(namespace, name)).await);
    }
    let label = with(object(namespace, "two"), json!({ "labels": { "team": "not one word" } }));
    tell("label", post(&all, &label).await);
    let versioned = with(object(namespace, "two"), json!({ "resourceVersion": "1" }));
    tell("version", post(&all, &versioned).await);
    tell("namespace", post(&all, &object("elsewhere", "two")).await);
    let nowhere = format!("{root}/no-such-namespace/dnsrecords");
    tell("no namespace", post(&nowhere, &object("no-such-namespace", "two")).await);

    let put = async |path: &str, body: &Value| send(client, "PUT", path, body).await;
    let version = &made["metadata"]["resourceVersion"];
    tell("unversioned", put(&one, &new).await);
    let stale = with(new.clone(), json!({ "resourceVersion": "1" }));
    tell("stale", put(&one, &stale).await);
    let other = with(new.clone(), json!({ "resourceVersion": version, "uid": OTHER_UID }));
    tell("another", put(&one, &other).await);
    tell("absent", put(&format!("{all}/two"), &object(namespace, "two")).await);
    tell("name on the URL", put(&one, &object(namespace, "two")).await);
    let same = with(new.clone(), json!({ "resourceVersion": version }));
    let kept = tell("same", put(&one, &same).await);
    assert_eq!(
        &kept["metadata"]["resourceVersion"], version,
        "what changes nothing is no new version"
    );
    let mut changed = same.clone();
    changed["spec"]["endpoint"]["dnsName"] = json!("b.example.org");
    let changed = tell("changed", put(&one, &changed).await);
    assert_eq!((&changed["status"], &changed["metadata"]["generation"]), (&Value::Null, &json!(2)));

    let patch = async |body: &Value| send(client, "PATCH", &one, body).await;
    let merged = tell("patch", patch(&json!({ "metadata": { "labels": { "team": null } } })).await);
    assert_eq!(merged["metadata"]["labels"], Value::Null);
    tell("stale patch", patch(&json!({ "metadata": { "resourceVersion": "1" } })).await);

    let delete = async |uid: &Value, version: &Value| {
        let conditions = json!({
            "apiVersion": "v1", "kind": "DeleteOptions",
            "preconditions": { "uid": uid, "resourceVersion": version },
        });
        send(client, "DELETE", &one, &conditions).await
    };
    let (uid, version) = (&merged["metadata"]["uid"], &merged["metadata"]["resourceVersion"]);
    tell("delete another", delete(&json!(OTHER_UID), version).await);
    tell("delete stale", delete(uid, &json!("1")).await);
    tell("delete", delete(uid, version).await);
    tell("delete again", delete(uid, version).await);
    told
}

#[tokio::test]
async fn a_real_server_refuses_what_the_simulator_refuses() {
    let namespace = |name: &str| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    let sim = KubeSim::builder().yaml(DEFINITION).object(namespace("dns")).start();
    let simulated = answers(&client(sim.kubeconfig(ADMIN)).await, "dns").await;
    let expected = [
        "create: 201 -",
        "again: 409 AlreadyExists",
        "name : 422 Invalid",
        "name One: 422 Invalid",
        "name one-: 422 Invalid",
        "name a..b: 422 Invalid",
        "name xxxxxx: 422 Invalid",
        "label: 422 Invalid",
        "version: 500 -",
        "namespace: 400 BadRequest",
        "no namespace: 404 NotFound",
        "unversioned: 422 Invalid",
        "stale: 409 Conflict",
        "another: 409 Conflict",
        "absent: 404 NotFound",
        "name on the URL: 400 BadRequest",
        "same: 200 -",
        "changed: 200 -",
        "patch: 200 -",
        "stale patch: 409 Conflict",
        "delete another: 409 Conflict",
        "delete stale: 409 Conflict",
        "delete: 200 -",
        "delete again: 404 NotFound",
    ];
    assert_eq!(simulated, expected);
    let test = "a_real_server_refuses_what_the_simulator_refuses";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    api.apply_yaml(DEFINITION).await;
    let namespace = api.namespace("refusals").await;
    assert_eq!(answers(&api.client(ADMIN).await, &namespace).await, expected);
}
