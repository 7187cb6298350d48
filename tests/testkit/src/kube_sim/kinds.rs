//! The resources that are served: those of every Kubernetes, those of CustomResourceDefinitions, and a guess for the rest.

use std::collections::BTreeMap;

use kube::core::Version;
use serde_json::Value;

/// One resource, in all its versions.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) group: String,
    pub(super) plural: String,
    pub(super) singular: String,
    pub(super) kind: String,
    pub(super) short_names: Vec<String>,
    pub(super) namespaced: bool,
    /// Whether it has the subresource `status`.
    pub(super) status: bool,
    /// Whether it comes from a definition, or as if from one.
    pub(super) custom: bool,
    /// The preferred one first.
    pub(super) versions: Vec<String>,
}

/// Group and plural.
pub(super) type KindId = (String, String);

impl Kind {
    pub(super) fn id(&self) -> KindId {
        (self.group.clone(), self.plural.clone())
    }

    /// As messages write it: `ingresses.networking.k8s.io`.
    pub(super) fn qualified(&self) -> String {
        qualified(&self.plural, &self.group)
    }

    /// The verbs that the simulator answers.
    pub(super) fn verbs(&self) -> &'static [&'static str] {
        if self.plural == REVIEWS {
            &["create"]
        } else {
            &["create", "delete", "get", "list", "patch", "update", "watch"]
        }
    }

    fn serve(&mut self, version: &str) {
        if !self.versions.iter().any(|own| own == version) {
            self.versions.push(version.to_owned());
            self.versions
                .sort_by(|a, b| Version::parse(b).priority().cmp(&Version::parse(a).priority()));
        }
    }
}

/// `plural.group`; the core group has no name.
pub(super) fn qualified(plural: &str, group: &str) -> String {
    if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") }
}

/// Group and version of an `apiVersion`.
pub(super) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// An `apiVersion`.
pub(super) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// Questions for one's own rights: asked, never stored.
pub(super) const REVIEWS: &str = "selfsubjectaccessreviews";

/// Group, version, plural, kind, short names, namespaced, with a status.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, bool, bool);

const BUILT_IN: &[Row] = &[
    ("", "v1", "configmaps", "ConfigMap", "cm", true, false),
    ("", "v1", "endpoints", "Endpoints", "ep", true, false),
    ("", "v1", "events", "Event", "ev", true, false),
    ("", "v1", "namespaces", "Namespace", "ns", false, true),
    ("", "v1", "nodes", "Node", "no", false, true),
    ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc", true, true),
    ("", "v1", "pods", "Pod", "po", true, true),
    ("", "v1", "secrets", "Secret", "", true, false),
    ("", "v1", "serviceaccounts", "ServiceAccount", "sa", true, false),
    ("", "v1", "services", "Service", "svc", true, true),
    (
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        "crd,crds",
        false,
        true,
    ),
    ("apps", "v1", "daemonsets", "DaemonSet", "ds", true, true),
    ("apps", "v1", "deployments", "Deployment", "deploy", true, true),
    ("apps", "v1", "replicasets", "ReplicaSet", "rs", true, true),
    ("apps", "v1", "statefulsets", "StatefulSet", "sts", true, true),
    ("authorization.k8s.io", "v1", REVIEWS, "SelfSubjectAccessReview", "", false, false),
    ("batch", "v1", "cronjobs", "CronJob", "cj", true, true),
    ("batch", "v1", "jobs", "Job", "", true, true),
    ("coordination.k8s.io", "v1", "leases", "Lease", "", true, false),
    ("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", "", true, false),
    ("events.k8s.io", "v1", "events", "Event", "ev", true, false),
    ("networking.k8s.io", "v1", "ingressclasses", "IngressClass", "", false, false),
    ("networking.k8s.io", "v1", "ingresses", "Ingress", "ing", true, true),
    ("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol", true, false),
    (
        "rbac.authorization.k8s.io",
        "v1",
        "clusterrolebindings",
        "ClusterRoleBinding",
        "",
        false,
        false,
    ),
    ("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", "", false, false),
    ("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", "", true, false),
    ("rbac.authorization.k8s.io", "v1", "roles", "Role", "", true, false),
];

/// All resources, by group and plural.
#[derive(Debug)]
pub(super) struct Kinds(BTreeMap<KindId, Kind>);

