//! NS1 over a server that speaks as it does.

use extdns_model::{FailureKind, Name, Outcome, Ttl};
use extdns_testkit::http::{Reply, Request};
use serde_json::json;

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};

const ARGS: Ns1Args = Ns1Args { ns1_endpoint: String::new(), ns1_ignoressl: false, ns1_min_ttl: 0 };

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v1/");
    let auth = Auth::header("x-nsone-key", SECRET);
    let rest = Context::default().rest(&SERVICE, Some(&base), auth);
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities(&ARGS) };
    Box::new(Context::default().account(rest.expect("a client"), capabilities).stepped(Ns1))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("ns1", name)
}

fn set(domain: &str, rtype: &str, answers: &[&str]) -> serde_json::Value {
    json!({ "domain": domain, "type": rtype, "ttl": 10, "short_answers": answers, "link": null })
}

fn reads(request: &Request) -> Option<Reply> {
    let owned = "\"heritage=external-dns,external-dns/owner=kit\"";
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v1/zones") => Some(Reply::json(200, &json!([{ "zone": "example.org" }]))),
        ("GET", _) => {
            let sets = json!([
                set("two.example.org", "A", &["192.0.2.1", "192.0.2.2"]),
                set("own-a.two.example.org", "TXT", &[owned]),
                { "domain": "l.example.org", "type": "A", "ttl": 10, "link": "two.example.org" },
            ]);
            Some(Reply::json(200, &json!({ "zone": "example.org", "records": sets })))
        }
        _ => None,
    }
}

#[tokio::test]
async fn a_recorded_zone_is_read_whole() {
    let sets = read(make, |request| match request.path.as_str() {
        "/v1/zones" => Reply::json(200, &json!([{ "id": "z-1", "zone": "example.com" }])),
        _ => recorded("get-zone").reply(),
    });
    let sets = sets.await.expect("readable");
    let both = "_acme-challenge.createrecordset.example.com 3600 IN TXT  challengetoken1;challengetoken2 []";
    assert!(sets.iter().any(|it| it == both), "{sets:#?}");
}

#[tokio::test]
async fn pages_are_followed_to_the_last_which_may_be_empty() {
    let page = |sets: serde_json::Value, next: Option<&str>| {
        let reply = Reply::json(200, &json!({ "zone": "example.org", "records": sets }));
        match next {
            Some(next) => reply.header("link", &format!("<{next}>; rel=\"next\"")),
            None => reply,
        }
    };
    let sets = read(make, move |request| match request.target().as_str() {
        "/v1/zones" => Reply::json(200, &json!([{ "zone": "example.org" }])),
        "/v1/zones/example.org" => page(
            json!([set("a.example.org", "A", &["192.0.2.1"])]),
            Some("/v1/zones/example.org?after=a"),
        ),
        "/v1/zones/example.org?after=a" => page(
            json!([set("b.example.org", "MX", &["10 m.test"])]),
            Some("/v1/zones/example.org?after=b"),
        ),
        "/v1/zones/example.org?after=b" => page(json!([]), None),
        other => panic!("{other}"),
    });
    let expected = ["a.example.org 10 IN A  192.0.2.1 []", "b.example.org 10 IN MX  10 m.test []"];
    assert_eq!(sets.await.expect("readable"), expected);
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 60 192.0.2.2;192.0.2.3",
        "example.org TXT 0 hello world",
        "_s._udp.example.org SRV 0 10 20 5060 sip.example.org.",
    ];
    let done = |_: &Request| Reply::json(200, &json!({}));
    let (mut sent, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    sent.retain(|line| !line.contains("heritage"));
    sent.sort();
    assert_eq!(
        sent,
        [
            r#"POST /v1/zones/example.org/two.example.org/A {"ttl":60,"answers":[{"answer":["192.0.2.2"]},{"answer":["192.0.2.3"]}]}"#,
            r#"PUT /v1/zones/example.org/_s._udp.example.org/SRV {"zone":"example.org","domain":"_s._udp.example.org","type":"SRV","ttl":10,"answers":[{"answer":["10","20","5060","sip.example.org"]}]}"#,
            r#"PUT /v1/zones/example.org/example.org/TXT {"zone":"example.org","domain":"example.org","type":"TXT","ttl":10,"answers":[{"answer":["hello world"]}]}"#,
        ]
    );
    let (sent, _) = writes(make, reads, done, &[]).await;
    assert_eq!(
        sent,
        [
            "DELETE /v1/zones/example.org/two.example.org/A",
            "DELETE /v1/zones/example.org/own-a.two.example.org/TXT",
        ]
    );
}

