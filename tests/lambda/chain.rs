//! The whole way of a change in AWS: the binary of the relay, a queue of SQS that keeps the order, the binary of `sync`;
//! with the state in DynamoDB, the secret of the relay in Secrets Manager, configuration and report in S3.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use extdns_testkit::lambda::{Answer, FunctionError, Lambda};
use extdns_testkit::moto::Moto;
use extdns_testkit::process::skip;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{PLENTY, binary};

const TOKEN: &str = "path-token-of-the-one-cluster";
/// The group of messages that template.yaml names.
const GROUP: &str = "sync";

/// Both functions, and what is between them.
struct Chain {
    moto: Moto,
    relay: Lambda,
    sync: Lambda,
    queue: String,
    zone: String,
    dir: TempDir,
}

/// The relay's binary, which `cargo test --workspace` puts beside that of `sync`.
fn relay_binary() -> Option<PathBuf> {
    Some(Path::new(binary()).with_file_name("extdns-fn-relay")).filter(|path| path.exists())
}

fn service(host: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "name": "web", "namespace": "shop",
            "annotations": { "external-dns.alpha.kubernetes.io/hostname": host },
        },
        "spec": { "type": "LoadBalancer" },
        "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.7" }] } },
    })
    .to_string()
}

/// The call of the API server for that Service.
fn review(token: &str) -> Value {
    let event = include_str!("../relay/events/function-url.json");
    let mut event: Value = serde_json::from_str(event).expect("JSON");
    let review = json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": { "group": "", "version": "v1", "kind": "Service" },
            "resource": { "group": "", "version": "v1", "resource": "services" },
            "name": "web", "namespace": "shop", "operation": "CREATE",
            "object": {}, "oldObject": null, "dryRun": false,
        },
    });
    event["rawPath"] = json!(format!("/admission/prod/{token}"));
    event["body"] = json!(review.to_string());
    event["headers"] = json!({ "content-type": "application/json" });
    event
}

impl Chain {
    async fn start_or_skip(test: &str) -> Option<Self> {
        let Some(relay) = relay_binary() else {
            skip(test, "extdns-fn-relay (cargo build -p extdns-fn-relay)");
            return None;
        };
        let moto = Moto::start_or_skip(test).await?;
        let dir = TempDir::new().expect("a folder");
        let queue = queue(&moto);
        let zone = set_up(&moto, dir.path());
        let variables = |own: &[(&str, &str)]| {
            let aws = moto.variables().map(|(name, value)| (name.to_owned(), value));
            let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let both = [
                ("EXTERNAL_DNS_CONFIG", "s3://extdns/config.yaml"),
                ("EXTERNAL_DNS_QUEUE_URL", queue.as_str()),
                ("EXTERNAL_DNS_LOG_FORMAT", "json"),
            ];
            let both = both.map(|(name, value)| (name.to_owned(), value.to_owned()));
            aws.into_iter().chain(both).chain(own).collect::<Vec<_>>()
        };
        let of_relay = [
            ("EXTERNAL_DNS_RELAY_CREDENTIALS", "secretsManager:relay"),
            ("EXTERNAL_DNS_RELAY_WINDOW", "1s"),
        ];
        let of_sync = [
            ("EXTERNAL_DNS_STATE", "dynamodb:state"),
            ("EXTERNAL_DNS_REPORT", "s3://extdns/report.json"),
        ];
        let relay = Lambda::new(relay, variables(&of_relay));
        let sync = Lambda::new(binary(), variables(&of_sync));
        Some(Self { moto, relay, sync, queue, zone, dir })
    }

    fn want(&self, host: &str) {
        std::fs::write(self.dir.path().join("web.json"), service(host)).expect("written");
    }

    /// The status that the relay answers.
    fn call(&mut self, token: &str) -> Value {
        match self.relay.invoke(&review(token), PLENTY) {
            Ok(answer) => answer.json()["statusCode"].clone(),
            Err(error) => panic!("{error:?}\n{}\n{}", self.relay.log(), self.moto.log()),
        }
    }

