//! Runs over objects in a file and a provider of the test's choice.

use std::collections::BTreeSet;
use std::sync::Arc;

use extdns_model::{RecordSet, RecordType};
use extdns_providers::Provider;
use extdns_sync::report::{Report, RunFailure};
use extdns_sync::settings::{Environment, Request, resolve};
use extdns_sync::{RunRequest, Wiring};

/// A load balancer service for each host, named after it.
pub(crate) fn services<'a>(hosts: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    hosts
        .into_iter()
        .map(|(host, address)| {
            format!(
                "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: test\n  name: {}\n  \
                 annotations: {{ external-dns.kubernetes.io/hostname: {host} }}\n\
                 spec: {{ type: LoadBalancer }}\n\
                 status: {{ loadBalancer: {{ ingress: [ {{ ip: {address} }} ] }} }}\n",
                host.replace('.', "-")
            )
        })
        .collect()
}

/// Runs once over these objects, with these flags beside the usual ones.
pub(crate) async fn run(
    objects: &str,
    provider: Arc<dyn Provider>,
    flags: &[&str],
) -> Result<Report, RunFailure> {
    let mut report = run_with(objects, provider, flags, |_| {}).await;
    report.failure.take().map_or(Ok(report), Err)
}

/// The same, of a run that is asked for more.
pub(crate) async fn run_with(
    objects: &str,
    provider: Arc<dyn Provider>,
    flags: &[&str],
    ask: impl FnOnce(&mut RunRequest),
) -> Report {
    let (wiring, mut request, _file) = wired(objects, provider, flags);
    ask(&mut request);
    extdns_sync::run(&wiring, &request).await
}

/// The parts of such a run, and the file with the objects, which goes when it is dropped.
pub(crate) fn wired(
    objects: &str,
    provider: Arc<dyn Provider>,
    flags: &[&str],
) -> (Wiring, RunRequest, tempfile::NamedTempFile) {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("temporary file");
    std::fs::write(file.path(), objects).expect("objects");
    let manifests = format!("--manifests={}", file.path().display());
    let usual = [
        "--once",
        "--source=service",
        "--provider=inmemory",
        "--policy=sync",
        "--txt-owner-id=me",
        &manifests,
    ];
    let arguments = usual.iter().chain(flags).map(ToString::to_string).collect();
    let environment = Environment { arguments, ..Environment::default() };
    let Ok(Request::Run(arguments)) = resolve(&environment) else { panic!("flags are right") };
    let wiring =
        Wiring::assemble(&arguments, &environment, provider, "inmemory").expect("settings");
    let request = RunRequest::of(&arguments).expect("a request");
    (wiring, request, file)
}

/// The record sets that are no ownership records.
pub(crate) fn records(contents: &[RecordSet]) -> Vec<&RecordSet> {
    contents.iter().filter(|set| set.rtype != RecordType::Txt).collect()
}

/// Fails if a record has no ownership record of ours.
pub(crate) fn assert_all_owned(contents: &[RecordSet], when: &str) {
    let ownership_records: BTreeSet<String> = contents
        .iter()
        .filter(|set| {
            set.rtype == RecordType::Txt
                && set.targets.iter().any(|text| text.contains("external-dns/owner=me"))
        })
        .map(|set| set.name.key().into_owned())
        .collect();
    for set in records(contents) {
        let ownership_record =
            format!("{}-{}", set.rtype.to_string().to_lowercase(), set.name.key());
        assert!(
            ownership_records.contains(&ownership_record),
            "{when}: {set} has no {ownership_record} in {contents:#?}"
        );
    }
}
