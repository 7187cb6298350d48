//! Recorded exchanges, and what only this API does.

use extdns_model::{Outcome, RecordSet, Ttl};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::{Value, json};

use super::super::*;
use super::support::{endpoint, read, rrset, run, sent, server, values};
use super::{make_with, private, public};
use crate::conformance::recorded::Exchange;

fn public_zone(name: &str) -> Exchange {
    Exchange::of("azure", name)
}

fn private_zone(name: &str) -> Exchange {
    Exchange::of("azure-private", name)
}

#[tokio::test]
async fn recorded_lists_are_read() {
    let server = ScriptedServer::start(|request| match request.path.rsplit('/').next() {
        Some("dnsZones") => public_zone("list-zones").reply(),
        _ => public_zone("list-recordsets").reply(),
    });
    let group = vec!["subscriptions/SUBSCRIPTION_ID/resourceGroups/dns-test".to_owned()];
    let sets = read(&*make_with(&server.url(), &PUBLIC, group, ZoneFilter::default())).await;
    let has = |text: &str| assert!(sets.iter().any(|it| it == text), "{text}: {sets:#?}");
    has("docs.example.com 3600 IN CNAME  docs.example.com []");
    has(
        "_acme-challenge.createrecordset.example.com 3600 IN TXT  challengetoken1;challengetoken2 []",
    );
    has(
        "example.com 172800 IN NS  ns1-05.azure-dns.com;ns2-05.azure-dns.net;ns3-05.azure-dns.org;ns4-05.azure-dns.info []",
    );
    assert!(!sets.iter().any(|it| it.contains("SOA")), "{sets:#?}");
    let paths: Vec<_> = server.requests().iter().map(|it| it.target()).collect();
    let zones = "/subscriptions/SUBSCRIPTION_ID/resourceGroups/dns-test/providers/Microsoft.Network/dnsZones";
    assert_eq!(
        paths,
        [
            format!("{zones}?api-version=2018-05-01"),
            format!("{zones}/example.com/all?api-version=2018-05-01")
        ]
    );
}

/// The pages of the documented lists, as this server has them.
#[tokio::test]
async fn a_next_page_of_the_same_server_is_read_and_no_other() {
    for is_elsewhere in [false, true] {
        let server = ScriptedServer::start(move |request| {
            let name = if request.path.ends_with("/ALL") {
                "list-all-nextlink"
            } else {
                "list-zones-nextlink"
            };
            let mut body: Value =
                serde_json::from_slice(private_zone(name).reply().content()).expect("JSON");
            let next = format!(
                "http://{}{}?api-version=2024-06-01&$skipToken=skipToken",
                request.header("host").expect("a host"),
                request.path
            );
            let is_second = request.target().contains("skipToken=skipToken");
            match (is_second, is_elsewhere) {
                (true, _) => body = json!({ "value": [] }),
                (false, false) => body["nextLink"] = next.into(),
                (false, true) => {}
            }
            Reply::json(200, &body)
        });
        let group = vec!["subscriptions/subscriptionId/resourceGroups/resourceGroup1".to_owned()];
        let provider = make_with(&server.url(), &PRIVATE, group, ZoneFilter::default());
        if is_elsewhere {
            let error = provider.read().await.expect_err("not followed");
            assert!(error.message.contains("the next page lies on another server"), "{error}");
            assert_eq!(server.requests().len(), 1);
        } else {
            let sets = read(&*provider).await;
            assert!(
                sets.contains(&"recorda.privatezone1.com 3600 IN A  1.2.3.4 []".to_owned()),
                "{sets:?}"
            );
            assert!(sets.contains(
                &"recordmx.privatezone1.com 3600 IN MX  0 mail.contoso1.com []".to_owned()
            ));
        }
    }
}

/// What was sent then, and what the service made of it.
#[test]
fn writes_are_those_that_the_service_took() {
    let public = [
        ("put-a-201", "localhost"),
        ("put-cname-201", "docs"),
        ("put-txt-200", "_acme-challenge.createrecordset"),
    ];
    let public = public.map(|(name, record)| (&PUBLIC, public_zone(name), record));
    let private = [(&PRIVATE, private_zone("put-a-200"), "clitestprivatednsrecordset000003")];
    for (kind, exchange, name) in public.into_iter().chain(private) {
        let (method, path) = exchange.asked();
        let rtype: RecordType =
            path.rsplit('/').nth(1).expect("a type").to_uppercase().parse().expect("known");
        let properties = &exchange.sent()["properties"];
        let values = match &properties[kind.values_of(rtype)] {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        };
        let targets = values.iter().map(|it| record::members(rtype).read(it).expect("a value"));
        let targets: Vec<String> = targets.collect();
        let set = RecordSet::new(
            Name::as_listed(&format!("{name}.example.com")),
            rtype,
            Ttl::from_seconds(3600),
            targets.iter().map(String::as_str).collect(),
        );
        assert_eq!(method, "PUT");
        assert_eq!(&written(kind, &set).expect("JSON")["properties"], properties, "{name}");
        // And it comes back as it was sent.
        let body: Value = serde_json::from_slice(exchange.reply().content()).expect("JSON");
        let listed: Listed = serde_json::from_value(body).expect("a record set");
        let zone = Zone::new("z", Name::as_listed("example.com"));
        let record = listed.record(kind, &zone).expect("a record");
        assert!(record.set.targets.same_as(&set.targets, rtype), "{}", record.set);
    }
}

