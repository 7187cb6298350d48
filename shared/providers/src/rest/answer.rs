//! What a service answers: a bounded body, or what a failure means.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use extdns_auth::call::clocks;
use extdns_auth::{HttpClient, retry_after};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, LINK};
use reqwest::{Method, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use super::{Next, Service};
use crate::{ErrorKind, Limit, ProviderError};

/// Longest text of a service that is shown, in characters.
const SHOWN: usize = 300;

/// Too many calls, or one that is worth another attempt for another reason.
pub const THROTTLED: ErrorKind = ErrorKind::Throttled { retry_after: None };

/// Something that is there is in the way.
pub const CONFLICT: ErrorKind = ErrorKind::Conflict(Vec::new());

/// What a failure means at one service.
#[derive(Debug, Clone)]
pub struct Meaning {
    /// The status; 0 for any.
    pub status: u16,
    /// What its text holds, in lower case; empty for any.
    pub text: &'static str,
    /// The kind. A list of names in it stays empty: the engine knows what was asked.
    pub kind: ErrorKind,
}

impl Meaning {
    /// What this text, in lower case, means with any status.
    #[must_use]
    pub const fn of(text: &'static str, kind: ErrorKind) -> Self {
        Self { status: 0, text, kind }
    }
}

/// What the user can do about failures, beside what is said of rights: lower-case fragments, empty where the text of the
/// service is enough.
#[derive(Debug, Clone, Copy, Default)]
pub struct Advice {
    /// The zone is not there.
    pub zone_gone: &'static str,
    /// Something is in the way.
    pub conflict: &'static str,
    /// The change is not valid.
    pub rejected: &'static str,
    /// There were too many calls.
    pub throttled: &'static str,
}

impl Advice {
    /// None.
    pub const NONE: Self = Self { zone_gone: "", conflict: "", rejected: "", throttled: "" };

    /// What is right for most services; which zones there are depends on the service.
    pub const USUAL: Self = Self {
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "wait, or call it less often",
        ..Self::NONE
    };

    fn of(&self, kind: &ErrorKind) -> Option<&'static str> {
        let advice = match kind {
            ErrorKind::ZoneGone => self.zone_gone,
            ErrorKind::Conflict(_) => self.conflict,
            ErrorKind::Rejected(_) => self.rejected,
            ErrorKind::Throttled { .. } => self.throttled,
            _ => "",
        };
        Some(advice).filter(|advice| !advice.is_empty())
    }
}

