//! State in `Lease` objects of a cluster, one for each target.
//!
//! ```text
//! kind: Lease
//! metadata:
//!   name: external-dns-public          the name of the settings and that of the target
//!   annotations: { external-dns/state: '{"version":1,"lease":{..},"gate":{..}}' }
//! spec: { holderIdentity: .. }         for people: kubectl get leases shows it
//! ```
//!
//! <https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/>

use std::collections::BTreeMap;

use async_trait::async_trait;
use ecow::{EcoString, eco_format};
use extdns_clusters::{
    ClusterView, Keeper, Metadata, ObjectRef, ObjectVersion, Projection, ResourceType,
    WriteError as ObjectError,
};
use extdns_model::Permit;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Backend, BackendError, Document, Revision, Stored, WriteError};

/// The annotation with the document.
const STATE: &str = "external-dns/state";

/// Keeps documents in `Lease` objects.
pub struct KubernetesBackend {
    keeper: Keeper,
    namespace: EcoString,
    name: EcoString,
}

/// A `Lease` as it is read.
#[derive(Deserialize)]
struct LeaseObject {
    metadata: Head,
}

/// Metadata with what must not be lost when the object is replaced.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(flatten)]
    known: Metadata,
    #[serde(default)]
    finalizers: Value,
    #[serde(default)]
    owner_references: Value,
}

/// What a write shows of the object that was read: its state, and what stays.
#[derive(Serialize, Deserialize)]
struct Shown {
    uid: EcoString,
    resource_version: EcoString,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    finalizers: Value,
    owner_references: Value,
}

impl Projection for LeaseObject {
    const RESOURCE: ResourceType = ResourceType {
        group: "coordination.k8s.io",
        version: "v1",
        plural: "leases",
        kind: "Lease",
        namespaced: true,
    };

    fn metadata(&self) -> &Metadata {
        &self.metadata.known
    }

    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata.known
    }
}

impl LeaseObject {
    fn revision(&self) -> Revision {
        let Head { known, finalizers, owner_references } = &self.metadata;
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let shown = Shown {
            uid: known.uid.clone(),
            resource_version: known.resource_version.clone(),
            labels: known.labels.iter().map(owned).collect(),
            annotations: known.annotations.iter().map(owned).collect(),
            finalizers: finalizers.clone(),
            owner_references: owner_references.clone(),
        };
        Revision(json!(shown).to_string().into())
    }
}

impl KubernetesBackend {
    /// In objects of this namespace whose names begin with `name`; nothing is called yet.
    #[must_use]
    pub fn new(keeper: Keeper, namespace: &str, name: &str) -> Self {
        Self { keeper, namespace: namespace.into(), name: name.into() }
    }

    fn object(&self, target: &str) -> ObjectRef {
        ObjectRef {
            resource: LeaseObject::RESOURCE,
            namespace: self.namespace.clone(),
            name: eco_format!("{}-{target}", self.name),
        }
    }

    async fn view(&self) -> Result<ClusterView, BackendError> {
        self.keeper.connect().await.map_err(|error| BackendError(error.to_string()))
    }
}

#[async_trait]
impl Backend for KubernetesBackend {
    fn place(&self, target: &str) -> String {
        format!("{} of cluster {:?}", self.object(target), self.keeper.cluster.name)
    }

    async fn read(&self, target: &str) -> Result<Option<Stored>, BackendError> {
        let object = self.object(target);
        let found = self.view().await?.fresh::<LeaseObject>(&object).await;
        let Some(found) = found.map_err(|error| BackendError(error.kind.to_string()))? else {
            return Ok(None);
        };
        let text = found.metadata.known.annotations.get(STATE).ok_or_else(|| {
            BackendError(format!(
                "it has no annotation {STATE}, so it is a lease of something else; delete it, or choose another \
                 name for --state"
            ))
        })?;
        Ok(Some(Stored { text: text.to_owned(), revision: found.revision() }))
    }

    async fn write(
        &self,
        permit: &Permit,
        target: &str,
        document: &Document,
        read: Option<&Revision>,
    ) -> Result<Revision, WriteError> {
        let object = self.object(target);
        let writer = self.view().await?.writer(permit);
        let written: Result<LeaseObject, ObjectError> = match read {
            None => {
                let metadata = json!({ "annotations": { STATE: document.text() } });
                writer.create(&object, content(metadata, document)).await
            }
            Some(Revision(shown)) => {
                let shown: Shown =
                    serde_json::from_str(shown).map_err(|error| BackendError(error.to_string()))?;
                let (metadata, version) = shown.with(document);
                writer.replace(&object, content(metadata, document), &version).await
            }
        };
        match written {
            Ok(object) => Ok(object.revision()),
            Err(ObjectError::AlreadyExists | ObjectError::Conflict | ObjectError::NotFound) => {
                Err(WriteError::Conflict)
            }
            Err(error) => Err(BackendError(error.to_string()).into()),
        }
    }
}

impl Shown {
    fn with(mut self, document: &Document) -> (Value, ObjectVersion) {
        self.annotations.insert(STATE.to_owned(), document.text());
        let metadata = json!({
            "labels": self.labels,
            "annotations": self.annotations,
            "finalizers": self.finalizers,
            "ownerReferences": self.owner_references,
        });
        let version = ObjectVersion { uid: self.uid, resource_version: self.resource_version };
        (metadata, version)
    }
}

fn content(metadata: Value, document: &Document) -> Value {
    let holder = document.lease.as_ref().map(|lease| &lease.holder);
    json!({ "metadata": metadata, "spec": { "holderIdentity": holder } })
}
