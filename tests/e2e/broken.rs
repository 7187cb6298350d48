//! `make deploy-check` finds what is wrong: the tools that it calls refuse a broken template, chart and policy, each by its
//! name. Wrong values of the chart are in `deploy`.

use std::path::{Path, PathBuf};
use std::process::Command;

use extdns_testkit::kube::{ADMIN, KubeApi, documents};
use extdns_testkit::process::{set_up, skip};
use tempfile::TempDir;

use crate::deploy::{call, pod, restricted, root, tools};

/// A file of the repository in which something is replaced.
fn broken(file: &str, (right, wrong): (&str, &str), place: &Path) -> PathBuf {
    let text = std::fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    assert!(text.contains(right), "{file} has no {right:?}");
    let path = place.join(Path::new(file).file_name().expect("a name"));
    std::fs::write(&path, text.replacen(right, wrong, 1)).expect("a file");
    path
}

#[tokio::test]
async fn broken_templates_and_policies_of_aws_are_caught() {
    let Some(sam) = set_up("sam").await else {
        return skip("broken_templates_and_policies_of_aws_are_caught", "the SAM CLI");
    };
    let lint = |file: &Path| {
        let mut command = Command::new(sam.join("bin/cfn-lint"));
        let output = command.arg(file).env("AWS_DEFAULT_REGION", "us-east-1").output();
        let output = output.expect("cfn-lint");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let place = TempDir::new().expect("a folder");
    let writer = "infra/aws/dns-writer.yaml";
    let table = [
        ("template.yaml", ("      MemorySize:", "      MemorySise:"), "MemorySise"),
        (writer, ("route53:ChangeResourceRecordSets", "route53:ChangeRecords"), "changerecords"),
        (writer, ("Effect: Allow", "Effect: Alow"), "Alow"),
    ];
    for (file, change, part) in table {
        let (passed, told) = lint(&broken(file, change, place.path()));
        assert!(!passed && told.contains(part), "{file} with {change:?}: {told}");
    }
}

/// A copy of the chart with something replaced in a template of it.
fn broken_chart(change: (&str, &str), place: &Path) -> PathBuf {
    let chart = place.join("extdns");
    let from = root().join("infra/helm/extdns");
    let copied = Command::new("cp").arg("-rL").arg(from).arg(&chart).status().expect("cp");
    assert!(copied.success());
    let template = "infra/helm/extdns/templates/cronjob.yaml";
    broken(template, change, &chart.join("templates"));
    chart
}

#[tokio::test]
async fn a_chart_that_cannot_be_rendered_is_caught() {
    let Some(tools) = tools("a_chart_that_cannot_be_rendered_is_caught").await else { return };
    for change in [(".schedule | quote", ".shedule | qoute"), ("{{- with .timeZone }}", "")] {
        let place = TempDir::new().expect("a folder");
        let chart = broken_chart(change, place.path());
        let lint = ["lint", "--strict", chart.to_str().expect("a path")];
        let error = call(&tools.join("helm"), &lint).expect_err("a broken chart");
        assert!(error.contains("failed") || error.contains("cronjob.yaml"), "{change:?}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_no_cluster_takes_are_caught() {
    let test = "objects_that_no_cluster_takes_are_caught";
    let Some(tools) = tools(test).await else { return };
    let Some(api) = KubeApi::start_or_skip(test).await else { return };
    restricted(&api, "dns").await;
    let kubeconfig = api.write_kubeconfig(&api.kubeconfig(ADMIN));
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let (kubectl, helm) = (tools.join("kubectl"), tools.join("helm"));
    // What the server says of a file, as if it were applied.
    let dry_run = |file: &Path| {
        let file = format!("--filename={}", file.display());
        let how = ["--dry-run=server", "--validate=strict", "--namespace=dns"];
        let words = ["apply", kubeconfig.as_str(), file.as_str()].into_iter().chain(how);
        call(&kubectl, &words.collect::<Vec<&str>>())
    };
    let rendered = |chart: &Path, place: &Path| {
        let chart = chart.to_str().expect("a path");
        let yaml = call(&helm, &["template", "extdns", chart, "--namespace=dns", "--skip-crds"]);
        let file = place.join("objects.yaml");
        std::fs::write(&file, yaml.expect("objects")).expect("a file");
        file
    };
    let good = TempDir::new().expect("a folder");
    dry_run(&rendered(&root().join("infra/helm/extdns"), good.path())).expect("good objects");
    let table = [
        (("  schedule:", "  shedule:"), "shedule"),
        (("concurrencyPolicy: Forbid", "concurrencyPolicy: Never"), "concurrencyPolicy"),
        (("operator: In", "operator: Is"), "podFailurePolicy"),
    ];
    for (change, part) in table {
        let place = TempDir::new().expect("a folder");
        let file = rendered(&broken_chart(change, place.path()), place.path());
        let error = dry_run(&file).expect_err(part);
        assert!(error.contains(part), "{change:?}: {error}");
    }

    // The standard for pods, which is a policy of the namespace.
    let yaml = std::fs::read_to_string(good.path().join("objects.yaml")).expect("objects");
    let objects = documents(&yaml);
    let job = objects.iter().find_map(pod).expect("a CronJob");
    let with = |pointer: &str, value: serde_json::Value| {
        let mut own = serde_json::json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "pod", "namespace": "dns" },
            "spec": job["spec"],
        });
        *own.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
        let file = good.path().join("pod.json");
        std::fs::write(&file, own.to_string()).expect("a file");
        dry_run(&file)
    };
    with("/metadata/name", "first".into()).expect("the pod as it is");
    let own = "/spec/containers/0/securityContext";
    for (pointer, value) in [
        (format!("{own}/allowPrivilegeEscalation"), true.into()),
        (format!("{own}/capabilities/drop"), serde_json::json!([])),
        ("/spec/securityContext/seccompProfile/type".to_owned(), "Unconfined".into()),
        (format!("{own}/runAsUser"), 0.into()),
    ] {
        let error = with(&pointer, value).expect_err(&pointer);
        assert!(error.contains("violates PodSecurity \"restricted"), "{pointer}: {error}");
    }
}
