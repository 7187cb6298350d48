use extdns_model::{After, NotSent};

use super::*;
use crate::conformance::Fault;

fn after(mut group: ChangeGroup, id: u32) -> ChangeGroup {
    group.after = vec![After::OwnershipRecord(GroupId(id))];
    group
}

/// The record of a zone's apex, and its ownership record in the parent zone.
fn apex(zone: ZoneKey, parent: ZoneKey) -> [ChangeGroup; 2] {
    [
        after(group(1, zone, vec![create(a("sub.example.org"))]), 0),
        group(0, parent, vec![create(txt("a-sub.example.org"))]),
    ]
}

fn servers() -> [RrsetServer; 1] {
    [RrsetServer::new(&[ZONE, "sub.example.org"])]
}

const PARENT: ZoneKey = ZoneKey(0);
const SUB: ZoneKey = ZoneKey(1);

#[tokio::test(start_paused = true)]
async fn a_record_waits_for_its_ownership_record_in_another_zone() {
    for server in servers() {
        let outcomes = apply(&rrsets(&server), &apex(SUB, PARENT), Deadline::none()).await;
        assert_eq!(outcomes, [Outcome::Applied, Outcome::Applied]);
        assert_eq!(server.zone("sub.example.org").len(), 1);
        assert_eq!(server.zone(ZONE).len(), 1);
        assert_eq!(server.faults().finishes(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_ownership_record_the_record_is_not_sent() {
    for server in servers() {
        server.faults().inject(Fault::Reject(Name::as_listed("a-sub.example.org")));
        let outcomes = apply(&rrsets(&server), &apex(SUB, PARENT), Deadline::none()).await;
        assert_eq!(outcomes[0], Outcome::NotSent(NotSent::Predecessor));
        assert!(matches!(outcomes[1], Outcome::Rejected(_)));
        assert!(server.contents().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn chains_circles_and_missing_links() {
    let one = |id, name: &str| group(id, PARENT, vec![create(a(&format!("{name}.{ZONE}")))]);
    let chain = [after(one(2, "c"), 1), after(one(1, "b"), 0), one(0, "a")];
    let circle = [after(one(0, "a"), 1), after(one(1, "b"), 0), one(2, "c")];
    let missing = [after(one(0, "a"), 7), after(one(1, "b"), 0)];
    let waiting = Outcome::NotSent(NotSent::Predecessor);
    let cases: [(&[ChangeGroup], Vec<Outcome>); 3] = [
        (&chain, vec![Outcome::Applied; 3]),
        (&circle, vec![waiting.clone(), waiting.clone(), Outcome::Applied]),
        (&missing, vec![waiting.clone(), waiting]),
    ];
    for (groups, expected) in cases {
        let server = RecordServer::new(&[ZONE]);
        let outcomes = apply(&records(&server), groups, Deadline::none()).await;
        assert_eq!(outcomes, expected);
        let made: Vec<_> = server.records().into_iter().map(|(_, record)| record.name).collect();
        let applied = expected.iter().filter(|it| **it == Outcome::Applied).count();
        assert_eq!(made.len(), applied);
        if applied == 3 {
            assert_eq!(made, ["a", "b", "c"], "in the order of the links");
        }
    }
}

/// The name x moves from the parent to the child zone.
fn moved(old: &Record, new: Vec<Change>) -> [ChangeGroup; 2] {
    let gone = Change { role: Role::Record, action: Action::Delete(stored(old)) };
    let mut leaving = group(1, PARENT, vec![gone]);
    leaving.after = vec![After::Move(GroupId(0))];
    [leaving, group(0, SUB, new)]
}

async fn records_of(provider: &impl Provider) -> Vec<Record> {
    let inventory = provider.read().await.expect("readable");
    inventory.records().map(|(_, record)| record.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_name_leaves_its_old_zone_when_the_new_one_shows_it() {
    let server = RecordServer::new(&[ZONE, "sub.example.org"]);
    server.put(ZONE, &a("x.sub.example.org"));
    let provider = records(&server);
    let groups = moved(&records_of(&provider).await[0], vec![create(a("x.sub.example.org"))]);
    // What is written is shown a second later.
    server.lag();
    let settle = async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        server.settle();
    };
    let (outcomes, ()) = tokio::join!(apply(&provider, &groups, Deadline::none()), settle);
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Applied]);
    assert_eq!((server.zone(ZONE).len(), server.zone("sub.example.org").len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_the_new_zone_does_not_show_stays_in_the_old_one() {
    let server = RecordServer::new(&[ZONE, "sub.example.org"]);
    server.put(ZONE, &a("x.sub.example.org"));
    let provider = records(&server);
    let groups = moved(&records_of(&provider).await[0], vec![create(a("x.sub.example.org"))]);
    server.lag();
    let outcomes = apply(&provider, &groups, Deadline::none()).await;
    assert_eq!(outcomes, [Outcome::NotSent(NotSent::Move), Outcome::Applied]);
    assert_eq!((server.zone(ZONE).len(), server.zone("sub.example.org").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refused_create_keeps_the_name_in_its_old_zone() {
    let server = RrsetServer::new(&[ZONE, "sub.example.org"]);
    server.put(ZONE, a("x.sub.example.org"));
    let provider = rrsets(&server);
    let groups = moved(&records_of(&provider).await[0], vec![create(a("x.sub.example.org"))]);
    server.faults().inject(Fault::Reject(Name::as_listed("x.sub.example.org")));
    let outcomes = apply(&provider, &groups, Deadline::none()).await;
    assert_eq!(outcomes[0], Outcome::NotSent(NotSent::Move));
    assert!(matches!(outcomes[1], Outcome::Rejected(_)), "{outcomes:?}");
    assert_eq!(server.zone(ZONE).len(), 1);
}
