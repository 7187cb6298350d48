//! DigitalOcean over a server that speaks as it does.

mod in_batches;

use super::dialect::DIALECT;
use super::*;
use crate::conformance::{OverHttp, SECRET};

const ARGS: DigitaloceanArgs = DigitaloceanArgs { digitalocean_api_page_size: 50 };

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v2");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET));
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities(&ARGS) };
    Box::new(
        Context::default().account(rest.expect("a client"), capabilities).stepped(DigitalOcean),
    )
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::start(DIALECT, make)
    }
}

mod contract {
    use extdns_model::{Endpoint, FailureKind, Name, Outcome, RecordSet, RecordType, Ttl};
    use extdns_testkit::http::{Reply, ScriptedServer};
    use serde_json::json;

    use super::*;
    use crate::conformance::recorded::Exchange;
    use crate::conformance::suite;

    fn recorded(name: &str) -> Exchange {
        Exchange::of("digitalocean", name)
    }

    #[tokio::test]
    async fn recorded_lists_are_read_whole() {
        let none = json!({ "domain_records": [], "links": {}, "meta": { "total": 0 } });
        let rest = json!({ "domain_records": [
            { "id": 1, "type": "CNAME", "name": "cname", "data": "@", "ttl": 300 },
            { "id": 2, "type": "CAA", "name": "@", "data": "ca.unit.tests", "ttl": 300, "tag": "issue" },
            { "id": 3, "type": "AAAA", "name": "*.wild", "data": "2001:DB8::0", "ttl": 60 },
            { "id": 4, "type": "A", "name": "a", "data": "192.0.2.1", "ttl": 60 },
            { "id": 5, "type": "A", "name": "b", "data": "192.0.2.2", "ttl": 60 },
        ], "links": {}, "meta": { "total": 21 } });
        let server = ScriptedServer::start(move |request| match request.target().as_str() {
            "/v2/domains?per_page=50" => recorded("list-domains-page1").reply(),
            "/v2/domains?per_page=50&page=2" => recorded("list-domains-page2").reply(),
            "/v2/domains/unit.tests/records?per_page=50" => {
                recorded("list-records-alltypes-page1").reply()
            }
            "/v2/domains/unit.tests/records?per_page=50&page=2" => Reply::json(200, &rest),
            _ => Reply::json(200, &none),
        });
        let inventory = make(&server.url()).read().await.expect("readable");
        let sets: Vec<String> =
            inventory.records().map(|(_, record)| record.set.to_string()).collect();
        assert_eq!(
            sets,
            [
                "unit.tests 3600 IN NS  ns1.digitalocean.com;ns2.digitalocean.com;ns3.digitalocean.com []",
                "under.unit.tests 3600 IN NS  ns1.unit.tests;ns2.unit.tests []",
                "_srv._tcp.unit.tests 600 IN SRV  10 20 30 foo-1.unit.tests.;12 20 30 foo-2.unit.tests. []",
                "txt.unit.tests 600 IN TXT  Bah bah black sheep;have you any wool. []",
                "unit.tests 300 IN A  1.2.3.4;1.2.3.5 []",
                "www.unit.tests 300 IN A  198.51.100.1 []",
                "mx.unit.tests 300 IN MX  10 smtp-4.unit.tests;20 smtp-2.unit.tests;30 smtp-3.unit.tests []",
                "cname.unit.tests 300 IN CNAME  unit.tests []",
                "*.wild.unit.tests 60 IN AAAA  2001:db8:: []",
                "a.unit.tests 60 IN A  192.0.2.1 []",
                "b.unit.tests 60 IN A  192.0.2.2 []",
            ]
        );
        let zones: Vec<String> = inventory.index.iter().map(|(_, zone)| zone.to_string()).collect();
        assert!(zones.contains(&"sub.unit.tests".to_owned()), "{zones:?}");
    }

    #[tokio::test]
    async fn a_list_that_is_cut_makes_its_zone_unreadable() {
        let server = ScriptedServer::start(move |request| match request.path.as_str() {
            "/v2/domains" => Reply::json(200, &json!({ "domains": [{ "name": "unit.tests" }] })),
            _ => Reply::json(200, &json!({ "domain_records": [], "meta": { "total": 1 } })),
        });
        let inventory = make(&server.url()).read().await.expect("the zones are known");
        let (_, unreadable) = inventory.unreadable().next().expect("a zone that cannot be read");
        assert!(unreadable.reason.contains("0 of 1 items came"), "{unreadable:?}");
    }