    /// A message of the schedule, as the rule of template.yaml posts it.
    fn post_schedule(&self, time: &str) {
        self.post(&json!({ "reason": "schedule", "time": time }).to_string(), time);
    }

    fn post(&self, body: &str, id: &str) {
        self.sqs(&[
            "send-message",
            "--message-group-id",
            GROUP,
            "--message-deduplication-id",
            id,
            "--message-body",
            body,
        ]);
    }

    fn sqs(&self, arguments: &[&str]) -> Value {
        let [operation, rest @ ..] = arguments else { panic!("no operation") };
        self.moto.aws(&[&["sqs", operation, "--queue-url", &self.queue], rest].concat())
    }

    /// The messages that come within this time, in whole seconds.
    fn receive(&self, seconds: &str) -> Vec<Value> {
        let attributes = ["--attribute-names", "All", "--max-number-of-messages", "10"];
        let wait = ["--wait-time-seconds", seconds];
        let received = self.sqs(&[&["receive-message"][..], &attributes, &wait].concat());
        received["Messages"].as_array().cloned().unwrap_or_default()
    }

    /// What Lambda does with a queue: a batch is handed to the function, and deleted if the function does not fail. The
    /// bodies of the batch, and the answer.
    fn work(&mut self, time: Duration) -> (Vec<Value>, Result<Answer, FunctionError>) {
        let begin = Instant::now();
        let messages = loop {
            let messages = self.receive("5");
            if !messages.is_empty() {
                break messages;
            }
            assert!(begin.elapsed() < PLENTY, "no message comes\n{}", self.moto.log());
        };
        let records: Vec<Value> = messages.iter().map(record).collect();
        let bodies = records.iter().map(|record| {
            let body = record["body"].as_str().expect("text");
            serde_json::from_str(body).unwrap_or_else(|_| json!(body))
        });
        let bodies = bodies.collect();
        let answer = self.sync.invoke(&json!({ "Records": records }), time);
        if answer.is_ok() {
            for message in &messages {
                let handle = message["ReceiptHandle"].as_str().expect("a handle");
                self.sqs(&["delete-message", "--receipt-handle", handle]);
            }
        }
        (bodies, answer)
    }

    /// The same of a run that has an answer.
    fn run(&mut self) -> (Vec<Value>, Value) {
        let (bodies, answer) = self.work(PLENTY);
        match answer {
            Ok(answer) => (bodies, answer.json()),
            Err(error) => panic!("{error:?}\n{}\n{}", self.sync.log(), self.moto.log()),
        }
    }

    /// The names of the addresses in the zone.
    fn names(&self) -> Value {
        let records = ["route53", "list-resource-record-sets", "--hosted-zone-id", &self.zone];
        let query = ["--query", "ResourceRecordSets[?Type=='A'].Name"];
        self.moto.aws(&[&records[..], &query].concat())
    }

