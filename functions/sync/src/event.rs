//! From an event to what it asks for.

use std::collections::BTreeMap;

use extdns_relay::queue::Batch;
use serde::Deserialize;
use serde_json::Value;

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A rule of EventBridge, such as a schedule: apply, unless the settings say `--dry-run`.
    Rule,
    /// A batch of messages of the queue, which is one run: apply, unless the settings say `--dry-run`.
    Queue(Batch),
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
            return batch(event).map(Self::Queue);
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

/// A batch of a queue of SQS, with what matters of its messages.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Records {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_source: String,
    body: String,
}

fn batch(event: &Value) -> Result<Batch, String> {
    let wrong = |problem: String| format!("the event is no batch of a queue of SQS: {problem}");
    let Records { records } =
        Records::deserialize(event).map_err(|error| wrong(error.to_string()))?;
    if let Some(other) = records.iter().find(|record| record.event_source != SQS) {
        return Err(wrong(format!("it has a record of {:?}", other.event_source)));
    }
    Ok(Batch::of(records.iter().map(|record| &*record.body)))
}

/// What messages of SQS have as their source.
const SQS: &str = "aws:sqs";

#[cfg(test)]
mod tests;
