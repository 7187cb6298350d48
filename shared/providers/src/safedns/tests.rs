//! SafeDNS over a server that speaks as it does.

use extdns_model::{FailureKind, Name, Outcome};
use extdns_testkit::http::{Reply, Request};
use serde_json::{Value, json};

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/safedns/v1");
    let auth = Auth::header("authorization", SECRET);
    let context = Context::default();
    let rest = context.rest(&SERVICE, Some(&base), auth).expect("a client");
    let capabilities = Capabilities { request_time: None, ..capabilities() };
    Box::new(context.account(rest, capabilities).stepped(SafeDns))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("safedns", name)
}

fn page(items: &serde_json::Value, next: Option<&str>, total: usize) -> Reply {
    let links = json!({ "next": next });
    let pagination = json!({ "total": total, "total_pages": total.div_ceil(10), "links": links });
    Reply::json(200, &json!({ "data": items, "meta": { "pagination": pagination } }))
}

fn zone(name: &str) -> Reply {
    page(&json!([{ "name": name, "description": "" }]), None, 1)
}

/// The items of the third page, of which there is no recording: four of 24.
fn rest_of_records() -> Reply {
    let one = |n: u32| json!({ "id": n, "name": format!("r{n}.example.test"), "type": "A", "content": "192.0.2.1", "ttl": 60, "priority": null });
    page(&json!((1..=4).map(one).collect::<Vec<_>>()), None, 24)
}

const RECORDS: &str = "/safedns/v1/zones/example.test/records";

#[tokio::test]
async fn recorded_lists_are_read_whole() {
    let sets = read(make, |request| match request.target().as_str() {
        "/safedns/v1/zones" => zone("example.test"),
        RECORDS => recorded("list-records-page1").reply(),
        page if page == format!("{RECORDS}?page=2") => recorded("list-records-page2").reply(),
        page if page == format!("{RECORDS}?page=3") => rest_of_records(),
        other => panic!("{other}"),
    });
    let sets = sets.await.expect("readable");
    let expected = [
        "example.test 300 IN NS  ns0.ukfast.net;ns1.ukfast.net []",
        "localhost.example.test 86400 IN A  127.0.0.1 []",
        "_acme-challenge.fqdn.example.test 86400 IN TXT  \"challengetoken\" []",
        "_acme-challenge.full.example.test 86400 IN TXT  \"challengetoken\" []",
        "_acme-challenge.test.example.test 86400 IN TXT  \"challengetoken\" []",
        "_acme-challenge.createrecordset.example.test 86400 IN TXT  \"challengetoken1\";\"challengetoken2\" []",
        "_acme-challenge.noop.example.test 86400 IN TXT  \"challengetoken\" []",
        "_acme-challenge.deleterecordinset.example.test 86400 IN TXT  \"challengetoken2\" []",
        "_acme-challenge.listrecordset.example.test 86400 IN TXT  \"challengetoken1\";\"challengetoken2\" []",
        "random.fqdntest.example.test 86400 IN TXT  \"challengetoken\" []",
        "random.fulltest.example.test 86400 IN TXT  \"challengetoken\" []",
        "random.test.example.test 86400 IN TXT  \"challengetoken\" []",
        "updated.test.example.test 86400 IN TXT  \"challengetoken\" []",
        "orig.nameonly.test.example.test 86400 IN TXT  \"updated\" []",
        "updated.testfqdn.example.test 86400 IN TXT  \"challengetoken\" []",
        "updated.testfull.example.test 86400 IN TXT  \"challengetoken\" []",
        "r1.example.test 60 IN A  192.0.2.1 []",
        "r2.example.test 60 IN A  192.0.2.1 []",
        "r3.example.test 60 IN A  192.0.2.1 []",
        "r4.example.test 60 IN A  192.0.2.1 []",
    ];
    assert_eq!(sets, expected);
}

