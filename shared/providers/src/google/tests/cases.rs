//! The acceptance cases of the specification, by their numbers.

use std::time::Duration;

use extdns_model::{DomainFilter, Endpoint, Outcome, Permit, Ttl};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::json;

use super::super::*;
use super::support::{endpoint, plan, private, rrset, run, sent, server, written, zone};
use super::{DIALECT, make, make_with, unbounded};
use crate::Deadline;
use crate::conformance::HttpSim;

use RecordType::{A, Aaaa, Cname, Dname, Mx, Naptr, Ns, Ptr, Srv, Txt};

/// The ids of the zones that are read.
async fn selected(server: &ScriptedServer, flags: &[&str], ids: &[&str]) -> Vec<String> {
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let filter = ZoneFilter::new(DomainFilter::default(), &ids);
    let inventory = make_with(&server.url(), flags, filter).read().await.expect("readable");
    inventory.index.iter().map(|(_, zone)| zone.id.to_string()).collect()
}

#[tokio::test]
async fn google_case_01_zones_are_chosen_by_number_name_and_visibility() {
    let mut peering = private(zone(10003, "internal-3", "c.local."));
    peering["peeringConfig"] = json!({ "targetNetwork": {} });
    let zones = vec![
        private(zone(10001, "internal-1", "a.local.")),
        private(zone(10002, "internal-2", "b.local.")),
        peering,
        zone(10004, "public-1", "example.org."),
    ];
    let server = server(zones, Vec::new(), |_| None);
    assert_eq!(selected(&server, &[], &["10002"]).await, ["internal-2"]);
    assert_eq!(selected(&server, &[], &["internal-2"]).await, ["internal-2"]);
    assert_eq!(selected(&server, &[], &["10003", "internal-3"]).await, [""; 0]);
    let public = "--google-zone-visibility=public";
    assert_eq!(selected(&server, &[public], &[]).await, ["public-1"]);
    let private = "--google-zone-visibility=private";
    assert_eq!(selected(&server, &[private], &[]).await, ["internal-1", "internal-2"]);
    let all = ["internal-1", "internal-2", "public-1"];
    assert_eq!(selected(&server, &[], &[]).await, all);
    assert_eq!(selected(&server, &[], &[""]).await, all);
}

