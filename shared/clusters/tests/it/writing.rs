//! Status of DNSEndpoints on a real API server.

use std::path::Path;

use extdns_clusters::{ListScope, Metadata, ObjectFilter, Projection, ResourceType, StatusUpdate};
use extdns_model::Permit;
use extdns_testkit::kube::{ADMIN, KubeApi, Login, READER, READERS};
use serde_json::{Value, json};

use crate::server::view;

#[derive(serde::Deserialize)]
struct DnsEndpoint {
    metadata: Metadata,
}

impl Projection for DnsEndpoint {
    const RESOURCE: ResourceType = ResourceType {
        group: "externaldns.k8s.io",
        version: "v1alpha1",
        plural: "dnsendpoints",
        kind: "DNSEndpoint",
        namespaced: true,
    };
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }
}

async fn install(api: &KubeApi) {
    let file = "../../infra/kubernetes/crd-dnsendpoint.yaml";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    api.apply_yaml(&std::fs::read_to_string(path).unwrap()).await;
}

fn object(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "externaldns.k8s.io/v1alpha1",
        "kind": "DNSEndpoint",
        "metadata": {
            "name": name, "namespace": namespace, "labels": { "team": "mail" }, "annotations": { "why": "test" },
        },
        "spec": { "endpoints": [{
            "dnsName": "example.org", "recordType": "MX", "recordTTL": 300, "targets": ["10 mx1.example.org"],
            "labels": { "team": "mail" }, "providerSpecific": [{ "name": "aws/weight", "value": "10" }],
        }] },
    })
}

/// What a run would write of the objects of a namespace.
async fn updates(api: &KubeApi, login: Login<'_>, namespace: &str) -> Vec<StatusUpdate> {
    let filter = ObjectFilter::default();
    let scope = ListScope { namespace: Some(namespace), filter: &filter };
    let read = view(api, login).await;
    let keep = |all: &mut Vec<StatusUpdate>, object: DnsEndpoint, _| {
        all.push(StatusUpdate::seen(DnsEndpoint::RESOURCE, &object.metadata));
    };
    read.fold(scope, Vec::new, keep).await.unwrap()
}

/// Writes, and returns what was said about single objects, and about all.
async fn write(
    api: &KubeApi,
    login: Login<'_>,
    updates: &[StatusUpdate],
) -> (Vec<String>, Option<String>) {
    let writer = view(api, login).await.writer(&Permit::grant());
    let mut failed = Vec::new();
    let all =
        writer.put_statuses(updates, |update, error| failed.push(format!("{update}: {error}")));
    let all = all.await.err().map(|error| error.to_string());
    (failed, all)
}

/// The object, without what the server notes about who wrote what.
async fn stored(api: &KubeApi, namespace: &str, name: &str) -> Value {
    let path =
        format!("/apis/externaldns.k8s.io/v1alpha1/namespaces/{namespace}/dnsendpoints/{name}");
    let request = http::Request::get(path).body(Vec::new()).unwrap();
    let mut stored: Value = api.client(ADMIN).await.request(request).await.unwrap();
    stored["metadata"].as_object_mut().unwrap().remove("managedFields");
    stored
}

