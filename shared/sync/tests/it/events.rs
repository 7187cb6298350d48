//! What runs tell the objects of a cluster about their records (`--events-emit`).

use std::sync::Arc;
use std::time::Duration;

use extdns_model::Name;
use extdns_providers::conformance::{Fault as ProviderFault, RecordServer};
use extdns_providers::engine::stepped;
use extdns_providers::{Deadline, Provider, Transport, ZoneReader as _};
use extdns_sync::report::Report;
use extdns_sync::settings::{Environment, Request, resolve};
use extdns_sync::{ExitCode, RunRequest, Wiring};
use extdns_testkit::http::Request as Call;
use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim};
use serde_json::{Value, json};
use tokio::sync::Notify;

const WWW: &str = "www.example.org";

/// A cluster, and a provider with a zone.
struct World {
    sim: KubeSim,
    server: RecordServer,
}

impl World {
    fn new() -> Self {
        let namespaces = ["shop", "default"].map(
            |name| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }),
        );
        let sim = namespaces.into_iter().fold(KubeSim::builder(), |sim, own| sim.object(own));
        Self { sim: sim.start(), server: RecordServer::new(&["example.org"]) }
    }

    /// A service with an address, and this name if it has one.
    fn service(&self, name: &str, host: Option<&str>, address: &str) {
        let annotations = match host {
            Some(host) => json!({ "external-dns.kubernetes.io/hostname": host }),
            None => json!({}),
        };
        self.sim.apply(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "namespace": "shop", "name": name, "annotations": annotations },
            "spec": { "type": "LoadBalancer" },
            "status": { "loadBalancer": { "ingress": [{ "ip": address }] } },
        }));
    }

    async fn run(&self, flags: &[&str]) -> Report {
        self.run_until(flags, Deadline::default()).await
    }

    async fn run_until(&self, flags: &[&str], until: Deadline) -> Report {
        let kubeconfig = self.sim.write_kubeconfig(&self.sim.kubeconfig(ADMIN));
        let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
        let usual = [
            "--once",
            "--source=service",
            "--provider=inmemory",
            "--policy=sync",
            "--txt-owner-id=me",
            "--kube-api-qps=1000",
            "--kube-api-burst=1000",
            "--no-guard",
            "--allow-empty=default",
            &kubeconfig,
        ];
        let arguments = usual.iter().chain(flags).map(ToString::to_string).collect();
        let environment = Environment { arguments, ..Environment::default() };
        let Ok(Request::Run(arguments)) = resolve(&environment) else { panic!("flags are right") };
        let api = self.server.api();
        let via = Transport::new(api.capabilities());
        let provider: Arc<dyn Provider> = Arc::new(stepped(api, via));
        let wiring = Wiring::assemble(&arguments, &environment, provider, "inmemory");
        let request = RunRequest::of(&arguments).expect("a request");
        let request = RunRequest { until, ..request };
        extdns_sync::run(&wiring.expect("settings"), &request).await
    }

    /// The writes to the cluster.
    fn written(&self) -> Vec<Call> {
        let calls = self.sim.requests().into_iter();
        calls.filter(|call| call.method != "GET").collect()
    }

    /// Reason, action and note of the Events that were sent.
    fn told(&self) -> Vec<String> {
        let told = |call: Call| {
            let event = call.json();
            let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
            let name = event["regarding"]["name"].as_str().unwrap_or_default();
            format!("{} {} {name}: {}", text("reason"), text("action"), text("note"))
        };
        self.written().into_iter().map(told).collect()
    }

    fn uid(&self, service: &str) -> Value {
        let object = self.sim.object("services", "shop", service).expect("the service");
        object["metadata"]["uid"].clone()
    }
}

/// `www` became a record with this address.
fn ready(action: &str, service: &str, targets: &str) -> String {
    format!(
        "RecordReady {action} {service}: (external-dns) record:{WWW},owner:me,type:A,ttl:600,targets:{targets}"
    )
}

#[tokio::test]
async fn the_object_of_a_new_record_is_told_so() {
    let world = World::new();
    world.service("web", Some(WWW), "192.0.2.1");
    let report = world.run(&["--events-emit=RecordReady"]).await;
    assert_eq!(report.exit_code(), ExitCode::Success);
    let written = world.written();
    let [call] = &*written else { panic!("{written:?}") };
    assert_eq!(
        (call.method.as_str(), call.target().as_str()),
        ("POST", "/apis/events.k8s.io/v1/namespaces/shop/events")
    );
    let mut event = call.json();
    let name = event["metadata"]["name"].take();
    let time = name.as_str().and_then(|name| name.strip_prefix("web.")).expect("a name");
    let time = i128::from_str_radix(time, 16).expect("a time in hexadecimal digits");
    let time = jiff::Timestamp::from_nanosecond(time).expect("a time");
    assert_eq!(event["eventTime"].take(), json!(format!("{time:.6}")));
    let regarding = json!({
        "apiVersion": "v1", "kind": "Service", "namespace": "shop", "name": "web", "uid": world.uid("web"),
    });
    assert_eq!(
        event,
        json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": { "name": null, "namespace": "shop" },
            "eventTime": null,
            "reportingController": "external-dns",
            "reportingInstance": "external-dns/source/service",
            "action": "Created",
            "reason": "RecordReady",
            "type": "Normal",
            "note": format!("(external-dns) record:{WWW},owner:me,type:A,ttl:600,targets:192.0.2.1"),
            "regarding": regarding,
            "related": regarding,
        })
    );
}

