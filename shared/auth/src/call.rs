//! Calls to clouds for tokens, clusters and routes: small answers, read whole, and what a refusal says.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::requests::send;
use crate::secrets::{self, Secret};
use crate::{HttpClient, HttpError, HttpOptions, http_client};

/// Longest time of one call.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Most bytes of an answer: tokens are small.
const MOST: usize = 1 << 20;
/// Longest text of a service that is shown, in characters.
const SHOWN: usize = 300;

/// Why a call gave nothing.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Fault {
    /// What happened, without the URL.
    pub reason: String,
    /// Whether it may be different in a moment.
    pub may_pass: bool,
    /// The status of the answer, if there was one.
    pub status: Option<StatusCode>,
}

impl Fault {
    /// Something that stays as it is.
    pub(crate) fn lasting(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), may_pass: false, status: None }
    }

    /// With what the user can do about something that stays as it is.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        if !self.may_pass {
            self.reason = format!("{}; {hint}", self.reason);
        }
        self
    }
}

/// The clients for Google's servers, and for those that no proxy reaches.
pub(crate) struct Clients {
    proxied: HttpClient,
    direct: HttpClient,
}

impl Clients {
    pub(crate) fn new(options: &HttpOptions) -> Result<Self, HttpError> {
        let options =
            HttpOptions { timeout: Some(TIMEOUT), keep_redirects: true, ..options.clone() };
        let direct = HttpOptions { direct: true, ..options.clone() };
        Ok(Self { proxied: http_client(&options)?, direct: http_client(&direct)? })
    }

    /// For a server on a network of its own.
    pub(crate) fn direct(&self) -> &HttpClient {
        &self.direct
    }

    /// For a URL in a file of credentials, which are sent to it: `https`, but on this machine.
    pub(crate) fn for_url(&self, url: &str) -> Result<&HttpClient, Fault> {
        let url = Url::parse(url)
            .map_err(|_| Fault::lasting("a URL in the file is none; make the file again"))?;
        match url.scheme() {
            _ if is_this_machine(&url) => Ok(&self.direct),
            "https" => Ok(&self.proxied),
            _ => Err(Fault::lasting(format!(
                "its URL of {} is not https, and a credential is sent to it",
                url.host_str().unwrap_or_default()
            ))),
        }
    }
}

/// Whether a URL leads to this machine, where no proxy leads.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The answer to a request, as JSON.
///
/// # Errors
/// When there is no answer, a refusal, or another answer than this.
pub async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Fault> {
    let body = bytes(request).await?;
    // What is wrong with it could hold the token.
    serde_json::from_slice(&body)
        .map_err(|_| Fault::lasting("the answer is not what the API promises"))
}

/// An access token for a user and a password (RFC 6749, 4.3), asked for by a client without a secret. It is registered as a
/// secret, and so is the password.
///
/// # Errors
/// When the server gives none.
pub async fn token_for_password(
    request: RequestBuilder,
    client: &str,
    (user, password): (&str, &Secret),
) -> Result<String, Fault> {
    #[derive(serde::Deserialize)]
    struct Token {
        access_token: String,
    }

    secrets::register(password.text());
    let form = [("grant_type", "password"), ("username", user), ("password", password.text())];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = request.basic_auth(client, Some("")).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let token: Token = json(request.header("accept", "application/json")).await?;
    secrets::register(&token.access_token);
    Ok(token.access_token)
}

/// The body of the answer to a request.
pub(crate) async fn bytes(request: RequestBuilder) -> Result<Vec<u8>, Fault> {
    let mut answer = send(request).await.map_err(unanswered)?;
    let status = answer.status();
    let host = answer.url().host_str().unwrap_or_default().to_owned();
    let clocks = clocks(answer.headers(), SystemTime::now());
    let clocks = clocks.filter(|_| status == StatusCode::UNAUTHORIZED).unwrap_or_default();
    let media = answer.headers().get(CONTENT_TYPE).and_then(|media| media.to_str().ok());
    let is_page = status.is_success() && media.is_some_and(|media| media.starts_with("text/html"));
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unanswered)? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST {
            return Err(Fault::lasting(format!("the answer of {host} has more than {MOST} bytes")));
        }
    }
    if is_page {
        let reason = format!("{host} answers with a page; is there a portal or a proxy before it?");
        return Err(Fault { reason, may_pass: true, status: None });
    }
    if status.is_success() {
        return Ok(body);
    }
    let said = said(&body);
    let colon = if said.is_empty() { "" } else { ": " };
    Err(Fault {
        reason: format!("{host} answers HTTP {}{colon}{said}{clocks}", status.as_u16()),
        may_pass: status.is_server_error()
            || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status),
        status: Some(status),
    })
}

/// How far apart clocks may be. Services refuse signatures whose time is more than five minutes away, some less.
const APART: Duration = Duration::from_secs(30);

/// Both clocks, as the end of a message, where they are so far apart that a service may refuse a signature for it.
#[must_use]
pub fn clocks(headers: &HeaderMap, now: SystemTime) -> Option<String> {
    let theirs = headers.get(DATE)?.to_str().ok()?;
    let then = httpdate::parse_http_date(theirs).ok()?;
    let apart = now.duration_since(then).unwrap_or_else(|error| error.duration());
    let ours = httpdate::fmt_http_date(now);
    let text = format!(
        "; the clock of this machine says {ours}, that of the service {theirs}: set that of this machine"
    );
    (apart > APART).then_some(text)
}

fn unanswered(error: reqwest::Error) -> Fault {
    let reason = format!("no answer: {}", chain(&error.without_url()));
    Fault { reason, may_pass: true, status: None }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// What a refusal says, in the forms of RFC 6749 (5.2) and of the APIs of Google and Azure.
fn said(body: &[u8]) -> String {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let texts = ["/error/message", "/error", "/error_description"];
    let texts: Vec<&str> =
        texts.iter().filter_map(|at| json.pointer(at).and_then(Value::as_str)).collect();
    let text = match texts.is_empty() {
        true => String::from_utf8_lossy(body).into_owned(),
        false => texts.join(": "),
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(SHOWN).collect()
}
