//! `--events-emit`: what the objects are told about their records, and what an Event says of an object.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ecow::EcoString;
use extdns_clusters::{Metadata, ObjectReference, ResourceType};
use extdns_model::{Resource, ResourceKind};

/// What the objects are told. The words are those of `--events-emit`, and the reasons of the Events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventReasons {
    /// That a record was made or changed.
    pub ready: bool,
    /// That a record could not be made, changed or deleted.
    pub error: bool,
    /// That a record was deleted.
    pub deleted: bool,
}

impl EventReasons {
    /// The reason of a record that was made or changed.
    pub const READY: &'static str = "RecordReady";
    /// The reason of a change that failed.
    pub const ERROR: &'static str = "RecordError";
    /// The reason of a record that was deleted.
    pub const DELETED: &'static str = "RecordDeleted";

    /// Reads the values of the flag. Other words ask for nothing, as upstream has it.
    pub(crate) fn read(words: &[String]) -> Self {
        let has = |reason| words.iter().any(|word| word == reason);
        Self { ready: has(Self::READY), error: has(Self::ERROR), deleted: has(Self::DELETED) }
    }

    /// Whether the objects are told anything.
    #[must_use]
    pub fn any(self) -> bool {
        self.ready || self.error || self.deleted
    }

    /// Whether a word asks for something.
    pub(crate) fn knows(word: &str) -> bool {
        [Self::READY, Self::ERROR, Self::DELETED].contains(&word)
    }
}

/// The objects of a cluster that can be told something: of each kind where it is served and which source reads it, and
/// of each object its id.
#[derive(Debug, Default)]
pub struct References {
    source: &'static str,
    reasons: EventReasons,
    kinds: BTreeMap<ResourceKind, (ResourceType, &'static str)>,
    uids: HashMap<Arc<Resource>, EcoString>,
}

impl References {
    /// Those that a source reads.
    pub(crate) fn of(source: &'static str, reasons: EventReasons) -> Self {
        Self { source, reasons, ..Self::default() }
    }

    /// An empty one for the same source.
    pub(crate) fn sibling(&self) -> Self {
        Self::of(self.source, self.reasons)
    }

    pub(crate) fn note(&mut self, kind: ResourceType, by: &Arc<Resource>, metadata: &Metadata) {
        self.kinds.entry(by.kind).or_insert((kind, self.source));
        self.uids.insert(Arc::clone(by), metadata.uid.clone());
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        for (kind, served) in other.kinds {
            self.kinds.entry(kind).or_insert(served);
        }
        if self.uids.is_empty() {
            self.uids = other.uids;
        } else {
            self.uids.extend(other.uids);
        }
    }

    /// What they are told.
    #[must_use]
    pub fn reasons(&self) -> EventReasons {
        self.reasons
    }

    /// An object and the source that reads it; without its id where it is not there any more. `None` for a kind that
    /// no source of the run reads.
    #[must_use]
    pub fn get(&self, resource: &Resource) -> Option<(ObjectReference, &'static str)> {
        let (kind, source) = self.kinds.get(&resource.kind)?;
        let reference = ObjectReference {
            resource: *kind,
            namespace: resource.namespace.clone().unwrap_or_default(),
            name: resource.name.clone(),
            uid: self.uids.get(resource).cloned().unwrap_or_default(),
        };
        Some((reference, source))
    }
}

#[cfg(test)]
mod tests {
    use super::EventReasons;

    #[test]
    fn only_known_words_ask_for_events() {
        let read = |words: &[&str]| {
            EventReasons::read(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert!(!read(&[]).any());
        assert!(!read(&["recordready", "All"]).any());
        assert_eq!(
            read(&["RecordReady", "x", "RecordDeleted"]),
            EventReasons { ready: true, error: false, deleted: true }
        );
        assert!(read(&["RecordError"]).any());
    }
}
