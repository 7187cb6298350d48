//! `POST /adjustendpoints`.

use extdns_model::{ClusterId, Endpoint, RecordType, Ttl, ZoneIndex};
use extdns_providers::{AdaptationKind, Adjusted, ErrorKind, Reader as _};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::webhook_sim::{Failure, MEDIA_TYPE, WebhookSim};
use serde_json::json;

use crate::webhook::support::{
    Status, calls, desired_endpoint, message, ok, server, set, webhook, with_body,
};

#[tokio::test]
async fn whole_requests() {
    let mut full = desired_endpoint("a.example.org", 0);
    full.set.ttl = Ttl::from_seconds(60);
    full.set.set_set_identifier("blue");
    full.set.set_properties([("alias", "true"), ("webhook/x", "1")].into_iter().collect());
    full.edit_labels(|labels| labels.set("aws-sd-description", "<\"&\">"));
    let bare = Endpoint::from_set(set("b\u{fc}cher.example.org", RecordType::Other(65280), &[]));
    let agent = extdns_auth::USER_AGENT;
    let full_text = concat!(
        r#"{"dnsName":"a.example.org","targets":["192.0.2.1"],"recordType":"A","setIdentifier":"blue","#,
        r#""recordTTL":60,"labels":{"aws-sd-description":"<\"&\">","resource":"service/default/s0"},"#,
        r#""providerSpecific":[{"name":"alias","value":"true"},{"name":"webhook/x","value":"1"}]}"#,
    );
    let bare_text = "{\"dnsName\":\"b\u{fc}cher.example.org\",\"recordType\":\"TYPE65280\"}";
    let cases = [
        (vec![], "[]".to_owned()),
        (vec![full.clone()], format!("[{full_text}]")),
        (vec![full, bare], format!("[{full_text},{bare_text}]")),
    ];
    for (desired, body) in cases {
        let sim = WebhookSim::builder().start();
        webhook(sim.url()).adjust(desired, &ZoneIndex::default()).await.expect("adjusted");
        let [request] = &sim.requests()[..] else { panic!("one: {:?}", sim.requests()) };
        let length = body.len();
        assert_eq!(
            request.text(),
            format!(
                "POST /adjustendpoints\naccept: {MEDIA_TYPE}\ncontent-length: {length}\n\
                 content-type: {MEDIA_TYPE}\nuser-agent: {agent}\n\n{body}"
            )
        );
    }
}

