//! Recorded exchanges, and failures.

use extdns_model::{FailureKind, Name, Outcome, RecordType};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::json;

use super::super::*;
use super::make;
use super::support::{endpoint, run, server};
use crate::conformance::recorded::Exchange;

fn recorded(name: &str) -> Exchange {
    Exchange::of("cloudflare", name)
}

#[tokio::test]
async fn recorded_lists_are_read() {
    let server = ScriptedServer::start(|request| match request.path.as_str() {
        "/client/v4/zones" => recorded("list-zones").reply(),
        "/client/v4/zones/48200beed689d33ea298495e7ec04ee1/dns_records" => {
            recorded("list-records").reply()
        }
        _ => Reply::json(200, &json!({ "result": [] })),
    });
    let inventory = make(&server.url()).read().await.expect("readable");
    let sets: Vec<String> = inventory.records().map(|(_, it)| it.set.to_string()).collect();
    let proxied = "[{external-dns.kubernetes.io/cloudflare-proxied false}]";
    assert!(
        sets.contains(&format!("localhost.example.org 3600 IN A  127.0.0.1 {proxied}")),
        "{sets:#?}"
    );
    assert!(sets.contains(&format!("docs.example.org 3600 IN CNAME  docs.example.com {proxied}")));
    let two =
        sets.iter().find(|it| it.starts_with("_acme-challenge.createrecordset.")).expect("one");
    assert!(two.contains("IN TXT  challengetoken2;challengetoken1"), "{two}");
}

#[test]
fn recorded_records_of_every_type_are_read_or_skipped() {
    let pages = ["list-records-alltypes-page1", "list-records-alltypes-page3"];
    let read = pages.into_iter().flat_map(|page| {
        let reply = recorded(page).reply();
        let page: serde_json::Value = serde_json::from_slice(reply.content()).expect("a page");
        let records: Vec<Entry> = serde_json::from_value(page["result"].clone()).expect("records");
        records.iter().filter_map(Entry::record).map(|it| it.set.to_string()).collect::<Vec<_>>()
    });
    let read: Vec<String> = read.collect();
    let has = |text: &str| read.iter().any(|it| it.starts_with(text));
    assert!(has("unit.tests 300 IN A  1.2.3.4 "), "{read:#?}");
    assert!(has("aaaa.unit.tests 600 IN AAAA  2001:db8::947a "), "{read:#?}");
    assert!(has("_srv._tcp.unit.tests 600 IN SRV  12 20 30 foo-2.unit.tests. "), "{read:#?}");
    assert!(!read.iter().any(|it| it.contains(" IN LOC ")), "{read:#?}");
}

/// What was sent then, with the members that we always send.
#[test]
fn writes_are_those_that_the_service_took() {
    for name in ["create-record-a", "create-record-cname", "create-record-txt", "update-record-put"]
    {
        let exchange = recorded(name);
        let sent = exchange.sent();
        let text = |member: &str| sent[member].as_str().expect("text");
        let rtype: RecordType = text("type").parse().expect("a type");
        let set = RecordSet::new(
            Name::as_listed(text("name")),
            rtype,
            Ttl::from_seconds(sent["ttl"].as_i64().expect("a TTL")),
            [text("content")].into_iter().collect(),
        );
        let (labels, hints) = (Default::default(), Default::default());
        let ours = json!(Entry::of(&extdns_model::Planned { set, labels, hints }, None));
        for member in ["type", "name", "content", "ttl"] {
            assert_eq!(ours[member], sent[member], "{name}");
        }
        assert_eq!(ours.as_object().map(|all| all.len()), Some(7), "{ours}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let of = |status: u16, code: u32, message: &str| {
        let error = json!({ "code": code, "message": message });
        Reply::json(status, &json!({ "success": false, "errors": [error], "result": null }))
    };
    type Make = Box<dyn Fn() -> Reply + Send + Sync>;
    let table: Vec<(Make, FailureKind, &str)> = vec![
        (
            Box::new(move || of(401, 10000, "Authentication error")),
            FailureKind::Unauthorised,
            "HTTP 401: 10000: Authentication error; check that the token in CF_API_TOKEN is valid",
        ),
        (
            Box::new(move || of(400, 6003, "Invalid request headers")),
            FailureKind::Unauthorised,
            "check that the token in CF_API_TOKEN is valid",
        ),
        (
            Box::new(|| recorded("error-403").reply()),
            FailureKind::Unauthorised,
            "HTTP 403: 9103: Unknown X-Auth-Key or X-Auth-Email; check that the token",
        ),
        (
            Box::new(move || of(404, 7003, "Could not route to /zones/001")),
            FailureKind::ZoneGone,
            "check --zone-id-filter, and that the credentials see the zone",
        ),
        (
            Box::new(move || of(409, 1, "conflict")),
            FailureKind::Conflict,
            "delete or rename the record that is in the way",
        ),
        (
            Box::new(move || of(400, 81058, "An identical record already exists.")),
            FailureKind::Conflict,
            "81058: An identical record already exists.; delete or rename",
        ),
        (
            Box::new(move || of(422, 1004, "DNS Validation Error")),
            FailureKind::Rejected,
            "correct the target, TTL, comment or tags of the record",
        ),
        (
            Box::new(|| recorded("error-429").reply()),
            FailureKind::Throttled,
            "Cloudflare takes 1,200 calls in five minutes of one user",
        ),
        (
            Box::new(move || of(400, 81045, "The record quota has been exceeded.")),
            FailureKind::Quota,
            "delete records that are not needed",
        ),
    ];
    for (reply, kind, text) in table {
        let server =
            server("free", json!([]), move |request| (request.method != "GET").then(&reply));
        let own = endpoint("a.bar.com", RecordType::A, 0, &["1.2.3.4"]);
        let outcome = run(&*make(&server.url()), vec![own]).await.remove(0);
        let (Outcome::Rejected(failure) | Outcome::Failed(failure)) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(text), "{failure}");
        assert!(!failure.message.contains(crate::conformance::SECRET), "{failure}");
    }
}