#[tokio::test]
async fn a_status_is_written_and_everything_else_is_kept() {
    let test = "a_status_is_written_and_everything_else_is_kept";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    install(api).await;
    let namespace = api.namespace("status").await;
    api.apply(object(&namespace, "mail")).await;
    let mut before = stored(api, &namespace, "mail").await;
    let updates = updates(api, ADMIN, &namespace).await;
    assert_eq!(write(api, ADMIN, &updates).await, (Vec::new(), None));

    let mut after = stored(api, &namespace, "mail").await;
    assert_eq!(after["status"], json!({ "observedGeneration": before["metadata"]["generation"] }));
    after.as_object_mut().unwrap().remove("status");
    for object in [&mut before, &mut after] {
        object["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    }
    assert_eq!(after, before, "spec, labels, annotations and generation are those of the user");
}

#[tokio::test]
async fn what_changed_or_went_meanwhile_is_reported_and_the_others_are_written() {
    let test = "what_changed_or_went_meanwhile_is_reported_and_the_others_are_written";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    install(api).await;
    let namespace = api.namespace("status").await;
    for name in ["changed", "gone", "same"] {
        api.apply(object(&namespace, name)).await;
    }
    let updates = updates(api, ADMIN, &namespace).await;
    let mut changed = object(&namespace, "changed");
    changed["spec"]["endpoints"][0]["recordTTL"] = json!(60);
    api.apply(changed).await;
    api.delete(&object(&namespace, "gone")).await;

    let (failed, all) = write(api, ADMIN, &updates).await;
    assert_eq!(all, None);
    assert_eq!(
        failed,
        [
            format!(
                "DNSEndpoint {namespace}/changed: the object has changed since it was read; the next run writes it"
            ),
            format!(
                "DNSEndpoint {namespace}/gone: not found: the object is gone, or its \
                 CustomResourceDefinition has no status subresource"
            ),
        ]
    );
    assert_eq!(stored(api, &namespace, "changed").await["status"], Value::Null);
    assert_eq!(stored(api, &namespace, "same").await["status"]["observedGeneration"], 1);
}

#[tokio::test]
async fn a_reader_may_not_write_and_the_rule_for_it_is_enough() {
    let test = "a_reader_may_not_write_and_the_rule_for_it_is_enough";
    // Other tests give the readers of the shared server other rules.
    let Some(api) = KubeApi::start_or_skip(test).await else { return };
    install(&api).await;
    let namespace = api.namespace("status").await;
    api.apply(object(&namespace, "mail")).await;
    let group = "externaldns.k8s.io";
    let list = json!({ "apiGroups": [group], "resources": ["dnsendpoints"], "verbs": ["list"] });
    api.grant(READERS, &json!([list])).await;
    let updates = updates(&api, READER, &namespace).await;
    let (failed, all) = write(&api, READER, &updates).await;
    assert_eq!(failed, Vec::<String>::new());
    let all = all.unwrap();
    let rule = "update the status of dnsendpoints.externaldns.k8s.io: forbidden; add {apiGroups: \
                [\"externaldns.k8s.io\"], resources: [\"dnsendpoints/status\"], verbs: [\"update\"]} to a \
                ClusterRole that is bound to ";
    assert!(all.starts_with(rule), "{all}");
    assert_eq!(stored(&api, &namespace, "mail").await["status"], Value::Null);

    let update =
        json!({ "apiGroups": [group], "resources": ["dnsendpoints/status"], "verbs": ["update"] });
    api.grant(READERS, &json!([list, update])).await;
    assert_eq!(write(&api, READER, &updates).await, (Vec::new(), None));
    assert_eq!(stored(&api, &namespace, "mail").await["status"]["observedGeneration"], 1);
}

#[tokio::test]
async fn a_kind_is_found_by_group_version_and_kind() {
    let test = "a_kind_is_found_by_group_version_and_kind";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    install(api).await;
    let view = view(api, ADMIN).await;
    let found = view.find_kind("externaldns.k8s.io", "v1alpha1", "DNSEndpoint").await.unwrap();
    assert_eq!(found, DnsEndpoint::RESOURCE);
    // The plural is what the server says, not the kind with an `s`.
    let found = view.find_kind("networking.k8s.io", "v1", "Ingress").await.unwrap();
    assert_eq!(found.plural, "ingresses");
    assert_eq!(view.find_kind("", "v1", "Service").await.unwrap().plural, "services");
    let error = view.find_kind("externaldns.k8s.io", "v2", "DNSEndpoint").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "read cluster \"lab\": list externaldns.k8s.io/v2 DNSEndpoint: not served; install its \
         CustomResourceDefinition, or name another group, version or kind"
    );
}
