//! Objects put into the API server by the test, as the administrator and through the API alone.

use std::time::{Duration, Instant};

use ::kube::api::{
    Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, ValidationDirective,
};
use ::kube::core::GroupVersionKind;
use ::kube::discovery::{Scope, pinned_kind};
use ::kube::{Client, Error};
use serde_json::{Value, json};

use super::{ADMIN, KubeApi};

const MANAGER: &str = "testkit";
const STEP: Duration = Duration::from_millis(30);
const BOUND: Duration = Duration::from_secs(10);

impl KubeApi {
    /// A new namespace, whose name begins with `prefix`.
    pub async fn namespace(&self, prefix: &str) -> String {
        let name = format!("{prefix}-{}", self.next());
        self.apply(
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }),
        )
        .await;
        name
    }

    /// Creates the object, or brings it to this state (server-side apply; a field that the schema does not know fails).
    /// Its namespace is made where it is missing. A `status` is then written through the status subresource, as a
    /// controller does it. A CustomResourceDefinition is waited for until it serves. Returns what the server stored.
    pub async fn apply(&self, mut object: Value) -> Value {
        let status = object.as_object_mut().expect("an object").remove("status");
        let target = self.target(&object).await;
        let mut stored = target.apply(&object).await;
        if let (Err(Error::Api(refused)), Some(namespace)) =
            (&stored, object["metadata"]["namespace"].as_str())
            && refused.code == 404
        {
            let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
            Box::pin(self.apply(namespace)).await;
            stored = target.apply(&object).await;
        }
        let mut stored = target.expect("apply", stored);
        if let Some(status) = status {
            stored.data["status"] = status;
            let written =
                target.api.replace_status(&target.name, &PostParams::default(), &stored).await;
            stored = target.expect("write the status of", written);
        }
        if object["kind"] == "CustomResourceDefinition" {
            self.served(&object["spec"]).await;
        }
        serde_json::to_value(stored).expect("what came as JSON goes as JSON")
    }

    /// [`KubeApi::apply`] for each document of `yaml`, in order. The items of a `List` count as documents.
    pub async fn apply_yaml(&self, yaml: &str) -> Vec<Value> {
        let mut stored = Vec::new();
        for document in documents(yaml) {
            stored.push(self.apply(document).await);
        }
        stored
    }

    /// Puts the object in the place of the one with its name (PUT). A `resourceVersion` in it must be the current one.
    pub async fn replace(&self, object: Value) -> Value {
        let target = self.target(&object).await;
        let object: DynamicObject =
            serde_json::from_value(object).expect("an object with metadata");
        let stored = target.api.replace(&target.name, &PostParams::default(), &object).await;
        serde_json::to_value(target.expect("replace", stored))
            .expect("what came as JSON goes as JSON")
    }

    /// Merges these fields into the object that `apiVersion`, `kind` and `metadata` name (merge patch: `null` removes a
    /// field). A `status` goes to the status subresource.
    pub async fn patch(&self, mut object: Value) -> Value {
        let status = object.as_object_mut().expect("an object").remove("status");
        let target = self.target(&object).await;
        let parameters = PatchParams::default();
        let merged = target.api.patch(&target.name, &parameters, &Patch::Merge(&object)).await;
        let mut stored = target.expect("patch", merged);
        if let Some(status) = status {
            let patch = Patch::Merge(json!({ "status": status }));
            let merged = target.api.patch_status(&target.name, &parameters, &patch).await;
            stored = target.expect("patch the status of", merged);
        }
        serde_json::to_value(stored).expect("what came as JSON goes as JSON")
    }

    /// Deletes the object that `apiVersion`, `kind` and `metadata` name, without a grace period.
    pub async fn delete(&self, object: &Value) {
        let target = self.target(object).await;
        let deleted =
            target.api.delete(&target.name, &DeleteParams::default().grace_period(0)).await;
        target.expect("delete", deleted);
    }

    /// Gives a group these RBAC rules (a JSON array, cluster-wide) in place of those it was given before, and waits
    /// until the server lets the last of them through.
    pub async fn grant(&self, group: &str, rules: &Value) {
        let metadata = json!({ "name": format!("testkit:{group}") });
        let role = "rbac.authorization.k8s.io";
        self.apply(json!({
            "apiVersion": format!("{role}/v1"), "kind": "ClusterRole", "metadata": metadata, "rules": rules,
        }))
        .await;
        self.apply(json!({
            "apiVersion": format!("{role}/v1"), "kind": "ClusterRoleBinding", "metadata": metadata,
            "roleRef": { "apiGroup": role, "kind": "ClusterRole", "name": metadata["name"] },
            "subjects": [{ "apiGroup": role, "kind": "Group", "name": group }],
        }))
        .await;
        if let Some(last) = rules.as_array().expect("an array of rules").last() {
            let client = self.client(ADMIN).await;
            wait_for("the RBAC rules", async || is_allowed(&client, group, last).await).await;
        }
    }

    async fn served(&self, definition: &Value) {
        let client = self.client(ADMIN).await;
        let group = definition["group"].as_str().expect("a group");
        let kind = definition["names"]["kind"].as_str().expect("a kind");
        let versions = definition["versions"].as_array().expect("versions");
        for version in versions.iter().filter(|version| version["served"] == true) {
            let gvk =
                GroupVersionKind::gvk(group, version["name"].as_str().expect("a version"), kind);
            wait_for(kind, async || pinned_kind(&client, &gvk).await.is_ok()).await;
        }
    }

    async fn target(&self, object: &Value) -> Target {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (Some(version), Some(kind), Some(name)) =
            (text(&object["apiVersion"]), text(&object["kind"]), text(&object["metadata"]["name"]))
        else {
            panic!("an object needs apiVersion, kind and metadata.name: {object}");
        };
        let client = self.client(ADMIN).await;
        let (group, version) = version.split_once('/').unwrap_or(("", &version));
        let gvk = GroupVersionKind::gvk(group, version, &kind);
        let (resource, capabilities) = pinned_kind(&client, &gvk).await.unwrap_or_else(|error| {
            panic!("the server does not know {kind} ({group}/{version}): {error}")
        });
        let api = match capabilities.scope {
            Scope::Cluster => Api::all_with(client, &resource),
            Scope::Namespaced => {
                let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
                Api::namespaced_with(client, namespace, &resource)
            }
        };
        Target { api, kind, name }
    }
}

