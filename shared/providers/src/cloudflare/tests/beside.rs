//! Custom hostnames and regions.

use extdns_model::{Action, Change, Endpoint, Outcome, RecordType, Surroundings};
use extdns_testkit::http::{Reply, Request};
use serde_json::{Value, json};

use super::super::*;
use super::support::{apply, endpoint, listed, plan, run, sent, server, with};
use super::{args, make_with};
use crate::conformance::recorded::Exchange;

use RecordType::{A, Aaaa};

/// Answers the list at this path.
fn list(path: &'static str, items: Value) -> impl Fn(&Request) -> Option<Reply> + Send + Sync {
    move |request| {
        let asked = request.method == "GET" && request.path.ends_with(path);
        asked.then(|| Reply::json(200, &json!({ "result": items })))
    }
}

fn with_regions(flag: &str) -> CloudflareArgs {
    CloudflareArgs {
        cloudflare_regional_services: true,
        cloudflare_region_key: flag.to_owned(),
        ..args()
    }
}

/// What is sent beside records, for this region of `a.bar.com` now and then.
async fn region_calls(now: Option<&str>, desired: Option<&str>, flag: &str) -> Vec<String> {
    let items = now.map(|key| json!({ "hostname": "a.bar.com", "region_key": key }));
    let records = match (now, desired) {
        (None, Some(_)) => json!([]),
        _ => json!([listed("r1", "A", "a.bar.com", "1.2.3.4", 1)]),
    };
    let items = json!(items.into_iter().collect::<Vec<_>>());
    let listed = list("/regional_hostnames", items);
    // When the region goes, the record is gone.
    let server = server("pro", records, move |request| {
        let none = || Reply::json(200, &json!({ "result": [] }));
        request.target().contains("?name=").then(none).or_else(|| listed(request))
    });
    let desired = desired.map(|key| {
        let own = endpoint("a.bar.com", A, 0, &["1.2.3.4"]);
        if key == "-" { own } else { with(own, &[("region-key", key)]) }
    });
    let outcomes =
        run(&*make_with(&server.url(), with_regions(flag)), desired.into_iter().collect()).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    sent(&server).into_iter().filter(|it| !it.contains("dns_records")).collect()
}

#[tokio::test]
async fn cloudflare_case_23_a_hostname_has_the_region_of_its_records() {
    let path = "addressing/regional_hostnames";
    let post =
        |key: &str| format!("POST {path} {{\"hostname\":\"a.bar.com\",\"region_key\":\"{key}\"}}");
    let patch = |key: &str| format!("PATCH {path}/a.bar.com {{\"region_key\":\"{key}\"}}");
    let delete = format!("DELETE {path}/a.bar.com");
    let table = [
        (None, Some("eu"), "", vec![post("eu")]),
        (None, Some("-"), "us", vec![post("us")]),
        (Some("eu"), Some("us"), "", vec![patch("us")]),
        (Some("eu"), Some("eu"), "us", vec![]),
        (Some("eu"), Some("-"), "", vec![delete.clone()]),
        (Some("eu"), None, "", vec![delete]),
        (None, Some(""), "", vec![]),
    ];
    for (now, desired, flag, expected) in table {
        assert_eq!(region_calls(now, desired, flag).await, expected, "{now:?} {desired:?} {flag}");
    }
}

#[tokio::test]
async fn cloudflare_case_23_two_regions_of_a_name_are_a_conflict_and_an_empty_one_gives_way() {
    let key = |rtype, target: &str, key| {
        with(endpoint("a.bar.com", rtype, 0, &[target]), &[("region-key", key)])
    };
    let both = |first, second| [key(A, "1.2.3.4", first), key(Aaaa, "2001:db8::1", second)];
    for (first, second) in [("eu", ""), ("", "eu")] {
        let server = server("pro", json!([]), |_| None);
        run(&*make_with(&server.url(), with_regions("")), both(first, second).to_vec()).await;
        let calls = sent(&server).into_iter().filter(|it| !it.contains("dns_records"));
        let expected =
            "POST addressing/regional_hostnames {\"hostname\":\"a.bar.com\",\"region_key\":\"eu\"}";
        assert_eq!(calls.collect::<Vec<_>>(), [expected]);
    }
    let server = server("pro", json!([]), |_| None);
    let provider = make_with(&server.url(), with_regions(""));
    let [one, other] = both("eu", "us");
    let zone = Zone::new("001", extdns_model::Name::as_listed("bar.com"));
    let around = Surroundings { beside: &[&other.set], ..Surroundings::alone(&zone, &one.set) };
    let refusal = provider.refusal(&one.set, around).expect("a conflict");
    assert!(
        refusal.starts_with("conflicting region keys for regional hostname a.bar.com"),
        "{refusal}"
    );
}

