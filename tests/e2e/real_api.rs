//! From a real API server to zone files.

use extdns_testkit::kube::{ADMIN, KubeApi, Login};
use serde_json::{Value, json};

use crate::program::{Bench, example_cluster};

async fn api_with_example(test: &str) -> Option<KubeApi> {
    let api = KubeApi::start_or_skip(test).await?;
    for file in ["services.yaml", "ingresses.yaml"] {
        let yaml = std::fs::read_to_string(example_cluster().join(file)).expect("example");
        api.apply_yaml(&yaml).await;
    }
    Some(api)
}

fn kubeconfig(api: &KubeApi, login: Login<'_>) -> String {
    format!("--kubeconfig={}", api.write_kubeconfig(&api.kubeconfig(login)).display())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_cluster_becomes_a_zone_file_and_stays_it() {
    let test = "the_example_cluster_becomes_a_zone_file_and_stays_it";
    let Some(api) = api_with_example(test).await else { return };
    let kubeconfig = kubeconfig(&api, ADMIN);
    let bench = Bench::new();

    let first = bench.run(&[&kubeconfig]);
    assert_eq!(first.code, 0, "{first:?}");
    let zone = bench.zone();
    for line in [
        "shop.example.org. 120 IN A 203.0.113.10",
        "shop.example.org. 120 IN AAAA 2001:db8::10",
        "api.example.org. 300 IN CNAME lb-7.example.net.",
        "*.blog.example.org. 300 IN A 203.0.113.20",
        "pg-1.pg.example.org. 300 IN A 10.1.0.11",
        "xn--bcher-kva.example.org. 120 IN A 203.0.113.10",
        "a-shop.example.org. 300 IN TXT \"heritage=external-dns,external-dns/owner=e2e,\
         external-dns/resource=service/shop/web\"",
    ] {
        assert!(zone.lines().any(|own| own == line), "{line}\nis missing in\n{zone}");
    }

    // The same objects from files give the same bytes.
    let from_files = Bench::new();
    let manifests = format!("--manifests={}", example_cluster().display());
    assert_eq!(from_files.run(&[&manifests]).code, 0);
    assert_eq!(from_files.zone(), zone);

    // A second run finds its own records, names beyond ASCII among them.
    let second = bench.run(&[&kubeconfig]);
    assert_eq!(second.code, 0, "{second:?}");
    assert!(second.log.contains("all records are already up to date"), "{}", second.log);
    assert_eq!(bench.zone(), zone);

    // One object changes: its records do, and the serial.
    api.apply(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "namespace": "shop", "name": "web",
            "annotations": {
                "external-dns.kubernetes.io/hostname": "shop.example.org",
                "external-dns.kubernetes.io/ttl": "2m"
            }
        },
        "spec": { "type": "LoadBalancer", "ports": [{ "name": "https", "port": 443, "nodePort": 30443 }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": "203.0.113.99" }] } }
    }))
    .await;
    let third = bench.run(&[&kubeconfig]);
    assert_eq!(third.code, 0, "{third:?}");
    let changed = bench.zone();
    assert!(changed.contains("shop.example.org. 120 IN A 203.0.113.99\n"), "{changed}");
    for gone in ["203.0.113.10", "2001:db8::10", "aaaa-shop", "xn--"] {
        assert!(!changed.contains(gone), "{gone} is left in\n{changed}");
    }
    assert!(changed.contains("api.example.org. 300 IN CNAME lb-7.example.net.\n"), "{changed}");
    assert_ne!(serial(&zone), serial(&changed));
}

fn serial(zone: &str) -> &str {
    let soa = zone.lines().find(|line| line.contains(" SOA ")).expect("SOA");
    soa.split_whitespace().nth(6).expect("serial")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_rule_is_named_and_freezes_what_it_hides() {
    let test = "a_missing_rule_is_named_and_freezes_what_it_hides";
    let Some(api) = api_with_example(test).await else { return };
    let rules = json!([
        { "apiGroups": [""], "resources": ["services", "pods", "nodes"], "verbs": ["list"] },
        { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list"] }
    ]);
    api.grant("no-ingresses", &rules).await;
    let reader = api.client_certificate("reader-without-ingresses", "no-ingresses");
    let bench = Bench::new();
    assert_eq!(bench.run(&[&kubeconfig(&api, ADMIN)]).code, 0);
    let zone = bench.zone();
    api.delete(&json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "namespace": "shop", "name": "web" }
    }))
    .await;

    let run = bench.run(&[&kubeconfig(&api, Login::Certificate(&reader))]);
    assert_eq!(run.code, 3, "{run:?}");
    let errors: Vec<&str> = run.log.lines().filter(|line| line.contains("level=error")).collect();
    assert_eq!(errors.len(), 1, "{}", run.log);
    for part in ["ingresses", "networking.k8s.io", "list", "ClusterRole", "frozen"] {
        assert!(errors[0].contains(part), "{part} is missing in {}", errors[0]);
    }
    assert_eq!(bench.zone(), zone, "not even what is known to be gone: the Ingress may want it");
}

