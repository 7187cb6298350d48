//! Vultr over a server that speaks as it does.

use extdns_model::{FailureKind, Name, RecordSet, Ttl};
use extdns_testkit::http::{Reply, Request};
use serde_json::json;

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v2");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET));
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities() };
    Box::new(Context::default().account(rest.expect("a client"), capabilities).stepped(Vultr))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("vultr", name)
}

fn page(list: &str, items: serde_json::Value, next: &str, total: u32) -> Reply {
    let links = json!({ "next": next, "prev": "" });
    Reply::json(200, &json!({ list: items, "meta": { "total": total, "links": links } }))
}

#[tokio::test]
async fn recorded_lists_are_read_whole() {
    let sets = read(make, |request| match request.target().as_str() {
        "/v2/domains?per_page=500" => recorded("list-domains").reply(),
        "/v2/domains/lexicon-test.eu/records?per_page=500" => recorded("list-records").reply(),
        _ => page("records", json!([]), "", 0),
    });
    let sets = sets.await.expect("readable");
    let expected = [
        "lexicon-test.eu 300 IN NS  ns1.vultr.com;ns2.vultr.com []",
        "lexicon-test.eu 300 IN A  127.0.0.1 []",
        "*.lexicon-test.eu 300 IN CNAME  lexicon-test.eu []",
        "lexicon-test.eu 300 IN MX  10 lexicon-test.eu []",
        "localhost.lexicon-test.eu 3600 IN A  127.0.0.1 []",
        "docs.lexicon-test.eu 3600 IN CNAME  docs.example.com []",
        "_acme-challenge.fqdn.lexicon-test.eu 3600 IN TXT  \"challengetoken\" []",
    ];
    assert_eq!(sets[..expected.len()], expected);
}

#[tokio::test]
async fn the_last_page_may_be_empty() {
    let record = json!({ "id": "r-1", "type": "A", "name": "a", "data": "192.0.2.1", "ttl": 300 });
    let sets = read(make, move |request| match request.target().as_str() {
        "/v2/domains?per_page=500" => recorded("list-domains-page1-cursor").reply(),
        "/v2/domains?per_page=500&cursor=bmV4dF9fZXhhbXBsZS5uZXQ%3D" => {
            page("domains", json!([{ "domain": "example.net" }]), "", 2)
        }
        "/v2/domains/example.net/records?per_page=500" => page("records", json!([record]), "x", 1),
        _ => page("records", json!([]), "", 0),
    });
    assert_eq!(sets.await.expect("readable"), ["a.example.net 300 IN A  192.0.2.1 []"]);
}

/// `example.org` with what a test wants of it.
fn reads(request: &Request) -> Option<Reply> {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v2/domains") => {
            Some(page("domains", json!([{ "domain": "example.org" }]), "", 1))
        }
        ("GET", _) => {
            let own = json!("\"heritage=external-dns,external-dns/owner=kit\"");
            let record = |id: &str, rtype: &str, name: &str, data: serde_json::Value| json!({ "id": id, "type": rtype, "name": name, "data": data, "priority": 0, "ttl": 300 });
            let records = json!([
                record("r-1", "A", "two", json!("192.0.2.1")),
                record("r-2", "A", "two", json!("192.0.2.2")),
                record("r-3", "TXT", "own-a.two", own),
            ]);
            Some(page("records", records, "", 3))
        }
        _ => None,
    }
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let done = |request: &Request| Reply::new(if request.method == "POST" { 201 } else { 204 });
    let (mut sent, outcomes) = writes(
        make,
        reads,
        done,
        &["two.example.org A 600 192.0.2.2;192.0.2.3", "example.org A 0 192.0.2.9"],
    )
    .await;
    assert!(outcomes.iter().all(|it| *it == extdns_model::Outcome::Applied), "{outcomes:?}");
    sent.sort();
    assert_eq!(
        sent,
        [
            r#"PATCH /v2/domains/example.org/records/r-1 {"name":"two","data":"192.0.2.3","ttl":600,"priority":0}"#,
            r#"PATCH /v2/domains/example.org/records/r-2 {"name":"two","data":"192.0.2.2","ttl":600,"priority":0}"#,
            r#"POST /v2/domains/example.org/records {"type":"A","name":"","data":"192.0.2.9","ttl":3600,"priority":0}"#,
            r#"POST /v2/domains/example.org/records {"type":"TXT","name":"own-a","data":"\"heritage=external-dns,external-dns/owner=kit\"","ttl":3600,"priority":0}"#,
        ]
    );
}