#[tokio::test]
async fn a_list_of_zones_is_read_to_its_last_page() {
    let first = "https://api.ukfast.io/safedns/v1/zones?page=2";
    let sets = read(make, move |request| match request.target().as_str() {
        "/safedns/v1/zones" => page(&json!([{ "name": "testdomain1.co.uk" }]), Some(first), 2),
        "/safedns/v1/zones?page=2" => recorded("sdk-list-zones-page2").reply(),
        "/safedns/v1/zones/testdomain2.co.uk/records" => {
            let record = json!({ "id": 1, "name": "testdomain2.co.uk", "type": "MX", "content": "mail.example.org", "priority": 10 });
            page(&json!([record]), None, 1)
        }
        _ => page(&json!([]), None, 0),
    });
    let sets = sets.await.expect("readable");
    assert_eq!(sets, ["testdomain2.co.uk 0 IN MX  10 mail.example.org []"]);
}

#[tokio::test]
async fn the_page_behind_the_last_has_nothing_and_a_list_that_is_cut_off_is_none() {
    let record = |total: usize| {
        let record = json!({ "id": 1, "name": "a.example.test", "type": "A", "content": "192.0.2.1", "ttl": 60, "priority": null });
        page(&json!([record]), Some("https://api.ukfast.io/x?page=2"), total)
    };
    let sets = read(make, move |request| match request.target().as_str() {
        "/safedns/v1/zones" => zone("example.test"),
        RECORDS => record(1),
        _ => page(&json!([]), None, 1),
    });
    assert_eq!(sets.await.expect("readable"), ["a.example.test 60 IN A  192.0.2.1 []"]);
    let sets = read(make, move |request| match request.target().as_str() {
        "/safedns/v1/zones" => zone("example.test"),
        RECORDS => record(2),
        _ => page(&json!([]), None, 2),
    });
    assert!(sets.await.expect_err("cut off").message.contains("1 of 2 items came"));
}

/// `example.org` with what a test wants of it.
fn reads(request: &Request) -> Option<Reply> {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/safedns/v1/zones") => Some(zone("example.org")),
        ("GET", _) => {
            let own = "\"heritage=external-dns,external-dns/owner=kit\"";
            let record = |id: u32, rtype: &str, name: &str, content: &str| json!({ "id": id, "type": rtype, "name": name, "content": content, "priority": null, "ttl": 300 });
            let records = json!([
                record(11, "A", "two.example.org", "192.0.2.1"),
                record(12, "A", "two.example.org", "192.0.2.2"),
                record(13, "TXT", "own-a.two.example.org", own),
            ]);
            Some(page(&records, None, 3))
        }
        _ => None,
    }
}

fn done(request: &Request) -> Reply {
    match request.method.as_str() {
        "POST" => recorded("create-record").reply(),
        "DELETE" => recorded("delete-record").reply(),
        _ => recorded("update-record").reply(),
    }
}

async fn sent(desired: &[&str]) -> Vec<String> {
    let (mut sent, outcomes) = writes(make, reads, done, desired).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    sent.sort();
    sent
}

/// ExternalDNS could not change a target: one that stays is left, and another takes the place of one that goes.
#[tokio::test]
async fn a_changed_target_is_one_change_of_its_record() {
    let sent = sent(&[
        "two.example.org A 0 192.0.2.2;192.0.2.3",
        "example.org MX 600 10 mail.example.org",
    ]);
    assert_eq!(
        sent.await,
        [
            r#"PATCH /safedns/v1/zones/example.org/records/11 {"name":"two.example.org","type":"A","content":"192.0.2.3"}"#,
            r#"POST /safedns/v1/zones/example.org/records {"name":"example.org","type":"MX","content":"mail.example.org","ttl":600,"priority":10}"#,
            r#"POST /safedns/v1/zones/example.org/records {"name":"own-mx.example.org","type":"TXT","content":"\"heritage=external-dns,external-dns/owner=kit\""}"#,
        ]
    );
}

/// ExternalDNS wrote no TTL with a new record, and 0 with a change where none was wanted.
#[tokio::test]
async fn a_ttl_is_written_where_one_is_wanted() {
    let sent =
        sent(&["two.example.org A 600 192.0.2.1;192.0.2.2", "new.example.org A 60 192.0.2.9"]);
    let sent = sent.await.join("\n");
    for part in [
        r#"records/11 {"name":"two.example.org","type":"A","content":"192.0.2.1","ttl":600}"#,
        r#"records/12 {"name":"two.example.org","type":"A","content":"192.0.2.2","ttl":600}"#,
        r#"records {"name":"new.example.org","type":"A","content":"192.0.2.9","ttl":60}"#,
    ] {
        assert!(sent.contains(part), "{part} in {sent}");
    }
}

