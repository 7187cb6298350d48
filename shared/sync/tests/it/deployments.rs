//! The argument lists of deployments in ExternalDNS's documentation whose services speak JSON over HTTP run once, over
//! servers that speak as these services do. `tests/e2e/deployments.rs` has those of other providers.

use std::collections::BTreeMap;

use extdns_providers::conformance::{
    Dialect, Front, HttpAnswer, HttpRequest, HttpServer, HttpSim, SECRET,
};
use extdns_providers::{Context, Environment as Variables, azure, cloudflare, google};
use extdns_sync::settings::{Environment, Request, resolve};
use extdns_sync::{RunRequest, Wiring};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::{Value, json};
use tempfile::TempDir;

const LISTS: &str = include_str!("../../../../tests/fixtures/deployments/args.json");

const OBJECTS: &str = r#"
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: default
  annotations: { external-dns.kubernetes.io/hostname: web.ZONE }
spec: { type: LoadBalancer }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop, namespace: default }
spec: { rules: [{ host: shop.ZONE }] }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.2 }] } }
"#;

/// A service: how it speaks, and how a run reaches it.
struct Service {
    provider: &'static str,
    dialect: Dialect,
    front: Front,
    /// Flags that have another value at the server, with `{zone}` for the name of the zone.
    replaced: &'static [(&'static str, &'static str)],
    /// Flags and variables that lead to the server, with `{url}`, `{tokens}` and `{file}`.
    flags: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
    /// The text of the file.
    file: &'static str,
}

const AZURE: &str = r#"{"cloud":"AzureStackCloud","activeDirectoryAuthorityHost":"{tokens}/",
    "resourceManagerEndpoint":"{url}","resourceManagerAudience":"https://management.test/","tenantId":"t-1",
    "subscriptionId":"sub-1","resourceGroup":"dns","aadClientId":"app-1","aadClientSecret":"example-secret"}"#;

const GOOGLE: &str = r#"{"type":"authorized_user","client_id":"c","client_secret":"example-secret",
    "refresh_token":"example-token","token_uri":"{tokens}/token"}"#;

const SERVICES: [Service; 4] = [
    Service {
        provider: "azure",
        dialect: azure::dialect::PUBLIC_ZONES,
        front: Front::NONE,
        replaced: &[("--azure-resource-group", "dns")],
        flags: &["--azure-config-file={file}"],
        variables: &[],
        file: AZURE,
    },
    Service {
        provider: "azure-private-dns",
        dialect: azure::dialect::PRIVATE_ZONES,
        front: Front::NONE,
        replaced: &[("--azure-resource-group", "dns"), ("--azure-subscription-id", "sub-1")],
        flags: &["--azure-config-file={file}"],
        variables: &[],
        file: AZURE,
    },
    Service {
        provider: "cloudflare",
        dialect: cloudflare::dialect::DIALECT,
        front: Front { ask: regions, ..Front::NONE },
        replaced: &[("--zone-id-filter", "{zone}")],
        flags: &[],
        variables: &[("CLOUDFLARE_BASE_URL", "{url}/client/v4"), ("CF_API_TOKEN", SECRET)],
        file: "",
    },
    Service {
        provider: "google",
        dialect: google::dialect::DIALECT,
        front: Front::NONE,
        replaced: &[("--google-project", "example-project")],
        flags: &["--google-project=example-project"],
        variables: &[
            ("GOOGLE_APPLICATION_CREDENTIALS", "{file}"),
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS", "{url}"),
        ],
        file: GOOGLE,
    },
];

/// What Cloudflare has beside lists: a zone by its id, and regions, of which there are none yet and each is taken.
fn regions(_: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let is_of_regions = request.path.ends_with("/addressing/regional_hostnames");
    let result = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/client/v4/zones/example.com") => {
            (cloudflare::dialect::DIALECT.zone)("example.com")
        }
        ("GET", _) if is_of_regions => json!([]),
        ("POST", _) if is_of_regions => {
            json!({ "hostname": "web.example.com", "region_key": "eu" })
        }
        ("POST", path) if path.ends_with("/dns_records/batch") => return Ok(plain(request)),
        _ => return Ok(request.clone()),
    };
    let body = json!({ "success": true, "errors": [], "messages": [], "result": result });
    Err(HttpAnswer::Whole { status: 200, headers: Vec::new(), body })
}

