//! Events as they are recorded.

use serde_json::json;

use super::*;

/// Events as the services send them, and what they ask for.
#[test]
fn recorded_events_ask_for_what_they_say() {
    let first = |messages| Batch { messages, unreadable: 0, attempt: 1, stalled: 0 };
    let direct = |action| Event::Direct(Invocation { action, ..Invocation::default() });
    let everything = Invocation {
        action: Action::Apply,
        targets: vec!["public".to_owned()],
        plan_hash: Some(
            "3758f1d4b67ad92aa25322b95202bc058d9b5df26cf4d28707a1a4bfc363ecd4".to_owned(),
        ),
        allow_deletes: [("example.org".to_owned(), Some(12)), ("Z1".to_owned(), None)].into(),
        allow_empty: vec!["prod".to_owned()],
    };
    let table = [
        ("schedule", include_str!("../../../../tests/lambda/events/schedule.json"), Event::Rule),
        ("scheduler", include_str!("../../../../tests/lambda/events/scheduler.json"), Event::Rule),
        (
            "sqs-changes",
            include_str!("../../../../tests/lambda/events/sqs-changes.json"),
            Event::Queue(first(2)),
        ),
        (
            "sqs-schedule",
            include_str!("../../../../tests/lambda/events/sqs-schedule.json"),
            Event::Queue(first(1)),
        ),
        (
            "sqs-again",
            include_str!("../../../../tests/lambda/events/sqs-again.json"),
            Event::Queue(Batch { attempt: 3, stalled: 1, ..first(1) }),
        ),
        (
            "sqs-poison",
            include_str!("../../../../tests/lambda/events/sqs-poison.json"),
            Event::Queue(Batch { unreadable: 1, ..first(1) }),
        ),
        (
            "direct-nothing",
            include_str!("../../../../tests/lambda/events/direct-nothing.json"),
            direct(Action::Plan),
        ),
        (
            "direct-everything",
            include_str!("../../../../tests/lambda/events/direct-everything.json"),
            Event::Direct(everything),
        ),
    ];
    for (name, text, expected) in table {
        let event: Value = serde_json::from_str(text).expect(name);
        assert_eq!(Event::read(&event), Ok(expected), "{name}");
    }
}

#[test]
fn schedules_and_rules_of_eventbridge_are_known_by_their_envelope() {
    for source in ["aws.events", "aws.scheduler", "aws.eks", "my.app"] {
        let event = json!({
            "version": "0", "id": "53dc4d37", "detail-type": "Scheduled Event", "source": source,
            "account": "111111111111", "time": "2026-01-01T00:00:00Z", "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:111111111111:rule/r"], "detail": {},
        });
        assert_eq!(Event::read(&event), Ok(Event::Rule));
    }
}

#[test]
fn what_an_event_of_a_rule_says_beside_its_envelope_wins() {
    let with = |name: &str, value: Value| {
        let mut event = json!({ "source": "aws.events", "detail-type": "Scheduled Event" });
        event[name] = value;
        Event::read(&event)
    };
    let direct = |action| Ok(Event::Direct(Invocation { action, ..Invocation::default() }));
    assert_eq!(with("action", json!("plan")), direct(Action::Plan));
    assert_eq!(with("action", json!("apply")), direct(Action::Apply));
    assert_eq!(with("targets", json!([])), direct(Action::Plan));
    assert_eq!(with("replay-name", json!("r")), Ok(Event::Rule));
    let error = with("aktion", json!("plan")).expect_err("refused");
    assert!(error.contains("unknown field `aktion`"), "{error}");
    let error = with("planHash", json!("ab")).expect_err("refused");
    assert!(error.contains("give \"action\": \"apply\" with it"), "{error}");
}

#[test]
fn a_direct_invocation_may_say_nothing_or_everything() {
    let plan = Event::Direct(Invocation::default());
    assert_eq!(Event::read(&json!({})), Ok(plan));
    let all = json!({
        "action": "apply", "targets": ["aws"], "planHash": "ab",
        "allowDeletes": { "example.org": 12, "Z1": null }, "allowEmpty": ["default"],
    });
    let Ok(Event::Direct(invocation)) = Event::read(&all) else { panic!("{all} is refused") };
    assert_eq!(invocation.action, Action::Apply);
    assert_eq!(invocation.plan_hash.as_deref(), Some("ab"));
    assert_eq!(invocation.allow_deletes["example.org"], Some(12));
    assert_eq!(invocation.allow_deletes["Z1"], None);
    assert_eq!(invocation.allow_empty, ["default"]);
    let nothing = json!({ "action": "plan", "targets": [], "planHash": null, "allowDeletes": {}, "allowEmpty": [] });
    assert_eq!(Event::read(&nothing), Ok(Event::Direct(Invocation::default())));
}

#[test]
fn what_is_neither_is_refused_with_the_reason() {
    let cases = [
        (json!(null), "an event is a JSON object"),
        (json!([]), "an event is a JSON object"),
        (json!("apply"), "an event is a JSON object"),
        (json!({ "Records": [{ "eventSource": "aws:sqs" }] }), "missing field `body`"),
        (json!({ "Records": [{ "eventSource": "aws:s3", "body": "" }] }), "a record of \"aws:s3\""),
        (json!({ "Records": [], "action": "apply" }), "unknown field `action`"),
        (json!({ "action": "aply" }), "unknown variant `aply`, expected `plan` or `apply`"),
        (json!({ "aktion": "apply" }), "unknown field `aktion`, expected one of `action`"),
        (
            json!({ "action": "apply", "allowDeletes": { "example.org": -1 } }),
            "invalid value: integer `-1`",
        ),
        (
            json!({ "action": "apply", "allowDeletes": { "example.org": "all" } }),
            "invalid type: string \"all\"",
        ),
        (json!({ "action": "apply", "allowEmpty": "default" }), "invalid type: string \"default\""),
        (json!({ "planHash": "ab" }), "give \"action\": \"apply\" with it"),
        (json!({ "source": "aws.events" }), "unknown field `source`"),
        (json!({ "httpMethod": "POST", "body": "{}" }), "unknown field"),
    ];
    for (event, reason) in cases {
        let error = Event::read(&event).expect_err("refused");
        assert!(error.contains(reason), "{event}: {error}");
    }
}
