//! Three clusters, two targets, and the files of who runs the program over them.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

use extdns_testkit::eks_token;
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{KubeSim, User};
use extdns_testkit::moto::{EksCluster, Moto};
use extdns_testkit::pdns::{KEY, PowerDns};
use extdns_testkit::route53::{Route53Sim, Zone};
use serde_json::{Value, json};

use crate::program::{Bench, Run, external_dns, run};

const CLUSTER_ACCOUNT: &str = "111122223333";
pub(super) const PAGE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/many-clusters.md"));
/// Where the secret and the table are. Requests to Route 53 at an endpoint of choice are signed for the region of the
/// environment, and Route 53 has this one alone.
pub(super) const REGION: &str = "us-east-1";
const TOKEN: &str = "token-of-lab";

/// Everything that a run meets.
pub(super) struct World {
    /// The cluster of EKS.
    pub(super) prod: KubeSim,
    /// The cluster with a kubeconfig.
    pub(super) lab: KubeSim,
    pub(super) moto: Arc<Moto>,
    pub(super) route53: Route53Sim,
    pub(super) zone: Zone,
    pub(super) pdns: PowerDns,
    pub(super) bench: Bench,
}

/// What a run printed, and its report.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) run: Run,
    pub(super) report: Value,
}

/// A Service of type LoadBalancer that wants one name.
pub(super) fn service(name: &str, host: &str, address: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "namespace": "shop", "name": name,
            "annotations": { "external-dns.kubernetes.io/hostname": host },
        },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 443 }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": address }] } },
    })
}

/// Services that want `a00`, `a01`, .. of this domain.
pub(super) fn services(letter: char, count: usize, domain: &str) -> impl Iterator<Item = Value> {
    (0..count).map(move |n| {
        let name = format!("{letter}{n:02}");
        service(&name, &format!("{name}.{domain}"), &format!("192.0.2.{}", n + 1))
    })
}

