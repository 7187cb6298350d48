//! Load balancers that lose their addresses, in whole runs.

use extdns_model::Name;
use extdns_providers::Provider;
use extdns_sync::report::{Palette, Report, Severity, render_json, render_text};
use extdns_sync::{ExitCode, Mode, RunRequest};

use crate::commands::support::{apply, in_memory, reading, wiring};

const FLAGS: [&str; 2] = ["--source=service", "--manifests=-"];

/// Services, the first so many of which have no address.
fn services(count: usize, waiting: usize) -> String {
    let service = |n: usize| {
        let status = if n < waiting { "{}" } else { "{ ingress: [ { ip: 192.0.2.1 } ] }" };
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\n  name: s{n}\n  annotations: {{ \
             external-dns.kubernetes.io/hostname: s{n}.example.org }}\nspec: {{ type: LoadBalancer }}\nstatus: {{ \
             loadBalancer: {status} }}\n"
        )
    };
    (0..count).map(service).collect()
}

/// Eight Services, and then so many of them without an address.
async fn lose(waiting: usize, flags: &[&str]) -> (Report, usize) {
    let provider = in_memory(&["example.org"]).await;
    apply(&provider, &FLAGS, &services(8, 0)).await;
    let request = RunRequest { mode: Mode::Apply, ..RunRequest::default() };
    let wiring = wiring(&provider, &[&FLAGS, flags].concat());
    let wiring = reading(wiring, &services(8, waiting));
    let report = extdns_sync::run(&wiring, &request).await;
    assert!(report.failure.is_none(), "{:?}", report.failure);
    (report, left(&*provider).await)
}

/// How many of the Services have a record.
async fn left(provider: &dyn Provider) -> usize {
    let inventory = provider.read().await.expect("zones");
    let is_ours = |n: usize| {
        let name = Name::as_listed(&format!("s{n}.example.org"));
        inventory.records().any(|(_, record)| record.set.name == name)
    };
    (0..8).filter(|n| is_ours(*n)).count()
}

#[tokio::test]
async fn load_balancers_that_lose_their_addresses_at_once_keep_their_names() {
    let (report, left) = lose(3, &[]).await;
    assert_eq!((report.exit_code(), left), (ExitCode::Partial, 8));
    assert!(report.changes().all(|change| change.result.severity() == Severity::Frozen));
    let text = render_text(&report, Palette::Plain);
    let expected = "! outage: zone example.org: 3 of 8 records would go because their objects have no \
                    address any more, more than --max-delete-percent=30 allows, so they stay as they \
                    are: s0.example.org, s1.example.org, s2.example.org\n  if this is meant: \
                    --allow-deletes=example.org:3";
    assert!(text.starts_with("3 frozen\n") && text.contains(expected), "{text}");
    let json: serde_json::Value = serde_json::from_str(&render_json(&report)).expect("JSON");
    assert_eq!(json["targets"][0]["outages"][0]["flag"], "--allow-deletes=example.org:3");
    assert_eq!(json["targets"][0]["zones"][0]["changes"][0]["hold"], "outage");
}

#[tokio::test]
async fn one_load_balancer_that_loses_its_address_loses_its_name_as_upstream_does() {
    let (report, left) = lose(2, &[]).await;
    assert_eq!((report.exit_code(), left), (ExitCode::Success, 6));
    // Said to be meant, as the message says.
    let (report, left) = lose(3, &["--allow-deletes=example.org:3"]).await;
    assert_eq!((report.exit_code(), left), (ExitCode::Success, 5));
    // Kept whatever their number, which changes no code.
    let (report, left) = lose(2, &["--keep-unready"]).await;
    assert_eq!((report.exit_code(), left), (ExitCode::Success, 8));
}