    /// What a run left for the next.
    fn state(&self) -> Value {
        let item = ["--table-name", "state", "--key", r#"{"target":{"S":"public"}}"#];
        let found = self.moto.aws(&[&["dynamodb", "get-item"], &item[..]].concat());
        let text = found["Item"]["document"]["S"].as_str();
        text.map_or(Value::Null, |text| serde_json::from_str(text).expect("JSON"))
    }

    fn set_state(&self, document: &Value) {
        let text = document.to_string();
        let item = json!({ "target": { "S": "public" }, "document": { "S": text } }).to_string();
        self.moto.aws(&["dynamodb", "put-item", "--table-name", "state", "--item", &item]);
    }

    fn calls_of_route53(&self) -> usize {
        self.moto.log().matches("/2013-04-01/").count()
    }
}

/// A message as Lambda hands it to a function.
fn record(message: &Value) -> Value {
    json!({
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
        "attributes": message["Attributes"], "messageAttributes": {}, "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:extdns.fifo",
        "awsRegion": "eu-west-1",
    })
}

/// The queue of template.yaml with its dead letters, but for times.
fn queue(moto: &Moto) -> String {
    let create = |name: &str, attributes: Value| {
        let attributes = attributes.to_string();
        let words = ["sqs", "create-queue", "--queue-name", name, "--attributes", &attributes];
        moto.aws(&words)["QueueUrl"].as_str().expect("a URL").to_owned()
    };
    create("dead.fifo", json!({ "FifoQueue": "true" }));
    let redrive = json!({
        "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead.fifo", "maxReceiveCount": "2",
    });
    let own = json!({
        "FifoQueue": "true", "ContentBasedDeduplication": "true", "DelaySeconds": "1",
        "VisibilityTimeout": "60", "RedrivePolicy": redrive.to_string(),
    });
    create("extdns.fifo", own)
}

/// Everything else that is there before the functions start; the id of the hosted zone.
fn set_up(moto: &Moto, dir: &Path) -> String {
    let zone = ["--name", "example.org", "--caller-reference", "1"];
    let zone = moto.aws(&[&["route53", "create-hosted-zone"], &zone[..]].concat());
    let table = ["--table-name", "state", "--billing-mode", "PAY_PER_REQUEST"];
    let key = ["--attribute-definitions", "AttributeName=target,AttributeType=S"];
    let schema = ["--key-schema", "AttributeName=target,KeyType=HASH"];
    moto.aws(&[&["dynamodb", "create-table"], &table[..], &key, &schema].concat());
    let secret = json!({ "cluster/prod": TOKEN }).to_string();
    moto.aws(&["secretsmanager", "create-secret", "--name", "relay", "--secret-string", &secret]);
    let place = ["--create-bucket-configuration", "LocationConstraint=eu-west-1"];
    moto.aws(&[&["s3api", "create-bucket", "--bucket", "extdns"], &place[..]].concat());
    let config = json!({
        "apiVersion": "extdns/v1",
        "defaults": { "sources": ["service"], "policy": "sync", "txtOwnerId": "prod" },
        "clusters": [{ "name": "prod", "manifests": [dir.join("web.json")] }],
        "targets": [{ "name": "public", "provider": "aws", "domainFilter": ["example.org"] }],
    });
    let file = dir.join("config.yaml");
    std::fs::write(&file, config.to_string()).expect("written");
    let file = file.to_str().expect("text");
    let object = ["--bucket", "extdns", "--key", "config.yaml", "--body", file];
    moto.aws(&[&["s3api", "put-object"], &object[..]].concat());
    zone["HostedZone"]["Id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_change_goes_through_the_queue_into_dns_and_the_next_run_has_nothing_to_do() {
    let test = "a_change_goes_through_the_queue_into_dns";
    let Some(mut chain) = Chain::start_or_skip(test).await else { return };
    chain.want("web.example.org");
    assert_eq!(chain.call("a-token-that-somebody-guessed"), 401);
    assert_eq!(chain.call(TOKEN), 200);
    let (bodies, answer) = chain.run();
    let [body] = bodies.as_slice() else { panic!("one message: {bodies:?}") };
    let change = json!({
        "reason": "change", "window": body["window"], "cluster": "prod", "object": "services/shop/web",
    });
    assert_eq!(*body, change);
    assert_eq!((&answer["ok"], &answer["totals"]["create"]), (&json!(true), &json!(1)), "{answer}");
    assert_eq!(chain.names(), json!(["web.example.org."]));
    let state = chain.state();
    assert!(state["gate"]["hash"].is_string() && state["lease"].is_null(), "{state}");
    let path = chain.dir.path().join("report.json");
    let object = ["--bucket", "extdns", "--key", "report.json", path.to_str().expect("text")];
    chain.moto.aws(&[&["s3api", "get-object"], &object[..]].concat());
    let report = std::fs::read_to_string(path).expect("a report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["targets"][0]["name"], "public", "{report}");

    let before = chain.calls_of_route53();
    chain.post_schedule("2026-01-01T00:00:00Z");
    let (bodies, answer) = chain.run();
    assert_eq!(bodies, [json!({ "reason": "schedule", "time": "2026-01-01T00:00:00Z" })]);
    assert_eq!((&answer["ok"], &answer["changes"]), (&json!(true), &json!([])), "{answer}");
    assert_eq!(chain.calls_of_route53(), before, "the gate spares the provider");
    assert_eq!((chain.relay.starts(), chain.sync.starts()), (1, 1));
    assert!(!format!("{}{}", chain.relay.log(), chain.sync.log()).contains(TOKEN));
}

#[tokio::test]
async fn a_run_that_finds_the_lease_taken_asks_the_queue_for_another_one() {
    let test = "a_run_that_finds_the_lease_taken_asks_the_queue";
    let Some(mut chain) = Chain::start_or_skip(test).await else { return };
    chain.want("web.example.org");
    let lease = json!({ "holder": "another run", "until": "2999-01-01T00:00:00Z" });
    chain.set_state(&json!({ "version": 1, "lease": lease }));
    chain.post_schedule("2026-01-01T00:00:00Z");
    let (_, answer) = chain.run();
    assert!(answer["meaning"].as_str().expect("text").starts_with("nothing was done"), "{answer}");
    assert_eq!(chain.names(), json!([]));

    chain.set_state(&json!({ "version": 1 }));
    let (bodies, answer) = chain.run();
    let [body] = bodies.as_slice() else { panic!("one message: {bodies:?}") };
    assert_eq!((&body["reason"], &body["attempt"]), (&json!("again"), &json!(1)), "{body}");
    assert_eq!((&answer["ok"], &answer["totals"]["create"]), (&json!(true), &json!(1)), "{answer}");
    assert_eq!(chain.names(), json!(["web.example.org."]));
    assert!(chain.receive("0").is_empty());
}

#[tokio::test]
async fn a_batch_that_kills_its_runs_comes_twice_and_then_blocks_nothing() {
    const AT_ONCE: Duration = Duration::from_millis(1);
    let test = "a_batch_that_kills_its_runs_comes_twice";
    let Some(mut chain) = Chain::start_or_skip(test).await else { return };
    chain.want("web.example.org");
    chain.sqs(&["set-queue-attributes", "--attributes", "VisibilityTimeout=5"]);
    chain.post("poison", "1");
    assert_eq!(chain.sync.init_error(), None, "{}", chain.sync.log());
    let (bodies, killed) = chain.work(AT_ONCE);
    assert_eq!(bodies, [json!("poison")]);
    assert_eq!(killed.expect_err("no time").error_type, "Sandbox.Timedout");
    let begin = Instant::now();
    chain.post_schedule("2026-01-01T00:00:00Z");
    let (bodies, killed) = chain.work(AT_ONCE);
    assert!(begin.elapsed() > Duration::from_secs(1), "not before the visibility timeout");
    assert_eq!(bodies[0], json!("poison"), "in order: {bodies:?}");
    assert_eq!(killed.expect_err("no time").error_type, "Sandbox.Timedout");

    // What had no part in it is worked on, and the one that comes for the third time does not come.
    let (bodies, answer) = chain.run();
    assert_eq!(bodies, [json!({ "reason": "schedule", "time": "2026-01-01T00:00:00Z" })]);
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(chain.names(), json!(["web.example.org."]));
    assert!(chain.receive("1").is_empty());
    let dead = chain.queue.replace("extdns.fifo", "dead.fifo");
    let dead = chain.moto.aws(&["sqs", "receive-message", "--queue-url", &dead]);
    assert_eq!(dead["Messages"][0]["Body"], "poison", "{dead}");
}
