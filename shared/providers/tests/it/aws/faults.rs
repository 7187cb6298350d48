//! Refusals, throttling, lost answers, clocks, rights.

use extdns_model::{
    Action, ChangeGroup, FailureKind, Inventory, NotSent, Outcome, RecordType, ZoneKey,
};
use extdns_providers::aws;
use extdns_providers::engine::Zoned;
use extdns_providers::{Context, ErrorKind, Reader as _};
use extdns_testkit::route53::{
    self as sim, ACCOUNT, BatchErrorForm, ClockSkew, Fault, Operation, Route53Sim,
};

use crate::aws::support::{
    all_applied, apply, args, group, login, pair, plain, provider, record, set,
};

const ZONE: ZoneKey = ZoneKey(0);
const WRITE: Operation = Operation::ChangeResourceRecordSets;

fn good(n: usize) -> ChangeGroup {
    let desired = set(&format!("n{n:03}.e.test"), RecordType::A, 60, &["192.0.2.1"]);
    pair(ZONE, desired, "\"heritage=external-dns\"")
}

/// No address.
fn bad(n: usize) -> ChangeGroup {
    let desired = set(&format!("n{n:03}.e.test"), RecordType::A, 60, &["no.address"]);
    pair(ZONE, desired, "\"heritage=external-dns\"")
}

struct Run {
    sim: Route53Sim,
    zone: sim::Zone,
    provider: Zoned,
    inventory: Inventory,
}

async fn ready() -> Run {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    let provider = provider(&sim, &[]);
    let inventory = provider.read().await.expect("readable");
    sim.forget_calls();
    Run { sim, zone, provider, inventory }
}

impl Run {
    async fn apply(&self, groups: Vec<ChangeGroup>) -> Vec<Outcome> {
        apply(&self.provider, &self.inventory, groups).await
    }
}

#[tokio::test]
async fn r53_case_32_a_bad_group_among_good_ones() {
    let run = ready().await;
    let outcomes = run.apply(vec![good(0), bad(1), good(2)]).await;
    assert_eq!((&outcomes[0], &outcomes[2]), (&Outcome::Applied, &Outcome::Applied));
    assert!(matches!(outcomes[1], Outcome::Rejected(_)), "{outcomes:?}");
    assert_eq!(run.zone.own_records().len(), 4, "neither half of the bad one");
    all_applied(&run.apply(vec![good(1)]).await);
    assert_eq!(run.zone.own_records().len(), 6);
}

#[tokio::test]
async fn r53_case_33_a_bad_group_alone() {
    let run = ready().await;
    let outcomes = run.apply(vec![bad(1)]).await;
    let Outcome::Rejected(failure) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(failure.kind, FailureKind::Rejected);
    assert!(failure.message.contains("zone e.test"), "{failure}");
    assert!(failure.message.contains("request id"), "{failure}");
    assert_eq!(run.sim.writes(), 1, "it is not sent again");
}

/// Both forms of the body name the offenders: one call for the batch, one for the rest.
#[tokio::test]
async fn named_offenders_are_taken_out_at_once() {
    for form in [BatchErrorForm::Messages, BatchErrorForm::ErrorResponse] {
        let run = ready().await;
        run.sim.batch_errors(form);
        run.zone.seed([sim::RecordSet::a("n007.e.test", "192.0.2.99")]);
        let outcomes = run.apply((0..50).map(good).collect()).await;
        let refused: Vec<_> =
            outcomes.iter().enumerate().filter(|(_, it)| **it != Outcome::Applied).collect();
        assert_eq!(refused.len(), 1, "{refused:?}");
        let (7, Outcome::Rejected(failure)) = refused[0] else { panic!("{refused:?}") };
        assert_eq!(failure.kind, FailureKind::Conflict);
        assert_eq!(run.sim.writes(), 2);
        assert_eq!(run.zone.own_records().len(), 49 * 2 + 1);
    }
}

#[tokio::test]
async fn unnamed_offenders_are_found_by_halves() {
    let run = ready().await;
    let groups = (0..64).map(|n| if n == 21 { bad(n) } else { good(n) }).collect();
    let outcomes = run.apply(groups).await;
    let refused = outcomes.iter().filter(|it| **it != Outcome::Applied).count();
    assert_eq!(refused, 1);
    assert!(run.sim.writes() <= 2 * 6 + 1, "{} writes", run.sim.writes());
}

