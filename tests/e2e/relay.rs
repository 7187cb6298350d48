//! `external-dns relay` behind a real API server: what is created there reaches the queue, or DNS, by its webhook.

use std::fs;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use extdns_testkit::http::{Identity, Reply, ScriptedServer};
use extdns_testkit::kube::{ADMIN, KubeApi};
use extdns_testkit::process::{Daemon, free_ports};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Bench, external_dns};

const TOKEN: &str = "path-token-of-the-one-cluster";
const WEBHOOK: &str = include_str!("../../infra/aws/kubernetes/webhook.yaml");

/// A relay with its port, and the certificate of its authority.
struct Relay {
    process: Daemon,
    port: u16,
    ca: String,
}

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{what} does not come");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

impl Relay {
    async fn start(flags: &[String], variables: &[(&str, String)]) -> Self {
        let dir = TempDir::new().expect("a folder");
        let (identity, ca) = Identity::of_localhost();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).expect("written");
            path.to_str().expect("text").to_owned()
        };
        let cert = write("tls.crt", &identity.certificate);
        let key = write("tls.key", &identity.key);
        let who = write("credentials.json", &json!({ "cluster/default": TOKEN }).to_string());
        let [port] = free_ports().expect("a port");
        let mut command = external_dns(dir.path());
        command
            .args(["relay", "--source=service", "--source=ingress"])
            .args([
                format!("--listen=127.0.0.1:{port}"),
                format!("--listen-tls-cert={cert}"),
                format!("--listen-tls-key={key}"),
                format!("--relay-credentials={who}"),
            ])
            .args(flags)
            .envs(variables.iter().map(|(name, value)| (name, value)));
        let process = Daemon::spawn("relay", dir, &mut command).expect("the relay");
        until("the relay", async || process.log().contains("taking calls").then_some(())).await;
        Self { process, port, ca }
    }

    /// Makes the shipped webhook of the server call the relay.
    async fn hook(&self, api: &KubeApi) {
        let mut webhook = extdns_testkit::kube::documents(WEBHOOK).remove(0);
        let url = format!("https://127.0.0.1:{}/admission/default/{TOKEN}", self.port);
        let config = &mut webhook["webhooks"][0]["clientConfig"];
        *config = json!({ "url": url, "caBundle": BASE64_STANDARD.encode(&self.ca) });
        api.apply(webhook).await;
    }
}

fn service(name: &str, label: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "namespace": "default", "name": name, "labels": { "number": label.to_string() },
            "annotations": { "external-dns.alpha.kubernetes.io/hostname": format!("{name}.example.org") },
        },
        "spec": { "type": "LoadBalancer", "ports": [{ "name": "https", "port": 443 }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": "203.0.113.7" }] } },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_created_reaches_the_queue_through_the_webhook() {
    let test = "a_service_that_is_created_reaches_the_queue";
    let Some(api) = KubeApi::start_or_skip(test).await else { return };
    let sqs = ScriptedServer::start(|_| Reply::json(200, &json!({ "MessageId": "1" })));
    let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/extdns.fifo";
    let aws = [
        ("AWS_ENDPOINT_URL_SQS", format!("http://{}", sqs.address())),
        ("AWS_ACCESS_KEY_ID", "AKIATEST".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-the-test".to_owned()),
    ];
    let flags = [format!("--queue-url={url}"), "--relay-window=1s".to_owned()];
    let relay = Relay::start(&flags, &aws).await;
    relay.hook(&api).await;
    // The server takes a moment to know its webhooks.
    let mut number = 0;
    let sent = until("a message", async || {
        number += 1;
        api.apply(service("web", number)).await;
        sqs.requests().first().map(|request| request.json())
    })
    .await;
    let body: Value =
        serde_json::from_str(sent["MessageBody"].as_str().expect("text")).expect("JSON");
    assert_eq!(
        (&body["reason"], &body["cluster"]),
        (&json!("change"), &json!("default")),
        "{body}"
    );
    assert_eq!(body["object"], "services/default/web");

    // Other objects, and the relay's end, keep nothing from being stored.
    let config = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "namespace": "default", "name": "x" } });
    api.apply(config).await;
    assert!(!relay.process.log().contains(TOKEN), "{}", relay.process.log());
    drop(relay);
    api.apply(service("later", 0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_queue_a_change_is_in_dns_seconds_later() {
    let test = "without_a_queue_a_change_is_in_dns_seconds_later";
    let Some(api) = KubeApi::start_or_skip(test).await else { return };
    let bench = Bench::new();
    let zones = bench.zone_file().parent().expect("a folder").display().to_string();
    let flags = [
        format!("--kubeconfig={}", api.write_kubeconfig(&api.kubeconfig(ADMIN)).display()),
        "--provider=zonefile".to_owned(),
        format!("--zonefile-dir={zones}"),
        "--zonefile-create=example.org".to_owned(),
        "--txt-owner-id=e2e".to_owned(),
        "--policy=sync".to_owned(),
        "--relay-window=1s".to_owned(),
        "--interval=1h".to_owned(),
    ];
    let mut relay = Relay::start(&flags, &[]).await;
    relay.hook(&api).await;
    let mut number = 0;
    until("the record", async || {
        number += 1;
        // Only the label changes, after the first time.
        api.apply(service("web", number)).await;
        let zone = fs::read_to_string(bench.zone_file()).ok()?;
        zone.contains("web.example.org. 300 IN A 203.0.113.7\n").then_some(())
    })
    .await;
    api.delete(&service("web", 0)).await;
    until("the delete", async || (!bench.zone().contains("203.0.113.7")).then_some(())).await;

    let stopped = std::process::Command::new("kill").arg(relay.process.pid().to_string()).status();
    assert!(stopped.expect("kill").success());
    let status = until("the end", async || relay.process.ended()).await;
    assert!(status.success(), "{status}: {}", relay.process.log());
}

/// Without a restart, and without a call: what is read, and a change that cannot be made so.
#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_file_that_has_changed_is_taken_up() {
    let bench = Bench::new();
    let zones = bench.zone_file().parent().expect("a folder").display().to_string();
    let config = |clusters: &[&str], relay: &str| {
        let clusters = clusters.iter().map(|name| {
            let path = bench.write(&format!("{name}.json"), &service(name, 0).to_string());
            format!("  - {{ name: {name}, manifests: [{}] }}\n", path.display())
        });
        let clusters: String = clusters.collect();
        let text = format!(
            "apiVersion: extdns/v1\ndefaults: {{ provider: zonefile, zonefileDir: {zones}, zonefileCreate: [example.org], \
             policy: sync, txtOwnerId: e2e, interval: 1h{relay} }}\nclusters:\n{clusters}"
        );
        bench.write("config.yaml", &text)
    };
    let path = config(&["one"], "");
    let relay = Relay::start(&[format!("--config={}", path.display())], &[]).await;
    let has = |name: &str| {
        let zone = fs::read_to_string(bench.zone_file()).ok()?;
        zone.contains(&format!("{name}.example.org. 300 IN A 203.0.113.7\n")).then_some(())
    };
    until("the record of the first cluster", async || has("one")).await;
    config(&["one", "two"], "");
    until("the record of the second cluster", async || has("two")).await;
    config(
        &["one"],
        ", queueUrl: \"https://sqs.eu-west-1.amazonaws.com/111122223333/extdns.fifo\"",
    );
    until("the refusal", async || {
        let refused = "--queue-url has changed: start the relay again for that";
        relay.process.log().contains(refused).then_some(())
    })
    .await;
}
