//! Single objects that are made, replaced and removed. Every write is meant for one state of an object: one that has
//! changed since it was read is left alone.

use std::fmt;

use ecow::EcoString;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::{Api, Interrupted, path};
use crate::call::Call;
use crate::error::{ReadError, ReadErrorKind};
use crate::object::{Metadata, Projection, ResourceType, interned};
use crate::single::{decode_object, says_absent};
use crate::view::ClusterView;
use crate::writer::{WriteError, Writer};

/// One object, by its kind and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// What it is.
    pub resource: ResourceType,
    /// Its namespace; empty for kinds outside namespaces.
    pub namespace: EcoString,
    /// Its name.
    pub name: EcoString,
}

/// The state of an object that a write is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The object: another one of the same name has another id.
    pub uid: EcoString,
    /// Its state.
    pub resource_version: EcoString,
}

impl ObjectVersion {
    /// The state that was read.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        Self { uid: metadata.uid.clone(), resource_version: metadata.resource_version.clone() }
    }
}

/// `DNSRecord dns/www-1a2b3c4d`
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.resource.kind)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

impl ObjectRef {
    fn collection(&self) -> String {
        path(&self.resource, &self.namespace)
    }

    fn path(&self) -> String {
        format!("{}/{}", self.collection(), self.name)
    }

    /// The content, which has `metadata` and what else the kind has, as an object of this name.
    fn body(&self, mut content: Value, version: Option<&ObjectVersion>) -> Vec<u8> {
        content["apiVersion"] = json!(self.resource.api_version());
        content["kind"] = json!(self.resource.kind);
        let metadata = &mut content["metadata"];
        metadata["name"] = json!(self.name);
        metadata["namespace"] = json!(self.namespace);
        if let Some(version) = version {
            metadata["uid"] = json!(version.uid);
            metadata["resourceVersion"] = json!(version.resource_version);
        }
        content.to_string().into_bytes()
    }
}

impl ClusterView {
    /// One object by its name as it is now, also where it was read before; `None` where it is not there.
    ///
    /// # Errors
    /// When that is not known.
    pub async fn fresh<K: Projection>(&self, object: &ObjectRef) -> Result<Option<K>, ReadError> {
        self.read_object(&object.resource, &object.namespace, &object.name).await
    }
}

impl Writer {
    /// Makes an object and returns it as the server keeps it. Where a call is repeated because its answer was lost, an
    /// object that [exists already](WriteError::AlreadyExists) can be the one that the first call made.
    ///
    /// # Errors
    /// When it could not be made, or it is not known whether it was.
    pub async fn create<K: Projection>(
        &self,
        object: &ObjectRef,
        content: Value,
    ) -> Result<K, WriteError> {
        let (url, body) = (object.collection(), object.body(content, None));
        self.write(object, "create", "", &Call::post(&url, body)).await
    }

    /// Puts content in the place of that of an object, and returns the object. Its status stays.
    ///
    /// # Errors
    /// When the object has changed or is gone, or it is not known whether it was written.
    pub async fn replace<K: Projection>(
        &self,
        object: &ObjectRef,
        content: Value,
        version: &ObjectVersion,
    ) -> Result<K, WriteError> {
        let (url, body) = (object.path(), object.body(content, Some(version)));
        self.write(object, "update", "", &Call::put(&url, body)).await
    }

    /// Writes the status of an object through the status subresource.
    ///
    /// # Errors
    /// When the object has changed or is gone, or it is not known whether it was written.
    pub async fn replace_status<K: Projection>(
        &self,
        object: &ObjectRef,
        status: Value,
        version: &ObjectVersion,
    ) -> Result<K, WriteError> {
        let url = format!("{}/status", object.path());
        let body = object.body(json!({ "metadata": {}, "status": status }), Some(version));
        self.write(object, "update", "/status", &Call::put(&url, body)).await
    }

    /// Removes an object in this state. Finalizers can keep it for a while.
    ///
    /// # Errors
    /// When the object has changed or is gone, or it is not known whether it was removed.
    pub async fn delete(
        &self,
        object: &ObjectRef,
        version: &ObjectVersion,
    ) -> Result<(), WriteError> {
        let url = object.path();
        let options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions",
            "preconditions": { "uid": version.uid, "resourceVersion": version.resource_version },
        });
        let call = Call::delete(&url, options.to_string().into_bytes());
        let api = self.api()?;
        let answer = api.send(&call).await.map_err(failed)?;
        match answer.status {
            status if status.is_success() => Ok(()),
            _ => Err(refused(api, object, "delete", "", &call, &answer).await),
        }
    }

    async fn write<K: Projection>(
        &self,
        object: &ObjectRef,
        verb: &'static str,
        part: &str,
        call: &Call<'_>,
    ) -> Result<K, WriteError> {
        let api = self.api()?;
        let answer = api.send(call).await.map_err(failed)?;
        if !matches!(answer.status, StatusCode::OK | StatusCode::CREATED) {
            return Err(refused(api, object, verb, part, call, &answer).await);
        }
        let name = (&*object.namespace, &*object.name);
        let stored = decode_object(&answer.body, &object.resource, name);
        stored.map_err(|error| {
            let (Interrupted::Retry(error) | Interrupted::Failed(error)) =
                api.undecodable(&object.resource, call, &answer, error);
            failed(error)
        })
    }

    /// The server that is written to.
    fn api(&self) -> Result<&Api, WriteError> {
        self.view().api().ok_or(WriteError::Manifests)
    }
}

fn failed(error: ReadErrorKind) -> WriteError {
    WriteError::Failed(Box::new(error))
}

/// Why an object was not written.
async fn refused(
    api: &Api,
    object: &ObjectRef,
    verb: &'static str,
    part: &str,
    call: &Call<'_>,
    answer: &Answer,
) -> WriteError {
    let resource = &object.resource;
    match answer.status {
        StatusCode::CONFLICT if verb == "create" => WriteError::AlreadyExists,
        StatusCode::CONFLICT => WriteError::Conflict,
        StatusCode::NOT_FOUND if says_absent(answer, &object.name) => WriteError::NotFound,
        StatusCode::NOT_FOUND if lacks_namespace(answer, &object.namespace) => {
            WriteError::NoNamespace { namespace: object.namespace.to_string() }
        }
        _ => {
            let refused = api.refused(resource, &object.namespace, call, answer).await;
            let (Interrupted::Retry(mut error) | Interrupted::Failed(mut error)) = refused;
            if let ReadErrorKind::Forbidden { verb: missing, plural, .. } = &mut error {
                *missing = verb;
                *plural = interned(&format!("{plural}{part}"));
                return WriteError::Forbidden(Box::new(error));
            }
            failed(error)
        }
    }
}

/// Whether a 404 says that it is the namespace that is not there.
fn lacks_namespace(answer: &Answer, namespace: &str) -> bool {
    #[derive(Deserialize)]
    struct Status {
        details: Details,
    }
    #[derive(Deserialize)]
    struct Details {
        kind: String,
        name: String,
    }
    serde_json::from_slice(&answer.body).is_ok_and(|status: Status| {
        status.details.kind == "namespaces" && status.details.name == namespace
    })
}
