//! The command of ExternalDNS's README runs as it is written there, over a server that speaks as Google does.

use std::collections::BTreeMap;

use extdns_providers::conformance::{HttpSim, SECRET};
use extdns_providers::{Context, Environment as Variables, google};
use extdns_sync::settings::{Environment, Request, resolve};
use extdns_sync::{RunRequest, Wiring};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::json;

const COMMAND: &str = "--registry txt --txt-owner-id my-cluster-id --provider google \
                       --google-project example-project --source service";

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata:
  name: nginx
  namespace: default
  annotations: {external-dns.kubernetes.io/hostname: nginx.example.org}
spec: {type: LoadBalancer}
status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}
";

fn typed(command: &str, variables: &BTreeMap<String, String>) -> Environment {
    let arguments = command.split_whitespace().map(ToOwned::to_owned).collect();
    Environment { arguments, variables: variables.clone(), ..Environment::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_of_the_readme_runs_as_written() {
    let service = HttpSim::start(google::dialect::DIALECT, &["example.org"]);
    let tokens = ScriptedServer::start(|_| {
        Reply::json(200, &json!({ "access_token": SECRET, "expires_in": 3600 }))
    });
    let folder = tempfile::tempdir().expect("a folder");
    let (login, objects) = (folder.path().join("login.json"), folder.path().join("nginx.yaml"));
    let form = json!({ "type": "authorized_user", "client_id": "c", "client_secret": "a-secret",
        "refresh_token": "a-refresh-token", "token_uri": tokens.url() });
    std::fs::write(&login, form.to_string()).expect("credentials");
    std::fs::write(&objects, SERVICE).expect("objects");
    let variables = [
        ("GOOGLE_APPLICATION_CREDENTIALS", login.display().to_string()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS", service.url()),
        ("EXTERNAL_DNS_MANIFESTS", objects.display().to_string()),
    ];
    let variables: BTreeMap<_, _> =
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();

    let repeated = resolve(&typed(COMMAND, &variables));
    let Ok(Request::Run(arguments)) = repeated else { panic!("{repeated:?}") };
    assert!(!arguments.process.once, "without --once it is the loop");
    let once = format!("{COMMAND} --once");
    for (command, writes) in [(format!("{once} --dry-run"), 0), (once, 1)] {
        let environment = typed(&command, &variables);
        let request = resolve(&environment);
        let Ok(Request::Run(arguments)) = request else { panic!("{command}: {request:?}") };
        assert!(arguments.process.once);
        let filter = arguments.plan.filter().expect("a filter");
        let context = Context {
            environment: Variables::new(environment.variables.clone()),
            ..arguments.providers.shared.context(filter).expect("flags")
        };
        let entry = arguments.providers.provider;
        let provider = entry.build(&arguments.providers, &context).await.expect("a provider");
        let wiring = Wiring::assemble(&arguments, &environment, provider.into(), "google");
        let request = RunRequest::of(&arguments).expect("a request");
        let report = extdns_sync::run(&wiring.expect("settings"), &request).await;
        assert!(report.failure.is_none(), "{command}: {:?}", report.failure);
        assert_eq!(service.server().faults().writes(), writes, "{command}");
    }
    let left = service.server().contents("example.org");
    let names: Vec<String> = left.iter().map(|set| format!("{} {}", set.name, set.rtype)).collect();
    assert_eq!(names, ["a-nginx.example.org TXT", "nginx.example.org A"]);
}
