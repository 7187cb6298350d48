use extdns_model::{
    Action, Change, Endpoint, GroupId, Hints, Inventory, Labels, Opaque, Outcome, Permit, Planned,
    RecordType, Role, Stored, Ttl, ZoneIndex, ZoneKey,
};

use super::*;
use crate::{Deadline, Reader as _};

fn args(zones: &[&str]) -> InmemoryArgs {
    InmemoryArgs { inmemory_zone: zones.iter().map(|zone| (*zone).to_owned()).collect() }
}

fn set(name: &str, target: &str) -> RecordSet {
    let targets = [target].into_iter().collect();
    RecordSet::new(Name::as_listed(name), RecordType::A, Ttl::UNSET, targets)
}

fn planned(set: RecordSet) -> Planned {
    let labels = [("owner", "me")].into_iter().collect();
    Planned { set, labels, hints: Hints::default() }
}

fn stored(set: RecordSet) -> Stored {
    Stored { set, labels: Labels::new(), origin: Opaque::none() }
}

fn group(id: u32, action: Action) -> ChangeGroup {
    let change = Change { role: Role::Record, action };
    let name = change.set().name.clone();
    ChangeGroup {
        id: GroupId(id),
        zone: ZoneKey(0),
        name,
        changes: vec![change],
        after: Vec::new(),
        requires: Vec::new(),
    }
}

fn groups(actions: impl IntoIterator<Item = Action>) -> Vec<ChangeGroup> {
    (0..).zip(actions).map(|(id, action)| group(id, action)).collect()
}

async fn apply(provider: &impl Provider, groups: &[ChangeGroup]) -> Vec<Outcome> {
    let Inventory { index, .. } = provider.read().await.expect("readable");
    let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
    writer.apply(groups, Deadline::none()).await
}

async fn contents(provider: &impl Provider) -> Vec<String> {
    let inventory = provider.read().await.expect("readable");
    inventory.records().map(|(_, record)| record.set.to_string()).collect()
}

#[tokio::test]
async fn zones_by_flag() {
    type Case<'c> = (&'c [&'c str], &'c [(&'c str, &'c str)]);
    let cases: &[Case<'_>] = &[
        (&[""], &[("inmemory", "")]),
        (&["example.org."], &[("example.org", "example.org")]),
        (&["b.org", "a.org", "A.org"], &[("a.org", "a.org"), ("b.org", "b.org")]),
    ];
    for (flags, expected) in cases {
        let inventory = provider(&args(flags)).read().await.expect("readable");
        let zones: Vec<_> = inventory
            .index
            .iter()
            .map(|(_, zone)| (zone.id.as_str(), zone.name.as_str()))
            .collect();
        assert_eq!(zones, *expected, "{flags:?}");
        assert_eq!(inventory.records().count(), 0);
        assert!(inventory.filter.is_open());
    }
}

#[tokio::test]
async fn the_zone_without_a_name_holds_every_name() {
    let provider = provider(&args(&[""]));
    let index = provider.read().await.expect("readable").index;
    assert_eq!(index.route("www.example.org", None).as_slice(), [ZoneKey(0)]);
    let made = groups([Action::Create(planned(set("www.example.org", "192.0.2.1")))]);
    assert_eq!(apply(&provider, &made).await, [Outcome::Applied]);
    assert_eq!(contents(&provider).await, ["www.example.org 0 IN A  192.0.2.1 []"]);
}

#[tokio::test]
async fn what_is_given_comes_back() {
    let provider = provider(&args(&["example.org"]));
    let blue = set("www.example.org", "192.0.2.1")
        .with_set_identifier("blue")
        .with_properties([("aws/weight", "10")].into_iter().collect());
    let green = set("www.example.org", "192.0.2.2").with_set_identifier("green");
    let desired = [&blue, &green].map(|set| Endpoint::from_set(set.clone())).into();
    let adjusted = provider.adjust(desired, &ZoneIndex::default()).await.expect("nothing to ask");
    assert!(adjusted.notes.is_empty());
    let made = adjusted.endpoints.into_iter().map(|it| Action::Create(planned(it.set)));
    apply(&provider, &groups(made)).await;
    let inventory = provider.read().await.expect("readable");
    let records: Vec<_> = inventory.records().map(|(_, record)| record).collect();
    assert_eq!(records.iter().map(|it| &it.set).collect::<Vec<_>>(), [&blue, &green]);
    assert!(records.iter().all(|it| it.labels.owner() == Some("me")));
}

