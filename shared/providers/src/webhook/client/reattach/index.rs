//! The desired endpoints by name, for answers that come in another order.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use extdns_model::{Attribution, Endpoint, Name, RecordSet, RecordType};

use super::same_name;
use crate::{Adaptation, AdaptationKind};

/// Desired endpoints by name.
#[derive(Debug)]
pub(super) struct Index(Vec<Desired>);

/// A desired endpoint without its values: the object that wants it, and what was answered.
#[derive(Debug)]
pub(super) struct Desired {
    /// Of the name: the index is sorted by it.
    hash: u64,
    name: Name,
    rtype: RecordType,
    set_identifier: String,
    pub(super) attribution: Attribution,
    /// Whether it has no targets.
    pub(super) empty: bool,
    pub(super) answer: Answer,
    position: usize,
}

/// What the server said about a desired endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Nothing,
    /// An endpoint without targets.
    Empty,
    /// What is desired, as it may be stored: its position among the answers.
    Taken(usize),
    /// Several answers that differ.
    Contradicted,
    /// Another type or set identifier of the name, which is not desired.
    OtherForm,
}

impl Answer {
    /// What it means for the endpoint, and why; nothing where the endpoint goes on as answered.
    fn adaptation(self) -> Option<(AdaptationKind, &'static str)> {
        match self {
            Self::Taken(_) => None,
            Self::Nothing => Some((
                AdaptationKind::Missing,
                "the webhook provider did not return it from /adjustendpoints; see the provider's \
                 log for why, or keep the provider from being asked for it (--managed-record-types, \
                 --domain-filter)",
            )),
            Self::Empty => Some((
                AdaptationKind::Missing,
                "the webhook provider returned it from /adjustendpoints without targets; see the \
                 provider's log for why",
            )),
            Self::Contradicted => Some((
                AdaptationKind::Missing,
                "the webhook provider returned it from /adjustendpoints several times and not \
                 always the same, which is a fault of the provider",
            )),
            Self::OtherForm => Some((
                AdaptationKind::Changed,
                "the webhook provider did not return it from /adjustendpoints in this form",
            )),
        }
    }
}

impl Desired {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        Self {
            hash: hash(&endpoint.set.name),
            name: endpoint.set.name.clone(),
            rtype: endpoint.set.rtype,
            set_identifier: endpoint.set.set_identifier().to_owned(),
            attribution: endpoint.attribution.clone(),
            empty: endpoint.set.targets.is_empty(),
            answer: Answer::Nothing,
            position: 0,
        }
    }

    /// A note, if the answer asks for one.
    pub(super) fn note(self) -> Option<Adaptation> {
        let (kind, reason) = self.answer.adaptation()?;
        Some(Adaptation {
            name: self.name,
            rtype: self.rtype,
            set_identifier: self.set_identifier,
            attribution: self.attribution,
            kind,
            reason: reason.to_owned(),
        })
    }
}

fn hash(name: &Name) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.key().hash(&mut hasher);
    hasher.finish()
}

impl Index {
    /// Of all these endpoints, the first of which are answered.
    pub(super) fn new(endpoints: &[Endpoint], answered: usize) -> Self {
        let desired = |(position, endpoint)| {
            let answer =
                if position < answered { Answer::Taken(position) } else { Answer::Nothing };
            Desired { answer, position, ..Desired::of(endpoint) }
        };
        let mut index: Vec<_> = endpoints.iter().enumerate().map(desired).collect();
        index.sort_unstable_by_key(|desired| (desired.hash, desired.position));
        Self(index)
    }

    /// The desired endpoint of the name, type and set identifier of an answer.
    pub(super) fn exact(&mut self, answer: &RecordSet) -> Option<&mut Desired> {
        self.of_name(answer).find(|desired| {
            desired.rtype == answer.rtype && desired.set_identifier == answer.set_identifier()
        })
    }

    /// Takes note of an answer of another type or set identifier than any desired endpoint of its
    /// name has. The first of them says which object wants it.
    pub(super) fn other_form(&mut self, answer: &RecordSet) -> Attribution {
        let mut attribution = None;
        for desired in self.of_name(answer) {
            attribution.get_or_insert_with(|| desired.attribution.clone());
            if desired.answer == Answer::Nothing {
                desired.answer = Answer::OtherForm;
            }
        }
        attribution.unwrap_or_default()
    }

    fn of_name(&mut self, answer: &RecordSet) -> impl Iterator<Item = &mut Desired> {
        let hash = hash(&answer.name);
        let start = self.0.partition_point(|desired| desired.hash < hash);
        let end = start + self.0[start..].partition_point(|desired| desired.hash == hash);
        self.0[start..end].iter_mut().filter(|desired| same_name(&desired.name, &answer.name))
    }

    /// A note for each endpoint that was not answered as it was sent, in the order of the
    /// endpoints.
    pub(super) fn notes(mut self) -> Vec<Adaptation> {
        self.0.sort_unstable_by_key(|desired| desired.position);
        self.0.into_iter().filter_map(Desired::note).collect()
    }
}
