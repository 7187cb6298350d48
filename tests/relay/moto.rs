//! The whole way in AWS, as far as moto goes: the credentials by Secrets Manager, the message by SQS.

use extdns_testkit::lambda::Lambda;
use extdns_testkit::moto::Moto;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_review_becomes_a_message_of_the_queue_of_the_template() {
    let Some(moto) = Moto::start_or_skip("a_review_becomes_a_message").await else { return };
    let attributes = "FifoQueue=true,ContentBasedDeduplication=true,DelaySeconds=0";
    let queue = moto.aws(&[
        "sqs",
        "create-queue",
        "--queue-name",
        "extdns.fifo",
        "--attributes",
        attributes,
    ]);
    let queue = queue["QueueUrl"].as_str().expect("a URL").to_owned();
    let document = json!({ "cluster/default": TOKEN }).to_string();
    let create =
        ["secretsmanager", "create-secret", "--name", "relay", "--secret-string", &document];
    let secret = moto.aws(&create)["ARN"].as_str().expect("an ARN").to_owned();
    let own = [
        ("EXTERNAL_DNS_SOURCE", "service".to_owned()),
        ("EXTERNAL_DNS_QUEUE_URL", queue.clone()),
        ("EXTERNAL_DNS_RELAY_CREDENTIALS", format!("secretsManager:{secret}")),
    ];
    let variables = moto.variables().into_iter().chain(own);
    let mut function = Lambda::new(binary(), variables);
    for number in 0..2 {
        let answer = function.invoke(&call(&path(), &review(number)), PLENTY);
        let answer =
            answer.unwrap_or_else(|error| panic!("{error:?}\n{}\n{}", function.log(), moto.log()));
        assert_eq!(answer.json()["statusCode"], 200);
    }
    let receive = ["sqs", "receive-message", "--queue-url", &queue, "--attribute-names", "All"];
    let messages = moto.aws(&receive)["Messages"].clone();
    let message = &messages[0];
    let body: Value = serde_json::from_str(message["Body"].as_str().expect("text")).expect("JSON");
    assert_eq!((&body["reason"], &body["object"]), (&json!("change"), &json!("services/shop/web")));
    assert_eq!(message["Attributes"]["MessageGroupId"], "sync");
    let id = format!("window-{}", body["window"]);
    assert_eq!(message["Attributes"]["MessageDeduplicationId"], json!(id));
    assert!(!function.log().contains(TOKEN));
}