/// DNSEndpoints learn that they were seen, from an applying run only, and from one without the
/// right to say so the user learns which rule is missing.
#[tokio::test(flavor = "multi_thread")]
async fn the_status_of_a_dnsendpoint_says_that_it_was_seen() {
    let Some(api) =
        KubeApi::start_or_skip("the_status_of_a_dnsendpoint_says_that_it_was_seen").await
    else {
        return;
    };
    let crd = example_cluster().join("../../infra/kubernetes/crd-dnsendpoint.yaml");
    api.apply_yaml(&std::fs::read_to_string(crd).expect("CRD")).await;
    let endpoint = json!({
        "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
        "metadata": { "namespace": "mail", "name": "mail" },
        "spec": { "endpoints": [
            { "dnsName": "mail.example.org", "recordType": "A", "recordTTL": 60, "targets": ["192.0.2.25"] }
        ] }
    });
    api.apply(endpoint.clone()).await;
    let seen = async || api.patch(endpoint.clone()).await["status"]["observedGeneration"].as_i64();
    let admin = kubeconfig(&api, ADMIN);
    let bench = Bench::new();
    let crd = "--source=crd";

    let planned = bench.run(&[&admin, crd, "--dry-run"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.out.contains("(crd/mail/mail)"), "{}", planned.out);
    assert_eq!(seen().await, None);

    let rules = json!([
        { "apiGroups": [""], "resources": ["services"], "verbs": ["list"] },
        { "apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["list"] },
        { "apiGroups": ["externaldns.k8s.io"], "resources": ["dnsendpoints"], "verbs": ["list"] }
    ]);
    api.grant("list-only", &rules).await;
    let reader = api.client_certificate("lister", "list-only");
    let reader = kubeconfig(&api, Login::Certificate(&reader));
    let applied = bench.run(&[&reader, crd]);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(bench.zone().contains("mail.example.org. 60 IN A 192.0.2.25\n"), "{}", bench.zone());
    let warned = applied.log.lines().any(|line| {
        line.contains("level=warning")
            && line.contains("dnsendpoints/status")
            && line.contains("update")
    });
    assert!(warned, "{}", applied.log);
    assert_eq!(seen().await, None);

    assert_eq!(bench.run(&[&admin, crd]).code, 0);
    assert_eq!(seen().await, Some(1));
}

/// An object is told what became of its record, by an applying run alone; a user without the right to make Events gets
/// one warning that names the rule, and the records all the same.
#[tokio::test(flavor = "multi_thread")]
async fn objects_are_told_of_their_records() {
    let Some(api) = api_with_example("objects_are_told_of_their_records").await else { return };
    let events = async || {
        let path = "/apis/events.k8s.io/v1/events";
        let request = http::Request::get(path).body(Vec::new()).expect("a request");
        let list: Value = api.client(ADMIN).await.request(request).await.expect("a list");
        list["items"].as_array().cloned().unwrap_or_default()
    };
    let of_run = |events: Vec<Value>| -> Vec<Value> {
        events.into_iter().filter(|own| own["reportingController"] == "external-dns").collect()
    };
    let flag = "--events-emit=RecordReady";
    let admin = kubeconfig(&api, ADMIN);
    let rules = json!([
        { "apiGroups": [""], "resources": ["services", "pods", "nodes"], "verbs": ["list"] },
        { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list"] },
        { "apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["list"] }
    ]);
    api.grant("quiet", &rules).await;
    let quiet = api.client_certificate("quiet-reader", "quiet");
    let quiet = kubeconfig(&api, Login::Certificate(&quiet));

    assert_eq!(Bench::new().run(&[&admin, flag, "--dry-run"]).code, 0);
    let run = Bench::new().run(&[&quiet, flag]);
    assert_eq!(run.code, 0, "{run:?}");
    let warnings: Vec<&str> =
        run.log.lines().filter(|line| line.contains("failed to make Events")).collect();
    let [warning] = *warnings else { panic!("{}", run.log) };
    for part in ["level=warning", "events.k8s.io", "events", "create"] {
        assert!(warning.contains(part), "{part} is missing in {warning}");
    }
    assert!(of_run(events().await).is_empty());

    let bench = Bench::new();
    let run = bench.run(&[&admin, flag, "--kube-api-qps=100", "--kube-api-burst=100"]);
    assert_eq!(run.code, 0, "{run:?}");
    let told = of_run(events().await);
    let of_web: Vec<&Value> = told.iter().filter(|own| own["regarding"]["name"] == "web").collect();
    assert!(!of_web.is_empty(), "{told:?}");
    for event in &told {
        assert_eq!([&event["reason"], &event["type"]], ["RecordReady", "Normal"]);
        assert_eq!(event["metadata"]["namespace"], event["regarding"]["namespace"]);
        assert!(event["regarding"]["uid"].is_string(), "{event}");
    }
    let notes = told.iter().filter_map(|own| own["note"].as_str());
    let of_shop =
        "(external-dns) record:shop.example.org,owner:e2e,type:A,ttl:120,targets:203.0.113.10";
    assert!(notes.clone().any(|note| note == of_shop), "{:#?}", notes.collect::<Vec<_>>());
    assert_eq!(bench.run(&[&admin, flag]).code, 0);
    assert_eq!(of_run(events().await).len(), told.len(), "a run without changes tells nothing");
}