#[tokio::test]
async fn every_object_that_wants_a_record_is_told_each_change_once() {
    let world = World::new();
    world.service("a", Some(WWW), "192.0.2.1");
    world.service("b", Some(WWW), "192.0.2.2");
    let flags = ["--events-emit=RecordReady", "--events-emit=RecordDeleted"];
    world.run(&flags).await;
    let both = "192.0.2.1,192.0.2.2";
    let mut expected = vec![ready("Created", "a", both), ready("Created", "b", both)];
    assert_eq!(world.told(), expected);
    world.run(&flags).await;
    assert_eq!(world.told(), expected, "nothing was changed");
    world.service("b", None, "192.0.2.2");
    world.run(&flags).await;
    expected.push(ready("Updated", "a", "192.0.2.1"));
    assert_eq!(world.told(), expected);
    world.service("a", None, "192.0.2.1");
    world.run(&flags).await;
    let deleted = format!(
        "RecordDeleted Deleted a: (external-dns) record:{WWW},owner:me,type:A,ttl:600,targets:192.0.2.1"
    );
    expected.push(deleted);
    assert_eq!(world.told(), expected);
    let last = world.written().pop().expect("an Event").json();
    assert_eq!(last["regarding"]["uid"], world.uid("a"), "the object is still there");
}

#[tokio::test]
async fn a_change_that_fails_is_told_where_that_is_asked() {
    let world = World::new();
    world.service("bad", Some("bad.example.org"), "192.0.2.1");
    world.service("web", Some(WWW), "192.0.2.1");
    world.server.faults().inject(ProviderFault::Reject(Name::as_listed("bad.example.org")));
    let report = world.run(&["--events-emit=RecordError"]).await;
    assert_eq!(report.exit_code(), ExitCode::Partial);
    let note = "record:bad.example.org,owner:me,type:A,ttl:600,targets:192.0.2.1";
    assert_eq!(world.told(), [format!("RecordError Created bad: (external-dns) {note}")]);
    world.sim.heal();
    world.run(&["--events-emit=RecordReady"]).await;
    assert_eq!(world.written().len(), 1, "the name that was made is not new any more");
}

#[tokio::test]
async fn a_run_that_only_plans_and_one_without_the_flag_tell_nothing() {
    let world = World::new();
    world.service("web", Some(WWW), "192.0.2.1");
    for flags in [&["--dry-run", "--events-emit=RecordReady"][..], &["--events-emit=Anything"], &[]]
    {
        world.run(flags).await;
        assert_eq!(world.told(), [""; 0], "{flags:?}");
    }
}

#[tokio::test]
async fn a_run_makes_a_bounded_number_of_events_and_failures_come_first() {
    let world = World::new();
    for number in 0..120 {
        let name = format!("h{number:03}");
        world.service(&name, Some(&format!("{name}.example.org")), "192.0.2.1");
    }
    world.server.faults().inject(ProviderFault::Reject(Name::as_listed("h119.example.org")));
    world.run(&["--events-emit=RecordReady", "--events-emit=RecordError"]).await;
    // Several are on their way at once, so the server has them in no order.
    let (failed, mut ready): (Vec<_>, Vec<_>) =
        world.told().into_iter().partition(|told| told.starts_with("RecordError"));
    assert!(failed[0].starts_with("RecordError Created h119: "), "{failed:?}");
    ready.sort_unstable();
    assert_eq!((failed.len(), ready.len()), (1, 99));
    assert!(ready[98].starts_with("RecordReady Created h098: "), "{}", ready[98]);
}

#[tokio::test]
async fn events_that_cannot_be_made_fail_no_run() {
    for effect in [Effect::Forbidden, Effect::NotServed, Effect::Status(500)] {
        let world = World::new();
        world.service("web", Some(WWW), "192.0.2.1");
        let what = format!("{effect:?}");
        world.sim.fail(Fault::new("events", effect).verb("create"));
        let report = world.run(&["--events-emit=RecordReady"]).await;
        assert_eq!(report.exit_code(), ExitCode::Success, "{what}");
        assert!(world.server.contents().iter().any(|set| set.name.as_str() == WWW), "{what}");
    }
}

#[tokio::test]
async fn a_server_that_takes_no_event_does_not_hold_the_run_up() {
    let world = World::new();
    world.service("web", Some(WWW), "192.0.2.1");
    let never = Arc::new(Notify::new());
    world.sim.fail(Fault::new("events", Effect::Held(never)).verb("create"));
    let until = Deadline::of_timeout(Duration::from_secs(3));
    let run = world.run_until(&["--events-emit=RecordReady"], until);
    let report = tokio::time::timeout(Duration::from_secs(60), run).await.expect("an end");
    assert_eq!(report.exit_code(), ExitCode::Success);
}
