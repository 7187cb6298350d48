//! Many changes within a budget, while some calls fail and some records are bad.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use extdns_model::Outcome;
use extdns_plan::Hold;
use extdns_sync::ExitCode;
use extdns_sync::report::{ChangeResult, Summary};
use extdns_testkit::route53::{Fault, Moment, Operation, RecordSet, Route53Sim};

use crate::route53::support::{Service, assert_all_owned, contents, failed, plain, run, service};

const READ: Operation = Operation::ListResourceRecordSets;
const WRITE: Operation = Operation::ChangeResourceRecordSets;
const RATE: u32 = 50;

/// What is there, and what is wanted: in two zones 2,500 creates, 1,500 updates and 1,000 deletes,
/// beside 2,000 records that stay.
fn five_thousand_changes() -> (Vec<Service>, Vec<Service>) {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for n in 0..7_000 {
        let host = format!("n{n:04}.{}", if n % 2 == 0 { "example.org" } else { "example.net" });
        let (was, is) = match n % 14 {
            0..5 => (false, true),
            5..8 => (true, true),
            8..10 => (true, false),
            _ => {
                before.push(service(&host, "192.0.2.9"));
                after.push(service(&host, "192.0.2.9"));
                continue;
            }
        };
        was.then(|| before.push(service(&host, "192.0.2.1")));
        is.then(|| after.push(service(&host, "192.0.2.2")));
    }
    (before, after)
}

/// Records that only Route 53 finds to be wrong, and one that another writer makes in between.
fn three_bad() -> [Service; 3] {
    [
        service("bad-alias.example.org", "elsewhere.test").annotated("alias", "true"),
        service("bad-weight.example.org", "192.0.2.1")
            .annotated("set-identifier", "one")
            .annotated("aws-weight", "999"),
        service("bad-twin.example.net", "192.0.2.1"),
    ]
}

#[tokio::test]
async fn five_thousand_changes_within_the_rate_with_failing_calls_and_three_bad_records() {
    let sim = Route53Sim::start();
    let zones = [sim.zone("example.org"), sim.zone("example.net")];
    let (before, good) = five_thousand_changes();
    for zone in &zones {
        let own = before.iter().filter(|it| zone.name() == format!("{}.", domain(&it.host)));
        zone.seed(own.flat_map(Service::records)).quota(20_000);
    }
    let bad = three_bad();
    let desired = [&good[..], &bad].concat();

    // A fifth of a second of calls may come late and close together.
    sim.throttle(f64::from(RATE), 10 + RATE / 5);
    sim.fault(Fault::internal().on(READ).at(7));
    sim.fault(Fault::unavailable().on(READ).at(20).times(2));
    sim.fault(Fault::throttling().on(WRITE).at(2).times(2));
    sim.fault(Fault::internal().on(WRITE).at(5));
    sim.fault(Fault::unavailable().after_applying().on(WRITE).at(8));
    sim.fault(Fault::hang_up().after_applying().on(WRITE).at(11));
    let (twin, before_writes) = (zones[1].clone(), AtomicBool::new(true));
    sim.on_call(move |moment, call| {
        let first = moment == Moment::Arrived && call.operation.is_write();
        if first && before_writes.swap(false, Ordering::SeqCst) {
            twin.seed([RecordSet::a("bad-twin.example.net", "203.0.113.99")]);
        }
    });

    let rate = format!("--aws-requests-per-second={RATE}");
    let report = run(&sim, &desired, &[&rate]).await.expect("run");
    assert_eq!(sim.faults_met(), 1 + 2 + 2 + 1 + 1 + 1);
    assert_eq!(sim.refused("Throttling"), 2, "those that were asked for: no call above the rate");

    // The alias is an A and an AAAA.
    let failures = failed(&report);
    assert_eq!(failures.len(), 3, "{failures:#?}");
    // The weight is known to be too large when the plan is made.
    let held = report.changes().find(|it| it.resource == Some(bad[1].resource()));
    let cannot_be_stored =
        |it: &ChangeResult| matches!(it, ChangeResult::Held(Hold::CannotBeStored { .. }));
    assert!(held.is_some_and(|it| cannot_be_stored(&it.result)), "{held:?}");
    let resources: BTreeSet<_> = failures.iter().filter_map(|it| it.resource.clone()).collect();
    assert_eq!(resources, [0, 2].map(|at| bad[at].resource()).into_iter().collect());
    for change in &failures {
        let ChangeResult::Sent(Outcome::Rejected(failure)) = &change.result else {
            panic!("{change:?}")
        };
        assert!(failure.message.contains("request id"), "{failure}");
    }
    let summary = Summary::of(&report);
    assert_eq!((summary.create, summary.update, summary.delete), (2_500, 1_500, 1_000));
    assert_eq!(summary.exit_code(), ExitCode::Partial);

    let made = contents(&zones);
    let (twin, made): (Vec<_>, Vec<_>) =
        made.into_iter().partition(|set| set.name.contains("bad-"));
    assert_eq!(twin.len(), 1, "that of somebody else: {twin:?}");
    assert_all_owned(&made, "after the run");
    let mut wanted: Vec<_> = good.iter().flat_map(|service| service.records()).collect();
    let mut made: Vec<_> = made.into_iter().collect();
    let key = |set: &RecordSet| (set.name.clone(), set.record_type.clone());
    wanted.sort_by_key(key);
    made.sort_by_key(key);
    assert_eq!(plain(&made).len(), good.len());
    assert!(made == wanted, "records and ownership records are not as wanted");
}

fn domain(host: &str) -> &str {
    host.split_once('.').map_or(host, |(_, domain)| domain)
}

/// Others use the account, too: less is left than the budget says. Calls slow down to it, each goes
/// through in the end, and nothing is lost.
#[tokio::test]
async fn a_budget_that_others_use_up_delays_and_loses_nothing() {
    let sim = Route53Sim::start();
    let zones: Vec<_> = (0..6).map(|n| sim.zone(&format!("z{n}.example"))).collect();
    let desired: Vec<_> =
        (0..600).map(|n| service(&format!("n{n:03}.z{}.example", n % 6), "192.0.2.1")).collect();
    sim.throttle(20.0, 3);
    let flags = ["--aws-batch-change-size=50", "--aws-requests-per-second=50"];
    let report = run(&sim, &desired, &flags).await.expect("run");
    assert!(sim.refused("Throttling") > 0, "there was less than the budget");
    let succeeded = sim.calls().iter().filter(|call| call.succeeded()).count();
    assert_eq!(Summary::of(&report).create, 600, "{:#?}", failed(&report));
    assert_eq!(succeeded, 1 + 6 + 6 * 4, "each call went through once");
    assert_eq!(contents(&zones).len(), 1_200);
}
