//! What is wanted of all clusters, while it goes through the steps.

use std::collections::BTreeMap;

use extdns_model::{Endpoint, RecordType, ResourceKind};

use crate::sink::{DropReason, Dropped};
use crate::table::source_of_kind;

/// What is wanted of all clusters together.
#[derive(Debug, Default)]
pub struct Desired {
    /// The endpoints, sorted by name, type, set identifier and targets, each once.
    pub endpoints: Vec<Endpoint>,
    /// What is wanted but becomes no record.
    pub dropped: Vec<Dropped>,
    /// How many endpoints the steps removed, for metrics.
    pub removed: Removed,
}

/// Numbers of endpoints by record type and source.
pub type SourceCounts = BTreeMap<(RecordType, &'static str), usize>;

/// How many endpoints the steps before the plan removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Those that do not fit their record type.
    pub invalid: SourceCounts,
    /// Those that another one already asks for.
    pub twins: SourceCounts,
}

/// Counts an endpoint under its type and the source of the first object that wants it.
pub(super) fn count(counts: &mut SourceCounts, endpoint: &Endpoint) {
    let source = match endpoint.attribution.first() {
        Some(object) if object.kind != ResourceKind::RECORD => {
            // Kinds that are in no table are those that the user names.
            source_of_kind(object.kind.as_str()).unwrap_or("unstructured")
        }
        _ => "unknown",
    };
    *counts.entry((endpoint.set.rtype, source)).or_default() += 1;
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