#[tokio::test(start_paused = true)]
async fn recorded_failures_and_what_they_mean() {
    let table = [
        (private_zone("put-a-412"), "HTTP 412: PreconditionFailed: The Record set", 2),
        (
            private_zone("put-a-zone-missing-404"),
            "HTTP 404: ParentResourceNotFound: Failed to perform 'write'",
            1,
        ),
        (
            public_zone("conflict-409-pending-operation"),
            "HTTP 409: Conflict: Another operation is pending",
            5,
        ),
    ];
    for (exchange, text, calls) in table {
        let server = server(&PRIVATE, vec![("example.com", vec![])], move |request| {
            (request.method == "PUT").then(|| exchange.reply())
        });
        let provider = private(&server.url());
        let outcomes = run(&*provider, vec![endpoint("a.example.com", A, 0, &["10.0.0.1"])]).await;
        let (Outcome::Rejected(failure) | Outcome::Failed(failure)) = &outcomes[0] else {
            panic!("{outcomes:?}")
        };
        assert!(failure.message.contains(text), "{failure}");
        let puts = sent(&server).len();
        assert_eq!(puts, if calls == 2 { 1 } else { calls }, "{text}");
    }
}

#[tokio::test]
async fn missing_rights_name_the_roles() {
    let denied = json!({ "error": { "code": "AuthorizationFailed", "message": "The client 'app-1' does not have authorization" } });
    let server = ScriptedServer::start(move |_| Reply::json(403, &denied));
    for (provider, role) in [
        (public(&server.url()), "give the identity DNS Zone Contributor"),
        (private(&server.url()), "Private DNS Zone Contributor"),
    ] {
        let error = provider.read().await.expect_err("refused");
        assert_eq!(error.kind, ErrorKind::Unauthorised);
        assert!(
            error.message.contains("AuthorizationFailed: The client 'app-1'")
                && error.message.contains(role),
            "{error}"
        );
    }
}

/// Azure's own addresses of a resource; upstream does not see such a record and overwrites it.
#[tokio::test]
async fn an_alias_of_a_resource_is_read_and_cannot_be_changed() {
    let resource = "/subscriptions/sub-1/resourceGroups/web/providers/Microsoft.Network/publicIPAddresses/front";
    let mut alias = rrset(&PUBLIC, "www", "A", 60, json!([]));
    alias["properties"]["targetResource"] = json!({ "id": resource });
    let mut registered = rrset(&PUBLIC, "vm", "A", 10, values("ipv4Address", &["10.0.0.4"]));
    registered["properties"]["isAutoRegistered"] = true.into();
    let server = server(&PUBLIC, vec![("example.com", vec![alias, registered])], |_| None);
    let inventory = public(&server.url()).read().await.expect("readable");
    let found: Vec<_> =
        inventory.records().map(|(_, own)| (own.set.to_string(), own.read_only())).collect();
    let reasons = [
        "is an alias of a resource of Azure; delete the alias first",
        "is made by Azure for a virtual machine",
    ];
    assert_eq!(found[0], (format!("www.example.com 60 IN A  {resource} []"), Some(reasons[0])));
    assert_eq!(found[1], ("vm.example.com 10 IN A  10.0.0.4 []".to_owned(), Some(reasons[1])));
}

/// `az network dns record-set a create` makes such a set.
#[tokio::test]
async fn a_record_set_without_values_is_taken() {
    let records = vec![rrset(&PUBLIC, "www", "A", 60, json!([]))];
    let server = server(&PUBLIC, vec![("example.com", records)], |_| None);
    let outcomes =
        run(&*public(&server.url()), vec![endpoint("www.example.com", A, 0, &["192.0.2.1"])]).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    let body = r#"{"properties":{"ARecords":[{"ipv4Address":"192.0.2.1"}],"TTL":300}}"#;
    assert_eq!(sent(&server), [format!("PUT example.com/A/www if etag-of-www-A {body}")]);
}

