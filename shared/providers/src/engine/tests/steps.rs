use extdns_model::{FailureKind, NotSent, Opaque};

use super::*;
use crate::conformance::{Fault, Lost};
use crate::{Stores, Updates};

fn pair(id: u32, name: &str) -> ChangeGroup {
    let changes =
        vec![create(a(&format!("{name}.{ZONE}"))), create(txt(&format!("own.{name}.{ZONE}")))];
    group(id, ZoneKey(0), changes)
}

/// The record set as it is read, for a change of it.
async fn read(provider: &impl Reader, name: &str) -> Stored {
    let inventory = provider.read().await.expect("readable");
    let found = inventory.records().find(|(_, record)| record.set.name.as_str() == name);
    stored(found.expect("a record").1)
}

fn values(server: &RecordServer) -> Vec<(u64, String, u32)> {
    let value =
        |(id, record): (u64, crate::conformance::StoredRecord)| (id, record.value, record.ttl);
    server.records().into_iter().map(value).collect()
}

fn planned_set(name: &str, rtype: RecordType, ttl: i64, targets: &[&str]) -> Planned {
    let targets = targets.iter().copied().collect();
    planned(RecordSet::new(Name::as_listed(name), rtype, Ttl::from_seconds(ttl), targets))
}

/// From values with ids to values with ids: what stays keeps its id.
#[tokio::test(start_paused = true)]
async fn an_update_touches_what_changes() {
    use RecordType::{A, Cname};
    type Case<'c> =
        (bool, RecordType, &'c [&'c str], i64, &'c [&'c str], &'c [(u64, &'c str, u32)], &'c str);
    let cases: &[Case<'_>] = &[
        (true, A, &["1.1.1.1"], 300, &["2.2.2.2"], &[(1, "2.2.2.2", 300)], "U"),
        (false, A, &["1.1.1.1"], 300, &["2.2.2.2"], &[(2, "2.2.2.2", 300)], "CD"),
        (false, Cname, &["a.net"], 300, &["b.net"], &[(2, "b.net", 300)], "DC"),
        (true, A, &["1.1.1.1"], 600, &["1.1.1.1"], &[(1, "1.1.1.1", 600)], "U"),
        (false, A, &["1.1.1.1"], 600, &["1.1.1.1"], &[(2, "1.1.1.1", 600)], "DC"),
        (
            true,
            A,
            &["1.1.1.1", "2.2.2.2"],
            300,
            &["2.2.2.2", "3.3.3.3", "4.4.4.4"],
            &[(1, "3.3.3.3", 300), (2, "2.2.2.2", 300), (3, "4.4.4.4", 300)],
            "UC",
        ),
        (true, A, &["1.1.1.1", "2.2.2.2"], 300, &["2.2.2.2"], &[(2, "2.2.2.2", 300)], "D"),
        (true, A, &["1.1.1.1", "1.1.1.1"], 300, &["1.1.1.1"], &[(1, "1.1.1.1", 300)], "D"),
    ];
    for (in_place, rtype, before, ttl, after, expected, calls_made) in cases {
        let updates = if *in_place { Updates::InPlace } else { Updates::DeleteAndCreate };
        let server = RecordServer::new(&[ZONE]).with(|it| it.stores = Stores::Values(updates));
        before.iter().for_each(|it| server.put(ZONE, &set("www.example.org", *rtype, it)));
        let provider = records(&server);
        let old = read(&provider, "www.example.org").await;
        let new = planned_set("www.example.org", *rtype, *ttl, after);
        let change = Change { role: Role::Record, action: Action::Update { old, new } };
        let groups = [group(0, ZoneKey(0), vec![change])];
        let outcomes = apply(&provider, &groups, Deadline::none()).await;
        assert_eq!(outcomes, [Outcome::Applied]);
        let expected: Vec<_> =
            expected.iter().map(|(id, value, ttl)| (*id, (*value).to_owned(), *ttl)).collect();
        assert_eq!(values(&server), expected, "{before:?} to {after:?}");
        for (letter, operation) in
            [('C', "create record"), ('U', "update record"), ('D', "delete record")]
        {
            let count = calls_made.chars().filter(|it| *it == letter).count();
            assert_eq!(calls(&provider, operation), count as u64, "{operation} {before:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_step_says_how_many_changes_were_made() {
    let server = RecordServer::new(&[ZONE]);
    server.faults().inject(Fault::Reject(Name::as_listed("b.example.org")));
    server.faults().inject(Fault::Reject(Name::as_listed("own.c.example.org")));
    let groups = [pair(0, "a"), pair(1, "b"), pair(2, "c"), pair(3, "d")];
    let outcomes = apply(&records(&server), &groups, Deadline::none()).await;
    assert_eq!(kinds(&outcomes), ["applied", "partial", "rejected", "applied"]);
    let Outcome::Partial { done: 1, left: 1, reason } = &outcomes[1] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(reason.kind, FailureKind::Rejected);
    let names: Vec<_> = server.records().into_iter().map(|(_, record)| record.name).collect();
    assert_eq!(names, ["own.a", "a", "own.b", "own.d", "d"], "ownership before its record");
}

#[tokio::test(start_paused = true)]
async fn what_is_there_or_gone_already_is_no_failure() {
    let server = RecordServer::new(&[ZONE]).without_duplicates();
    server.put(ZONE, &txt("own.a.example.org"));
    let gone = Record::new(a("gone.example.org"), Opaque::new(77_u64));
    let other = set("gone.example.org", RecordType::A, "192.0.2.9");
    let updated = Action::Update { old: stored(&gone), new: planned(other) };
    let groups = [
        pair(0, "a"),
        group(
            1,
            ZoneKey(0),
            vec![Change { role: Role::Record, action: Action::Delete(stored(&gone)) }],
        ),
        group(2, ZoneKey(0), vec![Change { role: Role::Record, action: updated }]),
    ];
    let outcomes = apply(&records(&server), &groups, Deadline::none()).await;
    assert_eq!(kinds(&outcomes), ["applied", "applied", "rejected"]);
    let names: Vec<_> = server.records().into_iter().map(|(_, record)| record.name).collect();
    assert_eq!(names, ["own.a", "a"], "no record is made alone in the place of one that is gone");
}

#[tokio::test(start_paused = true)]
async fn lost_answers() {
    for (lost, sent) in [(Lost::Done, 1), (Lost::NotDone, 2)] {
        let server = RecordServer::new(&[ZONE]);
        server.faults().inject(Fault::Lose(lost));
        let provider = records(&server);
        let groups = [group(0, ZoneKey(0), vec![create(a("www.example.org"))])];
        let outcomes = apply(&provider, &groups, Deadline::none()).await;
        assert_eq!(outcomes, [Outcome::Applied], "{lost:?}");
        assert_eq!(server.records().len(), 1, "{lost:?}");
        assert_eq!(calls(&provider, "create record"), sent, "{lost:?}");
    }
    let server = RecordServer::new(&[ZONE]);
    let provider = records(&server);
    let index = provider.read().await.expect("readable").index;
    server.faults().inject(Fault::Lose(Lost::NotDone));
    server.faults().inject(Fault::UnreadableZone(ZONE.to_owned()));
    let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
    let outcomes = writer.apply(&[pair(0, "a")], Deadline::none()).await;
    assert_eq!(kinds(&outcomes), ["unknown"]);
    assert_eq!(calls(&provider, "create record"), 1, "never sent blindly again");
}

#[tokio::test(start_paused = true)]
async fn groups_of_a_zone_can_go_side_by_side() {
    let second = std::time::Duration::from_secs(1);
    for (parallel, seconds) in [(1, 8), (4, 2)] {
        let server = RecordServer::new(&[ZONE]).with(|it| it.parallel_writes = parallel);
        let provider = records(&server);
        let index = provider.read().await.expect("readable").index;
        server.faults().inject(Fault::Slow(second));
        let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
        let start = tokio::time::Instant::now();
        let groups = [pair(0, "a"), pair(1, "b"), pair(2, "c"), pair(3, "d")];
        let outcomes = writer.apply(&groups, Deadline::none()).await;
        assert_eq!(kinds(&outcomes), ["applied"; 4]);
        assert_eq!(start.elapsed(), second * seconds, "{parallel} side by side");
        assert_eq!(server.faults().finishes(), 1);
    }
}

/// A record that is gone is deleted; a zone that is gone takes nothing more.
#[tokio::test(start_paused = true)]
async fn a_zone_that_is_gone_is_not_a_record_that_is_gone() {
    let server = RecordServer::new(&[ZONE, "gone.org"]);
    server.put("gone.org", &a("www.gone.org"));
    let provider = records(&server);
    let inventory = provider.read().await.expect("readable");
    let old = stored(inventory.records().next().expect("a record").1);
    let delete = |id, name: &str| {
        let mut old = old.clone();
        old.set.name = Name::as_listed(name);
        let change = Change { role: Role::Ownership, action: Action::Delete(old) };
        group(id, ZoneKey(1), vec![change])
    };
    let groups = [delete(0, "www.gone.org"), delete(1, "more.gone.org")];
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    assert_eq!(writer.apply(&groups, Deadline::none()).await, [Outcome::Applied, Outcome::Applied]);
    server.remove_zone("gone.org");
    let outcomes = writer.apply(&groups, Deadline::none()).await;
    let [Outcome::Rejected(failure), Outcome::NotSent(NotSent::Stopped(_))] = &outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(failure.kind, FailureKind::ZoneGone);
    assert_eq!(calls(&provider, "delete record"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_may_pass_is_no_rejection() {
    let server = RecordServer::new(&[ZONE]);
    let provider = records(&server);
    let index = provider.read().await.expect("readable").index;
    server.faults().inject(Fault::Throttle { calls: 99, retry_after: None });
    let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
    let outcomes = writer.apply(&[pair(0, "a"), pair(1, "b")], Deadline::none()).await;
    assert_eq!(kinds(&outcomes), ["failed", "not sent"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_zone_takes_no_more_records() {
    let server = RecordServer::new(&[ZONE]);
    server.faults().inject(Fault::Full(3));
    let provider = records(&server);
    let outcomes = apply(&provider, &creates(6), Deadline::none()).await;
    let expected = ["applied", "applied", "applied", "rejected", "not sent", "not sent"];
    assert_eq!(kinds(&outcomes), expected);
    assert_eq!(calls(&provider, "create record"), 4);
    assert_eq!(calls(&provider, "list records"), 1, "the first read alone");
}

#[tokio::test(start_paused = true)]
async fn deletes_make_room_for_records() {
    let server = RecordServer::new(&[ZONE]);
    (0..3).for_each(|n| server.put(ZONE, &a(&format!("old{n}.{ZONE}"))));
    server.faults().inject(Fault::Full(3));
    let provider = records(&server);
    let inventory = provider.read().await.expect("readable");
    let deletes = inventory.records().zip(20..).map(|((_, record), id)| {
        let change = Change { role: Role::Record, action: Action::Delete(stored(record)) };
        group(id, ZoneKey(0), vec![change])
    });
    let groups: Vec<_> = creates(4).into_iter().chain(deletes).collect();
    let outcomes = apply(&provider, &groups, Deadline::none()).await;
    assert_eq!(kinds(&outcomes)[..3], ["applied"; 3]);
    assert_eq!(kinds(&outcomes)[3..], ["rejected", "applied", "applied", "applied"]);
    assert_eq!(calls(&provider, "create record"), 1 + 4);
    assert_eq!(calls(&provider, "delete record"), 3);
}

/// Whether the API gives the records of names, and the calls of both kinds of read.
#[tokio::test(start_paused = true)]
async fn refusals_are_looked_up_with_few_reads() {
    for (by_name, whole, named) in [(false, 1 + 1, 0), (true, 1, 30)] {
        let server = RecordServer::new(&[ZONE]).with(|it| it.page_size = None).without_duplicates();
        let server = if by_name { server.with_reads_by_name() } else { server };
        (0..30).for_each(|n| server.put(ZONE, &a(&format!("n{n}.{ZONE}"))));
        let provider = records(&server);
        let outcomes = apply(&provider, &creates(30), Deadline::none()).await;
        assert_eq!(kinds(&outcomes), ["applied"; 30]);
        assert_eq!(calls(&provider, "list records"), whole, "by name: {by_name}");
        assert_eq!(calls(&provider, "list records of names"), named);
    }
}

#[tokio::test(start_paused = true)]
async fn the_read_before_a_delete_is_of_its_names_where_that_is_one_call() {
    for (by_name, pages, named) in [(false, 2 + 2 + 1, 0), (true, 2 + 2, 1)] {
        let server = RecordServer::new(&[ZONE]);
        let server = if by_name { server.with_reads_by_name() } else { server };
        (0..30).for_each(|n| server.put(ZONE, &a(&format!("n{n}.{ZONE}"))));
        let provider = records(&server);
        let old = read(&provider, "n7.example.org").await;
        let change = Change { role: Role::Record, action: Action::Delete(old) };
        let groups = [group(0, ZoneKey(0), vec![change])];
        assert_eq!(apply(&provider, &groups, Deadline::none()).await, [Outcome::Applied]);
        assert_eq!(calls(&provider, "list records"), pages, "by name: {by_name}");
        assert_eq!(calls(&provider, "list records of names"), named);
    }
}

/// Of a zone of two pages, the first is compared for one delete, and both for two: no more calls than names.
#[tokio::test(start_paused = true)]
async fn the_read_before_deletes_is_of_as_many_pages_as_there_are_deletes() {
    for (names, again, expected) in [
        (&["n29.example.org"][..], 1, &["applied"][..]),
        (&["n28.example.org", "n29.example.org"], 2, &["rejected", "rejected"]),
    ] {
        let server = RecordServer::new(&[ZONE]);
        (0..30).for_each(|n| server.put(ZONE, &a(&format!("n{n}.{ZONE}"))));
        let provider = records(&server);
        let mut groups = Vec::new();
        for (id, name) in (0..).zip(names) {
            let action = Action::Delete(read(&provider, name).await);
            groups.push(group(id, ZoneKey(0), vec![Change { role: Role::Record, action }]));
        }
        // Somebody gives each name a second address, on the second page.
        names.iter().for_each(|name| server.put(ZONE, &set(name, RecordType::A, "198.51.100.1")));
        let before = calls(&provider, "list records");
        let outcomes = apply(&provider, &groups, Deadline::none()).await;
        assert_eq!(kinds(&outcomes), expected, "{names:?}");
        // The kit reads the two pages before it writes.
        assert_eq!(calls(&provider, "list records") - before, 2 + again, "{names:?}");
    }
}
