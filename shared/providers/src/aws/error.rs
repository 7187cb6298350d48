//! From the errors of the SDK and the bodies of answers to the errors of this crate.
//!
//! The SDK reads a code only from `<ErrorResponse><Error>`. Route 53 can also answer with the root
//! `<InvalidChangeBatch>` and several messages, so bodies are read here.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use extdns_auth::{aws_error_chain, retry_after};

use super::body::Body;
use crate::{ErrorKind, Limit, ProviderError};

/// What a program needs to know of an error beside its kind.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) error: ProviderError,
    pub(super) signature: Signature,
}

/// What an answer says of the signature, and of the time in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// Nothing.
    Fine,
    /// It is refused for a reason that is not known.
    Refused,
    /// It is refused because the clocks differ: the SDK has learned the other one.
    Skewed,
}

/// If the clocks differ by more than this, that is why a signature is refused.
const SKEW: Duration = Duration::from_secs(240);

/// What Route 53 says of an ownership record that is one answer of several, beside one of a failover.
const OTHER_ROUTING: &str = "cannot be created as a non-multivalue answer set exists";
const HEALTH_CHECK: &str = "the ownership record of a PRIMARY without a health check cannot stand \
    beside that of a SECONDARY that was written without it: give the PRIMARY aws/health-check-id";

/// The error of this crate for one of the SDK. `of_zone` is the zone as " of zone Z1", or nothing.
pub(crate) fn explain<E: Error + 'static>(
    operation: &str,
    of_zone: &str,
    error: &SdkError<E, HttpResponse>,
) -> Fault {
    let (kind, text) = match error {
        // What cannot be read counts as an error of the service, too.
        SdkError::ServiceError(service) if service.raw().status().is_success() => {
            (ErrorKind::Lost, unread(service.err(), service.raw()))
        }
        SdkError::ServiceError(service) => return answered(operation, of_zone, service.raw()),
        SdkError::ResponseError(answer) => {
            let cause = error.source().unwrap_or(error);
            (ErrorKind::Lost, unread(cause, answer.raw()))
        }
        other if find::<CredentialsError>(other).is_some() => {
            (ErrorKind::Unauthorised, aws_error_chain(other))
        }
        SdkError::ConstructionFailure(_) => {
            (ErrorKind::Rejected(Vec::new()), aws_error_chain(error))
        }
        other => {
            let refused = find::<std::io::Error>(other)
                .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused);
            let kind = if refused { ErrorKind::Transient } else { ErrorKind::Lost };
            (kind, aws_error_chain(other))
        }
    };
    let error = ProviderError::new(kind, format!("route53:{operation}{of_zone}: {text}"));
    Fault { error, signature: Signature::Fine }
}

/// What is wrong with an answer that cannot be read, or is not whole.
fn unread(cause: &(dyn Error + 'static), answer: &HttpResponse) -> String {
    let id = answer.headers().get("x-amzn-requestid");
    let id = id.map(|id| format!(" (request id {id})")).unwrap_or_default();
    format!("{}{id}", aws_error_chain(cause))
}

fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut level = Some(error);
    while let Some(error) = level {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        level = error.source();
    }
    None
}

/// An answer that is an error.
fn answered(operation: &str, of_zone: &str, response: &HttpResponse) -> Fault {
    let status = response.status().as_u16();
    let body = Body::parse(response.body().bytes().unwrap_or_default());
    let header = |name: &str| response.headers().get(name);
    let id = body.request_id.as_deref().or_else(|| header("x-amzn-requestid"));
    let code = if body.code.is_empty() { format!("HTTP {status}") } else { body.code.clone() };
    let mut text = format!("route53:{operation}{of_zone}: {code}");
    if !body.messages.is_empty() {
        text = format!("{text}: {}", body.messages.join("; "));
    }
    if let Some(id) = id.filter(|id| !id.is_empty()) {
        text = format!("{text} (request id {id})");
    }
    let clocks = Clocks::of(&body.code, header("date"));
    let kind = match &clocks {
        Some(_) => ErrorKind::Unauthorised,
        None => kind(&body, status, retry_after(header, SystemTime::now())),
    };
    if body.messages.iter().any(|message| message.contains(OTHER_ROUTING)) {
        text = format!("{text}; {HEALTH_CHECK}");
    }
    if kind == ErrorKind::Quota {
        text = format!("{text}; {ROOM}");
    }
    if let Some(clocks) = &clocks {
        text = format!("{text}; {clocks}");
    } else if kind == ErrorKind::Unauthorised {
        text = format!("{text}; {}", remedy(&body.code, &format!("route53:{operation}")));
    }
    let signature = match clocks {
        Some(_) => Signature::Skewed,
        None if is_about_time(&body.code) => Signature::Refused,
        None => Signature::Fine,
    };
    Fault { error: ProviderError::new(kind, text), signature }
}

/// In the message of a hosted zone that takes no more record sets.
const FULL: &str = "MAX_RRSETS_BY_ZONE";
const ROOM: &str = "the hosted zone is full: delete record sets that are not needed, or ask AWS for a \
                    higher quota of record sets per hosted zone";

