//! Who calls: access keys, sessions, the clock of a signature, and policies. Signatures themselves are not verified.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

use super::answer::ApiError;
use super::operation::Operation;
use crate::http::Request;

/// What a signature may be older or newer than the service's clock.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// Who a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) account: String,
    /// As messages name it.
    pub(super) arn: String,
    /// What policies are attached to: the user, or the role behind a session.
    pub(super) principal: String,
}

impl Caller {
    pub(super) fn user(account: &str, key: &str) -> Self {
        let arn = user_arn(account, key);
        Self { account: account.to_owned(), principal: arn.clone(), arn }
    }
}

pub(super) fn user_arn(account: &str, key: &str) -> String {
    format!("arn:aws:iam::{account}:user/{key}")
}

/// How the service's clock differs from ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockSkew {
    seconds: i64,
    refusals: Refusals,
    code: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusals {
    ByTime,
    Once,
    Always,
}

impl ClockSkew {
    /// A clock that is ahead by so many seconds, or behind. A request is refused if it is signed with a time more than
    /// five minutes from it: one that is signed anew by the `date` of the refusal goes through.
    pub fn of(seconds: i64) -> Self {
        Self { seconds, refusals: Refusals::ByTime, code: "SignatureDoesNotMatch" }
    }

    /// Refuses the next request, also one with a right signature; then the clocks agree.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.refusals = Refusals::Once;
        self
    }

    /// Refuses every request, also one with a right signature.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.refusals = Refusals::Always;
        self
    }

    /// Says `RequestTimeTooSkewed` in place of `SignatureDoesNotMatch`.
    #[must_use]
    pub fn as_request_time_too_skewed(mut self) -> Self {
        self.code = "RequestTimeTooSkewed";
        self
    }
}

/// Credentials of a role.
pub(super) struct Session {
    pub(super) caller: Caller,
    pub(super) token: String,
}

/// Everything by which a request is let in.
#[derive(Default)]
pub(super) struct Gate {
    /// Access keys, and the account of each.
    pub(super) keys: HashMap<String, String>,
    pub(super) sessions: HashMap<String, Session>,
    pub(super) strict: bool,
    pub(super) skew: Option<ClockSkew>,
    /// By principal: the actions and resources that it may use. Who is not in here may do everything.
    pub(super) policies: HashMap<String, Vec<(String, String)>>,
}

/// The parts of an `authorization` header that are looked at.
struct Scope<'a> {
    key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
}

impl Gate {
    /// The service's own clock.
    pub(super) fn clock(&self) -> Timestamp {
        let seconds = self.skew.as_ref().map_or(0, |skew| skew.seconds);
        Timestamp::now() + SignedDuration::from_secs(seconds)
    }

    /// Who sent the request, if its signature is in order.
    pub(super) fn admit(
        &mut self,
        request: &Request,
        operation: Operation,
        default: &str,
    ) -> Result<Caller, ApiError> {
        let scope = scope(request)?;
        let mismatch = |text: &str| ApiError::new(403, "SignatureDoesNotMatch", text);
        let service = operation.service();
        if scope.service != service {
            let text = format!("Credential should be scoped to correct service: '{service}'.");
            return Err(mismatch(&text));
        }
        // STS has an endpoint in every region, Route 53 has one.
        if scope.region.is_empty() || (service == "route53" && scope.region != "us-east-1") {
            return Err(mismatch(
                "Credential should be scoped to a valid region, not 'us-east-1'.",
            ));
        }
        let stamp = request.header("x-amz-date").unwrap_or_default();
        if !stamp.starts_with(scope.date) || scope.date.is_empty() {
            return Err(mismatch(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP",
            ));
        }
        let signed = civil::DateTime::strptime(STAMP, stamp)
            .and_then(|time| TimeZone::UTC.to_timestamp(time))
            .map_err(|_| incomplete(&format!("'{stamp}' is no valid X-Amz-Date")))?;
        self.check_clock(signed)?;
        self.caller(scope.key, request.header("x-amz-security-token"), default)
    }

