//! What template.yaml and the webhook must say, and linters do not know.

use serde_json::{Value, json};

fn template() -> Value {
    serde_saphyr::from_str(include_str!("../../template.yaml")).expect("YAML")
}

fn properties<'a>(template: &'a Value, resource: &str) -> &'a Value {
    let own = &template["Resources"][resource]["Properties"];
    assert!(own.is_object(), "{resource}");
    own
}

#[test]
fn a_message_of_a_window_comes_when_the_window_is_over_and_what_changed_is_stored() {
    let template = template();
    let delays = template["Mappings"]["Delay"].as_object().expect("a map");
    for (window, delay) in delays {
        let seconds: u64 = window.parse().expect("seconds");
        assert_eq!(delay["Seconds"], seconds + 5, "{window}");
    }
    let allowed = template["Parameters"]["Window"]["AllowedValues"].as_array().expect("a list");
    assert!(allowed.iter().all(|own| delays.contains_key(own.as_str().expect("text"))));
    assert_eq!(allowed.len(), delays.len());
    let variables = &properties(&template, "RelayFunction")["Environment"]["Variables"];
    assert_eq!(variables["EXTERNAL_DNS_RELAY_WINDOW"], "${Window}s");
}

#[test]
fn the_queue_keeps_the_order_and_a_batch_that_kills_runs_blocks_nothing() {
    let template = template();
    let queue = properties(&template, "Queue");
    let sync = properties(&template, "SyncFunction");
    let timeout = sync["Timeout"].as_u64().expect("seconds");
    assert_eq!(queue["VisibilityTimeout"], timeout + 30);
    assert_eq!(queue["RedrivePolicy"]["maxReceiveCount"], 2);
    for own in ["Queue", "DeadLetters"] {
        assert_eq!(properties(&template, own)["FifoQueue"], true, "{own}");
    }
    assert_eq!(sync["Events"]["Queue"]["Properties"]["BatchSize"], 10);
    let target = &properties(&template, "ScheduleRule")["Targets"][0];
    assert_eq!(target["SqsParameters"]["MessageGroupId"], "sync");
    assert_eq!(target["RetryPolicy"]["MaximumRetryAttempts"], 0);
    let body = target["InputTransformer"]["InputTemplate"].as_str().expect("text");
    let body: Value = serde_json::from_str(&body.replace("<time>", "T")).expect("JSON");
    assert_eq!(body, json!({ "reason": "schedule", "time": "T" }));
}

#[test]
fn the_relay_may_only_read_who_may_call_and_send_messages() {
    let template = template();
    let policies = properties(&template, "RelayRole")["Policies"].as_array().expect("a list");
    let mut actions = Vec::new();
    for policy in policies {
        for statement in policy["PolicyDocument"]["Statement"].as_array().expect("a list") {
            assert_ne!(statement["Resource"], "*");
            match &statement["Action"] {
                Value::Array(own) => actions.extend(own.iter().cloned()),
                own => actions.push(own.clone()),
            }
        }
    }
    let expected = [
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
        "secretsmanager:GetSecretValue",
    ];
    assert_eq!(actions, expected.map(Value::from));
}

#[test]
fn the_webhook_keeps_no_object_from_being_stored() {
    let webhook: Value =
        serde_saphyr::from_str(include_str!("../../infra/aws/kubernetes/webhook.yaml"))
            .expect("YAML");
    let [own] = webhook["webhooks"].as_array().expect("a list").as_slice() else { panic!("one") };
    assert_eq!(own["failurePolicy"], "Ignore");
    assert_eq!(own["timeoutSeconds"], 2);
    assert_eq!(own["sideEffects"], "NoneOnDryRun");
    assert_eq!(own["admissionReviewVersions"], json!(["v1"]));
}
