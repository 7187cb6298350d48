//! One request and its answer: rate limits, time limits, repetitions.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use http::response::Parts;
use http_body_util::BodyExt as _;
use kube::client::Body;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::error::{ReadErrorKind, chain};
use crate::link::Link;

/// The longest wait between two calls where no request timeout says it.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Longer than any run: what a time limit beyond it is cut to.
const NEVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// An answer whose body is still coming.
pub(crate) struct Incoming<'a> {
    call: &'a Call<'a>,
    head: Parts,
    frames: Body,
    bound: Bound,
    began: Instant,
    /// Bytes of the body so far.
    bytes: usize,
    /// The most that it may have.
    most: usize,
}

impl<'a> Incoming<'a> {
    /// What it answers.
    pub(crate) fn call(&self) -> &'a Call<'a> {
        self.call
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.head.status
    }

    /// Bytes of the body so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Time since the request.
    pub(crate) fn took(&self) -> Duration {
        self.began.elapsed()
    }

    /// The answer without its body.
    pub(crate) fn bare(&self) -> Answer {
        Answer::new(&self.head, Bytes::new())
    }

    /// The next piece of the body; `None` behind its end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, ReadErrorKind> {
        loop {
            let frame = self.bound.wait(self.call, self.frames.frame()).await?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|error| self.truncated(chain(&error)))?;
            let Ok(data) = frame.into_data() else { continue };
            self.bytes = self.bytes.saturating_add(data.len());
            if self.bytes > self.most {
                return Err(self.too_large(self.most));
            }
            self.bound.heard();
            return Ok(Some(data));
        }
    }

    /// Lets the answer be of any size, and take any time: as long as the time limit is not over
    /// between two calls of [`progress`](Self::progress).
    pub(crate) fn without_end(&mut self) {
        self.most = usize::MAX;
    }

    /// Lets nothing come for as long, whatever the time limit of requests: for a watch, which has nothing to say while
    /// nothing changes.
    pub(crate) fn wait_for(&mut self, silence: Duration) {
        self.bound = Bound::new(None, silence);
    }

    /// Begins the time limit anew.
    pub(crate) fn progress(&mut self) {
        self.bound.renew();
    }

    /// The whole answer.
    pub(crate) async fn collect(mut self) -> Result<Answer, ReadErrorKind> {
        let announced = self.head.headers.get(CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
        let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(self.most));
        while let Some(piece) = self.piece().await? {
            body.extend_from_slice(&piece);
        }
        Ok(Answer::new(&self.head, body.freeze()))
    }

    /// The answer ended before it was complete.
    pub(crate) fn truncated(&self, reason: String) -> ReadErrorKind {
        ReadErrorKind::Truncated { request: self.call.to_string(), bytes: self.bytes, reason }
    }

    pub(crate) fn too_large(&self, limit: usize) -> ReadErrorKind {
        ReadErrorKind::TooLarge { request: self.call.to_string(), limit }
    }
}

/// Until when something must have come. A request timeout is a limit of its own, and then the only
/// one; without it, only silence must not last too long.
struct Bound {
    until: Instant,
    timeout: Option<Duration>,
    silence: Duration,
}

impl Bound {
    fn new(timeout: Option<Duration>, silence: Duration) -> Self {
        let mut bound = Self { until: Instant::now(), timeout, silence };
        bound.renew();
        bound
    }

    fn renew(&mut self) {
        self.until = Instant::now() + self.timeout.unwrap_or(self.silence).min(NEVER);
    }

    /// Something came.
    fn heard(&mut self) {
        if self.timeout.is_none() {
            self.renew();
        }
    }

    async fn wait<T>(
        &self,
        call: &Call<'_>,
        what: impl Future<Output = T>,
    ) -> Result<T, ReadErrorKind> {
        tokio::time::timeout_at(self.until, what).await.map_err(|_| {
            let request = call.to_string();
            match self.timeout {
                Some(timeout) => ReadErrorKind::Timeout { request, timeout },
                None => ReadErrorKind::Silent { request, silence: self.silence },
            }
        })
    }
}

