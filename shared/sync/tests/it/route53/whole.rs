//! Answers that are not whole: what was not read is not written, not moved and not counted.

use extdns_sync::ExitCode;
use extdns_sync::report::Summary;
use extdns_testkit::route53::{Fault, Operation, Route53Sim, Spoil};

use crate::route53::support::{contents, run, service};

const LIST: Operation = Operation::ListHostedZones;
const READ: Operation = Operation::ListResourceRecordSets;

/// Of ten records five are wanted no more, and one is new.
#[tokio::test]
async fn a_zone_that_is_cut_loses_nothing_and_its_names_do_not_land_in_the_parent() {
    let other = "<GetChangeResponse><ChangeInfo/></GetChangeResponse>".to_owned();
    for spoil in [
        Spoil::CutAt(700),
        Spoil::CutAt(2_500),
        Spoil::CutAt(0),
        Spoil::Without("IsTruncated"),
        Spoil::Text("IsTruncated", "true".to_owned()),
        Spoil::Status(206),
        Spoil::Body(other),
    ] {
        let sim = Route53Sim::start();
        let parent = [sim.zone("example.org")];
        let child = [sim.zone("sub.example.org")];
        let old: Vec<_> =
            (0..10).map(|n| service(&format!("n{n}.sub.example.org"), "192.0.2.1")).collect();
        child[0].seed(old.iter().flat_map(|service| service.records()));
        let before = contents(&child);
        let mut desired = old[..5].to_vec();
        desired.push(service("new.sub.example.org", "192.0.2.1"));
        desired.push(service("www.example.org", "192.0.2.1"));
        sim.fault(Fault::spoiled(spoil.clone()).on(READ).in_zone(child[0].id()).always());
        let report = run(&sim, &desired, &[]).await.expect("a report");
        let summary = Summary::of(&report);
        assert_eq!(
            (summary.create, summary.delete, summary.unreadable_zones),
            (1, 0, 1),
            "{spoil:?}"
        );
        assert_eq!(summary.exit_code(), ExitCode::Partial);
        assert_eq!(contents(&child), before, "{spoil:?}");
        assert_eq!(contents(&parent).len(), 2, "{spoil:?}: www and its ownership record");
    }
}

/// Without the child zone in the list, its names would be those of the parent.
#[tokio::test]
async fn a_list_of_zones_that_is_cut_behind_the_first_ends_the_run() {
    for cut in [300, 420, 500, 600] {
        let sim = Route53Sim::start();
        let parent = [sim.zone("example.org")];
        sim.zone("sub.example.org");
        sim.fault(Fault::spoiled(Spoil::CutAt(cut)).on(LIST).always());
        let desired = [service("new.sub.example.org", "192.0.2.1")];
        let error = run(&sim, &desired, &[]).await.expect_err("no list");
        assert!(error.message.contains("the answer is not whole"), "{}", error.message);
        assert!(error.message.contains("request id"), "{}", error.message);
        assert_eq!((sim.writes(), contents(&parent).len()), (0, 0));
    }
}
