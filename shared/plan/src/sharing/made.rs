//! The endpoints that sharing makes.

use std::fmt;

use elsa::sync::FrozenVec;
use extdns_model::Endpoint;

/// Endpoints that no cluster wants as they are: what several clusters want together, and what each
/// wants of a name that they share by weight. A plan borrows them like all others.
#[derive(Default)]
pub struct Made(FrozenVec<Box<Endpoint>>);

impl Made {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn keep(&self, endpoint: Endpoint) -> &Endpoint {
        self.0.push_get(Box::new(endpoint))
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Made").field("endpoints", &self.0.len()).finish()
    }
}
