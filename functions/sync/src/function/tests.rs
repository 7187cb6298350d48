//! Runs that go wrong in ways that no server can bring about, and settings that change.

use std::sync::Arc;

use async_trait::async_trait;
use extdns_model::{Endpoint, Inventory, Permit, ZoneIndex};
use extdns_providers::{Adjusted, Capabilities, Provider, ProviderError, Reader, Writer};
use extdns_sync::settings::{Request, resolve};
use serde_json::json;

use super::*;

/// What a provider does that does not do what it should.
enum Fault {
    Panics,
    PanicsInATask,
    /// It does not yield, and then answers as if nothing had been.
    Blocks(Duration),
}

struct Faulty(Capabilities, Fault);

#[async_trait]
impl Reader for Faulty {
    fn capabilities(&self) -> &Capabilities {
        &self.0
    }

    async fn read(&self) -> Result<Inventory, ProviderError> {
        match self.1 {
            Fault::Panics => panic!("planted"),
            Fault::PanicsInATask => {
                let task = tokio::spawn(async { panic!("planted") });
                task.await.map_err(|_| ProviderError::config("the task is gone"))
            }
            Fault::Blocks(time) => {
                std::thread::sleep(time);
                Ok(Inventory::default())
            }
        }
    }

    async fn adjust(
        &self,
        endpoints: Vec<Endpoint>,
        _: &ZoneIndex,
    ) -> Result<Adjusted, ProviderError> {
        Ok(Adjusted { endpoints, notes: Vec::new() })
    }
}

impl Provider for Faulty {
    fn writer(&self, _: &Permit, _: &ZoneIndex) -> Result<Box<dyn Writer>, ProviderError> {
        Err(ProviderError::config("nothing is written"))
    }
}

fn function(fault: Fault) -> Function {
    let arguments = ["--source=fake", "--provider=inmemory", "--policy=sync"];
    let arguments = arguments.map(str::to_owned).to_vec();
    let environment = Environment { arguments, ..Environment::default() };
    let Ok(Request::Run(arguments)) = resolve(&environment) else { panic!("right settings") };
    let provider = Arc::new(Faulty(Capabilities::new("faulty"), fault));
    let wiring = Wiring::assemble(&arguments, &environment, provider, "inmemory");
    let wiring = wiring.expect("right settings");
    let settings = FunctionSettings::new(*arguments, environment);
    let parts = Parts { settings, wiring, queue: None, aws: AwsVariables::default() };
    Function { parts: Mutex::new(parts), namespace: NAMESPACE.to_owned() }
}

async fn ask(function: &Function, event: &Value, left: Duration) -> Value {
    let deadline = SystemTime::now() + RESERVE + left;
    let answer = function.answer(event, deadline, "1").await;
    let answer = answer.unwrap_or_else(|error| panic!("{error:?}"));
    serde_json::from_str(answer.get()).expect("JSON")
}

/// Also to a batch of the queue: it is acknowledged, and blocks none behind it.
#[tokio::test]
async fn a_panic_is_the_answer_of_a_failed_run() {
    extdns_sync::catch_panics();
    let batch = include_str!("../../../../tests/lambda/events/sqs-changes.json");
    let batch: Value = serde_json::from_str(batch).expect("JSON");
    for event in [json!({ "action": "apply" }), batch] {
        for fault in [Fault::Panics, Fault::PanicsInATask] {
            let answer = ask(&function(fault), &event, Duration::from_secs(60)).await;
            assert_eq!(
                (&answer["ok"], &answer["exitCode"]),
                (&json!(false), &json!(1)),
                "{answer}"
            );
            let alerts = answer["alerts"].to_string();
            let said = ["internal error, please report it: planted", "the task is gone"];
            assert!(said.iter().any(|part| alerts.contains(part)), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_run_that_read_beyond_its_deadline_is_not_in_sync() {
    let slow = function(Fault::Blocks(Duration::from_millis(300)));
    let event = json!({ "action": "apply" });
    let answer = ask(&slow, &event, Duration::from_millis(100)).await;
    assert_eq!((&answer["ok"], &answer["exitCode"]), (&json!(false), &json!(1)), "{answer}");
    assert!(answer["alerts"].to_string().contains("time"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_the_configuration_file_has_now_needs_no_new_process() {
    let dir = tempfile::TempDir::new().expect("a folder");
    let path = dir.path().join("config.yaml");
    let configure = |targets: &[&str]| {
        let targets = targets.iter().map(|name| json!({ "name": name, "provider": "inmemory" }));
        let config = json!({
            "apiVersion": "extdns/v1", "defaults": { "sources": ["fake"] },
            "targets": targets.collect::<Vec<_>>(),
        });
        std::fs::write(&path, config.to_string()).expect("written");
    };
    configure(&["one"]);
    let variable = ("EXTERNAL_DNS_CONFIG".into(), path.clone().into());
    let start = Function::start(Environment::of([], [variable])).await;
    let function = start.unwrap_or_else(|error| panic!("{error}"));
    let planned = async || {
        let answer = ask(&function, &json!({}), Duration::from_secs(60)).await;
        let hashes = answer["planHashes"].as_object().expect("an object").keys();
        hashes.cloned().collect::<Vec<_>>()
    };
    assert_eq!(planned().await, ["one"]);
    configure(&["one", "two"]);
    tokio::time::advance(Duration::from_secs(301)).await;
    assert_eq!(planned().await, ["one", "two"]);
    std::fs::write(&path, "no YAML: [").expect("written");
    tokio::time::advance(Duration::from_secs(301)).await;
    assert_eq!(planned().await, ["one", "two"], "what cannot be used changes nothing");
}
