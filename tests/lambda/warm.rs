//! One process, several events: nothing of one is in the next.

use extdns_testkit::kube::{ADMIN, Login};
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim, User};
use serde_json::{Value, json};

use crate::support::{Bench, host, schedule};

#[test]
fn an_override_and_a_hash_are_for_one_event() {
    let mut bench = Bench::new();
    bench.want(0..20);
    assert_eq!(bench.ask(&schedule())["ok"], true);

    bench.want(0..5);
    let answer = bench.ask(&schedule());
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(false), &json!(4)), "{answer}");
    assert_eq!(bench.hosts().len(), 20);
    let allowed = override_of(&answer);
    let mut apply = json!({ "action": "apply" });
    apply.as_object_mut().expect("an object").extend(allowed);
    let answer = bench.ask(&apply);
    assert_eq!(
        (&answer["ok"], &answer["totals"]["delete"]),
        (&json!(true), &json!(15)),
        "{answer}"
    );
    assert_eq!(bench.hosts().len(), 5);

    bench.want(0..20);
    let hash = bench.ask(&json!({}))["planHashes"]["aws"].clone();
    assert_eq!(bench.ask(&json!({ "action": "apply", "planHash": hash }))["ok"], true);
    bench.want(0..21);
    assert_eq!(bench.ask(&schedule())["ok"], true, "the hash was for the event before");
    assert_eq!(bench.hosts().len(), 21);

    bench.want(0..5);
    let answer = bench.ask(&schedule());
    assert_eq!(answer["exitCode"], 4, "the override was for one event: {answer}");
    assert_eq!(bench.hosts().len(), 21);
    assert_eq!(bench.function.starts(), 1);
}

#[test]
fn a_cluster_that_suddenly_wants_nothing_is_frozen_until_an_event_allows_it() {
    let mut bench = Bench::with(&[("EXTERNAL_DNS_MAX_DELETE_PERCENT", "100")]);
    bench.want(0..15);
    assert_eq!(bench.ask(&schedule())["ok"], true);

    bench.want(0..0);
    let answer = bench.ask(&schedule());
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(false), &json!(3)), "{answer}");
    assert_eq!(bench.hosts().len(), 15);
    assert_eq!(bench.metrics().last().expect("metrics")["FrozenClusters"], 1);

    let mut apply = json!({ "action": "apply" });
    apply.as_object_mut().expect("an object").extend(override_of(&answer));
    assert_eq!(apply["allowEmpty"], json!(["default"]));
    let answer = bench.ask(&apply);
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(bench.hosts().len(), 0);
    assert_eq!(bench.function.starts(), 1);
}

#[test]
fn totals_and_failures_are_those_of_one_event() {
    let mut bench = Bench::new();
    bench.want(0..10);
    bench.sim.end_after_calls(0);
    let answer = bench.ask(&json!({ "action": "apply" }));
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(false), &json!(1)), "{answer}");
    assert_ne!(answer["alerts"], json!([]));

    bench.sim.heal();
    let answer = bench.ask(&json!({ "action": "apply" }));
    assert_eq!(answer["alerts"], json!([]), "{answer}");
    assert_eq!(answer["totals"]["create"], 10);
    let answer = bench.ask(&json!({ "action": "apply" }));
    assert_eq!(answer["totals"]["create"], 0, "{answer}");
    assert_eq!(answer["changes"], json!([]));
    let failed: Vec<Value> = bench.metrics().iter().map(|run| run["RunFailed"].clone()).collect();
    assert_eq!(failed, [1, 0, 0]);
    assert_eq!(bench.function.starts(), 1);
}

fn service(host: &str, address: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "name": "web", "namespace": "shop",
            "annotations": { "external-dns.alpha.kubernetes.io/hostname": host },
        },
        "spec": { "type": "LoadBalancer" },
        "status": { "loadBalancer": { "ingress": [{ "ip": address }] } },
    })
}

#[test]
fn all_events_use_one_connection_until_the_kubeconfig_has_another_token() {
    let users = ["first", "second"].map(|token| User::admin("reader", token));
    let [first, second] = users;
    let cluster = KubeSim::builder()
        .object(service(&host(1), "192.0.2.1"))
        .user(first)
        .user(second)
        .pages_only()
        .tls()
        .start();
    let of = |token| cluster.kubeconfig(Login::Token(token));
    let kubeconfig = cluster.write_kubeconfig(&of("first"));
    let mut bench = Bench::with(&[
        ("EXTERNAL_DNS_SOURCE", "service"),
        ("EXTERNAL_DNS_MANIFESTS", ""),
        ("EXTERNAL_DNS_KUBECONFIG", kubeconfig.to_str().expect("text")),
    ]);
    for number in 1..4 {
        cluster.apply(service(&host(number), "192.0.2.1"));
        assert_eq!(bench.ask(&schedule())["totals"]["create"], 1);
        assert_eq!(bench.hosts(), [number], "each event reads what is there now");
    }
    assert_eq!(cluster.connections(), 1);

    std::fs::write(&kubeconfig, of("second").to_string()).expect("written");
    cluster.apply(service(&host(4), "192.0.2.1"));
    assert_eq!(bench.ask(&schedule())["totals"]["create"], 1);
    assert_eq!(cluster.connections(), 2);
    let tokens: Vec<String> = cluster
        .requests()
        .iter()
        .filter_map(|request| Some(request.header("authorization")?.to_owned()))
        .collect();
    assert_eq!(tokens.first().map(String::as_str), Some("Bearer first"));
    assert_eq!(tokens.last().map(String::as_str), Some("Bearer second"));
    assert_eq!(bench.function.starts(), 1);
}

#[test]
fn each_event_reads_the_cluster_anew() {
    let cluster = KubeSim::builder().object(service(&host(1), "192.0.2.1")).tls().start();
    let kubeconfig = cluster.write_kubeconfig(&cluster.kubeconfig(ADMIN));
    let mut bench = Bench::with(&[
        ("EXTERNAL_DNS_SOURCE", "service"),
        ("EXTERNAL_DNS_MANIFESTS", ""),
        ("EXTERNAL_DNS_KUBECONFIG", kubeconfig.to_str().expect("text")),
    ]);
    assert_eq!(bench.ask(&schedule())["totals"]["create"], 1);
    assert_eq!(bench.hosts(), [1]);

    cluster.apply(service(&host(2), "192.0.2.2"));
    let answer = bench.ask(&schedule());
    let totals = &answer["totals"];
    assert_eq!((&totals["create"], &totals["delete"]), (&json!(1), &json!(1)), "{answer}");
    assert_eq!(bench.hosts(), [2]);

    cluster.fail(Fault::new("services", Effect::Forbidden));
    let answer = bench.ask(&schedule());
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(false), &json!(1)), "{answer}");
    assert_eq!(bench.hosts(), [2], "what could not be read is not deleted");

    cluster.heal();
    let answer = bench.ask(&schedule());
    assert_eq!((&answer["ok"], &answer["changes"]), (&json!(true), &json!([])), "{answer}");
    assert_eq!(bench.function.starts(), 1);
}

/// What the first alert says that has to be added to the event.
fn override_of(answer: &Value) -> serde_json::Map<String, Value> {
    let added =
        answer["alerts"][0]["function"].as_str().unwrap_or_else(|| panic!("no override: {answer}"));
    serde_json::from_str(&format!("{{{added}}}")).expect("fields of an event")
}
