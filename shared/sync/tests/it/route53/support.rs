//! Runs over Services and a simulated Route 53, and what they leave behind.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use extdns_auth::AwsIdentity;
use extdns_providers::Provider;
use extdns_providers::aws::{self, Login};
use extdns_sync::report::{Report, ReportedChange, RunFailure, Severity, Summary};
use extdns_sync::settings::{Arguments, ConfigText, Environment, Request, TargetEntry, resolve};
use extdns_sync::{ExitCode, RunRequest, Wiring};
use extdns_testkit::route53::{ACCOUNT, RecordSet, Route53Sim, Zone};

/// The key of the one user.
pub(crate) const KEY: &str = "AKIATEST";
/// Record sets per page.
pub(crate) const PAGE: usize = 300;
/// A budget that is not felt, and no pauses.
pub(crate) const QUICK: [&str; 2] =
    ["--aws-requests-per-second=1000", "--aws-batch-change-interval=0s"];

/// A Service of type LoadBalancer that wants one name.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) host: String,
    pub(crate) target: String,
    pub(crate) annotations: Vec<(&'static str, &'static str)>,
}

pub(crate) fn service(host: &str, target: &str) -> Service {
    Service { host: host.to_owned(), target: target.to_owned(), annotations: Vec::new() }
}

impl Service {
    /// With an annotation, without its prefix.
    pub(crate) fn annotated(mut self, name: &'static str, value: &'static str) -> Self {
        self.annotations.push((name, value));
        self
    }

    fn name(&self) -> String {
        self.host.replace('.', "-")
    }

    /// As reports and ownership records call it.
    pub(crate) fn resource(&self) -> String {
        format!("service/test/{}", self.name())
    }

    fn manifest(&self) -> String {
        const PREFIX: &str = "external-dns.kubernetes.io";
        let kind = if self.target.parse::<std::net::IpAddr>().is_ok() { "ip" } else { "hostname" };
        let annotations: String = self
            .annotations
            .iter()
            .map(|(name, value)| format!(", {PREFIX}/{name}: {value:?}"))
            .collect();
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: test\n  name: {}\n  \
             annotations: {{ {PREFIX}/hostname: {}{annotations} }}\n\
             spec: {{ type: LoadBalancer }}\n\
             status: {{ loadBalancer: {{ ingress: [ {{ {kind}: {} }} ] }} }}\n",
            self.name(),
            self.host,
            self.target
        )
    }

    /// Its A record and the ownership record of that, as a run writes them.
    pub(crate) fn records(&self) -> [RecordSet; 2] {
        let own = format!(
            "heritage=external-dns,external-dns/owner=me,external-dns/resource={}",
            self.resource()
        );
        [RecordSet::a(&self.host, &self.target), RecordSet::txt(&format!("a-{}", self.host), &own)]
    }

    /// What creating both counts against the limits of a batch: values, characters.
    pub(crate) fn cost(&self) -> (usize, usize) {
        let [record, own] = self.records();
        (2, record.values[0].len() + own.values[0].len())
    }
}

/// How many calls it takes to write these groups, each whole and all in their order: next-fit by
/// 1,000 values and 32,000 characters.
pub(crate) fn calls_to_write(groups: impl IntoIterator<Item = (usize, usize)>) -> usize {
    let mut calls = 0;
    let mut filled = (usize::MAX, usize::MAX);
    for (values, characters) in groups {
        filled = (filled.0.saturating_add(values), filled.1.saturating_add(characters));
        if filled.0 > 1_000 || filled.1 > 32_000 {
            calls += 1;
            filled = (values, characters);
        }
    }
    calls
}

/// Runs once over these Services, with these flags beside the usual ones.
pub(crate) async fn run(
    sim: &Route53Sim,
    services: &[Service],
    flags: &[&str],
) -> Result<Report, RunFailure> {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("temporary file");
    std::fs::write(file.path(), manifests(services)).expect("objects");
    Box::pin(run_over(sim, "--manifests", file.path(), flags)).await
}

/// The objects as a file of manifests.
pub(crate) fn manifests(services: &[Service]) -> String {
    services.iter().map(Service::manifest).collect()
}

/// Runs once over the cluster that `flag` and `path` name.
pub(crate) async fn run_over(
    sim: &Route53Sim,
    flag: &str,
    path: &Path,
    flags: &[&str],
) -> Result<Report, RunFailure> {
    let (wiring, request) = wired(sim, flag, path, flags);
    // Boxed: without optimisation a test's stack is too small for it.
    let mut report = Box::pin(extdns_sync::run(&wiring, &request)).await;
    report.failure.take().map_or(Ok(report), Err)
}

