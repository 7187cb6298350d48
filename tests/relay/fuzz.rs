//! Events that no service would send: whatever they are, the binary answers, and goes on.

use std::cell::RefCell;

use extdns_fuzz::{changed, fuzz};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::support::*;

/// An event of each service, with a call that is taken.
fn corpus() -> Vec<String> {
    let events = [
        include_str!("events/function-url.json"),
        include_str!("events/gateway-2.0.json"),
        include_str!("events/gateway-1.0.json"),
        include_str!("events/load-balancer.json"),
        include_str!("events/load-balancer-multi.json"),
    ];
    let call = |event: &str| {
        let mut event: Value = serde_json::from_str(event).expect("JSON");
        for name in ["rawPath", "path"]
            .iter()
            .filter(|name| event.get(**name).is_some())
            .collect::<Vec<_>>()
        {
            event[*name] = json!(path());
        }
        event["body"] = json!(review(0).to_string());
        event["isBase64Encoded"] = json!(false);
        event.to_string()
    };
    events.into_iter().map(call).collect()
}

#[test]
fn changed_events_are_answered_without_a_panic() {
    let bench = RefCell::new(Bench::with(&[("EXTERNAL_DNS_RELAY_WINDOW", "1h")]));
    for event in corpus() {
        let event = serde_json::from_str(&event).expect("JSON");
        assert_eq!(bench.borrow_mut().call(&event).0, 200, "{event}");
    }
    let pieces = [
        "",
        "null",
        "true",
        "0",
        "-1",
        "1e999",
        "[]",
        "{}",
        "\"\"",
        "\"=\"",
        "\"\\u0000\"",
        "/",
        "//",
        "..",
        "%",
        "POST",
        "GET",
        "trigger",
        "\\ud83d",
        "ü",
    ];
    let change = (any::<usize>(), 0_usize..40, select(pieces.to_vec()));
    fuzz(&(select(corpus()), vec(change, 1..5)), |(mut event, changes)| {
        for (from, length, with) in changes {
            event = changed(&event, from, length, with);
        }
        // The service hands over nothing that is not JSON.
        let Ok(event) = serde_json::from_str::<Value>(&event) else { return };
        let mut bench = bench.borrow_mut();
        match bench.function.invoke(&event, PLENTY) {
            Ok(answer) => {
                let status = &answer.json()["statusCode"];
                let known = [200, 202, 400, 401, 404, 405, 413];
                assert!(known.iter().any(|own| status == own), "{status}: {event}");
            }
            Err(error) => assert_eq!(error.error_type, "Event", "{error:?}: {event}"),
        }
        assert_eq!(bench.function.starts(), 1, "{event}");
    });
}
