//! The same against a real API server: TLS, client certificates, its own words.

use extdns_clusters::{
    Access, Cluster, ClusterView, Environment, ListScope, Metadata, ObjectFilter, Projection,
    ReadErrorKind, ResourceType,
};
use extdns_testkit::kube::{ADMIN, ADMIN_TOKEN, KubeApi, Login};
use serde_json::json;

use crate::support::{Ingress, Node, Service, cluster, connect, in_pages_of, names};

#[derive(serde::Deserialize)]
struct Route {
    metadata: Metadata,
}

impl Projection for Route {
    const RESOURCE: ResourceType = ResourceType {
        group: "gateway.networking.k8s.io",
        version: "v1",
        plural: "httproutes",
        kind: "HTTPRoute",
        namespaced: true,
    };
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }
}

fn as_user(api: &KubeApi, login: Login<'_>) -> Cluster {
    let path = api.write_kubeconfig(&api.kubeconfig(login));
    cluster(Access::kubeconfig(path))
}

pub(crate) async fn view(api: &KubeApi, login: Login<'_>) -> ClusterView {
    connect(&as_user(api, login)).await
}

async fn make_services(api: &KubeApi, namespace: &str, count: usize) {
    for number in 0..count {
        let metadata = json!({ "name": format!("web-{number}"), "namespace": namespace, "labels": { "app": "web" } });
        let spec = json!({ "type": "ExternalName", "externalName": "example.org" });
        api.apply(
            json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec }),
        )
        .await;
    }
}

#[tokio::test]
async fn pages_of_a_real_list_are_the_whole_list() {
    let Some(api) = KubeApi::shared_or_skip("pages_of_a_real_list_are_the_whole_list").await else {
        return;
    };
    let namespace = api.namespace("pages").await;
    make_services(api, &namespace, 5).await;
    let view = connect(&in_pages_of(2, as_user(api, ADMIN))).await;
    let expected: Vec<String> = (0..5).map(|number| format!("{namespace}/web-{number}")).collect();
    assert_eq!(names::<Service>(&view, &namespace).await.unwrap(), expected);
    assert!(names::<Node>(&view, "").await.unwrap().is_empty());
}

/// Lists the Services of a namespace, whose store forgets the past once behind the first object. Returns what was seen
/// of every try of the list, and the list.
async fn names_across_a_compaction(
    api: &KubeApi,
    cluster: &Cluster,
    namespace: &str,
) -> (usize, Vec<String>) {
    let view = connect(cluster).await;
    let filter = ObjectFilter::default();
    let scope = ListScope { namespace: Some(namespace), filter: &filter };
    let mut seen = 0;
    let list = view.fold(scope, Vec::new, |names: &mut Vec<String>, object: Service, _| {
        names.push(object.metadata.name.to_string());
        seen += 1;
        if seen == 1 {
            api.compact();
        }
    });
    let names = list.await.unwrap();
    (seen, names)
}

#[tokio::test]
async fn a_real_list_whose_snapshot_expires_begins_again_and_is_whole() {
    let test = "a_real_list_whose_snapshot_expires_begins_again_and_is_whole";
    // As servers before 1.34 do it: every page but the first is read from the store.
    let flags = ["--feature-gates=ListFromCacheSnapshot=false"];
    let Some(api) = KubeApi::start_with_or_skip(test, &flags).await else { return };
    make_services(&api, "expired", 5).await;
    let expected: Vec<String> = (0..5).map(|number| format!("web-{number}")).collect();

    let in_pages = in_pages_of(2, as_user(&api, ADMIN));
    let (seen, names) = names_across_a_compaction(&api, &in_pages, "expired").await;
    assert_eq!(names, expected);
    assert_eq!(seen, 2 + 5, "the first page was read, the second was refused");

    // A stream is sent from memory: it does not notice.
    make_services(&api, "expired", 6).await;
    let (seen, names) = names_across_a_compaction(&api, &as_user(&api, ADMIN), "expired").await;
    assert_eq!(names, [&expected[..], &["web-5".to_owned()]].concat());
    assert_eq!(seen, 6);

    let mut impatient = in_pages_of(2, as_user(&api, ADMIN));
    impatient.api.limits.restarts = 0;
    make_services(&api, "expired", 7).await;
    let view = connect(&impatient).await;
    let filter = ObjectFilter::default();
    let scope = ListScope { namespace: Some("expired"), filter: &filter };
    let list = view.fold(scope, || (), |(), _: Service, _| api.compact());
    let error = list.await.unwrap_err();
    assert!(matches!(*error.kind, ReadErrorKind::Expired { .. }), "{error}");
}

