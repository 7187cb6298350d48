//! Why a run failed.

use extdns_plan::UnknownCluster;
use extdns_providers::{Deadline, ErrorKind, ProviderError};
use extdns_registry::StoreError;
use extdns_state::StateError;

use crate::report::FailureKind;

/// Why a run failed. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// No source of any cluster could be read in full, each with the reason.
    #[error("{}; nothing is changed", .0.join("; "))]
    Clusters(Vec<String>),
    /// The zones could not be listed.
    #[error("failed to read zones: {0}")]
    Read(ProviderError),
    /// The store of ownership records outside the zones could not be read.
    #[error("failed to read ownership records: {0}")]
    Ownership(StoreError),
    /// The provider could not say what it makes of the desired endpoints.
    #[error("failed to adjust endpoints: {0}")]
    Adjust(ProviderError),
    /// The provider cannot be written to.
    #[error("failed to start writing: {0}")]
    Write(ProviderError),
    /// A flag allows a cluster that does not exist to want nothing.
    #[error(transparent)]
    UnknownCluster(UnknownCluster),
    /// A change of owners that cannot be made with these settings.
    #[error("{0}")]
    OwnershipChange(String),
    /// The lease could not be taken or is lost, or the stored hash could not be removed.
    #[error("{0}; nothing is written")]
    State(StateError),
    /// Reading took more than its part of the time.
    #[error(
        "the time for reading (70 % of --timeout) was over before everything was read; nothing is \
         changed; give more time or read less"
    )]
    Deadline,
    /// The process was told to stop.
    #[error("the run was told to stop before everything was read; nothing is changed")]
    Stopped,
}

impl RunError {
    /// That reading had to end, with the reason.
    pub(crate) fn of_end(until: &Deadline) -> Self {
        if until.is_stopped() { Self::Stopped } else { Self::Deadline }
    }

    /// Whether another run would fail the same way: the settings or the rights have to change.
    pub(crate) fn is_hard(&self) -> bool {
        let refuses = |error: &ProviderError| {
            matches!(error.kind, ErrorKind::Unauthorised | ErrorKind::ReadOnly | ErrorKind::Config)
        };
        match self {
            Self::Read(error) | Self::Adjust(error) | Self::Write(error) => refuses(error),
            Self::UnknownCluster(_) | Self::OwnershipChange(_) => true,
            Self::Clusters(_)
            | Self::Ownership(_)
            | Self::State(_)
            | Self::Deadline
            | Self::Stopped => false,
        }
    }

    /// The kind, for programs.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Clusters(_) => FailureKind::Clusters,
            Self::Read(_) | Self::Ownership(_) | Self::Adjust(_) | Self::Write(_) => {
                FailureKind::Provider
            }
            Self::UnknownCluster(_) | Self::OwnershipChange(_) => FailureKind::Configuration,
            Self::State(_) => FailureKind::State,
            Self::Deadline | Self::Stopped => FailureKind::Deadline,
        }
    }
}
