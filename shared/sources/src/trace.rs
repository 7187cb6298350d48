//! A second look at the objects, for `explain`: which of them have a name, and which rule hides
//! them from a run.
//!
//! An ordinary run lets hidden objects go as they are read, and stores nothing of them. A sink with
//! a trace lets them through, and the trace keeps the first rule that each failed.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::EcoString;
use extdns_clusters::DroppedBy;
use extdns_model::{Name, Resource};

/// Why an object, or one of its names, is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum HiddenBy {
    /// A filter that all sources share.
    #[error("{0}")]
    Filter(DroppedBy),
    /// A rule of one source, in its words.
    #[error("{0}")]
    Source(EcoString),
}

/// An object that has the name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// The object.
    pub resource: Arc<Resource>,
    /// The first rule that keeps an ordinary run from asking it; `None` if it is asked.
    pub hidden: Option<HiddenBy>,
}

/// The objects that have a name.
#[derive(Debug)]
pub(crate) struct Trace {
    /// The key of the name.
    key: Box<str>,
    /// Objects that are only looked at because of the trace.
    hidden: BTreeMap<Arc<Resource>, HiddenBy>,
    found: Vec<Sighting>,
}

impl Trace {
    pub(crate) fn of(name: &Name) -> Self {
        Self { key: name.key().into(), hidden: BTreeMap::new(), found: Vec::new() }
    }

    /// An empty trace that looks for the same name.
    pub(crate) fn sibling(&self) -> Self {
        Self { key: self.key.clone(), hidden: BTreeMap::new(), found: Vec::new() }
    }

    /// Notes that an object has a name.
    pub(crate) fn note(&mut self, text: &str, by: &Arc<Resource>, hidden: Option<HiddenBy>) {
        if *Name::as_listed(text).key() == *self.key {
            self.found.push(Sighting { resource: Arc::clone(by), hidden });
        }
    }

    /// Notes that a rule hides an object.
    pub(crate) fn hide(&mut self, resource: &Arc<Resource>, rule: HiddenBy) {
        self.hidden.insert(Arc::clone(resource), rule);
    }

    /// Whether an ordinary run does not ask an object.
    pub(crate) fn hides(&self, resource: &Arc<Resource>) -> bool {
        self.hidden.contains_key(resource)
    }

    /// Takes over what another trace found.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.hidden.extend(other.hidden);
        self.found.extend(other.found);
    }

    /// An object that is hidden as a whole is so under each of its names. A name that is in several
    /// fields of an object is hidden only if all of them are.
    pub(crate) fn finish(self) -> Vec<Sighting> {
        let Self { hidden, mut found, .. } = self;
        for sighting in &mut found {
            if let Some(rule) = hidden.get(&sighting.resource) {
                sighting.hidden = Some(rule.clone());
            }
        }
        found.sort();
        found.dedup_by(|later, first| later.resource == first.resource);
        found
    }
}
