use std::num::NonZeroU32;
use std::time::Duration;

use extdns_clusters::{
    Access, ApiOptions, Cluster, ClusterView, Environment, Limits, ListScope, Metadata,
    ObjectFilter, Projection, ReadError, ResourceType,
};
use extdns_model::ClusterId;
use extdns_testkit::http::{Reply, ScriptedServer};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
pub(crate) struct Service {
    pub(crate) metadata: Metadata,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Ingress {
    pub(crate) metadata: Metadata,
    #[serde(default)]
    pub(crate) spec: IngressSpec,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct IngressSpec {
    #[serde(default)]
    pub(crate) rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Rule {
    pub(crate) host: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) metadata: Metadata,
}

macro_rules! projection {
    ($type:ty, $group:literal, $plural:literal, $kind:literal, $namespaced:literal) => {
        impl Projection for $type {
            const RESOURCE: ResourceType = ResourceType {
                group: $group,
                version: "v1",
                plural: $plural,
                kind: $kind,
                namespaced: $namespaced,
            };
            fn metadata(&self) -> &Metadata {
                &self.metadata
            }
            fn metadata_mut(&mut self) -> &mut Metadata {
                &mut self.metadata
            }
        }
    };
}

projection!(Service, "", "services", "Service", true);
projection!(Ingress, "networking.k8s.io", "ingresses", "Ingress", true);
projection!(Node, "", "nodes", "Node", false);

pub(crate) fn cluster(access: Access) -> Cluster {
    let often = NonZeroU32::new(10_000).unwrap();
    Cluster {
        id: ClusterId(7),
        name: "lab".into(),
        access,
        api: ApiOptions {
            qps: often,
            burst: often,
            limits: Limits { backoff: Duration::from_millis(1), ..Limits::default() },
            ..ApiOptions::default()
        },
    }
}

/// A cluster at `server`, without credentials. Lists are read in pages, so that each request is foreseen.
pub(crate) fn at(server: &ScriptedServer) -> Cluster {
    let mut cluster = in_pages_of(500, cluster(Access::Default { context: None }));
    cluster.api.server = Some(server.url());
    cluster
}

/// The same cluster, whose lists are read in pages of one size.
pub(crate) fn in_pages_of(size: u32, mut cluster: Cluster) -> Cluster {
    let limits = cluster.api.limits;
    cluster.api.limits = Limits { streams: false, page_size: size, largest_page: size, ..limits };
    cluster
}

pub(crate) async fn connect(cluster: &Cluster) -> ClusterView {
    cluster.connect(&Environment::default(), std::io::empty()).await.unwrap()
}

/// Names of all objects of a kind that pass the filter.
pub(crate) async fn names<K: Projection>(
    view: &ClusterView,
    namespace: &str,
) -> Result<Vec<String>, ReadError> {
    let filter = ObjectFilter::default();
    let scope = ListScope { namespace: Some(namespace), filter: &filter };
    view.fold(scope, Vec::new, |names: &mut Vec<String>, object: K, result| {
        if result.is_admitted() {
            names.push(object.metadata().full_name().to_string());
        }
    })
    .await
}

pub(crate) async fn services(view: &ClusterView) -> Result<Vec<String>, ReadError> {
    names::<Service>(view, "").await
}

/// One page of services.
pub(crate) fn page(names: &[&str], next: &str) -> Reply {
    let items: Vec<Value> = names
        .iter()
        .map(|name| json!({ "metadata": { "name": name, "namespace": "shop" }, "spec": { "type": "ClusterIP" } }))
        .collect();
    let metadata = json!({ "resourceVersion": "1", "continue": next });
    Reply::json(
        200,
        &json!({ "kind": "ServiceList", "apiVersion": "v1", "metadata": metadata, "items": items }),
    )
}

/// What the API says where it refuses.
pub(crate) fn status(code: u16, message: &str) -> Reply {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code });
    Reply::json(code, &body)
}
