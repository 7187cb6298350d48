//! Failures on demand.

use std::time::Duration;

use super::answer::ApiError;
use super::operation::Operation;
use super::record::shown;
use super::spoil::Spoil;
use crate::http::Request;

/// A failure, and the calls that it hits: by default the next one, of any operation, before anything is applied.
#[derive(Clone, Debug)]
pub struct Fault {
    failure: Failure,
    applied: bool,
    operation: Option<Operation>,
    writes: bool,
    continued: bool,
    zone: Option<String>,
    name: Option<String>,
    first: u64,
    count: u64,
    seen: u64,
}

#[derive(Clone, Debug)]
enum Failure {
    HangUp,
    Answer(ApiError),
    Echo,
    Spoiled(Spoil),
}

/// What becomes of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FaultEffect {
    HangUp { applied: bool },
    Answer { error: ApiError, applied: bool },
    Spoiled { spoil: Spoil, applied: bool },
}

/// What a fault looks at of a call.
pub(super) struct Target<'a> {
    pub(super) operation: Operation,
    pub(super) zone: Option<&'a str>,
    /// Whether it asks for a page after the first.
    pub(super) continues: bool,
    /// The names that it changes, as the service shows them; read only if a fault is about one.
    pub(super) names: Vec<String>,
    pub(super) request: &'a Request,
}

impl FaultEffect {
    /// Whether the call does its work before it fails.
    pub(super) fn applied(&self) -> bool {
        match self {
            Self::HangUp { applied }
            | Self::Answer { applied, .. }
            | Self::Spoiled { applied, .. } => *applied,
        }
    }
}

impl Fault {
    fn new(failure: Failure) -> Self {
        Self {
            failure,
            applied: false,
            operation: None,
            writes: false,
            continued: false,
            zone: None,
            name: None,
            first: 1,
            count: 1,
            seen: 0,
        }
    }

    /// The connection ends without an answer.
    pub fn hang_up() -> Self {
        Self::new(Failure::HangUp)
    }

    /// An error answer.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::new(Failure::Answer(ApiError::new(status, code, message)))
    }

    /// The answer of a call that does its work is spoiled on its way.
    pub fn spoiled(spoil: Spoil) -> Self {
        Self { applied: true, ..Self::new(Failure::Spoiled(spoil)) }
    }

    /// The call is never answered, and nothing is applied.
    pub fn hang() -> Self {
        Self::new(Failure::Spoiled(Spoil::Hang))
    }

    /// An error answer that repeats the credentials of the request, as a proxy's page may.
    pub fn echo() -> Self {
        Self::new(Failure::Echo)
    }

    /// `500 InternalFailure`.
    pub fn internal() -> Self {
        Self::error(
            500,
            "InternalFailure",
            "The request processing has failed because of an unknown error.",
        )
    }

    /// `503 ServiceUnavailable`.
    pub fn unavailable() -> Self {
        Self::error(503, "ServiceUnavailable", "Service is unable to handle request.")
    }

    /// `400 Throttling`, without any rate.
    pub fn throttling() -> Self {
        Self::error(400, "Throttling", "Rate exceeded")
    }

    /// `403 ExpiredToken`: the session is over.
    pub fn session_expired() -> Self {
        Self::error(403, "ExpiredToken", "The security token included in the request is expired")
    }

    /// `400 InvalidChangeBatch` with one message, as for content that the service does not take.
    pub fn invalid_batch(message: &str) -> Self {
        Self::new(Failure::Answer(ApiError::invalid_batch(vec![message.to_owned()])))
    }

    /// A page after the first is refused, as if its place in the list were no longer known.
    pub fn page_token_expired() -> Self {
        let text = "Route 53 can't get the next page because the specified value for the token is invalid or expired.";
        Self { continued: true, ..Self::error(400, "InvalidPaginationToken", text) }
    }

    /// Sends `retry-after` with the error.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        if let Failure::Answer(error) = &mut self.failure {
            error.retry_after = Some(pause);
        }
        self
    }

    /// Fails after the call has done its work: a lost answer.
    #[must_use]
    pub fn after_applying(mut self) -> Self {
        self.applied = true;
        self
    }

    /// Hits calls of one operation only, and counts only those.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Hits writes only, and counts only those.
    #[must_use]
    pub fn on_writes(mut self) -> Self {
        self.writes = true;
        self
    }

    /// Hits calls for one zone only, by its bare id, and counts only those.
    #[must_use]
    pub fn in_zone(mut self, id: &str) -> Self {
        self.zone = Some(id.to_owned());
        self
    }

    /// Hits batches only that change record sets of this name, and counts only those.
    #[must_use]
    pub fn changing(mut self, name: &str) -> Self {
        self.name = Some(shown(name));
        self
    }

    /// Begins with the `nth` such call from now on, the first being 1.
    #[must_use]
    pub fn at(mut self, nth: u64) -> Self {
        self.first = nth;
        self
    }

    /// Hits so many such calls in a row.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// Hits every such call.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(u64::MAX)
    }

    /// Whether it is about batches that change a certain name.
    pub(super) fn is_about_a_name(&self) -> bool {
        self.name.is_some()
    }

    /// Counts a call, and says what becomes of it.
    pub(super) fn hit(&mut self, target: &Target<'_>) -> Option<FaultEffect> {
        let meant = self.operation.is_none_or(|wanted| wanted == target.operation)
            && (!self.writes || target.operation.is_write())
            && (!self.continued || target.continues)
            && (self.zone.is_none() || self.zone.as_deref() == target.zone)
            && self.name.as_ref().is_none_or(|name| target.names.contains(name));
        if !meant {
            return None;
        }
        self.seen += 1;
        let hit = self.seen >= self.first && self.seen - self.first < self.count;
        let applied = self.applied;
        hit.then(|| match &self.failure {
            Failure::HangUp => FaultEffect::HangUp { applied },
            Failure::Answer(error) => FaultEffect::Answer { error: error.clone(), applied },
            Failure::Echo => FaultEffect::Answer { error: echoed(target.request), applied },
            Failure::Spoiled(spoil) => FaultEffect::Spoiled { spoil: spoil.clone(), applied },
        })
    }
}

fn echoed(request: &Request) -> ApiError {
    let headers = ["authorization", "x-amz-security-token"];
    let text: String = headers
        .iter()
        .filter_map(|name| Some(format!(" {name}: {}", request.header(name)?)))
        .collect();
    ApiError::new(400, "InvalidInput", format!("no such header:{text}"))
}