/// The AAAA of a name keeps its region when the A goes.
#[tokio::test]
async fn a_region_stays_as_long_as_its_name_has_records() {
    let records = json!([
        listed("r1", "A", "a.bar.com", "1.2.3.4", 1),
        listed("r2", "AAAA", "a.bar.com", "2001:db8::1", 1),
    ]);
    let items = json!([{ "hostname": "a.bar.com", "region_key": "eu" }]);
    let server = server("pro", records, list("/regional_hostnames", items));
    let own = endpoint("a.bar.com", Aaaa, 0, &["2001:db8::1"]);
    run(&*make_with(&server.url(), with_regions("eu")), vec![own]).await;
    assert_eq!(sent(&server), ["DELETE dns_records/r1"]);
}

fn with_custom() -> CloudflareArgs {
    CloudflareArgs {
        cloudflare_custom_hostnames: true,
        cloudflare_custom_hostnames_certificate_authority: "google".to_owned(),
        ..args()
    }
}

fn custom(host: &str, origin: &str) -> Value {
    json!({ "id": format!("id-of-{host}"), "hostname": host, "custom_origin_server": origin })
}

fn post(host: &str) -> String {
    format!(
        "POST custom_hostnames {{\"custom_origin_server\":\"a.bar.com\",\"hostname\":\"{host}\",\"ssl\":\
         {{\"bundle_method\":\"ubiquitous\",\"certificate_authority\":\"google\",\"method\":\"http\",\
         \"settings\":{{\"min_tls_version\":\"1.0\"}},\"type\":\"dv\"}}}}"
    )
}

fn own(targets: &[&str], hosts: &str) -> Endpoint {
    with(endpoint("a.bar.com", A, 0, targets), &[("custom-hostname", hosts)])
}

#[tokio::test]
async fn cloudflare_case_24_custom_hostnames_follow_their_record() {
    let delete = |host: &str| format!("DELETE custom_hostnames/id-of-{host}");
    let there = json!([listed("r1", "A", "a.bar.com", "1.2.3.4", 1)]);
    let known = json!([custom("x.com", "a.bar.com"), custom("z.com", "other.bar.com")]);
    let table: Vec<(Value, Value, Vec<Endpoint>, Vec<String>)> = vec![
        // Two targets, and each hostname is made once.
        (
            json!([]),
            json!([]),
            vec![own(&["1.2.3.4", "1.2.3.5"], "y.com,x.com")],
            vec![post("x.com"), post("y.com")],
        ),
        (there.clone(), known.clone(), vec![own(&["1.2.3.4"], "x.com")], vec![]),
        (
            there.clone(),
            known.clone(),
            vec![own(&["1.2.3.4"], "y.com")],
            vec![delete("x.com"), post("y.com")],
        ),
        // A target changes, or one of two goes, and the hostname stays.
        (there.clone(), known.clone(), vec![own(&["1.2.3.9"], "x.com")], vec![]),
        (
            json!([
                listed("r1", "A", "a.bar.com", "1.2.3.4", 1),
                listed("r2", "A", "a.bar.com", "1.2.3.5", 1)
            ]),
            known.clone(),
            vec![own(&["1.2.3.4"], "x.com")],
            vec![],
        ),
        (there, known, vec![], vec![delete("x.com")]),
    ];
    for (records, known, desired, expected) in table {
        let server = server("pro", records, list("/custom_hostnames", known));
        let shown = format!("{desired:?}");
        run(&*make_with(&server.url(), with_custom()), desired).await;
        let calls = sent(&server).into_iter().filter(|it| it.contains("custom_hostnames"));
        assert_eq!(calls.collect::<Vec<_>>(), expected, "{shown}");
    }
}

#[tokio::test]
async fn cloudflare_case_24_without_the_flag_an_annotation_has_no_effect() {
    let records = json!([listed("r1", "A", "a.bar.com", "1.2.3.4", 1)]);
    let server = server("pro", records, |_| None);
    run(&*make_with(&server.url(), args()), vec![own(&["1.2.3.4"], "x.com")]).await;
    assert_eq!(sent(&server), [""; 0]);
    assert!(!server.requests().iter().any(|it| it.path.contains("custom_hostnames")));
}

/// The record is made, and the group says what is missing.
#[tokio::test]
async fn a_custom_hostname_of_another_record_is_not_taken() {
    let known = json!([custom("x.com", "other.bar.com")]);
    let server = server("pro", json!([]), list("/custom_hostnames", known));
    let provider = make_with(&server.url(), with_custom());
    let inventory = provider.read().await.expect("readable");
    let desired = vec![own(&["1.2.3.4"], "x.com")];
    let desired = provider.adjust(desired, &inventory.index).await.expect("adjusted").endpoints;
    let groups = plan(&inventory, &desired);
    assert!(matches!(&groups[0].changes[..], [Change { action: Action::Create(_), .. }]));
    let outcomes = apply(&*provider, &inventory, &groups).await;
    let [Outcome::Partial { done: 1, left: 0, reason }] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    let text = "x.com leads to other.bar.com; take it away there";
    assert!(reason.message.contains(text), "{reason}");
}

