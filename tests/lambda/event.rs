//! What each kind of event does.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Bench, host, schedule};

#[test]
fn a_schedule_applies() {
    let mut bench = Bench::new();
    bench.want(0..3);
    let answer = bench.ask(&schedule());
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(answer["mode"], "apply");
    assert_eq!(answer["exitCode"], 0);
    assert_eq!(answer["totals"]["create"], 3);
    assert_eq!(bench.hosts(), [0, 1, 2]);
}

#[test]
fn an_action_in_an_event_of_a_rule_wins() {
    let mut bench = Bench::new();
    bench.want(0..3);
    let mut event = schedule();
    event["action"] = json!("plan");
    let answer = bench.ask(&event);
    assert_eq!((&answer["ok"], &answer["mode"]), (&json!(true), &json!("plan")), "{answer}");
    assert_eq!(bench.sim.writes(), 0);

    event["action"] = json!("apply");
    assert_eq!(bench.ask(&event)["mode"], "apply");
    assert_eq!(bench.hosts(), [0, 1, 2]);

    event["aktion"] = json!("plan");
    let error = bench.invoke(&event).expect_err("an unknown field");
    assert!(error.error_message.contains("aktion"), "{error:?}");
}

#[test]
fn a_schedule_of_a_dry_run_plans() {
    let mut bench = Bench::with(&[("EXTERNAL_DNS_DRY_RUN", "true")]);
    bench.want(0..3);
    let answer = bench.ask(&schedule());
    assert_eq!((&answer["ok"], &answer["mode"]), (&json!(true), &json!("plan")), "{answer}");
    assert_eq!(answer["totals"]["create"], 3);
    assert_eq!(bench.sim.writes(), 0);

    bench.ask(&json!({ "action": "apply" }));
    assert_eq!(bench.hosts(), [0, 1, 2], "somebody who says so applies");
}

#[test]
fn a_direct_invocation_plans_unless_it_says_apply() {
    let mut bench = Bench::new();
    bench.want(0..2);
    for event in [json!({}), json!({ "action": "plan", "targets": ["aws"] })] {
        let answer = bench.ask(&event);
        assert_eq!((&answer["ok"], &answer["mode"]), (&json!(true), &json!("plan")), "{answer}");
        let change = &answer["changes"][0];
        assert_eq!(change["zone"], "example.org");
        assert_eq!((&change["action"], &change["name"]), (&json!("create"), &json!(host(0))));
        assert_eq!(answer["moreChanges"], 0);
    }
    assert_eq!(bench.sim.writes(), 0);
    let answer = bench.ask(&json!({ "action": "apply" }));
    assert_eq!((&answer["ok"], &answer["mode"]), (&json!(true), &json!("apply")), "{answer}");
    assert_eq!(bench.hosts(), [0, 1]);
}

#[test]
fn an_apply_with_a_hash_writes_that_plan_or_nothing() {
    let mut bench = Bench::new();
    bench.want(0..2);
    let hash = bench.ask(&json!({}))["planHashes"]["aws"].as_str().expect("a hash").to_owned();

    bench.want(0..3);
    let apply = json!({ "action": "apply", "planHash": hash });
    let answer = bench.ask(&apply);
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(false), &json!(5)), "{answer}");
    assert!(text(&answer["alerts"]).contains(&hash), "{answer}");
    assert_eq!(bench.sim.writes(), 0);

    bench.want(0..2);
    let answer = bench.ask(&apply);
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(bench.hosts(), [0, 1]);
}

#[test]
fn an_event_that_is_none_is_an_error_and_nothing_is_read_or_written() {
    let mut bench = Bench::new();
    bench.want(0..2);
    let cases = [
        (json!("apply"), "a JSON object"),
        (json!({ "action": "aply" }), "unknown variant `aply`"),
        (json!({ "action": "apply", "target": "aws" }), "unknown field `target`"),
        (
            json!({ "action": "apply", "targets": ["cdn"] }),
            "there is no target \"cdn\", only \"aws\"",
        ),
        (json!({ "action": "apply", "planHash": "abc" }), "64 hexadecimal digits"),
        (
            json!({ "Records": [{ "eventSource": "aws:s3", "body": "" }] }),
            "it has a record of \"aws:s3\"",
        ),
    ];
    for (event, reason) in cases {
        let error = bench.invoke(&event).expect_err("an error");
        assert_eq!(error.error_type, "Event");
        assert!(error.error_message.contains(reason), "{event}: {error:?}");
        let logged = bench.log().pop().expect("a line");
        assert_eq!(logged["msg"], format!("the event is refused: {}", error.error_message));
    }
    assert!(bench.sim.requests().is_empty());
    assert_eq!(bench.function.starts(), 1);
}

