//! Several clusters of a configuration file that want the same names, in whole runs against Route 53.

use std::path::Path;
use std::sync::Arc;

use extdns_providers::Provider;
use extdns_sync::report::{Palette, Report, render_text};
use extdns_sync::settings::{Arguments, ConfigText, Environment, Request, resolve};
use extdns_sync::{Mode, RunRequest, Wiring, run};
use extdns_testkit::route53::{RecordSet, Route53Sim, Zone};

use crate::commands::support::route53;

/// Two clusters, each a file of manifests in a folder.
fn config(folder: &Path, rest: &str) -> String {
    let manifests = |name: &str| folder.join(name).display().to_string();
    format!(
        "apiVersion: extdns/v1\n\
         defaults: {{ policy: sync, sources: [service], txtOwnerId: central }}\n\
         clusters:\n\
         - {{ name: eu, manifests: {}, txtOwnerId: eu-id, domains: [example.org], weight: 10 }}\n\
         - {{ name: us, manifests: {}, txtOwnerId: us-id, txtPrefix: ext- }}\n\
         targets:\n\
         - {{ name: public, provider: aws }}\n\
         {rest}",
        manifests("eu.yaml"),
        manifests("us.yaml"),
    )
}

fn services(folder: &Path, cluster: &str, services: &[(&str, &str)]) {
    let service = |(host, address): &(&str, &str)| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\n  name: web-{}\n  \
             annotations: {{ external-dns.kubernetes.io/hostname: {host} }}\n\
             spec: {{ type: LoadBalancer }}\n\
             status: {{ loadBalancer: {{ ingress: [ {{ ip: {address} }} ] }} }}\n",
            host.replace('.', "-")
        )
    };
    let text: String = services.iter().map(service).collect();
    std::fs::write(folder.join(format!("{cluster}.yaml")), text).expect("a file");
}

fn resolved(text: String) -> (Box<Arguments>, Environment) {
    let config = Some(ConfigText { place: "conf.yaml".to_owned(), text });
    let arguments = ["--once", "--config=conf.yaml"].map(str::to_owned).to_vec();
    let environment = Environment { arguments, config, ..Environment::default() };
    match resolve(&environment) {
        Ok(Request::Run(arguments)) => (arguments, environment),
        other => panic!("{other:?}"),
    }
}

async fn apply(sim: &Route53Sim, text: String) -> Report {
    let (arguments, environment) = resolved(text);
    let provider: Arc<dyn Provider> = route53(sim, &arguments.target_entries[0].arguments);
    let wiring = Wiring::over(&arguments, &environment, vec![provider]).expect("settings");
    let request = RunRequest { mode: Mode::Apply, ..RunRequest::default() };
    let report = run(&wiring, &request).await;
    assert!(report.failure.is_none(), "{:?}", report.failure);
    report
}

fn lines(zone: &Zone) -> Vec<String> {
    let line = |set: &RecordSet| {
        let id = set.set_identifier.as_deref().map(|id| format!("/{id}")).unwrap_or_default();
        let mut values = set.values.clone();
        values.sort();
        format!("{} {}{id} {}", set.record_type, set.name.trim_end_matches('.'), values.join(" "))
    };
    let records = zone.own_records();
    let mut lines: Vec<String> = records.iter().map(line).collect();
    lines.sort();
    lines
}

fn value(owner: &str, cluster: &str, host: &str) -> String {
    let cluster =
        if cluster.is_empty() { String::new() } else { format!("external-dns/cluster={cluster},") };
    format!(
        "\"heritage=external-dns,{cluster}external-dns/owner={owner},external-dns/resource=service/shop/web-{host}\""
    )
}

#[tokio::test]
async fn clusters_share_a_name_by_each_rule() {
    let folder = tempfile::tempdir().expect("a folder");
    let (www, host) = ("www.example.org", "www-example-org");
    services(folder.path(), "eu", &[(www, "192.0.2.1"), ("www.example.com", "192.0.2.1")]);
    services(folder.path(), "us", &[(www, "192.0.2.9"), ("us.example.org", "192.0.2.9")]);
    let us = [
        "A us.example.org 192.0.2.9".to_owned(),
        format!("TXT ext-a-us.example.org {}", value("us-id", "", "us-example-org")),
    ];
    let cases: [(&str, Vec<String>); 3] = [
        (
            "",
            vec![format!("A {www} 192.0.2.1"), format!("TXT a-{www} {}", value("eu-id", "", host))],
        ),
        (
            "sharing: merge\n",
            vec![
                format!("A {www} 192.0.2.1 192.0.2.9"),
                format!("TXT a-{www} {}", value("eu-id", "eu+us", host)),
            ],
        ),
        (
            "sharing: weighted\n",
            vec![
                format!("A {www}/eu 192.0.2.1"),
                format!("A {www}/us 192.0.2.9"),
                format!("TXT a-{www}/eu {}", value("eu-id", "", host)),
                format!("TXT ext-a-{www}/us {}", value("us-id", "", host)),
            ],
        ),
    ];
    let sim = Route53Sim::start();
    let (zone, other) = (sim.zone("example.org"), sim.zone("example.com"));
    for (rule, mut expected) in cases {
        let report = apply(&sim, config(folder.path(), rule)).await;
        expected.extend(us.clone());
        expected.sort();
        assert_eq!(lines(&zone), expected, "{rule}");
        assert!(lines(&other).is_empty(), "eu may not publish there");
        let text = render_text(&report, Palette::Plain);
        assert!(text.contains("may not publish names outside its domains"), "{text}");
        let again = apply(&sim, config(folder.path(), rule)).await;
        assert_eq!(again.changes().count(), 0, "{rule}: {}", render_text(&again, Palette::Plain));
    }
}

#[tokio::test]
async fn weights_are_refused_where_the_provider_has_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = config(folder.path(), "sharing: weighted\n").replace(
        "provider: aws",
        "provider: pdns, pdnsServer: \"http://localhost:1\", pdnsApiKey: key",
    );
    let (arguments, environment) = resolved(text);
    let error = Wiring::new(&arguments, &environment).await.err().expect("no weights");
    let expected = "--sharing=weighted: the provider pdns has no weighted records";
    assert!(error.to_string().contains(expected), "{error}");
}
