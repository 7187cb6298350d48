//! The chart and the kustomizations, rendered by helm and kubectl, and taken by a real API server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use extdns_testkit::kube::{ADMIN, KubeApi, documents};
use extdns_testkit::process::{set_up, skip};
use serde_json::{Value, json};

use crate::program::{Bench, external_dns, run};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// kubectl and helm, or `None` where `test` has to be skipped.
pub(crate) async fn tools(test: &str) -> Option<PathBuf> {
    let tools = set_up("helm").await;
    if tools.is_none() {
        skip(test, "helm");
    }
    tools
}

/// Runs a tool with a home of its own: what it printed, or the error that it ended with.
pub(crate) fn call(tool: &Path, arguments: &[&str]) -> Result<String, String> {
    let home = tempfile::TempDir::new().expect("a folder");
    let mut command = Command::new(tool);
    command.args(arguments).env("HOME", home.path()).current_dir(root()).stdin(Stdio::null());
    let output = command.output().unwrap_or_else(|error| panic!("{}: {error}", tool.display()));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// The chart with these arguments, as a release `external-dns` in the namespace `dns`.
fn rendered(tools: &Path, arguments: &[&str]) -> Result<Vec<Value>, String> {
    let template = ["template", "external-dns", "infra/helm/extdns", "--namespace=dns"];
    call(&tools.join("helm"), &[&template, arguments].concat()).map(|yaml| documents(&yaml))
}

fn files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut files: Vec<String> = names
        .map(|name| format!("{folder}/{}", name.to_str().expect("a name")))
        .filter(|file| file.ends_with(".yaml"))
        .collect();
    files.sort();
    files
}

/// The template of the pods of a workload.
pub(crate) fn pod(workload: &Value) -> Option<&Value> {
    match workload["kind"].as_str()? {
        "CronJob" => Some(&workload["spec"]["jobTemplate"]["spec"]["template"]),
        "Deployment" => Some(&workload["spec"]["template"]),
        _ => None,
    }
}

fn arguments_of(objects: &[Value]) -> Vec<String> {
    let pod = objects.iter().find_map(pod).expect("a workload");
    let containers = pod["spec"]["containers"].as_array().expect("containers");
    let own = containers.iter().find(|own| own["name"] == "extdns").expect("our container");
    let arguments = own["args"].as_array().expect("arguments").iter();
    arguments.map(|argument| argument.as_str().expect("a text").to_owned()).collect()
}

/// A namespace that takes restricted pods only.
pub(crate) async fn restricted(api: &KubeApi, name: &str) {
    api.apply(json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": {
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/enforce-version": "latest",
        } },
    }))
    .await;
}

/// Applies objects with kubectl, and a pod of each workload, since only pods meet the rules of the namespace.
async fn apply(api: &KubeApi, tools: &Path, objects: &[Value], place: &str) {
    let bench = Bench::new();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    let file = bench.write("objects.json", &list.to_string());
    let kubeconfig = api.write_kubeconfig(&api.kubeconfig(ADMIN));
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let file = format!("--filename={}", file.display());
    let strict = "--validate=strict";
    call(&tools.join("kubectl"), &["apply", &kubeconfig, &file, strict])
        .unwrap_or_else(|error| panic!("{place}: {error}"));
    for (index, workload) in objects.iter().filter(|own| pod(own).is_some()).enumerate() {
        let namespace = &workload["metadata"]["namespace"];
        let mut pod = pod(workload).expect("a workload").clone();
        pod["metadata"]["name"] = format!("pod-{index}").into();
        pod["metadata"]["namespace"] = namespace.clone();
        pod["apiVersion"] = "v1".into();
        pod["kind"] = "Pod".into();
        api.apply(pod.clone()).await;
        api.delete(&pod).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kustomizations_are_taken_by_a_namespace_of_restricted_pods() {
    let test = "kustomizations_are_taken_by_a_namespace_of_restricted_pods";
    let Some(tools) = tools(test).await else { return };
    let Some(api) = KubeApi::start_or_skip(test).await else { return };
    let overlays = std::fs::read_dir(root().join("infra/overlays")).expect("overlays");
    let mut places: Vec<String> = overlays
        .map(|entry| format!("infra/overlays/{}", entry.expect("an entry").file_name().display()))
        .collect();
    places.push("infra/kubernetes".to_owned());
    places.sort();
    assert!(places.len() >= 7, "{places:?}");
    for place in &places {
        let yaml = call(&tools.join("kubectl"), &["kustomize", place]);
        let objects = documents(&yaml.unwrap_or_else(|error| panic!("{place}: {error}")));
        let namespace = objects.iter().find(|own| own["kind"] == "Namespace").expect("one");
        api.apply(namespace.clone()).await;
        let rest: Vec<Value> =
            objects.iter().filter(|own| own["kind"] != "Namespace").cloned().collect();
        // What a volume names is there: no claim that nobody makes.
        let claims: Vec<&Value> = pods_volumes(&rest, "persistentVolumeClaim", "claimName");
        for claim in claims {
            let made = rest.iter().any(|own| {
                own["kind"] == "PersistentVolumeClaim" && own["metadata"]["name"] == *claim
            });
            assert!(made, "{place}: nothing makes {claim}");
        }
        apply(&api, &tools, &rest, place).await;
        assert_parses(&arguments_of(&rest), place);
    }
}

fn pods_volumes<'a>(objects: &'a [Value], kind: &str, field: &str) -> Vec<&'a Value> {
    let pods = objects.iter().filter_map(pod);
    let volumes = pods.flat_map(|pod| pod["spec"]["volumes"].as_array().into_iter().flatten());
    volumes.map(|volume| &volume[kind][field]).filter(|name| !name.is_null()).collect()
}