impl World {
    /// `None` where moto or PowerDNS cannot be installed.
    pub(super) async fn start(test: &str) -> Option<Self> {
        let by_role = |token: &str| {
            eks_token::check(token).is_ok_and(|own| own.access_key.starts_with("ASIA"))
        };
        let rules = json!([
            { "apiGroups": [""], "resources": ["services", "pods", "nodes"], "verbs": ["list", "watch"] },
            { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"] },
            { "apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["list", "watch"] },
        ]);
        let reader = User::new("dns", "").may(&rules).by(by_role);
        let prod = KubeSim::builder().user(reader).tls().start();
        let lab = KubeSim::builder().user(User::new("dns", TOKEN).may(&rules)).tls().start();
        for (cluster, letter) in [(&prod, 'a'), (&lab, 'b')] {
            services(letter, 12, "example.org").for_each(|own| drop(cluster.apply(own)));
            cluster.apply(service("corp", &format!("{letter}.corp.example.com"), "192.0.2.50"));
        }
        let eks = EksCluster {
            account: CLUSTER_ACCOUNT.to_owned(),
            ..EksCluster::new("prod-eu", &prod.url(), &prod.ca().expect("TLS"))
        };
        let moto = Moto::with_clusters_or_skip(test, &[eks]).await?;
        let pdns = PowerDns::start_or_skip(test).await?;
        pdns.create_zone("corp.example.com", "Native").await;
        let route53 = Route53Sim::start();
        // The keys of the environment are of an account without zones; those of a role are of the other.
        route53.account("222222222222").access_key("AKIATEST");
        let zone = route53.zone("example.org");
        let bench = Bench::new();
        std::fs::create_dir(bench.path().join("deploy")).expect("a folder");
        let mut kubeconfig = lab.kubeconfig(Login::Token(TOKEN));
        kubeconfig["contexts"][0]["name"] = json!("admin");
        bench.write("lab.kubeconfig", &kubeconfig.to_string());
        let world = Self { prod, lab, moto: Arc::new(moto), route53, zone, pdns, bench };
        world.preview("192.0.2.1");
        Some(world)
    }

    /// The same with the kubeconfig in Secrets Manager, and this in the place of `state`.
    pub(super) async fn with_secret(test: &str, state: &str) -> Option<Self> {
        let world = Self::start(test).await?;
        world.aws("secretsmanager create-secret --name lab-kubeconfig --secret-string file://lab.kubeconfig");
        world.configure(state);
        Some(world)
    }

    /// Writes the manifests: four names, the first with this address.
    pub(super) fn preview(&self, first: &str) {
        let mut objects: Vec<Value> = services('c', 4, "preview.example.org").collect();
        objects[0] = service("c00", "c00.preview.example.org", first);
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
        self.bench.write("deploy/objects.json", &list.to_string());
    }

    /// Writes the configuration file of the page, with this in the place of its `state`.
    pub(super) fn configure(&self, state: &str) {
        let text = PAGE.split("```yaml\n").nth(1).and_then(|text| text.split("```").next());
        let text = text.expect("a file").replace("http://pdns.example.com:8081", &self.pdns.url());
        let own = "state: { dynamodb: { table: external-dns } }";
        assert!(text.contains(own), "{text}");
        self.bench.write("extdns.yaml", &text.replace(own, state));
    }

    /// The program in the folder of the configuration file.
    pub(super) fn command(&self) -> Command {
        let mut command = external_dns(self.bench.path());
        command
            .current_dir(self.bench.path())
            .envs(self.moto.variables())
            .env("AWS_REGION", REGION)
            .env("AWS_ENDPOINT_URL_ROUTE_53", self.route53.url())
            .env("EXTERNAL_DNS_PDNS_API_KEY", KEY);
        command
    }

    /// Runs once, with these flags.
    pub(super) fn run(&self, flags: &[&str]) -> Ran {
        let report = self.bench.path().join("report.json");
        let _ = std::fs::remove_file(&report);
        let usual = ["--once", "--config=extdns.yaml", "--report=report.json"];
        let run = run(self.command().args(usual).args(flags));
        let text = std::fs::read(&report).unwrap_or_default();
        Ran { run, report: serde_json::from_slice(&text).unwrap_or_default() }
    }

    /// Types a command of the AWS CLI in that folder.
    pub(super) fn aws(&self, words: &str) -> Value {
        let folder = format!("file://{}/", self.bench.path().display());
        let words = words.replace("file://", &folder);
        let words: Vec<&str> = words.split_whitespace().chain(["--region", REGION]).collect();
        self.moto.aws(&words)
    }

    /// The records of the zone of Route 53 that are no ownership records, by name.
    pub(super) fn public(&self) -> BTreeMap<String, Vec<String>> {
        let records = self.zone.own_records();
        let records = records.into_iter().filter(|own| own.record_type != "TXT");
        records.map(|own| (own.name, own.values)).collect()
    }

    /// The same of the zone of PowerDNS.
    pub(super) async fn internal(&self) -> BTreeMap<String, Value> {
        let zone = self.pdns.zone("corp.example.com").await;
        let sets = zone["rrsets"].as_array().expect("record sets").iter();
        sets.filter(|set| set["type"] == "A")
            .map(|set| (set["name"].as_str().expect("a name").to_owned(), set["records"].clone()))
            .collect()
    }

    /// The owner id that the ownership record of an A record names.
    pub(super) fn owner_of(&self, name: &str) -> String {
        let text = self.zone.find(&format!("a-{name}"), "TXT").remove(0).values.remove(0);
        let (_, owner) = text.split_once("external-dns/owner=").expect("an owner");
        owner.split(',').next().expect("an owner").to_owned()
    }
}

impl Ran {
    /// A number of the report's totals.
    pub(super) fn total(&self, name: &str) -> u64 {
        self.report["totals"][name].as_u64().unwrap_or_else(|| panic!("{name}: {self:?}"))
    }

    /// The targets of the report.
    pub(super) fn targets(&self) -> impl Iterator<Item = &Value> {
        self.report["targets"].as_array().expect("targets").iter()
    }

    /// All changes of the report.
    pub(super) fn changes(&self) -> impl Iterator<Item = &Value> {
        let zones = self.targets().flat_map(|own| own["zones"].as_array().into_iter().flatten());
        zones.flat_map(|own| own["changes"].as_array().into_iter().flatten())
    }
}
