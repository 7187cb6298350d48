//! What can go wrong at a provider, as kinds that a program decides on.

use std::fmt;
use std::time::Duration;

use extdns_model::{Failure, FailureKind, Name};

/// A failure of a provider: the kind for programs, a message for people that names the zone or
/// record and what the user can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProviderError {
    /// The kind.
    pub kind: ErrorKind,
    /// A lower-case fragment that reads after "failed to ..: ", without secrets.
    pub message: String,
}

/// Kinds of failure.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Too many requests; nothing was done.
    Throttled {
        /// How long the API asks to wait.
        retry_after: Option<Duration>,
    },
    /// A fault that may pass; nothing was done.
    Transient,
    /// There was no (whole) answer: a write may have been done or not.
    Lost,
    /// Missing or insufficient credentials.
    Unauthorised,
    /// The zone does not exist: nothing can be written to it.
    ZoneGone,
    /// The record does not exist; its zone does.
    RecordGone,
    /// Other records are in the way of these names (empty where the API does not name them).
    Conflict(Vec<Name>),
    /// The API does not accept the content of these names (empty where it does not name them).
    Rejected(Vec<Name>),
    /// A limit of one call of the API.
    Limit(Limit),
    /// The zone or the account holds as many records as it may: nothing more can be created in it.
    /// The message names the limit and the remedy.
    Quota,
    /// What was asked must not be written through this provider.
    ReadOnly,
    /// The provider is not configured rightly.
    Config,
    /// The run's time was over before the call could start; nothing was done.
    Deadline,
}

/// A limit of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Changes of one batch.
    Changes(usize),
    /// Values of one batch.
    Values(usize),
    /// Bytes of one batch.
    Bytes(usize),
    /// Any other, in words.
    Other(&'static str),
}

impl ProviderError {
    /// An error of this kind.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Wrong settings.
    #[must_use]
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// Too many requests.
    #[must_use]
    pub fn throttled(retry_after: Option<Duration>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Throttled { retry_after }, message)
    }

    /// With words in front of the message: `zone example.org: ..`.
    #[must_use]
    pub fn within(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// The names that the error blames.
    #[must_use]
    pub fn offenders(&self) -> &[Name] {
        match &self.kind {
            ErrorKind::Conflict(names) | ErrorKind::Rejected(names) => names,
            _ => &[],
        }
    }

    /// Whether the server cannot be reached, fails or loses an answer, so that another one may do better.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self.kind, ErrorKind::Transient | ErrorKind::Lost)
    }

    /// What the report says of a group that failed so.
    #[must_use]
    pub fn failure(&self) -> Failure {
        Failure { kind: self.kind.failure_kind(), message: self.message.clone() }
    }
}

impl ErrorKind {
    /// The kind in an [`Outcome`](extdns_model::Outcome).
    #[must_use]
    pub fn failure_kind(&self) -> FailureKind {
        match self {
            Self::Throttled { .. } => FailureKind::Throttled,
            Self::Transient | Self::Lost | Self::Deadline => FailureKind::Transient,
            Self::Unauthorised => FailureKind::Unauthorised,
            Self::ZoneGone => FailureKind::ZoneGone,
            Self::RecordGone => FailureKind::RecordGone,
            Self::Conflict(_) => FailureKind::Conflict,
            Self::Rejected(_) | Self::Config => FailureKind::Rejected,
            Self::Limit(_) => FailureKind::Limit,
            Self::Quota => FailureKind::Quota,
            Self::ReadOnly => FailureKind::ReadOnly,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changes(most) => write!(f, "{most} changes in a call"),
            Self::Values(most) => write!(f, "{most} values in a call"),
            Self::Bytes(most) => write!(f, "{most} bytes in a call"),
            Self::Other(text) => f.write_str(text),
        }
    }
}
