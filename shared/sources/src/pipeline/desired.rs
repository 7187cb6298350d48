//! What is wanted of all clusters, while it goes through the steps.

use extdns_model::Endpoint;

use crate::sink::{DropReason, Dropped};

/// What is wanted of all clusters together.
#[derive(Debug, Default)]
pub struct Desired {
    /// The endpoints, sorted by name, type, set identifier and targets, each once.
    pub endpoints: Vec<Endpoint>,
    /// What is wanted but becomes no record.
    pub dropped: Vec<Dropped>,
}

impl Desired {
    /// Keeps the endpoints that nothing speaks against.
    pub(super) fn retain(&mut self, mut objection: impl FnMut(&Endpoint) -> Option<DropReason>) {
        let dropped = &mut self.dropped;
        self.endpoints.retain(|endpoint| match objection(endpoint) {
            None => true,
            Some(reason) => {
                dropped.push(note(endpoint, reason));
                false
            }
        });
    }
}

fn note(endpoint: &Endpoint, reason: DropReason) -> Dropped {
    let dropped = Dropped {
        resources: endpoint.attribution.resources().to_vec(),
        name: Some(endpoint.set.name.as_str().into()),
        rtype: Some(endpoint.set.rtype),
        reason,
    };
    // The report tells it, once, and louder.
    tracing::debug!("skipping an endpoint: {dropped}");
    dropped
}
