//! Plural over a server that speaks as it does.

use extdns_model::{FailureKind, Outcome};
use extdns_testkit::http::{Reply, Request};

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::Environment;
use crate::conformance::contract::{failing_reads, read, refusals, writes};
use crate::conformance::{OverHttp, SECRET};

fn args() -> PluralArgs {
    PluralArgs { plural_cluster: "c1".to_owned(), plural_provider: "aws".to_owned() }
}

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let rest = Context::default().rest(&SERVICE, Some(url), Auth::bearer(SECRET));
    let can = Capabilities { request_time: None, ..capabilities() };
    Box::new(over(rest.expect("a client"), can, &args()))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::without_zones(FRONT, DIALECT, make).with_ttl(0)
    }
}

fn node(name: &str, rtype: &str, records: &[&str]) -> Value {
    json!({ "node": { "name": name, "type": rtype, "records": records } })
}

fn is_list(request: &Request) -> bool {
    request.json()["operationName"] == "GetDnsRecords"
}

/// What a cluster has: an address of two values.
fn reads(request: &Request) -> Option<Reply> {
    is_list(request).then(|| {
        let edges = [node("a.example.org", "A", &["192.0.2.1", "192.0.2.2"])];
        Reply::json(200, &json!({ "data": { "dnsRecords": { "edges": edges } } }))
    })
}

#[tokio::test]
async fn records_are_read_page_after_page() {
    let found = read(make, |request| {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/gql"));
        let body = request.json();
        assert_eq!(body["variables"]["cluster"], "c1");
        assert_eq!(body["variables"]["provider"], "AWS");
        let page = |edges: Value, cursor: Option<&str>| {
            let info = json!({ "hasNextPage": cursor.is_some(), "endCursor": cursor });
            let list = json!({ "pageInfo": info, "edges": edges });
            Reply::json(200, &json!({ "data": { "dnsRecords": list } }))
        };
        match body["variables"]["after"].as_str() {
            None => page(json!([node("a.example.org", "A", &["192.0.2.1"])]), Some("c-1")),
            Some("c-1") => page(json!([node("t.example.org", "TXT", &["x"])]), None),
            other => panic!("an unexpected cursor: {other:?}"),
        }
    });
    assert_eq!(
        found.await.expect("readable"),
        ["a.example.org 0 IN A  192.0.2.1 []", "t.example.org 0 IN TXT  x []"]
    );
}

#[tokio::test]
async fn every_target_is_sent() {
    let answer = |_: &Request| Reply::json(200, &json!({ "data": {} }));
    let desired = ["b.example.org A 300 192.0.2.3;192.0.2.4"];
    let (lines, outcomes) = writes(make, reads, answer, &desired).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    let bodies: Vec<Value> = lines
        .iter()
        .map(|line| {
            serde_json::from_str(line.strip_prefix("POST /gql ").expect("a call")).expect("JSON")
        })
        .collect();
    let attributes: Vec<&Value> =
        bodies.iter().map(|body| &body["variables"]["attributes"]).collect();
    let own = "\"heritage=external-dns,external-dns/owner=kit\"";
    assert_eq!(
        attributes,
        [
            &json!({ "name": "own-a.b.example.org", "type": "TXT", "records": [own] }),
            &json!({ "name": "b.example.org", "type": "A", "records": ["192.0.2.3", "192.0.2.4"] }),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let table = [
        (
            200,
            r#"{"errors":[{"message":"forbidden SECRET"}]}"#,
            FailureKind::Unauthorised,
            "PLURAL_ACCESS_TOKEN",
        ),
        (
            200,
            r#"{"errors":[{"message":"name is invalid"}]}"#,
            FailureKind::Rejected,
            "name is invalid; correct",
        ),
        (401, "SECRET", FailureKind::Unauthorised, "PLURAL_ACCESS_TOKEN"),
    ];
    refusals(make, reads, &table).await;
    let inventory = |error: &str| format!(r#"{{"errors":[{{"message":"{error}"}}]}}"#);
    let found = read(make, move |_| Reply::new(200).body(inventory("unauthenticated"))).await;
    assert!(found.expect_err("refused").message.contains("unauthenticated"));
    failing_reads(make, &[]).await;
}

#[test]
fn a_token_is_needed_and_a_host_is_https() {
    let Err(error) = provider(&args(), &Context::default()) else { panic!("a token is needed") };
    assert!(error.message.starts_with("No plural access token provided"), "{error}");
    let environment =
        Environment::from([("PLURAL_ACCESS_TOKEN", "t"), ("PLURAL_ENDPOINT", "p.example.org")]);
    assert!(provider(&args(), &Context { environment, ..Context::default() }).is_ok());
}
