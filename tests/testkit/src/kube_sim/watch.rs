//! Streamed lists: every object as an event that adds it, then the bookmark that says that these were all.

use serde_json::json;

use super::kinds::{Kind, api_version};
use super::list::Query;
use super::status::{self, Answer};
use super::store::{Store, decode};

/// What a watch asks for besides objects.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The objects that are there come first.
    initial: bool,
    not_older_than: bool,
    bookmarks: bool,
}

impl Watch {
    /// Reads the query of a request by the values of its keys.
    pub(super) fn parse<'a>(value: impl Fn(&str) -> &'a str) -> Self {
        let is_true = |name| matches!(value(name), "true" | "1");
        Self {
            initial: is_true("sendInitialEvents"),
            not_older_than: value("resourceVersionMatch") == "NotOlderThan",
            bookmarks: is_true("allowWatchBookmarks"),
        }
    }

    /// The server's refusal, if it does not do what is asked.
    pub(super) fn refusal(&self, streams: bool) -> Option<Answer> {
        if !self.initial {
            // Changes alone are not simulated.
            return Some(status::not_allowed());
        }
        let (field, reason) = if !self.not_older_than {
            (
                "resourceVersionMatch",
                "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            )
        } else if !streams {
            (
                "sendInitialEvents",
                "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
            )
        } else {
            return None;
        };
        Some(status::forbidden_option(field, reason))
    }
}

/// The objects of a kind as a stream, which stays open for changes that never come; an empty namespace means all.
pub(super) fn stream(
    store: &Store,
    kind: &Kind,
    version: &str,
    namespace: &str,
    query: &Query,
) -> Answer {
    let prefix = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
    let revision = store.revision();
    let head = format!(
        r#"{{"type":"ADDED","object":{{"kind":"{}","apiVersion":"{}","#,
        kind.kind,
        api_version(&kind.group, version)
    );
    let mut text = Vec::new();
    for (_, body) in store.range(&kind.id(), &prefix, "", revision) {
        if query.admits(|| decode(body)) {
            text.extend_from_slice(head.as_bytes());
            text.extend_from_slice(body);
            text.extend_from_slice(b"}\n");
        }
    }
    if query.watch.bookmarks {
        text.extend_from_slice(&bookmark(kind, version, revision));
    }
    Answer { is_open: true, ..Answer::json(200, text) }
}

fn bookmark(kind: &Kind, version: &str, revision: u64) -> Vec<u8> {
    let object = json!({
        "kind": kind.kind, "apiVersion": api_version(&kind.group, version),
        "metadata": {
            "resourceVersion": revision.to_string(), "creationTimestamp": null,
            "annotations": { "k8s.io/initial-events-end": "true" },
        },
    });
    event("BOOKMARK", &object)
}

/// An event as it is sent.
pub(super) fn event(kind: &str, object: &serde_json::Value) -> Vec<u8> {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n").into_bytes()
}