#[tokio::test]
async fn google_case_02_records_of_several_zones_keep_their_ttls() {
    let zones = vec![zone(1, "zone-1", "a.example.org."), zone(2, "zone-2", "b.example.org.")];
    let records = vec![
        (
            "zone-1",
            vec![
                rrset("one.a.example.org.", "A", 1, &["1.2.3.4"]),
                rrset("two.a.example.org.", "A", 2, &["1.2.3.4"]),
            ],
        ),
        ("zone-2", vec![rrset("three.b.example.org.", "A", 3, &["8.8.8.8"])]),
    ];
    let server = server(zones, records, |_| None);
    let inventory = make(&server.url()).read().await.expect("readable");
    let found = inventory.records().map(|(_, record)| record.set.to_string());
    let expected = [
        "one.a.example.org 1 IN A  1.2.3.4 []",
        "two.a.example.org 2 IN A  1.2.3.4 []",
        "three.b.example.org 3 IN A  8.8.8.8 []",
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn google_case_03_names_outside_the_filter_or_in_no_zone_make_no_call() {
    let zones = vec![zone(1, "zone-1", "a.example.org."), zone(2, "zone-2", "b.example.org.")];
    let server = server(zones, Vec::new(), |_| None);
    let filter = ZoneFilter::from(DomainFilter::lists(["a.example.org"], []));
    let provider = make_with(&server.url(), &[], filter);
    let desired =
        ["www.b.example.org", "www.example.net"].map(|name| endpoint(name, A, 0, &["1.2.3.4"]));
    assert_eq!(run(&*provider, desired.to_vec()).await, []);
    assert_eq!(sent(&server), []);
}

#[tokio::test]
async fn google_case_04_a_mixed_apply_leaves_exactly_what_is_desired() {
    let sim = HttpSim::start(DIALECT, &["zone.example.org"]);
    let provider = || make(&sim.url());
    let before = [
        ("value", A, 300, "8.8.8.8"),
        ("ttl", A, 10, "8.8.4.4"),
        ("alias", Cname, 300, "old.example.net"),
        ("gone", A, 300, "8.8.8.8"),
        ("gone-too", Cname, 300, "old.example.net"),
    ];
    for (label, rtype, ttl, value) in before {
        let set = endpoint(&format!("{label}.zone.example.org"), rtype, ttl, &[value]).set;
        sim.server().put("zone.example.org", &set);
    }
    let desired = [
        ("create", A, 0, "8.8.8.8"),
        ("create-ttl", A, 15, "8.8.8.8"),
        ("value", A, 0, "1.2.3.4"),
        ("ttl", A, 25, "4.3.2.1"),
        ("alias", Cname, 0, "new.example.net"),
    ];
    let desired = desired.map(|(label, rtype, ttl, value)| {
        endpoint(&format!("{label}.zone.example.org"), rtype, ttl, &[value])
    });
    let outcomes = run(&*provider(), desired.to_vec()).await;
    assert_eq!(outcomes, vec![Outcome::Applied; 7]);
    let left = sim.server().contents("zone.example.org");
    let expected = [
        "alias.zone.example.org 300 IN CNAME  new.example.net []",
        "create-ttl.zone.example.org 15 IN A  8.8.8.8 []",
        "create.zone.example.org 300 IN A  8.8.8.8 []",
        "ttl.zone.example.org 25 IN A  4.3.2.1 []",
        "value.zone.example.org 300 IN A  1.2.3.4 []",
    ];
    assert_eq!(left.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    assert_eq!(sim.server().faults().writes(), 1, "all of a zone goes in one call");
    assert_eq!(run(&*provider(), desired.to_vec()).await, []);
    assert_eq!(sim.server().faults().writes(), 1, "the second run writes nothing");
}

#[tokio::test]
async fn google_case_05_a_plan_makes_no_change_call() {
    let server = server(vec![zone(1, "zone-1", "example.org.")], Vec::new(), |_| None);
    let provider = make(&server.url());
    let inventory = provider.read().await.expect("readable");
    let desired = vec![endpoint("www.example.org", A, 0, &["1.2.3.4"])];
    let adjusted = provider.adjust(desired, &inventory.index).await.expect("adjusted");
    assert_eq!(plan(&inventory, &adjusted.endpoints).len(), 1);
    assert_eq!(sent(&server), []);
}

#[tokio::test]
async fn google_case_06_nothing_to_change_is_no_call_at_all() {
    let server = server(vec![zone(1, "zone-1", "example.org.")], Vec::new(), |_| None);
    let provider = make(&server.url());
    let inventory = provider.read().await.expect("readable");
    let calls = server.requests().len();
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    assert_eq!(writer.apply(&[], Deadline::none()).await, []);
    assert_eq!(server.requests().len(), calls);
}

#[tokio::test]
async fn google_case_07_every_type_is_written_in_the_form_of_the_service() {
    let table = [
        ("cname", Cname, 0, "Elsewhere.example.net", "CNAME", 300, "elsewhere.example.net."),
        ("dname", Dname, 0, "example.net", "DNAME", 300, "example.net."),
        ("ns", Ns, 0, "ns1.example.net", "NS", 300, "ns1.example.net."),
        ("dotted", Ns, 60, "ns1.example.net.", "NS", 60, "ns1.example.net."),
        ("mx", Mx, 0, "10 mail.example.net", "MX", 300, "10 mail.example.net."),
        ("_s._tcp", Srv, 0, "1 2 3 s.example.net.", "SRV", 300, "1 2 3 s.example.net."),
        ("ptr", Ptr, 0, "host.example.net", "PTR", 300, "host.example.net."),
        (
            "naptr",
            Naptr,
            0,
            "1 2 \"s\" \"SIP\" \"\" s.example.net",
            "NAPTR",
            300,
            "1 2 \"s\" \"SIP\" \"\" s.example.net.",
        ),
        ("a", A, 0, "1.2.3.4", "A", 300, "1.2.3.4"),
        ("aaaa", Aaaa, 4, "2001:DB8::1", "AAAA", 4, "2001:db8::1"),
        ("txt", Txt, 0, "\"hello world\"", "TXT", 300, "\"hello world\""),
        // Upstream sends it bare, and the service makes two strings of it.
        ("bare", Txt, 0, "hello world", "TXT", 300, "\"hello world\""),
        ("*.wild", A, 0, "1.2.3.4", "A", 300, "1.2.3.4"),
    ];
    for (label, rtype, ttl, value, kind, stored, expected) in table {
        let server = server(vec![zone(1, "zone-1", "example.org.")], Vec::new(), |_| None);
        let desired = endpoint(&format!("{label}.example.org"), rtype, ttl, &[value]);
        assert_eq!(run(&*make(&server.url()), vec![desired]).await, [Outcome::Applied], "{label}");
        let set = written(&format!("{label}.example.org."), kind, stored, &[expected]);
        assert_eq!(
            sent(&server),
            [("zone-1".to_owned(), json!({ "additions": [set] }))],
            "{label}"
        );
    }
}

#[tokio::test]
async fn google_case_08_only_zones_with_changes_are_written() {
    let zones = vec![
        zone(1, "zone-1", "foo.example.org."),
        zone(2, "zone-2", "bar.example.org."),
        zone(3, "zone-3", "baz.example.org."),
    ];
    let server = server(zones, Vec::new(), |_| None);
    let names = ["a.foo.example.org", "b.foo.example.org", "a.bar.example.org"];
    let desired = names.map(|name| endpoint(name, A, 0, &["1.2.3.4"]));
    run(&*make(&server.url()), desired.to_vec()).await;
    let mut found: Vec<(String, usize)> = sent(&server)
        .into_iter()
        .map(|(zone, body)| (zone, body["additions"].as_array().expect("some").len()))
        .collect();
    found.sort();
    assert_eq!(found, [("zone-1".to_owned(), 2), ("zone-2".to_owned(), 1)]);
}

fn many(count: usize) -> (Vec<serde_json::Value>, Vec<Endpoint>) {
    let name = |n: usize| format!("n{n:04}.example.org");
    let old = (0..count).map(|n| rrset(&format!("{}.", name(n)), "A", 300, &["1.2.3.4"]));
    let new = (0..count).map(|n| endpoint(&name(n), A, 0, &["4.3.2.1"]));
    (old.collect(), new.collect())
}

/// Additions and deletions of each call for so many updates, and the outcomes.
async fn batches(count: usize, limit: usize) -> (Vec<usize>, Vec<Outcome>) {
    let (old, new) = many(count);
    let zones = vec![zone(1, "zone-1", "example.org.")];
    let server = server(zones, vec![("zone-1", old)], |_| None);
    let limit = format!("--google-batch-change-size={limit}");
    let flags = [limit.as_str(), "--google-batch-change-interval=0s"];
    let outcomes = run(&*make_with(&server.url(), &flags, ZoneFilter::default()), new).await;
    let size = |body: &serde_json::Value| {
        let of = |list: &str| body[list].as_array().expect("some").len();
        assert_eq!(of("additions"), of("deletions"));
        of("additions") + of("deletions")
    };
    (sent(&server).iter().map(|(_, body)| size(body)).collect(), outcomes)
}

#[tokio::test]
async fn google_case_09_batches_are_as_large_as_the_flag_says_and_lose_nothing() {
    assert_eq!(batches(500, 1000).await.0, [1000]);
    assert_eq!(batches(25, 11).await.0, [10; 5]);
    assert_eq!(batches(500, 0).await.0, [1000]);
    let (calls, outcomes) = batches(1, 1).await;
    assert_eq!(calls, [0; 0]);
    let [Outcome::Rejected(failure)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(
        failure.message.contains("n0000.example.org needs more than the 1 changes"),
        "{failure}"
    );
}

#[tokio::test(start_paused = true)]
async fn five_thousand_changes_take_no_more_calls_than_the_service_demands() {
    let server = server(vec![zone(1, "zone-1", "example.org.")], Vec::new(), |_| None);
    let start = tokio::time::Instant::now();
    let outcomes = run(&*unbounded(&server.url()), many(5000).1).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied));
    assert_eq!(sent(&server).len(), 5, "1000 additions each");
    assert_eq!(server.requests().len(), 1 + 1 + 5, "zones and records are listed once");
    assert!(start.elapsed() >= Duration::from_secs(4), "a pause between the calls");
}

/// An update is an addition and a deletion, and the flag counts both, as upstream's does.
#[tokio::test]
async fn five_thousand_updates_take_no_more_calls_than_the_flag_demands() {
    let (calls, outcomes) = batches(5000, 1000).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied));
    assert_eq!(calls, [1000; 2 * 5000 / 1000]);
}