#[test]
fn writes_are_those_that_the_service_took() {
    let zone = Zone::new("lexicon-test.eu", Name::as_listed("lexicon-test.eu"));
    for name in ["create-record-a", "create-record-txt"] {
        let exchange = recorded(name);
        let sent = exchange.sent();
        let text = |member: &str| sent[member].as_str().expect("text");
        let set = RecordSet::new(
            FORM.whole_name(text("name"), &zone),
            text("type").parse().expect("a type"),
            Ttl::from_seconds(sent["ttl"].as_i64().expect("a TTL")),
            [text("data")].into_iter().collect(),
        );
        assert_eq!(
            serde_json::to_value(RECORD.body(&FORM, &zone, &set)).expect("JSON"),
            *sent,
            "{name}"
        );
    }
    let rest = Context::default().rest(&SERVICE, None, Auth::none()).expect("one");
    let ends = [("delete-record", "DELETE"), ("update-record-txt", "PATCH")];
    for (name, verb) in ends {
        let exchange = recorded(name);
        let (_, target) = exchange.asked();
        let id = target.rsplit('/').next().expect("an id");
        let path = ["domains", "lexicon-test.eu", "records", id];
        let ours = if verb == "PATCH" { rest.patch(&path) } else { rest.delete(&path) };
        assert_eq!(ours.to_string(), format!("{verb} {target}"));
    }
}

#[test]
fn values_of_several_fields() {
    let zone = Zone::new("example.org", Name::as_listed("example.org"));
    let table = [
        ("_s._tcp.example.org SRV 60 1 2 3 Sip.example.org.", (1, "2 3 sip.example.org")),
        ("example.org MX 60 10 mail.example.org", (10, "mail.example.org")),
        ("example.org MX 60 ten mail", (0, "ten mail")),
        ("c.example.org CNAME 60 lb.example.net.", (0, "lb.example.net")),
    ];
    for (text, (priority, data)) in table {
        let set = crate::conformance::contract::set(text);
        let written = json!(RECORD.body(&FORM, &zone, &set));
        assert_eq!(
            (&written["priority"], &written["data"]),
            (&json!(priority), &json!(data)),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let table = [
        (
            401,
            r#"{"error":"Invalid API token SECRET.","status":401}"#,
            FailureKind::Unauthorised,
            "VULTR_API_KEY",
        ),
        (
            403,
            r#"{"error":"Unauthorized IP address","status":403}"#,
            FailureKind::Unauthorised,
            "access control",
        ),
        (
            404,
            r#"{"error":"Invalid domain.","status":404}"#,
            FailureKind::ZoneGone,
            "--exclude-domains",
        ),
        (409, r#"{"error":"in use","status":409}"#, FailureKind::Conflict, "in the way"),
        (
            400,
            r#"{"error":"Record already exists","status":400}"#,
            FailureKind::Conflict,
            "in the way",
        ),
        (
            422,
            r#"{"error":"Invalid data","status":422}"#,
            FailureKind::Rejected,
            "correct the target",
        ),
        (
            429,
            r#"{"error":"Too many requests","status":429}"#,
            FailureKind::Throttled,
            "30 calls a second",
        ),
        (
            503,
            r#"{"error":"Rate limit hit","status":503}"#,
            FailureKind::Throttled,
            "30 calls a second",
        ),
    ];
    refusals(make, reads, &table).await;
    let table = [
        (401, r#"{"error":"Invalid API token SECRET."}"#, ErrorKind::Unauthorised, "VULTR_API_KEY"),
        (200, r#"{"domains":"none"}"#, ErrorKind::Transient, "not what the API promises"),
    ];
    failing_reads(make, &table).await;
}

#[test]
fn without_a_key_there_is_no_provider() {
    let Err(error) = provider(&Context::default()) else { panic!("a key is needed") };
    assert_eq!(error.message, "VULTR_API_KEY is not set; it holds an API key of Vultr");
}
