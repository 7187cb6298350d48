//! A function with a hosted zone and a cluster of its own.

use std::ops::Range;
use std::time::Duration;

use extdns_testkit::lambda::{Answer, FunctionError, Lambda};
use extdns_testkit::route53::{RecordSet, Route53Sim, Zone};
use serde_json::{Value, json};
use tempfile::TempDir;

/// More than enough for a run, with the ten seconds that the function keeps.
pub(crate) const PLENTY: Duration = Duration::from_secs(120);

/// The function, the simulator that it writes to, and the objects that it reads.
pub(crate) struct Bench {
    pub(crate) sim: Route53Sim,
    pub(crate) zone: Zone,
    pub(crate) function: Lambda,
    dir: TempDir,
}

/// The binary of the function.
pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_extdns-fn-sync")
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// With variables of the test's own; one with an empty text is as if it were not there.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().expect("a folder");
        let sim = Route53Sim::start();
        let zone = sim.zone("example.org");
        let manifests = dir.path().join("cluster.json").to_str().expect("text").to_owned();
        let ordinary = [
            ("EXTERNAL_DNS_SOURCE", "crd"),
            ("EXTERNAL_DNS_MANIFESTS", &manifests),
            ("EXTERNAL_DNS_PROVIDER", "aws"),
            ("EXTERNAL_DNS_DOMAIN_FILTER", "example.org"),
            ("EXTERNAL_DNS_REGISTRY", "txt"),
            ("EXTERNAL_DNS_TXT_OWNER_ID", "lambda"),
            ("EXTERNAL_DNS_POLICY", "sync"),
            ("EXTERNAL_DNS_LOG_FORMAT", "json"),
            ("EXTERNAL_DNS_AWS_BATCH_CHANGE_INTERVAL", "1ms"),
            ("AWS_ENDPOINT_URL", &sim.url()),
        ];
        let function = Lambda::new(binary(), ordinary.into_iter().chain(variables.iter().copied()));
        let bench = Self { sim, zone, function, dir };
        bench.want(0..0);
        bench
    }

    /// Lets the cluster want `h<number>.example.org` for each of these numbers.
    pub(crate) fn want(&self, numbers: Range<usize>) {
        self.want_endpoints(numbers.map(|n| {
            json!({
                "dnsName": host(n), "recordType": "A", "recordTTL": 60,
                "targets": [format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255)],
            })
        }));
    }

    /// Lets the cluster want these endpoints of DNSEndpoints.
    pub(crate) fn want_endpoints(&self, endpoints: impl Iterator<Item = Value>) {
        let object = json!({
            "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
            "metadata": { "namespace": "dns", "name": "all" },
            "spec": { "endpoints": endpoints.collect::<Vec<_>>() },
        });
        std::fs::write(self.dir.path().join("cluster.json"), object.to_string())
            .expect("the objects are written");
    }

    pub(crate) fn invoke(&mut self, event: &Value) -> Result<Answer, FunctionError> {
        self.function.invoke(event, PLENTY)
    }

    /// The answer to an event that is no error.
    pub(crate) fn ask(&mut self, event: &Value) -> Value {
        self.ask_within(event, PLENTY)
    }

    pub(crate) fn ask_within(&mut self, event: &Value, timeout: Duration) -> Value {
        match self.function.invoke(event, timeout) {
            Ok(answer) => answer.json(),
            Err(error) => panic!("{error:?}\n{}", self.function.log()),
        }
    }

    /// The numbers of the hosts in the zone; each has its ownership record, and nothing else is there.
    pub(crate) fn hosts(&self) -> Vec<usize> {
        let sets = self.zone.own_records();
        let of = |kind: &str, prefix: &str| -> Vec<usize> {
            let names = sets.iter().filter(|set| set.record_type == kind);
            let mut numbers: Vec<usize> = names.map(|set| number(set, prefix)).collect();
            numbers.sort_unstable();
            numbers
        };
        let (hosts, owned) = (of("A", "h"), of("TXT", "a-h"));
        assert_eq!(hosts, owned, "a record and its ownership record are there together");
        assert_eq!(sets.len(), 2 * hosts.len());
        hosts
    }

    /// The log, whose every line is JSON.
    pub(crate) fn log(&self) -> Vec<Value> {
        let log = self.function.log();
        log.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
            .collect()
    }

    /// The metrics of each run so far.
    pub(crate) fn metrics(&self) -> Vec<Value> {
        self.log()
            .into_iter()
            .filter(|line| line.get("RunFailed").is_some() && line.get("Target").is_none())
            .collect()
    }
}

/// `h<number>.example.org`.
pub(crate) fn host(number: usize) -> String {
    format!("h{number:05}.example.org")
}

fn number(set: &RecordSet, prefix: &str) -> usize {
    set.name
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_suffix(".example.org.")?.parse().ok())
        .unwrap_or_else(|| panic!("{} is none of ours", set.name))
}

/// What EventBridge sends when a schedule's time has come.
pub(crate) fn schedule() -> Value {
    json!({
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "111111111111", "time": "2026-01-01T00:00:00Z", "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:111111111111:rule/schedule"], "detail": {},
    })
}
