//! Many records, and a server that dies among them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use extdns_testkit::dns::dig;
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::pdns::PowerDns;
use serde_json::Value;
use tokio::sync::{Mutex, oneshot};

use super::super::CHANGE;
use super::*;
use crate::conformance::contract::{calls, many, sync};

const API: &str = "/api/v1/servers/localhost";

fn all_applied(outcomes: &[Outcome]) {
    let applied = |it: &Outcome| *it == Outcome::Applied;
    assert!(!outcomes.is_empty() && outcomes.iter().all(applied), "{outcomes:?}");
}

/// A batch has at most 1,000 record sets, so 20,000 (10,000 with their ownership records) need 20 calls.
#[tokio::test]
async fn ten_thousand_records_take_the_least_possible_number_of_calls() {
    let test = "ten_thousand_records_take_the_least_possible_number_of_calls";
    let Some(server) = PowerDns::start_or_skip(test).await else { return };
    server.create_zone(ZONE, "Native").await;
    let desired = many(10_000);
    let provider = make(&server.url());
    all_applied(&sync(provider.as_ref(), &desired).await);
    let found = ["list zones", "read zone", CHANGE].map(|it| calls(provider.as_ref(), it));
    assert_eq!(found, [1, 1, 20]);
    let outcomes = sync(provider.as_ref(), &desired).await;
    assert!(outcomes.is_empty(), "still to do: {outcomes:?}");
    assert_eq!(calls(provider.as_ref(), CHANGE), 20);
    assert_eq!(dig(server.dns_port, "n9999.example.org", "A"), ["10.0.39.250"]);
}

/// The server dies at its fourth batch, with no answer to it, and comes back for the next run.
#[tokio::test]
async fn a_server_that_is_killed_in_the_middle_converges_in_the_next_run() {
    let test = "a_server_that_is_killed_in_the_middle_converges_in_the_next_run";
    let Some(server) = PowerDns::start_or_skip(test).await else { return };
    server.create_zone(ZONE, "Native").await;
    let (server, batches) = (Arc::new(Mutex::new(server)), Arc::new(AtomicU64::new(0)));
    let runtime = tokio::runtime::Handle::current();
    let own = Arc::clone(&server);
    let proxy = ScriptedServer::start(move |request| {
        let (sender, answer) = oneshot::channel();
        let is_write = request.method == "PATCH";
        let batch = batches.fetch_add(u64::from(is_write), Ordering::SeqCst) + u64::from(is_write);
        let (server, request) = (Arc::clone(&own), request.clone());
        runtime.spawn(async move {
            let mut server = server.lock().await;
            if batch >= 4 {
                server.kill();
                return drop(sender.send(Reply::hang_up()));
            }
            let target = request.target();
            let path = target.strip_prefix(API).expect("a path of the API");
            let body = if request.body.is_empty() { Value::Null } else { request.json() };
            let (status, answer) = server.pass(request.method.as_str(), path, &body).await;
            let reply =
                if answer.is_null() { Reply::new(status) } else { Reply::json(status, &answer) };
            drop(sender.send(reply));
        });
        Reply::later(answer)
    });
    let desired = many(3000);
    let outcomes = sync(make(&proxy.url()).as_ref(), &desired).await;
    let applied = outcomes.iter().filter(|it| **it == Outcome::Applied).count();
    assert_eq!(applied, 3 * 500, "three batches of 500 records");
    let mut server = server.lock().await;
    server.restart().await;
    let provider = make(&server.url());
    let inventory = provider.read().await.expect("readable");
    let of = |rtype| inventory.records().filter(|(_, it)| it.set.rtype == rtype).count();
    assert_eq!(
        (of(RecordType::A), of(RecordType::Txt)),
        (1500, 1500),
        "each with its ownership record"
    );
    all_applied(&sync(provider.as_ref(), &desired).await);
    let outcomes = sync(provider.as_ref(), &desired).await;
    assert!(outcomes.is_empty(), "still to do: {outcomes:?}");
    assert_eq!(dig(server.dns_port, "n2999.example.org", "A"), ["10.0.11.250"]);
}
