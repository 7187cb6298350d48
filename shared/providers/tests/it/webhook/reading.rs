//! `GET /records`.

use extdns_model::{Name, RecordSet, RecordType, Surroundings, Ttl, Zone};
use extdns_providers::{ErrorKind, Limit, Reader as _};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::webhook_sim::{Failure, MEDIA_TYPE, WebhookSim};
use serde_json::json;

use crate::webhook::support::{Status, calls, message, ok, server, set, webhook, with_body};

#[tokio::test]
async fn whole_requests() {
    let sim = WebhookSim::builder().start();
    webhook(sim.url()).read().await.expect("readable");
    let seen: Vec<_> = sim.requests().iter().map(|request| request.text()).collect();
    let agent = extdns_auth::USER_AGENT;
    let expected =
        |path: &str| format!("GET {path}\naccept: {MEDIA_TYPE}\nuser-agent: {agent}\n\n");
    assert_eq!(seen, [expected("/"), expected("/records")]);
}

#[tokio::test(start_paused = true)]
async fn statuses() {
    let status = Status::default();
    let replied = status.clone();
    let server = server(move |_| replied.reply().body("[]"));
    let provider = webhook(server.url());
    for code in with_body(201) {
        status.set(code);
        let before = calls(&server, "GET", "/records");
        let error = provider.read().await.expect_err("only 200 is good");
        let start = format!("failed to get records with code {code}; ");
        assert!(error.to_string().starts_with(&start), "{error}");
        let (tries, kind) = match code {
            401 | 403 => (1, ErrorKind::Unauthorised),
            404 => (1, ErrorKind::ZoneGone),
            405 => (1, ErrorKind::Config),
            413 => (1, ErrorKind::Limit(Limit::Other("size of a request"))),
            429 => (5, ErrorKind::Throttled { retry_after: None }),
            500..=510 => (5, ErrorKind::Transient),
            _ => (1, ErrorKind::Rejected(Vec::new())),
        };
        assert_eq!(error.kind, kind, "{code}");
        assert_eq!(calls(&server, "GET", "/records") - before, tries, "{code}");
    }
}

