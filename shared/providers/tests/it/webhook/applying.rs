//! `POST /records`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use extdns_model::{Action, FailureKind, NotSent, Outcome, Permit, RecordType, Role, Ttl};
use extdns_providers::{Deadline, Provider as _, Reader as _};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::webhook_sim::{Failure, MEDIA_TYPE, WebhookSim};

use crate::webhook::support::{
    Status, apply, apply_until, calls, creates, group, impatient, ok, planned, server, set, stored,
    webhook, with_body,
};

#[tokio::test]
async fn whole_requests() {
    let a = |name: &str, target: &str| set(name, RecordType::A, &[target]);
    let txt = |name: &str| set(name, RecordType::Txt, &["\"heritage=external-dns\""]);
    let mut slow = a("u.example.org", "192.0.2.2");
    slow.ttl = Ttl::from_seconds(60);
    slow.set_properties([("webhook/x", "1")].into_iter().collect());
    let me = [("owner", "me")];
    let of = [("ownedRecord", "c.example.org")];
    let groups = [
        group(
            0,
            vec![
                (Role::Ownership, Action::Create(planned(txt("a-c.example.org"), &of))),
                (Role::Record, Action::Create(planned(a("c.example.org", "192.0.2.1"), &me))),
            ],
        ),
        group(
            1,
            vec![
                (
                    Role::Record,
                    Action::Update {
                        old: stored(a("u.example.org", "192.0.2.1"), &me),
                        new: planned(slow, &me),
                    },
                ),
                (
                    Role::Ownership,
                    Action::Update {
                        old: stored(txt("a-u.example.org"), &[]),
                        new: planned(txt("a-u.example.org"), &[]),
                    },
                ),
            ],
        ),
        group(
            2,
            vec![(Role::Record, Action::Delete(stored(a("d.example.org", "192.0.2.1"), &me)))],
        ),
        group(
            3,
            vec![(Role::Record, Action::Create(planned(a("e.example.org", "192.0.2.1"), &[])))],
        ),
    ];
    let txt_of = |name: &str, labels: &str| {
        format!(
            r#"{{"dnsName":"{name}","targets":["\"heritage=external-dns\""],"recordType":"TXT"{labels}}}"#
        )
    };
    let a_of = |name: &str, target: &str, more: &str| {
        format!(r#"{{"dnsName":"{name}","targets":["{target}"],"recordType":"A"{more}}}"#)
    };
    let me = r#","labels":{"owner":"me"}"#;
    let body = [
        r#"{"create":["#.to_owned(),
        a_of("c.example.org", "192.0.2.1", me) + ",",
        a_of("e.example.org", "192.0.2.1", "") + ",",
        txt_of("a-c.example.org", r#","labels":{"ownedRecord":"c.example.org"}"#),
        r#"],"updateOld":["#.to_owned(),
        a_of("u.example.org", "192.0.2.1", me) + ",",
        txt_of("a-u.example.org", ""),
        r#"],"updateNew":["#.to_owned(),
        a_of(
            "u.example.org",
            "192.0.2.2",
            &format!(
                r#","recordTTL":60{me},"providerSpecific":[{{"name":"webhook/x","value":"1"}}]"#,
            ),
        ) + ",",
        txt_of("a-u.example.org", ""),
        r#"],"delete":["#.to_owned(),
        a_of("d.example.org", "192.0.2.1", me),
        "]}".to_owned(),
    ]
    .concat();
    let only_delete = format!(r#"{{"delete":[{}]}}"#, a_of("d.example.org", "192.0.2.1", me));
    for (groups, body) in [(&groups[..], body), (&groups[2..3], only_delete)] {
        let there = |name: &str| {
            let txt = name.starts_with("a-");
            let target = if txt { "\"heritage=external-dns\"" } else { "192.0.2.1" };
            let rtype = if txt { "TXT" } else { "A" };
            serde_json::json!({ "dnsName": name, "recordType": rtype, "targets": [target] })
        };
        let there = ["u.example.org", "a-u.example.org", "d.example.org"].map(there);
        let sim = WebhookSim::builder().records(there.to_vec().into()).start();
        let outcomes = apply(&webhook(sim.url()), groups).await;
        assert!(outcomes.iter().all(|own| *own == Outcome::Applied), "{outcomes:?}");
        let seen = sim.requests();
        // As something is deleted, the records are read once more right before.
        let [_, _, _, request] = &seen[..] else { panic!("three reads and a write: {seen:?}") };
        let agent = extdns_auth::USER_AGENT;
        let length = body.len();
        assert_eq!(
            request.text(),
            format!(
                "POST /records\naccept: */*\ncontent-length: {length}\ncontent-type: {MEDIA_TYPE}\n\
                 user-agent: {agent}\n\n{body}"
            )
        );
    }
}

/// What costs no more than one call: the records are read again before the first POST that deletes
/// or gives to another owner, and not for what only comes or changes.
#[tokio::test]
async fn records_are_read_again_only_where_something_is_taken_away() {
    let one = |target: &str| set("u.example.org", RecordType::A, &[target]);
    let update = |owner| Action::Update {
        old: stored(one("192.0.2.1"), &[("owner", "me")]),
        new: planned(one("192.0.2.2"), &[("owner", owner)]),
    };
    let there = serde_json::json!([
        { "dnsName": "u.example.org", "recordType": "A", "targets": ["192.0.2.1"] },
    ]);
    for (action, reads) in [
        (update("me"), 1),
        (update("other"), 2),
        (Action::Delete(stored(one("192.0.2.1"), &[])), 2),
    ] {
        let sim = WebhookSim::builder().records(there.clone()).start();
        let groups = [group(0, vec![(Role::Record, action)])];
        assert_eq!(apply(&webhook(sim.url()), &groups).await, [Outcome::Applied]);
        assert_eq!(sim.calls("GET", "/records"), reads);
        assert_eq!(sim.calls("POST", "/records"), 1);
    }
}

#[tokio::test]
async fn many_changes_are_streamed_with_their_length() {
    let sim = WebhookSim::builder().start();
    let outcomes = apply(&webhook(sim.url()), &creates(3000)).await;
    assert!(outcomes.iter().all(|own| *own == Outcome::Applied));
    assert_eq!(sim.records().len(), 6000);
    let request = sim.requests().pop().expect("a write");
    assert!(request.body.len() > 200_000);
    assert_eq!(request.header("content-length"), Some(&*request.body.len().to_string()));
    assert_eq!(request.header("transfer-encoding"), None);
}

#[tokio::test]
async fn nothing_to_do_is_not_sent() {
    let sim = WebhookSim::builder().start();
    assert!(apply(&webhook(sim.url()), &[]).await.is_empty());
    assert_eq!(sim.calls("POST", "/records"), 0);
}

/// One group, and a server that does nothing and answers with this status: 204 alone is success,
/// and every other status is reported as a refusal of what was sent.
#[tokio::test(start_paused = true)]
async fn statuses() {
    let status = Status::default();
    let replied = status.clone();
    let server = server(move |request| match request.method.as_str() {
        "GET" => ok("[]"),
        _ => replied.reply(),
    });
    let provider = webhook(server.url());
    for code in with_body(200).chain([204]) {
        status.set(code);
        let before = ["POST", "GET"].map(|method| calls(&server, method, "/records"));
        let outcomes = apply(&provider, &creates(1)).await;
        let (posts, reads, kind) = match code {
            204 => (1, 1, None),
            401 | 403 => (1, 2, Some(FailureKind::Unauthorised)),
            404 => (1, 2, Some(FailureKind::ZoneGone)),
            // The body was not even read.
            413 => (1, 1, Some(FailureKind::Limit)),
            429 => (5, 2, Some(FailureKind::Throttled)),
            500..=510 => (1, 2, Some(FailureKind::Transient)),
            _ => (1, 2, Some(FailureKind::Rejected)),
        };
        match (&outcomes[0], kind) {
            (Outcome::Applied, None) => {}
            (outcome @ (Outcome::Rejected(failure) | Outcome::Failed(failure)), Some(kind)) => {
                assert_eq!(*outcome, Outcome::undone(failure.clone()), "{code}");
                assert_eq!(failure.kind, kind, "{code}");
                let start = format!("failed to apply changes with code {code}; ");
                assert!(failure.message.starts_with(&start), "{failure}");
            }
            (other, _) => panic!("{code}: {other:?}"),
        }
        let after = ["POST", "GET"].map(|method| calls(&server, method, "/records"));
        assert_eq!([after[0] - before[0], after[1] - before[1]], [posts, reads], "{code}");
    }
}

/// A status that speaks of the client and not of the changes ends the writing.
#[tokio::test(start_paused = true)]
async fn a_refused_client_asks_once() {
    for (status, posts) in [(401, 1), (403, 1), (405, 1), (429, 5)] {
        let sim = WebhookSim::builder().start();
        sim.fail("POST", "/records", usize::MAX, Failure::Status(status));
        let outcomes = apply(&webhook(sim.url()), &creates(8)).await;
        let undone = |own: &_| matches!(own, Outcome::Rejected(_) | Outcome::Failed(_));
        assert!(outcomes.iter().all(undone), "{outcomes:?}");
        assert_eq!(sim.calls("POST", "/records"), posts, "{status}");
        assert_eq!(sim.calls("GET", "/records"), 2, "{status}");
    }
}

#[tokio::test]
async fn another_status_than_204_may_still_mean_done() {
    for status in [200, 202, 403, 404, 500, 502] {
        let done = Arc::new(AtomicBool::new(false));
        let written = Arc::clone(&done);
        let server = server(move |request| match request.method.as_str() {
            "GET" if done.load(Ordering::SeqCst) => {
                let sets: Vec<_> = (0..4)
                    .flat_map(|n| [
                        format!(r#"{{"dnsName":"H{n}.example.org","recordType":"A","targets":["192.0.2.1"],"recordTTL":300}}"#),
                        format!(r#"{{"dnsName":"a-h{n}.example.org","recordType":"TXT","targets":["\"mine\""]}}"#),
                    ])
                    .collect();
                ok(format!("[{}]", sets.join(",")))
            }
            "GET" => ok("[]"),
            _ => {
                written.store(true, Ordering::SeqCst);
                Reply::new(status)
            }
        });
        let outcomes = apply(&webhook(server.url()), &creates(4)).await;
        assert!(outcomes.iter().all(|own| *own == Outcome::Applied), "{status}: {outcomes:?}");
        assert_eq!(calls(&server, "POST", "/records"), 1, "{status}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_not_sent_again() {
    let sim = WebhookSim::builder().start();
    sim.fail("POST", "/records", 1, Failure::LostAnswer);
    let outcomes = apply(&webhook(sim.url()), &creates(3)).await;
    assert!(outcomes.iter().all(|own| *own == Outcome::Applied), "{outcomes:?}");
    assert_eq!(sim.calls("POST", "/records"), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_look_nothing_is_known_and_nothing_sent() {
    let sim = WebhookSim::builder().start();
    sim.fail_later("GET", "/records", 1, usize::MAX, Failure::Status(500));
    sim.fail("POST", "/records", 1, Failure::LostAnswer);
    let outcomes = apply(&webhook(sim.url()), &creates(3)).await;
    assert!(outcomes.iter().all(|own| matches!(own, Outcome::Unknown(_))), "{outcomes:?}");
    assert_eq!(sim.calls("POST", "/records"), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_nothing_was_sent() {
    let server = server(|_| ok("[]"));
    let provider = webhook(server.url());
    let index = provider.read().await.expect("readable").index;
    // Another run, which has no connection yet.
    let provider = webhook(server.url());
    drop(server);
    let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
    for outcome in writer.apply(&creates(3), Deadline::none()).await {
        let Outcome::NotSent(NotSent::Stopped(failure)) = outcome else { panic!("{outcome:?}") };
        assert!(failure.message.contains("Connection refused"), "{failure}");
    }
}

/// A failed POST takes the time that the run still had: nothing is read or sent after it.
#[tokio::test]
async fn the_deadline_holds_for_the_second_look() {
    let (until, stopper) = Deadline::none().stoppable();
    let server = server(move |request| match request.method.as_str() {
        "GET" => ok("[]"),
        _ => {
            stopper.stop();
            Reply::new(500)
        }
    });
    let outcomes = apply_until(&webhook(server.url()), &creates(4), until).await;
    assert!(outcomes.iter().all(|own| matches!(own, Outcome::Unknown(_))), "{outcomes:?}");
    assert_eq!(calls(&server, "POST", "/records"), 1);
    assert_eq!(calls(&server, "GET", "/records"), 1, "read once, before the apply");
}

#[tokio::test]
async fn a_deadline_that_is_over_sends_nothing() {
    let sim = WebhookSim::builder().start();
    let over = Deadline::within(Duration::ZERO);
    let outcomes = apply_until(&webhook(sim.url()), &creates(2), over).await;
    assert_eq!(outcomes, vec![Outcome::NotSent(NotSent::Deadline); 2]);
    assert_eq!(sim.calls("POST", "/records"), 0);
}

/// The rest waits when less than twice the slowest POST is left.
#[tokio::test]
async fn no_post_starts_that_may_not_end() {
    let server = server(|request| match request.method.as_str() {
        "GET" => ok("[]"),
        _ => Reply::new(500).chunks(["x"], Duration::from_millis(300)),
    });
    let until = Deadline::within(Duration::from_millis(850));
    let outcomes = apply_until(&webhook(server.url()), &creates(2), until).await;
    assert_eq!(outcomes, vec![Outcome::NotSent(NotSent::Deadline); 2]);
    assert_eq!(calls(&server, "POST", "/records"), 1);
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time_is_looked_at() {
    let sim = WebhookSim::builder().start();
    sim.fail("POST", "/records", 1, Failure::Silence { done: true });
    let provider = impatient(sim.url(), Duration::from_millis(300));
    assert_eq!(apply(&provider, &creates(2)).await, [Outcome::Applied, Outcome::Applied]);
    assert_eq!(sim.calls("POST", "/records"), 1);
}

#[tokio::test]
async fn redirects_with_the_body() {
    for (status, groups) in [(307, 1), (308, 1), (307, 2000), (308, 2000)] {
        let server = ScriptedServer::sequence([
            ("GET", "/", ok("{}")),
            ("GET", "/records", ok("[]")),
            ("POST", "/records", Reply::new(status).header("location", "/v2/records")),
            ("POST", "/v2/records", Reply::new(204)),
        ]);
        let outcomes = apply(&webhook(server.url()), &creates(groups)).await;
        assert!(outcomes.iter().all(|own| *own == Outcome::Applied), "{status}");
        let seen = server.requests();
        assert_eq!(seen[2].body, seen[3].body, "{status}");
        assert_eq!(seen[3].header("content-type"), Some(MEDIA_TYPE), "{status}");
    }
}

/// Of a group of two, the record is there after the failure: only the other is sent again.
#[tokio::test]
async fn what_is_applied_of_a_group_is_not_sent_again() {
    let half = r#"[{"dnsName":"h0.example.org","recordType":"A","targets":["192.0.2.1"]}]"#;
    for refused in [false, true] {
        let looked = refused.then(|| ("GET", "/records", ok(half)));
        let first = Reply::new(if refused { 500 } else { 204 });
        let mut steps = vec![
            ("GET", "/", ok("{}")),
            ("GET", "/records", ok("[]")),
            ("POST", "/records", Reply::new(500)),
            ("GET", "/records", ok(half)),
            ("POST", "/records", first),
        ];
        steps.extend(looked);
        steps.push(("POST", "/records", Reply::new(204)));
        let server = ScriptedServer::sequence(steps);
        let outcomes = apply(&webhook(server.url()), &creates(2)).await;
        let rest = r#"{"create":[{"dnsName":"a-h0.example.org","targets":["\"mine\""],"recordType":"TXT"}]}"#;
        assert_eq!(server.requests()[4].body, rest);
        assert_eq!(outcomes[1], Outcome::Applied);
        match &outcomes[0] {
            Outcome::Applied => assert!(!refused),
            Outcome::Partial { done: 1, left: 1, reason } => {
                assert!(refused);
                assert_eq!(reason.kind, FailureKind::Rejected);
            }
            other => panic!("{refused}: {other:?}"),
        }
    }
}
