//! What our credentials may do: the server is asked, nothing is tried.

use std::fmt;

use ecow::EcoString;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::api::{Api, Interrupted, path};
use crate::call::Call;
use crate::error::ReadErrorKind;
use crate::object::ResourceType;

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// Something that a user may do or not, as RBAC rules name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// `list`, `update`, ..
    pub verb: &'static str,
    /// What it is done to.
    pub resource: ResourceType,
    /// The part of the object that is meant, such as `status`; empty for the object itself.
    pub subresource: &'static str,
    /// The namespace in which it is done; `None` for all, and for kinds outside namespaces.
    pub namespace: Option<EcoString>,
}

impl Right {
    /// To list all objects of a kind, in one namespace or all.
    #[must_use]
    pub fn list(resource: ResourceType, namespace: Option<&str>) -> Self {
        let namespace = namespace.filter(|_| resource.namespaced).map(EcoString::from);
        Self { verb: "list", resource, subresource: "", namespace }
    }

    /// To have a list streamed: the right to watch beside that to list. `None` for other rights.
    #[must_use]
    pub fn to_stream(&self) -> Option<Self> {
        (self.verb == "list").then(|| Self { verb: "watch", ..self.clone() })
    }

    /// To read single objects of a kind, in one namespace or all.
    #[must_use]
    pub fn get(resource: ResourceType, namespace: Option<&str>) -> Self {
        Self { verb: "get", ..Self::list(resource, namespace) }
    }

    /// To write the status of objects.
    #[must_use]
    pub fn update_status(resource: ResourceType, namespace: Option<&str>) -> Self {
        Self { verb: "update", subresource: "status", ..Self::list(resource, namespace) }
    }

    /// To make objects of a kind, in one namespace or all.
    #[must_use]
    pub fn create(resource: ResourceType, namespace: Option<&str>) -> Self {
        Self { verb: "create", ..Self::list(resource, namespace) }
    }

    /// The rule that grants it, as one entry of `rules:` in a Role or ClusterRole.
    #[must_use]
    pub fn rule(&self) -> String {
        let ResourceType { group, .. } = self.resource;
        let resource = self.plural();
        let verb = self.verb;
        format!("- apiGroups: [{group:?}]\n  resources: [{resource:?}]\n  verbs: [{verb:?}]")
    }

    /// The resource as a rule names it: `services`, `dnsendpoints/status`.
    pub(crate) fn plural(&self) -> String {
        match self.subresource {
            "" => self.resource.plural.to_owned(),
            part => format!("{}/{part}", self.resource.plural),
        }
    }

    fn review(&self) -> Vec<u8> {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": REVIEW,
            "spec": { "resourceAttributes": {
                "verb": self.verb,
                "group": self.resource.group,
                "version": self.resource.version,
                "resource": self.resource.plural,
                "subresource": self.subresource,
                "namespace": self.namespace.as_deref().unwrap_or_default(),
            } },
        });
        review.to_string().into_bytes()
    }
}

