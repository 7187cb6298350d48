//! GoDaddy over a server that speaks as it does.

use extdns_model::{FailureKind, Name, Outcome, Ttl};
use extdns_testkit::http::{Reply, Request};
use serde_json::json;

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};
use crate::rest::Auth;

fn args(ttl: u32) -> GodaddyArgs {
    GodaddyArgs {
        godaddy_api_key: "key".to_owned(),
        godaddy_api_secret: SECRET.to_owned().into(),
        godaddy_api_ttl: ttl,
        godaddy_api_ote: false,
    }
}

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v1");
    let args = args(0);
    let rest = Context::default().rest(&SERVICE, Some(&base), args.auth().expect("credentials"));
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities(&args) };
    Box::new(Context::default().account(rest.expect("a client"), capabilities).batched(Godaddy))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make).with_ttl(600)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("godaddy", name)
}

fn reads(request: &Request) -> Option<Reply> {
    let owned = "heritage=external-dns,external-dns/owner=kit";
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v1/domains") => Some(Reply::json(200, &json!([{ "domain": "example.org" }]))),
        ("GET", _) => Some(Reply::json(
            200,
            &json!([
                { "data": "192.0.2.1", "name": "two", "ttl": 600, "type": "A" },
                { "data": "192.0.2.2", "name": "two", "ttl": 600, "type": "A" },
                { "data": owned, "name": "own-a.two", "ttl": 600, "type": "TXT" },
            ]),
        )),
        _ => None,
    }
}

#[tokio::test]
async fn recorded_lists_are_read_whole() {
    let sets = read(make, |request| match request.target().as_str() {
        "/v1/domains?statuses=ACTIVE%2CPENDING_DNS_ACTIVE&limit=1000" => {
            Reply::json(200, &json!([{ "domain": "example.org", "status": "ACTIVE" }]))
        }
        "/v1/domains/example.org/records?limit=500" => recorded("list-records").reply(),
        other => panic!("{other}"),
    });
    let sets = sets.await.expect("readable");
    let expected = [
        "example.org 600 IN A  198.51.100.1;198.51.100.2 []",
        "localhost.example.org 3600 IN A  127.0.0.1 []",
        "example.org 3600 IN NS  ns09.domaincontrol.com;ns10.domaincontrol.com []",
        "docs.example.org 3600 IN CNAME  docs.example.com []",
        "www.example.org 3600 IN CNAME  example.org []",
    ];
    assert_eq!(sets[..5], expected);
    let both = "_acme-challenge.createrecordset.example.org 3600 IN TXT  challengetoken1;challengetoken2 []";
    assert!(sets.iter().any(|it| it == both), "{sets:#?}");
}

#[tokio::test]
async fn pages_are_read_to_the_last_which_may_be_empty() {
    let domains = |from: usize, count: usize| {
        let all: Vec<_> =
            (from..from + count).map(|at| json!({ "domain": format!("d{at}.test") })).collect();
        Reply::json(200, &all.into())
    };
    let records = |from: usize, count: usize| {
        let record =
            |at| json!({ "data": "192.0.2.1", "name": format!("r{at}"), "ttl": 600, "type": "A" });
        Reply::json(200, &(from..from + count).map(record).collect())
    };
    let sets = read(make, move |request| match request.target().as_str() {
        "/v1/domains?statuses=ACTIVE%2CPENDING_DNS_ACTIVE&limit=1000" => domains(0, 1000),
        "/v1/domains?statuses=ACTIVE%2CPENDING_DNS_ACTIVE&limit=1000&marker=d999.test" => {
            domains(0, 0)
        }
        "/v1/domains/d0.test/records?limit=500" => records(0, 500),
        "/v1/domains/d0.test/records?limit=500&offset=500" => records(500, 500),
        "/v1/domains/d0.test/records?limit=500&offset=1000" => records(0, 0),
        // A service that knows no limit gives all at once.
        "/v1/domains/d1.test/records?limit=500" => records(0, 700),
        _ => records(0, 0),
    });
    assert_eq!(sets.await.expect("readable").len(), 1700);
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 700 192.0.2.2;192.0.2.3",
        "example.org TXT 60 \"hello world\"",
        "example.org MX 0 10 mail.example.org",
    ];
    let done = |_: &Request| Reply::new(200);
    let (sent, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let records = "/v1/domains/example.org/records";
    let owner = r#""data":"heritage=external-dns,external-dns/owner=kit""#;
    assert_eq!(
        sent,
        [
            format!(
                r#"PUT {records}/A/two [{{"data":"192.0.2.2","ttl":700}},{{"data":"192.0.2.3","ttl":700}}]"#
            ),
            format!(
                r#"PATCH {records} [{{"data":"hello world","name":"@","ttl":600,"type":"TXT"}},{{{owner},"name":"own-txt","ttl":600,"type":"TXT"}},{{"data":"mail.example.org","name":"@","ttl":600,"type":"MX","priority":10}},{{{owner},"name":"own-mx","ttl":600,"type":"TXT"}}]"#
            ),
        ]
    );
    let (sent, _) = writes(make, reads, done, &[]).await;
    assert_eq!(
        sent,
        [format!("DELETE {records}/A/two"), format!("DELETE {records}/TXT/own-a.two")]
    );
}

