//! One object, read by its name. What is not the whole object is an error, as with lists; an object that is not there is
//! an answer.

use futures::future::BoxFuture;
use http::StatusCode;
use serde::Deserialize;
use serde_json::error::Category;

use crate::answer::Answer;
use crate::api::{Api, Interrupted, path};
use crate::call::Call;
use crate::error::{ReadError, ReadErrorKind};
use crate::object::{Metadata, Projection, ResourceType};
use crate::page::{PageError, looks_like};
use crate::receiver::{Fold, Receiver};
use crate::view::{ClusterView, Origin};

/// An object that is asked for.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    resource: &'a ResourceType,
    namespace: &'a str,
    name: &'a str,
}

impl ClusterView {
    pub(crate) async fn read_object<K: Projection>(
        &self,
        resource: &ResourceType,
        namespace: &str,
        name: &str,
    ) -> Result<Option<K>, ReadError> {
        let mut fold = only();
        self.find(Wanted { resource, namespace, name }, &mut fold).await?;
        Ok(fold.into_accumulator())
    }

    /// Hands on the object, if it is there.
    fn find<'a>(
        &'a self,
        wanted: Wanted<'a>,
        receiver: &'a mut dyn Receiver,
    ) -> BoxFuture<'a, Result<(), ReadError>> {
        Box::pin(async move {
            self.read_single();
            let Wanted { resource, namespace, name } = wanted;
            let found = match self.origin() {
                _ if !wanted.can_exist() => Ok(()),
                Origin::Api(api) => api.object(wanted, receiver).await,
                Origin::Manifests(all) => all.object(resource, namespace, name, receiver),
            };
            found.map_err(|kind| self.error(kind))
        })
    }
}

/// Keeps the object that it receives.
type Only<K> = Fold<K, Option<K>, fn() -> Option<K>, fn(&mut Option<K>, K)>;

fn only<K: Projection>() -> Only<K> {
    Fold::new(|| None, |found, object| *found = Some(object))
}

impl Wanted<'_> {
    /// Whether an object can have the name: it becomes a part of the path.
    fn can_exist(self) -> bool {
        let is_one_step = |text: &str, others: &[u8]| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
            !text.is_empty() && text.bytes().all(allowed) && text.bytes().any(|byte| byte != b'.')
        };
        let has_namespace = !self.resource.namespaced || is_one_step(self.namespace, b"-");
        has_namespace && is_one_step(self.name, b"-._:")
    }

    /// `shop/web`
    fn full_name(self) -> String {
        let (namespace, name) = (self.namespace.into(), self.name.into());
        Metadata { namespace, name, ..Metadata::default() }.full_name().to_string()
    }
}

impl Api {
    /// Reads an object; an answer that was cut is asked for again.
    async fn object(
        &self,
        wanted: Wanted<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), ReadErrorKind> {
        let path = format!("{}/{}", path(wanted.resource, wanted.namespace), wanted.name);
        let call = Call::get(&path, &path);
        let mut restarts = 0;
        loop {
            match self.object_once(wanted, &call, receiver).await {
                Ok(()) => return Ok(()),
                Err(Interrupted::Retry(_)) if restarts < self.limits.restarts => restarts += 1,
                Err(Interrupted::Retry(error) | Interrupted::Failed(error)) => return Err(error),
            }
        }
    }

    async fn object_once(
        &self,
        wanted: Wanted<'_>,
        call: &Call<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Interrupted> {
        let answer = self.send(call).await?;
        if answer.status == StatusCode::NOT_FOUND && says_absent(&answer, wanted.name) {
            return Ok(());
        }
        if !answer.status.is_success() {
            let mut refused = self.refused(wanted.resource, wanted.namespace, call, &answer).await;
            if let Interrupted::Failed(ReadErrorKind::Forbidden { verb, .. }) = &mut refused {
                *verb = "get";
            }
            return Err(refused);
        }
        answer.require_whole(call)?;
        let decoded = decode(&answer.body, wanted, receiver);
        decoded.map_err(|error| self.undecodable(wanted.resource, call, &answer, error))
    }
}

/// Whether a 404 says that the object is not there: it names the object. Without the name it is the kind that is not
/// served, or another server answers.
pub(crate) fn says_absent(answer: &Answer, name: &str) -> bool {
    #[derive(Deserialize)]
    struct Status {
        kind: String,
        reason: String,
        details: Details,
    }
    #[derive(Deserialize)]
    struct Details {
        name: String,
    }
    serde_json::from_slice(&answer.body).is_ok_and(|status: Status| {
        status.kind == "Status" && status.reason == "NotFound" && status.details.name == name
    })
}

/// The object of this namespace and name, and no other.
pub(crate) fn decode_object<K: Projection>(
    body: &[u8],
    resource: &ResourceType,
    (namespace, name): (&str, &str),
) -> Result<K, PageError> {
    let (mut fold, wanted) = (only(), Wanted { resource, namespace, name });
    decode(body, wanted, &mut fold)?;
    fold.into_accumulator().ok_or_else(|| PageError::Object {
        name: wanted.full_name(),
        reason: "it is empty".to_owned(),
    })
}

/// The object that was asked for, and no other.
fn decode(body: &[u8], wanted: Wanted<'_>, receiver: &mut dyn Receiver) -> Result<(), PageError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        kind: String,
        api_version: String,
    }
    let ResourceType { kind, .. } = wanted.resource;
    let version = wanted.resource.api_version();
    let head: Head = serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Eof | Category::Io => PageError::Cut(error),
        Category::Data | Category::Syntax => PageError::Foreign(looks_like(body, &error)),
    })?;
    if head.kind != *kind || head.api_version != version {
        return Err(PageError::Foreign(format!(
            "a {} {} where a {version} {kind} was asked for",
            head.api_version, head.kind
        )));
    }
    let wrong = |reason| PageError::Object { name: wanted.full_name(), reason };
    let text = str::from_utf8(body).map_err(|error| wrong(error.to_string()))?;
    let mut other = None;
    let received = receiver.receive(text, &mut |found| {
        let is_wanted = found.name == wanted.name && found.namespace == wanted.namespace;
        other = (!is_wanted).then(|| found.full_name());
        is_wanted
    });
    received.map_err(|error| wrong(error.to_string()))?;
    match other {
        Some(found) => {
            Err(PageError::Partial(format!("it is {found:?} in place of {:?}", wanted.full_name())))
        }
        None => Ok(()),
    }
}