#[tokio::test(start_paused = true)]
async fn google_case_10_a_list_that_fails_may_be_different_in_a_moment() {
    for status in [409, 500] {
        let zones = server(Vec::new(), Vec::new(), move |_| Some(Reply::json(status, &json!({}))));
        let error = unbounded(&zones.url()).read().await.expect_err("no list");
        assert!(error.failure().kind.may_pass(), "{error:?}");
        let of_records =
            server(vec![zone(1, "zone-1", "example.org.")], Vec::new(), move |request| {
                request.path.ends_with("/rrsets").then(|| Reply::json(status, &json!({})))
            });
        let inventory = unbounded(&of_records.url()).read().await.expect("the zones");
        assert_eq!(inventory.records().count(), 0);
        let unread: Vec<_> = inventory.unreadable().collect();
        let [(_, unreadable)] = &unread[..] else { panic!("{unread:?}") };
        assert!(unreadable.reason.contains(&status.to_string()), "{unreadable:?}");
    }
}

#[tokio::test]
async fn google_case_11_a_zone_with_a_labels_has_the_names_with_letters() {
    let zones = vec![zone(1, "zone-1", "xn--bcher-kva.example.org.")];
    let server = server(zones, Vec::new(), |_| None);
    for name in ["www.bücher.example.org", "www.xn--bcher-kva.example.org"] {
        let desired = vec![endpoint(name, A, 0, &["1.2.3.4"])];
        run(&*make(&server.url()), desired).await;
        let (zone, body) = sent(&server).pop().expect("a change");
        assert_eq!(zone, "zone-1");
        assert_eq!(body["additions"][0]["name"], "www.xn--bcher-kva.example.org.");
    }
    assert_eq!(sent(&server).len(), 2);
}

