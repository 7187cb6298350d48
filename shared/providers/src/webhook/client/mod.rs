//! The client: the requests of the protocol, what its answers mean, and the order in which changes are sent.

mod answer;
mod body;
mod reattach;
mod status;
pub(super) mod write;

use std::pin::pin;
use std::time::Duration;

use extdns_auth::{HttpClient, HttpOptions, http_client};
use extdns_model::{DomainFilter, Endpoint, Name, Record};
use futures::future::{Either, select};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use self::answer::{Limited, drain};
use self::body::Body;
use self::reattach::Reattach;
use self::status::{expect, expect_media_type, refused_negotiation};
use super::wire::array::{ArrayDecoder, ArrayError};
use super::wire::received::{Received, Skipped, domain_filter, no_twins};
use super::{ADJUST, APPLY, MEDIA_TYPE, NEGOTIATE, RECORDS, WebhookArgs, counts};
use crate::rest::{host, is_this_machine, remember_secrets, with_causes};
use crate::{Adjusted, ErrorKind, ProviderError, Transport};

/// Longest domain filter where the user sets no limit: it is read whole.
const LONGEST_FILTER: usize = 32 << 20;
/// Most redirects of one request, as the HTTP client follows of those that it can.
const MOST_REDIRECTS: usize = 10;

/// A client of one webhook provider.
#[derive(Debug)]
pub(super) struct Client {
    http: HttpClient,
    base: Url,
    via: Transport,
    /// Longest time of one request.
    timeout: Option<Duration>,
    /// Most bytes of an answer.
    limit: usize,
}

/// What a server lists.
pub(super) struct Listed {
    pub(super) records: Vec<Record>,
    /// The names at which there is something unknown.
    pub(super) unclear: Vec<Name>,
}

impl Client {
    pub(super) fn new(
        args: &WebhookArgs,
        via: Transport,
        http: &HttpOptions,
    ) -> Result<Self, ProviderError> {
        let timeout = args.request_time();
        let base = base_url(&args.webhook_provider_url)?;
        let direct = is_this_machine(&base);
        let http = http_client(&HttpOptions { timeout, direct, ..http.clone() })
            .map_err(|error| ProviderError::config(error.to_string()))?;
        let limit = usize::try_from(args.webhook_provider_max_body_size)
            .ok()
            .filter(|limit| *limit > 0)
            .unwrap_or(usize::MAX);
        Ok(Self { http, base, via, timeout, limit })
    }

    pub(super) fn server(&self) -> String {
        host(&self.base)
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.via
    }

    /// Agrees on the media type, and learns which names the server is willing to manage.
    pub(super) async fn negotiate(&self) -> Result<DomainFilter, ProviderError> {
        self.via
            .call(NEGOTIATE, async || {
                let request = self.request(Method::GET, self.url("")).header(ACCEPT, MEDIA_TYPE);
                let mut response = send(request).await?;
                if let Some(error) = refused_negotiation(response.status()) {
                    drain(&mut response).await;
                    return Err(error);
                }
                expect_media_type(response.headers())?;
                let body = self.whole(&mut response).await?;
                domain_filter(&body).map_err(|error| {
                    ProviderError::config(format!(
                        "failed to unmarshal response body of DomainFilter: {error}"
                    ))
                })
            })
            .await
            .map_err(|error| error.within("failed to connect to webhook"))
    }

    /// All records.
    pub(super) async fn records(&self) -> Result<Listed, ProviderError> {
        self.list(&self.via).await
    }

    /// All records, asked for before the deadline of this transport.
    async fn records_via(&self, via: &Transport) -> Result<Vec<Record>, ProviderError> {
        self.list(via).await.map(|listed| listed.records)
    }

    async fn list(&self, via: &Transport) -> Result<Listed, ProviderError> {
        let listed = via.call(RECORDS, async || {
            let request = self.request(Method::GET, self.url("records")).header(ACCEPT, MEDIA_TYPE);
            let mut response = send(request).await?;
            expect(&mut response, StatusCode::OK, "get records").await?;
            let mut records = Vec::new();
            let skipped = self
                .elements(&mut response, |received, skipped| {
                    records.extend(skipped.sift(received.into_record()));
                })
                .await?;
            records.shrink_to_fit();
            no_twins(&records)?;
            Ok(Listed { records, unclear: skipped.unclear })
        });
        counts::RECORDS.count(listed.await)
    }

    /// What the server makes of the desired endpoints. The answer takes their place while it
    /// arrives, so it is asked for again only as long as it has not begun.
    pub(super) async fn adjust(&self, desired: Vec<Endpoint>) -> Result<Adjusted, ProviderError> {
        counts::ADJUST.count(self.adjusted(desired).await)
    }

    async fn adjusted(&self, desired: Vec<Endpoint>) -> Result<Adjusted, ProviderError> {
        let body = Body::desired(&desired)?;
        let mut response = self
            .via
            .call(ADJUST, async || {
                let mut headers = HeaderMap::new();
                headers.insert(ACCEPT, HeaderValue::from_static(MEDIA_TYPE));
                let mut response = self.post("adjustendpoints", headers, body).await?;
                expect(&mut response, StatusCode::OK, "AdjustEndpoints").await?;
                Ok(response)
            })
            .await?;
        let mut answer = Reattach::new(desired);
        let elements = self.elements(&mut response, |received, skipped| {
            if let Some((set, labels)) = skipped.sift(received.into_set()) {
                answer.take(set, labels);
            }
        });
        self.via.rest(ADJUST, elements).await?;
        Ok(answer.finish())
    }

