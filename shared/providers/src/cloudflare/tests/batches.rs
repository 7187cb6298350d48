//! What goes in one call, and what becomes of changes that are refused.

use extdns_model::{Endpoint, Outcome, RecordType};
use extdns_testkit::http::Reply;
use serde_json::{Value, json};

use super::super::*;
use super::support::{endpoint, failing, listed, plain, plan, run, sent, server, with, written};
use super::{args, make, make_with, over};
use crate::{Batches, Environment};

use RecordType::A;

#[tokio::test]
async fn cloudflare_case_12_an_update_of_targets_and_proxy() {
    let server = plain(json!([
        listed("r1", "A", "a.bar.com", "1.2.3.4", 120),
        listed("r2", "A", "a.bar.com", "3.4.5.6", 120),
    ]));
    let own = endpoint("a.bar.com", A, 120, &["1.2.3.4", "2.3.4.5"]);
    let outcomes = run(&*make(&server.url()), vec![with(own, &[("proxied", "true")])]).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    let [put, post] = ["1.2.3.4", "2.3.4.5"].map(|it| written("A", "a.bar.com", it, 1, true));
    let put = put.replacen('{', "{\"id\":\"r1\",", 1);
    let expected = format!(
        "POST dns_records/batch {{\"deletes\":[{{\"id\":\"r2\"}}],\"puts\":[{put}],\"posts\":[{post}]}}"
    );
    assert_eq!(sent(&server), [expected]);
}

#[tokio::test]
async fn cloudflare_case_16_one_bad_record_does_not_stop_the_others() {
    let server = server("free", json!([]), |request| {
        let bad =
            request.method == "POST" && String::from_utf8_lossy(&request.body).contains("bad");
        bad.then(|| failing(400, "DNS Validation Error"))
    });
    let both = ["bad.bar.com", "good.bar.com"].map(|name| endpoint(name, A, 0, &["1.2.3.4"]));
    let outcomes = run(&*make(&server.url()), both.to_vec()).await;
    let Outcome::Rejected(failure) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert!(failure.message.contains("1: DNS Validation Error; correct the target"), "{failure}");
    assert_eq!(outcomes[1], Outcome::Applied);
    let [bad, good] =
        ["bad.bar.com", "good.bar.com"].map(|it| written("A", it, "1.2.3.4", 1, false));
    let expected = [
        format!("POST dns_records/batch {{\"posts\":[{bad},{good}]}}"),
        format!("POST dns_records {bad}"),
        format!("POST dns_records {good}"),
    ];
    assert_eq!(sent(&server), expected);
}

pub(super) fn many(count: usize) -> Vec<Endpoint> {
    let one = |n| endpoint(&format!("n{n}.bar.com"), A, 0, &["1.2.3.4"]);
    (0..count).map(one).collect()
}

#[tokio::test(start_paused = true)]
async fn cloudflare_case_17_two_calls_with_a_pause() {
    let server = plain(json!([]));
    let start = tokio::time::Instant::now();
    run(&*make(&server.url()), many(201)).await;
    assert!(start.elapsed() >= Duration::from_secs(1), "a pause between the calls");
    assert_eq!(sent(&server).len(), 2);
}