#[tokio::test]
async fn records() {
    let body = json!([
        { "dnsName": "a.example.org", "recordType": "A", "targets": ["192.0.2.1", "192.0.2.2"],
          "recordTTL": 300, "setIdentifier": "blue", "labels": { "owner": "me" },
          "providerSpecific": [{ "name": "webhook/x", "value": "1" }, { "Name": "y", "VALUE": "2" }],
          "unknown": { "member": [1, {}] } },
        { "DNSNAME": "b.example.org.", "RecordType": "CNAME", "TARGETS": ["c.example.org"] },
        { "dnsName": "neg.example.org", "recordType": "CAA", "targets": null, "recordTTL": -1,
          "labels": null, "providerSpecific": null, "setIdentifier": null },
    ]);
    let server = server(move |_| ok(format!(" {body:#}\n")));
    let inventory = webhook(server.url()).read().await.expect("readable");
    let records: Vec<_> = inventory.records().map(|(_, record)| record).collect();
    let properties = [("webhook/x", "1"), ("y", "2")].into_iter().collect();
    let mut first = set("a.example.org", RecordType::A, &["192.0.2.1", "192.0.2.2"])
        .with_set_identifier("blue")
        .with_properties(properties);
    first.ttl = Ttl::from_seconds(300);
    let expected = [
        first,
        set("b.example.org", RecordType::Cname, &["c.example.org"]),
        set("neg.example.org", RecordType::Other(257), &[]),
    ];
    assert_eq!(
        records.iter().map(|record| &record.set).collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
    assert_eq!(records[0].labels.owner(), Some("me"));
    assert!(records[1].labels.is_empty());
}

#[tokio::test]
async fn nothing_is_null_or_an_empty_list() {
    for body in ["[]", "null", " null\n", "[ ]\n"] {
        let server = server(move |_| ok(body));
        let inventory = webhook(server.url()).read().await.expect(body);
        assert_eq!(inventory.records().count(), 0, "{body:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_managed_never_loses_the_rest() {
    let body = json!([
        { "dnsName": "a.example.org", "recordType": "ALIAS", "targets": ["b.example.org"] },
        { "dnsName": "b.example.org", "recordType": "A", "targets": ["192.0.2.1"] },
        { "dnsName": "c.example.org" },
        { "recordType": "A", "targets": ["192.0.2.1"] },
        {},
        { "dnsName": "d.example.org", "recordType": "a" },
        { "dnsName": "e.example.org", "recordType": "TYPE65280", "targets": ["x"] },
    ]);
    let server = server(move |_| ok(body.to_string()));
    let inventory = webhook(server.url()).read().await.expect("readable");
    let names: Vec<_> = inventory.records().map(|(_, own)| own.set.name.to_string()).collect();
    assert_eq!(names, ["b.example.org", "e.example.org"]);
}

/// Whatever it is, it must not be overwritten.
#[tokio::test]
async fn nothing_is_made_at_a_name_at_which_something_is_listed_without_a_type() {
    let cases = [
        (json!({ "dnsName": "a.example.org", "targets": ["192.0.2.1"] }), true),
        (json!({ "dnsName": "A.Example.ORG.", "recordType": "" }), true),
        (json!({ "dnsName": "a.example.org", "recordType": "E\u{0}\u{0}" }), true),
        (json!({ "dnsName": "a.example.org", "recordType": "ALIAS" }), false),
        (json!({ "dnsName": "b.example.org" }), false),
        (json!({ "recordType": "A" }), false),
    ];
    for (listed, is_refused) in cases {
        let body = json!([listed]).to_string();
        let server = server(move |_| ok(body.clone()));
        let provider = webhook(server.url());
        provider.read().await.expect("readable");
        let wanted = RecordSet::new(
            Name::as_listed("a.example.org"),
            RecordType::A,
            Ttl::UNSET,
            ["192.0.2.2"].into_iter().collect(),
        );
        let zone = Zone::new("webhook", Name::default());
        let refusal = provider.refusal(&wanted, Surroundings::alone(&zone, &wanted));
        assert_eq!(refusal.is_some(), is_refused, "{listed}: {refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_off_is_asked_for_again() {
    let body = r#"[{"dnsName":"a.example.org","recordType":"A"},{"dnsName":"b.example.org"}]"#;
    for at in [0, 1, 45, body.len() - 1] {
        let server = ScriptedServer::sequence([
            ("GET", "/", ok("{}")),
            ("GET", "/records", ok(body).cut_at(at)),
            ("GET", "/records", ok(body)),
        ]);
        let inventory = webhook(server.url()).read().await.expect("readable");
        assert_eq!(inventory.records().count(), 1, "cut at {at}");
    }
    let sim = WebhookSim::builder().start();
    sim.fail("GET", "/records", usize::MAX, Failure::HangUp);
    let error = message(webhook(sim.url()).read().await);
    assert!(error.starts_with("no answer from the webhook provider: "), "{error}");
    assert_eq!(sim.calls("GET", "/records"), 5);
}

#[tokio::test]
async fn redirects_are_followed() {
    for status in [301, 302, 303, 307, 308] {
        let server = ScriptedServer::sequence([
            ("GET", "/", ok("{}")),
            ("GET", "/records", Reply::new(status).header("location", "/elsewhere")),
            ("GET", "/elsewhere", ok("[]")),
        ]);
        webhook(server.url()).read().await.unwrap_or_else(|error| panic!("{status}: {error}"));
    }
    let server = server(|_| Reply::new(302).header("location", "/records"));
    let error = message(webhook(server.url()).read().await);
    assert!(error.contains("too many redirects"), "{error}");
    assert_eq!(calls(&server, "GET", "/records"), 11);
}
