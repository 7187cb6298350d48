//! Linode over a server that speaks as it does.

use extdns_model::{Endpoint, FailureKind, Name, Outcome, ZoneIndex};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::json;

use super::dialect::DIALECT;
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v4");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET));
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities() };
    Box::new(Context::default().account(rest.expect("a client"), capabilities).stepped(Linode))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::start(DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("linode", name)
}

fn page(number: u32, pages: u32, results: u32, data: serde_json::Value) -> Reply {
    let body = json!({ "data": data, "page": number, "pages": pages, "results": results });
    Reply::json(200, &body).header("retry-after", "113")
}

fn reads(request: &Request) -> Option<Reply> {
    let owned = "\"heritage=external-dns,external-dns/owner=kit\"";
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v4/domains") => {
            Some(page(1, 1, 1, json!([{ "id": 101, "domain": "example.org", "type": "master" }])))
        }
        ("GET", _) => Some(page(
            1,
            1,
            3,
            json!([
                { "id": 11, "type": "A", "name": "two", "target": "192.0.2.1", "ttl_sec": 300 },
                { "id": 12, "type": "A", "name": "two", "target": "192.0.2.2", "ttl_sec": 300 },
                { "id": 13, "type": "TXT", "name": "own-a.two", "target": owned, "ttl_sec": 0 },
            ]),
        )),
        _ => None,
    }
}

#[tokio::test]
async fn recorded_lists_are_read_whole() {
    let sets = read(make, |request| match request.target().as_str() {
        "/v4/domains?page_size=500" => recorded("list-domains").reply(),
        _ => recorded("list-records").reply(),
    });
    let sets = sets.await.expect("readable");
    let expected = [
        "localhost.lexicon-test.com 0 IN A  127.0.0.1 []",
        "docs.lexicon-test.com 0 IN CNAME  docs.example.com []",
        "_acme-challenge.fqdn.lexicon-test.com 0 IN TXT  challengetoken []",
    ];
    assert_eq!(sets[..3], expected);
    let zones = read(make, |request| match request.path.as_str() {
        "/v4/domains" => recorded("sdk-list-domains").reply(),
        "/v4/domains/3041960/records" => recorded("sdk-list-records-page").reply(),
        _ => page(1, 1, 0, json!([])),
    });
    assert_eq!(zones.await.expect("readable"), ["a.linodego-blue-test.com 0 IN A  127.0.0.1 []"]);
}

#[tokio::test]
async fn pages_are_read_to_the_last_which_may_be_empty() {
    let sets = read(make, |request| match request.target().as_str() {
        "/v4/domains?page_size=500" => {
            page(1, 2, 1, json!([{ "id": 101, "domain": "example.org" }]))
        }
        "/v4/domains?page_size=500&page=2" => page(2, 2, 1, json!([])),
        "/v4/domains/101/records?page_size=500" => page(
            1,
            2,
            2,
            json!([
                { "id": 1, "type": "A", "name": "", "target": "192.0.2.1", "ttl_sec": 300 },
            ]),
        ),
        "/v4/domains/101/records?page_size=500&page=2" => page(
            2,
            2,
            2,
            json!([
                { "id": 2, "type": "SRV", "name": "_s._udp", "target": "sip.example.org", "ttl_sec": 300,
                    "priority": 10, "weight": 20, "port": 5060, "service": "s", "protocol": "udp" },
            ]),
        ),
        other => panic!("{other}"),
    });
    let expected = [
        "example.org 300 IN A  192.0.2.1 []",
        "_s._udp.example.org 300 IN SRV  10 20 5060 sip.example.org. []",
    ];
    assert_eq!(sets.await.expect("readable"), expected);
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 400 192.0.2.2;192.0.2.3",
        "example.org A 0 192.0.2.9",
        "_sip._udp.example.org SRV 300 10 20 5060 sip.example.org.",
        "ns.example.org NS 300 ns1.example.net",
    ];
    let done = |_: &Request| Reply::json(200, &json!({}));
    let (mut sent, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    sent.retain(|line| !line.contains("heritage"));
    sent.sort();
    assert_eq!(
        sent,
        [
            r#"POST /v4/domains/101/records {"type":"A","name":"","target":"192.0.2.9","priority":0,"weight":1,"port":0}"#,
            r#"POST /v4/domains/101/records {"type":"NS","name":"ns","target":"ns1.example.net","priority":0,"weight":0,"port":0,"ttl_sec":300}"#,
            r#"POST /v4/domains/101/records {"type":"SRV","name":"_sip._udp","target":"sip.example.org","priority":10,"weight":20,"port":5060,"service":"sip","protocol":"udp","ttl_sec":300}"#,
            r#"PUT /v4/domains/101/records/11 {"type":"A","name":"two","target":"192.0.2.3","priority":0,"weight":1,"port":0,"ttl_sec":3600}"#,
            r#"PUT /v4/domains/101/records/12 {"type":"A","name":"two","target":"192.0.2.2","priority":0,"weight":1,"port":0,"ttl_sec":3600}"#,
        ]
    );
    let (sent, _) = writes(make, reads, done, &["two.example.org A 300 192.0.2.2"]).await;
    assert_eq!(sent, ["DELETE /v4/domains/101/records/11"]);
}

