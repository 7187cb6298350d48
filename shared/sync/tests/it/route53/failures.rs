//! Lost answers, clocks that differ, lists that break off, zones that cannot be read.

use extdns_model::{FailureKind, NotSent, Outcome};
use extdns_sync::ExitCode;
use extdns_sync::report::{self, ChangeResult, Palette, Report, RunFailure, Summary, render_text};
use extdns_testkit::route53::{ClockSkew, Fault, Operation, Route53Sim, Zone};

use crate::route53::support::{
    KEY, QUICK, Service, all_good, assert_all_owned, calls_to_write, contents, failed, run, service,
};

const LIST: Operation = Operation::ListHostedZones;
const READ: Operation = Operation::ListResourceRecordSets;
const WRITE: Operation = Operation::ChangeResourceRecordSets;

fn services(zone: &str, count: usize) -> Vec<Service> {
    (0..count).map(|n| service(&format!("n{n:04}.{zone}"), "192.0.2.1")).collect()
}

/// A zone with two pages of record sets, and one more of the Services wanted.
fn two_pages() -> (Route53Sim, [Zone; 1], Vec<Service>) {
    let sim = Route53Sim::start();
    let zones = [sim.zone("example.org")];
    let services = services("example.org", 201);
    zones[0].seed(services[1..].iter().flat_map(|service| service.records()));
    (sim, zones, services)
}

/// One name of the batch, which is atomic, tells what became of it: it is read after half a second.
async fn lost_answer(fault: Fault, applied: bool) {
    let sim = Route53Sim::start();
    let zones = [sim.zone("example.org")];
    let services = services("example.org", 40);
    sim.fault(fault.on(WRITE));
    all_good(&run(&sim, &services, &[]).await.expect("run"));
    assert_eq!(sim.faults_met(), 1);
    assert_eq!(sim.writes(), if applied { 1 } else { 2 }, "sent again only if it was not applied");
    assert_eq!(sim.reads(), 1 + 1 + 1, "the list, the zone, one name");
    let made = contents(&zones);
    assert_eq!(made.len(), 80);
    assert_all_owned(&made, "after the run");
    let second = run(&sim, &services, &[]).await.expect("second run");
    assert_eq!(second.changes().count(), 0);
}

#[tokio::test]
async fn a_lost_answer_to_a_batch_that_was_applied() {
    lost_answer(Fault::hang_up().after_applying(), true).await;
    lost_answer(Fault::internal().after_applying(), true).await;
}

#[tokio::test]
async fn a_lost_answer_to_a_batch_that_was_not_applied() {
    lost_answer(Fault::hang_up(), false).await;
    lost_answer(Fault::unavailable(), false).await;
}

/// An answer that is lost every time: nobody knows, which is said, and not taken for done.
#[tokio::test]
async fn a_lost_answer_that_cannot_be_looked_up_is_reported_as_unknown() {
    let sim = Route53Sim::start();
    let zones = [sim.zone("example.org")];
    let services = services("example.org", 3);
    sim.fault(Fault::hang_up().on(WRITE).always());
    sim.fault(Fault::hang_up().on(READ).at(2).always());
    let report = run(&sim, &services, &[]).await.expect("run");
    let failures = failed(&report);
    assert_eq!(failures.len(), 3);
    for change in failures {
        assert!(matches!(change.result, ChangeResult::Sent(Outcome::Unknown(_))), "{change:?}");
    }
    assert_eq!(Summary::of(&report).exit_code(), ExitCode::Partial);
    sim.heal();
    all_good(&run(&sim, &services, &[]).await.expect("second run"));
    assert_eq!(contents(&zones).len(), 6);
}

/// The SDK learns the other clock from the refusal, and signs with it from then on.
#[tokio::test]
async fn a_clock_skew_that_is_answered_once_does_not_end_the_run() {
    let ahead = ClockSkew::of(3_600);
    for (skew, lists) in [
        (ahead.clone(), 2),
        (ahead.clone().as_request_time_too_skewed(), 2),
        (ClockSkew::of(-3_600), 2),
        // One server of many: the next has the right time again, which is a skew to who learned.
        (ahead.once(), 3),
    ] {
        let sim = Route53Sim::start();
        let zones = [sim.zone("example.org")];
        sim.skew_clock(skew);
        let report = run(&sim, &services("example.org", 3), &[]).await.expect("run");
        assert_eq!(all_good(&report).create, 3);
        assert_eq!(contents(&zones).len(), 6);
        assert_eq!((sim.count(LIST), sim.count(READ), sim.writes()), (lists, 1, 1));
    }
}