/// The program takes the arguments: a mistake in them ends it with code 2.
fn assert_parses(arguments: &[String], place: &str) {
    if arguments[0] == "relay" || arguments.iter().any(|own| own.starts_with("--config=")) {
        return;
    }
    let bench = Bench::new();
    let mut words = vec!["config", "show"];
    words.extend(arguments.iter().map(String::as_str));
    let shown = run(external_dns(bench.path()).args(words));
    assert_eq!(shown.code, 0, "{place}: {shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chart_is_taken_by_a_namespace_of_restricted_pods() {
    let test = "the_chart_is_taken_by_a_namespace_of_restricted_pods";
    let Some(tools) = tools(test).await else { return };
    let Some(api) = KubeApi::start_or_skip(test).await else { return };
    restricted(&api, "dns").await;
    let mut cases: Vec<Vec<String>> = vec![Vec::new()];
    cases.extend(files("infra/helm/extdns/ci").into_iter().map(|file| vec!["-f".to_owned(), file]));
    for case in &cases {
        let arguments: Vec<&str> = case.iter().map(String::as_str).collect();
        let objects = rendered(&tools, &arguments).unwrap_or_else(|e| panic!("{case:?}: {e}"));
        // The API server has no such definition; it is checked by the other tests.
        let known: Vec<Value> =
            objects.into_iter().filter(|own| own["kind"] != "ServiceMonitor").collect();
        for object in &known {
            let name = object["metadata"]["name"].as_str().expect("a name");
            let is_definition = object["kind"] == "CustomResourceDefinition";
            assert!(is_definition || name.starts_with("external-dns-extdns"), "{name}");
        }
        apply(&api, &tools, &known, &format!("{case:?}")).await;
        assert_parses(&arguments_of(&known), &format!("{case:?}"));
    }
}

/// The loop is one pod, whose health and metrics others find by the Service.
#[tokio::test]
async fn the_loop_is_probed_and_scraped_where_it_listens() {
    let Some(tools) = tools("the_loop_is_probed_and_scraped_where_it_listens").await else {
        return;
    };
    let objects = rendered(&tools, &["-f", "infra/helm/extdns/ci/loop.yaml"]).expect("objects");
    let of_kind = |kind: &str| {
        let mut own = objects.iter().filter(|own| own["kind"] == kind);
        own.next().unwrap_or_else(|| panic!("no {kind}"))
    };
    let deployment = &of_kind("Deployment")["spec"];
    assert_eq!(deployment["replicas"], 1);
    assert_eq!(deployment["strategy"], json!({ "type": "Recreate" }));
    assert_eq!(deployment["revisionHistoryLimit"], 2);
    let pod = &deployment["template"];
    let own = &pod["spec"]["containers"][0];
    assert_eq!(own["name"], "extdns");
    for probe in ["livenessProbe", "readinessProbe"] {
        assert_eq!(own[probe]["httpGet"], json!({ "path": "/healthz", "port": "http" }), "{probe}");
    }
    assert_eq!(
        own["ports"][0],
        json!({ "name": "http", "protocol": "TCP", "containerPort": 7979 })
    );
    let arguments = arguments_of(&objects);
    assert!(arguments.contains(&"--events".to_owned()), "{arguments:?}");
    assert!(!arguments.contains(&"--once".to_owned()), "{arguments:?}");
    let service = &of_kind("Service");
    assert_eq!(service["metadata"]["annotations"], json!({ "prometheus.io/scrape": "true" }));
    assert_eq!(service["spec"]["ipFamilies"], json!(["IPv4"]));
    let ports = service["spec"]["ports"].as_array().expect("ports");
    let named = |name: &str| ports.iter().any(|port| port["name"] == name);
    let monitor = &of_kind("ServiceMonitor")["spec"];
    let scraped = monitor["endpoints"].as_array().expect("endpoints");
    assert_eq!(scraped.len(), 2, "the loop, and the provider beside it: {monitor}");
    for (endpoint, interval) in scraped.iter().zip(["1m", "2m"]) {
        assert!(named(endpoint["port"].as_str().expect("a name")), "{monitor}");
        assert_eq!(
            (&endpoint["path"], &endpoint["interval"]),
            (&json!("/metrics"), &json!(interval))
        );
    }
    let labels = pod["metadata"]["labels"].as_object().expect("labels");
    for selector in [&service["spec"]["selector"], &deployment["selector"]["matchLabels"]] {
        let selector = selector.as_object().expect("a selector");
        assert!(
            selector.iter().all(|(name, value)| labels.get(name) == Some(value)),
            "{selector:?}"
        );
    }
}

#[tokio::test]
async fn values_of_the_chart_of_external_dns_render_as_they_are() {
    let Some(tools) = tools("values_of_the_chart_of_external_dns_render_as_they_are").await else {
        return;
    };
    let files = files("tests/fixtures/helm");
    assert!(files.len() >= 3, "{files:?}");
    for file in &files {
        for mode in ["cronjob", "loop"] {
            let mode = format!("mode={mode}");
            let objects = rendered(&tools, &["-f", file, "--set", &mode]);
            let objects = objects.unwrap_or_else(|error| panic!("{file}, {mode}: {error}"));
            assert_parses(&arguments_of(&objects), file);
        }
    }
    let objects =
        rendered(&tools, &["-f", "tests/fixtures/helm/everything.yaml", "--set=mode=loop"])
            .expect("objects");
    assert_eq!(
        arguments_of(&objects),
        [
            "--log-level=debug",
            "--log-format=json",
            "--interval=5m",
            "--events",
            "--source=service",
            "--source=ingress",
            "--policy=upsert-only",
            "--registry=txt",
            "--txt-owner-id=me",
            "--txt-prefix=ext-",
            "--namespace=dns",
            "--gateway-namespace=gateways",
            "--domain-filter=example.org",
            "--exclude-domains=not.example.org",
            "--label-filter=app=web",
            "--annotation-filter=a=b",
            "--annotation-prefix=dns.example.org/",
            "--managed-record-types=A",
            "--managed-record-types=AAAA",
            "--managed-record-types=CNAME",
            "--provider=inmemory",
            "--aws-batch-change-interval=1s",
            "--inmemory-zone=example.org",
        ]
    );
}

#[tokio::test]
async fn mistakes_in_values_are_told_by_their_name() {
    let Some(tools) = tools("mistakes_in_values_are_told_by_their_name").await else { return };
    let table = [
        (&["--set=mode=cron"][..], "/mode"),
        (&["--set=polici=sync"], "polici"),
        (&["--set=policy=snyc"], "/policy"),
        (&["--set=cronjob.shedule=x"], "shedule"),
        (&["--set=interval=often"], "/interval"),
        (&["--set=sources={servic}"], "there is no source \"servic\""),
        (&["--set=provider.name=webhook"], "provider.webhook.image"),
        (&["--set=mode=relay"], "relay needs relay.tlsSecret"),
        (&["--set=txtPrefix=a,txtSuffix=b"], "txtPrefix and txtSuffix"),
        (&["--set=serviceMonitor.enabled=true"], "use mode: loop"),
    ];
    for (arguments, part) in table {
        let error = rendered(&tools, arguments).expect_err(part);
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
    let lint = ["lint", "--strict", "infra/helm/extdns"];
    call(&tools.join("helm"), &lint).expect("a chart without warnings");
}

/// The flags with which a source reads all that it can.
fn widest(source: &str) -> &'static [&'static str] {
    match source {
        "cloudfoundry" => &["--cf-api-endpoint=x", "--cf-username=x", "--cf-password=x"],
        "traefik-proxy" => &["--traefik-enable-legacy"],
        _ if source.starts_with("gateway-") => &["--gateway-listener-sets"],
        _ => &[],
    }
}

#[test]
fn the_roles_of_the_chart_are_those_that_the_program_prints() {
    let bench = Bench::new();
    let program = |arguments: &[&str]| {
        run(external_dns(bench.path()).args(["rbac", "--provider=inmemory"]).args(arguments))
    };
    let names = program(&["--source=none-such"]).log;
    let names = names.split_once("must be one of ").expect("the names").1;
    let names: Vec<&str> = names.split(", got").next().expect("names").split(',').collect();
    let file = std::fs::read_to_string(root().join("infra/helm/extdns/files/rights.yaml"));
    let [rights] = &documents(&file.expect("the rights"))[..] else { panic!("one document") };
    assert!(names.len() >= 26, "{names:?}");
    assert_eq!(rights.as_object().expect("sources").len(), names.len());
    for name in names {
        let source = format!("--source={name}");
        let printed = program(&[&[source.as_str(), "--namespace=ns"], widest(name)].concat());
        assert_eq!(printed.code, 0, "{printed:?}");
        let roles = documents(&printed.out);
        let rules = |kind: &str| -> Vec<Value> {
            let own = roles.iter().filter(|role| role["kind"] == kind);
            own.flat_map(|role| role["rules"].as_array().expect("rules").clone()).collect()
        };
        let written = |scope: &str| rights[name][scope].as_array().cloned().unwrap_or_default();
        assert_eq!(written("namespace"), rules("Role"), "{name}");
        assert_eq!(written("cluster"), rules("ClusterRole"), "{name}");
    }
}