/// `list ingresses.networking.k8s.io in namespace shop`
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.plural())?;
        if !self.resource.group.is_empty() {
            write!(f, ".{}", self.resource.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}

/// The kind of the question for a right, and of its answer.
const REVIEW: &str = "SelfSubjectAccessReview";

#[derive(Deserialize)]
struct Review {
    kind: String,
    status: ReviewStatus,
}

#[derive(Deserialize)]
struct ReviewStatus {
    allowed: bool,
}

impl Api {
    /// Asks the server whether we have a right. That writes nothing, so it may be asked twice.
    pub(crate) async fn may(&self, right: &Right) -> Result<bool, ReadErrorKind> {
        let call = Call::post(REVIEWS, right.review());
        let answer = self.send(&call).await?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED => {}
            status if status.is_success() => answer.require_whole(&call)?,
            _ => return Err(self.status(&call, &answer)),
        }
        let review: Review = serde_json::from_slice(&answer.body)
            .map_err(|error| self.not_json(&call, &answer, &error))?;
        if review.kind != REVIEW {
            let found = format!("a {} where a {REVIEW} was asked for", review.kind);
            return Err(self.not_kubernetes(&call, &answer, found));
        }
        Ok(review.status.allowed)
    }

    /// The date that the server puts on an answer (RFC 9110, 6.6.1), if it does. What answers must be
    /// an API server: it returns its version, or an error in the form of Kubernetes.
    pub(crate) async fn date(&self) -> Result<Option<EcoString>, ReadErrorKind> {
        let path = "/version";
        let call = Call::get(path, path);
        let answer = self.send(&call).await?;
        match answer.status {
            StatusCode::OK => {
                serde_json::from_slice::<Version>(&answer.body)
                    .map_err(|error| self.not_json(&call, &answer, &error))?;
            }
            // Some servers keep their version from those who ask; lists are another right.
            StatusCode::FORBIDDEN if answer.is_status_object() => {}
            status if status.is_success() => answer.require_whole(&call)?,
            _ => return Err(self.status(&call, &answer)),
        }
        Ok(answer.date)
    }

    /// Asks for one object of the kind that a right is about.
    pub(crate) async fn try_list(&self, right: &Right) -> Result<(), ReadErrorKind> {
        let namespace = right.namespace.as_deref().unwrap_or_default();
        let path = path(&right.resource, namespace);
        let url = format!("{path}?limit=1");
        let call = Call::get(&url, &path);
        let answer = self.send(&call).await?;
        if !answer.status.is_success() {
            let (Interrupted::Retry(error) | Interrupted::Failed(error)) =
                self.refused(&right.resource, namespace, &call, &answer).await;
            return Err(error);
        }
        answer.require_whole(&call)?;
        let list: List = serde_json::from_slice(&answer.body)
            .map_err(|error| self.not_json(&call, &answer, &error))?;
        if list.kind.strip_suffix("List") == Some(right.resource.kind) {
            return Ok(());
        }
        Err(self.not_kubernetes(&call, &answer, format!("a {}", list.kind)))
    }

    /// Whether there is a namespace of this name; `None` where the server does not say it, because
    /// the credentials may not ask or for another reason: nothing depends on it.
    pub(crate) async fn has_namespace(&self, name: &str) -> Option<bool> {
        let path = format!("/api/v1/namespaces/{name}");
        let call = Call::get(&path, &path);
        match self.send(&call).await {
            Ok(answer) if answer.status == StatusCode::OK => Some(true),
            Ok(answer) if answer.status == StatusCode::NOT_FOUND && answer.is_status_object() => {
                Some(false)
            }
            Ok(answer) => {
                tracing::debug!(%call, status = %answer.status, "cannot see whether the namespace exists");
                None
            }
            Err(error) => {
                tracing::debug!(%error, "cannot see whether the namespace exists");
                None
            }
        }
    }
}

/// A list, as far as it shows what it is a list of.
#[derive(Deserialize)]
struct List {
    kind: String,
}

/// What `/version` says, as far as it shows that an API server says it.
#[derive(Deserialize)]
struct Version {
    #[serde(rename = "gitVersion")]
    _git_version: String,
}

#[cfg(test)]
mod tests {
    use super::Right;
    use crate::object::ResourceType;

    const INGRESSES: ResourceType = ResourceType {
        group: "networking.k8s.io",
        version: "v1",
        plural: "ingresses",
        kind: "Ingress",
        namespaced: true,
    };
    const NODES: ResourceType =
        ResourceType { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false };

    #[test]
    fn a_right_reads_as_kubectl_says_it_and_has_its_rule() {
        let table = [
            (
                Right::list(INGRESSES, Some("shop")),
                "list ingresses.networking.k8s.io in namespace shop",
                "- apiGroups: [\"networking.k8s.io\"]\n  resources: [\"ingresses\"]\n  verbs: [\"list\"]",
            ),
            (
                Right::list(NODES, Some("shop")),
                "list nodes",
                "- apiGroups: [\"\"]\n  resources: [\"nodes\"]\n  verbs: [\"list\"]",
            ),
            (
                Right::update_status(INGRESSES, None),
                "update ingresses/status.networking.k8s.io",
                "- apiGroups: [\"networking.k8s.io\"]\n  resources: [\"ingresses/status\"]\n  verbs: [\"update\"]",
            ),
        ];
        for (right, text, rule) in table {
            assert_eq!((right.to_string().as_str(), right.rule().as_str()), (text, rule));
        }
    }
}
