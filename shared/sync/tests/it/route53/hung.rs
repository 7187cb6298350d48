//! A service that never answers: the run ends with its time.

use std::time::{Duration, Instant};

use extdns_model::Outcome;
use extdns_sync::ExitCode;
use extdns_sync::report::{ChangeResult, Summary};
use extdns_testkit::route53::{Fault, Operation, Route53Sim, Spoil};

use crate::route53::support::{failed, run, service};

/// What a run may take beyond its time.
const GRACE: Duration = Duration::from_secs(8);
const TIMEOUT: &str = "--timeout=2s";

#[tokio::test]
async fn a_list_that_hangs_ends_with_the_time_of_the_run() {
    let hangs = [
        Fault::hang().on(Operation::ListHostedZones),
        Fault::spoiled(Spoil::StallAt(200)).on(Operation::ListHostedZones),
        Fault::hang().on(Operation::ListResourceRecordSets),
        Fault::spoiled(Spoil::StallAt(200)).on(Operation::ListResourceRecordSets),
    ];
    for hang in hangs {
        let sim = Route53Sim::start();
        sim.zone("example.org");
        sim.fault(hang.always());
        let start = Instant::now();
        let result = run(&sim, &[service("a.example.org", "192.0.2.1")], &[TIMEOUT]).await;
        assert!(start.elapsed() < Duration::from_secs(2) + GRACE, "{:?}", start.elapsed());
        let bad =
            result.map_or(true, |report| Summary::of(&report).exit_code() != ExitCode::Success);
        assert!(bad && sim.faults_met() > 0);
        assert_eq!(sim.writes(), 0);
    }
}

#[tokio::test]
async fn a_write_that_hangs_is_reported_as_unknown_in_time() {
    for hang in [Fault::hang(), Fault::spoiled(Spoil::StallAt(30))] {
        let sim = Route53Sim::start();
        sim.zone("example.org");
        sim.fault(hang.on(Operation::ChangeResourceRecordSets).always());
        let start = Instant::now();
        let desired = [service("a.example.org", "192.0.2.1")];
        let report = run(&sim, &desired, &[TIMEOUT]).await.expect("a report");
        assert!(start.elapsed() < Duration::from_secs(2) + GRACE, "{:?}", start.elapsed());
        let failures = failed(&report);
        let [failure] = &failures[..] else { panic!("{failures:?}") };
        assert!(matches!(failure.result, ChangeResult::Sent(Outcome::Unknown(_))), "{failure:?}");
        assert_eq!(Summary::of(&report).exit_code(), ExitCode::Partial);
    }
}