fn kind(body: &Body, status: u16, retry_after: Option<Duration>) -> ErrorKind {
    match (body.code.as_str(), status) {
        (
            "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestLimitExceeded"
            | "TooManyRequestsException"
            | "PriorRequestNotComplete",
            _,
        )
        | (_, 429) => ErrorKind::Throttled { retry_after },
        // Whether it was done is not known.
        (_, 500..) => ErrorKind::Lost,
        ("NoSuchHostedZone", _) | (_, 404) => ErrorKind::ZoneGone,
        ("InvalidChangeBatch", _) if body.messages.iter().any(|text| text.contains(FULL)) => {
            ErrorKind::Quota
        }
        ("LimitsExceeded", _) => ErrorKind::Limit(Limit::Other("what the hosted zone may hold")),
        ("InvalidChangeBatch", _) => {
            let names = body.offenders();
            let in_the_way = |text: &String| {
                text.contains("already exists") || text.contains("conflicts with other records")
            };
            if body.messages.iter().all(in_the_way) {
                ErrorKind::Conflict(names)
            } else {
                ErrorKind::Rejected(names)
            }
        }
        (code, _) if is_about_identity(code) => ErrorKind::Unauthorised,
        (_, 401 | 403) => ErrorKind::Unauthorised,
        (_, 413) => ErrorKind::Limit(Limit::Other("the size of a request")),
        _ => ErrorKind::Rejected(Vec::new()),
    }
}

/// Whether a code of AWS means that the credentials do not suffice.
pub(crate) fn is_about_identity(code: &str) -> bool {
    matches!(
        code,
        "AccessDenied"
            | "AccessDeniedException"
            | "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "MissingAuthenticationToken"
            | "OptInRequired"
            | "IncompleteSignature"
    ) || is_about_time(code)
}

/// Codes of signatures that are refused, for the time in them or else.
fn is_about_time(code: &str) -> bool {
    matches!(
        code,
        "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "RequestTimeTooSkewed"
            | "RequestExpired"
            | "AuthFailure"
    )
}

/// What to do about such a code, where `action` is what the policy must allow.
pub(crate) fn remedy(code: &str, action: &str) -> String {
    if code.starts_with("ExpiredToken") {
        return "the session is over; renew the credentials, or give the role a longer session"
            .to_owned();
    }
    if code.starts_with("AccessDenied") {
        let narrowed = if action.strip_prefix("route53:") == Some(super::WRITE) {
            ", and where it names route53:ChangeResourceRecordSetsActions, CREATE and DELETE"
        } else {
            ""
        };
        return format!("allow the action {action} in the policy of this identity{narrowed}");
    }
    if matches!(code, "InvalidClientTokenId" | "UnrecognizedClientException") {
        return "check the credentials, and that AWS_REGION is a region of their partition"
            .to_owned();
    }
    "check the credentials".to_owned()
}

/// Two clocks that differ.
struct Clocks {
    ours: SystemTime,
    theirs: SystemTime,
}

impl Clocks {
    fn of(code: &str, date: Option<&str>) -> Option<Self> {
        if !is_about_time(code) {
            return None;
        }
        let theirs = DateTime::from_str(date?, Format::HttpDate).ok()?;
        let theirs = SystemTime::try_from(theirs).ok()?;
        let ours = SystemTime::now();
        let apart = ours
            .duration_since(theirs)
            .or_else(|early| Ok::<_, std::convert::Infallible>(early.duration()));
        (apart.unwrap_or_default() > SKEW).then_some(Self { ours, theirs })
    }
}

impl std::fmt::Display for Clocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |time| {
            let time = DateTime::from_secs(DateTime::from(time).secs());
            time.fmt(Format::DateTime).unwrap_or_default()
        };
        write!(
            f,
            "the clock here says {}, that of AWS {}; set the clock",
            text(self.ours),
            text(self.theirs)
        )
    }
}

#[cfg(test)]
mod tests {
    use extdns_model::Name;

    use super::*;

    #[test]
    fn kinds() {
        let names = vec![Name::as_listed("a.org")];
        let text = "RRSet with DNS name a.org. is not permitted".to_owned();
        let code = "InvalidChangeBatch".to_owned();
        let refused = Body { code, messages: vec![text], ..Body::default() };
        assert_eq!(kind(&refused, 400, None), ErrorKind::Rejected(names));
        let of = |code: &str, status, retry| {
            let body = Body { code: code.to_owned(), ..Body::default() };
            kind(&body, status, retry)
        };
        let throttled = |seconds: Option<u64>| ErrorKind::Throttled {
            retry_after: seconds.map(Duration::from_secs),
        };
        let cases = [
            (of("Throttling", 400, None), throttled(None)),
            (of("Throttling", 400, Some(Duration::from_secs(3))), throttled(Some(3))),
            (of("PriorRequestNotComplete", 400, None), throttled(None)),
            (of("", 429, None), throttled(None)),
            (of("InternalFailure", 500, None), ErrorKind::Lost),
            (of("ServiceUnavailable", 503, None), ErrorKind::Lost),
            (of("NoSuchHostedZone", 404, None), ErrorKind::ZoneGone),
            (of("AccessDenied", 403, None), ErrorKind::Unauthorised),
            (of("ExpiredToken", 403, None), ErrorKind::Unauthorised),
            (of("InvalidInput", 400, None), ErrorKind::Rejected(Vec::new())),
            (of("", 400, None), ErrorKind::Rejected(Vec::new())),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
    }
}
