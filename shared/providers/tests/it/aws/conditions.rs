//! Records that are changed between our read and our write: every batch compares, and is refused.

use extdns_model::{
    Action, Change, ChangeGroup, FailureKind, Inventory, Outcome, RecordType, Role, ZoneKey,
};
use extdns_providers::Reader as _;
use extdns_providers::engine::Zoned;
use extdns_testkit::route53::{self as sim, Moment, Operation, Route53Sim};

use crate::aws::support::{
    all_applied, apply, batches, found, group, plain, provider, record, set, stored,
};

const ZONE: ZoneKey = ZoneKey(0);
const OURS: &str = "heritage=external-dns,external-dns/owner=me";
const THEIRS: &str = "heritage=external-dns,external-dns/owner=you";

/// A zone with owned records, as it was read.
struct World {
    sim: Route53Sim,
    zone: sim::Zone,
    provider: Zoned,
    inventory: Inventory,
}

fn owned(name: &str, address: &str) -> [sim::RecordSet; 2] {
    [sim::RecordSet::a(name, address), sim::RecordSet::txt(&format!("a-{name}"), OURS)]
}

impl World {
    async fn with(names: &[&str]) -> Self {
        let sim = Route53Sim::start();
        let zone = sim.zone("e.test");
        zone.seed(names.iter().flat_map(|name| owned(name, "192.0.2.1")));
        let provider = provider(&sim, &[]);
        let inventory = provider.read().await.expect("readable");
        sim.forget_calls();
        Self { sim, zone, provider, inventory }
    }

    /// Gives a record another address. Its ownership record stays, and is required.
    fn update(&self, name: &str) -> ChangeGroup {
        let old = stored(found(&self.inventory, name, RecordType::A));
        let new = plain(set(name, RecordType::A, 300, &["192.0.2.2"]));
        let ownership_record =
            stored(found(&self.inventory, &format!("a-{name}"), RecordType::Txt));
        let mut group = group(ZONE, vec![record(Action::Update { old, new })]);
        group.requires.push(ownership_record);
        group
    }

    /// Deletes a record and its ownership record.
    fn delete(&self, name: &str) -> ChangeGroup {
        let old = stored(found(&self.inventory, name, RecordType::A));
        let ownership_record =
            stored(found(&self.inventory, &format!("a-{name}"), RecordType::Txt));
        let own = Change { role: Role::Ownership, action: Action::Delete(ownership_record) };
        group(ZONE, vec![record(Action::Delete(old)), own])
    }

    async fn apply(&self, groups: Vec<ChangeGroup>) -> Vec<Outcome> {
        apply(&self.provider, &self.inventory, groups).await
    }

    fn contents(&self) -> Vec<sim::RecordSet> {
        self.zone.own_records()
    }
}

fn assert_changed(outcome: &Outcome) {
    let Outcome::Rejected(failure) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.kind, FailureKind::Conflict, "{failure}");
    assert!(failure.message.contains("was changed since it was read"), "{failure}");
}

#[tokio::test]
async fn an_update_names_what_it_replaces_and_the_ownership_record_on_which_it_relies() {
    let world = World::with(&["a.e.test"]).await;
    all_applied(&world.apply(vec![world.update("a.e.test")]).await);
    let expected = [[
        "DELETE a-a.e.test. TXT",
        "DELETE a.e.test. A",
        "CREATE a-a.e.test. TXT",
        "CREATE a.e.test. A",
    ]];
    assert_eq!(batches(&world.sim), expected);
    assert_eq!(world.zone.find("a.e.test", "A")[0].values, ["192.0.2.2"]);
    assert_eq!(world.contents().len(), 2);
}

/// With an upsert a record without an owner would be left, which no run ever changes again.
#[tokio::test]
async fn an_update_of_a_deleted_pair_leaves_no_record_without_an_owner() {
    let world = World::with(&["a.e.test", "b.e.test"]).await;
    world.zone.remove("a.e.test").remove("a-a.e.test");
    let outcomes = world.apply(vec![world.update("a.e.test"), world.update("b.e.test")]).await;
    assert_changed(&outcomes[0]);
    assert_eq!(outcomes[1], Outcome::Applied, "one that was not changed goes through");
    assert_eq!(
        world.contents(),
        owned("b.e.test", "192.0.2.2").into_iter().rev().collect::<Vec<_>>()
    );
}

