//! The same runs with a store in DynamoDB: runs that have nothing to do, that overlap, that lose their lease, and
//! whose store cannot be used.

use std::sync::Arc;

use extdns_testkit::route53::{Fault, Moment, Operation};

use crate::many_clusters::world::World;
use crate::program::run;

const TABLE: &str = "dynamodb create-table --table-name external-dns --billing-mode PAY_PER_REQUEST \
     --attribute-definitions AttributeName=target,AttributeType=S --key-schema AttributeName=target,KeyType=HASH";

async fn world(test: &str) -> Option<World> {
    let world = World::with_secret(test, "state: { dynamodb: { table: external-dns } }").await?;
    world.aws(TABLE);
    Some(world)
}

/// How often Route 53 and PowerDNS were called.
fn calls(world: &World) -> (usize, usize) {
    (world.route53.calls().len(), world.pdns.log().matches("HTTP/1.1\" ").count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_with_a_store_that_has_nothing_to_do_calls_no_provider() {
    let Some(world) = world("a_run_with_a_store").await else { return };
    let first = world.run(&[]);
    assert_eq!(first.run.code, 0, "{}", first.run.log);
    let before = calls(&world);
    let second = world.run(&[]);
    assert_eq!(second.run.code, 0, "{}", second.run.log);
    let states: Vec<_> = second.targets().map(|own| &own["state"]["outcome"]).collect();
    assert_eq!(states, ["gated", "gated"], "{}", second.run.log);
    assert_eq!(calls(&world), before);

    // What one cluster wants now is of one target alone.
    world.preview("192.0.2.99");
    let third = world.run(&[]);
    assert_eq!((third.run.code, third.total("update")), (0, 1), "{}", third.run.log);
    assert_eq!(calls(&world).1, before.1, "the clusters of the other target want the same");
    assert!(calls(&world).0 > before.0);

    // What a run by hand is told for once changes nothing of that.
    let by_hand = ["apply", "--config=extdns.yaml", "--allow-deletes=example.org"];
    let by_hand = run(world.command().args(by_hand));
    assert_eq!(by_hand.code, 0, "{}", by_hand.log);
    let before = calls(&world);
    let last = world.run(&[]);
    assert_eq!((last.run.code, calls(&world)), (0, before), "{}", last.run.log);
}

/// The second run begins while the first one writes.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_runs_at_a_time_one_writes_and_the_other_ends_in_peace() {
    let Some(world) = world("of_two_runs_at_a_time").await else { return };
    world.route53.fault(Fault::hang().on(Operation::ChangeResourceRecordSets).always());
    let mut first = world.command();
    first.args(["--once", "--config=extdns.yaml", "--timeout=60s"]);
    let mut first = first.stderr(std::process::Stdio::null()).spawn().expect("it starts");
    while world.route53.writes() < 1 {
        assert_eq!(first.try_wait().expect("a child"), None, "it ended before it wrote");
        std::thread::yield_now();
    }
    let before = world.route53.calls().len();
    let second = world.run(&[]);
    assert_eq!(second.run.code, 0, "{}", second.run.log);
    let public = second.targets().next().expect("a target");
    assert_eq!(public["state"]["outcome"], "leaseHeld", "{public}");
    assert_eq!(world.route53.calls().len(), before, "no call of the second");
    // Killed, it leaves its lease, which nobody takes before its time is over.
    first.kill().and_then(|()| first.wait()).expect("killed");
    world.route53.heal();
    let third = world.run(&[]);
    assert_eq!(third.run.code, 0, "{}", third.run.log);
    assert!(third.run.log.contains("another run holds the lease"), "{}", third.run.log);
    assert!(world.public().is_empty());
    // Its end can be brought forward by hand.
    world.aws(r#"dynamodb delete-item --table-name external-dns --key {"target":{"S":"public"}}"#);
    let last = world.run(&[]);
    assert_eq!(last.run.code, 0, "{}", last.run.log);
    assert_eq!(world.public().len(), 12 + 12 + 4);
}

/// Somebody takes the lease away while the zones are read.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_has_lost_its_lease_writes_nothing_to_that_target() {
    let Some(world) = world("a_run_that_has_lost_its_lease").await else { return };
    let moto = Arc::clone(&world.moto);
    world.route53.on_call(move |moment, call| {
        if matches!(moment, Moment::Arrived) && call.operation == Operation::ListHostedZones {
            let table = ["--table-name", "external-dns", "--region", super::world::REGION];
            let item = ["dynamodb", "delete-item", "--key", r#"{"target":{"S":"public"}}"#];
            moto.aws(&[item, table].concat());
        }
    });
    let lost = world.run(&[]);
    assert_eq!(lost.run.code, 1, "{}", lost.run.log);
    assert!(lost.run.log.contains("lease"), "{}", lost.run.log);
    assert!(world.public().is_empty() && world.route53.writes() == 0);
    assert_eq!(world.internal().await.len(), 2, "the other target has its own lease");
    world.route53.on_call(|_, _| {});
    let next = world.run(&[]);
    assert_eq!(next.run.code, 0, "{}", next.run.log);
    assert_eq!(world.public().len(), 12 + 12 + 4);
}

/// A store that cannot be used stops what writes, and nothing that only plans.
#[tokio::test(flavor = "multi_thread")]
async fn without_its_store_a_run_writes_nothing() {
    let test = "without_its_store_a_run_writes_nothing";
    let state = "state: { dynamodb: { table: there-is-none } }";
    let Some(world) = World::with_secret(test, state).await else { return };
    let stopped = world.run(&[]).run;
    assert_eq!(stopped.code, 1, "{}", stopped.log);
    assert!(stopped.log.contains("there-is-none"), "{}", stopped.log);
    assert!(world.public().is_empty() && world.route53.writes() == 0);
    assert!(world.internal().await.is_empty());
    let planned = world.run(&["--dry-run"]);
    assert_eq!((planned.run.code, planned.total("create")), (0, 12 + 12 + 4 + 2));
}
