//! VinylDNS over a server that speaks as it does, and documented answers.

use extdns_model::{FailureKind, Outcome};
use extdns_testkit::http::{Reply, Request};

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::Environment;
use crate::conformance::contract::{failing_reads, read, refusals, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let rest = Context::default().rest(&SERVICE, Some(url), auth("AK1", SECRET));
    let capabilities = Capabilities { request_time: None, ..capabilities() };
    Box::new(Context::default().account(rest.expect("a client"), capabilities).stepped(Vinyldns))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

const ZONE: &str = "2467dc05-68eb-4498-a9d5-78d24bb0893c";

/// A zone whose record sets are those that the documentation shows.
fn reads(request: &Request) -> Option<Reply> {
    match (request.method.as_str(), request.target().as_str()) {
        ("GET", "/zones?maxItems=100") => {
            Some(Reply::json(200, &json!({ "zones": [{ "id": ZONE, "name": "vinyl." }] })))
        }
        ("GET", target) if target == format!("/zones/{ZONE}/recordsets?maxItems=100") => {
            Some(Exchange::of("vinyldns", "docs-list-recordsets").reply())
        }
        _ => None,
    }
}

fn empty_zone(request: &Request) -> Option<Reply> {
    match request.path.ends_with("/recordsets") && request.method == "GET" {
        true => Some(Exchange::of("vinyldns", "list-recordsets-empty").reply()),
        false => reads(request),
    }
}

#[tokio::test]
async fn documented_record_sets_are_read() {
    let found = read(make, |request| reads(request).expect("a read")).await.expect("readable");
    assert_eq!(
        found,
        [
            "already-exists.vinyl 38400 IN A  6.6.6.1 []",
            "vinyl.vinyl 38400 IN NS  172.17.42.2 []",
            "vinyl.vinyl 38400 IN A  5.5.5.5 []",
            "jenkins.vinyl 38400 IN A  10.1.1.1 []",
            "test.vinyl 38400 IN A  4.4.4.4;3.3.3.3 []",
        ]
    );
    // The apex is the name of the zone with a final dot.
    let listed = json!({ "id": "1", "name": "vinyl.", "type": "MX", "ttl": 60,
        "records": [{ "preference": 10, "exchange": "mail.example.org." }] });
    let listed: Listed = serde_json::from_value(listed).expect("a record set");
    let zone = Zone::new(ZONE, Name::as_listed("vinyl"));
    let record = listed.record(&zone).expect("managed");
    assert_eq!(record.set.to_string(), "vinyl 60 IN MX  10 mail.example.org []");
}

#[tokio::test]
async fn a_set_is_written_whole() {
    let answer = |_: &Request| Exchange::of("vinyldns", "create-recordset-202").reply();
    let desired = ["two.vinyl A 0 192.0.2.1;192.0.2.2", "vinyl TXT 600 a b"];
    let (lines, outcomes) = writes(make, empty_zone, answer, &desired).await;
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Applied]);
    let path = format!("POST /zones/{ZONE}/recordsets");
    for body in [
        format!(
            r#"{{"zoneId":"{ZONE}","name":"two","type":"A","ttl":300,"account":"","records":[{{"address":"192.0.2.1"}},{{"address":"192.0.2.2"}}]}}"#
        ),
        format!(
            r#"{{"zoneId":"{ZONE}","name":"vinyl.","type":"TXT","ttl":600,"account":"","records":[{{"text":"a b"}}]}}"#
        ),
    ] {
        assert!(lines.contains(&format!("{path} {body}")), "{body} among {lines:#?}");
    }
}

/// A text and an address of one name each have their id.
#[tokio::test]
async fn an_update_hits_the_set_of_its_type() {
    let sets = |request: &Request| match request.path.ends_with("/recordsets")
        && request.method == "GET"
    {
        true => {
            let set = |id: &str, name: &str, rtype: &str, record: Value| json!({ "id": id, "name": name, "type": rtype, "ttl": 300, "records": [record] });
            Some(Reply::json(
                200,
                &json!({ "recordSets": [
                set("t1", "www", "TXT", json!({ "text": "x" })),
                set("a1", "www", "A", json!({ "address": "192.0.2.9" })),
                set("o1", "own-a.www", "TXT", json!({ "text": "heritage=external-dns,external-dns/owner=kit" })),
            ] }),
            ))
        }
        false => reads(request),
    };
    let answer = |_: &Request| Reply::json(202, &json!({ "status": "Pending" }));
    let (lines, outcomes) = writes(make, sets, answer, &["www.vinyl A 0 192.0.2.1"]).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    let body = format!(
        r#"{{"id":"a1","zoneId":"{ZONE}","name":"www","type":"A","ttl":300,"account":"","records":[{{"address":"192.0.2.1"}}]}}"#
    );
    assert_eq!(lines, [format!("PUT /zones/{ZONE}/recordsets/a1 {body}")]);
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    // The zone of the table below is another one.
    fn empty(request: &Request) -> Option<Reply> {
        match request.path.as_str() {
            "/zones" => Some(Reply::json(
                200,
                &json!({ "zones": [{ "id": ZONE, "name": "example.org." }] }),
            )),
            _ => self::empty_zone(request),
        }
    }
    let table = [
        (
            400,
            r#"{"errors":["Missing RecordSet.type"]}"#,
            FailureKind::Rejected,
            "Missing RecordSet.type",
        ),
        (403, "User is not allowed; SECRET", FailureKind::Unauthorised, "administrators"),
        (404, "Zone with id x does not exist", FailureKind::ZoneGone, "does not exist"),
    ];
    refusals(make, empty, &table).await;
    let table = [(
        401,
        "Authentication Failed: SECRET",
        ErrorKind::Unauthorised,
        "check VINYLDNS_ACCESS_KEY",
    )];
    failing_reads(make, &table).await;
}

#[test]
fn the_keys_are_needed() {
    let with = |all: [(&str, &str); 2]| Context {
        environment: Environment::from(all),
        ..Context::default()
    };
    let Err(error) = provider(&with([("OTHER", "x"), ("VINYLDNS_SECRET_KEY", "y")])) else {
        panic!("an access key is needed")
    };
    assert!(error.message.starts_with("no vinyldns access key found"), "{error}");
    let Err(error) = provider(&with([("VINYLDNS_ACCESS_KEY", "x"), ("OTHER", "y")])) else {
        panic!("a secret key is needed")
    };
    assert!(error.message.starts_with("VINYLDNS_SECRET_KEY is not set"), "{error}");
}
