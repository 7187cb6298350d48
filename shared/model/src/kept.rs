//! Names of which it is not known what a provider makes of them.

use crate::Name;

/// A name that stays as it is, because the provider's answer about it was incomplete: what is
/// missing from an answer is not known to be unwanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The name.
    pub name: Name,
    /// What was incomplete, a fragment that reads after "it stays as it is:".
    pub reason: String,
}
