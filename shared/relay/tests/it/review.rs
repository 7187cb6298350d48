//! Which changes ask for a run.

use serde_json::{Value, json};

use crate::support::*;

fn asks(cluster: &str, review: &Value) -> bool {
    let received = Sent::to(format!("/admission/{cluster}"), review.to_string())
        .bearing(BEARER)
        .at(&relay(), NOW);
    let answer: Value = serde_json::from_str(&received.answer.body).expect("JSON");
    assert_eq!(answer["response"]["allowed"], true, "always: {answer}");
    received.trigger.is_some()
}

fn changed(change: impl FnOnce(&mut Value)) -> bool {
    let old = service("a.example.org");
    let mut new = old.clone();
    change(&mut new);
    asks("prod", &review("UPDATE", Some(old), Some(new)))
}

#[test]
fn a_change_of_labels_annotations_spec_or_status_asks_for_a_run() {
    assert!(changed(|new| new["metadata"]["labels"] = json!({ "a": "b" })));
    assert!(changed(|new| new["metadata"]["annotations"]["x"] = json!("y")));
    assert!(changed(|new| new["metadata"]["annotations"] = Value::Null));
    assert!(changed(|new| new["spec"]["type"] = json!("ClusterIP")));
    assert!(changed(
        |new| new["status"]["loadBalancer"] = json!({ "ingress": [{ "ip": "192.0.2.1" }] })
    ));
    assert!(changed(|new| drop(new.as_object_mut().expect("an object").remove("status"))));
}

#[test]
fn a_change_of_anything_else_asks_for_nothing() {
    assert!(!changed(|_| {}));
    assert!(!changed(|new| new["metadata"]["resourceVersion"] = json!("2")));
    assert!(!changed(|new| new["metadata"]["managedFields"] = json!([{ "manager": "kubectl" }])));
    assert!(!changed(|new| new["metadata"]["finalizers"] = json!(["a/b"])));
    assert!(!changed(|new| new["metadata"]["labels"] = json!({})), "as if there were none");
    assert!(!changed(|new| new["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z")));
}

#[test]
fn spaces_and_the_order_of_keys_are_no_change() {
    let old = service("a.example.org");
    let review = review("UPDATE", Some(old.clone()), Some(old)).to_string();
    let spaced = review.replacen(r#""spec":{"#, r#""spec": { "#, 1);
    assert_ne!(spaced, review);
    assert!(!asks("prod", &serde_json::from_str(&spaced).expect("JSON")));
    let received = Sent::to("/admission/prod", spaced).bearing(BEARER).at(&relay(), NOW);
    assert_eq!(received.trigger, None);
}

#[test]
fn an_object_whose_last_finalizer_goes_is_gone() {
    let mut old = service("a.example.org");
    old["metadata"]["finalizers"] = json!(["service.kubernetes.io/load-balancer-cleanup"]);
    old["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let mut new = old.clone();
    new["metadata"]["finalizers"] = json!([]);
    assert!(asks("prod", &review("UPDATE", Some(old), Some(new))));
}

#[test]
fn creates_and_deletes_ask_for_a_run_but_not_a_dry_one() {
    assert!(asks("prod", &created()));
    assert!(asks("prod", &review("DELETE", Some(service("a.example.org")), None)));
    assert!(!asks("prod", &review("CONNECT", None, None)));
    let mut dry = created();
    dry["request"]["dryRun"] = json!(true);
    assert!(!asks("prod", &dry));
}

#[test]
fn only_kinds_that_sources_read_and_their_status_ask_for_a_run() {
    let of = |group: &str, plural: &str, kind: &str, part: Option<&str>| {
        let mut review = created();
        let request = &mut review["request"];
        request["resource"] = json!({ "group": group, "version": "v1", "resource": plural });
        request["kind"] = json!({ "group": group, "version": "v1", "kind": kind });
        if let Some(part) = part {
            request["subResource"] = json!(part);
        }
        review
    };
    let table = [
        ("prod", of("", "services", "Service", None), true),
        ("prod", of("", "services", "Service", Some("status")), true),
        ("prod", of("", "services", "Service", Some("proxy")), false),
        ("prod", of("networking.k8s.io", "ingresses", "Ingress", None), true),
        ("prod", of("extensions", "ingresses", "Ingress", None), false),
        ("prod", of("", "secrets", "Secret", None), false),
        ("prod", of("", "pods", "Pod", None), false),
        ("lab", of("", "pods", "Pod", None), true),
        ("lab", of("", "services", "Service", None), false),
        ("lab", of("acme.io", "hosts", "Host", Some("status")), true),
        ("lab", of("acme.io", "hosts", "Guest", None), false),
    ];
    for (cluster, review, expected) in table {
        assert_eq!(
            asks(cluster, &review),
            expected,
            "{cluster}: {}",
            review["request"]["resource"]
        );
    }
}
