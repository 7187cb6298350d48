use std::time::Duration;

use extdns_model::{Failure, FailureKind, NotSent};
use tokio::time::Instant;

use super::*;
use crate::conformance::{Fault, Lost};

const SEND: &str = "change record sets";

fn name(n: u32) -> Name {
    Name::as_listed(&format!("n{n}.{ZONE}"))
}

#[tokio::test(start_paused = true)]
async fn groups_are_packed_whole_and_in_order() {
    // changes per group, limit, batches
    let cases: &[(&[usize], usize, u64)] = &[
        (&[1, 1, 1, 1], 4, 1),
        (&[1, 1, 1, 1], 2, 2),
        (&[2, 2, 2], 3, 3),
        (&[1, 2, 1, 2], 3, 2),
        (&[3, 1, 3], 3, 3),
        (&[], 3, 0),
        (&[0, 0], 3, 0),
    ];
    for (sizes, limit, batches) in cases {
        let server = RrsetServer::new(&[ZONE]).with(|it| it.batch_limits.changes = *limit);
        let groups: Vec<_> = (0..)
            .zip(sizes.iter())
            .map(|(id, size)| {
                let changes = (0..*size).map(|n| create(a(&format!("g{id}n{n}.{ZONE}"))));
                group(id, ZoneKey(0), changes.collect())
            })
            .collect();
        let provider = rrsets(&server);
        let outcomes = apply(&provider, &groups, Deadline::none()).await;
        assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{sizes:?}: {outcomes:?}");
        assert_eq!(calls(&provider, SEND), *batches, "{sizes:?} by {limit}");
        assert_eq!(server.contents().len(), sizes.iter().sum::<usize>());
    }
}

#[tokio::test(start_paused = true)]
async fn values_and_bytes_fill_batches_too() {
    let server = RrsetServer::new(&[ZONE]).with(|it| it.batch_limits.bytes = 2 * 9);
    let provider = rrsets(&server);
    assert!(apply(&provider, &creates(5), Deadline::none()).await.len() == 5);
    assert_eq!(calls(&provider, SEND), 3, "two values of nine bytes in a batch");
    let server = RrsetServer::new(&[ZONE]).with(|it| it.batch_limits.values = 4);
    let provider = rrsets(&server);
    apply(&provider, &creates(5), Deadline::none()).await;
    assert_eq!(calls(&provider, SEND), 2);
}

#[tokio::test(start_paused = true)]
async fn a_named_offender_costs_one_more_call() {
    let server = RrsetServer::new(&[ZONE]);
    server.faults().inject(Fault::Reject(name(321)));
    let provider = rrsets(&server);
    let outcomes = apply(&provider, &creates(500), Deadline::none()).await;
    let failed: Vec<_> = (0..).zip(&outcomes).filter(|(_, it)| **it != Outcome::Applied).collect();
    let [(321, Outcome::Rejected(Failure { kind: FailureKind::Rejected, message }))] = failed[..]
    else {
        panic!("{failed:?}");
    };
    assert!(message.contains("zone example.org"), "{message}");
    assert_eq!(server.contents().len(), 499);
    assert_eq!(calls(&provider, SEND), 2, "the whole batch, then the rest");
}

#[tokio::test(start_paused = true)]
async fn an_unnamed_offender_costs_a_logarithm_of_calls() {
    let server = RrsetServer::new(&[ZONE]).without_names();
    server.faults().inject(Fault::Reject(name(321)));
    let provider = rrsets(&server);
    let outcomes = apply(&provider, &creates(500), Deadline::none()).await;
    assert_eq!(outcomes.iter().filter(|it| **it == Outcome::Applied).count(), 499);
    assert!(matches!(outcomes[321], Outcome::Rejected(_)), "{:?}", outcomes[321]);
    assert_eq!(server.contents().len(), 499);
    // Two halves at each of nine levels below the whole.
    let sent = calls(&provider, SEND);
    assert!(sent <= 1 + 2 * 9, "{sent} calls");
}

