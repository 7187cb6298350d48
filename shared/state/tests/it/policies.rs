//! The policies of the documentation grant what is called, and nothing else.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use extdns_auth::AwsVariables;
use extdns_state::testing::ManualClock;
use extdns_state::{Aws, Backend, DynamoDbBackend, Known, S3Backend, Store};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};

use crate::suite::{gate, permit, take};

const PAGE: &str = include_str!("../../../../docs/state.md");

/// The actions of the policy under a heading.
fn documented(heading: &str) -> BTreeSet<String> {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).expect("a heading");
    let (_, rest) = section.split_once("```json\n").expect("a policy");
    let (policy, _) = rest.split_once("```").expect("its end");
    let policy: Value = serde_json::from_str(policy).expect("JSON");
    let statements = policy["Statement"].as_array().expect("statements").iter();
    let actions = statements.flat_map(|own| own["Action"].as_array().expect("actions").clone());
    actions.map(|action| action.as_str().expect("a text").to_owned()).collect()
}

fn aws(server: &ScriptedServer) -> Aws {
    let variables = [
        ("AWS_ENDPOINT_URL", server.url()),
        ("AWS_ACCESS_KEY_ID", "AKIATEST".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    Aws::new(AwsVariables::of(&variables.into_iter().collect()))
}

/// A whole life: made, found, cleared, given back.
async fn live(backend: Box<dyn Backend>) {
    let clock = ManualClock::default();
    let run = Store::new(backend, Arc::new(clock.clone()));
    let mut own = take(&run, "aws", "run 1").await;
    own.clear_gate(&permit()).await.expect("cleared");
    own.release(&permit(), Known::Gate(gate("x", &clock))).await.expect("released");
    let own = take(&run, "aws", "run 2").await;
    assert!(matches!(own.gate(), Known::Gate(_)));
    own.release(&permit(), Known::Nothing).await.expect("released");
}

#[tokio::test]
async fn dynamodb_is_called_as_the_policy_allows() {
    let stored: Mutex<Option<Value>> = Mutex::default();
    let server = ScriptedServer::start(move |request| {
        let mut stored = stored.lock().expect("nobody panicked");
        let body = request.json();
        match request.header("x-amz-target") {
            Some("DynamoDB_20120810.GetItem") => {
                assert_eq!(
                    body,
                    json!({ "TableName": "external-dns", "Key": { "target": { "S": "aws" } }, "ConsistentRead": true })
                );
                let item =
                    stored.as_ref().map(|text| json!({ "Item": { "document": { "S": text } } }));
                Reply::json(200, &item.unwrap_or_else(|| json!({})))
            }
            _ => {
                let values = &body["ExpressionAttributeValues"];
                assert_eq!(values.get(":old").map(|old| &old["S"]), stored.as_ref());
                *stored = Some(values[":new"]["S"].clone());
                Reply::json(200, &json!({}))
            }
        }
    });
    live(Box::new(DynamoDbBackend::new(aws(&server), "external-dns"))).await;
    let operation = |request: &Request| {
        let target = request.header("x-amz-target").expect("an operation");
        target.replace("DynamoDB_20120810.", "dynamodb:")
    };
    let called: BTreeSet<String> = server.requests().iter().map(operation).collect();
    assert_eq!(called, documented("DynamoDB"));
}

#[tokio::test]
async fn s3_is_called_as_the_policy_allows() {
    let stored: Mutex<Option<(u32, String)>> = Mutex::default();
    let server = ScriptedServer::start(move |request| {
        let mut stored = stored.lock().expect("nobody panicked");
        assert_eq!(request.path, "/my-bucket/external-dns/aws.json");
        if request.method == "GET" {
            return match &*stored {
                Some((tag, text)) => {
                    Reply::new(200).header("etag", &format!("\"{tag}\"")).body(text.clone())
                }
                None => Reply::new(404).body("<Error><Code>NoSuchKey</Code></Error>"),
            };
        }
        let tag = stored.as_ref().map(|(tag, _)| format!("\"{tag}\""));
        assert_eq!(request.header("if-match"), tag.as_deref());
        assert_eq!(request.header("if-none-match"), tag.is_none().then_some("*"));
        let next = stored.as_ref().map_or(1, |(tag, _)| tag + 1);
        *stored = Some((next, String::from_utf8_lossy(&request.body).into_owned()));
        Reply::new(200).header("etag", &format!("\"{next}\""))
    });
    live(Box::new(S3Backend::new(aws(&server), "my-bucket", "external-dns"))).await;
    let action = |request: &Request| match request.method.as_str() {
        "GET" => "s3:GetObject".to_owned(),
        "PUT" => "s3:PutObject".to_owned(),
        other => panic!("{other}"),
    };
    let mut called: BTreeSet<String> = server.requests().iter().map(action).collect();
    // No call of its own: it makes the answer to GetObject tell what is not there.
    called.insert("s3:ListBucket".to_owned());
    assert_eq!(called, documented("S3"));
}
