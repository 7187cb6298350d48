//! A good day, a bad day and a mistake: everything is there; the API server stops in the middle of
//! a list; two thirds of the objects are gone. Neither of the last two deletes a record.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use extdns_testkit::kube::{ADMIN, KubeApi};
use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::program::{Bench, Run};

/// So many that their list is longer than what the connection buffers.
const INGRESSES: usize = 300;

fn ingress(number: usize) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {
            "namespace": "shop", "name": format!("shop-{number}"),
            "annotations": { "note": "x".repeat(2_000) }
        },
        "spec": { "rules": [{ "host": format!("shop-{number}.example.org") }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": "203.0.113.10" }] } }
    })
}

fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "namespace": "shop", "name": "web",
            "annotations": { "external-dns.kubernetes.io/hostname": "web.example.org" }
        },
        "spec": { "type": "LoadBalancer", "ports": [{ "name": "https", "port": 443 }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": "203.0.113.20" }] } }
    })
}

/// Passes bytes to and from an API server, and stops its process once it has answered with
/// more than so many.
struct Wire {
    port: u16,
    passed: Arc<AtomicU64>,
    limit: Arc<AtomicU64>,
}

impl Wire {
    async fn to(api: &KubeApi) -> Self {
        let target = api.url().trim_start_matches("https://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (passed, limit) = (Arc::<AtomicU64>::default(), Arc::new(AtomicU64::new(u64::MAX)));
        let (counter, bound, pid) = (passed.clone(), limit.clone(), api.pid());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&target).await else { continue };
                tokio::spawn(pass(client, server, counter.clone(), bound.clone(), pid));
            }
        });
        Self { port, passed, limit }
    }

    /// Lets the server go on. What it still has to send to a client that is gone must not stop it
    /// again.
    fn resume(&self, api: &KubeApi) {
        self.limit.store(u64::MAX, Ordering::SeqCst);
        signal(api.pid(), "-CONT");
    }

    /// A kubeconfig that goes through the wire.
    fn kubeconfig(&self, api: &KubeApi) -> String {
        let mut kubeconfig = api.kubeconfig(ADMIN);
        kubeconfig["clusters"][0]["cluster"]["server"] =
            json!(format!("https://127.0.0.1:{}", self.port));
        format!("--kubeconfig={}", api.write_kubeconfig(&kubeconfig).display())
    }
}

async fn pass(
    client: TcpStream,
    server: TcpStream,
    passed: Arc<AtomicU64>,
    limit: Arc<AtomicU64>,
    pid: u32,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut buffer = vec![0; 4096];
    while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
        let before = passed.fetch_add(read as u64, Ordering::SeqCst);
        if before + read as u64 > limit.load(Ordering::SeqCst) {
            signal(pid, "-STOP");
            // What the server has sent already is lost with the rest.
            std::future::pending::<()>().await;
        }
        if to_client.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

fn signal(pid: u32, signal: &str) {
    let sent = Command::new("kill").args([signal, &pid.to_string()]).status().expect("kill");
    assert!(sent.success(), "kill {signal} {pid}");
}

/// Runs over the API server; the wire must not wait for the test's only thread.
async fn run(bench: &Arc<Bench>, flags: &[&str]) -> Run {
    let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
    let bench = bench.clone();
    let run = move || bench.run(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(run).await.expect("no panic")
}

#[track_caller]
fn assert_says(log: &str, parts: &[&str]) {
    for part in parts {
        assert!(log.contains(part), "{part} is missing in\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_day_and_a_mistake_delete_nothing() {
    let test = "a_bad_day_and_a_mistake_delete_nothing";
    let Some(api) = KubeApi::start_or_skip(test).await else { return };
    api.apply(service()).await;
    stream::iter(0..INGRESSES)
        .for_each_concurrent(16, async |number| drop(api.apply(ingress(number)).await))
        .await;
    let wire = Wire::to(&api).await;
    let kubeconfig = wire.kubeconfig(&api);
    let bench = Arc::new(Bench::new());

    // The first run: everything is there.
    let first = run(&bench, &[&kubeconfig]).await;
    assert_eq!(first.code, 0, "{first:?}");
    let zone = bench.zone();
    let addresses = zone.lines().filter(|line| line.contains(" IN A ")).count();
    assert_eq!(addresses, INGRESSES + 1);
    let whole = wire.passed.swap(0, Ordering::SeqCst);

    // The second: the API server stops in the middle of the list of Ingresses. The Services, which
    // came first, are known.
    let quick = "--kube-api-request-timeout=2s";
    wire.limit.store(whole / 2, Ordering::SeqCst);
    let second = run(&bench, &[&kubeconfig, quick]).await;
    wire.resume(&api);
    assert_eq!(second.code, 3, "{second:?}");
    assert_says(
        &second.log,
        &[
            "source ingress could not be read in full",
            "cluster \\\"default\\\"",
            "within 2s",
            "frozen",
        ],
    );
    assert_eq!(bench.zone(), zone);

    // The same where there is nothing else to know.
    wire.passed.store(0, Ordering::SeqCst);
    wire.limit.store(0, Ordering::SeqCst);
    let nothing = run(&bench, &[&kubeconfig, quick]).await;
    wire.resume(&api);
    assert_eq!(nothing.code, 1, "{nothing:?}");
    assert_says(&nothing.log, &["failed to read cluster", "default", "nothing is changed"]);
    assert_eq!(bench.zone(), zone);

    // The third: two thirds of the objects are gone. It is the guard that minds.
    stream::iter((0..INGRESSES).filter(|number| number % 3 != 0))
        .for_each_concurrent(16, async |number| api.delete(&ingress(number)).await)
        .await;
    let third = run(&bench, &[&kubeconfig]).await;
    assert_eq!(third.code, 4, "{third:?}");
    let gone = INGRESSES * 2 / 3;
    let over = format!("--allow-deletes=example.org:{gone}");
    let count = format!("{gone} of {}", INGRESSES + 1);
    assert_says(&third.log, &[&count, "--max-delete-percent=30", "shop-1.example.org", &over]);
    assert_eq!(bench.zone(), zone);

    // Somebody reads that, and means it.
    let meant = run(&bench, &[&kubeconfig, &over]).await;
    assert_eq!(meant.code, 0, "{meant:?}");
    let addresses = bench.zone().lines().filter(|line| line.contains(" IN A ")).count();
    assert_eq!(addresses, INGRESSES / 3 + 1);
}
