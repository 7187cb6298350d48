//! Runs whose time is over before they are.

use std::time::{Duration, Instant};

use extdns_testkit::route53::Operation;
use serde_json::json;

use crate::support::{Bench, schedule};

/// What the function keeps of the service's deadline.
const RESERVE: Duration = Duration::from_secs(10);

#[test]
fn a_deadline_met_while_reading_ends_the_run_with_an_answer() {
    let mut bench = Bench::new();
    bench.want(0..5);
    assert_eq!(bench.function.init_error(), None);
    bench.sim.latency(Duration::from_secs(30));
    let begin = Instant::now();
    let answer = bench.ask_within(&schedule(), RESERVE + Duration::from_secs(2));
    assert!(begin.elapsed() < RESERVE, "the answer comes before the service's deadline");
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(false), &json!(1)), "{answer}");
    assert_eq!(answer["alerts"][0]["subject"], "run failed");
    assert_eq!(bench.sim.writes(), 0);
    assert_eq!(bench.metrics()[0]["RunFailed"], 1);

    bench.sim.latency(Duration::ZERO);
    assert_eq!(bench.ask(&schedule())["ok"], true);
    assert_eq!(bench.hosts().len(), 5);
    assert_eq!(bench.function.starts(), 1);
}

#[test]
fn a_deadline_met_while_writing_leaves_the_rest_for_the_next_event() {
    const ALL: usize = 6_000;
    let mut bench = Bench::new();
    bench.zone.quota(3 * ALL);
    bench.want(0..ALL);
    assert_eq!(bench.function.init_error(), None);
    bench.sim.latency(Duration::from_millis(400));
    let begin = Instant::now();
    let answer = bench.ask_within(&schedule(), RESERVE + Duration::from_secs(5));
    assert!(begin.elapsed() < RESERVE, "the answer comes before the service's deadline");
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(false), &json!(3)), "{answer}");
    let [create, deferred] =
        ["create", "deferred"].map(|total| answer["totals"][total].as_u64().expect("a total"));
    assert!(create > 0 && deferred > 0, "{answer}");
    let done = bench.hosts().len();
    assert_eq!(done as u64, create);
    assert_eq!(create + deferred, ALL as u64);
    assert_eq!(bench.metrics()[0]["ChangesDeferred"], deferred);

    bench.sim.latency(Duration::ZERO);
    bench.sim.forget_calls();
    let answer = bench.ask(&schedule());
    assert_eq!((&answer["ok"], &answer["totals"]["create"]), (&json!(true), &json!(deferred)));
    assert_eq!(bench.hosts().len(), ALL);
    assert!(bench.sim.count(Operation::ChangeResourceRecordSets) > 0);
    assert_eq!(bench.function.starts(), 1);
}

#[test]
fn a_deadline_met_under_throttling_accounts_for_every_change() {
    const ALL: usize = 3_000;
    let mut bench = Bench::new();
    bench.zone.quota(3 * ALL);
    bench.want(0..ALL);
    assert_eq!(bench.function.init_error(), None);
    bench.sim.throttle(0.1, 4);
    let answer = bench.ask_within(&schedule(), RESERVE + Duration::from_secs(4));
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(false), &json!(3)), "{answer}");
    assert!(bench.sim.refused("Throttling") > 0);
    let done = bench.hosts().len();
    assert_eq!(answer["totals"]["create"], done);
    // Whichever comes first: the last attempt, or the end of the time.
    let left = ["deferred", "failed"].map(|total| answer["totals"][total].as_u64());
    assert_eq!(left.into_iter().flatten().sum::<u64>(), (ALL - done) as u64);

    bench.sim.throttle(1000.0, 1000);
    assert_eq!(bench.ask(&schedule())["ok"], true);
    assert_eq!(bench.hosts().len(), ALL);
}

#[test]
fn the_flag_ends_a_run_before_the_service_does() {
    let mut bench = Bench::with(&[("EXTERNAL_DNS_TIMEOUT", "1s")]);
    bench.sim.latency(Duration::from_secs(30));
    let begin = Instant::now();
    assert_eq!(bench.ask(&json!({}))["exitCode"], 1);
    assert!(begin.elapsed() < Duration::from_secs(20));
}
