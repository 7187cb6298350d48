//! The kinds of a cluster and the records of a provider are asked for at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::json;
use tokio::sync::Notify;

use crate::program::{Bench, external_dns, run};

/// Both kinds, and the records.
const READS: usize = 3;

/// Holds answers back until everything has been asked for.
#[derive(Clone, Default)]
struct Gate {
    asked: Arc<AtomicUsize>,
    held: Arc<Mutex<Vec<Arc<Notify>>>>,
}

impl Gate {
    fn hold(&self, reply: Reply) -> Reply {
        let go = Arc::new(Notify::new());
        let mut held = self.held.lock().expect("no test panics in it");
        held.push(Arc::clone(&go));
        if self.asked.fetch_add(1, Ordering::Relaxed) + 1 == READS {
            held.iter().for_each(|go| go.notify_one());
        }
        reply.held_until(go)
    }
}

/// An empty list of a kind, as a stream.
fn empty(api_version: &str, kind: &str) -> Reply {
    let annotations = json!({ "k8s.io/initial-events-end": "true" });
    let metadata = json!({ "annotations": annotations });
    let object = json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata });
    let event = json!({ "type": "BOOKMARK", "object": object });
    Reply::new(200).header("content-type", "application/json").body(format!("{event}\n"))
}

#[test]
fn kinds_and_records_are_read_side_by_side() {
    let gate = Gate::default();
    let own = gate.clone();
    let cluster = ScriptedServer::start(move |request: &Request| {
        own.hold(match request.path.as_str() {
            "/api/v1/services" => empty("v1", "Service"),
            _ => empty("networking.k8s.io/v1", "Ingress"),
        })
    });
    let own = gate.clone();
    let webhook = ScriptedServer::start(move |request: &Request| {
        let answer = |body: &str| {
            Reply::new(200)
                .header("content-type", "application/external.dns.webhook+json;version=1")
                .body(body.to_owned())
        };
        match request.path.as_str() {
            "/" => answer("{}"),
            "/records" => own.hold(answer("[]")),
            _ => answer("[]"),
        }
    });
    let bench = Bench::new();
    let mut program = external_dns(bench.path());
    program
        .args(["--once", "--source=service", "--source=ingress", "--provider=webhook"])
        .args(["--txt-owner-id=e2e", "--request-timeout=20s"])
        .arg(format!("--webhook-provider-url={}", webhook.url()))
        .arg(format!("--server={}", cluster.url()));
    let run = run(&mut program);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(cluster.requests().len(), 2, "one list of each kind");
}
