//! What `infra/kubernetes` makes in a cluster.

use std::path::{Path, PathBuf};

use extdns_testkit::kube::{ADMIN, KubeApi};
use extdns_testkit::route53::Route53Sim;
use serde_json::{Value, json};

use crate::deploy::{call, tools};
use crate::program::{Bench, external_dns, run};

/// What the chart of ExternalDNS has of its own: cluster-wide, and in the namespace that its documentation uses.
const UPSTREAM: &str = "
apiVersion: v1
kind: ServiceAccount
metadata: { name: external-dns, namespace: external-dns, annotations: { eks.amazonaws.com/role-arn: theirs } }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: external-dns }
rules: [ { apiGroups: [\"\"], resources: [services], verbs: [get, watch, list] } ]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: external-dns-viewer }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: external-dns }
subjects: [ { kind: ServiceAccount, name: external-dns, namespace: external-dns } ]
";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/kubernetes")
}

fn documents(file: &str) -> Vec<Value> {
    let path = folder().join(file);
    let yaml = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    extdns_testkit::kube::documents(&yaml)
}

/// The objects of the kustomization: it sets the image, and the namespace that all of them name themselves.
fn rendered() -> Vec<Value> {
    let [kustomization] = &documents("kustomization.yaml")[..] else { panic!("one document") };
    let files = kustomization["resources"].as_array().expect("resources");
    let mut objects: Vec<Value> =
        files.iter().flat_map(|file| documents(file.as_str().expect("a file"))).collect();
    for object in objects.iter_mut().filter(|object| object["kind"] == "CronJob") {
        let image = &mut object["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
            ["image"];
        let set = &kustomization["images"][0];
        assert_eq!(*image, set["name"], "the image that is set is the one of the CronJob");
        *image = format!("{}:{}", text(&set["newName"]), text(&set["newTag"])).into();
    }
    for object in &objects {
        let namespace = &object["metadata"]["namespace"];
        assert!(namespace.is_null() || *namespace == kustomization["namespace"], "{object}");
    }
    objects
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn pod_of(objects: &[Value]) -> &Value {
    let cronjob = objects.iter().find(|object| object["kind"] == "CronJob").expect("a CronJob");
    &cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]
}

#[tokio::test(flavor = "multi_thread")]
async fn infra_is_accepted_and_changes_nothing_of_a_running_external_dns() {
    let test = "infra_is_accepted_and_changes_nothing_of_a_running_external_dns";
    let Some(api) = KubeApi::start_or_skip(test).await else { return };
    let Some(tools) = tools(test).await else { return };
    let theirs = api.apply_yaml(UPSTREAM).await;
    let objects = rendered();
    for object in &objects {
        assert_eq!(object["metadata"]["name"], "extdns", "{object}");
    }
    let kubeconfig = api.write_kubeconfig(&api.kubeconfig(ADMIN));
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let applied =
        call(&tools.join("kubectl"), &["apply", &kubeconfig, "--kustomize=infra/kubernetes"])
            .expect("the API server takes it");
    assert_eq!(applied.lines().count(), objects.len(), "{applied}");
    // An object that was not changed is stored as it was.
    assert_eq!(api.apply_yaml(UPSTREAM).await, theirs);

    // The namespace takes restricted pods only: the pod of the CronJob is one.
    api.apply(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "first", "namespace": "extdns" },
        "spec": pod_of(&objects),
    }))
    .await;
}

#[test]
fn the_cronjob_does_not_try_again_what_stays_as_it_is() {
    let objects = rendered();
    let cronjob = objects.iter().find(|object| object["kind"] == "CronJob").expect("a CronJob");
    let (spec, job) = (&cronjob["spec"], &cronjob["spec"]["jobTemplate"]["spec"]);
    assert_eq!(spec["concurrencyPolicy"], "Forbid");
    let rule = &job["podFailurePolicy"]["rules"][0];
    assert_eq!(rule["action"], "FailJob");
    assert_eq!(rule["onExitCodes"]["values"], json!([2, 4, 5]));
    assert_eq!(rule["onExitCodes"]["containerName"], pod_of(&objects)["containers"][0]["name"]);
    // A policy counts only for pods that are not restarted in place.
    assert_eq!(pod_of(&objects)["restartPolicy"], "Never");
}

#[test]
fn the_pod_has_a_seccomp_profile_and_claims_no_volume() {
    let objects = rendered();
    let pod = pod_of(&objects);
    assert_eq!(pod["securityContext"]["seccompProfile"], json!({ "type": "RuntimeDefault" }));
    let volumes = pod["volumes"].as_array().into_iter().flatten();
    let claims: Vec<&Value> =
        volumes.filter(|volume| !volume["persistentVolumeClaim"].is_null()).collect();
    assert!(claims.is_empty(), "no file makes them: {claims:?}");
    // There is no published image: what has to be set cannot be pulled by mistake.
    assert!(text(&pod["containers"][0]["image"]).starts_with("set-the-image.invalid/"), "{pod}");
}

/// As it is applied it plans; with the one flag taken out that its comment names, it writes.
#[test]
fn the_arguments_of_the_cronjob_plan_first_and_then_write() {
    let objects = rendered();
    let arguments = pod_of(&objects)["containers"][0]["args"].as_array().expect("arguments");
    let arguments: Vec<&str> = arguments.iter().map(text).collect();
    let bench = Bench::new();
    let service = bench.write(
        "web.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: { namespace: shop, name: web, annotations: { \
         external-dns.kubernetes.io/hostname: www.example.org } }\nspec: { type: LoadBalancer }\n\
         status: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } }\n",
    );
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let run_with = |arguments: &[&str]| {
        run(external_dns(bench.path())
            .args(arguments)
            .arg(format!("--manifests={}", service.display()))
            .env("AWS_ENDPOINT_URL", sim.url())
            .env("AWS_ACCESS_KEY_ID", "AKIATEST")
            .env("AWS_SECRET_ACCESS_KEY", "secret-of-aws"))
    };
    let planned = run_with(&arguments);
    assert_eq!((planned.code, sim.writes()), (0, 0), "{planned:?}");
    assert!(planned.out.contains("www.example.org"), "{planned:?}");
    let dry_run = arguments.iter().position(|flag| *flag == "--dry-run").expect("it only plans");
    let applied = run_with(&[&arguments[..dry_run], &arguments[dry_run + 1..]].concat());
    assert_eq!((applied.code, zone.own_records().len()), (0, 2), "{applied:?}");
}
