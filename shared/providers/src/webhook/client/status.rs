//! What the status and the type of an answer mean, and what the user can do about them.

use std::fmt;
use std::time::SystemTime;

use extdns_auth::retry_after;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};

use super::answer::drain;
use crate::webhook::MEDIA_TYPE;
use crate::{ErrorKind, Limit, ProviderError};

/// Most characters of a server's own words in a message.
const LONGEST_SHOWN: usize = 80;

/// What a status other than success means to a negotiation: only an error of the server (5xx) is
/// temporary.
pub(super) fn refused_negotiation(status: StatusCode) -> Option<ProviderError> {
    let code = status.as_u16();
    let (kind, text) = match code {
        // A part of an answer is no answer (RFC 9110, 15.3.7).
        206 => (ErrorKind::Config, "unexpected status code"),
        200..=299 => return None,
        401 | 403 => (ErrorKind::Unauthorised, "unexpected status code"),
        500.. => (ErrorKind::Transient, "server error: status code"),
        _ => (ErrorKind::Config, "unexpected status code"),
    };
    Some(ProviderError::new(kind, format!("{text} {code}; {}", remedy(code))))
}

pub(super) fn expect_media_type(headers: &HeaderMap) -> Result<(), ProviderError> {
    let found = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if found == MEDIA_TYPE.as_bytes() {
        return Ok(());
    }
    let found: String = String::from_utf8_lossy(found).chars().take(LONGEST_SHOWN).collect();
    let found = if found.is_empty() { "none" } else { &found };
    let message = format!(
        "wrong content type returned from server: {found}; is --webhook-provider-url the address \
         of a webhook provider?"
    );
    Err(ProviderError::config(message))
}

/// What the user can do about a status.
fn remedy(code: u16) -> &'static str {
    match code {
        401 | 403 => "give the credentials that the server wants in --webhook-provider-url",
        300..=399 | 404 | 405 => {
            "is --webhook-provider-url the address of a webhook provider, without a path that it \
             does not have?"
        }
        413 => "the server, or a proxy before it, takes shorter requests only; raise its limit",
        429 => "the server asks for fewer requests; run less often",
        500.. => "see the log of the webhook provider for why",
        _ => "is the server a webhook provider of this version of the protocol?",
    }
}

/// Whether the answer has the one status that means success, and what any other means. The server
/// answers 500 to every failure of the provider behind it.
pub(super) async fn expect(
    response: &mut Response,
    status: StatusCode,
    what: impl fmt::Display,
) -> Result<(), ProviderError> {
    let code = response.status();
    if code == status {
        return Ok(());
    }
    let kind = match code.as_u16() {
        429 => {
            let header = |name: &str| response.headers().get(name)?.to_str().ok();
            ErrorKind::Throttled { retry_after: retry_after(header, SystemTime::now()) }
        }
        500..=510 => ErrorKind::Transient,
        401 | 403 => ErrorKind::Unauthorised,
        404 => ErrorKind::ZoneGone,
        405 => ErrorKind::Config,
        413 => ErrorKind::Limit(Limit::Other("size of a request")),
        _ => ErrorKind::Rejected(Vec::new()),
    };
    drain(response).await;
    let (code, remedy) = (code.as_u16(), remedy(code.as_u16()));
    Err(ProviderError::new(kind, format!("failed to {what} with code {code}; {remedy}")))
}