#[tokio::test]
async fn a_long_list_of_endpoints_is_streamed_with_its_length() {
    for count in [300, 1000, 5000] {
        let sim = WebhookSim::builder().start();
        let desired: Vec<_> =
            (0..count).map(|n| desired_endpoint(&format!("h{n}.example.org"), n)).collect();
        let expected: Vec<_> = desired.iter().map(|own| own.set.clone()).collect();
        let adjusted =
            webhook(sim.url()).adjust(desired, &ZoneIndex::default()).await.expect("adjusted");
        let [request] = &sim.requests()[..] else { panic!("one request") };
        assert_eq!(request.header("content-length"), Some(&*request.body.len().to_string()));
        assert_eq!(request.header("transfer-encoding"), None);
        assert_eq!(request.json().as_array().map(Vec::len), Some(usize::from(count)));
        let sets: Vec<_> = adjusted.endpoints.iter().map(|own| own.set.clone()).collect();
        assert_eq!(sets, expected);
        for (n, endpoint) in (0..).zip(&adjusted.endpoints) {
            assert_eq!(endpoint.attribution.clusters(), [ClusterId(n)]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn statuses() {
    let status = Status::default();
    let replied = status.clone();
    let server = server(move |_| replied.reply().body("[]"));
    let provider = webhook(server.url());
    for code in with_body(201) {
        status.set(code);
        let before = calls(&server, "POST", "/adjustendpoints");
        let error =
            provider.adjust(vec![], &ZoneIndex::default()).await.expect_err("only 200 is good");
        let start = format!("failed to AdjustEndpoints with code {code}; ");
        assert!(error.to_string().starts_with(&start), "{error}");
        let tries = match code {
            429 | 500..=510 => 5,
            _ => 1,
        };
        assert_eq!(calls(&server, "POST", "/adjustendpoints") - before, tries, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_whole_body_is_sent_again() {
    for count in [1, 2000] {
        let sim = WebhookSim::builder().start();
        sim.fail("POST", "/adjustendpoints", 1, Failure::Status(500));
        sim.fail("POST", "/adjustendpoints", 1, Failure::HangUp);
        let desired =
            (0..count).map(|n| desired_endpoint(&format!("h{n}.example.org"), n)).collect();
        let adjusted =
            webhook(sim.url()).adjust(desired, &ZoneIndex::default()).await.expect("in the end");
        assert_eq!(adjusted.endpoints.len(), usize::from(count));
        let bodies: Vec<_> = sim.requests().iter().map(|request| request.body.clone()).collect();
        assert_eq!(bodies.len(), 3);
        assert!(bodies.iter().all(|body| *body == bodies[0]), "the same body each time");
    }
}

#[tokio::test]
async fn redirects_with_the_body() {
    for (status, count) in [(307, 1), (308, 1), (307, 2000), (308, 2000)] {
        let server = ScriptedServer::sequence([
            ("POST", "/adjustendpoints", Reply::new(status).header("location", "/a")),
            ("POST", "/a", Reply::new(status).header("location", "b?c=d")),
            ("POST", "/b?c=d", ok("[]")),
        ]);
        let desired =
            (0..count).map(|n| desired_endpoint(&format!("h{n}.example.org"), n)).collect();
        let adjusted =
            webhook(server.url()).adjust(desired, &ZoneIndex::default()).await.expect("adjusted");
        assert_eq!(adjusted.notes.len(), usize::from(count), "{status}");
        let seen = server.requests();
        assert!(seen.iter().all(|own| own.body == seen[0].body), "{status}: the same body");
    }
    for count in [1, 2000] {
        let server = server(|_| Reply::new(307).header("location", "/adjustendpoints"));
        let desired =
            (0..count).map(|n| desired_endpoint(&format!("h{n}.example.org"), n)).collect();
        let error = webhook(server.url())
            .adjust(desired, &ZoneIndex::default())
            .await
            .expect_err("a circle");
        assert_eq!(error.kind, ErrorKind::Config, "{error}");
        assert!(calls(&server, "POST", "/adjustendpoints") <= 11);
    }
}

async fn answered(answer: serde_json::Value) -> Adjusted {
    let server = server(move |_| ok(answer.to_string()));
    let desired = vec![desired_endpoint("a.example.org", 0), desired_endpoint("b.example.org", 1)];
    webhook(server.url()).adjust(desired, &ZoneIndex::default()).await.expect("adjusted")
}

#[tokio::test]
async fn each_answer_gets_its_object_back() {
    let endpoint = |name: &str, rtype: &str| {
        json!({ "dnsName": name, "recordType": rtype, "targets": ["192.0.2.9"],
                "labels": { "resource": "made/up" } })
    };
    let (a, b) = (endpoint("a.example.org", "A"), endpoint("b.example.org", "A"));
    let cases = [
        (json!([a, b]), vec![Some(0), Some(1)], vec![]),
        (json!([b, a]), vec![Some(1), Some(0)], vec![]),
        (json!([b]), vec![Some(1)], vec![0]),
        (json!([endpoint("a.example.org", "CNAME"), b]), vec![Some(0), Some(1)], vec![0]),
        (json!([endpoint("A.Example.Org", "A"), b]), vec![Some(0), Some(1)], vec![]),
        (json!([a, endpoint("new.example.org", "A"), b]), vec![Some(0), None, Some(1)], vec![]),
        (json!([a, endpoint("b.example.org", "ALIAS")]), vec![Some(0)], vec![1]),
        (json!([a, a, b]), vec![Some(0), Some(1)], vec![]),
        (json!([]), vec![], vec![0, 1]),
        (json!(null), vec![], vec![0, 1]),
    ];
    for (answer, wanted, lost) in cases {
        let adjusted = answered(answer.clone()).await;
        let first = |own: &Endpoint| own.attribution.first().map(|resource| resource.cluster.0);
        assert_eq!(adjusted.endpoints.iter().map(first).collect::<Vec<_>>(), wanted, "{answer}");
        for endpoint in &adjusted.endpoints {
            assert_eq!(endpoint.set.targets.as_slice(), ["192.0.2.9"], "{answer}");
            let label =
                first(endpoint).map_or("made/up".into(), |by| format!("service/default/s{by}"));
            assert_eq!(endpoint.resource_label().as_deref(), Some(&*label), "{answer}");
        }
        let notes: Vec<_> = adjusted
            .notes
            .iter()
            .map(|note| {
                // An answer of another type is an answer too.
                let other = answer[0]["recordType"] == "CNAME";
                assert_eq!(
                    note.kind,
                    if other { AdaptationKind::Changed } else { AdaptationKind::Missing }
                );
                note.attribution.first().map_or(99, |resource| resource.cluster.0)
            })
            .collect();
        assert_eq!(notes, lost, "{answer}");
    }
}

/// 17 of 20 come back, then none, then all without targets: what is missing is reported, with its
/// reason, and nothing that came back is.
#[tokio::test]
async fn what_an_answer_lacks_is_reported() {
    let desired =
        || (0..20).map(|n| desired_endpoint(&format!("h{n}.example.org"), n)).collect::<Vec<_>>();
    let answer = |count: usize, targets: &[&str]| {
        let one = |n| json!({ "dnsName": format!("h{n}.example.org"), "recordType": "A", "targets": targets });
        json!((0..count).map(one).collect::<Vec<_>>()).to_string()
    };
    for (body, answered, reason) in [
        (answer(17, &["192.0.2.1"]), 17, "did not return it"),
        (answer(0, &[]), 0, "did not return it"),
        ("null".to_owned(), 0, "did not return it"),
        (answer(20, &[]), 0, "without targets"),
    ] {
        let server = server(move |_| ok(body.clone()));
        let adjusted =
            webhook(server.url()).adjust(desired(), &ZoneIndex::default()).await.expect("adjusted");
        assert_eq!(adjusted.endpoints.len(), answered);
        assert_eq!(adjusted.notes.len(), 20 - answered);
        for (n, note) in (answered..).zip(&adjusted.notes) {
            assert_eq!(note.name.as_str(), format!("h{n}.example.org"));
            assert_eq!(note.kind, AdaptationKind::Missing, "{note:?}");
            assert!(note.reason.contains(reason), "{note:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error() {
    let body = json!([{ "dnsName": "a.example.org", "recordType": "A" }]).to_string();
    let server = server(move |_| ok(body.clone()).cut_at(body.len() - 1));
    let error = message(
        webhook(server.url())
            .adjust(vec![desired_endpoint("a.example.org", 0)], &ZoneIndex::default())
            .await,
    );
    assert!(error.starts_with("the webhook provider's answer broke off: "), "{error}");
    assert_eq!(calls(&server, "POST", "/adjustendpoints"), 1);
}
