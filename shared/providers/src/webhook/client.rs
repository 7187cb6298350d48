//! The requests of the protocol.

use std::time::Duration;

use extdns_auth::{HttpOptions, http_client};
use extdns_model::{ChangeGroup, DomainFilter, Endpoint, Record};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use super::array::ArrayDecoder;
use super::wire::{MEDIA_TYPE, Received, ReceivedFilter, Sent, SentChanges};
use super::{APPLY, WebhookArgs};
use crate::{ErrorKind, ProviderError, Transport};

/// Longest answer to a negotiation, and longest rest of an answer that is read to keep a
/// connection.
const SMALL: usize = 1 << 20;

/// A client of one webhook provider.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    via: Transport,
    /// Most bytes of an answer.
    limit: usize,
}

impl Client {
    pub(super) fn new(args: &WebhookArgs, via: Transport) -> Result<Self, ProviderError> {
        let timeout = args.webhook_provider_read_timeout + args.webhook_provider_write_timeout;
        let options = HttpOptions {
            timeout: (timeout > Duration::ZERO).then_some(timeout),
            ..HttpOptions::default()
        };
        let http =
            http_client(&options).map_err(|error| ProviderError::config(error.to_string()))?;
        let url = &args.webhook_provider_url;
        let base = Url::parse(url)
            .ok()
            .filter(|base| matches!(base.scheme(), "http" | "https"))
            .ok_or_else(|| {
                ProviderError::config(format!(
                    "--webhook-provider-url={url} is no URL; write it like http://localhost:8888"
                ))
            })?;
        let limit = usize::try_from(args.webhook_provider_max_body_size)
            .ok()
            .filter(|limit| *limit > 0)
            .unwrap_or(usize::MAX);
        Ok(Self { http, base, via, limit })
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.via
    }

    /// Agrees on the media type, and learns which names the server is willing to manage.
    pub(super) async fn negotiate(&self) -> Result<DomainFilter, ProviderError> {
        let filter: ReceivedFilter = self
            .via
            .call("negotiate", async || {
                let request = self.request(Method::GET, "").header(ACCEPT, MEDIA_TYPE);
                let mut response = send(request).await?;
                expect(&response, StatusCode::OK, "negotiate")?;
                let media_type = response.headers().get(CONTENT_TYPE);
                if media_type.map(HeaderValue::as_bytes) != Some(MEDIA_TYPE.as_bytes()) {
                    let shown = media_type.and_then(|value| value.to_str().ok()).unwrap_or("none");
                    return Err(ProviderError::config(format!(
                        "wrong content type returned from server: {shown}; expected {MEDIA_TYPE}"
                    )));
                }
                let body = small_body(&mut response).await?;
                serde_json::from_slice(&body).map_err(|error| {
                    ProviderError::config(format!(
                        "failed to unmarshal response body of DomainFilter: {error}"
                    ))
                })
            })
            .await
            .map_err(|error| error.within("failed to connect to webhook"))?;
        filter.build()
    }

    /// All records.
    pub(super) async fn records(&self) -> Result<Vec<Record>, ProviderError> {
        self.via
            .call("get records", async || {
                let request = self.request(Method::GET, "records").header(ACCEPT, MEDIA_TYPE);
                let mut response = send(request).await?;
                expect(&response, StatusCode::OK, "get records")?;
                let mut records = Vec::new();
                self.elements(&mut response, |received: Received| {
                    records.extend(received.into_record());
                })
                .await?;
                Ok(records)
            })
            .await
    }

    /// What the server makes of the wish.
    pub(super) async fn adjust(
        &self,
        desired: &[Endpoint],
    ) -> Result<Vec<Endpoint>, ProviderError> {
        let sent: Vec<Sent<'_>> = desired.iter().map(Sent::wish).collect();
        let body = bytes::Bytes::from(encode(&sent)?);
        drop(sent);
        self.via
            .call("adjust endpoints", async || {
                let request = self
                    .request(Method::POST, "adjustendpoints")
                    .header(ACCEPT, MEDIA_TYPE)
                    .header(CONTENT_TYPE, MEDIA_TYPE)
                    .body(body.clone());
                let mut response = send(request).await?;
                expect(&response, StatusCode::OK, "adjust endpoints")?;
                let mut adjusted = Vec::with_capacity(desired.len());
                self.elements(&mut response, |received: Received| {
                    adjusted.extend(received.into_endpoint());
                })
                .await?;
                Ok(adjusted)
            })
            .await
    }

