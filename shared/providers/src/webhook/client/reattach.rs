//! The protocol carries labels but not the object that wants a record: each adjusted endpoint gets its
//! object back.

mod index;
#[cfg(test)]
mod tests;

use extdns_model::{Attribution, Endpoint, LabelKey, Labels, Name, RecordSet};

use self::index::{Answer, Desired, Index};
use crate::Adjusted;

/// Takes the answers about the desired endpoints one by one, as they arrive.
///
/// Servers that change little answer in order. Then each answer takes the place of its endpoint,
/// and both lists are never in memory side by side. From the first answer that is not about the
/// next endpoint, an index of all endpoints takes over, which has the objects but not the values.
#[derive(Debug)]
pub(super) struct Reattach {
    /// The answers, and behind them the endpoints that are not answered yet.
    endpoints: Vec<Endpoint>,
    answered: usize,
    index: Option<Index>,
}

impl Reattach {
    pub(super) fn new(desired: Vec<Endpoint>) -> Self {
        Self { endpoints: desired, answered: 0, index: None }
    }

    /// The next answer. One without targets, where the endpoint had some, counts as no answer: it
    /// says neither what to store nor that the record should be deleted. An answer that is given twice counts
    /// once; of two different answers about one endpoint it is not known which of them holds, so
    /// that endpoint has no answer.
    pub(super) fn take(&mut self, set: RecordSet, labels: Labels) {
        if self.index.is_none()
            && let Some(desired) = self.endpoints.get_mut(self.answered)
            && same_key(&desired.set, &set)
            && desired.set.targets.is_empty() == set.targets.is_empty()
        {
            self.answered += 1;
            let attribution = std::mem::take(&mut desired.attribution);
            let labels = own_labels(labels, &attribution);
            // An equal endpoint stays: its texts are shared with the object that it came from.
            if desired.set != set || *desired.labels() != labels {
                *desired = endpoint(set, labels);
            }
            desired.attribution = attribution;
            return;
        }
        self.take_by_name(set, labels);
    }

    fn take_by_name(&mut self, set: RecordSet, labels: Labels) {
        let Self { endpoints, answered, index } = self;
        let index = index.get_or_insert_with(|| {
            let index = Index::new(endpoints, *answered);
            endpoints.truncate(*answered);
            index
        });
        let attribution = match index.exact(&set) {
            Some(desired) => {
                let is_same = |position: usize| {
                    let taken = &endpoints[position];
                    taken.set == set
                        && *taken.labels() == own_labels(labels.clone(), &desired.attribution)
                };
                let is_empty = set.targets.is_empty() && !desired.empty;
                let next = Answer::Taken(endpoints.len());
                desired.answer = match desired.answer {
                    Answer::Nothing | Answer::OtherForm if is_empty => Answer::Empty,
                    Answer::Nothing | Answer::OtherForm => next,
                    Answer::Empty if is_empty => Answer::Empty,
                    Answer::Taken(position) if is_same(position) => Answer::Taken(position),
                    _ => Answer::Contradicted,
                };
                if desired.answer != next {
                    return;
                }
                desired.attribution.clone()
            }
            None if set.targets.is_empty() => return,
            None => index.other_form(&set),
        };
        let mut answer = endpoint(set, own_labels(labels, &attribution));
        answer.attribution = attribution;
        endpoints.push(answer);
    }

    /// All answers, and a note for each endpoint that did not come back as it was sent.
    pub(super) fn finish(mut self) -> Adjusted {
        let notes = match self.index {
            Some(index) => index.notes(),
            None => self
                .endpoints
                .drain(self.answered..)
                .filter_map(|desired| Desired::of(&desired).note())
                .collect(),
        };
        Adjusted { endpoints: self.endpoints, notes }
    }
}

fn endpoint(set: RecordSet, labels: Labels) -> Endpoint {
    let mut endpoint = Endpoint::from_set(set);
    if !labels.is_empty() {
        endpoint.edit_labels(|own| *own = labels);
    }
    endpoint
}

/// The labels without the resource where the attribution says it.
fn own_labels(mut labels: Labels, attribution: &Attribution) -> Labels {
    if *attribution != Attribution::None {
        labels.remove(LabelKey::RESOURCE);
    }
    labels
}

/// Whether the answer is about this endpoint. Servers may write a name in another form.
fn same_key(desired: &RecordSet, answer: &RecordSet) -> bool {
    desired.rtype == answer.rtype
        && desired.set_identifier() == answer.set_identifier()
        && same_name(&desired.name, &answer.name)
}

fn same_name(left: &Name, right: &Name) -> bool {
    left == right || left.key() == right.key()
}
