//! Dyn over a server that speaks as it did.

use extdns_model::{FailureKind, Name, Outcome};
use extdns_testkit::http::{Reply, Request};

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes};
use crate::conformance::{OverHttp, SECRET};

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities(0) };
    let args = DynArgs {
        dyn_customer_name: "customer".to_owned(),
        dyn_username: "user".to_owned(),
        dyn_password: SECRET.to_owned().into(),
        dyn_min_ttl: 0,
        dyn_api_url: format!("{url}/REST"),
    };
    Box::new(over(&args, &Context::default(), capabilities).expect("a client"))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make).with_ttl(600)
    }
}

fn success(data: &Value) -> Reply {
    Reply::json(200, &json!({ "status": "success", "data": data, "job_id": 1, "msgs": [] }))
}

fn record(id: u32, rtype: &str, name: &str, (member, value): (&str, &str)) -> Value {
    json!({ "record_id": id, "record_type": rtype, "fqdn": name, "ttl": 600, "zone": "example.org", "rdata": { member: value } })
}

/// `example.org` with what a test wants of it.
fn reads(request: &Request) -> Option<Reply> {
    match (request.method.as_str(), request.target().as_str()) {
        ("POST", "/REST/Session/") => {
            Some(success(&json!({ "token": SECRET, "version": "3.7.16" })))
        }
        ("GET", "/REST/Zone/?detail=Y") => Some(success(&json!([{ "zone": "example.org" }]))),
        ("GET", "/REST/AllRecord/example.org/?detail=Y") => {
            let own = "\"heritage=external-dns,external-dns/owner=kit\"";
            Some(success(&json!({
                "a_records": [
                    record(11, "A", "two.example.org", ("address", "192.0.2.1")),
                    record(12, "A", "two.example.org", ("address", "192.0.2.2")),
                ],
                "txt_records": [record(13, "TXT", "own-a.two.example.org", ("txtdata", own))],
                "soa_records": [record(14, "SOA", "example.org", ("rname", "x"))],
                "srv_records": [],
                "mx_records": [{ "record_id": 15, "record_type": "MX", "fqdn": "mx.example.org", "ttl": 60,
                    "rdata": { "preference": 10, "exchange": "mail.example.org." } }],
            })))
        }
        _ => None,
    }
}

#[tokio::test]
async fn lists_come_by_types() {
    let sets = read(make, |request| reads(request).expect("a read")).await.expect("readable");
    let expected = [
        "two.example.org 600 IN A  192.0.2.1;192.0.2.2 []",
        "mx.example.org 60 IN MX  10 mail.example.org []",
        "own-a.two.example.org 600 IN TXT  \"heritage=external-dns,external-dns/owner=kit\" []",
    ];
    assert_eq!(sets, expected);
}

#[tokio::test]
async fn changes_name_their_type_and_a_written_zone_is_published_once() {
    let done = |_: &Request| success(&json!({}));
    let wanted =
        ["two.example.org A 900 192.0.2.2;192.0.2.3", "c.example.org CNAME 0 lb.example.net"];
    let (mut sent, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let publish =
        r#"PUT /REST/Zone/example.org/ {"notes":"Change by external-dns","publish":true}"#;
    assert_eq!(sent.pop().as_deref(), Some(publish));
    sent.sort();
    let expected = [
        r#"POST /REST/CNAMERecord/example.org/c.example.org/ {"rdata":{"cname":"lb.example.net."},"ttl":"600"}"#,
        r#"POST /REST/TXTRecord/example.org/own-cname.c.example.org/ {"rdata":{"txtdata":"\"heritage=external-dns,external-dns/owner=kit\""},"ttl":"600"}"#,
        r#"PUT /REST/ARecord/example.org/two.example.org/11/ {"rdata":{"address":"192.0.2.3"},"ttl":"900"}"#,
        r#"PUT /REST/ARecord/example.org/two.example.org/12/ {"rdata":{"address":"192.0.2.2"},"ttl":"900"}"#,
    ];
    assert_eq!(sent, expected);
    let (sent, _) = writes(make, reads, done, &[]).await;
    let gone = |kind: &str, name: &str, id: u32| {
        format!("DELETE /REST/{kind}Record/example.org/{name}.example.org/{id}/")
    };
    assert_eq!(sent.len(), 4);
    for own in [gone("A", "two", 11), gone("A", "two", 12), gone("TXT", "own-a.two", 13)] {
        assert!(sent.contains(&own), "{own} in {sent:?}");
    }
}

#[test]
fn a_ttl_is_raised_to_the_least_where_one_is_wanted() {
    for (wanted, least, expected) in
        [(0, 0, "600"), (111, 25, "111"), (10, 25, "25"), (0, 900, "600")]
    {
        let set = set(&format!("a.example.org A {wanted} 192.0.2.1"));
        let zone = Zone::new("example.org", Name::as_listed("example.org"));
        let body = serde_json::to_value(body(&form(least), &zone, &set)).expect("JSON");
        assert_eq!(body["ttl"], expected, "{wanted} {least}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let failure = |code: &str, info: &str| {
        json!({ "status": "failure", "data": {}, "msgs": [{ "LVL": "ERROR", "ERR_CD": code, "INFO": info }] }).to_string()
    };
    let (denied, gone) =
        (failure("PERMISSION_DENIED", "SECRET"), failure("NOT_FOUND", "zone: No such zone"));
    let (taken, odd, slow) = (
        failure("TARGET_EXISTS", "name: Name already exists"),
        failure("INVALID_DATA", "address: Invalid"),
        failure("RATE_LIMIT_EXCEEDED", "slow"),
    );
    let table = [
        (401, denied.as_str(), FailureKind::Unauthorised, "--dyn-password"),
        (403, &denied, FailureKind::Unauthorised, "change and publish"),
        (404, &gone, FailureKind::ZoneGone, "--exclude-domains"),
        (409, &odd, FailureKind::Conflict, "in the way"),
        (400, &taken, FailureKind::Conflict, "in the way"),
        (422, &odd, FailureKind::Rejected, "correct the target"),
        (429, &slow, FailureKind::Throttled, "300 calls a minute"),
        // A status of success is not enough.
        (200, &odd, FailureKind::Rejected, "INVALID_DATA: address: Invalid; correct the target"),
    ];
    refusals(make, reads, &table).await;
    failing_reads(make, &[(401, &denied, ErrorKind::Unauthorised, "--dyn-password")]).await;
}

#[test]
fn the_service_is_closed_and_the_message_says_what_is_left() {
    use clap::Parser as _;
    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: DynArgs,
    }
    let fails = |words: &[&str]| {
        let cli = Cli::try_parse_from(["test"].iter().chain(words)).expect("flags");
        provider(&cli.args, &Context::default()).map(drop).expect_err("it fails").message
    };
    let user = ["--dyn-customer-name=c", "--dyn-username=u", "--dyn-password=p"];
    let closed = fails(&user);
    for part in ["closed Dyn Managed DNS on 2023-05-31", "--provider=oci", "--dyn-api-url"] {
        assert!(closed.contains(part), "{closed}");
    }
    let url = "--dyn-api-url=https://dyn.example.org/REST";
    let table = [
        (&[url][..], "no Dyn username specified"),
        (&[url, "--dyn-username=u"], "no Dyn customer name specified"),
        (&[url, user[0], user[1], "--dyn-min-ttl=-1"], "TTL specified for Dyn is negative"),
        (&["--dyn-api-url=nowhere", user[0], user[1]], "no http or https URL"),
    ];
    for (words, problem) in table {
        assert!(fails(words).contains(problem), "{words:?}");
    }
}
