//! Batches of the queue: each is one run, is acknowledged however the run went, and may ask for another one.

use std::sync::{Arc, Mutex};

use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Bench, PLENTY};

const URL: &str = "https://sqs.us-east-1.amazonaws.com/111111111111/extdns.fifo";

const CHANGES: &str = include_str!("events/sqs-changes.json");
const POISON: &str = include_str!("events/sqs-poison.json");
const SCHEDULE: &str = include_str!("events/sqs-schedule.json");

/// A function with a queue and a store of state.
struct Queued {
    bench: Bench,
    /// What the service of the queue answers: its status.
    status: Arc<Mutex<u16>>,
    sqs: ScriptedServer,
    state: TempDir,
}

fn event(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

impl Queued {
    fn new() -> Self {
        let status = Arc::new(Mutex::new(200));
        let own = Arc::clone(&status);
        let sqs = ScriptedServer::start(move |_| {
            let status = *own.lock().expect("no panic");
            Reply::json(status, &json!({ "MessageId": "1", "__type": "QueueDoesNotExist" }))
        });
        let state = TempDir::new().expect("a folder");
        let bench = Bench::with(&[
            ("EXTERNAL_DNS_QUEUE_URL", URL),
            ("EXTERNAL_DNS_STATE", &format!("file:{}", state.path().join("state.json").display())),
            ("AWS_ENDPOINT_URL_SQS", &format!("http://{}", sqs.address())),
        ]);
        Self { bench, status, sqs, state }
    }

    /// The answer to a batch: there always is one.
    fn ask(&mut self, event: &Value) -> Value {
        let answer = self.bench.function.invoke(event, PLENTY);
        answer.unwrap_or_else(|error| panic!("{error:?}\n{}", self.bench.function.log())).json()
    }

    /// The bodies of the messages that were sent, and the ids by which the queue knows them.
    fn sent(&self) -> Vec<(Value, String)> {
        let messages = self.sqs.requests().into_iter().map(|request| request.json());
        messages
            .map(|sent| {
                assert_eq!(
                    (&sent["QueueUrl"], &sent["MessageGroupId"]),
                    (&json!(URL), &json!("sync"))
                );
                let text = |key: &str| sent[key].as_str().expect("text").to_owned();
                let body = serde_json::from_str(&text("MessageBody")).expect("JSON");
                (body, text("MessageDeduplicationId"))
            })
            .collect()
    }
}

/// A batch of the one message that was sent.
fn batch_of(body: &Value) -> Value {
    let mut batch = event(SCHEDULE);
    batch["Records"][0]["body"] = json!(body.to_string());
    batch
}

#[test]
fn a_batch_is_one_run_and_asks_for_no_other_when_it_went_well() {
    let mut queued = Queued::new();
    queued.bench.want(0..3);
    for (text, created) in [(CHANGES, 3), (SCHEDULE, 0), (POISON, 0)] {
        let answer = queued.ask(&event(text));
        assert_eq!((&answer["ok"], &answer["mode"]), (&json!(true), &json!("apply")), "{answer}");
        assert_eq!(answer["totals"]["create"], created);
    }
    assert_eq!(queued.bench.hosts(), [0, 1, 2]);
    assert!(queued.sent().is_empty());
    let log = queued.bench.log();
    assert!(log.iter().any(|line| line["unreadable"] == "1"), "{log:?}");
    assert_eq!(queued.bench.function.starts(), 1);
}

#[test]
fn a_batch_whose_run_failed_is_acknowledged_and_a_new_message_asks_for_the_next() {
    let mut queued = Queued::new();
    queued.bench.want(0..3);
    queued.bench.sim.end_after_calls(0);
    let answer = queued.ask(&event(CHANGES));
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(false), &json!(1)), "{answer}");
    let sent = queued.sent();
    let [(body, id)] = sent.as_slice() else { panic!("one message: {sent:?}") };
    let run = body["run"].as_str().expect("an id");
    assert_eq!(*body, json!({ "reason": "again", "run": run, "attempt": 2, "stalled": 1 }));
    assert_eq!(*id, format!("again-{run}-2"));

    // A second run without progress leaves it to the schedule.
    assert_eq!(queued.ask(&batch_of(body))["exitCode"], 1);
    assert_eq!(queued.sent().len(), 1);

    queued.bench.sim.heal();
    let answer = queued.ask(&event(SCHEDULE));
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(queued.bench.hosts(), [0, 1, 2]);
    assert_eq!(queued.sent().len(), 1);
}

#[test]
fn a_message_that_cannot_be_sent_is_no_error_of_the_batch() {
    let mut queued = Queued::new();
    queued.bench.sim.end_after_calls(0);
    *queued.status.lock().expect("no panic") = 400;
    assert_eq!(queued.ask(&event(CHANGES))["exitCode"], 1);
    let log = queued.bench.log();
    let told = |line: &Value| {
        let text = line["msg"].as_str().unwrap_or_default();
        text.contains("failed to send a message") && text.contains("waits for the schedule")
    };
    assert!(log.iter().any(told), "{log:?}");
}

#[test]
fn a_run_that_finds_the_lease_taken_posts_its_message_again() {
    let mut queued = Queued::new();
    queued.bench.want(0..3);
    let lease = json!({ "holder": "another run", "until": "2999-01-01T00:00:00Z" });
    let state = json!({ "aws": { "version": 1, "lease": lease } });
    let path = queued.state.path().join("state.json");
    std::fs::write(&path, state.to_string()).expect("written");
    let answer = queued.ask(&event(CHANGES));
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(true), &json!(0)), "{answer}");
    assert!(answer["meaning"].as_str().expect("text").starts_with("nothing was done"), "{answer}");
    let sent = queued.sent();
    let [(body, _)] = sent.as_slice() else { panic!("one message: {sent:?}") };
    assert_eq!((&body["attempt"], &body["stalled"]), (&json!(1), &json!(0)));
    assert_eq!(queued.bench.sim.writes(), 0);

    std::fs::remove_file(&path).expect("removed");
    assert_eq!(queued.ask(&batch_of(body))["totals"]["create"], 3);
    assert_eq!(queued.bench.hosts(), [0, 1, 2]);
}

#[test]
fn a_guard_that_stopped_changes_asks_for_no_other_run_and_is_lifted_by_a_direct_invocation() {
    let mut queued = Queued::new();
    queued.bench.want(0..20);
    queued.ask(&event(CHANGES));
    queued.bench.want(0..5);
    let answer = queued.ask(&event(CHANGES));
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(false), &json!(4)), "{answer}");
    assert!(queued.sent().is_empty());
    let lifted = json!({ "action": "apply", "allowDeletes": { "example.org": 15 } });
    let answer = queued.ask(&lifted);
    assert_eq!(
        (&answer["ok"], &answer["meaning"]),
        (&json!(true), &json!("every change was applied"))
    );
    assert_eq!(queued.bench.hosts().len(), 5);
}
