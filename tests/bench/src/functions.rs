//! What the functions of AWS Lambda cost: their binaries under a Runtime API, events one after the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::kube::{ADMIN_TOKEN, Login};
use extdns_testkit::kube_sim::{KubeSim, User};
use extdns_testkit::lambda::Lambda;
use extdns_testkit::route53::Route53Sim;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::figures::Figures;
use crate::row::Bar;

/// Reviews of the row of the relay.
pub const REVIEWS: usize = 10_000;
/// A millisecond of processor time for each.
pub const RELAY: Bar = Bar { cpu: 10.0, peak: None, wall: None };
/// Clusters of the rows of `sync`.
pub const CLUSTERS: usize = 10;
/// The names of each cluster.
pub const NAMES: usize = 1_000;
/// What a run over all of them may cost; the template gives 256 MiB.
pub const SYNC: Bar = Bar { cpu: 1.0, peak: Some(48.0), wall: None };
/// The most that the start of [`Many::start`]'s function may cost, up to its first poll for an event: the bill of a
/// Lambda begins with it.
pub const START: Bar = Bar { cpu: 0.02, peak: None, wall: Some(0.02) };

const TOKEN: &str = "path-token-of-the-one-cluster";
/// The longest time that the service gives an event.
const PLENTY: Duration = Duration::from_secs(900);

/// The binary of a function, beside that of the program.
#[must_use]
pub fn binary(program: &Path, name: &str) -> PathBuf {
    program.with_file_name(format!("extdns-fn-{name}"))
}

/// Ten thousand admission reviews, each answered.
///
/// # Errors
/// When one is not answered as it should be.
pub fn reviews(relay: &Path) -> anyhow::Result<Figures> {
    let sqs = ScriptedServer::start(|_| Reply::json(200, &json!({ "MessageId": "1" })));
    let dir = TempDir::new()?;
    let credentials = dir.path().join("credentials.json");
    fs::write(&credentials, json!({ "cluster/default": TOKEN }).to_string())?;
    let variables = [
        ("EXTERNAL_DNS_SOURCE", "service\ningress".to_owned()),
        ("EXTERNAL_DNS_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/1/extdns.fifo".to_owned()),
        ("EXTERNAL_DNS_RELAY_CREDENTIALS", credentials.display().to_string()),
        ("AWS_ENDPOINT_URL_SQS", format!("http://{}", sqs.address())),
    ];
    let mut function = started(relay, variables)?;
    measured(&mut function, |function| {
        for number in 0..REVIEWS {
            let answer = ask(function, &review(number))?;
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
            ensure!(answer["statusCode"] == 200 && body["response"]["allowed"] == true, "{answer}");
        }
        Ok(())
    })
}

/// The call of the function URL for an update of a Service, both states of which it holds.
fn review(number: usize) -> Value {
    let service = |address: usize| {
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {
                "name": format!("web-{number}"), "namespace": "shop",
                "annotations": { "external-dns.alpha.kubernetes.io/hostname": format!("h{number}.example.org") },
            },
            "spec": { "type": "LoadBalancer", "ports": [{ "name": "https", "port": 443 }] },
            "status": { "loadBalancer": { "ingress": [{ "ip": format!("192.0.2.{address}") }] } },
        })
    };
    let review = json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": format!("705ab4f5-6393-11e8-b7cc-{number:012}"),
            "kind": { "group": "", "version": "v1", "kind": "Service" },
            "resource": { "group": "", "version": "v1", "resource": "services" },
            "name": format!("web-{number}"), "namespace": "shop", "operation": "UPDATE",
            "userInfo": { "username": "admin", "groups": ["system:authenticated"] },
            "object": service(2), "oldObject": service(1), "dryRun": false,
        },
    });
    json!({
        "version": "2.0", "rawPath": format!("/admission/default/{TOKEN}"),
        "headers": { "content-type": "application/json" },
        "requestContext": { "http": { "method": "POST" }, "stage": "$default" },
        "body": review.to_string(), "isBase64Encoded": false,
    })
}

/// Ten clusters with a thousand names each, which a first run has written to a zone of Route 53.
pub struct Many {
    /// Kept alive.
    _clusters: Vec<KubeSim>,
    dns: Route53Sim,
    dir: TempDir,
    sync: PathBuf,
}

impl Many {
    /// Starts everything, and makes the first run.
    ///
    /// # Errors
    /// When that run is not successful.
    pub fn start(sync: &Path) -> anyhow::Result<Self> {
        let dir = TempDir::new()?;
        let clusters: Vec<KubeSim> = (0..CLUSTERS).map(cluster).collect();
        let login = Login::Token(ADMIN_TOKEN);
        let entries = clusters.iter().enumerate().map(|(number, own)| {
            let path = own.write_kubeconfig(&own.kubeconfig(login));
            json!({ "name": format!("c{number}"), "kubeconfig": { "path": path } })
        });
        let config = json!({
            "apiVersion": "extdns/v1",
            "defaults": { "sources": ["service"], "policy": "sync", "txtOwnerId": "many" },
            "clusters": entries.collect::<Vec<_>>(),
            "targets": [{ "name": "public", "provider": "aws", "domainFilter": ["example.org"] }],
        });
        fs::write(dir.path().join("config.yaml"), config.to_string())?;
        let dns = Route53Sim::start();
        dns.zone("example.org").quota(10 * CLUSTERS * NAMES);
        let own = Self { _clusters: clusters, dns, dir, sync: sync.to_owned() };
        let mut function = own.function()?;
        let answer = own.run(&mut function)?;
        ensure!(answer["totals"]["create"] == CLUSTERS * NAMES, "{answer}");
        Ok(own)
    }