    /// Sends changes; an error says whether the server answered.
    pub(super) async fn apply(
        &self,
        via: &Transport,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let body = bytes::Bytes::from(encode(&SentChanges::of(groups))?);
        via.call(APPLY, async || {
            let request = self
                .request(Method::POST, "records")
                .header(CONTENT_TYPE, MEDIA_TYPE)
                .body(body.clone());
            let mut response = send(request).await?;
            let answered =
                expect(&response, StatusCode::NO_CONTENT, "apply changes").map_err(unsettled);
            // The rest of the answer is read only so that the connection can be used again.
            let _ = small_body(&mut response).await;
            answered
        })
        .await
    }

    /// A request below the base URL, whose own path is kept.
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        let joined = format!("{}/{path}", url.path().trim_end_matches('/'));
        url.set_path(&joined);
        self.http.request(method, url)
    }

    /// Decodes the elements of an array while they arrive.
    async fn elements<T: DeserializeOwned>(
        &self,
        response: &mut Response,
        mut each: impl FnMut(T),
    ) -> Result<(), ProviderError> {
        let path = response.url().path().to_owned();
        let wrong = |error: super::array::ArrayError| {
            ProviderError::new(
                ErrorKind::Rejected(Vec::new()),
                format!("the webhook provider's answer to {path} is no list of endpoints: {error}"),
            )
        };
        let mut decoder = ArrayDecoder::default();
        let mut length = 0_usize;
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            length = length.saturating_add(chunk.len());
            if length > self.limit {
                return Err(too_large());
            }
            decoder.feed(&chunk, &mut each).map_err(wrong)?;
        }
        decoder.finish().map_err(wrong)
    }
}

fn encode(value: &impl serde::Serialize) -> Result<Vec<u8>, ProviderError> {
    serde_json::to_vec(value).map_err(|error| {
        ProviderError::config(format!(
            "failed to encode a request to the webhook provider: {error}"
        ))
    })
}

/// A server that fails may have applied a part: the changes must not be sent again unseen.
fn unsettled(error: ProviderError) -> ProviderError {
    match error.kind {
        ErrorKind::Transient => ProviderError { kind: ErrorKind::Lost, ..error },
        _ => error,
    }
}

async fn send(request: RequestBuilder) -> Result<Response, ProviderError> {
    request.send().await.map_err(|error| {
        // Before a connection stands nothing was done; later nobody knows.
        let kind = if error.is_connect() { ErrorKind::Transient } else { ErrorKind::Lost };
        ProviderError::new(kind, format!("no answer from the webhook provider: {}", chain(&error)))
    })
}

fn broken(error: reqwest::Error) -> ProviderError {
    ProviderError::new(
        ErrorKind::Lost,
        format!("the webhook provider's answer broke off: {}", chain(&error)),
    )
}

fn too_large() -> ProviderError {
    ProviderError::new(
        ErrorKind::Limit(crate::Limit::Other("size of an answer")),
        "webhook response body exceeds the configured max size (--webhook-provider-max-body-size)",
    )
}

/// An error with its causes: reqwest's own text says little.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// Whether the answer has the one status that means success, and what any other means. The server
/// answers 500 to whatever went wrong behind it.
fn expect(response: &Response, status: StatusCode, what: &str) -> Result<(), ProviderError> {
    let code = response.status();
    if code == status {
        return Ok(());
    }
    let kind = match code.as_u16() {
        429 => ErrorKind::Throttled { retry_after: retry_after(response) },
        500..=510 => ErrorKind::Transient,
        401 | 403 => ErrorKind::Unauthorised,
        404 | 405 => ErrorKind::Config,
        413 => ErrorKind::Limit(crate::Limit::Other("size of a request")),
        _ => ErrorKind::Rejected(Vec::new()),
    };
    Err(ProviderError::new(kind, format!("failed to {what} with code {}", code.as_u16())))
}

fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(reqwest::header::RETRY_AFTER)?;
    value.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// A body that must be small.
async fn small_body(response: &mut Response) -> Result<Vec<u8>, ProviderError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > SMALL {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