/// The recorded request repeats the name and type of its path.
#[test]
fn writes_hold_what_the_service_took() {
    let zone = Zone::new("example.org", Name::as_listed("example.org"));
    let exchange = recorded("replace-rrset-a");
    let rest = Context::default().rest(&SERVICE, None, Auth::none()).expect("one");
    let wanted = set("localhost.example.org A 3600 127.0.0.1");
    assert_eq!(json!([VALUE.body(&FORM, &zone, &wanted)]), *exchange.sent());
    let path = ["domains", "example.org", "records", "A", "localhost"];
    let (verb, target) = exchange.asked();
    assert_eq!(rest.put(&path).to_string(), format!("{verb} {target}"));
    let apex = json!(VALUE.body(&FORM, &zone, &set("example.org CNAME 0 lb.example.net")));
    assert_eq!(apex["name"], "@");
}

#[test]
fn the_ttl_is_that_of_the_flag_and_never_less_than_the_least() {
    let table = [(0, 0, 600), (60, 0, 600), (900, 0, 900), (900, 60, 600), (0, 700, 700)];
    for (flag, wanted, stored) in table {
        assert_eq!(form(&args(flag)).ttl(Ttl::from_seconds(wanted)), stored, "{flag} {wanted}");
    }
}

#[tokio::test]
async fn a_refused_delete_fails_and_one_of_what_is_gone_is_done() {
    let refused = |_: &Request| Reply::json(422, &json!({ "code": "NO", "message": "no" }));
    let (sent, outcomes) = writes(make, reads, refused, &[]).await;
    assert!(matches!(outcomes[..], [Outcome::Rejected(_)]), "{outcomes:?}");
    assert!(sent.iter().all(|it| it.starts_with("DELETE")), "{sent:?}");
    let gone = |_: &Request| Reply::json(404, &json!({ "code": "NOT_FOUND", "message": "none" }));
    let (_, outcomes) = writes(make, reads, gone, &[]).await;
    assert_eq!(outcomes, [Outcome::Applied]);
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let said = |name: &str| recorded(name).answered().to_string();
    let (denied, odd, gone) = (said("error-extended"), said("error"), said("get-domain-404"));
    let table = [
        (
            401,
            r#"{"code":"UNABLE_TO_AUTHENTICATE","message":"SECRET"}"#,
            FailureKind::Unauthorised,
            "--godaddy-api-key",
        ),
        (403, denied.as_str(), FailureKind::Unauthorised, "accounts with few domains"),
        (
            404,
            r#"{"code":"UNKNOWN_DOMAIN","message":"not found"}"#,
            FailureKind::ZoneGone,
            "--exclude-domains",
        ),
        (409, r#"{"code":"CONFLICT","message":"in use"}"#, FailureKind::Conflict, "in the way"),
        (
            422,
            r#"{"code":"DUPLICATE_RECORD","message":"twice"}"#,
            FailureKind::Conflict,
            "in the way",
        ),
        (422, odd.as_str(), FailureKind::Rejected, "INVALID_BODY"),
        (
            429,
            r#"{"code":"TOO_MANY_REQUESTS","message":"slow"}"#,
            FailureKind::Throttled,
            "60 calls a minute",
        ),
        (
            429,
            r#"{"code":"QUOTA_EXCEEDED","message":"slow"}"#,
            FailureKind::Throttled,
            "60 calls a minute",
        ),
    ];
    refusals(make, reads, &table).await;
    let table = [
        (404, gone.as_str(), ErrorKind::ZoneGone, "not found for shopper"),
        (200, r#"{"none":1}"#, ErrorKind::Transient, "not what the API promises"),
    ];
    failing_reads(make, &table).await;
}

#[test]
fn without_a_key_there_is_no_provider_and_no_secret_is_shown() {
    let none = GodaddyArgs { godaddy_api_key: String::new(), ..args(0) };
    let Err(error) = provider(&none, &Context::default()) else { panic!("a key is needed") };
    assert!(error.message.contains("--godaddy-api-key"), "{error}");
    assert!(!format!("{:?}", args(0)).contains(SECRET));
}