#[test]
fn a_run_logs_metrics_and_every_change() {
    let mut bench = Bench::new();
    bench.want(0..120);
    let answer = bench.ask(&schedule());
    assert_eq!(answer["changes"].as_array().map(Vec::len), Some(100));
    assert_eq!(answer["moreChanges"], 20);
    let metrics = bench.metrics();
    let [run] = metrics.as_slice() else { panic!("one line a run: {metrics:?}") };
    let definition = &run["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(definition["Namespace"], "external-dns/function");
    assert_eq!(definition["Dimensions"], json!([[]]));
    assert_eq!((&run["RunFailed"], &run["Creates"]), (&json!(0), &json!(120)));
    assert_eq!((&run["Succeeded"], &run["Failures"]), (&json!(1), &json!(0)));
    let log = bench.log();
    for number in 0..120 {
        assert!(log.iter().any(|line| line["name"] == host(number)), "{}", host(number));
    }
}

#[test]
fn a_direct_invocation_is_for_the_targets_that_it_names() {
    let dir = TempDir::new().expect("a folder");
    let config = dir.path().join("extdns.yaml");
    let text = "apiVersion: extdns/v1\ntargets:\n  - { name: public, provider: aws }\n  \
                - { name: other, provider: inmemory }\n";
    std::fs::write(&config, text).expect("written");
    let config = config.to_str().expect("text");
    let mut bench = Bench::with(&[("EXTERNAL_DNS_CONFIG", config), ("EXTERNAL_DNS_PROVIDER", "")]);
    bench.want(0..2);
    let hashes = |answer: &Value| {
        let hashes = answer["planHashes"].as_object().expect("an object");
        hashes.keys().cloned().collect::<Vec<_>>()
    };
    for (targets, planned) in [
        (json!(["public"]), &["public"][..]),
        (json!(["other"]), &["other"]),
        (json!(["other", "public"]), &["other", "public"]),
        (json!([]), &["other", "public"]),
    ] {
        let answer = bench.ask(&json!({ "targets": targets }));
        assert_eq!(hashes(&answer), planned, "{targets}: {answer}");
    }
    let answer = bench.ask(&json!({ "action": "apply", "targets": ["other"] }));
    assert_eq!((&answer["mode"], &answer["totals"]["create"]), (&json!("apply"), &json!(2)));
    assert_eq!(bench.sim.writes(), 0);
    let hash = bench.ask(&json!({ "targets": ["public"] }))["planHashes"]["public"].clone();
    let apply = json!({ "action": "apply", "targets": ["public"], "planHash": hash });
    assert_eq!(bench.ask(&apply)["ok"], true);
    assert_eq!(bench.hosts(), [0, 1]);
    let named: Vec<Value> =
        bench.log().into_iter().filter(|line| line["Target"] == "public").collect();
    assert_eq!(named.last().expect("metrics of the target")["Creates"], 2);
    assert_eq!(bench.function.starts(), 1);
}

#[test]
fn what_happened_is_said_in_words() {
    let mut bench = Bench::new();
    let means = |bench: &mut Bench, event: &Value| bench.ask(event)["meaning"].clone();
    assert_eq!(means(&mut bench, &json!({})), "in sync: there is nothing to change");
    bench.want(0..2);
    assert_eq!(means(&mut bench, &json!({})), "the plan has changes; nothing was written");
    assert_eq!(means(&mut bench, &schedule()), "every change was applied");
    assert_eq!(means(&mut bench, &schedule()), "in sync: there is nothing to change");
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