/// Another run of ours made it, and deletes it while we look what is there.
#[tokio::test]
async fn an_ownership_record_that_is_there_already_must_be_there_when_the_record_comes() {
    let world = World::with(&["a.e.test"]).await;
    let create =
        |name, rtype| Action::Create(plain(found(&world.inventory, name, rtype).set.clone()));
    let ownership_record = create("a-a.e.test", RecordType::Txt);
    let changes = vec![
        Change { role: Role::Ownership, action: ownership_record },
        record(create("a.e.test", RecordType::A)),
    ];
    world.zone.remove("a.e.test");
    let zone = world.zone.clone();
    world.sim.on_call(move |moment, call| {
        if moment == Moment::Answering && call.operation == Operation::ListResourceRecordSets {
            zone.remove("a-a.e.test");
        }
    });
    let outcomes = world.apply(vec![group(ZONE, changes)]).await;
    assert_ne!(outcomes[0], Outcome::Applied);
    assert_eq!(world.contents(), [], "a record without an owner");
}

#[tokio::test]
async fn a_record_that_changed_hands_in_between_is_neither_updated_nor_deleted() {
    for change in [World::update, World::delete] {
        let world = World::with(&["a.e.test"]).await;
        world.zone.seed([sim::RecordSet::txt("a-a.e.test", THEIRS)]);
        let before = world.contents();
        assert_changed(&world.apply(vec![change(&world, "a.e.test")]).await[0]);
        assert_eq!(world.contents(), before);
        assert_eq!(world.sim.writes(), 1, "it is not sent again");
    }
}

#[tokio::test]
async fn a_record_that_lost_its_ownership_record_in_between_is_left_alone() {
    for change in [World::update, World::delete] {
        let world = World::with(&["a.e.test"]).await;
        world.zone.remove("a-a.e.test");
        let before = world.contents();
        assert_changed(&world.apply(vec![change(&world, "a.e.test")]).await[0]);
        assert_eq!(world.contents(), before);
    }
}

#[tokio::test]
async fn a_value_that_a_person_wrote_in_between_stays() {
    for change in [World::update, World::delete] {
        let world = World::with(&["a.e.test"]).await;
        world.zone.seed([sim::RecordSet::a("a.e.test", "198.51.100.7")]);
        let before = world.contents();
        assert_changed(&world.apply(vec![change(&world, "a.e.test")]).await[0]);
        assert_eq!(world.contents(), before);
    }
}

/// Another run of the same owner was faster.
#[tokio::test]
async fn what_is_as_wanted_already_counts_as_applied() {
    let world = World::with(&["a.e.test", "b.e.test"]).await;
    world.zone.seed(owned("a.e.test", "192.0.2.2"));
    world.zone.remove("b.e.test").remove("a-b.e.test");
    all_applied(&world.apply(vec![world.update("a.e.test"), world.delete("b.e.test")]).await);
    let expected: Vec<_> = owned("a.e.test", "192.0.2.2").into_iter().rev().collect();
    assert_eq!(world.contents(), expected);
}

/// A batch may name a record set once only.
#[tokio::test]
async fn an_ownership_record_on_which_two_groups_rely_is_named_once() {
    let world = World::with(&["a.e.test", "b.e.test"]).await;
    let mut groups = vec![world.update("a.e.test"), world.update("b.e.test")];
    let ownership_record = groups[0].requires[0].clone();
    groups[1].requires.push(ownership_record.clone());
    // And one that the batch deletes itself is compared by that.
    let own =
        Change { role: Role::Ownership, action: Action::Delete(groups[1].requires[0].clone()) };
    groups.push(group(ZONE, vec![own]));
    all_applied(&world.apply(groups).await);
    assert_eq!(world.sim.writes(), 1);
    assert_eq!(world.contents().len(), 3);
}

/// Values that are only compared are sent, so they count against the limits of a batch.
#[tokio::test]
async fn what_is_compared_counts_against_the_limits_of_a_batch() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    let names: Vec<String> = (0..30).map(|n| format!("n{n:02}.e.test")).collect();
    zone.seed(names.iter().flat_map(|name| owned(name, "192.0.2.1")));
    // Of a group: 2 addresses of 9 bytes and twice a text of 45.
    let provider = provider(&sim, &["--aws-batch-change-size-bytes=1080"]);
    let inventory = provider.read().await.expect("readable");
    let world = World { zone, provider, inventory, sim };
    world.sim.forget_calls();
    let groups = names.iter().map(|name| world.update(name)).collect();
    all_applied(&world.apply(groups).await);
    assert_eq!(batches(&world.sim).iter().map(Vec::len).collect::<Vec<_>>(), [40, 40, 40]);
}
