use std::sync::Arc;

use extdns_model::{ClusterId, RecordType, Resource, ResourceKind, Ttl};
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
    let notes = adjusted.notes.iter().map(|note| by(&note.attribution).expect("an object"));
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
        ("all in order", all.to_vec(), vec![Some(0), Some(1), Some(2), Some(3), Some(4)], vec![]),
        ("nothing", vec![], vec![], vec![0, 1, 2, 3, 4]),
        ("the first two", all[..2].to_vec(), vec![Some(0), Some(1)], vec![2, 3, 4]),
        ("without the first", all[1..].to_vec(), vec![Some(1), Some(2), Some(3), Some(4)], vec![0]),
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
            "one twice and the same: the second is not taken",
            all.iter().copied().chain([("a.org", Aaaa, "")]).collect(),
            vec![Some(0), Some(1), Some(2), Some(3), Some(4)],
            vec![],
        ),
    ];
    for (case, answers, endpoints, notes) in cases {
        let answers = answers.into_iter().map(|(name, rtype, id)| set(name, rtype, id));
        assert_eq!(outcome(answers.collect()), (endpoints, notes), "{case}");
    }
}

/// Two different answers about one endpoint; and another type of the name before the type that is
/// desired, which is the one answer that counts.
#[test]
fn answers_that_differ_count_as_none_and_equal_ones_as_one() {
    let answer = |address: &str| {
        let targets = [address].into_iter().collect();
        RecordSet::new(Name::as_listed("a.org"), RecordType::A, Ttl::UNSET, targets)
    };
    let other = set("a.org", RecordType::Cname, "");
    let none = answer("192.0.2.1");
    let none = RecordSet::new(none.name, none.rtype, none.ttl, Default::default());
    let (one, two) = (answer("192.0.2.1"), answer("192.0.2.2"));
    let table = [
        (vec![&one, &one, &one], 1, None),
        (vec![&one, &two], 1, Some("not always the same")),
        (vec![&one, &two, &one], 1, Some("not always the same")),
        (vec![&one, &none], 1, Some("not always the same")),
        (vec![&none, &none], 0, Some("without targets")),
        (vec![&none, &one], 0, Some("not always the same")),
        (vec![&other, &one, &one], 2, None),
    ];
    for (answers, taken, noted) in table {
        let mut reattach = Reattach::new(vec![wanted("a.org", RecordType::A, "", 0)]);
        answers.iter().for_each(|set| reattach.take((*set).clone(), Labels::new()));
        let adjusted = reattach.finish();
        assert_eq!(adjusted.endpoints.len(), taken, "{answers:?}");
        let notes: Vec<_> = adjusted.notes.iter().map(|note| note.reason.as_str()).collect();
        match noted {
            None => assert!(notes.is_empty(), "{answers:?}: {notes:?}"),
            Some(text) => assert!(notes.len() == 1 && notes[0].contains(text), "{notes:?}"),
        }
    }
}

#[test]
fn what_is_missing_is_distinguished_from_what_has_another_form() {
    use RecordType::{A, Aaaa, Cname};
    let without_targets =
        |name, rtype| RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, Default::default());
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
