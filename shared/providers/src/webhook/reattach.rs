//! The protocol carries labels but not who wants a record: each adjusted endpoint gets that back.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use extdns_model::{Attribution, Endpoint, LabelKey, Labels, Name, RecordSet, RecordType};

use crate::{Adaptation, AdaptationKind, Adjusted};

/// Takes the answers about the desired endpoints one by one, as they arrive.
///
/// Servers that change little answer in order. Then each answer takes the place of its endpoint,
/// and both lists are never in memory side by side. From the first answer that is not about the
/// next endpoint, an index of all endpoints takes over: without their values, only who wants them.
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

    /// The next answer. One without targets, where the endpoint had some, is none: the server says
    /// neither what to store nor that the record is to go. Nor is one that was given before: nobody
    /// knows which of the two holds.
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
        let index = self.index.get_or_insert_with(|| {
            let index = Index::new(&self.endpoints, self.answered);
            self.endpoints.truncate(self.answered);
            index
        });
        let Some(attribution) = index.attribution(&set) else { return };
        let mut answer = endpoint(set, own_labels(labels, &attribution));
        answer.attribution = attribution;
        self.endpoints.push(answer);
    }

    /// All answers, and a note for each endpoint that did not come back as it was sent.
    pub(super) fn finish(mut self) -> Adjusted {
        let notes = match self.index {
            Some(index) => index.unanswered(),
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

/// Desired endpoints by name.
#[derive(Debug)]
struct Index(Vec<Desired>);

/// Who wants what.
#[derive(Debug)]
struct Desired {
    /// Of the name: the index is sorted by it.
    hash: u64,
    name: Name,
    rtype: RecordType,
    set_identifier: String,
    attribution: Attribution,
    /// Whether it has no targets.
    empty: bool,
    answer: Answer,
    position: usize,
}

/// What the server said about a desired endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Nothing,
    /// An endpoint without targets.
    Empty,
    /// What is desired, as it may be stored.
    Once,
    /// The same more than once.
    Again,
    /// Another type or set identifier of the name, which nobody wants.
    OtherForm,
}

impl Answer {
    /// What it means for the endpoint, and why; nothing where the endpoint goes on as answered.
    fn adaptation(self) -> Option<(AdaptationKind, &'static str)> {
        match self {
            Self::Once => None,
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
            Self::Again => Some((
                AdaptationKind::Missing,
                "the webhook provider returned it from /adjustendpoints more than once, which is \
                 a fault of the provider",
            )),
            Self::OtherForm => Some((
                AdaptationKind::Changed,
                "the webhook provider did not return it from /adjustendpoints in this form",
            )),
        }
    }
}

impl Desired {
    fn of(endpoint: &Endpoint) -> Self {
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
    fn note(self) -> Option<Adaptation> {
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
    fn new(endpoints: &[Endpoint], answered: usize) -> Self {
        let desired = |(position, endpoint)| {
            let answer = if position < answered { Answer::Once } else { Answer::Nothing };
            Desired { answer, position, ..Desired::of(endpoint) }
        };
        let mut index: Vec<_> = endpoints.iter().enumerate().map(desired).collect();
        index.sort_unstable_by_key(|desired| (desired.hash, desired.position));
        Self(index)
    }

    /// Who wants the answer: whoever wants exactly that, else whoever wants its name first.
    /// `None` for an answer that is not to be taken.
    fn attribution(&mut self, answer: &RecordSet) -> Option<Attribution> {
        let hash = hash(&answer.name);
        let start = self.0.partition_point(|desired| desired.hash < hash);
        let end = start + self.0[start..].partition_point(|desired| desired.hash == hash);
        let of_name = |desired: &&mut Desired| same_name(&desired.name, &answer.name);
        let exact = self.0[start..end].iter_mut().filter(of_name).find(|desired| {
            desired.rtype == answer.rtype && desired.set_identifier == answer.set_identifier()
        });
        if let Some(desired) = exact {
            let empty = answer.targets.is_empty() && !desired.empty;
            let first = desired.answer == Answer::Nothing;
            desired.answer = match (first, empty) {
                (false, _) => Answer::Again,
                (true, true) => Answer::Empty,
                (true, false) => Answer::Once,
            };
            return (desired.answer == Answer::Once).then(|| desired.attribution.clone());
        }
        if answer.targets.is_empty() {
            return None;
        }
        let mut attribution = None;
        for desired in self.0[start..end].iter_mut().filter(of_name) {
            attribution.get_or_insert_with(|| desired.attribution.clone());
            if desired.answer == Answer::Nothing {
                desired.answer = Answer::OtherForm;
            }
        }
        Some(attribution.unwrap_or_default())
    }

    /// A note for each endpoint that was not answered as it was sent, in the order of the
    /// endpoints.
    fn unanswered(mut self) -> Vec<Adaptation> {
        self.0.sort_unstable_by_key(|desired| desired.position);
        self.0.into_iter().filter_map(Desired::note).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use extdns_model::{ClusterId, Resource, ResourceKind, Ttl};
    use proptest::prelude::*;

    use super::*;

    fn set(name: &str, rtype: RecordType, set_identifier: &str) -> RecordSet {
        let targets = ["192.0.2.1"].into_iter().collect();
        RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, targets)
            .with_set_identifier(set_identifier)
    }

    fn wanted(name: &str, rtype: RecordType, set_identifier: &str, by: u16) -> Endpoint {
        Endpoint::from_set(set(name, rtype, set_identifier)).wanted_by(Arc::new(Resource {
            cluster: ClusterId(by),
            kind: ResourceKind::SERVICE,
            namespace: Some("ns".into()),
            name: format!("s{by}").into(),
        }))
    }

    fn desired() -> Vec<Endpoint> {
        vec![
            wanted("a.org", RecordType::A, "", 0),
            wanted("a.org", RecordType::Aaaa, "", 1),
            wanted("b.org", RecordType::A, "blue", 2),
            wanted("b.org", RecordType::A, "green", 3),
            wanted("bücher.org", RecordType::A, "", 4),
        ]
    }

    type Key = (&'static str, RecordType, &'static str);
    /// A name, the answers, who wants each of them, whose endpoints were not answered.
    type Case = (&'static str, Vec<Key>, Vec<Option<u16>>, Vec<u16>);

    /// Who wants each answer, and whose endpoints were not answered.
    fn outcome(answers: Vec<RecordSet>) -> (Vec<Option<u16>>, Vec<u16>) {
        let mut reattach = Reattach::new(desired());
        for answer in answers {
            let labels = [("resource", "ingress/x/y")].into_iter().collect();
            reattach.take(answer, labels);
        }
        let adjusted = reattach.finish();
        let by = |own: &Attribution| own.first().map(|resource| resource.cluster.0);
        let endpoints = adjusted.endpoints.iter().map(|own| by(&own.attribution)).collect();
        let notes = adjusted.notes.iter().map(|note| by(&note.attribution).expect("somebody"));
        (endpoints, notes.collect())
    }

    #[test]
    fn each_answer_finds_who_wants_it() {
        use RecordType::{A, Aaaa, Cname};
        let all = [
            ("a.org", A, ""),
            ("a.org", Aaaa, ""),
            ("b.org", A, "blue"),
            ("b.org", A, "green"),
            ("bücher.org", A, ""),
        ];
        let cases: Vec<Case> = vec![
            (
                "all in order",
                all.to_vec(),
                vec![Some(0), Some(1), Some(2), Some(3), Some(4)],
                vec![],
            ),
            ("nothing", vec![], vec![], vec![0, 1, 2, 3, 4]),
            ("the first two", all[..2].to_vec(), vec![Some(0), Some(1)], vec![2, 3, 4]),
            (
                "without the first",
                all[1..].to_vec(),
                vec![Some(1), Some(2), Some(3), Some(4)],
                vec![0],
            ),
            (
                "backwards",
                all.iter().rev().copied().collect(),
                vec![Some(4), Some(3), Some(2), Some(1), Some(0)],
                vec![],
            ),
            (
                "names in another form",
                vec![("A.org", A, ""), ("a.ORG.", Aaaa, ""), ("xn--bcher-kva.org", A, "")],
                vec![Some(0), Some(1), Some(4)],
                vec![2, 3],
            ),
            (
                "another type: by name, the first",
                vec![("a.org", Cname, ""), ("b.org", A, "")],
                vec![Some(0), Some(2)],
                vec![0, 1, 2, 3, 4],
            ),
            (
                "another type of an answered name",
                vec![all[0], ("a.org", Cname, "")],
                vec![Some(0), Some(0)],
                vec![1, 2, 3, 4],
            ),
            ("made up", vec![("new.org", A, "")], vec![None], vec![0, 1, 2, 3, 4]),
            (
                "one twice: the second is not taken, and the name noted",
                all.iter().copied().chain([("a.org", Aaaa, "")]).collect(),
                vec![Some(0), Some(1), Some(2), Some(3), Some(4)],
                vec![1],
            ),
        ];
        for (case, answers, endpoints, notes) in cases {
            let answers = answers.into_iter().map(|(name, rtype, id)| set(name, rtype, id));
            assert_eq!(outcome(answers.collect()), (endpoints, notes), "{case}");
        }
    }

    #[test]
    fn what_is_missing_is_distinguished_from_what_has_another_form() {
        use RecordType::{A, Aaaa, Cname};
        let without_targets = |name, rtype| {
            RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, Default::default())
        };
        let answers = [
            without_targets("a.org", A),
            set("a.org", Aaaa, ""),
            set("b.org", Cname, ""),
            without_targets("new.org", A),
        ];
        let mut reattach = Reattach::new(desired());
        answers.into_iter().for_each(|answer| reattach.take(answer, Labels::new()));
        let adjusted = reattach.finish();
        let taken: Vec<_> = adjusted.endpoints.iter().map(|own| own.set.to_string()).collect();
        assert_eq!(taken, ["a.org 0 IN AAAA  192.0.2.1 []", "b.org 0 IN CNAME  192.0.2.1 []"]);
        let notes: Vec<_> = adjusted
            .notes
            .iter()
            .map(|note| format!("{} {} {:?}", note.name, note.set_identifier, note.kind))
            .collect();
        assert_eq!(
            notes,
            ["a.org  Missing", "b.org blue Changed", "b.org green Changed", "bücher.org  Missing",]
        );
        assert!(adjusted.notes[0].reason.contains("without targets"), "{:?}", adjusted.notes[0]);
    }

    #[test]
    fn what_is_answered_counts_and_not_what_was_sent() {
        let mut changed = set("a.org", RecordType::A, "");
        changed.ttl = Ttl::from_seconds(60);
        let labels = [("x", "y"), ("resource", "ingress/x/y")].into_iter().collect();
        let mut reattach = Reattach::new(vec![wanted("a.org", RecordType::A, "", 0)]);
        reattach.take(changed, labels);
        let adjusted = reattach.finish();
        let [only] = &adjusted.endpoints[..] else { panic!("one: {adjusted:?}") };
        assert_eq!(only.set.ttl, Ttl::from_seconds(60));
        assert_eq!(only.labels().get("x"), Some("y"));
        assert_eq!(only.resource_label().as_deref(), Some("service/ns/s0"));
    }

    #[test]
    fn a_resource_label_stays_where_no_object_is_known() {
        let labels: Labels = [("resource", "ingress/x/y")].into_iter().collect();
        let mut desired = Endpoint::from_set(set("a.org", RecordType::A, ""));
        desired.edit_labels(|own| *own = labels.clone());
        for desired in [vec![desired], vec![]] {
            let mut reattach = Reattach::new(desired);
            reattach.take(set("a.org", RecordType::A, ""), labels.clone());
            let label = reattach.finish().endpoints[0].resource_label();
            assert_eq!(label.as_deref(), Some("ingress/x/y"));
        }
    }

    proptest! {
        #[test]
        fn the_order_of_answers_does_not_matter(order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle(),
            left in 0..5_usize) {
            let desired = desired();
            let kept = &order[..left];
            let answers = kept.iter().map(|position| {
                let set = &desired[*position].set;
                set.clone()
            });
            let (endpoints, mut notes) = outcome(answers.collect());
            prop_assert_eq!(endpoints.into_iter().flatten().map(usize::from).collect::<Vec<_>>(), kept);
            notes.extend(kept.iter().map(|position| u16::try_from(*position).expect("small")));
            notes.sort_unstable();
            prop_assert_eq!(notes, [0, 1, 2, 3, 4]);
        }
    }
}