#[tokio::test]
async fn r53_case_42_a_throttled_batch_is_sent_again_whole() {
    let run = ready().await;
    run.sim.fault(Fault::throttling().on(WRITE).times(2));
    all_applied(&run.apply((0..50).map(good).collect()).await);
    assert_eq!(run.sim.writes(), 3);
    let calls = run.sim.calls();
    assert_eq!(calls.last().map(|call| call.changes.len()), Some(100));
}

#[tokio::test]
async fn a_change_in_process_is_waited_for() {
    let run = ready().await;
    run.sim.fault(
        Fault::error(400, "PriorRequestNotComplete", "The request was rejected.")
            .on(WRITE)
            .times(2),
    );
    all_applied(&run.apply(vec![good(0)]).await);
    assert_eq!(run.sim.writes(), 3);
}

#[tokio::test]
async fn r53_case_43_one_of_two_zones_fails() {
    let sim = Route53Sim::start();
    let (one, two) = (sim.zone("one.test"), sim.zone("two.test"));
    let provider = provider(&sim, &["--aws-batch-change-size=2"]);
    let inventory = provider.read().await.expect("readable");
    sim.fault(Fault::error(403, "AccessDenied", "no").on(WRITE).in_zone(one.id()).always());
    let desired = |n: usize, zone: usize, name: &str| {
        let desired = set(&format!("a{n}.{name}"), RecordType::A, 60, &["192.0.2.1"]);
        pair(ZoneKey(u32::try_from(zone).expect("small")), desired, "\"x\"")
    };
    let groups = (0..3)
        .map(|n| desired(n, 0, "one.test"))
        .chain((0..3).map(|n| desired(n, 1, "two.test")))
        .collect();
    let outcomes = apply(&provider, &inventory, groups).await;
    all_applied(&outcomes[3..]);
    assert_eq!(two.own_records().len(), 6);
    let Outcome::Rejected(failure) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(failure.kind, FailureKind::Unauthorised);
    assert!(failure.message.contains(one.id()) && !failure.message.contains(two.id()));
    assert!(failure.message.contains("allow the action route53:ChangeResourceRecordSets"));
    for outcome in &outcomes[1..3] {
        assert!(matches!(outcome, Outcome::NotSent(NotSent::Stopped(_))), "{outcome:?}");
    }
    assert_eq!(sim.calls().iter().filter(|it| it.zone.as_deref() == Some(one.id())).count(), 2);
}

/// One name of the atomic batch shows what became of it.
#[tokio::test]
async fn lost_answers() {
    for (fault, applied, writes) in [
        (Fault::hang_up(), false, 2),
        (Fault::hang_up().after_applying(), true, 1),
        (Fault::internal(), false, 2),
        (Fault::internal().after_applying(), true, 1),
    ] {
        let run = ready().await;
        run.sim.fault(fault.on(WRITE));
        all_applied(&run.apply((0..40).map(good).collect()).await);
        assert_eq!(run.sim.faults_met(), 1);
        assert_eq!(run.sim.writes(), writes, "applied: {applied}");
        assert_eq!(run.sim.reads(), 1, "one name is read");
        assert_eq!(run.zone.own_records().len(), 80);
    }
}

/// The SDK learns the other clock from the answer, and signs with it from then on.
#[tokio::test]
async fn clocks_that_differ() {
    let sim = Route53Sim::start();
    sim.zone("e.test");
    sim.skew_clock(ClockSkew::of(3600));
    provider(&sim, &[]).read().await.expect("readable with the other clock");
    assert_eq!(sim.count(Operation::ListHostedZones), 2, "once refused, once answered");

    sim.skew_clock(ClockSkew::of(-3600).always());
    sim.forget_calls();
    let error = provider(&sim, &[]).read().await.expect_err("never");
    assert_eq!(error.kind, ErrorKind::Unauthorised);
    assert!(error.message.contains("the clock here says 20"), "{error}");
    assert!(error.message.contains("that of AWS 20"), "{error}");
}

