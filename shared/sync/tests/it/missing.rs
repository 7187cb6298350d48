//! What a provider does not say, or does not take, deletes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use extdns_plan::Hold;
use extdns_providers::webhook::{Webhook, WebhookArgs};
use extdns_providers::zonefile::{Zonefile, ZonefileArgs};
use extdns_providers::{Context, Provider};
use extdns_sync::report::{ChangeResult, Palette, Report, Summary, render_text};
use extdns_sync::settings::{Environment, Request, resolve};
use extdns_sync::{ExitCode, RunRequest};
use extdns_testkit::webhook_sim::{Adjusts, WebhookSim};

use crate::support::{run, services};

fn webhook(sim: &WebhookSim) -> Arc<dyn Provider> {
    let args = WebhookArgs {
        webhook_provider_url: sim.url(),
        webhook_provider_read_timeout: Duration::from_secs(5),
        webhook_provider_write_timeout: Duration::from_secs(10),
        webhook_provider_max_body_size: 0,
    };
    Arc::new(Webhook::new(&args, &Context::default()).expect("a provider"))
}

fn twenty() -> String {
    let hosts: Vec<String> = (0..20).map(|i| format!("h{i:02}.example.org")).collect();
    services(hosts.iter().map(|host| (host.as_str(), "192.0.2.1")))
}

fn held(report: &Report) -> Vec<&Hold> {
    let held = report.changes().filter_map(|change| match &change.result {
        ChangeResult::Held(hold) => Some(hold),
        _ => None,
    });
    held.collect()
}

/// 17 of 20 endpoints do not come back, then none, then all without targets, each with the status of
/// success: no record goes, each is told, and the code is that of a run in part.
#[tokio::test]
async fn what_a_webhook_does_not_give_back_is_held_and_not_deleted() {
    let sim = WebhookSim::builder().start();
    run(&twenty(), webhook(&sim), &[]).await.expect("run");
    let before = sim.records();
    assert_eq!(before.len(), 40);
    for (adjusts, missing) in
        [(Adjusts::ToTheFirst(3), 17), (Adjusts::ToTheFirst(0), 20), (Adjusts::WithoutTargets, 20)]
    {
        sim.adjusts(adjusts.clone());
        let report = run(&twenty(), webhook(&sim), &["--no-guard"]).await.expect("run");
        assert_eq!(sim.records(), before, "{adjusts:?}");
        let held = held(&report);
        assert_eq!(held.len(), missing, "{adjusts:?}");
        let is_kept = |hold: &&Hold| matches!(hold, Hold::Kept { .. });
        assert!(held.iter().all(is_kept), "{adjusts:?}: {held:?}");
        assert_eq!(Summary::of(&report).exit_code(), ExitCode::Partial, "{adjusts:?}");
    }
    sim.adjusts(Adjusts::Nothing);
    let report = run(&twenty(), webhook(&sim), &[]).await.expect("run");
    assert_eq!(Summary::of(&report).exit_code(), ExitCode::Success);
    // What no object wants goes as ever.
    let none = services([("h00.example.org", "192.0.2.1")]);
    run(&none, webhook(&sim), &["--no-guard"]).await.expect("run");
    assert_eq!(sim.records().len(), 2);
}

/// A plan for a signed zone file holds everything, new names too, and says what to do; so an apply
/// ends with the same code.
#[tokio::test]
async fn a_signed_zone_file_is_refused_in_the_plan() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("example.org.zone");
    let text = "@ 60 SOA ns1 h 1 1 1 1 1\n@ 60 NS ns1\nns1 60 A 192.0.2.53\n\
                ns1 60 RRSIG A 13 3 60 20261201000000 20261101000000 1 example.org. c2ln\n";
    std::fs::write(&file, text).expect("written");
    let zones = |folder: PathBuf| -> Arc<dyn Provider> {
        let args = ZonefileArgs { zonefile_dir: Some(folder), ..ZonefileArgs::default() };
        Arc::new(Zonefile::new(&args, &Context::default()).expect("a provider"))
    };
    for flags in [&["--dry-run"][..], &[]] {
        let report = run(&twenty(), zones(folder.path().to_owned()), flags).await.expect("run");
        let held = held(&report);
        assert_eq!(held.len(), 20, "{flags:?}");
        let says_why = |hold: &&Hold| matches!(hold, Hold::ReadOnlyZone { reason } if reason.contains("RRSIG"));
        assert!(held.iter().all(says_why), "{flags:?}: {held:?}");
        assert_eq!(Summary::of(&report).exit_code(), ExitCode::Partial, "{flags:?}");
        assert_eq!(std::fs::read_to_string(&file).expect("read"), text);
    }
}

/// Labels that a webhook provider sends are its word, and no ownership record: under the registry
/// `txt` a record with our owner id in them is nobody's.
#[tokio::test]
async fn labels_of_a_webhook_do_not_make_a_record_ours() {
    let sim = WebhookSim::builder().start();
    for (name, target) in [("other.example.org", "192.0.2.9"), ("h00.example.org", "192.0.2.9")] {
        sim.put(&serde_json::json!({
            "dnsName": name, "recordType": "A", "targets": [target],
            "labels": { "owner": "me", "resource": "service/test/h00-example-org" },
        }));
    }
    let before = sim.records();
    let objects = services([("h00.example.org", "192.0.2.1")]);
    run(&objects, webhook(&sim), &["--no-guard"]).await.expect("run");
    assert_eq!(sim.records(), before, "neither deleted nor taken over");
}

