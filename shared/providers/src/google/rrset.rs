//! Record sets, both ways, and the changes of a call.

use std::collections::HashSet;

use extdns_model::{Action, ChangeGroup, Name, Opaque, Record, RecordSet, RecordType, Stored, Ttl};
use serde::{Deserialize, Serialize};

use super::FORM;
use crate::engine::wire::fqdn;
use crate::{Cost, ErrorKind, ProviderError};

/// A record set as the service has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Rrset {
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    #[serde(default)]
    ttl: u32,
    /// None where a routing policy chooses the values.
    #[serde(default)]
    rrdatas: Vec<String>,
}

impl Rrset {
    fn of(set: &RecordSet) -> Self {
        Self {
            name: fqdn(&set.name.key()),
            rtype: set.rtype.to_string(),
            ttl: FORM.ttl(set.ttl),
            rrdatas: set.targets.iter().map(|target| FORM.value(set.rtype, target)).collect(),
        }
    }

    /// A record set exactly as it was read: the service deletes no other.
    pub(super) fn stored(own: &Stored) -> Self {
        own.origin.get::<Self>().cloned().unwrap_or_else(|| Self::of(&own.set))
    }

    /// The key of the name, if a routing policy chooses the values.
    pub(super) fn routed(&self) -> Option<String> {
        self.rrdatas.is_empty().then(|| Name::as_listed(&self.name).key().into_owned())
    }

    /// The record, with the set itself where ours would be written otherwise. `None` if its type has no name here.
    pub(super) fn record(self) -> Option<Record> {
        let rtype: RecordType = self.rtype.parse().ok()?;
        let targets = self.rrdatas.iter().map(|value| FORM.read(rtype, value)).collect();
        let ttl = Ttl::from_seconds(self.ttl.into());
        let set = RecordSet::new(Name::as_listed(&self.name), rtype, ttl, targets);
        let origin = if Self::of(&set) == self { Opaque::none() } else { Opaque::new(self) };
        Some(Record::new(set, origin))
    }

    pub(super) fn cost(&self) -> Cost {
        let bytes = self.rrdatas.iter().map(String::len).sum();
        Cost { changes: 1, values: self.rrdatas.len(), bytes }
    }
}

/// The changes of one call. All are made, or none: not if a deletion is not exactly what is there.
#[derive(Debug, Default, Serialize)]
pub(super) struct Changes {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    additions: Vec<Rrset>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deletions: Vec<Rrset>,
}

impl Changes {
    /// What a group relies on is deleted and added again, so that the call is refused if it is not there.
    pub(super) fn of(groups: &[&ChangeGroup]) -> Self {
        let mut changes = Self::default();
        for change in groups.iter().flat_map(|group| &group.changes) {
            changes.add(&change.action);
        }
        let required: Vec<&Stored> = groups.iter().flat_map(|group| &group.requires).collect();
        if !required.is_empty() {
            let key = |set: &Rrset| (set.name.clone(), set.rtype.clone());
            let mut named: HashSet<_> =
                changes.additions.iter().chain(&changes.deletions).map(key).collect();
            for own in required.into_iter().map(Rrset::stored) {
                if named.insert(key(&own)) {
                    changes.deletions.push(own.clone());
                    changes.additions.push(own);
                }
            }
        }
        changes
    }

    pub(super) fn add(&mut self, action: &Action) {
        if let Action::Delete(old) | Action::Update { old, .. } = action {
            self.deletions.push(Rrset::stored(old));
        }
        if let Action::Create(new) | Action::Update { new, .. } = action {
            self.additions.push(Rrset::of(&new.set));
        }
    }

    /// What they count against the limits of a call.
    pub(super) fn cost(action: &Action) -> Cost {
        let mut changes = Self::default();
        changes.add(action);
        changes.additions.iter().chain(&changes.deletions).map(Rrset::cost).sum()
    }

    /// The error of the call, with the names that it blames: `entity.change.additions[3]..`, or
    /// `entity.change.deletions[www.example.org.][A]`.
    pub(super) fn blame(&self, mut error: ProviderError) -> ProviderError {
        let (ErrorKind::Conflict(names) | ErrorKind::Rejected(names)) = &mut error.kind else {
            return error;
        };
        for (at, marker) in error.message.match_indices("entity.change.") {
            let blamed = error.message[at + marker.len()..].split(']').next();
            let Some((list, text)) = blamed.and_then(|it| it.split_once('[')) else { continue };
            let sets = if list == "additions" { &self.additions } else { &self.deletions };
            let name = text.parse().map_or(Some(text), |at: usize| Some(&*sets.get(at)?.name));
            let name = name.map(Name::as_listed);
            names.extend(name.filter(|name| !names.contains(name)));
        }
        error
    }
}
