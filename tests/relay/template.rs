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

#[test]
fn whatever_goes_wrong_raises_an_alarm_that_the_documentation_names() {
    let template = template();
    let resources = template["Resources"].as_object().expect("resources");
    let alarms = resources.iter().filter(|(_, own)| own["Type"] == "AWS::CloudWatch::Alarm");
    let page = include_str!("../../docs/lambda.md");
    let mut names = Vec::new();
    for (name, alarm) in alarms {
        let own = &alarm["Properties"];
        // No data is a run that did not start.
        let missing = if name == "AgeAlarm" { "breaching" } else { "notBreaching" };
        assert_eq!(own["TreatMissingData"], missing, "{name}");
        for actions in ["AlarmActions", "OKActions"] {
            assert_eq!(
                own[actions],
                json!(["HasTopic", ["AlarmTopicArn"], "AWS::NoValue"]),
                "{name}"
            );
        }
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
        names.push(name.as_str());
    }
    names.sort_unstable();
    let expected = [
        "AgeAlarm",
        "DeadLettersAlarm",
        "ErrorsAlarm",
        "FailuresAlarm",
        "RelayAlarm",
        "StoppedAlarm",
        "ThrottlesAlarm",
    ];
    assert_eq!(names, expected);
}

#[test]
fn both_functions_have_a_log_that_ends_and_a_concurrency_that_can_be_left_out() {
    let template = template();
    for (function, log, parameter) in [
        ("SyncFunction", "SyncLog", "Concurrency"),
        ("RelayFunction", "RelayLog", "RelayConcurrency"),
    ] {
        let own = properties(&template, function);
        assert_eq!(own["LoggingConfig"]["LogGroup"], log);
        assert_eq!(properties(&template, log)["RetentionInDays"], "LogRetentionDays");
        let reserved = json!([format!("Has{parameter}"), parameter, "AWS::NoValue"]);
        assert_eq!(own["ReservedConcurrentExecutions"], reserved, "{function}");
        assert_eq!(template["Parameters"][parameter]["MinValue"], 0);
    }
    let subnets = json!({ "SubnetIds": "SubnetIds", "SecurityGroupIds": "SecurityGroupIds" });
    let own = &properties(&template, "SyncFunction")["VpcConfig"];
    assert_eq!(*own, json!(["HasSubnets", subnets, "AWS::NoValue"]));
}
