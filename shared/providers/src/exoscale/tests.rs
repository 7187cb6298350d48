//! Exoscale over a server that speaks as it does.

use std::sync::atomic::{AtomicUsize, Ordering};

use extdns_model::{FailureKind, Name, Outcome};
use extdns_testkit::http::{Reply, Request};
use reqwest::header::HeaderMap;
use serde_json::json;

use super::dialect::{DIALECT, FRONT};
use super::sign::Exo2;
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes, wrong_clock};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};
use crate::rest::{Auth, Outgoing};

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v2");
    let auth = Auth::signed(Exo2::new("EXO1", SECRET), vec![SECRET.to_owned()]);
    let rest = Context::default().rest(&SERVICE, Some(&base), auth);
    let capabilities = Capabilities { request_time: None, ..capabilities() };
    Box::new(Context::default().account(rest.expect("a client"), capabilities).stepped(Exoscale))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("exoscale", name)
}

#[test]
fn signatures_are_those_of_the_vendor() {
    let record = "/v2/dns-domain/11111111-1111-4111-8111-111111111111/record";
    let table = [
        (
            "GET",
            "/v2/dns-domain".to_owned(),
            "",
            "",
            "Z+jgctmAgOKP7oo/BGuCSZOoEHjQO7IJaKBH/0CdHWQ=",
        ),
        (
            "POST",
            record.to_owned(),
            r#"{"content":"1.2.3.4","name":"www","ttl":300,"type":"A"}"#,
            "",
            "hU+YruTx+XXh2cbTzkaM39sKS1GAges9cdH0YoNqd24=",
        ),
        (
            "POST",
            "/v2/instance?zone=ch-gva-2&b=1&b=2&a=x".to_owned(),
            r#"{"name":"web"}"#,
            "signed-query-args=a;zone,",
            "f26V+GhlDn1DTBgT8octqEJVw37DxiKXlrq32x+ASBU=",
        ),
    ];
    for (method, target, body, signed, signature) in table {
        let outgoing = Outgoing {
            method: method.parse().expect("a method"),
            url: format!("https://api-ch-gva-2.exoscale.com{target}").parse().expect("a URL"),
            headers: HeaderMap::new(),
            body: (!body.is_empty()).then(|| body.into()),
        };
        let value = Exo2::new("EXO1", "secret").value(&outgoing, 1_700_000_000);
        assert_eq!(
            value,
            format!(
                "EXO2-HMAC-SHA256 credential=EXO1,{signed}expires=1700000000,signature={signature}"
            )
        );
    }
}

fn reads(request: &Request) -> Option<Reply> {
    let owned = "\"heritage=external-dns,external-dns/owner=kit\"";
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v2/dns-domain") => Some(Reply::json(
            200,
            &json!({ "dns-domains": [{ "id": "d-1", "unicode-name": "example.org" }] }),
        )),
        ("GET", "/v2/dns-domain/d-1/record") => Some(Reply::json(
            200,
            &json!({ "dns-domain-records": [
            { "id": "r-1", "name": "two", "type": "A", "content": "192.0.2.1", "ttl": 300 },
            { "id": "r-2", "name": "two", "type": "A", "content": "192.0.2.2", "ttl": 300 },
            { "id": "r-3", "name": "own-a.two", "type": "TXT", "content": owned, "ttl": 3600 },
        ] }),
        )),
        _ => None,
    }
}

