//! Whole runs over a server that speaks as Azure does: what upstream's own runs leave, and the cases of the
//! specification that are about the domain filter.

use extdns_model::{Name, RecordSet, RecordType, Ttl};
use extdns_providers::conformance::{Dialect, HttpSim, SECRET};
use extdns_providers::{Context, azure};
use extdns_sync::settings::{Environment, Request, resolve};
use extdns_sync::{RunRequest, Wiring};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::json;

use super::wire::{Case, Service, ZONES, replay};

/// The server that gives tokens, and `azure.json` for it and this API.
fn login(api: &str) -> (ScriptedServer, tempfile::NamedTempFile) {
    let tokens = ScriptedServer::start(|request| {
        let asked = (request.method.as_str(), request.path.as_str());
        assert_eq!(asked, ("POST", "/tenant-1/oauth2/v2.0/token"));
        Reply::json(200, &json!({ "access_token": SECRET, "expires_in": 3599 }))
    });
    let file = tempfile::NamedTempFile::new().expect("a file");
    let fields = json!({ "cloud": "AzureStackCloud", "activeDirectoryAuthorityHost": tokens.url(),
        "resourceManagerEndpoint": api, "resourceManagerAudience": "https://management.test/",
        "tenantId": "tenant-1", "subscriptionId": "sub-1", "resourceGroup": "dns",
        "aadClientId": "app-1", "aadClientSecret": "s3cr3t-of-app" });
    std::fs::write(file.path(), fields.to_string()).expect("written");
    (tokens, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_leaves_the_zones_that_upstream_leaves() {
    let service = HttpSim::start(azure::dialect::PUBLIC_ZONES, &ZONES);
    let (_tokens, file) = login(&service.url());
    let case = Case {
        provider: "azure",
        variables: ["", ""],
        credentials: file.path().to_str().expect("a path"),
        path: "",
        seed: &[(
            "@",
            RecordType::Ns,
            172_800,
            &[
                "ns1-05.azure-dns.com",
                "ns2-05.azure-dns.net",
                "ns3-05.azure-dns.org",
                "ns4-05.azure-dns.info",
            ],
        )],
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- other.test: keep.other.test 300 A 192.0.2.9"),
            // Upstream keeps only the last of several texts.
            (&[3], "+ example.org: txt.example.org 300 TXT hello"),
        ],
    };
    replay(&case, &Service::Http(Box::new(service))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_private_dns_leaves_the_zones_that_upstream_leaves() {
    let service = HttpSim::start(azure::dialect::PRIVATE_ZONES, &ZONES);
    let (_tokens, file) = login(&service.url());
    let case = Case {
        provider: "azure-private-dns",
        variables: ["", ""],
        credentials: file.path().to_str().expect("a path"),
        path: "",
        seed: &[],
        differences: &[
            (&[1, 2, 3, 4], "- other.test: keep.other.test 300 A 192.0.2.9"),
            (&[3], "+ example.org: txt.example.org 300 TXT hello"),
            // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
            (&[1, 2, 3, 4], "- example.org: example.org 300 A 198.51.100.70"),
        ],
    };
    replay(&case, &Service::Http(Box::new(service))).await;
}

/// What `example.com` holds after a run in which this domain passes the filter and these names are wanted, without
/// ownership records. Everything that is in scope and not wanted goes.
async fn filtered(provider: &str, dialect: Dialect, domain: &str, wanted: &[&str]) -> Vec<String> {
    let service = HttpSim::start(dialect, &["example.com", "other.com"]);
    for name in ["nginx", "test.nginx", "mail.nginx", "other", "nginx2"] {
        let name = Name::as_listed(&format!("{name}.example.com"));
        let targets = ["192.0.2.1"].into_iter().collect();
        let set = RecordSet::new(name, RecordType::A, Ttl::from_seconds(300), targets);
        service.server().put("example.com", &set);
    }
    let (_tokens, file) = login(&service.url());
    let objects = tempfile::Builder::new().suffix(".yaml").tempfile().expect("a file");
    let names = wanted.iter().map(|name| {
        let metadata = json!({ "name": name.replace(['.', '*'], "-"), "namespace": "web",
            "annotations": { "external-dns.kubernetes.io/hostname": name } });
        let status = json!({ "loadBalancer": { "ingress": [{ "ip": "192.0.2.7" }] } });
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata,
            "spec": { "type": "LoadBalancer" }, "status": status })
    });
    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "web" } });
    let text: String = names.chain([namespace]).map(|it| format!("---\n{it}\n")).collect();
    std::fs::write(objects.path(), text).expect("objects");
    let arguments = [
        "--once".to_owned(),
        "--source=service".to_owned(),
        "--policy=sync".to_owned(),
        "--registry=noop".to_owned(),
        "--no-guard".to_owned(),
        "--zone-name-filter=example.com".to_owned(),
        format!("--provider={provider}"),
        format!("--domain-filter={domain}"),
        format!("--azure-config-file={}", file.path().display()),
        format!("--manifests={}", objects.path().display()),
    ];
    let environment = Environment { arguments: arguments.into(), ..Environment::default() };
    let request = resolve(&environment);
    let Ok(Request::Run(arguments)) = request else { panic!("flags are right: {request:?}") };
    let filter = arguments.plan.filter().expect("a filter");
    let context: Context = arguments.providers.shared.context(filter).expect("flags");
    let entry = arguments.providers.provider;
    let built = entry.build(&arguments.providers, &context).await.expect("a provider");
    let wiring = Wiring::assemble(&arguments, &environment, built.into(), provider);
    let request = RunRequest::of(&arguments).expect("a request");
    let report = extdns_sync::run(&wiring.expect("settings"), &request).await;
    assert!(report.failure.is_none(), "{:?}", report.failure);
    assert_eq!(service.server().contents("other.com").len(), 0);
    let left = service.server().contents("example.com").into_iter();
    left.map(|set| format!("{} {}", set.name, set.targets.as_slice().join(" "))).collect()
}

/// The zone passes by its name, and of its records those in the domain are seen.
async fn case_05(provider: &str, dialect: Dialect) {
    let left = filtered(provider, dialect, "nginx.example.com", &[]).await;
    assert_eq!(left, ["nginx2.example.com 192.0.2.1", "other.example.com 192.0.2.1"]);
}

/// Of the names that are wanted those in the domain are written.
async fn case_06(provider: &str, dialect: Dialect) {
    let wanted = ["foo.example.com", "a.foo.example.com", "bar.example.com", "foo.other.com"];
    let left = filtered(provider, dialect, "foo.example.com", &wanted).await;
    let written: Vec<_> = left.iter().filter(|it| it.ends_with("192.0.2.7")).collect();
    assert_eq!(written, ["a.foo.example.com 192.0.2.7", "foo.example.com 192.0.2.7"]);
    assert_eq!(left.len(), 5 + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_case_05_records_outside_of_the_domain_are_not_seen() {
    case_05("azure", azure::dialect::PUBLIC_ZONES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_case_06_names_outside_of_the_domain_are_not_written() {
    case_06("azure", azure::dialect::PUBLIC_ZONES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_private_case_05_records_outside_of_the_domain_are_not_seen() {
    case_05("azure-private-dns", azure::dialect::PRIVATE_ZONES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_private_case_06_names_outside_of_the_domain_are_not_written() {
    case_06("azure-private-dns", azure::dialect::PRIVATE_ZONES).await;
}
