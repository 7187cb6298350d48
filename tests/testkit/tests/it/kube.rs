//! The real API server: that it runs, takes objects, and guards them.

use std::panic::AssertUnwindSafe;
use std::process::Command;

use extdns_testkit::kube::{ADMIN, KubeApi, Login, READER, READERS};
use futures::FutureExt;
use k8s_openapi::api::core::v1::{Node, Service};
use kube::api::{Api, ListParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, Error};
use serde_json::json;

async fn services(client: Client, namespace: &str) -> Result<Vec<Service>, Error> {
    Ok(Api::namespaced(client, namespace).list(&ListParams::default()).await?.items)
}

fn code<T>(result: Result<T, Error>) -> u16 {
    match result {
        Ok(_) => 200,
        Err(Error::Api(status)) => status.code,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_load_balancer_service_is_stored_with_its_status_and_can_be_changed() {
    let Some(api) = KubeApi::shared_or_skip("a_load_balancer_service_is_stored").await else {
        return;
    };
    let namespace = api.namespace("services").await;
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "web", "namespace": namespace, "annotations": { "a": "1", "b": "2" } },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } },
    });
    let stored = api.apply(service.clone()).await;
    assert_eq!(stored["status"]["loadBalancer"]["ingress"][0]["ip"], "192.0.2.1");

    let listed = services(api.client(ADMIN).await, &namespace).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].spec.as_ref().unwrap().type_.as_deref(), Some("LoadBalancer"));
    let status = serde_json::to_value(&listed[0].status).unwrap();
    assert_eq!(status["loadBalancer"]["ingress"][0]["ip"], "192.0.2.1");

    let patched = api
        .patch(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": "web", "namespace": namespace, "annotations": { "a": null } },
            "status": { "loadBalancer": { "ingress": [{ "hostname": "lb.example" }] } },
        }))
        .await;
    assert_eq!(patched["metadata"]["annotations"], json!({ "b": "2" }));
    assert_eq!(patched["status"]["loadBalancer"]["ingress"], json!([{ "hostname": "lb.example" }]));

    let mut replacement = patched;
    replacement["metadata"]["annotations"] = json!({ "c": "3" });
    let replaced = api.replace(replacement).await;
    assert_eq!(replaced["metadata"]["annotations"], json!({ "c": "3" }));

    api.delete(&service).await;
    assert_eq!(services(api.client(ADMIN).await, &namespace).await.unwrap().len(), 0);
}

#[tokio::test]
async fn yaml_with_missing_namespaces_lists_and_custom_resources_is_applied() {
    let Some(api) = KubeApi::shared_or_skip("yaml_with_missing_namespaces").await else { return };
    let stored = api
        .apply_yaml(
            "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.testkit.example }
spec:
  group: testkit.example
  scope: Namespaced
  names: { plural: widgets, singular: widget, kind: Widget, listKind: WidgetList }
  versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
---
apiVersion: testkit.example/v1
kind: Widget
metadata: { name: w, namespace: made-on-demand }
spec: { size: 1 }
status: { observedGeneration: 1 }
---
apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: Node, metadata: { name: n1 }, status: { addresses: [{ type: ExternalIP, address: 192.0.2.9 }] } }
  - { apiVersion: v1, kind: Node, metadata: { name: n2 } }
",
        )
        .await;
    assert_eq!(stored.len(), 4);
    assert_eq!(stored[1]["spec"]["size"], 1);
    assert_eq!(stored[1]["status"]["observedGeneration"], 1);
    let nodes: Api<Node> = Api::all(api.client(ADMIN).await);
    let node = nodes.get("n1").await.unwrap();
    assert_eq!(node.status.unwrap().addresses.unwrap()[0].address, "192.0.2.9");
}

#[tokio::test]
async fn a_misspelt_field_fails() {
    let Some(api) = KubeApi::shared_or_skip("a_misspelt_field_fails").await else { return };
    let yaml = "{ apiVersion: v1, kind: Service, metadata: { name: x }, spec: { prots: [] } }";
    let panic = AssertUnwindSafe(api.apply_yaml(yaml)).catch_unwind().await.expect_err("a refusal");
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(
        message.starts_with("can't apply Service x: ")
            && message.contains(".spec.prots: field not"),
        "{message}"
    );
}

#[test]
fn without_binaries_a_test_is_skipped_by_name_and_fails_in_ci() {
    let run = |ci: &str| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kube::a_client_certificate_logs_in_by_a_kubeconfig_on_disk"])
            .envs([("KUBEBUILDER_ASSETS", "/nonexistent"), ("CI", ci)])
            .output()
            .unwrap()
    };
    let skipped = run("false");
    assert!(skipped.status.success());
    assert_eq!(
        String::from_utf8_lossy(&skipped.stderr),
        "kube: missing: KUBEBUILDER_ASSETS=/nonexistent has no kube-apiserver and etcd\n\
         skipped a_client_certificate_logs_in: kube-apiserver is missing\n"
    );
    let failed = run("true");
    assert!(!failed.status.success());
    let output = String::from_utf8_lossy(&failed.stdout);
    assert!(
        output.contains("kube-apiserver is missing, a_client_certificate_logs_in can't run"),
        "{output}"
    );
}

#[tokio::test]
async fn a_reader_may_do_what_its_rules_say_and_a_stranger_nothing() {
    let Some(api) = KubeApi::start_or_skip("a_reader_may_do_what_its_rules_say").await else {
        return;
    };
    let reader = api.client(READER).await;
    assert_eq!(code(services(reader.clone(), "default").await), 403);
    api.grant(
        READERS,
        &json!([{ "apiGroups": [""], "resources": ["services"], "verbs": ["list"] }]),
    )
    .await;
    assert_eq!(code(services(reader.clone(), "default").await), 200);
    let nodes: Api<Node> = Api::all(reader);
    assert_eq!(code(nodes.list(&ListParams::default()).await), 403);
    assert_eq!(code(services(api.client(Login::Token("wrong")).await, "default").await), 401);
}

#[tokio::test]
async fn a_client_certificate_logs_in_by_a_kubeconfig_on_disk() {
    let Some(api) = KubeApi::shared_or_skip("a_client_certificate_logs_in").await else { return };
    api.grant(
        "certified",
        &json!([{ "apiGroups": [""], "resources": ["services"], "verbs": ["list"] }]),
    )
    .await;
    for (group, expected) in [("certified", 200), ("others", 403)] {
        let certificate = api.client_certificate("robot", group);
        let path = api.write_kubeconfig(&api.kubeconfig(Login::Certificate(&certificate)));
        let kubeconfig = Kubeconfig::read_from(&path).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
            .await
            .unwrap();
        assert_eq!(
            code(services(Client::try_from(config).unwrap(), "default").await),
            expected,
            "{group}"
        );
    }
}