    fn function(&self) -> anyhow::Result<Lambda> {
        let path = |name: &str| self.dir.path().join(name).display().to_string();
        let variables = [
            ("EXTERNAL_DNS_CONFIG", path("config.yaml")),
            ("EXTERNAL_DNS_STATE", format!("file:{}", path("state.json"))),
            ("AWS_ENDPOINT_URL", self.dns.url()),
        ];
        started(&self.sync, variables)
    }

    fn run(&self, function: &mut Lambda) -> anyhow::Result<Value> {
        let answer =
            ask(function, &json!({ "source": "aws.events", "detail-type": "Scheduled Event" }))?;
        ensure!(answer["ok"] == true, "{answer}");
        Ok(answer)
    }

    /// A new process whose first run reads everything, and finds nothing to do.
    ///
    /// # Errors
    /// When the run is not successful, or changes something.
    pub fn reads(&self) -> anyhow::Result<Figures> {
        fs::remove_file(self.dir.path().join("state.json"))?;
        self.nothing_to_do(&mut self.function()?)
    }

    /// A new process whose first run reads the clusters alone: the gate is shut.
    ///
    /// # Errors
    /// When the run is not successful, or asks the provider.
    pub fn gated(&self) -> anyhow::Result<Figures> {
        self.dns.forget_calls();
        let figures = self.nothing_to_do(&mut self.function()?)?;
        ensure!(self.dns.calls().is_empty(), "the provider was asked");
        Ok(figures)
    }

    fn nothing_to_do(&self, function: &mut Lambda) -> anyhow::Result<Figures> {
        measured(function, |function| {
            let answer = self.run(function)?;
            ensure!(answer["changes"] == json!([]), "{answer}");
            Ok(())
        })
    }
}

fn cluster(number: usize) -> KubeSim {
    let service = |name: usize| {
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {
                "name": format!("web-{name}"), "namespace": "shop",
                "annotations": { "external-dns.alpha.kubernetes.io/hostname": format!("h{name}.c{number}.example.org") },
            },
            "spec": { "type": "LoadBalancer", "ports": [{ "name": "https", "port": 443 }] },
            "status": { "loadBalancer": { "ingress": [{ "ip": format!("10.{number}.{}.{}", name >> 8, name & 255) }] } },
        })
    };
    let user = User::admin("admin", ADMIN_TOKEN);
    (0..NAMES)
        .map(service)
        .fold(KubeSim::builder().user(user).tls(), |all, own| all.object(own))
        .start()
}

/// The quickest of several starts: the time from the process to its first poll for an event.
///
/// # Errors
/// When a process does not start.
pub fn quickest_start(many: &Many) -> anyhow::Result<Figures> {
    const STARTS: usize = 10;
    let mut best: Option<Figures> = None;
    for _ in 0..STARTS {
        let begin = Instant::now();
        let function = many.function()?;
        let figures = figures(&function, begin, Duration::ZERO)?;
        best = best.filter(|own| own.wall <= figures.wall).or(Some(figures));
    }
    best.context("there was a start")
}

fn started<const N: usize>(
    binary: &Path,
    variables: [(&str, String); N],
) -> anyhow::Result<Lambda> {
    ensure!(binary.exists(), "{} is missing: make bench builds it", binary.display());
    let mut function = Lambda::new(binary, variables);
    match function.init_error() {
        None => Ok(function),
        Some(error) => Err(anyhow!("{error:?}\n{}", function.log())),
    }
}

fn ask(function: &mut Lambda, event: &Value) -> anyhow::Result<Value> {
    let answer = function.invoke(event, PLENTY);
    Ok(answer.map_err(|error| anyhow!("{error:?}\n{}", function.log()))?.json())
}

/// What a process that has started costs for some events.
fn measured(
    function: &mut Lambda,
    events: impl FnOnce(&mut Lambda) -> anyhow::Result<()>,
) -> anyhow::Result<Figures> {
    let before = function.cpu_time().context("a process")?;
    let begin = Instant::now();
    events(function)?;
    figures(function, begin, before)
}

#[expect(clippy::cast_precision_loss, reason = "a process has less than 2^53 bytes")]
fn figures(function: &Lambda, begin: Instant, before: Duration) -> anyhow::Result<Figures> {
    let wall = begin.elapsed().as_secs_f64();
    let cpu = function.cpu_time().context("a process")?.saturating_sub(before).as_secs_f64();
    let peak = function.peak_memory().context("a process")? as f64 / f64::from(1 << 20);
    Ok(Figures { wall, cpu, peak })
}