#[tokio::test]
async fn a_clock_skew_that_stays_is_an_error_that_names_both_clocks() {
    let sim = Route53Sim::start();
    let zones = [sim.zone("example.org")];
    sim.skew_clock(ClockSkew::of(-3_600).always());
    let error = run(&sim, &services("example.org", 3), &[]).await.expect_err("no zones");
    assert_eq!(error.kind, report::FailureKind::Provider);
    let text = error.message;
    for part in [
        "failed to read zones",
        "route53:ListHostedZones",
        "the clock here says 20",
        "that of AWS 20",
        "set the clock",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!(sim.calls().len(), 3, "and twice with the other clock");
    assert_eq!(contents(&zones).len(), 0);
}

/// The list of a zone is begun anew.
#[tokio::test]
async fn a_page_token_that_expires_once_costs_the_list_from_its_start() {
    let (sim, zones, services) = two_pages();
    sim.fault(Fault::page_token_expired().on(READ));
    let report = run(&sim, &services, &[]).await.expect("run");
    assert_eq!(all_good(&report).create, 1);
    assert_eq!(sim.faults_met(), 1);
    assert_eq!((sim.count(READ), sim.writes()), (2 + 2, 1));
    assert_eq!(contents(&zones).len(), 402);
}

/// The zone is left alone, and says why; the others go on.
#[tokio::test]
async fn a_page_token_that_expires_twice_leaves_its_zone_unread() {
    let (sim, zones, mut desired) = two_pages();
    let other = [sim.zone("example.net")];
    desired.extend(services("example.net", 3));
    sim.fault(Fault::page_token_expired().in_zone(zones[0].id()).times(2));
    let report = run(&sim, &desired, &[]).await.expect("run");
    assert_eq!(sim.faults_met(), 2);
    let unreadable: Vec<_> = report.zones().filter_map(|zone| zone.unreadable.as_deref()).collect();
    let [why] = unreadable[..] else { panic!("{unreadable:?}") };
    for part in [
        "the list broke off twice",
        "route53:ListResourceRecordSets",
        zones[0].id(),
        "profile default",
        "InvalidPaginationToken",
    ] {
        assert!(why.contains(part), "{part} is missing in {why}");
    }
    assert_eq!(Summary::of(&report).exit_code(), ExitCode::Partial);
    assert_eq!((contents(&zones).len(), contents(&other).len()), (400, 6));
    let written: Vec<_> =
        sim.calls().into_iter().filter(|call| call.operation.is_write()).collect();
    assert!(written.iter().all(|call| call.zone.as_deref() == Some(other[0].id())));
}

/// Without a whole list of zones nothing is planned.
#[tokio::test]
async fn a_page_token_of_the_list_of_zones_expires_once_and_twice() {
    let sim = Route53Sim::start();
    let zones: Vec<_> = (0..101).map(|n| sim.zone(&format!("z{n:03}.example"))).collect();
    let desired = services("z100.example", 1);
    sim.fault(Fault::page_token_expired().on(LIST));
    let report = run(&sim, &desired, &[]).await.expect("run");
    assert_eq!(all_good(&report).create, 1);
    assert_eq!(report.zones().count(), 101, "each once");
    assert_eq!(sim.count(LIST), 2 + 2);

    sim.forget_calls();
    sim.fault(Fault::page_token_expired().on(LIST).times(2));
    let error = run(&sim, &desired, &[]).await.expect_err("no list of zones");
    let text = error.message;
    for part in
        ["failed to list hosted zones", "the list broke off twice", "InvalidPaginationToken"]
    {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!((sim.count(LIST), sim.reads(), sim.writes()), (4, 4, 0));
    assert_eq!(contents(&zones).len(), 2);
}

/// A zone that cannot be read keeps its names: they do not fall to the zone above, and nothing in it
/// is changed.
#[tokio::test]
async fn r53_case_15_a_zone_that_cannot_be_read_is_left_alone() {
    let sim = Route53Sim::start();
    let parent = [sim.zone("example.org")];
    let broken = [sim.zone("sub.example.org")];
    let (kept, gone) = (
        service("kept.sub.example.org", "192.0.2.1"),
        service("gone.sub.example.org", "192.0.2.1"),
    );
    broken[0].seed([&kept, &gone].into_iter().flat_map(|it| it.records()));
    let before = contents(&broken);
    sim.fault(Fault::internal().on(READ).in_zone(broken[0].id()).always());
    let desired = [
        kept,
        service("new.sub.example.org", "192.0.2.1"),
        service("www.example.org", "192.0.2.1"),
    ];
    let report = run(&sim, &desired, &[]).await.expect("run");
    assert_eq!(sim.count(READ), 1 + 3, "three attempts");

    let summary = Summary::of(&report);
    assert_eq!((summary.create, summary.delete, summary.unreadable_zones), (1, 0, 1));
    assert_eq!(summary.exit_code(), ExitCode::Partial);
    assert_eq!(contents(&broken), before);
    assert_eq!(contents(&parent).len(), 2);
    let text = render_text(&report, Palette::Plain);
    let why = text.lines().find(|line| line.contains("InternalFailure")).expect("why");
    for part in [broken[0].id(), "zone sub.example.org", "profile default", "request id"] {
        assert!(why.contains(part), "{part} is missing in {why}");
    }
}

/// Each right that a run needs, when it is the one that is missing: `allowed` are the others.
async fn without(missing: &str) -> (Route53Sim, [Zone; 1], Result<Report, RunFailure>) {
    const RIGHTS: [&str; 3] = [
        "route53:ListHostedZones",
        "route53:ListResourceRecordSets",
        "route53:ChangeResourceRecordSets",
    ];
    assert!(RIGHTS.contains(&missing));
    let sim = Route53Sim::start();
    let zones = [sim.zone("example.org")];
    let user = sim.account(extdns_testkit::route53::ACCOUNT).user(KEY);
    sim.allow_only(
        &user,
        RIGHTS.into_iter().filter(|right| *right != missing).map(|right| (right, "*")),
    );
    let report = run(&sim, &services("example.org", 20), &[]).await;
    (sim, zones, report)
}

fn assert_remedy(text: &str, right: &str) {
    let remedy = format!("allow the action {right} in the policy of this identity");
    for part in [right, "AccessDenied", "request id", &*remedy] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[tokio::test]
async fn a_role_without_the_right_to_list_zones() {
    let right = "route53:ListHostedZones";
    let (sim, zones, report) = without(right).await;
    let error = report.expect_err("no zones");
    assert_remedy(&error.message, right);
    assert_eq!((sim.calls().len(), contents(&zones).len()), (1, 0));
}

#[tokio::test]
async fn a_role_without_the_right_to_list_record_sets() {
    let right = "route53:ListResourceRecordSets";
    let (sim, zones, report) = without(right).await;
    let report = report.expect("the list of zones is there");
    assert_remedy(report.targets[0].zones[0].unreadable.as_deref().expect("unreadable"), right);
    assert_eq!(Summary::of(&report).exit_code(), ExitCode::Partial);
    assert_eq!((sim.reads(), sim.writes(), contents(&zones).len()), (2, 0, 0));
}

/// One refusal is enough: what is left of the zone is not sent.
#[tokio::test]
async fn a_role_without_the_right_to_change_record_sets() {
    let right = "route53:ChangeResourceRecordSets";
    let (sim, zones, report) = without(right).await;
    let report = report.expect("readable");
    let failures = failed(&report);
    assert_eq!(failures.len(), 20);
    let ChangeResult::Sent(Outcome::Rejected(failure)) = &failures[0].result else {
        panic!("{:?}", failures[0])
    };
    assert_eq!(failure.kind, FailureKind::Unauthorised);
    assert_remedy(&failure.message, right);
    assert_eq!(failures[0].resource.as_deref(), Some("service/test/n0000-example-org"));
    assert_eq!(Summary::of(&report).exit_code(), ExitCode::Partial);
    assert_eq!((sim.reads(), sim.writes(), contents(&zones).len()), (2, 1, 0));
}

/// A zone takes 146 records less than are wanted: one refusal tells, and nothing is halved or looked
/// up.
#[tokio::test]
async fn a_zone_that_is_full_costs_one_refusal() {
    let services: Vec<_> =
        (0..700).map(|n| service(&format!("n{n:04}.example.org"), "192.0.2.1")).collect();
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let holds = zone.len();
    zone.quota(holds + 2 * services.len() - 146);
    let report = run(&sim, &services, &QUICK).await.expect("readable");
    let failures = failed(&report);
    let made = zone.len() - holds;
    assert_eq!(failures.len(), services.len() - made / 2);
    for change in &failures {
        let failure = match &change.result {
            ChangeResult::Sent(
                Outcome::Rejected(failure) | Outcome::NotSent(NotSent::Stopped(failure)),
            ) => failure,
            other => panic!("{other:?}"),
        };
        assert_eq!(failure.kind, FailureKind::Quota);
        assert!(failure.message.contains("Exceeded limit MAX_RRSETS_BY_ZONE"), "{failure}");
        assert!(failure.message.contains("ask AWS for a higher quota"), "{failure}");
    }
    let text = render_text(&report, Palette::Plain);
    let limit = text.lines().filter(|line| line.contains("MAX_RRSETS_BY_ZONE"));
    let lines: Vec<&str> = limit.collect();
    assert_eq!(lines.len(), 1, "the limit and the remedy are said once: {text}");
    let begin = format!("! zone example.org: {} changes are not made: ", failures.len());
    assert!(lines[0].starts_with(&begin), "{}", lines[0]);
    assert_eq!(Summary::of(&report).exit_code(), ExitCode::Partial);
    let applied = calls_to_write(services[..made / 2].iter().map(Service::cost));
    assert_eq!(sim.writes(), applied + 1, "the batches that fit, and the one that does not");
    assert_eq!(sim.reads(), 2, "the zones and the records, once");
}
