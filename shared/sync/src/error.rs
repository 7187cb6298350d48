//! Why a run failed.

use extdns_clusters::ClusterError;
use extdns_providers::ProviderError;
use extdns_sources::SourceFailure;

/// Why a run failed. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A cluster's configuration says too little or something wrong.
    #[error("failed to {0}")]
    Connect(ClusterError),
    /// Sources that do not know everything; with half an answer nothing is planned.
    #[error("{}", sources(.0))]
    Sources(Vec<(String, SourceFailure)>),
    /// The zones could not be listed.
    #[error("failed to read zones: {0}")]
    Read(ProviderError),
    /// The provider could not say what it makes of the wish.
    #[error("failed to adjust endpoints: {0}")]
    Adjust(ProviderError),
    /// The provider cannot be written to.
    #[error("failed to start writing: {0}")]
    Write(ProviderError),
}

fn sources(failures: &[(String, SourceFailure)]) -> String {
    let all: Vec<String> = failures
        .iter()
        .map(|(cluster, failure)| format!("failed to read cluster {cluster:?}: {failure}"))
        .collect();
    format!("{}; nothing is changed", all.join("; "))
}
