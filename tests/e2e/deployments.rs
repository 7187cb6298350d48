//! The argument lists of deployments in ExternalDNS's documentation: each is taken as it is, and those whose provider has a
//! server here run once.

use extdns_testkit::bind::{Access, Bind, KEYS};
use extdns_testkit::dynamodb::DynamoDbFake;
use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::KubeSim;
use extdns_testkit::pdns::{KEY, PowerDns};
use extdns_testkit::route53::Route53Sim;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Run, external_dns, run};

const LISTS: &str = include_str!("../fixtures/deployments/args.json");

/// One list.
struct Deployment {
    place: String,
    words: Vec<String>,
}

impl Deployment {
    /// All lists. A part of a deployment is made whole: a placeholder for a provider is `inmemory`.
    fn all() -> Vec<Self> {
        let lists: Vec<Value> = serde_json::from_str(LISTS).expect("JSON");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let whole = |(index, list): (usize, &Value)| {
            let words = list["args"].as_array().expect("arguments").iter().map(text);
            let own = |word: String| word.replace("=some-provider", "=inmemory");
            let mut words: Vec<String> = words.map(own).collect();
            for (flag, lacking) in [("--source", "service"), ("--provider", "inmemory")] {
                if !words.iter().any(|word| word.starts_with(&format!("{flag}="))) {
                    words.push(format!("{flag}={lacking}"));
                }
            }
            Self { place: format!("{} ({index})", text(&list["where"])), words }
        };
        lists.iter().enumerate().map(whole).collect()
    }

    fn values<'a>(&'a self, flag: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.words.iter().filter_map(move |word| word.strip_prefix(flag)?.strip_prefix('='))
    }

    fn provider(&self) -> &str {
        self.values("--provider").next().expect("a provider")
    }

    /// Whether it serves its provider to another program, and ends when it is told to.
    fn is_server(&self) -> bool {
        self.words.iter().any(|word| word == "--webhook-server")
    }

    /// The zone that it writes to.
    fn zone(&self) -> String {
        let filter = self.values("--domain-filter").next();
        filter.unwrap_or("example.org").trim_end_matches('.').to_owned()
    }

    /// Runs once over a cluster with a Service and an Ingress, with other values for some flags.
    fn run_once(&self, replaced: &[(&str, String)], variables: &[(&str, &str)]) -> Run {
        let zone = self.zone();
        let namespace = self.values("--namespace").next().unwrap_or("default");
        let class = self.values("--ingress-class").next();
        let kube = KubeSim::builder()
            .object(json!({
                "apiVersion": "v1", "kind": "Service",
                "metadata": {
                    "namespace": namespace, "name": "web",
                    "annotations": { "external-dns.kubernetes.io/hostname": format!("web.{zone}") },
                },
                "spec": { "type": "LoadBalancer", "ports": [{ "port": 443 }] },
                "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } },
            }))
            .object(json!({
                "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                "metadata": { "namespace": namespace, "name": "shop" },
                "spec": { "ingressClassName": class, "rules": [{ "host": format!("shop.{zone}") }] },
                "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.2" }] } },
            }))
            .start();
        let home = TempDir::new().expect("a folder");
        let config = kube.write_kubeconfig(&kube.kubeconfig(ADMIN));
        let other = |word: &String| {
            let flag = word.split('=').next().unwrap_or_default();
            let found = replaced.iter().find(|(own, _)| *own == flag);
            found.map_or_else(|| word.clone(), |(flag, value)| format!("{flag}={value}"))
        };
        let mut command = external_dns(home.path());
        // Of the kinds of other projects this cluster has no definitions.
        command.args(["--once", "--ignore-missing-crds"]).args(self.words.iter().map(other));
        command.arg(format!("--kubeconfig={}", config.display()));
        run(command.envs(variables.iter().copied()))
    }

    /// The names that it publishes.
    fn published(&self) -> Vec<String> {
        let of = |source: &str, name: &str| {
            let is_read = self.values("--source").any(|own| own == source);
            is_read.then(|| format!("{name}.{}", self.zone()))
        };
        of("ingress", "shop").into_iter().chain(of("service", "web")).collect()
    }
}

#[test]
fn every_list_is_taken() {
    let home = TempDir::new().expect("a folder");
    let lists = Deployment::all();
    assert!(lists.len() >= 33, "{}", lists.len());
    for own in &lists {
        let shown = run(external_dns(home.path()).args(["config", "show"]).args(&own.words));
        assert_eq!(shown.code, 0, "{}: {shown:?}", own.place);
    }
}

