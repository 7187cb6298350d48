//! What every error of the function says.

use std::collections::BTreeMap;
use std::fmt;

use extdns_lambda::Diagnostic;
use extdns_messages::Messages;
use extdns_sync::settings::{Environment, Request, resolve};
use serde_json::{Value, json};

use crate::event::Event;
use crate::function::{NoAnswer, refuse_what_functions_have_not};

#[test]
fn every_error_has_its_message() {
    let mut messages = Messages::default();
    let broken = || serde_json::from_str::<Value>("").expect_err("no JSON");
    messages.show(Logged(format!("{:?}", NoAnswer::Refused(refusals().swap_remove(0)))));
    messages.show(Logged(format!("{:?}", NoAnswer::Unspeakable(broken()))));
    for problem in refusals() {
        messages.show(Answered::from(NoAnswer::Refused(problem)));
    }
    messages.show(Answered::from(NoAnswer::Unspeakable(broken())));
    for setting in [
        "output=json",
        "out=a",
        "report=a",
        "metrics-file=a",
        "manifests=-",
        "queue-url=extdns",
        "queue-url=https://sqs.eu-west-1.amazonaws.com/1/q.fifo",
    ] {
        messages.show(NotStarted(refused(setting)));
    }
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
}

/// What the log says of an event without an answer.
#[derive(Debug)]
struct Logged(String);

/// What the caller sees of an event without an answer: the type of the error, and its message.
#[derive(Debug)]
struct Answered(String, String);

/// Why the function does not start.
#[derive(Debug)]
struct NotStarted(String);

impl From<NoAnswer> for Answered {
    fn from(error: NoAnswer) -> Self {
        let Diagnostic { error_type, error_message } = error.into();
        Self(error_type, error_message)
    }
}

impl fmt::Display for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0, self.1)
    }
}

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every way in which an event is not for this function, or not sound.
fn refusals() -> Vec<String> {
    let events = [
        json!("apply"),
        json!({ "Records": [{ "eventSource": "aws:sqs" }] }),
        json!({ "Records": [{ "eventSource": "aws:s3", "body": "" }] }),
        json!({ "action": "aply" }),
        json!({ "aktion": "apply" }),
        json!({ "action": "apply", "allowDeletes": { "example.org": -1 } }),
        json!({ "action": "apply", "allowEmpty": "default" }),
        json!({ "planHash": "ab" }),
    ];
    events.iter().map(|event| Event::read(event).expect_err("a wrong event")).collect()
}

/// What a function says of a flag that it does not take.
fn refused(setting: &str) -> String {
    let arguments = ["--source=fake", "--provider=inmemory"];
    let setting = format!("--{setting}");
    let environment = Environment {
        arguments: arguments.into_iter().chain([setting.as_str()]).map(str::to_owned).collect(),
        variables: BTreeMap::new(),
        ..Environment::default()
    };
    match resolve(&environment) {
        Ok(Request::Run(arguments)) => {
            refuse_what_functions_have_not(&arguments).expect_err("a flag of the command line")
        }
        other => panic!("{setting}: {other:?}"),
    }
}