/// What the services answered then: the list of custom hostnames leaves out members that are optional, and the answer to
/// a delete has no envelope.
#[tokio::test]
async fn recorded_exchanges_about_custom_hostnames_and_regions() {
    let recorded = |name| Exchange::of("cloudflare", name);
    let path = |name| recorded(name).asked().1.rsplit('/').next().map(ToOwned::to_owned);
    assert_eq!(path("custom-hostnames-create-origin").as_deref(), Some("custom_hostnames"));
    assert_eq!(path("regional-hostnames-update").as_deref(), Some("hostname.example.com"));
    let table = [
        (
            "x.com",
            "us",
            vec!["PATCH addressing/regional_hostnames/www.unit.tests {\"region_key\":\"us\"}"],
        ),
        ("", "eu", vec!["DELETE custom_hostnames/id-of-x.com"]),
    ];
    for (host, region, expected) in table {
        let answers = move |request: &Request| {
            let last = request.path.rsplit('/').next().unwrap_or_default();
            Some(match (request.method.as_str(), last) {
                ("GET", "custom_hostnames") => {
                    let reply = recorded("custom-hostnames-list").reply();
                    let mut body: Value = serde_json::from_slice(reply.content()).expect("JSON");
                    let known = json!({ "id": "id-of-x.com", "hostname": "x.com",
                        "custom_origin_server": "www.unit.tests" });
                    body["result"].as_array_mut().expect("a list").push(known);
                    body["result_info"]["total_count"] = 2.into();
                    Reply::json(200, &body)
                }
                ("GET", "regional_hostnames") => recorded("list-regional-hostnames").reply(),
                ("DELETE", _) => recorded("custom-hostnames-delete").reply(),
                ("POST", "custom_hostnames") => recorded("custom-hostnames-create-origin").reply(),
                ("PATCH", _) => recorded("regional-hostnames-update").reply(),
                _ => return None,
            })
        };
        let records = json!([listed("r1", "A", "www.unit.tests", "1.2.3.4", 1)]);
        let server = server("pro", records, answers);
        let args = CloudflareArgs { cloudflare_custom_hostnames: true, ..with_regions("") };
        let own = endpoint("www.unit.tests", A, 0, &["1.2.3.4"]);
        let own = with(own, &[("custom-hostname", host), ("region-key", region)]);
        let outcomes = run(&*make_with(&server.url(), args), vec![own]).await;
        assert_eq!(outcomes, [Outcome::Applied]);
        let calls = sent(&server).into_iter().filter(|it| !it.contains("dns_records"));
        assert_eq!(calls.collect::<Vec<_>>(), expected);
    }
}

/// Of a name with another region than its records shall have, the region is changed, also if nobody of ours gave it one.
#[tokio::test]
async fn a_region_that_somebody_else_gave_a_name_is_changed() {
    let items = json!([{ "hostname": "a.bar.com", "region_key": "eu" }]);
    for (region, expected) in [
        ("us", "PATCH addressing/regional_hostnames/a.bar.com {\"region_key\":\"us\"}"),
        ("", "DELETE addressing/regional_hostnames/a.bar.com"),
    ] {
        let server = server("pro", json!([]), list("/regional_hostnames", items.clone()));
        let own = with(endpoint("a.bar.com", A, 0, &["1.2.3.4"]), &[("region-key", region)]);
        run(&*make_with(&server.url(), with_regions("")), vec![own]).await;
        assert_eq!(sent(&server)[1..], [expected]);
    }
}

/// Upstream reads them for every type of a name, and so updates those without the annotation in every run.
#[tokio::test]
async fn only_a_and_cname_have_custom_hostnames() {
    let records = json!([
        listed("r1", "A", "a.bar.com", "1.2.3.4", 1),
        listed("r2", "AAAA", "a.bar.com", "2001:db8::1", 1),
    ]);
    let known = json!([custom("x.com", "a.bar.com")]);
    let server = server("pro", records, list("/custom_hostnames", known));
    let v6 = endpoint("a.bar.com", Aaaa, 0, &["2001:db8::1"]);
    let annotated = with(v6.clone(), &[("custom-hostname", "x.com")]);
    for v6 in [v6, annotated] {
        run(&*make_with(&server.url(), with_custom()), vec![own(&["1.2.3.4"], "x.com"), v6]).await;
        assert_eq!(sent(&server), [""; 0]);
    }
}