#[tokio::test]
async fn the_lists_of_clients_are_read_whole() {
    let sets = read(make, |request| match request.path.as_str() {
        "/v2/dns-domain" => recorded("list-domains").reply(),
        "/v2/dns-domain/zone-1/record" => recorded("list-records-mx").reply(),
        other => panic!("{other}"),
    });
    let expected = [
        "www.example.com 300 IN A  192.0.2.1 []",
        "example.com 3600 IN MX  10 mail.example.com []",
    ];
    assert_eq!(sets.await.expect("readable"), expected);
    let zone = Zone::new("d", Name::as_listed("example.com"));
    for (name, expected) in [
        ("list-records-full-fields", "www.example.com 3600 IN A  203.0.113.10 []"),
        ("list-records-txt", "_acme-challenge.www.example.com 0 IN TXT  \"challenge-value\" []"),
    ] {
        let body = recorded(name).answered()["dns-domain-records"].clone();
        let record = RECORD.record(&capabilities(), &zone, &body[0]).expect("whole");
        assert_eq!(record.expect("managed").set.to_string(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn requests_are_those_of_the_service_and_operations_are_awaited() {
    let wanted = ["two.example.org A 600 192.0.2.2", "example.org TXT 0 hello"];
    let asked = AtomicUsize::new(0);
    let answer = move |request: &Request| {
        let times = asked.fetch_add(1, Ordering::Relaxed);
        let state =
            if request.method == "GET" && times.is_multiple_of(2) { "success" } else { "pending" };
        Reply::json(200, &json!({ "id": "o-1", "state": state }))
    };
    let (mut sent, outcomes) = writes(make, reads, answer, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    assert!(sent.iter().filter(|it| *it == "GET /v2/operation/o-1").count() >= 4, "{sent:#?}");
    sent.retain(|line| !line.contains("heritage") && !line.contains("operation"));
    sent.sort();
    let records = "/v2/dns-domain/d-1/record";
    assert_eq!(
        sent,
        [
            format!("DELETE {records}/r-1"),
            format!(r#"POST {records} {{"name":"","type":"TXT","content":"hello","ttl":3600}}"#),
            format!(r#"PUT {records}/r-2 {{"content":"192.0.2.2","ttl":600}}"#),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_fails_is_a_refusal_and_one_that_does_not_end_is_lost() {
    for (state, kind) in [("failure", FailureKind::Rejected), ("timeout", FailureKind::Transient)] {
        let answer = move |_: &Request| {
            Reply::json(200, &json!({ "id": "o-1", "state": state, "reason": "invalid" }))
        };
        let (_, outcomes) = writes(make, reads, answer, &["www.example.org A 0 192.0.2.1"]).await;
        let all = [Outcome::Applied];
        assert_ne!(outcomes, all, "{state}");
        let failure = match &outcomes[0] {
            Outcome::Rejected(failure) | Outcome::Failed(failure) | Outcome::Unknown(failure) => {
                failure
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(failure.kind, kind, "{failure}");
    }
}

#[test]
fn values_of_several_fields() {
    let zone = Zone::new("d", Name::as_listed("example.org"));
    let table = [
        ("example.org MX 60 20 mxb.example.org.", Some(20), "mxb.example.org"),
        ("_s._tcp.example.org SRV 60 1 2 3 sip.example.org.", Some(1), "2 3 sip.example.org"),
        ("example.org MX 60 ten mail", None, "ten mail"),
    ];
    for (text, priority, content) in table {
        let written = json!(RECORD.changed(&FORM, &zone, &set(text)));
        let own = (written["priority"].as_u64(), written["content"].as_str());
        assert_eq!(own, (priority, Some(content)), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let invalid = recorded("v1-error-400-validation").answered().to_string();
    let table = [
        (401, r#"{"message":"SECRET is wrong"}"#, FailureKind::Unauthorised, "--exoscale-apikey"),
        (403, r#"{"message":"Invalid signature"}"#, FailureKind::Unauthorised, "service dns"),
        (404, r#"{"message":"Not Found"}"#, FailureKind::ZoneGone, "--exclude-domains"),
        (409, r#"{"message":"in use"}"#, FailureKind::Conflict, "in the way"),
        (400, invalid.as_str(), FailureKind::Rejected, "can't be blank"),
        (422, r#"{"error":"odd"}"#, FailureKind::Rejected, "odd; correct the target"),
        (429, r#"{"message":"slow"}"#, FailureKind::Throttled, "less often"),
    ];
    refusals(make, reads, &table).await;
    let gone = recorded("v1-domain-404").answered().to_string();
    failing_reads(make, &[(404, gone.as_str(), ErrorKind::ZoneGone, "not found")]).await;
}

#[test]
fn without_a_key_there_is_no_provider_and_no_secret_is_shown() {
    let args = |secret: &str| ExoscaleArgs {
        exoscale_apikey: "EXO1".to_owned(),
        exoscale_apisecret: secret.to_owned().into(),
        exoscale_apienv: "ppapi".to_owned(),
        exoscale_apizone: "de-fra-1".to_owned(),
        exoscale_zones_cache_duration: Duration::ZERO,
        exoscale_endpoint: "https://api.exoscale.ch/dns".to_owned(),
    };
    let Err(error) = provider(&args(""), &Context::default()) else { panic!("a key is needed") };
    assert!(error.message.contains("--exoscale-apisecret"), "{error}");
    assert!(!format!("{:?}", args(SECRET)).contains(SECRET));
    assert_eq!(args(SECRET).base(), "https://ppapi-de-fra-1.exoscale.com/v2");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_by_an_hour_is_named_with_that_of_the_service() {
    wrong_clock(make, 403, r#"{"message":"Invalid signature"}"#).await;
}
