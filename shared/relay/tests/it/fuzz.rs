//! Calls that nobody would make: whatever they are, they are answered.

use std::path::Path;

use extdns_fuzz::{changed, fuzz};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::select;
use serde_json::Value;

use crate::support::*;

/// The bodies of calls, those of real ones among them, by name.
fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let entries = std::fs::read_dir(folder).expect("the corpus").flatten();
    let mut bodies: Vec<_> = entries
        .map(|entry| {
            let body = std::fs::read_to_string(entry.path()).expect("a text");
            (entry.file_name().to_string_lossy().into_owned(), body)
        })
        .collect();
    bodies.sort();
    bodies
}

/// Answers a call of somebody whose credentials are valid, or are not.
fn try_out(path: &str, body: String, is_known: bool) -> (u16, bool) {
    let call = Sent::to(path, body);
    let call = if is_known { call.bearing(BEARER) } else { call };
    let received = call.at(&relay(), NOW);
    let answer: Value = serde_json::from_str(&received.answer.body).expect("an answer is JSON");
    let status = received.answer.status;
    if status == 200 {
        assert_eq!(answer["response"]["allowed"], true);
    }
    let is_asked = received.trigger.is_some();
    assert!(!is_asked || matches!(status, 200 | 202), "{status}");
    assert!(is_known || matches!(status, 401 | 404) && !is_asked, "{status}");
    (status, is_asked)
}

#[test]
fn calls_of_the_corpus_are_answered() {
    let expected = [
        ("create.json", 200, true),
        ("delete.json", 200, true),
        ("dry-run.json", 200, false),
        ("escapes.json", 200, true),
        ("half-a-surrogate.json", 400, false),
        ("ingress.json", 200, true),
        ("numbers.json", 200, true),
        ("pod-exec.json", 200, false),
        ("trigger.json", 400, false),
        ("twice.json", 400, false),
        ("update-nothing.json", 200, false),
        ("update-status.json", 200, true),
    ];
    let corpus = corpus();
    assert_eq!(corpus.len(), expected.len());
    for ((name, body), (expected, status, is_asked)) in corpus.into_iter().zip(expected) {
        assert_eq!(name, expected);
        assert_eq!(try_out("/admission/prod", body, true), (status, is_asked), "{name}");
    }
    assert_eq!(try_out("/trigger", r#"{"cluster":"prod"}"#.to_owned(), true), (202, true));
}

#[test]
fn changed_calls_are_answered_without_a_panic() {
    let bodies: Vec<String> = corpus().into_iter().map(|(_, body)| body).collect();
    let pieces = [
        "",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        ",",
        ":",
        "null",
        "true",
        "1e999",
        "\\ud83d",
        "\u{0}",
        "ü",
        "{}",
        "\"metadata\":{\"labels\":[]}",
        "\"spec\":",
        "\"status\"",
        "DELETE",
        "\"dryRun\":1",
    ];
    let change = (any::<usize>(), 0_usize..40, select(pieces.to_vec()));
    let paths = ["/admission/prod", "/admission/lab", "/trigger"];
    let strategy = (select(bodies), vec(change, 1..5), select(paths.to_vec()), any::<bool>());
    fuzz(&strategy, |(mut body, changes, path, is_known)| {
        for (from, length, with) in changes {
            body = changed(&body, from, length, with);
        }
        try_out(path, body, is_known);
    });
}
