//! Our providers behind the webhook protocol, over real HTTP: every status of the protocol, and our client against our
//! server.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use extdns_model::RecordType;
use extdns_providers::conformance::{Fault, RecordServer};
use extdns_providers::engine::stepped;
use extdns_providers::webhook::{Webhook, WebhookArgs};
use extdns_providers::{Context, Provider, Transport, ZoneReader as _};
use extdns_sync::ExitCode;
use extdns_sync::report::Summary;
use extdns_sync::settings::{Arguments, Environment, Request, resolve};
use extdns_sync::webhook_server::Served;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{run, services};

const MEDIA_TYPE: &str = "application/external.dns.webhook+json;version=1";

/// A provider with a zone, and a server in front of it.
struct World {
    zone: RecordServer,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

/// What came back.
#[derive(Debug, PartialEq)]
struct Reply {
    status: u16,
    media_type: Option<String>,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn arguments(flags: &[&str]) -> Box<Arguments> {
    let usual = ["--webhook-server", "--provider=inmemory"];
    let arguments = usual.iter().chain(flags).map(ToString::to_string).collect();
    match resolve(&Environment { arguments, ..Environment::default() }) {
        Ok(Request::Run(arguments)) => arguments,
        other => panic!("{flags:?}: {other:?}"),
    }
}

impl World {
    async fn start(flags: &[&str]) -> Self {
        let zone = RecordServer::new(&["example.org"]);
        let api = zone.api();
        let via = Transport::new(api.capabilities());
        let provider: Arc<dyn Provider> = Arc::new(stepped(api, via));
        let served = Served::over(provider, &arguments(flags)).expect("settings");
        let (address, serving) = served.open("127.0.0.1:0").await.expect("an address");
        let serving = tokio::spawn(serving(Box::pin(std::future::pending())));
        Self { zone, address, serving }
    }

    async fn call(&self, method: &str, path: &str, body: impl Into<Vec<u8>>) -> Reply {
        let (address, body) = (self.address, body.into());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let call = move || {
            let mut stream = TcpStream::connect(address).expect("a connection");
            stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
            stream.write_all(head.as_bytes()).expect("sent");
            // Who refuses a body need not read it.
            let _ = stream.write_all(&body);
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            answer
        };
        let answer = tokio::task::spawn_blocking(call).await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        let status = status.unwrap_or_else(|| panic!("{method} {path}: {answer:?}"));
        Reply { status, media_type: header("content-type"), body: body.to_owned() }
    }

    /// Name, type and values of all records.
    fn records(&self) -> Vec<String> {
        let contents = self.zone.contents();
        let line = |set: &extdns_model::RecordSet| {
            let targets: Vec<&str> = set.targets.iter().map(|own| own.as_str()).collect();
            format!("{} {} {}", set.name, set.rtype, targets.join(","))
        };
        let mut lines: Vec<String> = contents.iter().map(line).collect();
        lines.sort();
        lines
    }

    async fn change(&self, changes: Value) -> u16 {
        self.call("POST", "/records", changes.to_string()).await.status
    }

