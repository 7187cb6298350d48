//! Who may call what.

use serde_json::{Value, json};

use crate::support::*;

fn to_prod() -> Sent {
    Sent::to("/admission/prod", created().to_string())
}

#[test]
fn a_review_is_allowed_and_asks_for_a_run_with_any_valid_credential() {
    let calls = [
        Sent::to(format!("/admission/prod/{PROD}"), created().to_string()),
        Sent::to(format!("/admission/prod/{OLD_PROD}"), created().to_string()),
        to_prod().bearing(BEARER),
        to_prod().signed(KEY, NOW),
        to_prod().signed(OLD_KEY, NOW - 300),
        to_prod().signed(KEY, NOW + 300),
    ];
    for call in calls {
        let received = call.at(&relay(), NOW);
        let answer: Value = serde_json::from_str(&received.answer.body).expect("JSON");
        assert_eq!(received.answer.status, 200, "{answer}");
        assert_eq!(
            answer,
            json!({
                "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                "response": { "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "allowed": true },
            })
        );
        let trigger = received.trigger.expect("a run");
        assert_eq!(
            (trigger.cluster.as_deref(), &*trigger.reason),
            (Some("prod"), "services/shop/web")
        );
        assert!(!trigger.is_awaited);
    }
}

#[test]
fn a_request_for_a_run_is_accepted_from_who_may_speak_for_all() {
    for (body, cluster, reason) in [
        ("", None, ""),
        ("{}", None, ""),
        (r#"{"cluster": "lab", "reason": "deployed\n7"}"#, Some("lab"), "deployed7"),
    ] {
        let received = Sent::to("/trigger", body).bearing(BEARER).at(&relay(), NOW);
        assert_eq!((received.answer.status, &*received.answer.body), (202, "{\"accepted\":true}"));
        let trigger = received.trigger.expect("a run");
        assert_eq!((trigger.cluster.as_deref(), &*trigger.reason), (cluster, reason));
        assert!(trigger.is_awaited);
    }
    assert_eq!(Sent::to("/trigger", "").signed(KEY, NOW).outcome(), (202, true));
    // A token of one cluster is none for all.
    assert_eq!(Sent::to("/trigger", "").bearing(PROD).outcome(), (401, false));
    let unknown = Sent::to("/trigger", r#"{"cluster": "prdo"}"#).bearing(BEARER);
    assert_eq!(unknown.outcome(), (404, false));
    let received = Sent::to("/trigger", r#"{"clutser": "x"}"#).bearing(BEARER).at(&relay(), NOW);
    assert!(received.answer.body.contains("unknown field `clutser`"), "{}", received.answer.body);
}

#[test]
fn a_signed_call_is_taken_once() {
    let relay = relay();
    let call = to_prod().signed(KEY, NOW);
    assert_eq!(call.at(&relay, NOW).answer.status, 200);
    let replayed = call.at(&relay, NOW + 1);
    assert_eq!((replayed.answer.status, replayed.trigger), (401, None));
    let shouted =
        call.clone().with("x-extdns-signature", sign(KEY, NOW, &call.body).to_uppercase());
    assert_eq!(shouted.at(&relay, NOW).answer.status, 401, "the scheme is in lower case");
    assert_eq!(to_prod().signed(KEY, NOW + 1).at(&relay, NOW + 1).answer.status, 200);
}

#[test]
fn only_the_paths_of_the_relay_are_answered_and_only_to_post() {
    for path in [
        "",
        "/",
        "/admission",
        "/admission/prod/x/y",
        "/trigger/x",
        "/healthz",
        "trigger",
        "/metrics",
    ] {
        assert_eq!(Sent::to(path, "").bearing(BEARER).outcome(), (404, false), "{path}");
    }
    for method in ["GET", "PUT", "post", ""] {
        let call = Sent { method, ..to_prod().bearing(BEARER) };
        assert_eq!(call.outcome(), (405, false), "{method}");
    }
}