#[tokio::test]
async fn creates_updates_and_deletes() {
    let provider = provider(&args(&["example.org"]));
    let (one, two) = (set("a.example.org", "192.0.2.1"), set("b.example.org", "192.0.2.1"));
    let changed = set("a.example.org", "192.0.2.9");
    let create = |set: &RecordSet| Action::Create(planned(set.clone()));
    let update = |old: &RecordSet, new: &RecordSet| Action::Update {
        old: stored(old.clone()),
        new: planned(new.clone()),
    };
    let delete = |set: &RecordSet| Action::Delete(stored(set.clone()));
    // What is done in turn, whether it is applied, what is there then.
    let cases: Vec<(Vec<Action>, Vec<bool>, Vec<&RecordSet>)> = vec![
        (vec![create(&one), create(&two)], vec![true, true], vec![&one, &two]),
        (vec![create(&one)], vec![true], vec![&one, &two]),
        (vec![create(&changed)], vec![false], vec![&one, &two]),
        (vec![update(&one, &changed)], vec![true], vec![&changed, &two]),
        (vec![delete(&two)], vec![true], vec![&changed]),
        (vec![delete(&two)], vec![true], vec![&changed]),
        (vec![update(&two, &two)], vec![false], vec![&changed]),
        // A refusal is looked up when all is sent: by then the zone shows what was wanted.
        (vec![update(&two, &two), create(&two)], vec![true, true], vec![&changed, &two]),
    ];
    for (step, (actions, applied, expected)) in cases.into_iter().enumerate() {
        let outcomes = apply(&provider, &groups(actions)).await;
        let found: Vec<_> = outcomes.iter().map(|it| *it == Outcome::Applied).collect();
        assert_eq!(found, applied, "step {step}: {outcomes:?}");
        let expected: Vec<_> = expected.iter().map(|set| set.to_string()).collect();
        assert_eq!(contents(&provider).await, expected, "step {step}");
    }
}

#[test]
fn a_batch_is_checked_as_a_whole() {
    let one = set("a.example.org", "192.0.2.1");
    let create = |set: &RecordSet| Action::Create(planned(set.clone()));
    let other = set("b.example.org", "192.0.2.1");
    let cases = [
        (vec![create(&other)], None),
        (vec![create(&one)], Some("A a.example.org: record already exists")),
        (vec![Action::Delete(stored(one.clone()))], None),
        (vec![Action::Delete(stored(other.clone()))], Some("A b.example.org: record not found")),
        (
            vec![create(&other), create(&other)],
            Some("A b.example.org: invalid batch request, the record is changed twice"),
        ),
    ];
    for (actions, expected) in cases {
        let groups = groups(actions);
        let mut there = Sets::of([one.clone()]);
        let problem = there.apply(&groups.iter().collect::<Vec<_>>()).err();
        assert_eq!(problem.as_ref().map(|it| it.message.as_str()), expected);
        assert!(problem.is_none_or(|it| it.offenders().len() == 1), "the offender is named");
    }
}

#[tokio::test]
async fn a_zone_of_another_provider_is_not_found() {
    let memory = Memory { capabilities: Capabilities::new("inmemory"), zones: Mutex::default() };
    let via = Transport::new(&memory.capabilities);
    let zone = Zone::new("example.org", Name::as_listed("example.org"));
    let error = memory.page(&via, &zone, PageFrom::Start).await.expect_err("no such zone");
    assert_eq!(error.kind, ErrorKind::ZoneGone);
    assert_eq!(error.message, "zone example.org not found; name it with --inmemory-zone");
}

/// Other names are kept as they are given.
#[test]
fn a_name_with_an_empty_label_is_refused_as_by_every_other_provider() {
    let provider = provider(&args(&[]));
    let zone = Zone::new(EVERYTHING, Name::default());
    for (name, refused) in [
        ("a..example.org", true),
        (".example.org", true),
        ("example.org", false),
        ("", false),
        ("*.example.org", false),
        ("a/b.example.org", false),
    ] {
        let set = set(name, "192.0.2.1");
        let found = provider.refusal(&set, Surroundings::alone(&zone, &set));
        assert_eq!(found.is_some(), refused, "{name:?}: {found:?}");
    }
}
