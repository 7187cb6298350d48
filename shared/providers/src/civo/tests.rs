//! Civo over a server that speaks as it does.

use extdns_model::{FailureKind, Name, Outcome};
use extdns_testkit::http::{Reply, Request};
use serde_json::json;

use super::dialect::DIALECT;
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v2");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::scheme("bearer", SECRET));
    let capabilities = Capabilities { request_time: None, ..capabilities() };
    Box::new(over(Context::default().account(rest.expect("a client"), capabilities)))
}

/// One provider whose every change is a call shows every death; the engine is the same for all.
#[tokio::test(start_paused = true)]
async fn survives_death_at_every_call() {
    let make = async || OverHttp::start(DIALECT, make).with_ttl(600);
    crate::conformance::suite::survives_death_at_every_call(make).await;
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::start(DIALECT, make).with_ttl(600)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("civo", name)
}

const ZONE: &str = "7088fcea-7658-43e6-97fa-273f901978fd";

fn reads(request: &Request) -> Option<Reply> {
    let owned = "\"heritage=external-dns,external-dns/owner=kit\"";
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v2/dns") => Some(Reply::json(
            200,
            &json!([{ "id": ZONE, "account_id": "a", "name": "example.org" }]),
        )),
        ("GET", _) => Some(Reply::json(
            200,
            &json!([
                { "id": "r-1", "name": "two", "type": "a", "value": "192.0.2.1", "ttl": 600 },
                { "id": "r-2", "name": "two", "type": "a", "value": "192.0.2.2", "ttl": 600 },
                { "id": "r-3", "name": "own-a.two", "type": "txt", "value": owned, "ttl": 600 },
            ]),
        )),
        _ => None,
    }
}

#[tokio::test]
async fn the_lists_of_clients_are_read_whole() {
    let sets = read(make, |request| match request.target().as_str() {
        "/v2/dns?region=LON1" => recorded("list-domains").reply(),
        _ => recorded("list-records").reply(),
    });
    let text = "ADw2sEd82DUgXcQ9hNBZThJs7zVJkR5v9JeSbAb9mZY";
    let expected = [format!("_acme-challenge.example.com 600 IN TXT  {text} []")];
    assert_eq!(sets.await.expect("readable"), expected);

    let zone = Zone::new("1111", Name::as_listed("example.com"));
    let exchange = recorded("sdk-list-records");
    let items = exchange.answered().as_array().expect("records");
    let record = |item| RECORD.record(&capabilities(), &zone, item).expect("whole");
    let sets: Vec<String> =
        items.iter().filter_map(|it| Some(record(it)?.set.to_string())).collect();
    assert_eq!(sets[1], "mail.example.com 600 IN MX  10 10.0.0.1 []");
    let mut apex = items[0].clone();
    apex["name"] = "@".into();
    assert_eq!(record(&apex).expect("managed").set.name.as_str(), "example.com");
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = ["two.example.org A 700 192.0.2.2;192.0.2.3", "example.org A 60 192.0.2.9"];
    let done = |_: &Request| Reply::json(200, &json!({ "result": "success" }));
    let (mut sent, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    sent.sort();
    let records = format!("/v2/dns/{ZONE}/records");
    let owner = r#""\"heritage=external-dns,external-dns/owner=kit\"","priority":0,"ttl":600}"#;
    assert_eq!(
        sent,
        [
            format!(
                r#"POST {records}?region=LON1 {{"type":"A","name":"","value":"192.0.2.9","priority":0,"ttl":600}}"#
            ),
            format!(r#"POST {records}?region=LON1 {{"type":"TXT","name":"own-a","value":{owner}"#),
            format!(
                r#"PUT {records}/r-1?region=LON1 {{"type":"A","name":"two","value":"192.0.2.3","priority":0,"ttl":700}}"#
            ),
            format!(
                r#"PUT {records}/r-2?region=LON1 {{"type":"A","name":"two","value":"192.0.2.2","priority":0,"ttl":700}}"#
            ),
        ]
    );
    // What is not wanted any more goes by its own ids, and nothing else does.
    let (mut sent, _) = writes(make, reads, done, &["two.example.org A 600 192.0.2.2"]).await;
    sent.sort();
    assert_eq!(sent, [format!("DELETE {records}/r-1?region=LON1")]);
}

#[test]
fn writes_are_those_of_clients() {
    let zone = Zone::new(ZONE, Name::as_listed("example.com"));
    let exchange = recorded("create-record");
    let wanted =
        set("_acme-challenge.example.com TXT 600 ADw2sEd82DUgXcQ9hNBZThJs7zVJkR5v9JeSbAb9mZY");
    let mut ours = serde_json::to_value(RECORD.body(&FORM, &zone, &wanted)).expect("JSON");
    // Upstream's client always sends it, the other never.
    ours.as_object_mut().and_then(|own| own.remove("priority"));
    assert_eq!(ours, *exchange.sent());
    let table = [
        ("example.com MX 600 10 Mail.example.com.", (10, "mail.example.com")),
        ("_s._udp.example.com SRV 600 1 2 3 sip.example.com.", (0, "1 2 3 sip.example.com")),
        ("example.com MX 600 ten mail", (0, "ten mail")),
    ];
    for (text, (priority, value)) in table {
        let written = json!(RECORD.body(&FORM, &zone, &set(text)));
        assert_eq!(
            (&written["priority"], &written["value"]),
            (&json!(priority), &json!(value)),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_type_that_it_has_not_keeps_nothing_else_back() {
    let wanted = ["six.example.org AAAA 600 2001:db8::1", "one.example.org A 600 192.0.2.9"];
    let done = |_: &Request| Reply::json(200, &json!({ "result": "success" }));
    let provider = make("http://127.0.0.1:1");
    assert!(!provider.capabilities().manages(RecordType::Aaaa));
    let (sent, _) = writes(make, reads, done, &wanted[1..]).await;
    assert!(sent.iter().any(|it| it.contains("192.0.2.9")), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let gone = r#"{"code":"database_dns_domain_not_found","reason":"no domain"}"#;
    let table = [
        (
            401,
            r#"{"code":"authentication_invalid_key","reason":"SECRET is no key"}"#,
            FailureKind::Unauthorised,
            "CIVO_TOKEN",
        ),
        (403, r#"{"code":"no","reason":"not allowed"}"#, FailureKind::Unauthorised, "CIVO_TOKEN"),
        (404, gone, FailureKind::ZoneGone, "--exclude-domains"),
        (409, r#"{"code":"taken","reason":"in use"}"#, FailureKind::Conflict, "in the way"),
        (
            422,
            r#"{"code":"parameter","reason":"the ttl is wrong"}"#,
            FailureKind::Rejected,
            "the ttl is wrong; correct",
        ),
        (429, r#"{"code":"slow","reason":"down"}"#, FailureKind::Throttled, "less often"),
    ];
    refusals(make, reads, &table).await;
    let body = recorded("error").answered().to_string();
    let table = [
        (404, body.as_str(), ErrorKind::Unauthorised, "Failed to find the account within"),
        (200, r#"{"result":"none"}"#, ErrorKind::Transient, "not what the API promises"),
    ];
    failing_reads(make, &table).await;
}

#[test]
fn without_a_key_there_is_no_provider() {
    let Err(error) = provider(&Context::default()) else { panic!("a key is needed") };
    assert_eq!(error.message, "CIVO_TOKEN is not set; it holds an API key of Civo");
}
