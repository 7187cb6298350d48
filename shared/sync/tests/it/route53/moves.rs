//! A child zone appears in the account: the names below it move there, or stay where they are.

use extdns_model::{NotSent, Outcome};
use extdns_sync::ExitCode;
use extdns_sync::report::{ChangeKind, ChangeResult, Report};
use extdns_testkit::route53::{Fault, Route53Sim, Zone};

use crate::route53::support::{Service, all_good, assert_all_owned, contents, plain, run, service};

fn desired() -> Vec<Service> {
    let below = (0..4).map(|n| service(&format!("n{n}.sub.example.org"), "192.0.2.1"));
    below.chain([service("www.example.org", "192.0.2.1")]).collect()
}

/// A parent zone with records of ours, and the child zone of some of them.
async fn child_appears(sim: &Route53Sim) -> [Zone; 2] {
    let parent = sim.zone("example.org");
    all_good(&run(sim, &desired(), &[]).await.expect("run"));
    assert_eq!(names(&parent).len(), 5);
    [parent, sim.zone("sub.example.org")]
}

/// The names of the records in a zone, without ownership records.
fn names(zone: &Zone) -> Vec<String> {
    plain(&zone.own_records()).into_iter().map(|set| set.name.clone()).collect()
}

fn deletes(report: &Report) -> impl Iterator<Item = &ChangeResult> {
    let deletes = report.changes().filter(|change| change.kind == ChangeKind::Delete);
    deletes.map(|change| &change.result)
}

#[tokio::test]
async fn names_move_to_a_child_zone_that_appears() {
    let sim = Route53Sim::start();
    let zones = child_appears(&sim).await;
    let report = run(&sim, &desired(), &[]).await.expect("run");
    all_good(&report);
    assert!(report.changes().any(|it| it.moves_to.as_deref() == Some("sub.example.org")));
    assert_eq!(zones.each_ref().map(|zone| names(zone).len()), [1, 4]);
    assert_all_owned(&contents(&zones), "after the move");
    let again = run(&sim, &desired(), &[]).await.expect("run");
    assert_eq!(again.changes().count(), 0);
}

#[tokio::test]
async fn a_child_zone_that_takes_nothing_leaves_its_names_in_the_parent_zone() {
    let sim = Route53Sim::start();
    let zones = child_appears(&sim).await;
    let before = names(&zones[0]);
    let denied = Fault::error(403, "AccessDenied", "not authorized to change this zone");
    sim.fault(denied.in_zone(zones[1].id()).on_writes().always());
    for _ in 0..2 {
        let report = run(&sim, &desired(), &[]).await.expect("run");
        assert_eq!(report.exit_code(), ExitCode::Partial);
        assert_eq!((names(&zones[0]), names(&zones[1])), (before.clone(), vec![]));
        assert_eq!(deletes(&report).count(), 4);
        for result in deletes(&report) {
            assert_eq!(*result, ChangeResult::Sent(Outcome::NotSent(NotSent::Move)));
        }
    }
    sim.heal();
    all_good(&run(&sim, &desired(), &[]).await.expect("run"));
    assert_eq!(zones.each_ref().map(|zone| names(zone).len()), [1, 4]);
}

/// What the plan holds back in the child zone is held back in the parent zone, and said so.
#[tokio::test]
async fn a_name_that_somebody_else_has_in_the_child_zone_stays_in_the_parent_zone() {
    let sim = Route53Sim::start();
    let zones = child_appears(&sim).await;
    let [foreign, _] = service("n0.sub.example.org", "203.0.113.1").records();
    zones[1].seed([foreign]);
    let report = run(&sim, &desired(), &[]).await.expect("run");
    let held: Vec<String> = report
        .changes()
        .filter(|change| matches!(change.result, ChangeResult::Held(_)))
        .map(|change| format!("{:?} {}", change.kind, change.set().expect("a set").name))
        .collect();
    assert_eq!(held, ["Delete n0.sub.example.org", "Update n0.sub.example.org"]);
    assert_eq!(names(&zones[0]), ["n0.sub.example.org.", "www.example.org."]);
    assert_eq!(names(&zones[1]).len(), 4);
}
