//! Streams: every object as an event that adds it, then the bookmark that says that these were all; or the changes since
//! a revision. Both go on with every change.

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::kinds::{Kind, KindId, api_version};
use super::list::Query;
use super::selector::Selectors;
use super::status::{self, Answer};
use super::store::{Body, Store, decode};

/// What a watch asks for besides objects.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The objects that are there come first.
    initial: bool,
    not_older_than: bool,
    bookmarks: bool,
    /// The revision whose changes are asked for; 0 for what is there now.
    since: u64,
}

impl Watch {
    /// Reads the query of a request by the values of its keys.
    pub(super) fn parse<'a>(value: impl Fn(&str) -> &'a str) -> Self {
        let is_true = |name| matches!(value(name), "true" | "1");
        Self {
            initial: is_true("sendInitialEvents"),
            not_older_than: value("resourceVersionMatch") == "NotOlderThan",
            bookmarks: is_true("allowWatchBookmarks"),
            since: value("resourceVersion").parse().unwrap_or(0),
        }
    }

    /// The server's refusal, if it does not do what is asked.
    pub(super) fn refusal(&self, streams: bool) -> Option<Answer> {
        if !self.initial {
            return None;
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

/// Who watches the objects of a kind.
#[derive(Debug)]
pub(super) struct Watcher {
    kind: KindId,
    /// What begins the keys that are watched; empty for all.
    prefix: String,
    /// What begins an object.
    opening: String,
    selectors: Selectors,
    sender: mpsc::UnboundedSender<Bytes>,
}

impl Watcher {
    /// Tells of a change; returns whether somebody still listens.
    pub(super) fn tell(
        &self,
        kind: &KindId,
        key: &str,
        revision: u64,
        before: Option<&Body>,
        after: Option<&Body>,
    ) -> bool {
        if *kind != self.kind || !key.starts_with(&self.prefix) {
            return !self.sender.is_closed();
        }
        let event = self.event(revision, before, after);
        event.is_none_or(|event| self.sender.send(event.into()).is_ok())
    }

    /// A change as an event. What the selectors admit no more is deleted for who watches.
    fn event(&self, revision: u64, before: Option<&Body>, after: Option<&Body>) -> Option<Vec<u8>> {
        let is_admitted =
            |body: &&Body| self.selectors.is_empty() || self.selectors.admit(&decode(body));
        match (before.filter(is_admitted), after.filter(is_admitted)) {
            (None, None) => None,
            (None, Some(body)) => Some(self.line("ADDED", body)),
            (Some(_), Some(body)) => Some(self.line("MODIFIED", body)),
            (Some(body), None) => {
                // The last state, under the revision of the delete.
                let mut last = decode(body);
                last["metadata"]["resourceVersion"] = Value::from(revision.to_string());
                Some(self.line("DELETED", &Bytes::from(last.to_string()).slice(1..)))
            }
        }
    }

    fn line(&self, kind: &str, body: &Body) -> Vec<u8> {
        let head = format!(r#"{{"type":"{kind}","object":{}"#, self.opening);
        [head.as_bytes(), body, b"}\n"].concat()
    }
}

/// The objects of a kind as a stream, or the changes since a revision; an empty namespace means all. It stays open for
/// changes.
pub(super) fn stream(
    store: &mut Store,
    kind: &Kind,
    version: &str,
    namespace: &str,
    query: &Query,
) -> Answer {
    let Watch { initial, bookmarks, since, .. } = query.watch;
    let revision = store.revision();
    let (sender, changes) = mpsc::unbounded_channel();
    let watcher = Watcher {
        kind: kind.id(),
        prefix: if namespace.is_empty() { String::new() } else { format!("{namespace}/") },
        opening: format!(
            r#"{{"kind":"{}","apiVersion":"{}","#,
            kind.kind,
            api_version(&kind.group, version)
        ),
        selectors: query.selectors.clone(),
        sender,
    };
    let mut text = Vec::new();
    if initial || since == 0 {
        for (_, body) in store.range(&kind.id(), &watcher.prefix, "", revision) {
            if query.admits(|| decode(body)) {
                text.extend_from_slice(&watcher.line("ADDED", body));
            }
        }
    } else if store.remembers(since) {
        for (revision, key, before, after) in store.changes(&kind.id(), since) {
            if key.starts_with(&watcher.prefix) {
                text.extend(watcher.event(revision, before, after).unwrap_or_default());
            }
        }
    } else {
        let message = format!("too old resource version: {since} ({revision})");
        let gone = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": "Expired", "code": 410,
        });
        return Answer::json(200, event("ERROR", &gone));
    }
    if initial && bookmarks {
        text.extend_from_slice(&bookmark(kind, version, revision));
    }
    store.watch(watcher);
    Answer { is_open: true, changes: Some(changes), ..Answer::json(200, text) }
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
