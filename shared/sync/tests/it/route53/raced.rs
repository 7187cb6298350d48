//! What others do to the zone between our read and our write.

use extdns_model::{FailureKind, Outcome};
use extdns_sync::ExitCode;
use extdns_sync::report::{ChangeResult, Report, Summary};
use extdns_testkit::route53::{Moment, RecordSet, Route53Sim, Zone};
use futures::future::join_all;

use crate::route53::support::{
    Service, all_good, assert_all_owned, contents, failed, plain, run, service,
};

/// Names that every run wants.
fn kept() -> Vec<Service> {
    (0..30).map(|n| service(&format!("kept{n:02}.example.org"), "192.0.2.9")).collect()
}

/// The same, and names at this address.
fn desired(address: Option<&str>) -> Vec<Service> {
    let contested = |address: &str| {
        (0..4).map(|n| service(&format!("n{n}.example.org"), address)).collect::<Vec<_>>()
    };
    let mut desired = kept();
    desired.extend(address.map(contested).unwrap_or_default());
    desired
}

/// Each run wants what the others do not. Whatever the order of their calls, each record has its
/// ownership record after each round, and no name that all want is touched.
#[tokio::test]
async fn opposite_runs_at_once_leave_no_record_without_an_owner() {
    let sim = Route53Sim::start();
    let zones = [sim.zone("example.org")];
    all_good(&run(&sim, &kept(), &[]).await.expect("run"));
    let rivals = [Some("192.0.2.1"), None, Some("192.0.2.2"), None];
    for round in 0..6 {
        let count = 2 + round % 3;
        let runs = rivals[..count].iter().map(|address| {
            let desired = desired(*address);
            let sim = &sim;
            async move { run(sim, &desired, &[]).await.expect("a report") }
        });
        let reports = join_all(runs).await;
        assert_all_owned(&contents(&zones), &format!("after round {round}"));
        let made = contents(&zones);
        let stays = plain(&made).into_iter().filter(|set| set.name.starts_with("kept")).count();
        assert_eq!(stays, 30, "after round {round}");
        for failure in reports.iter().flat_map(failed) {
            let ChangeResult::Sent(Outcome::Rejected(failure)) = &failure.result else {
                panic!("{failure:?}")
            };
            assert_eq!(failure.kind, FailureKind::Conflict, "{failure}");
        }
    }
    all_good(&run(&sim, &desired(Some("192.0.2.1")), &[]).await.expect("the last run"));
    let made = contents(&zones);
    assert_eq!(plain(&made).len(), 34);
    assert_all_owned(&made, "after the last run");
}

/// A run that gives a record another address, while another writer changes the zone between its
/// read and its write.
async fn interrupted(meddle: impl Fn(&Zone) + Send + Sync + 'static) -> (Report, Vec<RecordSet>) {
    let sim = Route53Sim::start();
    let zones = [sim.zone("example.org")];
    let before = [service("a.example.org", "192.0.2.1"), service("b.example.org", "192.0.2.1")];
    zones[0].seed(before.iter().flat_map(|service| service.records()));
    let after = [service("a.example.org", "192.0.2.2"), service("b.example.org", "192.0.2.1")];
    let zone = zones[0].clone();
    sim.on_call(move |moment, call| {
        if moment == Moment::Arrived && call.operation.is_write() && call.status.is_none() {
            meddle(&zone);
        }
    });
    let report = run(&sim, &after, &[]).await.expect("a report");
    (report, contents(&zones))
}

fn assert_one_is_changed(report: &Report) {
    let failures = failed(report);
    let [failure] = &failures[..] else { panic!("{failures:?}") };
    let ChangeResult::Sent(Outcome::Rejected(reason)) = &failure.result else {
        panic!("{failure:?}")
    };
    assert_eq!(reason.kind, FailureKind::Conflict);
    assert!(reason.message.contains("was changed since it was read"), "{reason}");
    assert_eq!(Summary::of(report).exit_code(), ExitCode::Partial);
}

#[tokio::test]
async fn a_pair_that_a_person_deletes_between_read_and_write_stays_deleted() {
    let (report, made) = interrupted(|zone| {
        zone.remove("a.example.org").remove("a-a.example.org");
    })
    .await;
    assert_one_is_changed(&report);
    assert_eq!(made.len(), 2, "{made:?}");
    assert_all_owned(&made, "after the run");
}

#[tokio::test]
async fn a_record_that_changes_hands_between_read_and_write_is_not_updated() {
    let theirs = RecordSet::txt("a-a.example.org", "heritage=external-dns,external-dns/owner=you");
    let (report, made) = interrupted({
        let theirs = theirs.clone();
        move |zone| {
            zone.seed([theirs.clone()]);
        }
    })
    .await;
    assert_one_is_changed(&report);
    assert!(made.contains(&theirs) && made.contains(&RecordSet::a("a.example.org", "192.0.2.1")));
}

#[tokio::test]
async fn what_another_run_made_as_wanted_between_read_and_write_is_applied() {
    let (report, made) = interrupted(|zone| {
        zone.seed([RecordSet::a("a.example.org", "192.0.2.2")]);
    })
    .await;
    all_good(&report);
    assert!(made.contains(&RecordSet::a("a.example.org", "192.0.2.2")));
}
