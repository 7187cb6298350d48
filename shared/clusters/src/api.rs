//! Calls to an API server: politeness, time limits, retries, and lists that are whole or an error.

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::BytesMut;
use ecow::EcoString;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt as _;

use crate::answer::{Answer, chain};
use crate::call::Call;
use crate::discovery::Discovery;
use crate::error::ReadErrorKind;
use crate::identity::Identity;
use crate::object::{Projection, ResourceType};
use crate::page;
use crate::progress::Progress;

/// What one read may cost, and how hard it is tried.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Objects asked for with one call.
    pub page_size: u32,
    /// Bytes of one answer. A page that is larger is asked for again in smaller pages.
    pub answer_bytes: usize,
    /// Calls for one answer, the first included, where the server is busy or the connection breaks.
    pub attempts: u32,
    /// Wait before the second call; doubles from call to call. `Retry-After` wins.
    pub backoff: Duration,
    /// How often a list that cannot go on is begun again.
    pub restarts: u32,
    /// How long a server may send nothing where no request timeout is set: until the head of its
    /// answer is there, and then for each further piece of it.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_size: 500,
            answer_bytes: 64 << 20,
            attempts: 5,
            backoff: Duration::from_millis(250),
            restarts: 3,
            silence: Duration::from_secs(60),
        }
    }
}

/// The longest wait between two calls where no request timeout says it.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Where a kubeconfig names no other namespace.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// One API server.
pub(crate) struct Api {
    cluster: EcoString,
    /// The namespace that the kubeconfig names for what names none.
    pub(crate) namespace: EcoString,
    client: kube::Client,
    pub(crate) identity: Identity,
    timeout: Option<Duration>,
    pub(crate) limits: Limits,
    politeness: DefaultDirectRateLimiter,
    discovery: Discovery,
}

/// Why a list stopped before its end.
pub(crate) enum Interrupted {
    /// It can be begun again: the snapshot is gone, or the text of a page was cut.
    Retry(ReadErrorKind),
    Failed(ReadErrorKind),
}

impl From<ReadErrorKind> for Interrupted {
    fn from(error: ReadErrorKind) -> Self {
        Self::Failed(error)
    }
}

impl Api {
    pub(crate) fn new(
        cluster: EcoString,
        client: kube::Client,
        identity: Identity,
        timeout: Option<Duration>,
        (qps, burst): (NonZeroU32, NonZeroU32),
        limits: Limits,
    ) -> Self {
        Self {
            cluster,
            namespace: DEFAULT_NAMESPACE.into(),
            client,
            identity,
            timeout,
            limits,
            politeness: RateLimiter::direct(Quota::per_second(qps).allow_burst(burst)),
            discovery: Discovery::default(),
        }
    }

    /// The versions in which a resource is served, the preferred one first.
    pub(crate) async fn served_versions(
        &self,
        group: &str,
        plural: &str,
    ) -> Result<Vec<EcoString>, ReadErrorKind> {
        self.discovery.versions(self, group, plural).await
    }

    /// The plural name of a kind.
    pub(crate) async fn plural(
        &self,
        group: &str,
        version: &str,
        kind: &str,
    ) -> Result<EcoString, ReadErrorKind> {
        let plural = self.discovery.plural(self, group, version, kind).await?;
        plural.ok_or_else(|| ReadErrorKind::NotServed {
            resource: format!("{group}/{version} {kind}").trim_start_matches('/').to_owned(),
            remedy: "install its CustomResourceDefinition, or name another group, version or kind"
                .to_owned(),
        })
    }

