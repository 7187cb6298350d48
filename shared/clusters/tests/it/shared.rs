//! What several sources look at is read once, and found by name and by label; kinds with several versions are read in
//! the newest that the cluster serves.

use std::sync::Arc;

use extdns_clusters::{
    Access, ClusterView, Environment, Metadata, Projection, ResourceType, SharedList,
};
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::KubeSim;
use serde::Deserialize;
use serde_json::json;

use crate::support::{Service, cluster, connect, names};

/// A kind with three versions.
#[derive(Debug, Deserialize)]
struct Route {
    metadata: Metadata,
}

impl Projection for Route {
    const RESOURCE: ResourceType = ResourceType {
        group: "gateway.example",
        version: "v1",
        plural: "routes",
        kind: "Route",
        namespaced: true,
    };
    const OLDER_VERSIONS: &'static [&'static str] = &["v1beta1", "v1alpha2"];

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }
}

async fn view(sim: &KubeSim) -> ClusterView {
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Custom(&json!({}))));
    connect(&cluster(Access::kubeconfig(path))).await
}

fn full_names<'a, K: Projection>(objects: impl IntoIterator<Item = &'a K>) -> Vec<String> {
    objects.into_iter().map(|own| own.metadata().full_name().to_string()).collect()
}

const SERVICES: &str = "
{ apiVersion: v1, kind: Service, metadata: { name: b, namespace: shop, labels: { app: v } } }
---
{ apiVersion: v1, kind: Service, metadata: { name: a, namespace: shop, labels: { app: w } } }
---
{ apiVersion: v1, kind: Service, metadata: { name: c, namespace: shop-b, labels: { app: v } } }
---
{ apiVersion: v1, kind: Service, metadata: { name: z, namespace: shop, labels: { app: v } } }
---
{ apiVersion: v1, kind: Service, metadata: { name: a, namespace: a } }
";

#[tokio::test]
async fn objects_of_a_shared_list_are_found_by_name_namespace_and_label_with_one_request() {
    let sim = KubeSim::builder().yaml(SERVICES).start();
    let view = view(&sim).await;
    for _ in 0..2 {
        let list = view.shared::<Service>(None).await.unwrap();
        assert_eq!(full_names(list.iter()), ["a/a", "shop/a", "shop/b", "shop/z", "shop-b/c"]);
        assert_eq!(full_names(list.get("shop", "b")), ["shop/b"]);
        assert_eq!(full_names(list.get("shop", "c")), [""; 0]);
        assert_eq!(full_names(list.get("", "a")), [""; 0]);
        assert_eq!(full_names(list.in_namespace("shop")), ["shop/a", "shop/b", "shop/z"]);
        assert_eq!(full_names(list.in_namespace("sho")), [""; 0]);
        assert_eq!(full_names(list.labelled("shop", "app", "v")), ["shop/b", "shop/z"]);
        assert_eq!(full_names(list.labelled("shop", "app", "z")), [""; 0]);
        assert_eq!(full_names(list.labelled("a", "app", "v")), [""; 0]);
        assert_eq!(full_names(list.labelled("shop", "tier", "v")), [""; 0]);
    }
    assert_eq!(sim.requests().len(), 1);
    view.forget_shared();
    assert_eq!(view.shared::<Service>(None).await.unwrap().len(), 5);
    assert_eq!(sim.requests().len(), 2, "it is read again for those who come later");
}

#[tokio::test]
async fn the_newest_version_that_the_cluster_serves_is_read() {
    let route = |version: &str| {
        let kind = format!("apiVersion: gateway.example/{version}, kind: Route");
        format!("{{ {kind}, metadata: {{ name: r-{version}, namespace: shop }} }}")
    };
    let table: &[(&[&str], &str)] = &[
        (&["v1"], "v1"),
        (&["v1beta1"], "v1beta1"),
        (&["v1alpha2", "v1beta1"], "v1beta1"),
        (&["v1alpha2", "v1", "v2"], "v1"),
    ];
    for (served, read) in table {
        let objects: Vec<String> = served.iter().map(|version| route(version)).collect();
        let sim = KubeSim::builder().yaml(&objects.join("\n---\n")).start();
        let view = view(&sim).await;
        assert_eq!(view.served::<Route>().await.unwrap().version, *read, "{served:?}");
        let list = view.shared::<Route>(Some("shop")).await.unwrap();
        assert_eq!(list.len(), served.len(), "{served:?}");
        let name = format!("r-{}", served[0]);
        assert!(view.object::<Route>("shop", &name).await.unwrap().is_some(), "{served:?}");
        let paths: Vec<String> = sim.requests().iter().map(|own| own.path.clone()).collect();
        let folder = format!("/apis/gateway.example/{read}/namespaces/shop/routes");
        assert_eq!(paths, ["/apis".to_owned(), folder.clone(), format!("{folder}/{name}")]);
    }
}

#[tokio::test]
async fn a_kind_of_which_no_version_is_served_is_not_asked_for() {
    let sim = KubeSim::builder().start();
    let lab = view(&sim).await;
    let expected = "read cluster \"lab\": list gateway.example/v1 routes: not served; install its \
                    CustomResourceDefinition, or remove the source that needs it";
    for _ in 0..2 {
        assert_eq!(lab.shared::<Route>(None).await.unwrap_err().to_string(), expected);
    }
    assert_eq!(sim.requests().len(), 1, "discovery alone, once");

    let sim = KubeSim::builder()
        .yaml("{ apiVersion: gateway.example/v3, kind: Route, metadata: { name: r } }")
        .start();
    assert_eq!(
        view(&sim).await.served::<Route>().await.unwrap_err().to_string(),
        "read cluster \"lab\": list gateway.example/v1 routes: not served; the server has only version v3, and v1 or \
         v1beta1 or v1alpha2 is needed"
    );
}

#[tokio::test]
async fn a_kind_with_one_version_needs_no_discovery_and_manifests_have_every_version() {
    let sim = KubeSim::builder().yaml(SERVICES).start();
    let api = view(&sim).await;
    assert_eq!(api.served::<Service>().await.unwrap(), Service::RESOURCE);
    assert!(sim.requests().is_empty());

    let text = "{ apiVersion: gateway.example/v1alpha2, kind: Route, metadata: { name: r } }";
    let manifests = cluster(Access::Manifests(vec!["-".into()]));
    let view = manifests.connect(&Environment::default(), text.as_bytes()).await.unwrap();
    let list: Arc<SharedList<Route>> = view.shared(None).await.unwrap();
    assert_eq!(full_names(list.iter()), ["default/r"]);
    assert_eq!(names::<Route>(&view, "").await.unwrap(), ["default/r"]);
}