#[test]
fn the_lists_of_route53_run_once() {
    let variables = [
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ACCESS_KEY_ID", "AKIATEST"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-aws"),
    ];
    let lists = Deployment::all();
    let runs = |own: &&Deployment| own.provider() == "aws" && !own.is_server();
    let lists = lists.iter().filter(runs);
    let mut count = 0;
    for own in lists {
        let sim = Route53Sim::start();
        let is_private = own.values("--aws-zone-type").any(|kind| kind == "private");
        let zone = if is_private { sim.private_zone(&own.zone()) } else { sim.zone(&own.zone()) };
        let url = sim.url();
        let table = DynamoDbFake::start("external-dns");
        let table_url = table.url();
        let urls = [("AWS_ENDPOINT_URL", url.as_str()), ("AWS_ENDPOINT_URL_DYNAMODB", &table_url)];
        let variables = [&variables[..], &urls].concat();
        let done = own.run_once(&[], &variables);
        assert_eq!(done.code, 0, "{}: {done:?}", own.place);
        let sets = zone.own_records();
        for name in own.published() {
            let is_there =
                sets.iter().any(|set| set.name == format!("{name}.") && set.record_type == "A");
            assert!(is_there, "{}: {name} is not in {sets:?}", own.place);
        }
        assert!(sim.reads() > 0, "{}", own.place);
        let items = own.words.iter().any(|word| word == "--registry=dynamodb");
        assert_eq!(items, !table.items().is_empty(), "{}", own.place);
        count += 1;
    }
    assert!(count >= 9, "{count}");
}

/// The server takes the address that ExternalDNS looks for. Where something else has it, the program says so.
#[test]
fn a_webhook_server_needs_no_cluster() {
    let home = TempDir::new().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:8888");
    let [metrics] = extdns_testkit::process::free_ports().expect("a port");
    let mut command = external_dns(home.path());
    command.args(["--webhook-server", "--provider=inmemory", "--inmemory-zone=example.org"]);
    command.arg(format!("--metrics-address=127.0.0.1:{metrics}"));
    let refused = run(&mut command);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.log.contains("failed to listen on 127.0.0.1:8888"), "{refused:?}");
    assert!(!refused.log.contains("kubeconfig"), "{refused:?}");
    drop(taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_powerdns_runs_once() {
    let Some(server) = PowerDns::start_or_skip("the_list_of_powerdns_runs_once").await else {
        return;
    };
    for own in Deployment::all().iter().filter(|own| own.provider() == "pdns") {
        let zone = own.zone();
        server.create_zone(&zone, "Native").await;
        let replaced = [
            ("--pdns-server", server.url()),
            ("--pdns-server-id", "localhost".to_owned()),
            ("--pdns-api-key", KEY.to_owned()),
        ];
        let done = own.run_once(&replaced, &[]);
        assert_eq!(done.code, 0, "{}: {done:?}", own.place);
        let text = server.zone(&zone).await.to_string();
        for name in own.published() {
            assert!(text.contains(&format!("\"{name}.\"")), "{}: {name}: {text}", own.place);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_of_rfc2136_run_once() {
    let test = "the_lists_of_rfc2136_run_once";
    let lists = Deployment::all();
    let lists: Vec<_> = lists.iter().filter(|own| own.provider() == "rfc2136").collect();
    assert!(lists.len() >= 2, "{}", lists.len());
    for own in lists {
        let signs = own.values("--rfc2136-tsig-keyname").next().is_some();
        let access = if signs { Access::Keys } else { Access::Open };
        let zones: Vec<&str> = own.values("--rfc2136-zone").collect();
        let Some(server) = Bind::start_or_skip(test, &zones, access).await else { return };
        let key = KEYS.iter().find(|key| key[1] == "hmac-sha256").expect("a key");
        let replaced = [
            ("--rfc2136-host", "127.0.0.1".to_owned()),
            ("--rfc2136-port", server.port.to_string()),
            ("--rfc2136-tsig-keyname", key[0].to_owned()),
            ("--rfc2136-tsig-secret", key[2].to_owned()),
        ];
        let done = own.run_once(&replaced, &[]);
        // Without a filter the names of the test lie in no zone of the list, which is told with code 3.
        let is_open = own.values("--domain-filter").next().is_none();
        assert_eq!(done.code, if is_open { 3 } else { 0 }, "{}: {done:?}", own.place);
    }
}