/// The parts of such a run.
pub(crate) fn wired(
    sim: &Route53Sim,
    flag: &str,
    path: &Path,
    flags: &[&str],
) -> (Wiring, RunRequest) {
    let cluster = format!("{flag}={}", path.display());
    let usual = [
        "--once",
        "--source=service",
        "--provider=aws",
        "--policy=sync",
        "--txt-owner-id=me",
        &cluster,
    ];
    let quick = QUICK.iter().filter(|flag| {
        let name = flag.split_once('=').map_or(**flag, |(name, _)| name);
        !flags.iter().any(|given| given.starts_with(name))
    });
    let arguments = usual.iter().chain(quick).chain(flags).map(ToString::to_string).collect();
    let environment = Environment { arguments, ..Environment::default() };
    let arguments = resolved(&environment);
    let filter = arguments.plan.filter().expect("a filter");
    let context = arguments.providers.shared.context(filter).expect("flags");
    let provider = aws::over(vec![login(sim)], &arguments.providers.aws, &context);
    let wiring =
        Wiring::assemble(&arguments, &environment, Arc::new(provider), "aws").expect("settings");
    let request = RunRequest::of(&arguments).expect("a request");
    (wiring, request)
}

/// The settings. Without optimisation the code that clap derives for all flags needs more stack than
/// a test has.
fn resolved(environment: &Environment) -> Box<Arguments> {
    let resolve = || match resolve(environment) {
        Ok(Request::Run(arguments)) => arguments,
        other => panic!("flags are right: {other:?}"),
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, resolve);
        thread.expect("a thread").join().expect("settings")
    })
}

/// The one identity, with each call made once, as the program makes it.
fn login(sim: &Route53Sim) -> Login {
    let config = sim.sdk_config(KEY);
    Login::new("default", &AwsIdentity { config, account: ACCOUNT.to_owned() })
}

/// The totals, where everything went well.
pub(crate) fn all_good(report: &Report) -> Summary {
    let bad: Vec<_> =
        report.changes().filter(|change| change.result.severity() != Severity::Good).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let summary = Summary::of(report);
    assert_eq!(summary.exit_code(), ExitCode::Success, "{report:#?}");
    summary
}

/// The changes that failed.
pub(crate) fn failed(report: &Report) -> Vec<&ReportedChange> {
    report.changes().filter(|change| change.result.severity() == Severity::Failed).collect()
}

/// Every record set of the zones, NS and SOA aside, in order.
pub(crate) fn contents(zones: &[Zone]) -> Vec<RecordSet> {
    zones.iter().flat_map(Zone::own_records).collect()
}

/// The record sets that are no ownership records.
pub(crate) fn plain(contents: &[RecordSet]) -> Vec<&RecordSet> {
    contents.iter().filter(|set| set.record_type != "TXT").collect()
}

/// Fails if a record has no ownership record of ours, in whatever zone.
pub(crate) fn assert_all_owned(contents: &[RecordSet], when: &str) {
    let ownership_records: BTreeSet<&str> = contents
        .iter()
        .filter(|set| {
            set.record_type == "TXT"
                && set.values.iter().any(|text| text.contains("external-dns/owner=me"))
        })
        .map(|set| set.name.as_str())
        .collect();
    for set in plain(contents) {
        let ownership_record = format!("{}-{}", set.record_type.to_lowercase(), set.name);
        assert!(
            ownership_records.contains(&*ownership_record),
            "{when}: {set:?} has no {ownership_record}"
        );
    }
}

/// The parts of a run that a configuration file describes; every target is this Route 53.
pub(crate) fn configured(sim: &Route53Sim, text: &str) -> (Wiring, RunRequest) {
    let arguments = ["--once", "--config=config.yaml"].iter().chain(&QUICK);
    let environment = Environment {
        arguments: arguments.map(ToString::to_string).collect(),
        config: Some(ConfigText { place: "config.yaml".to_owned(), text: text.to_owned() }),
        ..Environment::default()
    };
    let arguments = resolved(&environment);
    let provider = |entry: &TargetEntry| -> Arc<dyn Provider> {
        let flags = &entry.arguments;
        let filter = flags.plan.filter().expect("a filter");
        let context = flags.providers.shared.context(filter).expect("flags");
        Arc::new(aws::over(vec![login(sim)], &flags.providers.aws, &context))
    };
    let providers = arguments.target_entries.iter().map(provider).collect();
    let wiring = Wiring::over(&arguments, &environment, providers).expect("settings");
    let request = RunRequest::of(&arguments).expect("a request");
    (wiring, request)
}