/// A process that stays makes more than one run.
#[tokio::test]
async fn a_record_set_without_values_that_went_is_made_anew() {
    let is_there = std::sync::atomic::AtomicBool::new(true);
    let records = vec![rrset(&PUBLIC, "www", "A", 60, json!([]))];
    let server = server(&PUBLIC, vec![("example.com", records)], move |request| {
        let is_list = request.path.ends_with(PUBLIC.all);
        let went = is_list && !is_there.swap(false, std::sync::atomic::Ordering::Relaxed);
        went.then(|| Reply::json(200, &json!({ "value": [] })))
    });
    let provider = public(&server.url());
    assert_eq!(read(&*provider).await, [""; 0]);
    run(&*provider, vec![endpoint("www.example.com", A, 0, &["192.0.2.1"])]).await;
    let body = r#"{"properties":{"ARecords":[{"ipv4Address":"192.0.2.1"}],"TTL":300}}"#;
    assert_eq!(sent(&server), [format!("PUT example.com/A/www if none {body}")]);
}

/// Members that are not known are ignored, and missing ones tolerated.
#[tokio::test]
async fn answers_with_more_or_less_than_usual() {
    let records = vec![
        json!({ "name": "a", "type": "Microsoft.Network/privateDnsZones/A", "new": { "x": 1 },
            "properties": { "ARecords": [{ "ipv4Address": "10.0.0.1", "more": true }], "TTL": 5 } }),
        json!({ "name": "b", "type": "Microsoft.Network/privateDnsZones/TXT", "etag": null,
            "properties": { "ttl": 5, "txtRecords": [{ "value": [] }, { "value": ["x"] }], "metadata": { "k": "v" } } }),
        json!({ "name": "c", "type": "Microsoft.Network/privateDnsZones/NEW", "properties": {} }),
        json!({ "name": "d", "type": "Microsoft.Network/privateDnsZones/MX" }),
    ];
    let server = server(&PRIVATE, vec![("example.com", records)], |_| None);
    let provider = private(&server.url());
    assert_eq!(
        read(&*provider).await,
        ["a.example.com 5 IN A  10.0.0.1 []", "b.example.com 5 IN TXT  x []"]
    );
    // Without a version nothing is compared.
    run(&*provider, vec![endpoint("b.example.com", Txt, 5, &["x"])]).await;
    assert_eq!(sent(&server), ["DELETE example.com/A/a whatever is there"]);
}

#[tokio::test(start_paused = true)]
async fn a_list_of_zones_that_fails_may_be_different_in_a_moment() {
    for status in [429, 500, 503] {
        let server = server(&PUBLIC, vec![], move |_| {
            let error = json!({ "error": { "code": "ServerBusy", "message": "try later" } });
            Some(Reply::json(status, &error))
        });
        let error = public(&server.url()).read().await.expect_err("no list");
        assert!(error.failure().kind.may_pass(), "{status}: {error:?}");
    }
}

/// Upstream cuts as many bytes from the name as the zone has in its other form.
#[tokio::test]
async fn names_of_a_zone_with_letters_are_relative_to_it_in_either_form() {
    let server = server(&PUBLIC, vec![("xn--bcher-kva.example.com", vec![])], |_| None);
    for name in ["www.bücher.example.com", "www.xn--bcher-kva.example.com"] {
        run(&*public(&server.url()), vec![endpoint(name, A, 0, &["192.0.2.1"])]).await;
    }
    run(&*public(&server.url()), vec![endpoint("bücher.example.com", A, 0, &["192.0.2.1"])]).await;
    let paths: Vec<String> = sent(&server)
        .iter()
        .map(|call| call.split(" if ").next().unwrap_or_default().to_owned())
        .collect();
    let www = "PUT xn--bcher-kva.example.com/A/www";
    assert_eq!(paths, [www, www, "PUT xn--bcher-kva.example.com/A/@"]);
}

/// A string of DNS has 255 bytes at most; a short one is left whole.
#[tokio::test]
async fn a_long_text_is_written_as_several_strings_of_one_record() {
    let server = server(&PUBLIC, vec![("example.com", vec![])], |_| None);
    let long = "x".repeat(300);
    let own = endpoint("a.example.com", Txt, 0, &[&long, "short"]);
    run(&*public(&server.url()), vec![own]).await;
    let written = &sent(&server)[0];
    let (_, body) = written.split_once("none ").expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    let (first, rest) = long.split_at(255);
    let expected = json!([{ "value": [first, rest] }, { "value": ["short"] }]);
    assert_eq!(body["properties"]["TXTRecords"], expected);
}
