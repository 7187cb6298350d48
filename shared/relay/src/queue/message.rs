//! The messages of the queue.

use serde::{Deserialize, Serialize};

/// The one group of messages: batches of a group are worked on one after the other.
pub const GROUP: &str = "sync";

/// Why a run is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "camelCase", deny_unknown_fields)]
pub enum Message {
    /// Something changed in a cluster.
    #[serde(rename_all = "camelCase")]
    Change {
        /// The number of the window in which it changed.
        window: u64,
        /// The cluster, as a hint: the run reads all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cluster: Option<String>,
        /// The object, as a hint.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        object: String,
    },
    /// It is time: the schedule posts this.
    #[serde(rename_all = "camelCase")]
    Schedule {
        /// The time of the schedule.
        time: String,
    },
    /// A run failed in part or whole, or could not begin.
    #[serde(rename_all = "camelCase")]
    Again {
        /// The id of that run.
        run: String,
        /// Which attempt is due: the first one after a failure is the second.
        attempt: u8,
        /// How many runs in a row made no progress.
        stalled: u8,
    },
}

/// A message as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The text.
    pub body: String,
    /// The queue keeps one message of those with the same id.
    pub deduplication_id: String,
}

/// The part of an event of EventBridge that says so.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct OfRule {
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "detail-type")]
    _detail_type: String,
    #[serde(default)]
    time: String,
}

impl Message {
    /// Reads a message, also an event that a rule of EventBridge sends as it is. `None` for anything else, which
    /// counts as a wish for a run.
    #[must_use]
    pub fn read(body: &str) -> Option<Self> {
        if let Ok(message) = serde_json::from_str(body) {
            return Some(message);
        }
        let OfRule { time, .. } = serde_json::from_str(body).ok()?;
        Some(Self::Schedule { time })
    }

    /// As it is sent.
    #[must_use]
    pub fn posted(&self) -> Posted {
        let deduplication_id = match self {
            Self::Change { window, .. } => format!("window-{window}"),
            Self::Schedule { time } => format!("schedule-{time}"),
            Self::Again { run, attempt, .. } => format!("again-{run}-{attempt}"),
        };
        let body = serde_json::to_string(self).unwrap_or_default();
        Posted { body, deduplication_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_they_are_sent() {
        let messages = [
            Message::Change {
                window: 7,
                cluster: Some("prod".into()),
                object: "services/a/b".into(),
            },
            Message::Change { window: 7, cluster: None, object: String::new() },
            Message::Schedule { time: "2026-01-01T00:00:00Z".into() },
            Message::Again { run: "8476a536".into(), attempt: 2, stalled: 1 },
        ];
        let sent = messages.each_ref().map(Message::posted);
        let bodies = sent.each_ref().map(|own| own.body.as_str());
        assert_eq!(
            bodies,
            [
                r#"{"reason":"change","window":7,"cluster":"prod","object":"services/a/b"}"#,
                r#"{"reason":"change","window":7}"#,
                r#"{"reason":"schedule","time":"2026-01-01T00:00:00Z"}"#,
                r#"{"reason":"again","run":"8476a536","attempt":2,"stalled":1}"#,
            ]
        );
        assert_eq!(bodies.map(Message::read), messages.map(Some));
        assert_eq!(sent[0].deduplication_id, sent[1].deduplication_id, "one message a window");
    }

    #[test]
    fn an_event_of_a_rule_is_a_schedule_and_anything_else_is_none() {
        let event = r#"{"version":"0","source":"aws.events","detail-type":"Scheduled Event","time":"T","detail":{}}"#;
        assert_eq!(Message::read(event), Some(Message::Schedule { time: "T".into() }));
        for poison in [
            "",
            "{",
            "{}",
            "null",
            r#"{"reason":"change"}"#,
            r#"{"reason":"change","window":1,"x":1}"#,
        ] {
            assert_eq!(Message::read(poison), None, "{poison}");
        }
    }
}