    #[tokio::test]
    async fn recorded_failures_and_what_they_mean() {
        let table = [
            ("docs-error-401", FailureKind::Unauthorised, "HTTP 401: Unable to authenticate you."),
            (
                "docs-error-422",
                FailureKind::Rejected,
                "HTTP 422: request payload validation failed",
            ),
            ("get-domain-404", FailureKind::ZoneGone, "HTTP 404: The resource you were"),
        ];
        for (name, kind, text) in table {
            let server = ScriptedServer::start(move |request| match request.method.as_str() {
                "GET" if request.path == "/v2/domains" => {
                    Reply::json(200, &json!({ "domains": [{ "name": "example.org" }] }))
                }
                "GET" => Reply::json(200, &json!({ "domain_records": [] })),
                _ => recorded(name).reply(),
            });
            let outcome = write_one(&server, "www.example.org", "192.0.2.1").await;
            let Outcome::Rejected(failure) = outcome else { panic!("{name}: {outcome:?}") };
            assert_eq!(failure.kind, kind, "{name}");
            assert!(failure.message.contains(text), "{name}: {failure}");
        }
    }

    async fn write_one(server: &ScriptedServer, name: &str, target: &str) -> Outcome {
        let provider = make(&server.url());
        let inventory = provider.read().await.expect("readable");
        let targets = [target].into_iter().collect();
        let set = RecordSet::new(Name::as_listed(name), RecordType::A, Ttl::UNSET, targets);
        let adjusted = provider
            .adjust(vec![Endpoint::from_set(set)], &inventory.index)
            .await
            .expect("adjusted");
        let desired: Vec<RecordSet> = adjusted.endpoints.into_iter().map(|it| it.set).collect();
        suite::apply(provider.as_ref(), &inventory, &desired).await.remove(0)
    }

    #[test]
    fn writes_are_those_that_the_service_took() {
        let zone = Zone::new("example.com", Name::as_listed("example.com"));
        for name in ["create-record-txt", "update-record-txt"] {
            let exchange = recorded(name);
            let sent = exchange.sent();
            let text = |member: &str| sent[member].as_str().expect("text");
            let set = RecordSet::new(
                FORM.whole_name(text("name"), &zone),
                RecordType::Txt,
                Ttl::from_seconds(sent["ttl"].as_i64().expect("a TTL")),
                [text("data")].into_iter().collect(),
            );
            let ours = serde_json::to_value(RECORD.body(&FORM, &zone, &set)).expect("JSON");
            assert_eq!(ours, *sent, "{name}");
        }
        let rest = Context::default().rest(&SERVICE, None, Auth::none()).expect("one");
        let (method, path) = (recorded("delete-record"), ["domains", "example.com", "records"]);
        let ours = rest.delete(&[&path[..], &["92264290"]].concat()).to_string();
        let (verb, target) = method.asked();
        assert_eq!(ours, format!("{verb} {target}"));
    }

    #[test]
    fn values_of_several_fields() {
        let zone = Zone::new("example.org", Name::as_listed("example.org"));
        let table = [
            (
                "example.org",
                RecordType::Mx,
                "10 Mail.example.org",
                r#"{"type":"MX","name":"@","data":"mail.example.org.","ttl":300,"priority":10}"#,
            ),
            (
                "_s._tcp.example.org",
                RecordType::Srv,
                "1 2 3 sip.example.org.",
                r#"{"type":"SRV","name":"_s._tcp","data":"sip.example.org.","ttl":300,"priority":1,"weight":2,"port":3}"#,
            ),
            (
                "c.example.org",
                RecordType::Cname,
                "bücher.example",
                r#"{"type":"CNAME","name":"c","data":"xn--bcher-kva.example.","ttl":300}"#,
            ),
            (
                "m.example.org",
                RecordType::Mx,
                "ten mail",
                r#"{"type":"MX","name":"m","data":"ten mail","ttl":300}"#,
            ),
        ];
        for (name, rtype, value, expected) in table {
            let targets = [value].into_iter().collect();
            let set = RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, targets);
            let ours = serde_json::to_string(&RECORD.body(&FORM, &zone, &set)).expect("JSON");
            assert_eq!(ours, expected);
        }
    }
}

#[test]
fn without_a_token_there_is_no_provider() {
    let Err(error) = provider(&ARGS, &Context::default()) else { panic!("a token is needed") };
    assert_eq!(error.kind, ErrorKind::Config);
    assert_eq!(
        error.message,
        "DO_TOKEN is not set; it holds a personal access token of DigitalOcean"
    );
}
