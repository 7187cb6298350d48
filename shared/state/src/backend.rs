//! Where a text for each target is kept.

use async_trait::async_trait;
use ecow::EcoString;
use extdns_model::Permit;

use crate::Document;

/// Keeps one text for each target, and replaces it only while it is as it was read.
///
/// It repeats calls that fail for a moment. What became of a write whose answer was lost, the
/// [store](crate::Store) finds out.
#[async_trait]
pub trait Backend: Send + Sync {
    /// What is read and written for a target, for messages: `item "public" of DynamoDB table extdns`.
    fn place(&self, target: &str) -> String;

    /// The text of a target; `None` where there is none.
    ///
    /// # Errors
    /// When that is not known.
    async fn read(&self, target: &str) -> Result<Option<Stored>, BackendError>;

    /// Writes the document of a target if it is still as it was read: `None`, that there is none.
    ///
    /// # Errors
    /// When it is not, or it is not known whether it was written.
    async fn write(
        &self,
        permit: &Permit,
        target: &str,
        document: &Document,
        read: Option<&Revision>,
    ) -> Result<Revision, WriteError>;
}

/// A text, and the state in which it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The text.
    pub text: String,
    /// Its state.
    pub revision: Revision,
}

/// What a backend tells states of a text apart by: an ETag, a resource version, the text itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(pub EcoString);

/// Why a call failed, and what helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BackendError(pub String);

/// Why a text was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// It is not as it was read.
    #[error("it has changed since it was read")]
    Conflict,
    /// The call failed; it may have been carried out all the same.
    #[error(transparent)]
    Failed(#[from] BackendError),
}