/// A batch without what the server has not: it has to be as the flags say.
fn plain(request: &HttpRequest) -> HttpRequest {
    let mut body: Value = serde_json::from_slice(&request.body).expect("JSON");
    for record in body["posts"].as_array_mut().expect("records to be made") {
        assert_eq!(record["comment"], "provisioned by external-dns", "{record}");
        assert_eq!(record["proxied"], record["type"] == "A", "{record}");
        record["comment"] = "".into();
        record["proxied"] = false.into();
    }
    HttpRequest { body: body.to_string().into(), ..request.clone() }
}

fn value_of<'a>(words: &'a [String], flag: &'a str) -> impl Iterator<Item = &'a str> + 'a {
    words.iter().filter_map(move |word| word.strip_prefix(flag)?.strip_prefix('='))
}

/// What the zone holds after a run.
async fn left_by(service: &Service, words: &[String], zone: &str) -> Vec<String> {
    let sim = HttpSim::behind(service.front, service.dialect, &[zone]);
    let tokens = ScriptedServer::start(|_| {
        Reply::json(200, &json!({ "access_token": SECRET, "expires_in": 3600 }))
    });
    let folder = TempDir::new().expect("a folder");
    let [file, objects] = ["login.json", "objects.yaml"].map(|name| folder.path().join(name));
    let filled = |text: &str| {
        let (url, file) = (sim.url(), file.display().to_string());
        let text = text.replace("{url}", &url).replace("{tokens}", &tokens.url());
        text.replace("{file}", &file).replace("{zone}", zone)
    };
    std::fs::write(&file, filled(service.file)).expect("a file");
    std::fs::write(&objects, OBJECTS.replace("ZONE", zone)).expect("objects");
    let other = |word: &String| {
        let flag = word.split('=').next().unwrap_or_default();
        let found = service.replaced.iter().find(|(own, _)| *own == flag);
        found.map_or_else(|| word.clone(), |(flag, value)| format!("{flag}={}", filled(value)))
    };
    let mut arguments: Vec<String> = words.iter().map(other).collect();
    let lacks =
        |flag: &&&str| value_of(words, flag.split('=').next().unwrap_or_default()).next().is_none();
    arguments.extend(service.flags.iter().filter(lacks).map(|flag| filled(flag)));
    arguments.extend(["--once".to_owned(), "--ignore-missing-crds".to_owned()]);
    arguments.push(format!("--manifests={}", objects.display()));
    let variables: BTreeMap<String, String> =
        service.variables.iter().map(|(name, value)| ((*name).to_owned(), filled(value))).collect();
    let environment = Environment { arguments, variables, ..Environment::default() };
    let request = resolve(&environment);
    let Ok(Request::Run(arguments)) = request else { panic!("{words:?}: {request:?}") };
    let filter = arguments.plan.filter().expect("a filter");
    let context = Context {
        environment: Variables::new(environment.variables.clone()),
        ..arguments.providers.shared.context(filter).expect("flags")
    };
    let entry = arguments.providers.provider;
    let provider = entry.build(&arguments.providers, &context).await.expect("a provider");
    let wiring = Wiring::assemble(&arguments, &environment, provider.into(), service.provider);
    let request = RunRequest::of(&arguments).expect("a request");
    let report = extdns_sync::run(&wiring.expect("settings"), &request).await;
    assert!(report.first_failure().is_none(), "{words:?}: {:?}", report.first_failure());
    let changes: Vec<_> = report.changes().map(|own| format!("{:?}", own.result)).collect();
    assert!(changes.iter().all(|own| own.contains("Applied")), "{words:?}: {changes:?}");
    let left = sim.server().contents(zone);
    left.iter().map(|set| format!("{} {}", set.name, set.rtype)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_of_azure_cloudflare_and_google_run_once() {
    let lists: Vec<Value> = serde_json::from_str(LISTS).expect("JSON");
    let mut counts = BTreeMap::new();
    for list in &lists {
        let words = list["args"].as_array().expect("arguments").iter();
        let words: Vec<String> =
            words.map(|word| word.as_str().expect("a text").to_owned()).collect();
        let provider = value_of(&words, "--provider").next().unwrap_or_default();
        let Some(service) = SERVICES.iter().find(|own| own.provider == provider) else { continue };
        let zone = value_of(&words, "--domain-filter").next().unwrap_or("example.org");
        let left = left_by(service, &words, zone).await;
        for (source, name) in [("service", "web"), ("ingress", "shop")] {
            let is_read = value_of(&words, "--source").any(|own| own == source);
            let record = format!("{name}.{zone} A");
            assert_eq!(left.contains(&record), is_read, "{}: {left:?}", list["where"]);
        }
        *counts.entry(service.provider).or_insert(0) += 1;
    }
    let expected = [("azure", 1), ("azure-private-dns", 1), ("cloudflare", 1), ("google", 3)];
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
}