/// The recorded requests have no TTL, or repeat the name and type.
#[test]
fn writes_hold_what_the_service_took() {
    for (file, rtype, values) in [
        ("create-record-cname", RecordType::Cname, &["docs.example.com"][..]),
        ("create-record-txt", RecordType::Txt, &["challengetoken"]),
    ] {
        let exchange = recorded(file);
        let sent = exchange.sent();
        let text = |member: &str| sent[member].as_str().expect("text");
        let (name, ttl) = (Name::as_listed(text("domain")), Ttl::from_seconds(3600));
        let set = RecordSet::new(name, rtype, ttl, values.iter().copied().collect());
        let place = ["zone", "domain", "type"].map(|member| (member, text(member)));
        let mut ours = json!(written(&FORM, &set, &place));
        ours.as_object_mut().and_then(|own| own.remove("ttl"));
        assert_eq!(ours, *sent, "{file}");
    }
    let rest = Context::default().rest(&SERVICE, None, Auth::none()).expect("one");
    for name in ["delete-record", "update-record-add-answer"] {
        let exchange = recorded(name);
        let (verb, target) = exchange.asked();
        let path: Vec<&str> = target.split('/').skip(2).collect();
        let ours = if verb == "POST" { rest.post(&path) } else { rest.delete(&path) };
        assert_eq!(ours.to_string(), format!("{verb} {target}"));
    }
}

#[test]
fn the_flag_is_the_ttl_of_records_without_one() {
    for (flag, wanted, stored) in [(0, 0, 10), (3600, 0, 3600), (3600, 1, 1), (5, 0, 10)] {
        let args = Ns1Args { ns1_min_ttl: flag, ..ARGS };
        assert_eq!(form(&args).ttl(Ttl::from_seconds(wanted)), stored, "{flag} {wanted}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let said = |name: &str| recorded(name).answered().to_string();
    let (zone, record) = (said("get-zone-404"), said("get-record-404"));
    let table = [
        (401, r#"{"message":"Unauthorized SECRET"}"#, FailureKind::Unauthorised, "NS1_APIKEY"),
        (403, r#"{"message":"no"}"#, FailureKind::Unauthorised, "manage zones"),
        (404, zone.as_str(), FailureKind::ZoneGone, "--exclude-domains"),
        (404, record.as_str(), FailureKind::RecordGone, "record not found"),
        (400, r#"{"message":"record already exists"}"#, FailureKind::Conflict, "in the way"),
        (409, r#"{"message":"in use"}"#, FailureKind::Conflict, "in the way"),
        (422, r#"{"message":"odd"}"#, FailureKind::Rejected, "correct the target"),
        (429, r#"{"message":"rate limit exceeded"}"#, FailureKind::Throttled, "less often"),
    ];
    refusals(make, reads, &table).await;
    failing_reads(make, &[(401, r#"{"message":"no"}"#, ErrorKind::Unauthorised, "NS1_APIKEY")])
        .await;
}

#[test]
fn without_a_key_there_is_no_provider() {
    let Err(error) = provider(&ARGS, &Context::default()) else { panic!("a key is needed") };
    assert_eq!(error.message, "NS1_APIKEY is not set; it holds an API key of NS1");
}