    /// Sends changes; an error says whether anything was sent.
    async fn apply(&self, via: &Transport, changes: Body<'_>) -> Result<(), ProviderError> {
        let applied = via.call(APPLY, async || {
            let mut response = self.post("records", HeaderMap::new(), changes).await?;
            expect(&mut response, StatusCode::NO_CONTENT, "apply changes").await.map_err(unsettled)
        });
        counts::APPLY.count(applied.await)
    }

    /// A path below the base URL, whose own path is kept.
    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let joined = format!("{}/{path}", url.path().trim_end_matches('/'));
        url.set_path(&joined);
        url
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Posts a body. The HTTP client follows redirects, but for those that want a body again that
    /// is written while it is sent.
    async fn post(
        &self,
        path: &str,
        headers: HeaderMap,
        body: Body<'_>,
    ) -> Result<Response, ProviderError> {
        let mut url = self.url(path);
        for _ in 0..MOST_REDIRECTS {
            let request = self
                .request(Method::POST, url)
                .headers(headers.clone())
                .header(CONTENT_TYPE, MEDIA_TYPE);
            let response = self.deliver(request, body).await?;
            match same_body_elsewhere(&response) {
                Some(elsewhere) => url = elsewhere,
                None => return Ok(response),
            }
        }
        let message = format!(
            "the webhook provider redirects {path} more than {MOST_REDIRECTS} times; is \
                     --webhook-provider-url its own address?"
        );
        Err(ProviderError::config(message))
    }

    async fn deliver(
        &self,
        request: RequestBuilder,
        body: Body<'_>,
    ) -> Result<Response, ProviderError> {
        if let Some(text) = body.short() {
            return send(request.body(text)).await;
        }
        let length = body.length();
        let (stream, fill) = body.stream();
        let answer = pin!(send(request.header(CONTENT_LENGTH, length).body(stream)));
        match select(pin!(fill), answer).await {
            Either::Left(((), answer)) => answer.await,
            // A refusal needs no more of the body; who answers well so early still reads it.
            Either::Right((Ok(response), fill)) if response.status().is_success() => {
                match self.timeout {
                    None => fill.await,
                    // What is not sent by then the server does not want.
                    Some(timeout) => drop(tokio::time::timeout(timeout, fill).await),
                }
                Ok(response)
            }
            Either::Right((answer, _)) => answer,
        }
    }

    /// Decodes the endpoints of an answer while they arrive.
    async fn elements(
        &self,
        response: &mut Response,
        mut each: impl FnMut(Received, &mut Skipped),
    ) -> Result<Skipped, ProviderError> {
        let path = response.url().path().to_owned();
        let wrong = |error: ArrayError| {
            ProviderError::new(
                ErrorKind::Rejected(Vec::new()),
                format!(
                    "the webhook provider's answer to {path} is no list of endpoints: {error}; \
                     see its log for why"
                ),
            )
        };
        let mut decoder = ArrayDecoder::default();
        let mut skipped = Skipped::default();
        let mut body = Limited::of(response, self.limit)?;
        while let Some(chunk) = body.chunk().await? {
            decoder.feed(&chunk, |received| each(received, &mut skipped)).map_err(wrong)?;
        }
        decoder.finish().map_err(wrong)?;
        if let Some(message) = skipped.message() {
            tracing::warn!("left out of the webhook provider's answer to {path}: {message}");
        }
        Ok(skipped)
    }

    /// A body that is read whole.
    async fn whole(&self, response: &mut Response) -> Result<Vec<u8>, ProviderError> {
        let mut whole = Vec::new();
        let mut body = Limited::of(response, self.limit.min(LONGEST_FILTER))?;
        while let Some(chunk) = body.chunk().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole)
    }
}

fn base_url(text: &str) -> Result<Url, ProviderError> {
    let base = Url::parse(text).ok();
    if let Some(base) = &base {
        remember_secrets(base);
    }
    // What is no URL may still hold a password, so it is not shown.
    base.filter(|base| matches!(base.scheme(), "http" | "https")).ok_or_else(|| {
        ProviderError::config(
            "--webhook-provider-url is no http or https URL; write it like http://localhost:8888",
        )
    })
}

/// A server that fails may have applied a part: the records are read before changes are sent again.
fn unsettled(error: ProviderError) -> ProviderError {
    match error.kind {
        ErrorKind::Transient => ProviderError { kind: ErrorKind::Lost, ..error },
        _ => error,
    }
}

async fn send(request: RequestBuilder) -> Result<Response, ProviderError> {
    extdns_auth::send(request).await.map_err(|error| {
        // Before there is a connection nothing was done; later it is not known.
        let kind = match () {
            () if error.is_connect() => ErrorKind::Transient,
            () if error.is_redirect() => ErrorKind::Config,
            () => ErrorKind::Lost,
        };
        let message = format!(
            "no answer from the webhook provider: {}; does it run, and is --webhook-provider-url right?",
            with_causes(&error)
        );
        ProviderError::new(kind, message)
    })
}

/// Where the same request is to be sent instead.
fn same_body_elsewhere(response: &Response) -> Option<Url> {
    let moved = [StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT];
    let location =
        response.headers().get(LOCATION).filter(|_| moved.contains(&response.status()))?;
    let elsewhere = response.url().join(location.to_str().ok()?).ok()?;
    remember_secrets(&elsewhere);
    matches!(elsewhere.scheme(), "http" | "https").then_some(elsewhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_this_machine_is_reached_without_a_proxy() {
        let table = [
            ("http://localhost:8888", true),
            ("http://LOCALHOST:8888", true),
            ("http://127.0.0.1:8888", true),
            ("http://127.1.2.3/", true),
            ("http://[::1]:8888", true),
            ("http://192.0.2.1:8888", false),
            ("http://webhook.svc:8888", false),
            ("http://localhost.example.org", false),
        ];
        for (text, expected) in table {
            let url = base_url(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(is_this_machine(&url), expected, "{text}");
        }
    }
}
