//! An API that is down: after how many failed calls a zone and an account are left alone.

use extdns_model::NotSent;

use super::*;
use crate::conformance::Fault;

const SEND: &str = "change record sets";

#[tokio::test(start_paused = true)]
async fn an_api_that_is_down_is_not_asked_for_every_record() {
    let server = RecordServer::new(&[ZONE]);
    server.faults().inject(Fault::Down);
    let provider = records(&server);
    let outcomes = apply(&provider, &creates(6), Deadline::none()).await;
    let expected = ["failed", "failed", "failed", "not sent", "not sent", "not sent"];
    assert_eq!(kinds(&outcomes), expected);
    assert_eq!(calls(&provider, "create record"), 3 * 5);
}

#[tokio::test(start_paused = true)]
async fn an_api_that_is_down_is_left_alone() {
    let server = RrsetServer::new(&[ZONE]).with(|it| it.batch_limits.changes = 5);
    server.faults().inject(Fault::Down);
    let provider = rrsets(&server);
    let outcomes = apply(&provider, &creates(25), Deadline::none()).await;
    let kinds = kinds(&outcomes);
    assert_eq!(kinds[..15], ["failed"; 15]);
    assert_eq!(kinds[15..], ["not sent"; 10]);
    let Outcome::NotSent(NotSent::Stopped(failure)) = &outcomes[24] else { panic!("{outcomes:?}") };
    assert!(failure.message.contains("3 calls in a row failed"), "{failure}");
    assert_eq!(calls(&provider, SEND), 3 * 5, "three batches, each with its repetitions");
}

/// Four batches of one record in each of these many zones.
fn in_zones(count: u32) -> (Vec<String>, Vec<ChangeGroup>) {
    let names: Vec<String> = (10..10 + count).map(|zone| format!("z{zone}.{ZONE}")).collect();
    let of_zone = |zone: u32| (0..4).map(move |n| (zone, n));
    let one = |(zone, n): (u32, u32)| {
        let name = format!("n{n}.{}", names[zone as usize]);
        group(4 * zone + n, ZoneKey(zone), vec![create(a(&name))])
    };
    let groups = (0..count).flat_map(of_zone).map(one).collect();
    (names, groups)
}

/// Three calls fail in the first zone, and one each in the next two: the other 27 are left alone.
#[tokio::test(start_paused = true)]
async fn of_thirty_zones_of_an_api_that_is_down_three_are_called_five_times() {
    let (names, groups) = in_zones(30);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // Of four zones at a time up to six are called, which six depends on the pauses between repetitions.
    for (parallel, untouched) in [(1, 12), (4, 24)] {
        let server = RrsetServer::new(&names).with(|it| {
            it.batch_limits.changes = 1;
            it.parallel_zones = parallel;
        });
        server.faults().inject(Fault::Down);
        let provider = rrsets(&server);
        let outcomes = apply(&provider, &groups, Deadline::none()).await;
        let failed = kinds(&outcomes).iter().filter(|kind| **kind == "failed").count() as u64;
        assert_eq!(calls(&provider, SEND), failed * 5, "each with its repetitions");
        let messages: Vec<&str> = outcomes[untouched..]
            .iter()
            .map(|outcome| match outcome {
                Outcome::NotSent(NotSent::Stopped(failure)) => failure.message.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(messages.iter().all(|message| *message == messages[0]), "one message for all");
        assert!(messages[0].contains("3 zones in a row failed"), "{}", messages[0]);
        if parallel > 1 {
            assert!((4..=6).contains(&failed), "{failed} calls, four at the same time");
            continue;
        }
        let expected = [
            ["failed", "failed", "failed", "not sent"],
            ["failed", "not sent", "not sent", "not sent"],
            ["failed", "not sent", "not sent", "not sent"],
        ];
        assert_eq!(kinds(&outcomes)[..12], expected.concat());
    }
}

/// Records are deleted, so the zone is read right before: that no read succeeds counts as well.
#[tokio::test(start_paused = true)]
async fn zones_that_cannot_be_read_before_a_delete_count_as_zones_that_fail() {
    let (names, _) = in_zones(30);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let server = RrsetServer::new(&names).with(|it| {
        it.conditions = crate::Conditions::Reread;
        it.parallel_zones = 1;
    });
    names.iter().for_each(|zone| server.put(zone, a(&format!("n.{zone}"))));
    let provider = rrsets(&server);
    let inventory = provider.read().await.expect("readable");
    let groups: Vec<ChangeGroup> = (0..)
        .zip(inventory.records())
        .map(|(id, (zone, record))| {
            let change = Change { role: Role::Record, action: Action::Delete(stored(record)) };
            group(id, zone, vec![change])
        })
        .collect();
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    let reads = calls(&provider, "list record sets");
    server.faults().inject(Fault::Unreachable);
    let outcomes = writer.apply(&groups, Deadline::none()).await;
    assert_eq!(kinds(&outcomes), ["not sent"; 30]);
    assert_eq!(calls(&provider, "list record sets") - reads, 3 * 5, "three zones");
    assert_eq!(calls(&provider, SEND), 0);
}
