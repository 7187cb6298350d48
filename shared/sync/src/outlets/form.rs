//! What services of messages expect.

use serde_json::{Value, json};

use crate::report::{Answer, Digest, Report};

/// The form of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An incoming webhook of Slack: <https://api.slack.com/messaging/webhooks>.
    Slack,
    /// A workflow of Teams that takes cards: <https://learn.microsoft.com/power-automate/teams/send-a-message-in-teams>.
    Teams,
    /// The answer of the function, with a sentence, for programs.
    Json,
}

/// Hosts that tell what they expect, by their ends.
const HOSTS: [(&str, Form); 5] = [
    ("hooks.slack.com", Form::Slack),
    ("hooks.slack-gov.com", Form::Slack),
    (".webhook.office.com", Form::Teams),
    (".logic.azure.com", Form::Teams),
    (".api.powerplatform.com", Form::Teams),
];

impl Form {
    pub(super) fn of_host(host: &str) -> Self {
        let known = HOSTS.iter().find(|(end, _)| host.ends_with(end));
        known.map_or(Self::Json, |(_, form)| *form)
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "slack" => Some(Self::Slack),
            "teams" => Some(Self::Teams),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// The body of the request.
    pub(super) fn body(self, digest: &Digest, report: &Report) -> Value {
        let Digest { title, lines, .. } = digest;
        match self {
            Self::Slack => {
                let lines = slack(&lines.join("\n"));
                let below = if lines.is_empty() { lines } else { format!("\n```{lines}```") };
                json!({ "text": format!("*{}*{below}", slack(title)) })
            }
            Self::Teams => {
                let title =
                    json!({ "type": "TextBlock", "text": title, "weight": "Bolder", "wrap": true });
                let lines = lines.iter().map(|line| {
                    json!({ "type": "TextBlock", "text": line, "fontType": "Monospace", "wrap": true, "spacing": "None" })
                });
                let body: Vec<Value> = std::iter::once(title).chain(lines).collect();
                json!({
                    "type": "message",
                    "attachments": [{
                        "contentType": "application/vnd.microsoft.card.adaptive",
                        "content": {
                            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                            "type": "AdaptiveCard", "version": "1.4", "body": body,
                        },
                    }],
                })
            }
            Self::Json => {
                let mut body = json!(Answer::of(report));
                body["title"] = title.as_str().into();
                body
            }
        }
    }
}

/// <https://api.slack.com/reference/surfaces/formatting#escaping>; a fence in a text would end the block.
fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace("```", "'''")
}