/// `kubectl get services,ingresses -o yaml` has neither pods nor nodes.
#[tokio::test]
async fn a_kind_that_the_manifests_do_not_hold_is_not_an_empty_kind() {
    const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {namespace: data, name: pg, annotations: {external-dns.kubernetes.io/hostname: pg.example.org}}
spec: {type: ClusterIP, clusterIP: None, selector: {app: pg}}
---
apiVersion: v1
kind: Service
metadata: {namespace: data, name: port, annotations: {external-dns.kubernetes.io/hostname: port.example.org}}
spec: {type: NodePort, ports: [{port: 80, nodePort: 30080}]}
";
    const OTHERS: &str = "
---
apiVersion: v1
kind: Pod
metadata: {namespace: data, name: pg-0, labels: {app: pg}}
spec: {hostname: pg-0}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: data, name: pg-1, labels: {kubernetes.io/service-name: pg}}
addressType: IPv4
endpoints: [{addresses: [192.0.2.1], targetRef: {kind: Pod, name: pg-0}}]
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: ExternalIP, address: 192.0.2.9}]}
";
    const EMPTY: &str = "
---
apiVersion: v1
kind: PodList
items: []
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSliceList
items: []
---
apiVersion: v1
kind: NodeList
items: []
";
    let sim = WebhookSim::builder().start();
    let flags = ["--no-guard", "--managed-record-types=A", "--managed-record-types=SRV"];
    run(&format!("{SERVICES}{OTHERS}"), webhook(&sim), &flags).await.expect("run");
    let before = sim.records();
    assert_eq!(before.len(), 8, "pg, pg-0.pg, port and its port, each with its owner: {before:?}");
    let report = run(SERVICES, webhook(&sim), &flags).await.expect("run");
    assert_eq!(sim.records(), before);
    assert_eq!(held(&report).len(), 4);
    let told =
        report.notices.iter().filter(|notice| notice.message.contains("the manifests hold no"));
    assert_eq!(told.count(), 2, "{:?}", report.notices);
    run(&format!("{SERVICES}{EMPTY}"), webhook(&sim), &flags).await.expect("run");
    assert!(
        sim.records().len() < before.len(),
        "an empty list of the kind says that there is none"
    );
}

const WITHOUT_ADDRESS: &str = "
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: web, annotations: {external-dns.kubernetes.io/hostname: web.example.org}}
spec: {type: LoadBalancer}
";

/// Objects from Git have no address yet.
#[tokio::test]
async fn names_without_an_address_are_rows_and_no_changes() {
    let sim = WebhookSim::builder().start();
    let plan = run(WITHOUT_ADDRESS, webhook(&sim), &["--dry-run"]).await.expect("run");
    let text = render_text(&plan, Palette::Plain);
    let row = "? A web.example.org (address not known yet: service/shop/web)\n";
    assert!(text.contains(row), "{text}");
    let Summary { create, update, delete, .. } = Summary::of(&plan);
    assert_eq!((create, update, delete), (0, 0, 0));
}

#[tokio::test]
async fn an_assumed_target_makes_new_names_and_changes_no_other() {
    let sim = WebhookSim::builder().start();
    run(&services([("old.example.org", "192.0.2.7")]), webhook(&sim), &[]).await.expect("run");
    let objects = format!("{WITHOUT_ADDRESS}---{}", WITHOUT_ADDRESS.replace("web", "old"));
    let flags = ["--dry-run", "--no-guard", "--assume-target=192.0.2.1"];
    let plan = run(&objects, webhook(&sim), &flags).await.expect("run");
    let text = render_text(&plan, Palette::Plain);
    assert!(
        text.contains("+ A") && text.contains("web.example.org") && text.contains("192.0.2.1"),
        "{text}"
    );
    let Summary { create, update, delete, .. } = Summary::of(&plan);
    assert_eq!((update, delete), (0, 0), "{text}");
    assert!(create > 0);
    assert!(held(&plan).iter().any(|hold| matches!(hold, Hold::Kept { .. })), "{text}");
}

#[test]
fn an_assumed_target_is_for_plans_of_manifests_alone() {
    let refused = |words: &[&str]| {
        let usual = ["--source=service", "--provider=inmemory", "--assume-target=192.0.2.1"];
        let arguments = words.iter().chain(&usual).map(ToString::to_string).collect();
        let environment = Environment { arguments, ..Environment::default() };
        let Ok(Request::Run(arguments)) = resolve(&environment) else { panic!("flags are right") };
        RunRequest::of(&arguments).err().map(|error| error.to_string())
    };
    assert!(
        refused(&["apply", "--manifests=x.yaml"])
            .is_some_and(|text| text.contains("for plans alone"))
    );
    assert!(refused(&["--once", "--manifests=x.yaml"]).is_some());
    assert_eq!(refused(&["plan", "--manifests=x.yaml"]), None);
}
