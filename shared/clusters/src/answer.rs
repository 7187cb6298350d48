//! What an API server's answer, or a missing answer, means for the user.

use std::error::Error;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use ecow::EcoString;
use extdns_auth::retry_after;
use http::StatusCode;
use http::header::{CONTENT_TYPE, DATE};
use http::response::Parts;
use serde::Deserialize;

use crate::api::{Api, Interrupted};
use crate::call::Call;
use crate::error::{ReadErrorKind, chain, shown};
use crate::object::ResourceType;
use crate::page::{PageError, looks_like};
use crate::served::not_served;

/// The user as whom an API server knows requests without credentials.
const ANONYMOUS: &str = "system:anonymous";

/// A complete answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) date: Option<EcoString>,
    pub(crate) body: Bytes,
    content_type: String,
}

impl Answer {
    pub(crate) fn new(head: &Parts, body: Bytes) -> Self {
        let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            status: head.status,
            retry_after: retry_after(
                |name| head.headers.get(name)?.to_str().ok(),
                SystemTime::now(),
            ),
            date: text(DATE).map(EcoString::from),
            body,
            content_type: shown(text(CONTENT_TYPE).unwrap_or("none")),
        }
    }

    /// Refuses a success that is not 200: a part (206), an answer from elsewhere (203) or none (204)
    /// says nothing about what is missing.
    pub(crate) fn require_whole(&self, call: &Call<'_>) -> Result<(), ReadErrorKind> {
        match self.status {
            StatusCode::OK => Ok(()),
            status => Err(call.partial(format!("HTTP {status} in place of 200"))),
        }
    }

    /// Whether it is one of the objects in which an API server says why it refuses.
    pub(crate) fn is_status_object(&self) -> bool {
        serde_json::from_slice(&self.body).is_ok_and(|status: Status| status.kind == "Status")
    }

    /// The message of a `Status` object, or else what kind of text it is; ready to be appended.
    fn words(&self) -> String {
        match serde_json::from_slice(&self.body) {
            Ok(Status { message, .. }) if !message.is_empty() => {
                format!(": {}", shown(&message))
            }
            Ok(_) => String::new(),
            Err(_) => format!(" ({})", self.content_type),
        }
    }

    /// The user as whom the server knows us: it says so where it forbids something.
    pub(crate) fn user(&self) -> Option<String> {
        let Status { message, .. } = serde_json::from_slice(&self.body).ok()?;
        let (_, rest) = message.split_once("User \"")?;
        let (user, _) = rest.split_once('"')?;
        Some(shown(user))
    }
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    kind: String,
    message: String,
}

impl Api {
    /// The request could not be sent, or nothing came back.
    pub(crate) fn unanswered(&self, call: &Call<'_>, error: &kube::Error) -> ReadErrorKind {
        // The library's own layer says nothing that its cause does not say.
        let cause = error.source().unwrap_or(error);
        call.transport(format!("{}{}", chain(cause), self.link.identity.unreachable))
    }

    /// A document was refused.
    pub(crate) fn status(&self, call: &Call<'_>, answer: &Answer) -> ReadErrorKind {
        match answer.status {
            StatusCode::UNAUTHORIZED => self.unauthorized(answer),
            status => ReadErrorKind::Status {
                request: call.to_string(),
                status: status.as_u16(),
                answer: answer.words(),
            },
        }
    }

    fn unauthorized(&self, answer: &Answer) -> ReadErrorKind {
        self.link.doubt();
        let identity = &self.link.identity;
        ReadErrorKind::Unauthorized {
            credentials: identity.credentials.clone(),
            answer: answer.words(),
            remedy: identity.unauthorized.clone(),
        }
    }

    /// A list was refused.
    pub(crate) async fn refused(
        &self,
        resource: &ResourceType,
        namespace: &str,
        call: &Call<'_>,
        answer: &Answer,
    ) -> Interrupted {
        match answer.status {
            StatusCode::GONE => Interrupted::Retry(ReadErrorKind::Expired {
                resource: resource.to_string(),
                times: self.limits.restarts + 1,
            }),
            // A role should not be bound to users without credentials.
            StatusCode::FORBIDDEN if answer.user().as_deref() == Some(ANONYMOUS) => {
                Interrupted::Failed(self.unauthorized(answer))
            }
            StatusCode::FORBIDDEN => Interrupted::Failed(ReadErrorKind::Forbidden {
                verb: "list",
                resource: resource.to_string(),
                group: resource.group,
                plural: resource.plural,
                namespace: Some(namespace.to_owned()).filter(|name| !name.is_empty()),
                user: answer.user(),
            }),
            StatusCode::NOT_FOUND => Interrupted::Failed(self.not_served(resource).await),
            _ => Interrupted::Failed(self.status(call, answer)),
        }
    }

    /// Says what the server has instead of a resource. Where discovery fails too, its error says more.
    async fn not_served(&self, resource: &ResourceType) -> ReadErrorKind {
        let versions = match self.served_versions(resource.group, resource.plural).await {
            Ok(versions) => versions,
            Err(error) => return error,
        };
        not_served(resource, &[], &versions)
    }

    /// A page could not be decoded.
    pub(crate) fn undecodable(
        &self,
        resource: &ResourceType,
        call: &Call<'_>,
        answer: &Answer,
        error: PageError,
    ) -> Interrupted {
        match error {
            PageError::Cut(error) => Interrupted::Retry(ReadErrorKind::Truncated {
                request: call.to_string(),
                bytes: answer.body.len(),
                reason: error.to_string(),
            }),
            PageError::Foreign(found) => {
                Interrupted::Failed(self.not_kubernetes(call, answer, found))
            }
            PageError::Partial(reason) => Interrupted::Failed(call.partial(reason)),
            PageError::Object { name, reason } => Interrupted::Failed(ReadErrorKind::Decode {
                object: format!("{} {}", resource.kind, shown(&name)),
                reason: shown(&reason),
            }),
        }
    }

    /// An answer that is not the JSON that was asked for.
    pub(crate) fn not_json(
        &self,
        call: &Call<'_>,
        answer: &Answer,
        error: &serde_json::Error,
    ) -> ReadErrorKind {
        self.not_kubernetes(call, answer, looks_like(&answer.body, error))
    }

    pub(crate) fn not_kubernetes(
        &self,
        call: &Call<'_>,
        answer: &Answer,
        found: String,
    ) -> ReadErrorKind {
        ReadErrorKind::NotKubernetes {
            request: call.to_string(),
            content_type: answer.content_type.clone(),
            found: shown(&found),
        }
    }
}