/// The recorded requests are of clients that leave out the numbers.
#[test]
fn writes_hold_what_the_service_took() {
    let zone = Zone::new("1065421", Name::as_listed("lexicon-test.com"));
    for name in ["create-record-a", "create-record-txt", "update-record-txt"] {
        let exchange = recorded(name);
        let sent = exchange.sent();
        let text = |member: &str| sent[member].as_str().expect("text");
        let (own, rtype, target) = (text("name"), text("type"), text("target"));
        let wanted = set(&format!("{own}.lexicon-test.com {rtype} 0 {target}"));
        let ours = serde_json::to_value(Written::of(&wanted, &zone, true)).expect("JSON");
        for member in ["name", "type", "target"] {
            assert_eq!(ours[member], sent[member], "{name}");
        }
    }
    let rest = Context::default().rest(&SERVICE, None, Auth::none()).expect("one");
    let exchange = recorded("delete-record");
    let ours = rest.delete(&["domains", "1065421", "records", "9295241"]).to_string();
    let (verb, target) = exchange.asked();
    assert_eq!(ours, format!("{verb} {target}"));
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let said = |name: &str| recorded(name).answered().to_string();
    let (bad, busy, field, many) =
        (said("error-401"), said("error-400-busy"), said("error-400-field"), said("error-429"));
    let table = [
        (401, bad.as_str(), FailureKind::Unauthorised, "Invalid Token; check that the token"),
        (
            403,
            r#"{"errors":[{"reason":"SECRET: no"}]}"#,
            FailureKind::Unauthorised,
            "domains:read_write",
        ),
        (404, r#"{"errors":[{"reason":"Not found"}]}"#, FailureKind::ZoneGone, "--exclude-domains"),
        (400, busy.as_str(), FailureKind::Throttled, "Linode busy."),
        (400, "<html>400 Bad Request<hr>nginx</html>", FailureKind::Throttled, "less often"),
        (400, field.as_str(), FailureKind::Rejected, "label: Must only use ASCII letters"),
        (409, r#"{"errors":[{"reason":"in use"}]}"#, FailureKind::Conflict, "in the way"),
        (422, r#"{"errors":[{"reason":"odd"}]}"#, FailureKind::Rejected, "correct the target"),
        (429, many.as_str(), FailureKind::Throttled, "800 calls in two minutes"),
    ];
    refusals(make, reads, &table).await;
    failing_reads(make, &[(401, bad.as_str(), ErrorKind::Unauthorised, "LINODE_TOKEN")]).await;
}

#[test]
fn variables_say_where_the_api_is() {
    use crate::Environment;
    let of = |variables: &[(&str, &str)]| {
        let all =
            variables.iter().copied().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment = Environment::new(all.collect());
        provider(&Context { environment, ..Context::default() }).map(drop).map_err(|it| it.message)
    };
    let unset = "LINODE_TOKEN is not set; it holds a personal access token of Linode";
    assert_eq!(of(&[]), Err(unset.to_owned()));
    assert_eq!(of(&[("LINODE_TOKEN", "t"), ("LINODE_URL", "api.example.test")]), Ok(()));
    let missing = of(&[("LINODE_TOKEN", "t"), ("LINODE_CA", "/no/such/file.pem")]);
    assert!(missing.expect_err("no file").contains("/no/such/file.pem"));
}

/// The vendor rounds what it does not store up, and says so of no answer.
#[tokio::test]
async fn ttls_are_those_that_the_service_stores() {
    let server = ScriptedServer::start(|request| reads(request).expect("a read"));
    let provider = make(&server.url());
    let table = [
        (0, 0),
        (1, 30),
        (30, 30),
        (31, 120),
        (120, 120),
        (121, 300),
        (300, 300),
        (301, 3600),
        (86_401, 172_800),
        (2_419_201, 2_419_200),
    ];
    for (given, stored) in table {
        let wanted = Endpoint::from_set(set(&format!("a.example.org A {given} 192.0.2.1")));
        let index = ZoneIndex::default();
        let adjusted = provider.adjust(vec![wanted], &index).await.expect("adjusted");
        let ttl = adjusted.endpoints[0].set.ttl.seconds().unwrap_or_default();
        assert_eq!((ttl, adjusted.notes.len()), (stored, usize::from(stored != given)), "{given}");
    }
}