#[tokio::test]
async fn discovery_knows_what_is_served() {
    let Some(api) = KubeApi::shared_or_skip("discovery_knows_what_is_served").await else { return };
    let view = view(api, ADMIN).await;
    assert!(view.has(&Service::RESOURCE).await.unwrap());
    assert!(view.has(&Ingress::RESOURCE).await.unwrap());
    assert!(!view.has(&Route::RESOURCE).await.unwrap());
    assert_eq!(
        names::<Route>(&view, "").await.unwrap_err().to_string(),
        "read cluster \"lab\": list gateway.networking.k8s.io/v1 httproutes: not served; install its \
         CustomResourceDefinition, or remove the source that needs it"
    );
}

#[tokio::test]
async fn a_certificate_makes_a_user_and_a_missing_rule_names_it() {
    let test = "a_certificate_makes_a_user_and_a_missing_rule_names_it";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    let namespace = api.namespace("certificate").await;
    make_services(api, &namespace, 1).await;
    let rules = json!([{ "apiGroups": [""], "resources": ["services"], "verbs": ["list"] }]);
    api.grant("dns", &rules).await;
    let certificate = api.client_certificate("carol", "dns");
    let carol = view(api, Login::Certificate(&certificate)).await;
    assert_eq!(names::<Service>(&carol, &namespace).await.unwrap().len(), 1);
    assert_eq!(
        names::<Ingress>(&carol, "").await.unwrap_err().to_string(),
        "read cluster \"lab\": list ingresses.networking.k8s.io: forbidden; add {apiGroups: \
         [\"networking.k8s.io\"], resources: [\"ingresses\"], verbs: [\"list\"]} to a ClusterRole that is bound to \
         \"carol\""
    );
}

#[tokio::test]
async fn a_wrong_token_and_a_wrong_authority_are_refused() {
    let test = "a_wrong_token_and_a_wrong_authority_are_refused";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    let wrong = view(api, Login::Token("wrong")).await;
    let error = names::<Service>(&wrong, "").await.unwrap_err();
    assert!(matches!(*error.kind, ReadErrorKind::Unauthorized { .. }), "{error}");
    assert!(error.to_string().contains(": Unauthorized; renew "), "{error}");

    let mut stranger = api.kubeconfig(ADMIN);
    stranger["clusters"][0]["cluster"] = json!({ "server": api.url() });
    let path = api.write_kubeconfig(&stranger);
    let mut cluster = cluster(Access::kubeconfig(path));
    cluster.api.limits.attempts = 1;
    let error = names::<Service>(&connect(&cluster).await, "").await.unwrap_err();
    assert!(matches!(*error.kind, ReadErrorKind::Transport { .. }), "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_pod_trusts_the_authority_of_its_service_account() {
    let test = "a_pod_trusts_the_authority_of_its_service_account";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::copy(api.ca_file(), folder.path().join("ca.crt")).unwrap();
    std::fs::write(folder.path().join("token"), ADMIN_TOKEN).unwrap();
    let url = api.url();
    let (host, port) = url.trim_start_matches("https://").split_once(':').unwrap();
    let environment = Environment {
        kubernetes_service_host: Some(host.to_owned()),
        kubernetes_service_port: Some(port.to_owned()),
        service_account: Some(folder.path().to_owned()),
        ..Environment::default()
    };
    let view = cluster(Access::InCluster).connect(&environment, std::io::empty()).await.unwrap();
    assert!(names::<Node>(&view, "").await.unwrap().is_empty());

    std::fs::write(folder.path().join("ca.crt"), "no certificate").unwrap();
    let broken = cluster(Access::InCluster).connect(&environment, std::io::empty()).await;
    let view =
        broken.expect("a file without certificates trusts nobody, which shows when it is used");
    assert!(names::<Node>(&view, "").await.is_err());
}
