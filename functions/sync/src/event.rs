//! From an event to what it asks for.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A rule of EventBridge, such as a schedule: apply, unless the settings say `--dry-run`.
    Rule,
    /// Somebody asks, and waits for the answer.
    Direct(Invocation),
}

/// A direct invocation. What it does not say is a plan for all targets.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Invocation {
    /// Plan only, or apply.
    pub(crate) action: Action,
    /// The targets; none for all.
    pub(crate) targets: Vec<String>,
    /// The hash that the plan must have to be applied.
    pub(crate) plan_hash: Option<String>,
    /// As `--allow-deletes`: zones or targets, and how many deletes; any number for `null`.
    pub(crate) allow_deletes: BTreeMap<String, Option<usize>>,
    /// As `--allow-empty`: clusters.
    pub(crate) allow_empty: Vec<String>,
}

/// What a direct invocation does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    #[default]
    Plan,
    Apply,
}

/// The fields of an event of EventBridge.
/// <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>
const ENVELOPE: [&str; 10] = [
    "version",
    "id",
    "detail-type",
    "source",
    "account",
    "time",
    "region",
    "resources",
    "detail",
    "replay-name",
];

impl Event {
    /// Reads an event. Whatever is not surely meant for this function is refused.
    pub(crate) fn read(event: &Value) -> Result<Self, String> {
        let Value::Object(fields) = event else {
            return Err("an event is a JSON object, such as {\"action\": \"plan\"}".to_owned());
        };
        if fields.contains_key("Records") {
            return Err("batches of a queue are not read; let a schedule or a direct invocation call the function"
                .to_owned());
        }
        let is_of_rule = ["source", "detail-type"]
            .iter()
            .all(|name| fields.get(*name).is_some_and(Value::is_string));
        let mut said = fields.clone();
        if is_of_rule {
            said.retain(|name, _| !ENVELOPE.contains(&name.as_str()));
            if said.is_empty() {
                return Ok(Self::Rule);
            }
        }
        // What is said beside the envelope of a rule counts: a plan does not write.
        let invocation = Invocation::deserialize(Value::Object(said)).map_err(|error| {
            format!("the event is neither one of EventBridge nor a direct invocation: {error}")
        })?;
        if invocation.plan_hash.is_some() && invocation.action == Action::Plan {
            return Err(
                "planHash says what may be applied: give \"action\": \"apply\" with it".to_owned()
            );
        }
        Ok(Self::Direct(invocation))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
            (
                json!({ "Records": [{ "eventSource": "aws:sqs" }] }),
                "batches of a queue are not read",
            ),
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
            (
                json!({ "action": "apply", "allowEmpty": "default" }),
                "invalid type: string \"default\"",
            ),
            (json!({ "planHash": "ab" }), "give \"action\": \"apply\" with it"),
            (json!({ "source": "aws.events" }), "unknown field `source`"),
            (json!({ "httpMethod": "POST", "body": "{}" }), "unknown field"),
        ];
        for (event, reason) in cases {
            let error = Event::read(&event).expect_err("refused");
            assert!(error.contains(reason), "{event}: {error}");
        }
    }
}