/// ExternalDNS deleted the first value of several alone.
#[tokio::test]
async fn all_values_of_a_name_go() {
    let sent = sent(&[]).await;
    let target = |id: u32| format!("DELETE /safedns/v1/zones/example.org/records/{id}");
    assert_eq!(sent, [target(11), target(12), target(13)]);
}

fn body_of(text: &str) -> Value {
    let zone = Zone::new("example.org", Name::as_listed("example.org"));
    serde_json::to_value(RECORD.body(&FORM, &zone, &set(text))).expect("JSON")
}

#[test]
fn writes_are_those_that_the_service_took() {
    for (name, text) in [
        ("create-record", "delete.testfilt.example.test TXT 0 \"challengetoken\""),
        ("update-record", "updated.test.example.test TXT 0 \"challengetoken\""),
    ] {
        assert_eq!(body_of(text), *recorded(name).sent(), "{name}");
    }
    let rest = Context::default().rest(&SERVICE, None, Auth::none()).expect("one");
    let own = Zone::new("example.test", Name::as_listed("example.test"));
    for (name, method) in [
        ("create-record", Method::POST),
        ("update-record", Method::PATCH),
        ("delete-record", Method::DELETE),
    ] {
        let exchange = recorded(name);
        let (verb, target) = exchange.asked();
        let id = target.rsplit('/').next().filter(|_| method != Method::POST);
        let path = [&records(&own)[..], id.as_slice()].concat();
        assert_eq!(rest.request(method, &path).to_string(), format!("{verb} {target}"));
    }
}

#[test]
fn values_of_several_fields() {
    let table = [
        ("_s._tcp.example.org SRV 60 1 2 3 Sip.example.org.", json!(1), "2 3 sip.example.org"),
        ("example.org MX 60 10 mail.example.org", json!(10), "mail.example.org"),
        ("example.org MX 60 ten mail", Value::Null, "ten mail"),
        ("c.example.org CNAME 60 lb.example.net.", Value::Null, "lb.example.net"),
    ];
    for (text, priority, content) in table {
        let sent = body_of(text);
        assert_eq!(
            (&sent["priority"], sent["content"].as_str()),
            (&priority, Some(content)),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let gone = recorded("get-zone-404").answered().to_string();
    let error = |title: &str, status: u16| {
        json!({ "errors": [{ "title": title, "detail": "SECRET", "status": status }] }).to_string()
    };
    let (taken, odd, slow) = (
        error("Record already exists", 422),
        error("Validation Error", 422),
        error("Too many", 429),
    );
    let (conflict, forbidden) = (error("Conflict", 409), error("Forbidden", 403));
    let table = [
        (
            401,
            r#"{"message":"Unauthenticated SECRET"}"#,
            FailureKind::Unauthorised,
            "SAFEDNS_TOKEN",
        ),
        (403, &forbidden, FailureKind::Unauthorised, "may read and write SafeDNS"),
        (404, &gone, FailureKind::ZoneGone, "--exclude-domains"),
        (409, &conflict, FailureKind::Conflict, "in the way"),
        (422, &taken, FailureKind::Conflict, "in the way"),
        (422, &odd, FailureKind::Rejected, "correct the target"),
        (429, &slow, FailureKind::Throttled, "less often"),
    ];
    refusals(make, reads, &table).await;
    let said = recorded("error").answered().to_string();
    let table = [
        (401, said.as_str(), ErrorKind::Unauthorised, "Unauthenticated; check that the token"),
        (200, r#"{"data":"none"}"#, ErrorKind::Transient, "not what the API promises"),
    ];
    failing_reads(make, &table).await;
}

#[test]
fn without_a_token_there_is_no_provider() {
    let Err(error) = provider(&Context::default()) else { panic!("a token is needed") };
    assert_eq!(error.message, "SAFEDNS_TOKEN is not set; it holds a token of the API of ANS");
}
