//! What clusters say, or do not say, in whole runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use extdns_providers::{Deadline, Provider};
use extdns_sync::report::{ClusterState, Palette, Report, render_json, render_text};
use extdns_sync::{Mode, RunRequest};
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim};
use serde_json::json;
use tokio::sync::Notify;

use crate::commands::support::{apply, in_memory, reading, wiring};

const BOTH: [&str; 3] = ["--source=service", "--source=ingress", "--manifests=-"];

fn service(name: &str, host: &str, address: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\n  name: {name}\n  annotations: {{ \
         external-dns.kubernetes.io/hostname: {host} }}\nspec: {{ type: LoadBalancer }}\nstatus: {{ loadBalancer: {{ \
         ingress: [ {{ ip: {address} }} ] }} }}\n"
    )
}

fn ingress(name: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{ namespace: shop, name: {name} }}\nspec: {{ \
         ingressClassName: web, rules: [ {{ host: {name}.example.org }} ] }}\nstatus: {{ loadBalancer: {{ ingress: [ \
         {{ ip: 192.0.2.9 }} ] }} }}\n"
    )
}

/// Four services and four ingresses.
fn eight() -> String {
    let services =
        (1..=4).map(|n| service(&format!("s{n}"), &format!("s{n}.example.org"), "192.0.2.1"));
    services.chain((1..=4).map(|n| ingress(&format!("i{n}")))).collect()
}

/// A zone with the records of [`eight`].
async fn zone_of_eight() -> Arc<dyn Provider> {
    let provider = in_memory(&["example.org"]).await;
    let report = apply(&provider, &BOTH, &eight()).await;
    assert_eq!(report.changes().count(), 8);
    provider
}

async fn plan(provider: &Arc<dyn Provider>, flags: &[&str], objects: &str) -> Report {
    let request = RunRequest { mode: Mode::Plan, ..RunRequest::default() };
    extdns_sync::run(&reading(wiring(provider, flags), objects), &request).await
}

#[tokio::test]
async fn a_filter_that_suddenly_selects_nothing_freezes_the_cluster() {
    let provider = zone_of_eight().await;
    for filter in [
        "--label-filter=app=typo",
        "--annotation-filter=team=typo",
        "--namespace=typo",
        "--ingress-class=typo",
        "--service-type-filter=NodePort",
    ] {
        let flags = [&BOTH[..], &[filter]].concat();
        let report = apply(&provider, &flags, &eight()).await;
        let state = &report.clusters[0].state;
        assert!(matches!(state, ClusterState::SuspiciouslyEmpty { .. }), "{filter}: {state:?}");
        let text = render_text(&report, Palette::Plain);
        assert!(text.contains(filter), "{filter} is not in\n{text}");
        let after = plan(&provider, &BOTH, &eight()).await;
        assert_eq!(after.changes().count(), 0, "{filter} took nothing");
    }
}

#[tokio::test]
async fn a_filter_that_never_selected_anything_is_no_reason_to_freeze() {
    let provider = in_memory(&["example.org"]).await;
    let flags = [&BOTH[..], &["--ingress-class=none"]].concat();
    apply(&provider, &flags, &eight()).await;
    let three: String = (1..=3)
        .map(|n| service(&format!("s{n}"), &format!("s{n}.example.org"), "192.0.2.1"))
        .collect();
    let report = plan(&provider, &flags, &(three + &ingress("i1"))).await;
    assert_eq!(report.clusters[0].state, ClusterState::Complete);
    assert_eq!(report.changes().count(), 1, "the fourth service is gone, and so is its record");
}

#[tokio::test]
async fn a_filter_that_selects_nothing_on_a_first_run_is_a_warning_and_not_up_to_date() {
    let table = [
        (
            "--namespace=shpo",
            "--namespace=shpo: there is no such namespace, so nothing is read; correct the flag, or create the namespace",
        ),
        (
            "--label-filter=app=typo",
            "--label-filter=app=typo selects none of the objects that there are, and nothing else is wanted; if this is \
             not meant, correct the flag",
        ),
    ];
    for (filter, expected) in table {
        for mode in [Mode::Plan, Mode::Apply] {
            let provider = in_memory(&["example.org"]).await;
            let flags = [&BOTH[..], &[filter]].concat();
            let request = RunRequest { mode, ..RunRequest::default() };
            let wiring = reading(wiring(&provider, &flags), &eight());
            let report = extdns_sync::run(&wiring, &request).await;
            let told: Vec<(&str, &str)> =
                report.notices.iter().map(|own| (&*own.subject, &*own.message)).collect();
            assert_eq!(told, [("cluster default", expected)], "once, for two sources");
            let text = render_text(&report, Palette::Plain);
            assert!(text.contains("nothing to do; no object is selected\n"), "{text}");
        }
    }
    // Beside another source that wants something it is nothing to look at.
    let provider = in_memory(&["example.org"]).await;
    let flags = [&BOTH[..], &["--ingress-class=none"]].concat();
    assert_eq!(plan(&provider, &flags, &eight()).await.notices, []);
}