#[tokio::test]
async fn a_session_that_is_over() {
    let run = ready().await;
    run.sim.fault(Fault::session_expired().on(WRITE).always());
    let outcomes = run.apply(vec![good(0)]).await;
    let Outcome::Rejected(failure) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(failure.kind, FailureKind::Unauthorised);
    assert!(failure.message.contains("the session is over"), "{failure}");
    assert_eq!(run.sim.writes(), 1);
}

/// A create of what is there already, equal, is done.
#[tokio::test]
async fn what_is_there_already_counts_as_made() {
    let run = ready().await;
    run.zone.seed([
        sim::RecordSet::a("n001.e.test", "192.0.2.1").ttl(60),
        sim::RecordSet::txt("a-n001.e.test", "heritage=external-dns"),
    ]);
    all_applied(&run.apply(vec![good(0), good(1)]).await);
    assert_eq!(run.zone.own_records().len(), 4);
}

/// Two profiles of one account share its budget; those of two accounts have one each.
#[tokio::test]
async fn no_call_above_the_rate_of_an_account() {
    for second in [ACCOUNT, "222222222222"] {
        let sim = Route53Sim::start();
        let other = sim.account(second);
        other.access_key("AKIASECOND");
        for n in 0..12 {
            sim.zone(&format!("one{n}.test"));
            other.zone(&format!("two{n}.test"));
        }
        sim.throttle(20.0, 11);
        other.throttle(20.0, 11);
        let logins =
            vec![login(&sim, "one", "AKIATEST", ACCOUNT), login(&sim, "two", "AKIASECOND", second)];
        let flags = args(&["--aws-requests-per-second=19"]);
        let provider = aws::over(logins, &flags, &Context::default());
        let inventory = provider.read().await.expect("readable");
        assert_eq!(inventory.index.len(), 24);
        assert_eq!(sim.refused("Throttling"), 0, "second account {second}");
    }
}

/// Twelve zones of an account fail before the four of another are tried.
#[tokio::test]
async fn an_account_that_is_down_does_not_stop_another() {
    let sim = Route53Sim::start();
    let other = sim.account("222222222222");
    other.access_key("AKIASECOND");
    for n in 0..12 {
        let zone = sim.zone(&format!("one{n}.test"));
        sim.fault(Fault::unavailable().on_writes().in_zone(zone.id()).always());
    }
    let working: Vec<sim::Zone> = (0..4).map(|n| other.zone(&format!("two{n}.test"))).collect();
    let logins = vec![
        login(&sim, "one", "AKIATEST", ACCOUNT),
        login(&sim, "two", "AKIASECOND", "222222222222"),
    ];
    let provider = aws::over(logins, &args(&[]), &Context::default());
    let inventory = provider.read().await.expect("readable");
    let groups = inventory.index.iter().map(|(key, zone)| {
        let desired = set(&format!("a.{}", zone.name), RecordType::A, 60, &["192.0.2.1"]);
        pair(key, desired, "\"heritage=external-dns\"")
    });
    let outcomes = apply(&provider, &inventory, groups.collect()).await;
    assert!(working.iter().all(|zone| zone.own_records().len() == 2), "{outcomes:?}");
    let stopped = outcomes.iter().filter(|it| matches!(it, Outcome::NotSent(_))).count();
    assert!(stopped >= 2, "the last two were never called: {outcomes:?}");
    // Eight zones are called at the same time; two more begin before the third has failed.
    assert!(sim.count(WRITE) <= 10 * 3 + 4, "{}", sim.count(WRITE));
}

/// The old type goes and the new one comes in one batch.
#[tokio::test]
async fn a_type_change_is_one_group() {
    let run = ready().await;
    run.zone.seed([sim::RecordSet::new("c.e.test", "CNAME").value("x.test")]);
    let inventory = run.provider.read().await.expect("readable");
    let old = crate::aws::support::stored(crate::aws::support::found(
        &inventory,
        "c.e.test",
        RecordType::Cname,
    ));
    let new = plain(set("c.e.test", RecordType::A, 60, &["192.0.2.1"]));
    let changes = vec![record(Action::Create(new)), record(Action::Delete(old))];
    all_applied(&apply(&run.provider, &inventory, vec![group(ZONE, changes)]).await);
    assert_eq!(run.zone.find("c.e.test", "A").len(), 1);
}
