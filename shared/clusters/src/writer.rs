//! What is written to a cluster.

use ecow::EcoString;
use extdns_model::Permit;
use futures::{StreamExt as _, stream};
use http::StatusCode;
use serde_json::json;

use crate::api::{Api, path};
use crate::call::Call;
use crate::error::ReadErrorKind;
use crate::object::{Metadata, ResourceType, interned};
use crate::view::ClusterView;

/// Calls that are on their way at once; how many start in a second is the limit of the API.
pub(crate) const AT_ONCE: usize = 4;

/// Writes to a cluster: made with a permit, so only where a plan is carried out.
#[derive(Clone, Debug)]
pub struct Writer(ClusterView);

/// The status of one object that says which generation of its `spec` was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatusUpdate {
    /// What the object is.
    pub resource: ResourceType,
    /// Its namespace.
    pub namespace: EcoString,
    /// Its name.
    pub name: EcoString,
    /// The state of the object that was read; another one is not overwritten.
    pub resource_version: EcoString,
    /// The generation that was seen.
    pub generation: i64,
}

/// Why an object, or its status, was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// There is an object of this name.
    #[error("an object of this name exists already")]
    AlreadyExists,
    /// The namespace is not there, so nothing can be made in it.
    #[error("namespace {namespace:?} does not exist; create it, or name another one")]
    NoNamespace {
        /// The namespace.
        namespace: String,
    },
    /// The cluster is a set of manifests.
    #[error("manifests cannot be written to; an API server is needed")]
    Manifests,
    /// The object has changed since it was read.
    #[error("the object has changed since it was read; the next run writes it")]
    Conflict,
    /// The object, or its status subresource, is not there.
    #[error(
        "not found: the object is gone, or its CustomResourceDefinition has no status subresource"
    )]
    NotFound,
    /// The credentials may not do this: the rule that is missing. It is missing for every object.
    #[error(transparent)]
    Forbidden(Box<ReadErrorKind>),
    /// The call failed for another reason.
    #[error(transparent)]
    Failed(Box<ReadErrorKind>),
}

impl StatusUpdate {
    /// Says that the current generation of an object was seen.
    #[must_use]
    pub fn seen(resource: ResourceType, metadata: &Metadata) -> Self {
        Self {
            resource,
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            resource_version: metadata.resource_version.clone(),
            generation: metadata.generation,
        }
    }

    fn path(&self) -> String {
        format!("{}/{}/status", path(&self.resource, &self.namespace), self.name)
    }

    /// As much of the object as the status subresource asks for: it leaves everything else alone.
    fn body(&self) -> Vec<u8> {
        let object = json!({
            "apiVersion": self.resource.api_version(),
            "kind": self.resource.kind,
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "resourceVersion": self.resource_version,
            },
            "status": { "observedGeneration": self.generation },
        });
        object.to_string().into_bytes()
    }
}

/// `DNSEndpoint dns/mail`
impl std::fmt::Display for StatusUpdate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}/{}", self.resource.kind, self.namespace, self.name)
    }
}

impl ClusterView {
    /// What is written to the cluster. Manifests take nothing.
    #[must_use]
    pub fn writer(&self, _permit: &Permit) -> Writer {
        Writer(self.clone())
    }
}

impl Writer {
    pub(crate) fn view(&self) -> &ClusterView {
        &self.0
    }

    /// Writes statuses through the status subresource, each with a PUT: roles for it grant `update`
    /// alone. One that fails is handed to `failed`, and the others go on. Manifests have no status, so
    /// there it does nothing.
    ///
    /// # Errors
    /// The rule that is missing: then nothing more is tried.
    pub async fn put_statuses(
        &self,
        updates: &[StatusUpdate],
        mut failed: impl FnMut(&StatusUpdate, &WriteError) + Send,
    ) -> Result<(), WriteError> {
        let Some(api) = self.0.api() else { return Ok(()) };
        let mut calls = stream::iter(updates)
            .map(|update| async move { (update, put_status(api, update).await) })
            .buffered(AT_ONCE);
        while let Some((update, answer)) = calls.next().await {
            match answer {
                Ok(()) => tracing::debug!(%update, "wrote the status"),
                Err(error @ WriteError::Forbidden(_)) => return Err(error),
                Err(error) => failed(update, &error),
            }
        }
        Ok(())
    }
}

async fn put_status(api: &Api, update: &StatusUpdate) -> Result<(), WriteError> {
    let path = update.path();
    let call = Call::put(&path, update.body());
    let answer = api.send(&call).await.map_err(|error| WriteError::Failed(Box::new(error)))?;
    match answer.status {
        status if status.is_success() => Ok(()),
        StatusCode::CONFLICT => Err(WriteError::Conflict),
        StatusCode::NOT_FOUND => Err(WriteError::NotFound),
        StatusCode::FORBIDDEN => Err(WriteError::Forbidden(Box::new(ReadErrorKind::Forbidden {
            verb: "update",
            resource: format!("the status of {}", update.resource),
            group: update.resource.group,
            plural: interned(&format!("{}/status", update.resource.plural)),
            namespace: None,
            user: answer.user(),
        }))),
        _ => Err(WriteError::Failed(Box::new(api.status(&call, &answer)))),
    }
}