#[tokio::test]
async fn google_case_12_every_page_is_read() {
    let server = server(Vec::new(), Vec::new(), |request| {
        let token = request.pairs().into_iter().find(|(name, _)| name == "pageToken");
        let is_zones = request.path.ends_with("/managedZones");
        let body = match (is_zones, token.map(|(_, token)| token).as_deref()) {
            (true, None) => json!({ "managedZones": [zone(1, "zone-1", "a.org.")],
                "nextPageToken": "p2=" }),
            (true, Some("p2=")) => json!({ "managedZones": [zone(2, "zone-2", "b.org.")] }),
            (false, None) => json!({ "rrsets": [rrset("x.org.", "A", 1, &["192.0.2.1"])],
                "nextPageToken": "p/2" }),
            // A page may be empty, and the list go on.
            (false, Some("p/2")) => json!({ "kind": "dns#resourceRecordSetsListResponse",
                "nextPageToken": "p/3" }),
            (false, Some("p/3")) => json!({ "rrsets": [rrset("y.org.", "A", 2, &["192.0.2.2"])],
                "nextPageToken": "" }),
            other => panic!("{other:?}"),
        };
        Some(Reply::json(200, &body))
    });
    let inventory = make(&server.url()).read().await.expect("readable");
    assert_eq!(inventory.index.len(), 2);
    let ttls: Vec<Ttl> = inventory.records().map(|(_, record)| record.set.ttl).collect();
    assert_eq!(ttls, [1, 2, 1, 2].map(Ttl::from_seconds));
}