/// The documents of a YAML text, in order; the items of a `List` in its place.
pub fn documents(yaml: &str) -> Vec<Value> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
    let mut unfolded = Vec::new();
    for mut document in documents.into_iter().filter(|document| !document.is_null()) {
        match document.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => unfolded.extend(items),
            _ => unfolded.push(document),
        }
    }
    unfolded
}

/// One object on the server.
struct Target {
    api: Api<DynamicObject>,
    kind: String,
    name: String,
}

impl Target {
    async fn apply(&self, object: &Value) -> Result<DynamicObject, Error> {
        let mut parameters = PatchParams::apply(MANAGER).force();
        parameters.field_validation = Some(ValidationDirective::Strict);
        self.api.patch(&self.name, &parameters, &Patch::Apply(object)).await
    }

    fn expect<T>(&self, verb: &str, result: Result<T, Error>) -> T {
        result.unwrap_or_else(|error| panic!("can't {verb} {} {}: {error}", self.kind, self.name))
    }
}

/// Asks the server whether a member of `group` may use the first verb of `rule` on its first resource or URL.
async fn is_allowed(client: &Client, group: &str, rule: &Value) -> bool {
    let first = |field: &str| rule[field][0].as_str();
    let mut spec = json!({ "user": "nobody", "groups": [group] });
    if let Some(path) = first("nonResourceURLs") {
        spec["nonResourceAttributes"] = json!({ "path": path, "verb": first("verbs") });
    } else {
        let resource = first("resources").unwrap_or_default();
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        spec["resourceAttributes"] = json!({
            "group": first("apiGroups"), "resource": resource, "subresource": subresource,
            "name": first("resourceNames"), "verb": first("verbs"),
        });
    }
    let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec });
    let request = http::Request::post("/apis/authorization.k8s.io/v1/subjectaccessreviews")
        .header("content-type", "application/json")
        .body(review.to_string().into_bytes())
        .expect("a request of constants");
    let answer: Value = client
        .request(request)
        .await
        .unwrap_or_else(|error| panic!("can't ask for rights: {error}"));
    answer["status"]["allowed"] == true
}

async fn wait_for(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !done().await {
        assert!(begin.elapsed() < BOUND, "the server has not got {what} after {BOUND:?}");
        tokio::time::sleep(STEP).await;
    }
}
