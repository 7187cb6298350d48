//! Why there is no identity of Google, or no token of it.

use std::path::PathBuf;

use crate::{HttpError, Tried};

/// Why there is no identity of Google, or no token of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoogleError {
    /// A file with credentials that cannot be used.
    #[error("the Google credentials in {} cannot be used: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// No credentials in any place.
    #[error("authenticating to Google: {0}")]
    Missing(Tried),
    /// Credentials that give no token.
    #[error("getting an access token for {who}: {reason}")]
    Token {
        /// Whose credentials, and where they are.
        who: String,
        /// What the service says, and what would be right.
        reason: String,
        /// Whether it may be different in a moment.
        may_pass: bool,
    },
    /// No project in any place.
    #[error("failed to auto-detect the project id: {0}")]
    Project(Tried),
    /// A call that was refused, or not answered.
    #[error("{reason}")]
    Call {
        /// What the service says.
        reason: String,
        /// The status of the answer, if there was one.
        status: Option<u16>,
        /// Whether it may be different in a moment.
        may_pass: bool,
    },
    /// No HTTP client.
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl GoogleError {
    /// Whether it may be different in a moment: a server that is busy or did not answer.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Token { may_pass: true, .. } | Self::Call { may_pass: true, .. })
    }

    /// The status with which a call was refused.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Call { status, .. } => *status,
            _ => None,
        }
    }
}
