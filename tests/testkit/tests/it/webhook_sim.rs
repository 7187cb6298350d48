//! The simulator of a webhook provider over HTTP.

use extdns_testkit::webhook_sim::{Applies, Failure, MEDIA_TYPE, WebhookSim};
use http_body_util::BodyExt;
use kube::client::Body;
use kube::{Client, Config};
use serde_json::{Value, json};

struct Answer {
    status: u16,
    content_type: String,
    body: Vec<u8>,
}

async fn ask(
    sim: &WebhookSim,
    method: &str,
    path: &str,
    body: &str,
) -> Result<Answer, kube::Error> {
    let mut config = Config::new(sim.url().parse().unwrap());
    // A client that asks again by itself would hide the first answer.
    config.default_retry = false;
    let client = Client::try_from(config).unwrap();
    let request = http::Request::builder().method(method).uri(path);
    let response = client.send(request.body(Body::from(body.as_bytes().to_vec())).unwrap()).await?;
    let (head, body) = response.into_parts();
    let content_type = head.headers.get("content-type").map(|own| own.to_str().unwrap());
    Ok(Answer {
        status: head.status.as_u16(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    })
}

async fn apply(sim: &WebhookSim, changes: Value) -> u16 {
    ask(sim, "POST", "/records", &changes.to_string()).await.unwrap().status
}

fn a(name: &str, target: &str) -> Value {
    json!({ "dnsName": name, "recordType": "A", "targets": [target] })
}

#[tokio::test]
async fn the_protocol_is_served() {
    let filter = json!({ "include": ["example.org"] });
    let sim = WebhookSim::builder()
        .records(json!([a("b.example.org", "192.0.2.2"), a("a.example.org", "192.0.2.1")]))
        .domain_filter(filter.clone())
        .start();
    let sorted = json!([a("a.example.org", "192.0.2.1"), a("b.example.org", "192.0.2.2")]);
    let desired = json!([a("c.example.org", "192.0.2.3")]);
    let table = [
        ("GET", "/", String::new(), 200, filter),
        ("GET", "/elsewhere", String::new(), 200, json!({ "include": ["example.org"] })),
        ("GET", "/records", String::new(), 200, sorted),
        ("POST", "/adjustendpoints", desired.to_string(), 200, desired),
    ];
    for (method, path, body, status, expected) in table {
        let answer = ask(&sim, method, path, &body).await.unwrap();
        assert_eq!((answer.status, answer.content_type.as_str()), (status, MEDIA_TYPE), "{path}");
        assert_eq!(serde_json::from_slice::<Value>(&answer.body).unwrap(), expected, "{path}");
    }
    for (method, path, body) in [
        ("PUT", "/records", ""),
        ("POST", "/records", "no JSON"),
        ("POST", "/records", ""),
        ("GET", "/adjustendpoints", ""),
        ("POST", "/adjustendpoints", "{}"),
    ] {
        assert_eq!(ask(&sim, method, path, body).await.unwrap().status, 400, "{method} {path}");
    }
    assert_eq!((sim.calls("GET", "/records"), sim.calls("POST", "/records")), (1, 2));
    assert_eq!(sim.requests().len(), 9);
}

#[tokio::test]
async fn changes_are_applied_whatever_the_case_of_their_members() {
    let sim = WebhookSim::builder()
        .records(json!([a("old.example.org", "192.0.2.1"), a("gone.example.org", "192.0.2.2")]))
        .start();
    let changes = json!({
        "Create": [a("new.example.org", "192.0.2.3")],
        "updateOld": [a("old.example.org", "192.0.2.1")],
        "UPDATENEW": [a("old.example.org", "192.0.2.9")],
        "delete": [a("gone.example.org", "192.0.2.2"), a("never.example.org", "192.0.2.2")],
    });
    assert_eq!(apply(&sim, changes).await, 204);
    assert_eq!(
        sim.records(),
        [a("new.example.org", "192.0.2.3"), a("old.example.org", "192.0.2.9")]
    );
    let lopsided = json!({ "updateOld": [a("old.example.org", "192.0.2.9")] });
    assert_eq!(apply(&sim, lopsided).await, 400);
}

#[tokio::test]
async fn a_poisoned_name_spoils_its_post() {
    let sim = WebhookSim::builder().start();
    sim.poison("bad.example.org");
    let names = ["a.example.org", "BAD.example.org", "z.example.org"];
    let changes = json!({ "create": names.map(|name| a(name, "192.0.2.1")) });
    assert_eq!(apply(&sim, changes.clone()).await, 500);
    assert!(sim.records().is_empty(), "nothing is applied");
    sim.applies(Applies::UpToTheFirstFailure);
    assert_eq!(apply(&sim, changes).await, 500);
    assert_eq!(sim.records(), [a("a.example.org", "192.0.2.1")]);
    assert_eq!(apply(&sim, json!({ "create": [a("z.example.org", "192.0.2.1")] })).await, 204);
}

#[tokio::test]
async fn requests_fail_as_often_as_the_test_says() {
    let sim = WebhookSim::builder().start();
    sim.fail("GET", "/records", 1, Failure::Status(503));
    sim.fail("GET", "/records", 1, Failure::ContentType("text/html"));
    sim.fail("POST", "/records", 1, Failure::HangUp);
    sim.fail("POST", "/records", 1, Failure::LostAnswer);
    assert_eq!(ask(&sim, "GET", "/records", "").await.unwrap().status, 503);
    assert_eq!(ask(&sim, "GET", "/records", "").await.unwrap().content_type, "text/html");
    assert_eq!(ask(&sim, "GET", "/records", "").await.unwrap().content_type, MEDIA_TYPE);
    let changes = json!({ "create": [a("a.example.org", "192.0.2.1")] }).to_string();
    assert!(ask(&sim, "POST", "/records", &changes).await.is_err());
    assert!(sim.records().is_empty(), "nothing is done");
    assert!(ask(&sim, "POST", "/records", &changes).await.is_err());
    assert_eq!(sim.records().len(), 1, "everything is done");
}

#[tokio::test]
async fn a_workload_has_three_records_for_each_service() {
    let sim = WebhookSim::builder().workload(100).start();
    let records = sim.records();
    assert_eq!(records.len(), 300);
    assert_eq!(
        records[0],
        json!({
            "dnsName": "a-ing-000000.example.org", "recordType": "TXT", "recordTTL": 300,
            "targets": ["\"heritage=external-dns,external-dns/owner=me,external-dns/resource=ingress/team-00/ing-000000\""],
        })
    );
}