#[tokio::test]
async fn a_whole_list_without_an_object_is_an_empty_cluster_and_freezes() {
    let none = "apiVersion: v1\nitems: []\nkind: List\nmetadata: { resourceVersion: \"\" }\n";
    let provider = zone_of_eight().await;
    let report = apply(&provider, &BOTH, none).await;
    let state = &report.clusters[0].state;
    assert!(matches!(state, ClusterState::SuspiciouslyEmpty { records: 8, .. }), "{state:?}");
    let meant = [&BOTH[..], &["--allow-empty=default", "--allow-deletes=example.org:8"]].concat();
    let report = apply(&provider, &meant, none).await;
    assert_eq!((report.failure.is_none(), report.changes().count()), (true, 8));
    let first = plan(&in_memory(&["example.org"]).await, &BOTH, none).await;
    assert_eq!((first.failure.is_none(), first.exit_code().number()), (true, 0));
}

#[tokio::test]
async fn records_of_a_source_that_is_no_longer_configured_are_named() {
    let provider = zone_of_eight().await;
    let report = plan(&provider, &["--source=service", "--manifests=-"], &eight()).await;
    let notice = report.notices.iter().find(|notice| notice.subject == "source ingress");
    let notice = notice.unwrap_or_else(|| panic!("{:?}", report.notices));
    assert!(notice.message.starts_with("4 records of its objects would go"), "{}", notice.message);
    let why =
        "because it is not among the sources of this run (--source=ingress): i1.example.org, ";
    assert!(notice.message.contains(why), "{}", notice.message);
    let report = plan(&provider, &BOTH, "").await;
    assert!(report.failure.is_some(), "an empty pipe is no list");
}

#[tokio::test]
async fn every_object_that_wants_a_name_is_reported() {
    let provider = in_memory(&["example.org"]).await;
    let wanting: String = (1..=5)
        .map(|n| service(&format!("s{n}"), "same.example.org", &format!("192.0.2.{n}")))
        .collect();
    let report = plan(&provider, &BOTH, &wanting).await;
    let text = render_text(&report, Palette::Plain);
    let told = "(service/shop/s1, service/shop/s2, service/shop/s3 and 2 more)";
    assert!(text.contains(told), "{text}");
    let json: serde_json::Value = serde_json::from_str(&render_json(&report)).unwrap();
    let change = &json["targets"][0]["zones"][0]["changes"][0];
    assert_eq!(change["resource"], "service/shop/s1");
    let others =
        json!(["service/shop/s2", "service/shop/s3", "service/shop/s4", "service/shop/s5"]);
    assert_eq!(change["alsoWantedBy"], others);
}

#[tokio::test]
async fn an_api_server_that_hangs_fails_its_cluster_and_not_the_run() {
    let sim = KubeSim::builder().yaml(&eight()).start();
    sim.fail(Fault::new("services", Effect::Held(Arc::new(Notify::new()))));
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Custom(&json!({}))));
    let kubeconfig = format!("--kubeconfig={}", path.display());
    let provider = in_memory(&["example.org"]).await;
    let wiring = wiring(&provider, &["--source=ingress", "--source=service", &kubeconfig]);
    let request = RunRequest {
        mode: Mode::Apply,
        until: Deadline::within(Duration::from_secs(3)),
        ..RunRequest::default()
    };
    let report = extdns_sync::run(&wiring, &request).await;
    assert!(report.failure.is_none(), "{:?}", report.failure);
    let cluster = &report.clusters[0];
    assert_eq!((cluster.name.as_str(), &cluster.state), ("default", &ClusterState::Failed));
    let failure = cluster.sources[1].failure.as_deref().unwrap_or_default();
    assert!(
        failure.starts_with("the time of the run was over before the cluster had answered"),
        "{failure}"
    );
    assert_eq!(report.changes().count(), 4, "what the other source wants is made");
}

#[tokio::test]
async fn a_status_that_cannot_be_written_does_not_keep_the_run_beyond_its_time() {
    let crd = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/kubernetes/crd-dnsendpoint.yaml");
    let endpoint = "---\napiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata: { name: a, namespace: \
                    shop }\nspec: { endpoints: [{ dnsName: a.example.org, recordType: A, targets: [192.0.2.1] }] }\n";
    let builder = KubeSim::builder().manifests(crd.as_ref()).expect("the definition");
    let sim = builder.yaml(endpoint).start();
    let hung = Effect::Held(Arc::new(Notify::new()));
    sim.fail(Fault::new("dnsendpoints/status", hung).verb("update"));
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Custom(&json!({}))));
    let kubeconfig = format!("--kubeconfig={}", path.display());
    let provider = in_memory(&["example.org"]).await;
    let wiring = wiring(&provider, &["--source=crd", &kubeconfig]);
    let request = RunRequest {
        mode: Mode::Apply,
        until: Deadline::within(Duration::from_secs(2)),
        ..RunRequest::default()
    };
    let begin = Instant::now();
    let report = extdns_sync::run(&wiring, &request).await;
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert!(report.failure.is_none(), "{:?}", report.failure);
    assert_eq!(report.changes().count(), 1);
    assert!(sim.calls("update", "dnsendpoints/status") > 0, "it was tried");
}
