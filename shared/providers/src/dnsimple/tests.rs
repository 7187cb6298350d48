//! DNSimple over a server that speaks as it does.

use extdns_model::{FailureKind, Outcome};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::json;

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};
use crate::{Environment, Reader as _, ZoneFilter};

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn make_for(url: &str, account: Option<&str>, named: &[&str]) -> Box<dyn Provider> {
    let base = format!("{url}/v2");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET));
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities() };
    let named = named.iter().map(|name| (*name).to_owned()).collect();
    let account = account.map(ToOwned::to_owned);
    Box::new(over(
        Context::default().account(rest.expect("a client"), capabilities),
        account,
        named,
    ))
}

fn make(url: &str) -> Box<dyn Provider> {
    make_for(url, Some("1010"), &[])
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("dnsimple", name)
}

fn page(data: serde_json::Value, page: u32, pages: u32, entries: u32) -> Reply {
    let pagination = json!({ "current_page": page, "per_page": 100, "total_entries": entries,
        "total_pages": pages });
    Reply::json(200, &json!({ "data": data, "pagination": pagination }))
}

fn reads(request: &Request) -> Option<Reply> {
    let owned = "\"heritage=external-dns,external-dns/owner=kit\"";
    let record = |id: u32, rtype: &str, name: &str, content: &str| {
        json!({ "id": id, "type": rtype, "name": name, "content": content, "ttl": 3600,
            "priority": null })
    };
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v2/1010/zones") => {
            Some(page(json!([{ "id": 1, "name": "example.org" }]), 1, 1, 1))
        }
        ("GET", _) => {
            let records = json!([
                record(1, "A", "two", "192.0.2.1"),
                record(2, "A", "two", "192.0.2.2"),
                record(3, "TXT", "own-a.two", owned),
            ]);
            Some(page(records, 1, 1, 3))
        }
        _ => None,
    }
}

#[tokio::test]
async fn recorded_lists_are_read_whole() {
    let sets = read(make, |request| match request.target().as_str() {
        "/v2/1010/zones?per_page=100" => page(json!([{ "id": 7, "name": "unit.tests" }]), 1, 1, 1),
        // The pages of that fixture count differently.
        "/v2/1010/zones/unit.tests/records?per_page=100" => {
            page(recorded("list-records-alltypes-page1").answered()["data"].clone(), 1, 2, 30)
        }
        "/v2/1010/zones/unit.tests/records?per_page=100&page=2" => {
            page(recorded("list-records-alltypes-page2").answered()["data"].clone(), 2, 2, 30)
        }
        other => panic!("{other}"),
    });
    let sets = sets.await.expect("readable");
    let holds = |line: &str| assert!(sets.iter().any(|it| it == line), "{line} in {sets:#?}");
    holds(
        "_srv._tcp.unit.tests 600 IN SRV  10 20 30 foo-1.unit.tests.;12 20 30 foo-2.unit.tests. []",
    );
    holds("under.unit.tests 3600 IN NS  ns1.unit.tests;ns2.unit.tests []");
    holds("aaaa.unit.tests 600 IN AAAA  2001:db8::947a []");
    assert!(!sets.iter().any(|it| it.contains("SOA")), "{sets:#?}");
}

#[tokio::test]
async fn pages_are_read_to_the_last_which_may_be_empty() {
    let of = |id: u32| json!([{ "id": id, "type": "A", "name": "", "content": format!("192.0.2.{id}"), "ttl": 60 }]);
    let sets = read(make, move |request| match request.target().as_str() {
        "/v2/1010/zones?per_page=100" => page(json!([{ "id": 7, "name": "example.org" }]), 1, 1, 1),
        "/v2/1010/zones/example.org/records?per_page=100" => page(of(1), 1, 3, 2),
        "/v2/1010/zones/example.org/records?per_page=100&page=2" => page(of(2), 2, 3, 2),
        "/v2/1010/zones/example.org/records?per_page=100&page=3" => page(json!([]), 3, 3, 2),
        other => panic!("{other}"),
    });
    assert_eq!(sets.await.expect("readable"), ["example.org 60 IN A  192.0.2.1;192.0.2.2 []"]);
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 60 192.0.2.2;192.0.2.3",
        "two.example.org AAAA 0 2001:db8::1",
        "example.org TXT 0 hello",
    ];
    let done = |_: &Request| Reply::json(200, &json!({ "data": {} }));
    let (mut sent, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    sent.retain(|line| !line.contains("heritage"));
    sent.sort();
    assert_eq!(
        sent,
        [
            r#"PATCH /v2/1010/zones/example.org/records/1 {"type":"A","name":"two","content":"192.0.2.3","ttl":60}"#,
            r#"PATCH /v2/1010/zones/example.org/records/2 {"type":"A","name":"two","content":"192.0.2.2","ttl":60}"#,
            r#"POST /v2/1010/zones/example.org/records {"type":"AAAA","name":"two","content":"2001:db8::1","ttl":3600}"#,
            r#"POST /v2/1010/zones/example.org/records {"type":"TXT","name":"","content":"hello","ttl":3600}"#,
        ]
    );
    let (sent, _) = writes(make, reads, done, &["two.example.org A 3600 192.0.2.2"]).await;
    assert_eq!(sent, ["DELETE /v2/1010/zones/example.org/records/1"]);
}