/// A successful answer, read whole.
#[derive(Debug)]
pub struct Answer {
    from: String,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Transient`] when it is something else, or not whole: the page of a proxy, a
    /// member that is missing.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        serde_json::from_slice(&self.body).map_err(|error| self.unlike(error))
    }

    /// What stands at a JSON pointer (RFC 6901) of the body.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub fn member<T: DeserializeOwned>(&self, pointer: &str) -> Result<T, ProviderError> {
        let mut body: serde_json::Value = self.json()?;
        let member = body.pointer_mut(pointer).map(serde_json::Value::take).unwrap_or_default();
        serde_json::from_value(member).map_err(|error| self.unlike(error))
    }

    /// The error of an answer that is not what it should be.
    pub(super) fn unlike(&self, problem: impl std::fmt::Display) -> ProviderError {
        let message = format!("{}: the answer is not what the API promises: {problem}", self.from);
        ProviderError::new(ErrorKind::Transient, message)
    }

    /// Whether it is a page for people: a proxy or a portal answers in the place of the API, whatever the status says.
    fn is_page(&self) -> bool {
        self.header(CONTENT_TYPE.as_str())
            .is_some_and(|media| media.trim_start().to_ascii_lowercase().starts_with("text/html"))
    }

    /// The error of a page. Whether a change was made is not known.
    fn page(&self, method: &Method) -> ProviderError {
        let kind = if method.is_safe() { ErrorKind::Transient } else { ErrorKind::Lost };
        let problem =
            "it is an HTML page; see whether a proxy or a login page stands before the API";
        ProviderError { kind, ..self.unlike(problem) }
    }

    /// The body, byte for byte.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The first value of a header, if there is one and it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let name = HeaderName::try_from(name).ok()?;
        self.headers.get(name)?.to_str().ok()
    }

    /// The number in a header.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// The next page as the header `Link` names it (RFC 8288); the end without one.
    #[must_use]
    pub fn next_link(&self) -> Next {
        let links = self.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        links.flat_map(link_values).find_map(next_of).map_or(Next::End, Next::Url)
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn from(&self) -> &str {
        &self.from
    }
}

/// Sends a request and reads its answer whole.
pub(super) async fn receive(
    service: &Service,
    http: &HttpClient,
    request: reqwest::Request,
) -> Result<Answer, ProviderError> {
    let (method, url) = (request.method().clone(), request.url().clone());
    let from = format!("{}: {method} {}", service.name, url.path());
    let mut response =
        extdns_auth::execute(http, request).await.map_err(|error| unanswered(&from, error))?;
    let status = response.status();
    let headers = response.headers().clone();
    let body = whole(&mut response, service.most_of_answer, &from).await?;
    // A part of a list is no list.
    let is_step = service.has_pages && status.is_redirection();
    let is_done = status.is_success() && status != StatusCode::PARTIAL_CONTENT;
    if is_step || (is_done && !is_failure(service, &body)) {
        let answer = Answer { from, url, headers, body };
        return match answer.is_page() && !service.has_pages {
            true => Err(answer.page(&method)),
            false => Ok(answer),
        };
    }
    let text = said(service, &body);
    let kind = kind_of(service, &method, status, &text, &headers);
    let remedy = match kind {
        ErrorKind::Unauthorised => {
            let clocks = clocks(&headers, SystemTime::now());
            format!("; {}{}", service.rights, clocks.unwrap_or_default())
        }
        ErrorKind::Quota => format!("; {FULL}"),
        _ => service.advice.of(&kind).map_or_else(String::new, |advice| format!("; {advice}")),
    };
    let colon = if text.is_empty() { "" } else { ": " };
    Err(ProviderError::new(kind, format!("{from}: HTTP {}{colon}{text}{remedy}", status.as_u16())))
}

/// Whether a body with a status of success is that of a failure.
fn is_failure(service: &Service, body: &[u8]) -> bool {
    let (said, success) = service.success;
    if service.failure.is_empty() && said.is_empty() {
        return false;
    }
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) else { return false };
    let at = |pointer: &str| json.pointer(pointer).filter(|_| !pointer.is_empty());
    at(service.failure).is_some()
        || at(said).and_then(|it| it.as_str()).is_some_and(|it| !it.eq_ignore_ascii_case(success))
}

/// The remedy where a zone or an account is full.
const FULL: &str = "delete records that are not needed, or ask the provider for a higher limit";

/// What a failure means: what the service's own table says, else what its status says.
pub(super) fn kind_of(
    service: &Service,
    method: &Method,
    status: StatusCode,
    text: &str,
    headers: &HeaderMap,
) -> ErrorKind {
    let text = text.to_lowercase();
    let fits = |own: &&Meaning| {
        (own.status == 0 || own.status == status.as_u16()) && text.contains(own.text)
    };
    let wait = retry_after(|name| headers.get(name)?.to_str().ok(), SystemTime::now());
    match service.meanings.iter().find(fits).map(|own| own.kind.clone()) {
        Some(ErrorKind::Throttled { .. }) => ErrorKind::Throttled { retry_after: wait },
        Some(kind) => kind,
        // A client that sends too many requests exceeds a quota as well, but one of requests.
        None if status == StatusCode::FORBIDDEN
            && text.contains("quota")
            && !text.contains("rate") =>
        {
            ErrorKind::Quota
        }
        None => usual_kind(method, status.as_u16(), wait),
    }
}

fn usual_kind(method: &Method, status: u16, wait: Option<Duration>) -> ErrorKind {
    match status {
        429 => ErrorKind::Throttled { retry_after: wait },
        402 => ErrorKind::Quota,
        // Only a server that has not begun says when to try again.
        503 if wait.is_some() => ErrorKind::Throttled { retry_after: wait },
        401 | 403 | 407 => ErrorKind::Unauthorised,
        // A list and a create name the zone only; what replaces and removes names a record.
        404 | 410 if matches!(*method, Method::PUT | Method::PATCH | Method::DELETE) => {
            ErrorKind::RecordGone
        }
        404 | 410 => ErrorKind::ZoneGone,
        // Nothing is in the way of a read, so this may pass.
        409 if method.is_safe() => ErrorKind::Transient,
        409 => ErrorKind::Conflict(Vec::new()),
        413 => ErrorKind::Limit(Limit::Other("size of a request")),
        503 => ErrorKind::Transient,
        // A server that fails may have done a part of a change.
        206 | 408 | 500.. if !method.is_safe() => ErrorKind::Lost,
        206 | 408 | 425 | 500.. => ErrorKind::Transient,
        300..=399 | 405 => ErrorKind::Config,
        _ => ErrorKind::Rejected(Vec::new()),
    }
}

/// What the service says of a failure: the texts that its table points to, else the body as it is.
pub(super) fn said(service: &Service, body: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let texts = json.iter().flat_map(|json| {
        service.texts.iter().filter_map(|pointer| match json.pointer(pointer)? {
            serde_json::Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            serde_json::Value::Null => None,
            other => Some(other.to_string()),
        })
    });
    let found = texts.collect::<Vec<_>>().join(": ");
    let text = if found.is_empty() { String::from_utf8_lossy(body).into_owned() } else { found };
    shown(&text)
}

/// A text of a server, on one line and cut.
fn shown(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|char: char| char.is_whitespace() || char.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}..", &line[..end]),
        None => line,
    }
}

/// A request without an answer: before there is a connection nothing was done, later it is not
/// known.
fn unanswered(from: &str, error: reqwest::Error) -> ProviderError {
    let kind = if error.is_connect() { ErrorKind::Transient } else { ErrorKind::Lost };
    ProviderError::new(kind, format!("{from}: no answer: {}", chain(error)))
}

async fn whole(response: &mut Response, most: usize, from: &str) -> Result<Bytes, ProviderError> {
    let mut body = BytesMut::new();
    let announced = response.content_length().unwrap_or_default();
    let too_large = || {
        let message = format!("{from}: the answer has more than {most} bytes");
        ProviderError::new(ErrorKind::Limit(Limit::Other("size of an answer")), message)
    };
    if usize::try_from(announced).is_ok_and(|announced| announced > most) {
        return Err(too_large());
    }
    while let Some(chunk) = response.chunk().await.map_err(|error| {
        ProviderError::new(
            ErrorKind::Lost,
            format!("{from}: the answer broke off: {}", chain(error)),
        )
    })? {
        if body.len() + chunk.len() > most {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// An error with its causes, without its URL, which may hold credentials.
fn chain(error: reqwest::Error) -> String {
    with_causes(&error.without_url())
}

/// An error with its causes, as that of the HTTP client says little by itself.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The link values of a header: commas part them, but not those within a URL or quotes.
fn link_values(header: &str) -> Vec<&str> {
    let (mut values, mut start, mut inside) = (Vec::new(), 0, None);
    for (at, char) in header.char_indices() {
        match (inside, char) {
            (None, '<') => inside = Some('>'),
            (None, '"') => inside = Some('"'),
            (Some(end), _) if end == char => inside = None,
            (None, ',') => {
                values.push(&header[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    values.push(&header[start..]);
    values
}

/// The URL of a link value, if it is the one to the next page.
fn next_of(value: &str) -> Option<String> {
    let (url, parameters) = value.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = parameters.split(';').filter_map(|own| own.split_once('=')).any(|(name, rel)| {
        name.trim().eq_ignore_ascii_case("rel")
            && rel.trim().trim_matches('"').split(' ').any(|rel| rel.eq_ignore_ascii_case("next"))
    });
    is_next.then(|| url.to_owned())
}