#[tokio::test(start_paused = true)]
async fn groups_that_share_a_blamed_name_are_tried_alone() {
    let server = RrsetServer::new(&[ZONE]);
    let [blue, green] = ["blue", "green"].map(|id| a("www.example.org").with_set_identifier(id));
    let other = set("www.example.org", RecordType::A, "198.51.100.9").with_set_identifier("blue");
    server.put(ZONE, other.clone());
    let groups = [
        group(0, ZoneKey(0), vec![create(blue)]),
        group(1, ZoneKey(0), vec![create(green.clone())]),
        group(2, ZoneKey(0), vec![create(a("else.example.org"))]),
    ];
    let provider = rrsets(&server);
    let outcomes = apply(&provider, &groups, Deadline::none()).await;
    assert_eq!(kinds(&outcomes), ["rejected", "applied", "applied"]);
    assert_eq!(server.contents(), [a("else.example.org"), other, green]);
    assert_eq!(calls(&provider, SEND), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_there_already_is_no_failure() {
    for server in [RrsetServer::new(&[ZONE]), RrsetServer::new(&[ZONE]).without_names()] {
        server.put(ZONE, txt("own.www.example.org"));
        server.put(ZONE, a("same.example.org"));
        let other = set("other.example.org", RecordType::A, "198.51.100.9");
        server.put(ZONE, other.clone());
        let gone = Record::new(a("gone.example.org"), extdns_model::Opaque::none());
        let groups = [
            group(
                0,
                ZoneKey(0),
                vec![create(txt("own.www.example.org")), create(a("www.example.org"))],
            ),
            group(1, ZoneKey(0), vec![create(a("same.example.org"))]),
            group(2, ZoneKey(0), vec![create(a("other.example.org"))]),
            group(
                3,
                ZoneKey(0),
                vec![Change { role: Role::Record, action: Action::Delete(stored(&gone)) }],
            ),
        ];
        let outcomes = apply(&rrsets(&server), &groups, Deadline::none()).await;
        assert_eq!(kinds(&outcomes), ["applied", "applied", "rejected", "applied"]);
        assert!(server.contents().contains(&a("www.example.org")));
        assert!(server.contents().contains(&other), "what differs is not overwritten");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_up_by_one_name() {
    for (lost, sent) in [(Lost::Done, 1), (Lost::NotDone, 2)] {
        let server = RrsetServer::new(&[ZONE]);
        (0..300).for_each(|n| server.put(ZONE, a(&format!("z{n}.{ZONE}"))));
        server.faults().inject(Fault::Lose(lost));
        let provider = rrsets(&server);
        let outcomes = apply(&provider, &creates(200), Deadline::none()).await;
        assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{lost:?}");
        assert_eq!(calls(&provider, SEND), sent, "{lost:?}");
        assert_eq!(calls(&provider, "list record sets"), 3 + 1, "{lost:?}");
        assert_eq!(server.contents().len(), 500);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_looked_up_is_unknown() {
    let server = RrsetServer::new(&[ZONE]);
    let provider = rrsets(&server);
    let index = provider.read().await.expect("readable").index;
    server.faults().inject(Fault::Lose(Lost::Done));
    server.faults().inject(Fault::UnreadableZone(ZONE.to_owned()));
    let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
    let outcomes = writer.apply(&creates(3), Deadline::none()).await;
    assert_eq!(kinds(&outcomes), ["unknown"; 3]);
    assert_eq!(calls(&provider, SEND), 1, "never sent blindly again");
}

#[tokio::test(start_paused = true)]
async fn missing_rights_stop_the_zone_but_no_other() {
    let server = RrsetServer::new(&[ZONE]).with(|it| it.batch_limits.changes = 10);
    server.faults().inject(Fault::Unauthorised);
    let provider = rrsets(&server);
    let outcomes = apply(&provider, &creates(25), Deadline::none()).await;
    assert_eq!(kinds(&outcomes)[..10], ["rejected"; 10]);
    for outcome in &outcomes[10..] {
        let Outcome::NotSent(NotSent::Stopped(failure)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(failure.kind, FailureKind::Unauthorised);
    }
    assert_eq!(calls(&provider, SEND), 1);
    assert_eq!(server.faults().finishes(), 0, "nothing was written");
}

#[tokio::test(start_paused = true)]
async fn a_written_zone_is_finished_once_after_a_failure_too() {
    let server = RrsetServer::new(&[ZONE, "other.org"]).with(|it| it.batch_limits.changes = 2);
    server.faults().inject(Fault::Reject(name(1)));
    let outcomes = apply(&rrsets(&server), &creates(7), Deadline::none()).await;
    assert_eq!(kinds(&outcomes).iter().filter(|kind| **kind == "applied").count(), 6);
    assert_eq!(server.faults().finishes(), 1, "one zone was touched, once");
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_cannot_be_finished_is_not_applied() {
    let server = RrsetServer::new(&[ZONE]);
    server.faults().inject(Fault::Unfinished);
    let outcomes = apply(&rrsets(&server), &creates(1), Deadline::none()).await;
    let [Outcome::Partial { done: 1, left: 0, reason }] = &outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert!(reason.message.contains("zone example.org was written but not finished"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn batches_of_a_zone_keep_their_distance() {
    let server = RrsetServer::new(&[ZONE]).with(|it| {
        it.batch_limits.changes = 10;
        it.batch_pause = Duration::from_secs(1);
    });
    let start = Instant::now();
    let outcomes = apply(&rrsets(&server), &creates(30), Deadline::none()).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied));
    assert_eq!(start.elapsed(), Duration::from_secs(2), "between batches, not behind the last");
}

/// One refusal shows that the zone is full: nothing is halved and nothing looked up.
#[tokio::test(start_paused = true)]
async fn a_full_zone_stops_what_is_left_to_create() {
    let server = RrsetServer::new(&[ZONE]).with(|it| it.batch_limits.changes = 10);
    server.faults().inject(Fault::Full(15));
    let provider = rrsets(&server);
    let outcomes = apply(&provider, &creates(40), Deadline::none()).await;
    let kinds = kinds(&outcomes);
    assert_eq!(kinds[..10], ["applied"; 10]);
    assert_eq!(kinds[10..20], ["rejected"; 10]);
    for outcome in &outcomes[20..] {
        let Outcome::NotSent(NotSent::Stopped(failure)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(failure.kind, FailureKind::Quota);
        assert_eq!(failure.message, "the zone takes 15 records; delete some");
    }
    assert_eq!(calls(&provider, SEND), 2);
    assert_eq!(calls(&provider, "list record sets"), 1, "the first read alone");
}

#[tokio::test(start_paused = true)]
async fn deletes_make_room_in_a_full_zone() {
    let server = RrsetServer::new(&[ZONE]).with(|it| it.batch_limits.changes = 5);
    (0..10).for_each(|n| server.put(ZONE, a(&format!("old{n}.{ZONE}"))));
    server.faults().inject(Fault::Full(10));
    let provider = rrsets(&server);
    let inventory = provider.read().await.expect("readable");
    let deletes = inventory.records().zip(20..).map(|((_, record), id)| {
        let change = Change { role: Role::Record, action: Action::Delete(stored(record)) };
        group(id, ZoneKey(0), vec![change])
    });
    let groups: Vec<_> = creates(15).into_iter().chain(deletes).collect();
    let outcomes = apply(&provider, &groups, Deadline::none()).await;
    let kinds = kinds(&outcomes);
    assert_eq!(kinds[..10], ["applied"; 10], "in the room that was made");
    assert_eq!(kinds[10..15], ["rejected"; 5]);
    assert_eq!(kinds[15..], ["applied"; 10]);
    assert_eq!(calls(&provider, SEND), 1 + 2 + 3, "refused, deletes, creates");
}

#[tokio::test(start_paused = true)]
async fn thirty_refusals_cost_one_read() {
    let whole = |it: &mut crate::Capabilities| {
        it.starts_at_name = false;
        it.page_size = None;
    };
    for (server, sent) in [
        (RrsetServer::new(&[ZONE]).with(whole), 2),
        (RrsetServer::new(&[ZONE]).without_names().with(whole), 61),
    ] {
        let other = |n| set(&format!("n{n}.{ZONE}"), RecordType::A, "198.51.100.9");
        (0..30).for_each(|n| server.put(ZONE, other(2 * n)));
        let provider = rrsets(&server);
        let outcomes = apply(&provider, &creates(60), Deadline::none()).await;
        assert_eq!(kinds(&outcomes), ["rejected", "applied"].repeat(30));
        assert_eq!(calls(&provider, "list record sets"), 1 + 1, "the first read, and one more");
        assert!(calls(&provider, SEND) <= 2 * sent, "{}", calls(&provider, SEND));
    }
}