/// The recorded requests are of a client that sends a priority and regions with everything.
#[test]
fn writes_hold_what_the_service_took() {
    let zone = Zone::new("example.us", Name::as_listed("example.us"));
    let exchange = recorded("sandbox-create-record-txt");
    let wanted = set("delete.testfilt.example.us TXT 3600 challengetoken");
    let ours = json!(RECORD.body(&FORM, &zone, &wanted));
    for member in ["type", "name", "content", "ttl"] {
        assert_eq!(ours[member], exchange.sent()[member], "{member}");
    }
    let rest = Context::default().rest(&SERVICE, None, Auth::none()).expect("one");
    for (name, id) in [("delete-record", "5"), ("update-record", "5")] {
        let exchange = recorded(name);
        let path = ["1010", "zones", "example.com", "records", id];
        let ours = if name == "delete-record" { rest.delete(&path) } else { rest.patch(&path) };
        let (verb, target) = exchange.asked();
        assert_eq!(ours.to_string(), format!("{verb} {target}"));
    }
    let table = [
        ("example.us MX 60 20 mxb.example.com.", Some(20), "mxb.example.com"),
        ("_s._tcp.example.us SRV 60 1 2 3 sip.example.us.", Some(1), "2 3 sip.example.us"),
        ("example.us MX 60 ten mail", None, "ten mail"),
    ];
    for (text, priority, content) in table {
        let written = json!(RECORD.body(&FORM, &zone, &set(text)));
        let own = (written["priority"].as_u64(), written["content"].as_str());
        assert_eq!(own, (priority, Some(content)), "{text}");
    }
}

#[tokio::test]
async fn the_account_is_asked_for_once_and_zones_that_are_named_are_not_listed() {
    let server = ScriptedServer::start(|request| match request.path.as_str() {
        "/v2/whoami" => recorded("whoami-account").reply(),
        "/v2/1/zones/a.test/records" | "/v2/1/zones/b.test/records" => page(json!([]), 1, 1, 0),
        other => panic!("{other}"),
    });
    let provider = make_for(&server.url(), None, &["a.test", "b.test"]);
    let zones = provider.read().await.expect("readable").index;
    assert_eq!(zones.iter().count(), 2);
    let asked = server.requests().iter().filter(|it| it.path == "/v2/whoami").count();
    assert_eq!(asked, 1);

    let server = ScriptedServer::start(|_| recorded("whoami-user").reply());
    let error = make_for(&server.url(), None, &[]).read().await.expect_err("no account");
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("DNSIMPLE_ACCOUNT_ID"), "{error}");
}

#[tokio::test]
async fn zones_pass_by_their_number() {
    let server = ScriptedServer::start(|request| match request.path.as_str() {
        "/v2/1010/zones" => {
            page(json!([{ "id": 17, "name": "a.test" }, { "id": 18, "name": "b.test" }]), 1, 1, 2)
        }
        _ => page(json!([]), 1, 1, 0),
    });
    let base = format!("{}/v2", server.url());
    let variables = [
        ("DNSIMPLE_OAUTH", SECRET),
        ("DNSIMPLE_ACCOUNT_ID", "1010"),
        ("DNSIMPLE_API_URL", base.as_str()),
    ];
    let filter = ZoneFilter::new(extdns_model::DomainFilter::default(), &["18".to_owned()]);
    let environment = Environment::from(variables);
    let context = Context { environment, zones: filter, ..Context::default() };
    let zones = provider(&context).expect("one").read().await.expect("readable").index;
    assert_eq!(zones.iter().map(|(_, it)| it.to_string()).collect::<Vec<_>>(), ["b.test"]);
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let said = |name: &str| recorded(name).answered().to_string();
    let (zone, record, invalid) =
        (said("error-404-zone"), said("error-404-record"), said("batch-400-create"));
    let table = [
        (
            401,
            r#"{"message":"Authentication failed SECRET"}"#,
            FailureKind::Unauthorised,
            "DNSIMPLE_OAUTH",
        ),
        (
            403,
            r#"{"message":"Permission Denied"}"#,
            FailureKind::Unauthorised,
            "DNSIMPLE_ACCOUNT_ID",
        ),
        (404, zone.as_str(), FailureKind::ZoneGone, "DNSIMPLE_ZONES"),
        (404, record.as_str(), FailureKind::RecordGone, "Record `0` not found"),
        (409, r#"{"message":"in use"}"#, FailureKind::Conflict, "in the way"),
        (400, invalid.as_str(), FailureKind::Rejected, "unsupported"),
        (
            400,
            r#"{"message":"Validation failed","errors":{"base":["already exists"]}}"#,
            FailureKind::Conflict,
            "in the way",
        ),
        (422, r#"{"message":"odd"}"#, FailureKind::Rejected, "correct the target"),
        (429, r#"{"message":"quota exceeded"}"#, FailureKind::Throttled, "2,400 calls an hour"),
    ];
    refusals(make, reads, &table).await;
    let table = [(
        401,
        r#"{"message":"Authentication failed"}"#,
        ErrorKind::Unauthorised,
        "DNSIMPLE_OAUTH",
    )];
    failing_reads(make, &table).await;
}

#[test]
fn without_a_token_there_is_no_provider() {
    let Err(error) = provider(&Context::default()) else { panic!("a token is needed") };
    assert_eq!(error.message, "DNSIMPLE_OAUTH is not set; it holds an access token of DNSimple");
}
