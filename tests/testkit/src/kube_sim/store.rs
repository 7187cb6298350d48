//! Objects with their history: what was true at a revision can be read at that revision, as in etcd.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use serde_json::{Value, json};

use super::kinds::{Kind, KindId};
use super::watch::Watcher;

/// An object as text, past its opening brace and without `apiVersion` and `kind`: those go in front when it is sent.
pub(super) type Body = Bytes;

/// One state of an object; without a body it was deleted.
#[derive(Debug)]
struct State {
    revision: u64,
    body: Option<Body>,
}

/// Objects of one resource by `namespace/name` or `name`: as text, since that is the order of etcd.
type Objects = BTreeMap<String, Vec<State>>;

#[derive(Debug)]
pub(super) struct Store {
    revision: u64,
    compacted: u64,
    objects: BTreeMap<KindId, Objects>,
    /// Who is told of changes.
    watchers: Vec<Watcher>,
}

impl Store {
    pub(super) fn new() -> Self {
        Self { revision: 1, compacted: 0, objects: BTreeMap::new(), watchers: Vec::new() }
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// Forgets what was before now: from here on, lists that began earlier cannot be continued.
    pub(super) fn compact(&mut self) {
        // A revision of its own, so that a list of this very moment is older than it.
        self.revision += 1;
        self.compacted = self.revision;
        for objects in self.objects.values_mut() {
            objects.retain(|_, states| {
                states.drain(..states.len() - 1);
                states.iter().any(|state| state.body.is_some())
            });
        }
    }

    /// Whether the state at a revision is still known.
    pub(super) fn remembers(&self, revision: u64) -> bool {
        self.compacted <= revision && revision <= self.revision
    }

    pub(super) fn get(&self, kind: &KindId, key: &str) -> Option<&Body> {
        self.objects.get(kind)?.get(key)?.last()?.body.as_ref()
    }

    /// Keys and bodies at a revision, from the key `start` on, in order.
    pub(super) fn range<'a>(
        &'a self,
        kind: &KindId,
        prefix: &'a str,
        start: &'a str,
        revision: u64,
    ) -> impl Iterator<Item = (&'a str, &'a Body)> + use<'a> {
        let from = Bound::Included(start.max(prefix));
        let objects = self.objects.get(kind).into_iter();
        objects
            .flat_map(move |objects| objects.range::<str, _>((from, Bound::Unbounded)))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .filter_map(move |(key, states)| {
                let state = states.iter().rev().find(|state| state.revision <= revision)?;
                Some((key.as_str(), state.body.as_ref()?))
            })
    }

    /// Stores an object, new or in the place of the one with its name. Fills in what the server does.
    pub(super) fn put(&mut self, kind: &Kind, key: String, mut object: Value) -> Value {
        let before = self.get(&kind.id(), &key).map(decode);
        let revision = self.revision + 1;
        object.as_object_mut().map(|fields| (fields.remove("apiVersion"), fields.remove("kind")));
        let metadata = &mut object["metadata"];
        metadata["resourceVersion"] = json!(revision.to_string());
        let made = before.as_ref().map_or(&Value::Null, |before| &before["metadata"]);
        for (field, new) in [
            ("uid", json!(format!("00000000-0000-4000-8000-{revision:012x}"))),
            ("creationTimestamp", json!("2026-01-01T00:00:00Z")),
        ] {
            if metadata[field].is_null() {
                metadata[field] = if made[field].is_null() { new } else { made[field].clone() };
            }
        }
        if kind.custom {
            let generation = before.as_ref().map_or(1, |before| {
                let old = before["metadata"]["generation"].as_u64().unwrap_or(1);
                if before["spec"] == object["spec"] { old } else { old + 1 }
            });
            object["metadata"]["generation"] = json!(generation);
        }
        self.put_text(kind.id(), key, |_| object.to_string());
        object
    }

    /// Stores an object whose text (without `apiVersion` and `kind`) is made for its revision.
    pub(super) fn put_text(&mut self, kind: KindId, key: String, text: impl FnOnce(u64) -> String) {
        self.revision += 1;
        let body = Bytes::from(text(self.revision)).slice(1..);
        self.push(kind, key, Some(body));
    }

    /// Removes an object; returns whether it was there.
    pub(super) fn delete(&mut self, kind: &KindId, key: &str) -> bool {
        let there = self.get(kind, key).is_some();
        if there {
            self.revision += 1;
            self.push(kind.clone(), key.to_owned(), None);
        }
        there
    }

    /// The changes of a kind after a revision, in their order: revision, key, what was before and what is then.
    pub(super) fn changes<'a>(
        &'a self,
        kind: &KindId,
        after: u64,
    ) -> Vec<(u64, &'a str, Option<&'a Body>, Option<&'a Body>)> {
        let objects = self.objects.get(kind).into_iter().flatten();
        let mut changes: Vec<_> = objects
            .flat_map(|(key, states)| {
                let before =
                    std::iter::once(None).chain(states.iter().map(|own| own.body.as_ref()));
                let pairs = before.zip(states).filter(move |(_, state)| state.revision > after);
                pairs.map(|(before, state)| {
                    (state.revision, key.as_str(), before, state.body.as_ref())
                })
            })
            .collect();
        changes.sort_unstable_by_key(|(revision, ..)| *revision);
        changes
    }

    /// Tells a watcher of every change from now on.
    pub(super) fn watch(&mut self, watcher: Watcher) {
        self.watchers.push(watcher);
    }

    /// Ends all watches, as a server does at times.
    pub(super) fn end_watches(&mut self) {
        self.watchers.clear();
    }

    fn push(&mut self, kind: KindId, key: String, body: Option<Body>) {
        let before = self.get(&kind, &key).cloned();
        let revision = self.revision;
        self.watchers.retain(|own| own.tell(&kind, &key, revision, before.as_ref(), body.as_ref()));
        let state = State { revision: self.revision, body };
        self.objects.entry(kind).or_default().entry(key).or_default().push(state);
    }
}

/// The object behind a body, without `apiVersion` and `kind`.
pub(super) fn decode(body: &Body) -> Value {
    serde_json::from_slice(&[b"{", body.as_ref()].concat()).expect("what was stored is JSON")
}

/// Where an object lies.
pub(super) fn key(kind: &Kind, namespace: &str, name: &str) -> String {
    if kind.namespaced { format!("{namespace}/{name}") } else { name.to_owned() }
}
