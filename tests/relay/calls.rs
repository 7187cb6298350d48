//! Calls through each of the services that may stand in front of the function.

use serde_json::{Value, json};

use crate::support::*;

#[test]
fn a_review_is_allowed_and_asks_for_a_run_once_a_window() {
    let mut bench = Bench::with(&[("EXTERNAL_DNS_RELAY_WINDOW", "1h")]);
    for number in 0..3 {
        let (status, answer) = bench.call(&call(&path(), &review(number)));
        assert_eq!(status, 200);
        let response = json!({ "uid": review(number)["request"]["uid"], "allowed": true });
        assert_eq!(answer["response"], response);
    }
    let sent = bench.sent();
    assert!((1..=2).contains(&sent.len()), "an hour may have ended meanwhile");
    assert_eq!(sent[0]["object"], "services/shop/web");
    assert_eq!(bench.function.starts(), 1);
}

#[test]
fn every_service_in_front_gets_its_form_of_answer() {
    let mut bench = Bench::new();
    let events = [
        include_str!("events/function-url.json"),
        include_str!("events/gateway-2.0.json"),
        include_str!("events/gateway-1.0.json"),
        include_str!("events/load-balancer.json"),
        include_str!("events/load-balancer-multi.json"),
    ];
    for event in events {
        let event: Value = serde_json::from_str(event).expect("JSON");
        // Their token is none of this function.
        assert_eq!(bench.call(&event), (401, json!({ "error": "unauthorized" })));
        let mut event = event;
        let bearer = format!("Bearer {BEARER}");
        for headers in ["headers", "multiValueHeaders"] {
            for (name, value) in event[headers].as_object_mut().into_iter().flatten() {
                if name.eq_ignore_ascii_case("authorization") {
                    *value = if value.is_array() { json!([bearer]) } else { json!(bearer) };
                }
            }
        }
        for path in ["rawPath", "path"] {
            if let Some(own) = event.get_mut(path) {
                *own = json!(own.as_str().expect("text").replace("admission/prod", "trigger"));
            }
        }
        event["body"] = json!("{}");
        event["isBase64Encoded"] = json!(false);
        assert_eq!(bench.call(&event), (202, json!({ "accepted": true })), "{event}");
    }
}

#[test]
fn a_call_that_is_refused_asks_for_nothing_and_no_secret_is_in_the_log() {
    let mut bench = Bench::new();
    let guessed = "a-token-that-somebody-guessed";
    let truncated = |event: Value| {
        let body = event["body"].as_str().expect("text");
        let body = json!(body[..body.len() / 2]);
        json!({ "body": body, "rawPath": event["rawPath"], "requestContext": event["requestContext"] })
    };
    let deep: Value =
        serde_json::from_str(&format!("{}{}", "[".repeat(125), "]".repeat(125))).expect("JSON");
    let nested =
        json!({ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": deep });
    let mut altered = signed(call("/trigger", &json!({})), KEY);
    altered["body"] = json!("{ }");
    let cases = [
        (truncated(call(&path(), &review(0))), 400),
        (call(&path(), &nested), 400),
        (signed(call("/trigger", &json!({})), guessed), 401),
        (altered, 401),
        (call(&format!("/admission/default/{guessed}"), &review(0)), 401),
        (call(&format!("/admission/prod/{guessed}"), &review(0)), 401),
        (call(&format!("/admission/prod/{TOKEN}"), &review(0)), 404),
        (call(&path(), &json!({})), 400),
        (call(&path(), &json!("x".repeat(4 << 20))), 413),
        (call("/trigger", &json!({})), 401),
        (call("/", &json!({})), 404),
    ];
    for (event, status) in cases {
        let (own, answer) = bench.call(&event);
        assert_eq!(own, status, "{answer}");
    }
    assert!(bench.sent().is_empty());
    let error = bench.function.invoke(&json!({ "Records": [] }), PLENTY).expect_err("no call");
    assert_eq!(error.error_type, "Event");
    let log = bench.function.log();
    assert!(![TOKEN, BEARER, KEY, guessed].iter().any(|secret| log.contains(secret)), "{log}");
    assert_eq!(bench.function.starts(), 1);
}

#[test]
fn a_signed_call_is_taken_once() {
    let mut bench = Bench::new();
    let once = signed(call("/trigger", &json!({ "reason": "deployed" })), KEY);
    assert_eq!(bench.call(&once), (202, json!({ "accepted": true })));
    assert_eq!(bench.sent().len(), 1);
    assert_eq!(bench.call(&once), (401, json!({ "error": "unauthorized" })));
    assert_eq!(bench.sent().len(), 1, "a replayed call asks for nothing");
}