/// 200 changes a call unless the flag says otherwise, and never more than the plan of the zone allows.
#[tokio::test]
async fn five_thousand_changes_take_no_more_calls_than_the_flag_and_the_plan_demand() {
    let table = [
        ("free", None, 25),
        ("pro", None, 25),
        ("free", Some(3500), 25),
        ("pro", Some(3500), 2),
        ("pro", Some(100), 50),
    ];
    for (plan, flag, calls) in table {
        let server = server(plan, json!([]), |_| None);
        let url = format!("{}/client/v4", server.url());
        let variables =
            [("CF_API_TOKEN", crate::conformance::SECRET), ("CLOUDFLARE_BASE_URL", &url)];
        let batches =
            Batches { changes: flag.and_then(NonZeroUsize::new), pause: Some(Duration::ZERO) };
        let environment = Environment::from(variables);
        let context = Context { environment, batches, ..Context::default() };
        let outcomes = run(&provider(&args(), &context).expect("a token"), many(5000)).await;
        assert!(outcomes.iter().all(|it| *it == Outcome::Applied));
        assert_eq!(sent(&server).len(), calls, "{plan} {flag:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn cloudflare_case_18_batches_are_filled_in_order() {
    let old = |n: u32, ttl| listed(&format!("r{n}"), "A", &format!("o{n}.bar.com"), "1.2.3.4", ttl);
    let kept = |n: u32| endpoint(&format!("o{n}.bar.com"), A, 600, &["1.2.3.4"]);
    let new = |n: u32| endpoint(&format!("z{n}.bar.com"), A, 600, &["1.2.3.4"]);
    let table = [
        (vec![kept(3), new(1)], ["2 deletes", "1 puts 1 posts", ""]),
        (vec![kept(2), kept(3), new(1), new(2)], ["1 deletes 1 puts", "1 puts 1 posts", "single"]),
    ];
    for (desired, expected) in table {
        let server = plain(json!([old(1, 300), old(2, 300), old(3, 300)]));
        let capabilities =
            Capabilities { batch_limits: BatchLimits::changes(2), ..super::unbounded() };
        let provider = over(&server.url(), args(), capabilities);
        run(&*provider, desired).await;
        let calls = sent(&server).into_iter().map(|call| {
            let Some((_, body)) = call.split_once("batch ") else { return "single".to_owned() };
            let body: Value = serde_json::from_str(body).expect("JSON");
            let parts = ["deletes", "puts", "posts"].into_iter().filter_map(|name| {
                body[name].as_array().map(|list| format!("{} {name}", list.len()))
            });
            parts.collect::<Vec<_>>().join(" ")
        });
        let expected: Vec<_> = expected.into_iter().filter(|it| !it.is_empty()).collect();
        assert_eq!(calls.collect::<Vec<_>>(), expected);
    }
}

/// A delete is done. An update is not: what the report calls applied is in the zone. It is not made anew at once either,
/// because its ownership record may have vanished as well, and nobody would own what is made; the next run sees how the
/// zone is then. The provider's page says so.
#[tokio::test]
async fn cloudflare_case_19_a_vanished_record() {
    for (desired, text) in [(vec![], None), (many(1), Some("was changed since it was read"))] {
        let reads = std::sync::atomic::AtomicU32::new(0);
        let server = server("free", json!([]), move |request| {
            if request.method != "GET" {
                return Some(failing(404, "Record does not exist."));
            }
            let first = request.path.ends_with("dns_records")
                && reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
            let record = listed("r1", "A", "n0.bar.com", "1.2.3.4", 300);
            first.then(|| Reply::json(200, &json!({ "result": [record] })))
        });
        let desired: Vec<Endpoint> = desired
            .into_iter()
            .map(|mut it: Endpoint| {
                it.set.ttl = Ttl::from_seconds(600);
                it
            })
            .collect();
        let outcomes = run(&*make(&server.url()), desired).await;
        match (text, &outcomes[..]) {
            (None, [Outcome::Applied]) => {}
            (Some(text), [Outcome::Rejected(failure)]) => {
                assert!(failure.message.contains(text), "{failure}");
            }
            _ => panic!("{outcomes:?}"),
        }
    }
}

/// The service takes records of every type in a batch; upstream's client library could not put some of them into one (PTR,
/// DNAME, CAA) and changed them one by one. Here they stay in the batch, as calls of their own would part a record from its
/// ownership record, which are changed together or not at all. CAA is not managed. The provider's page says so.
#[tokio::test]
async fn cloudflare_case_21_no_type_needs_calls_of_its_own() {
    let records =
        ["ptr1", "ptr2"].map(|id| listed(id, "PTR", &format!("{id}.bar.com"), "h.com", 300));
    let server = plain(json!(records));
    let own = |id| endpoint(&format!("{id}.bar.com"), RecordType::Ptr, 600, &["h.com"]);
    let caa = endpoint("bar.com", RecordType::Other(257), 0, &["0 issue \"ca.com\""]);
    run(&*make(&server.url()), vec![own("ptr1"), own("ptr2"), caa]).await;
    let sent = sent(&server);
    assert!(
        sent.len() == 1 && sent[0].starts_with("POST dns_records/batch {\"puts\":"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn cloudflare_case_22_a_plan_changes_nothing() {
    let server = plain(json!([listed("r1", "A", "a.bar.com", "1.2.3.4", 300)]));
    let args = CloudflareArgs { cloudflare_region_key: "eu".to_owned(), ..args() };
    let provider = make_with(&server.url(), args);
    let inventory = provider.read().await.expect("readable");
    let adjusted = provider.adjust(many(3), &inventory.index).await.expect("adjusted");
    assert_eq!(plan(&inventory, &adjusted.endpoints).len(), 4);
    assert_eq!(sent(&server), [""; 0]);
    assert!(provider.calls().iter().all(|count| !count.mutating));
}

/// Upstream sends every change of such a batch in a call of its own.
#[tokio::test(start_paused = true)]
async fn a_batch_that_comes_too_fast_is_sent_again_as_it_is() {
    for status in [429, 503] {
        let calls = std::sync::atomic::AtomicU32::new(0);
        let server = server("free", json!([]), move |request| {
            let first = request.method == "POST"
                && calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
            first.then(|| failing(status, "slow down"))
        });
        let outcomes = run(&*make(&server.url()), many(50)).await;
        assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{status}: {outcomes:?}");
        let sent = sent(&server);
        assert_eq!(sent.len(), 2, "{status}: {sent:?}");
        assert_eq!(sent[0], sent[1], "{status}");
    }
}
