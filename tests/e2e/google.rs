//! The other command of ExternalDNS's README, as its users type it: from a simulated cluster to a server that answers as
//! Google Cloud DNS does.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use extdns_testkit::http::{Reply, Request, ScriptedServer};
use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::KubeSim;
use extdns_testkit::process::{Daemon, free_ports};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Run, external_dns, run};

/// As in the README of ExternalDNS.
const AS_TYPED: &str = "--registry txt --txt-owner-id my-cluster-id --provider google \
                        --google-project example-project --source service --once --dry-run";

const OBJECTS: &str = "
apiVersion: v1
kind: Service
metadata:
  namespace: default
  name: nginx
  annotations: { external-dns.kubernetes.io/hostname: nginx.example.org. }
spec: { type: LoadBalancer, ports: [{ port: 80 }] }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.10 }] } }
";

/// The record sets of the one zone, and how often they were changed.
#[derive(Default)]
struct Zone {
    rrsets: Vec<Value>,
    changes: usize,
}

fn answer(zone: &Mutex<Zone>, request: &Request) -> Reply {
    if request.path == "/token" {
        return Reply::json(200, &json!({ "access_token": "a-token", "expires_in": 3600 }));
    }
    assert_eq!(request.header("authorization"), Some("Bearer a-token"));
    let zones = "/dns/v1/projects/example-project/managedZones";
    let path = request.path.strip_prefix(zones).expect("a path of the project");
    let mut zone = zone.lock().unwrap_or_else(PoisonError::into_inner);
    match (request.method.as_str(), path) {
        ("GET", "") => {
            let own = json!({ "id": "1", "name": "zone-1", "dnsName": "example.org.", "visibility": "public" });
            Reply::json(200, &json!({ "managedZones": [own] }))
        }
        ("GET", "/zone-1/rrsets") => Reply::json(200, &json!({ "rrsets": zone.rrsets })),
        ("POST", "/zone-1/changes") => {
            let change: Value = serde_json::from_slice(&request.body).expect("JSON");
            assert_eq!(change["deletions"], Value::Null);
            zone.rrsets.extend(change["additions"].as_array().expect("additions").clone());
            zone.changes += 1;
            Reply::json(200, &json!({ "id": "7", "status": "pending" }))
        }
        other => panic!("{other:?}"),
    }
}

struct World {
    _kube: KubeSim,
    google: ScriptedServer,
    zone: Arc<Mutex<Zone>>,
    home: TempDir,
}

impl World {
    fn new() -> Self {
        let kube = KubeSim::builder().yaml(OBJECTS).start();
        let home = TempDir::new().expect("a folder");
        let config = kube.write_kubeconfig(&kube.kubeconfig(ADMIN));
        std::fs::create_dir(home.path().join(".kube")).expect("a folder");
        std::fs::copy(config, home.path().join(".kube/config")).expect("copied");
        let zone = Arc::<Mutex<Zone>>::default();
        let served = Arc::clone(&zone);
        let google = ScriptedServer::start(move |request| answer(&served, request));
        let login = json!({
            "type": "authorized_user", "client_id": "c", "client_secret": "a-secret",
            "refresh_token": "a-refresh-token", "token_uri": format!("{}/token", google.url()),
        });
        std::fs::write(home.path().join("login.json"), login.to_string()).expect("written");
        Self { _kube: kube, google, zone, home }
    }

    fn run(&self, words: &str) -> Run {
        run(&mut self.command(words))
    }

    fn command(&self, words: &str) -> Command {
        let mut command = external_dns(self.home.path());
        command
            .args(words.split_whitespace())
            .env("GOOGLE_APPLICATION_CREDENTIALS", self.home.path().join("login.json"))
            .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS", self.google.url());
        command
    }

    /// How often the zone was changed, and what it has.
    fn zone(&self) -> (usize, Vec<String>) {
        let zone = self.zone.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = |set: &Value| format!("{} {}", set["name"], set["type"]).replace('"', "");
        (zone.changes, zone.rrsets.iter().map(shown).collect())
    }
}

#[test]
fn the_command_of_the_readme_plans_and_without_dry_run_writes_once() {
    let world = World::new();
    let planned = world.run(AS_TYPED);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.out.contains("+ A nginx.example.org"), "{planned:?}");
    assert_eq!(world.zone(), (0, Vec::new()), "a plan writes nothing");
    let applying = AS_TYPED.trim_end_matches(" --dry-run");
    for _ in 0..2 {
        let applied = world.run(applying);
        assert_eq!(applied.code, 0, "{applied:?}");
        let (changes, mut left) = world.zone();
        left.sort();
        assert_eq!(left, ["a-nginx.example.org. TXT", "nginx.example.org. A"]);
        assert_eq!(changes, 1, "the second run has nothing to do");
    }
}

/// The metrics of a process, as far as it serves them yet.
fn metrics(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// The same command without --once is the loop, which tells how long its requests took.
#[test]
fn the_command_of_the_readme_loops() {
    let world = World::new();
    let words = AS_TYPED.trim_end_matches(" --once --dry-run");
    let [port] = free_ports().expect("a port");
    let mut command = world.command(words);
    command.env("EXTERNAL_DNS_METRICS_ADDRESS", format!("127.0.0.1:{port}"));
    let home = TempDir::new().expect("a folder");
    let mut process = Daemon::spawn("external-dns", home, &mut command).expect("the loop");
    let host = world.google.address();
    let measured = format!(
        "external_dns_http_request_duration_seconds_count{{handler=\"instrumented_http\",scheme=\"http\",\
         host=\"{host}\",path=\"changes\",method=\"POST\",status=\"200\"}} 1\n"
    );
    let begin = Instant::now();
    while !metrics(port).is_some_and(|page| page.contains(&measured)) {
        let log = process.log();
        assert!(begin.elapsed() < Duration::from_secs(60), "no record comes: {log}");
        assert!(process.ended().is_none(), "it ended: {log}");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(world.zone().1.len(), 2);
}
