//! Answers stay within what the service and its callers take, and memory within what a function has.

use extdns_testkit::lambda::MAX_PAYLOAD;
use serde_json::json;

use crate::support::{Bench, host, schedule};

#[test]
fn twenty_thousand_changes_are_one_answer() {
    const ALL: usize = 20_000;
    let mut bench = Bench::with(&[("EXTERNAL_DNS_AWS_REQUESTS_PER_SECOND", "1000")]);
    bench.zone.quota(3 * ALL);
    bench.want(0..ALL);
    let answer = bench.invoke(&schedule()).expect("an answer");
    assert!(answer.body.len() < MAX_PAYLOAD / 50, "{} bytes", answer.body.len());
    let answer = answer.json();
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(answer["totals"]["create"], ALL);
    assert_eq!(answer["changes"].as_array().map(Vec::len), Some(100));
    assert_eq!(answer["moreChanges"], ALL - 100);
    assert_eq!(bench.hosts().len(), ALL);
    let peak = bench.function.peak_memory().expect("a process");
    assert!(peak < 256 << 20, "{} MiB, and the template gives 256", peak >> 20);
}

#[test]
fn an_answer_of_long_texts_has_fewer_changes() {
    let mut bench = Bench::with(&[("EXTERNAL_DNS_MANAGED_RECORD_TYPES", "TXT")]);
    bench.want_endpoints((0..100).map(|n| {
        let texts = (0..120).map(|m| format!("\"{m:03}{}\"", "x".repeat(240)));
        json!({ "dnsName": host(n), "recordType": "TXT", "targets": texts.collect::<Vec<_>>() })
    }));
    let answer = bench.invoke(&json!({})).expect("an answer");
    assert!(answer.body.len() <= 1 << 20, "{} bytes", answer.body.len());
    let answer = answer.json();
    let shown = answer["changes"].as_array().expect("changes").len();
    assert!((1..100).contains(&shown), "{shown}");
    assert_eq!(answer["moreChanges"], 100 - shown);
    assert_eq!(answer["totals"]["create"], 100);
}