/// How often a call is still repeated, and after which wait.
pub(crate) struct Attempts<'a> {
    api: &'a Api,
    path: &'a str,
    attempt: u32,
    backoff: Duration,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(api: &'a Api, path: &'a str) -> Self {
        Self { api, path, attempt: 1, backoff: api.limits.backoff }
    }

    /// Waits until the call may be repeated; `false` where it was made often enough. What the server
    /// asks for counts, but not for longer than a request may take.
    pub(crate) async fn again(&mut self, asked: Option<Duration>, reason: &str) -> bool {
        let Self { api, path, attempt, backoff } = self;
        if *attempt >= api.limits.attempts {
            return false;
        }
        let pause = asked.unwrap_or(*backoff).min(api.timeout.unwrap_or(LONGEST_WAIT));
        tracing::warn!(cluster = %api.cluster, path, attempt, reason, ?pause, "asking again");
        tokio::time::sleep(pause).await;
        *backoff *= 2;
        *attempt += 1;
        true
    }
}

impl Api {
    /// One answer, of any status; tried again while the server is busy or the connection breaks.
    pub(crate) fn send<'a>(
        &'a self,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Result<Answer, ReadErrorKind>> {
        Box::pin(async move {
            let mut attempts = Attempts::new(self, call.path);
            loop {
                let answer = self.open(call, &mut attempts).await?.collect().await;
                match answer {
                    Err(error @ ReadErrorKind::Truncated { .. })
                        if attempts.again(None, &error.to_string()).await => {}
                    answer => return answer,
                }
            }
        })
    }

    /// The beginning of an answer, of any status; tried again while the server is busy or the
    /// connection breaks before, and once with another token where the token may have ended.
    pub(crate) async fn open<'c>(
        &self,
        call: &'c Call<'c>,
        attempts: &mut Attempts<'_>,
    ) -> Result<Incoming<'c>, ReadErrorKind> {
        let identity = &self.link.identity;
        let mut renewed = false;
        loop {
            self.politeness.until_ready().await;
            let token = identity.number().await;
            let result = self.begin(call).await;
            let refused = |answer: &Incoming<'_>| answer.status() == StatusCode::UNAUTHORIZED;
            if result.as_ref().is_ok_and(refused) && !renewed && identity.renew(token).await {
                renewed = true;
                continue;
            }
            let (asked, reason) = match &result {
                Ok(answer) if is_busy(answer.status()) => {
                    (answer.bare().retry_after, format!("HTTP {}", answer.status().as_u16()))
                }
                Err(error @ ReadErrorKind::Transport { .. }) => (None, error.to_string()),
                _ => return self.noted(result),
            };
            if !attempts.again(asked, &reason).await {
                return self.noted(result);
            }
        }
    }

    /// Lets the next run connect anew, where there is no answer.
    fn noted<T>(&self, result: Result<T, ReadErrorKind>) -> Result<T, ReadErrorKind> {
        if result.is_err() {
            self.link.doubt();
        }
        result
    }

    async fn begin<'c>(&self, call: &'c Call<'c>) -> Result<Incoming<'c>, ReadErrorKind> {
        let began = Instant::now();
        let mut bound = Bound::new(self.timeout, self.limits.silence);
        let response = bound.wait(call, async {
            let mut request = call.request().map_err(|error| call.transport(error.to_string()))?;
            let Link { client, identity, .. } = &*self.link;
            identity.authorize(&mut request).await.map_err(|reason| call.transport(reason))?;
            let begun = self.link.measure(&request);
            let answer = client.send(request).await;
            if let Some(begun) = begun {
                begun.end(answer.as_ref().ok().map(|answer| answer.status().as_u16()));
            }
            answer.map_err(|error| self.unanswered(call, &error))
        });
        let (head, frames) = response.await??.into_parts();
        bound.heard();
        Ok(Incoming { call, head, frames, bound, began, bytes: 0, most: self.limits.answer_bytes })
    }
}

/// Statuses after which the same call can succeed a moment later.
pub(crate) fn is_busy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}
