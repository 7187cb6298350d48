//! A function with a queue of its own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::lambda::Lambda;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;

pub(crate) const PLENTY: Duration = Duration::from_secs(20);
pub(crate) const TOKEN: &str = "path-token-of-the-one-cluster";
pub(crate) const BEARER: &str = "bearer-token-of-the-deployment";
pub(crate) const KEY: &str = "signing-key-of-the-deployment";
pub(crate) const URL: &str = "https://sqs.us-east-1.amazonaws.com/111111111111/extdns.fifo";

pub(crate) struct Bench {
    pub(crate) function: Lambda,
    pub(crate) sqs: ScriptedServer,
    _dir: TempDir,
}

pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_extdns-fn-relay")
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// With variables of the test's own.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let sqs = ScriptedServer::start(|_| Reply::json(200, &json!({ "MessageId": "1" })));
        let dir = TempDir::new().expect("a folder");
        let who = dir.path().join("credentials.json");
        let document = json!({ "cluster/default": TOKEN, "bearer": BEARER, "hmac": KEY });
        std::fs::write(&who, document.to_string()).expect("written");
        let ordinary = [
            ("EXTERNAL_DNS_SOURCE", "service\ningress"),
            ("EXTERNAL_DNS_QUEUE_URL", URL),
            ("EXTERNAL_DNS_RELAY_CREDENTIALS", who.to_str().expect("text")),
            ("EXTERNAL_DNS_LOG_FORMAT", "json"),
            ("AWS_ENDPOINT_URL_SQS", &format!("http://{}", sqs.address())),
        ];
        let function = Lambda::new(binary(), ordinary.into_iter().chain(variables.iter().copied()));
        Self { function, sqs, _dir: dir }
    }

    /// The answer to a call: its status and its body.
    pub(crate) fn call(&mut self, event: &Value) -> (u64, Value) {
        let answer = self.function.invoke(event, PLENTY);
        let answer = answer.unwrap_or_else(|error| panic!("{error:?}\n{}", self.function.log()));
        let answer = answer.json();
        let body = answer["body"].as_str().expect("text");
        (
            answer["statusCode"].as_u64().expect("a status"),
            serde_json::from_str(body).expect("JSON"),
        )
    }

    /// The messages that were sent.
    pub(crate) fn sent(&self) -> Vec<Value> {
        let requests = self.sqs.requests().into_iter();
        requests
            .map(|request| {
                let sent = request.json();
                serde_json::from_str(sent["MessageBody"].as_str().expect("text")).expect("JSON")
            })
            .collect()
    }
}

/// A call of the function URL.
pub(crate) fn call(path: &str, body: &Value) -> Value {
    let event = include_str!("events/function-url.json");
    let mut event: Value = serde_json::from_str(event).expect("JSON");
    event["rawPath"] = json!(path);
    event["body"] = json!(body.to_string());
    for header in ["authorization", "x-extdns-timestamp", "x-extdns-signature"] {
        event["headers"].as_object_mut().expect("an object").remove(header);
    }
    event
}

/// The call with a signature of this moment.
pub(crate) fn signed(mut event: Value, key: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let body = event["body"].as_str().expect("text");
    let mut own = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length");
    own.update(format!("{now}.{body}").as_bytes());
    let digits: String = own.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    event["headers"]["x-extdns-timestamp"] = json!(now.to_string());
    event["headers"]["x-extdns-signature"] = json!(format!("sha256={digits}"));
    event
}

/// A review of a Service that is made.
pub(crate) fn review(number: usize) -> Value {
    json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": format!("705ab4f5-6393-11e8-b7cc-{number:012}"),
            "kind": { "group": "", "version": "v1", "kind": "Service" },
            "resource": { "group": "", "version": "v1", "resource": "services" },
            "name": "web", "namespace": "shop", "operation": "CREATE",
            "object": {
                "apiVersion": "v1", "kind": "Service",
                "metadata": { "name": "web", "namespace": "shop" }, "spec": { "type": "LoadBalancer" },
            },
            "oldObject": null, "dryRun": false,
        },
    })
}

pub(crate) fn path() -> String {
    format!("/admission/default/{TOKEN}")
}