    /// Folds over all objects; an interrupted list begins again with a fresh accumulator.
    pub(crate) async fn list<K, A>(
        &self,
        resource: &ResourceType,
        namespace: &str,
        start: impl Fn() -> A + Send,
        mut step: impl FnMut(&mut A, K) + Send,
    ) -> Result<(A, u64), ReadErrorKind>
    where
        K: Projection,
        A: Send,
    {
        // The name becomes a part of the path.
        if !namespace.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(ReadErrorKind::Namespace {
                resource: resource.to_string(),
                namespace: namespace.to_owned(),
            });
        }
        let mut restarts = 0;
        loop {
            let mut accumulator = start();
            let mut step = |object| step(&mut accumulator, object);
            match self.list_once(resource, namespace, &mut step).await {
                Ok(objects) => return Ok((accumulator, objects)),
                Err(Interrupted::Failed(error)) => return Err(error),
                Err(Interrupted::Retry(error)) if restarts == self.limits.restarts => {
                    return Err(error);
                }
                Err(Interrupted::Retry(error)) => {
                    restarts += 1;
                    tracing::warn!(cluster = %self.cluster, %resource, %error, "beginning the list again");
                }
            }
        }
    }

    async fn list_once<K: Projection>(
        &self,
        resource: &ResourceType,
        namespace: &str,
        step: &mut (impl FnMut(K) + Send),
    ) -> Result<u64, Interrupted> {
        let path = path(resource, namespace);
        let mut size = self.limits.page_size;
        let mut token = None;
        let mut progress = Progress::default();
        loop {
            let url = page_url(&path, size, token.as_deref());
            let call = Call::get(&url, &path);
            let answer = match self.send(&call).await {
                Err(ReadErrorKind::TooLarge { .. }) if size > 1 => {
                    size /= 2;
                    continue;
                }
                answer => answer?,
            };
            if !answer.status.is_success() {
                return Err(self.refused(resource, namespace, &call, &answer).await);
            }
            answer.require_whole(&call)?;
            let page = page::decode(&answer.body, resource, step);
            let page = page.map_err(|error| self.undecodable(resource, &call, &answer, error))?;
            progress.advance(&page).map_err(|reason| call.partial(reason))?;
            token = page.next;
            if token.is_none() {
                return Ok(progress.objects);
            }
        }
    }

    /// Reads a document that every authenticated user may read.
    pub(crate) async fn get(
        &self,
        path: &str,
        accept: &'static str,
    ) -> Result<Answer, ReadErrorKind> {
        let call = Call::get(path, path).accepting(accept);
        let answer = self.send(&call).await?;
        if !answer.status.is_success() {
            return Err(self.status(&call, &answer));
        }
        answer.require_whole(&call)?;
        Ok(answer)
    }

    /// One answer, whatever its status; tried again while the server is busy or the connection breaks.
    pub(crate) async fn send(&self, call: &Call<'_>) -> Result<Answer, ReadErrorKind> {
        let mut backoff = self.limits.backoff;
        let mut attempt = 1;
        loop {
            self.politeness.until_ready().await;
            let result = self.send_once(call).await;
            let (pause, reason) = match &result {
                Ok(answer) if is_busy(answer.status) => {
                    let pause = answer.retry_after.unwrap_or(backoff);
                    (pause, format!("HTTP {}", answer.status.as_u16()))
                }
                Err(
                    error @ (ReadErrorKind::Transport { .. } | ReadErrorKind::Truncated { .. }),
                ) => (backoff, error.to_string()),
                _ => return result,
            };
            if attempt >= self.limits.attempts {
                return result;
            }
            let pause = pause.min(self.timeout.unwrap_or(LONGEST_WAIT));
            tracing::warn!(cluster = %self.cluster, path = call.path, attempt, reason, ?pause, "asking again");
            tokio::time::sleep(pause).await;
            backoff *= 2;
            attempt += 1;
        }
    }

    async fn send_once(&self, call: &Call<'_>) -> Result<Answer, ReadErrorKind> {
        let exchange = self.exchange(call);
        match self.timeout {
            None => exchange.await,
            Some(timeout) => tokio::time::timeout(timeout, exchange).await.unwrap_or_else(|_| {
                Err(ReadErrorKind::Timeout { request: call.to_string(), timeout })
            }),
        }
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Answer, ReadErrorKind> {
        let mut request = call.request().map_err(|error| call.transport(error.to_string()))?;
        self.identity.authorize(&mut request).await.map_err(|reason| call.transport(reason))?;
        let response = self.heard(call, self.client.send(request)).await?;
        let response = response.map_err(|error| self.unanswered(call, &error))?;
        let (head, mut frames) = response.into_parts();
        let announced =
            head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let mut body =
            BytesMut::with_capacity(announced.unwrap_or(0).min(self.limits.answer_bytes));
        while let Some(frame) = self.heard(call, frames.frame()).await? {
            let frame = frame.map_err(|error| ReadErrorKind::Truncated {
                request: call.to_string(),
                bytes: body.len(),
                reason: chain(&error),
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if body.len() + data.len() > self.limits.answer_bytes {
                return Err(ReadErrorKind::TooLarge {
                    request: call.to_string(),
                    limit: self.limits.answer_bytes,
                });
            }
            body.extend_from_slice(&data);
        }
        Ok(Answer::new(&head, body.freeze()))
    }

    /// A piece of an answer, if it comes before the silence has become too long. A request timeout
    /// is a limit of its own, and then the only one.
    async fn heard<T>(
        &self,
        call: &Call<'_>,
        piece: impl Future<Output = T>,
    ) -> Result<T, ReadErrorKind> {
        if self.timeout.is_some() {
            return Ok(piece.await);
        }
        let silence = self.limits.silence;
        tokio::time::timeout(silence, piece)
            .await
            .map_err(|_| ReadErrorKind::Silent { request: call.to_string(), silence })
    }
}

/// Statuses after which the same call can succeed a moment later.
fn is_busy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}

/// Path and query of one page.
fn page_url(path: &str, size: u32, token: Option<&str>) -> String {
    let mut url = format!("{path}?limit={size}");
    if let Some(token) = token {
        url.push_str("&continue=");
        url.extend(form_urlencoded::byte_serialize(token.as_bytes()));
    }
    url
}

/// Where the objects of a kind are listed; an empty namespace means all.
pub(crate) fn path(resource: &ResourceType, namespace: &str) -> String {
    let root = if resource.group.is_empty() { "/api" } else { "/apis" };
    let version = resource.api_version();
    match namespace {
        "" => format!("{root}/{version}/{}", resource.plural),
        _ => format!("{root}/{version}/namespaces/{namespace}/{}", resource.plural),
    }
}

#[cfg(test)]
mod tests {
    use super::path;
    use crate::object::ResourceType;

    #[test]
    fn paths() {
        let services = ResourceType {
            group: "",
            version: "v1",
            plural: "services",
            kind: "Service",
            namespaced: true,
        };
        let ingresses = ResourceType {
            group: "networking.k8s.io",
            plural: "ingresses",
            kind: "Ingress",
            ..services
        };
        assert_eq!(path(&services, ""), "/api/v1/services");
        assert_eq!(path(&services, "shop"), "/api/v1/namespaces/shop/services");
        assert_eq!(path(&ingresses, ""), "/apis/networking.k8s.io/v1/ingresses");
        assert_eq!(
            path(&ingresses, "shop"),
            "/apis/networking.k8s.io/v1/namespaces/shop/ingresses"
        );
    }
}