    fn caller(&self, key: &str, token: Option<&str>, default: &str) -> Result<Caller, ApiError> {
        let unknown = || {
            ApiError::new(
                403,
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            )
        };
        if let Some(session) = self.sessions.get(key) {
            let right = token == Some(&session.token);
            return if right { Ok(session.caller.clone()) } else { Err(unknown()) };
        }
        match self.keys.get(key) {
            Some(account) => Ok(Caller::user(account, key)),
            None if self.strict => Err(unknown()),
            None => Ok(Caller::user(default, key)),
        }
    }

    fn check_clock(&mut self, signed: Timestamp) -> Result<(), ApiError> {
        let now = self.clock();
        let (refusals, code) = self
            .skew
            .as_ref()
            .map_or((Refusals::ByTime, "SignatureDoesNotMatch"), |skew| (skew.refusals, skew.code));
        let apart = now.duration_since(signed);
        if refusals == Refusals::ByTime && apart.abs() <= TOLERANCE {
            return Ok(());
        }
        if refusals == Refusals::Once {
            self.skew = None;
        }
        let [signed, clock] = [signed, now].map(|time| time.strftime(STAMP).to_string());
        let message = if code == "RequestTimeTooSkewed" {
            format!(
                "The difference between the request time and the current time is too large. (request {signed}, server \
                 {clock})"
            )
        } else if apart.is_positive() {
            let bound = (now - TOLERANCE).strftime(STAMP);
            format!("Signature expired: {signed} is now earlier than {bound} ({clock} - 5 min.)")
        } else {
            let bound = (now + TOLERANCE).strftime(STAMP);
            format!(
                "Signature not yet current: {signed} is still later than {bound} ({clock} + 5 min.)"
            )
        };
        Err(ApiError::new(403, code, message))
    }

    /// Refuses what a policy of the caller does not grant. `resource` is `*` for operations that know none.
    pub(super) fn authorize(
        &self,
        caller: &Caller,
        operation: Operation,
        resource: &str,
    ) -> Result<(), ApiError> {
        let action = operation.action();
        let Some(granted) = self.policies.get(&caller.principal) else { return Ok(()) };
        if granted.iter().any(|(actions, on)| matches(actions, &action) && matches(on, resource)) {
            return Ok(());
        }
        let on = if resource == "*" { String::new() } else { format!(" on resource: {resource}") };
        Err(ApiError::new(
            403,
            "AccessDenied",
            format!(
                "User: {} is not authorized to perform: {action}{on} because no identity-based policy allows the \
                 {action} action",
                caller.arn
            ),
        ))
    }
}

/// Whether a pattern of IAM, with a `*` at its end or without, covers `text`.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => pattern == text,
    }
}

fn incomplete(message: &str) -> ApiError {
    ApiError::new(400, "IncompleteSignature", message)
}

fn scope(request: &Request) -> Result<Scope<'_>, ApiError> {
    let Some(header) = request.header("authorization") else {
        return Err(ApiError::new(
            403,
            "MissingAuthenticationToken",
            "Missing Authentication Token",
        ));
    };
    let fields = header.strip_prefix("AWS4-HMAC-SHA256 ").ok_or_else(|| {
        incomplete("Authorization header requires the algorithm AWS4-HMAC-SHA256.")
    })?;
    let field = |name: &str| {
        let found =
            fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
        found.ok_or_else(|| {
            incomplete(&format!("Authorization header requires '{name}' parameter."))
        })
    };
    let signature = field("Signature")?;
    if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(incomplete(
            "Authorization header requires a Signature of 64 hexadecimal digits.",
        ));
    }
    let signed: Vec<&str> = field("SignedHeaders")?.split(';').collect();
    if !["host", "x-amz-date"].iter().all(|name| signed.contains(name)) {
        return Err(incomplete("'Host' and 'X-Amz-Date' must be signed headers."));
    }
    match field("Credential")?.split('/').collect::<Vec<_>>()[..] {
        [key, date, region, service, "aws4_request"] if !key.is_empty() => {
            Ok(Scope { key, date, region, service })
        }
        _ => Err(incomplete("Credential must have exactly 5 slash-delimited elements.")),
    }
}