    fn client(&self) -> Arc<dyn Provider> {
        let args = WebhookArgs {
            webhook_provider_url: format!("http://{}", self.address),
            webhook_provider_read_timeout: Duration::from_secs(30),
            webhook_provider_write_timeout: Duration::from_secs(30),
            webhook_provider_max_body_size: 0,
        };
        Arc::new(Webhook::new(&args, &Context::default()).expect("a provider"))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn a(name: &str, address: &str) -> Value {
    json!({ "dnsName": name, "recordType": "A", "targets": [address] })
}

/// The statuses of a request that `docs/webhook-api.yaml` tells of; none where it has no such request.
fn described(method: &str, path: &str) -> Vec<u16> {
    let text = include_str!("../../../../docs/webhook-api.yaml");
    let api: Value = serde_saphyr::from_str(text).expect("YAML");
    let responses = &api["paths"][path][method.to_lowercase()]["responses"];
    let statuses = responses.as_object().into_iter().flat_map(|own| own.keys());
    statuses.map(|status| status.parse().expect("a status")).collect()
}

/// Each request of the protocol with its status, and with the media type where there is a body.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_the_status_of_the_protocol() {
    let world = World::start(&["--domain-filter=example.org"]).await;
    let create = json!({ "create": [a("www.example.org", "192.0.2.1")] }).to_string();
    let table = [
        ("GET", "/", "", 200, true),
        ("PUT", "/anything", "", 200, true),
        ("GET", "/records", "", 200, true),
        ("POST", "/records", create.as_str(), 204, false),
        ("POST", "/records", "{}", 204, false),
        ("POST", "/records", "", 400, false),
        ("POST", "/records", "[]", 400, false),
        ("POST", "/records", r#"{"create":[{"dnsName":"a.example.org"}]}"#, 400, false),
        (
            "POST",
            "/records",
            r#"{"updateNew":[]  ,"updateOld":[{"dnsName":"a","recordType":"A"}]}"#,
            400,
            false,
        ),
        ("PUT", "/records", "{}", 400, false),
        ("POST", "/adjustendpoints", "[]", 200, true),
        ("POST", "/adjustendpoints", "null", 200, true),
        ("POST", "/adjustendpoints", "", 400, false),
        ("POST", "/adjustendpoints", "{}", 400, false),
        ("GET", "/adjustendpoints", "", 400, false),
    ];
    for (method, path, body, status, has_body) in table {
        let reply = world.call(method, path, body).await;
        assert_eq!(reply.status, status, "{method} {path} {body}: {reply:?}");
        let described = described(method, path);
        assert!(described.is_empty() || described.contains(&status), "{method} {path}: {status}");
        assert_eq!(reply.media_type.as_deref(), has_body.then_some(MEDIA_TYPE), "{reply:?}");
        assert_eq!(reply.body.is_empty(), !has_body, "{method} {path} {body}: {reply:?}");
    }
    assert_eq!(world.call("GET", "/", "").await.json(), json!({ "include": ["example.org"] }));
    let records = world.call("GET", "/records", "").await.json();
    assert_eq!(records[0]["dnsName"], "www.example.org");
    assert_eq!(records[0]["targets"], json!(["192.0.2.1"]));
    assert_eq!(world.call("POST", "/adjustendpoints", "null").await.json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_made_as_clients_of_all_versions_send_them() {
    let world = World::start(&[]).await;
    let owner = "\"heritage=external-dns,external-dns/owner=me\"";
    let text = |target: &str| {
        json!({ "dnsName": "a-www.example.org", "recordType": "TXT", "targets": [target],
                "labels": { "ownedRecord": "www.example.org" } })
    };
    let first = json!({ "Create": [a("www.example.org", "192.0.2.1"), text(owner)], "Extra": 1 });
    assert_eq!(world.change(first.clone()).await, 204);
    let both = ["a-www.example.org TXT", "www.example.org A 192.0.2.1"];
    let records = world.records();
    assert!(
        records.len() == 2 && records.iter().zip(both).all(|(own, start)| own.starts_with(start)),
        "{records:?}"
    );
    // What is there already, and an update of what is not.
    assert_eq!(world.change(first).await, 204);
    let new = a("new.example.org", "192.0.2.7");
    assert_eq!(world.change(json!({ "updateOld": [new], "updateNew": [new] })).await, 204);
    let (old, now) = (a("www.example.org", "192.0.2.1"), a("www.example.org", "192.0.2.2"));
    let update = json!({ "UpdateOld": [old], "UpdateNew": [now], "delete": null });
    assert_eq!(world.change(update).await, 204);
    assert!(world.records().contains(&"www.example.org A 192.0.2.2".to_owned()));
    // What is gone is gone; a type that gives way to another is a delete and a create.
    let cname = json!({ "dnsName": "new.example.org", "recordType": "CNAME", "targets": ["b.example.org"] });
    let swap = json!({ "create": [cname], "delete": [new, a("none.example.org", "192.0.2.9")] });
    assert_eq!(world.change(swap).await, 204);
    let records = world.records();
    assert!(records.iter().any(|own| own.starts_with("new.example.org CNAME")), "{records:?}");
    assert!(!records.iter().any(|own| own.starts_with("new.example.org A ")), "{records:?}");
    // A name outside all zones is left out, as providers of ExternalDNS do.
    assert_eq!(world.change(json!({ "create": [a("www.example.net", "192.0.2.1")] })).await, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_is_an_error_of_the_server() {
    let world = World::start(&[]).await;
    let name = extdns_model::Name::as_listed("bad.example.org");
    world.zone.faults().inject(Fault::Reject(name));
    let both = json!({ "create": [a("bad.example.org", "192.0.2.1"), a("good.example.org", "192.0.2.2")] });
    let reply = world.call("POST", "/records", both.to_string()).await;
    assert_eq!((reply.status, reply.body.as_str()), (500, ""));
    assert_eq!(world.records(), ["good.example.org A 192.0.2.2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_only_plans_writes_nothing() {
    let world = World::start(&["--dry-run"]).await;
    let create = json!({ "create": [a("www.example.org", "192.0.2.1")] });
    assert_eq!(world.change(create).await, 204);
    assert_eq!(world.records(), [""; 0]);
    assert_eq!(world.zone.faults().writes(), 0);
}

/// The limit is that of the flag, to the byte.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_32_mib_are_taken_and_one_byte_more_is_not() {
    const MOST: usize = 32 << 20;
    let world = World::start(&[]).await;
    for (length, status) in [(MOST, 200), (MOST + 1, 413)] {
        let mut body = vec![b' '; length];
        body[0] = b'[';
        body[length - 1] = b']';
        let reply = world.call("POST", "/adjustendpoints", body).await;
        assert_eq!(reply.status, status, "{length}: {reply:?}");
    }
    let small = World::start(&["--webhook-provider-max-body-size=10"]).await;
    assert_eq!(small.call("POST", "/records", "{        }").await.status, 204);
    assert_eq!(small.call("POST", "/records", "{         }").await.status, 413);
    let open = World::start(&["--webhook-provider-max-body-size=0"]).await;
    assert_eq!(open.call("POST", "/records", "{         }").await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_and_our_server_agree() {
    let world = World::start(&[]).await;
    let hosts = [("one.example.org", "192.0.2.1"), ("two.example.org", "192.0.2.2")];
    let code = async |hosts: &[(&str, &str)]| {
        let objects = services(hosts.iter().copied());
        let report = run(&objects, world.client(), &["--no-guard"]).await.expect("a run");
        (Summary::of(&report).exit_code(), report.changes().count())
    };
    assert_eq!(code(&hosts).await, (ExitCode::Success, 2));
    let addresses = || {
        let contents = world.zone.contents();
        contents.iter().filter(|set| set.rtype == RecordType::A).count()
    };
    assert_eq!((world.records().len(), addresses()), (4, 2));
    assert_eq!(code(&hosts).await, (ExitCode::Success, 0), "nothing is left to do");
    let changed = [("one.example.org", "192.0.2.9")];
    assert_eq!(code(&changed).await, (ExitCode::Success, 2));
    assert_eq!((world.records().len(), addresses()), (2, 1));
    assert!(world.records().contains(&"one.example.org A 192.0.2.9".to_owned()));
    assert_eq!(code(&changed).await, (ExitCode::Success, 0));
}