impl Kinds {
    pub(super) fn built_in() -> Self {
        let kind = |&(group, version, plural, kind, short, namespaced, status): &Row| Kind {
            group: group.to_owned(),
            plural: plural.to_owned(),
            singular: kind.to_lowercase(),
            kind: kind.to_owned(),
            short_names: short.split(',').filter(|name| !name.is_empty()).map(Into::into).collect(),
            namespaced,
            status,
            custom: false,
            versions: vec![version.to_owned()],
        };
        Self(BUILT_IN.iter().map(kind).map(|kind| (kind.id(), kind)).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.0.values()
    }

    pub(super) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Kind> {
        let kind = self.0.get(&(group.to_owned(), plural.to_owned()))?;
        kind.versions.iter().any(|own| own == version).then_some(kind)
    }

    /// Whether a version of a group is built in.
    pub(super) fn is_built_in(&self, group: &str, version: &str) -> bool {
        self.iter().any(|kind| {
            !kind.custom && kind.group == group && kind.versions.iter().any(|own| own == version)
        })
    }

    /// The first resource of this plural, of any group.
    pub(super) fn by_plural(&self, plural: &str) -> Option<&Kind> {
        self.iter().find(|kind| kind.plural == plural)
    }

    /// The resource of an object. One without a definition is taken for a custom one: namespaced, its plural
    /// guessed as Kubernetes does, with a status.
    pub(super) fn of_object(&mut self, api_version: &str, kind: &str) -> &Kind {
        let (group, version) = split_api_version(api_version);
        let known = self.iter().find(|own| own.group == group && own.kind == kind).map(Kind::id);
        let id = known.unwrap_or_else(|| (group.to_owned(), guess_plural(kind)));
        let found = self.0.entry(id).or_insert_with_key(|(group, plural)| Kind {
            group: group.clone(),
            plural: plural.clone(),
            singular: kind.to_lowercase(),
            kind: kind.to_owned(),
            short_names: Vec::new(),
            namespaced: true,
            status: true,
            custom: true,
            versions: Vec::new(),
        });
        found.serve(version);
        found
    }

    /// Serves what a CustomResourceDefinition says.
    pub(super) fn define(&mut self, definition: &Value) {
        let spec = &definition["spec"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let names = &spec["names"];
        let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let served: Vec<&Value> =
            versions.iter().filter(|version| version["served"] != false).collect();
        let kind = text(&names["kind"]);
        let singular = names["singular"].as_str().map_or_else(|| kind.to_lowercase(), Into::into);
        let short_names = names["shortNames"].as_array().into_iter().flatten().map(text).collect();
        let mut defined = Kind {
            group: text(&spec["group"]),
            plural: text(&names["plural"]),
            singular,
            kind,
            short_names,
            namespaced: spec["scope"] != "Cluster",
            status: served.iter().any(|version| version["subresources"]["status"].is_object()),
            custom: true,
            versions: Vec::new(),
        };
        for version in served {
            defined.serve(&text(&version["name"]));
        }
        self.0.insert(defined.id(), defined);
    }
}

fn guess_plural(kind: &str) -> String {
    let singular = kind.to_lowercase();
    match singular.as_bytes() {
        [.., b's'] => format!("{singular}es"),
        [stem @ .., b'y'] => format!("{}ies", String::from_utf8_lossy(stem)),
        _ => format!("{singular}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kinds, guess_plural};
    use serde_json::json;

    #[test]
    fn plurals() {
        for (kind, plural) in [
            ("DNSEndpoint", "dnsendpoints"),
            ("HTTPProxy", "httpproxies"),
            ("Ingress", "ingresses"),
        ] {
            assert_eq!(guess_plural(kind), plural);
        }
    }

    #[test]
    fn a_definition_names_its_resource_and_orders_its_versions() {
        let mut kinds = Kinds::built_in();
        let version = |name: &str, served: bool| json!({ "name": name, "served": served, "subresources": { "status": {} } });
        kinds.define(&json!({ "spec": {
            "group": "example.org", "scope": "Cluster",
            "names": { "kind": "Mouse", "plural": "mice", "shortNames": ["m"] },
            "versions": [version("v1alpha1", true), version("v1", true), version("v2beta1", true), version("v3", false)],
        } }));
        let mouse = kinds.of_object("example.org/v1", "Mouse");
        assert_eq!(mouse.qualified(), "mice.example.org");
        assert_eq!(mouse.versions, ["v1", "v2beta1", "v1alpha1"]);
        assert!(!mouse.namespaced && mouse.status && mouse.custom);
        assert!(kinds.find("example.org", "v3", "mice").is_none());
    }

    #[test]
    fn another_version_of_a_known_kind_is_served_too() {
        let mut kinds = Kinds::built_in();
        let ingress = kinds.of_object("networking.k8s.io/v1beta1", "Ingress");
        assert_eq!(
            (ingress.plural.as_str(), &*ingress.versions),
            ("ingresses", &["v1".to_owned(), "v1beta1".to_owned()][..])
        );
    }
}
