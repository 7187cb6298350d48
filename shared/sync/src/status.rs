//! What an applying run tells the objects that it read.

use extdns_clusters::{ClusterView, StatusUpdate};
use extdns_model::Permit;

/// Objects of one cluster that were read, and do not know it yet.
pub(crate) struct Seen {
    pub(crate) view: ClusterView,
    pub(crate) updates: Vec<StatusUpdate>,
}

/// Writes the statuses. They are news for people and no part of any plan, so none that fails makes
/// a run fail.
pub(crate) async fn write(permit: &Permit, seen: &[Seen]) {
    for Seen { view, updates } in seen {
        let cluster = view.name();
        let writer = view.writer(permit);
        let written = writer.put_statuses(updates, |update, error| {
            tracing::warn!(%cluster, "failed to write the status of {update}: {error}");
        });
        if let Err(error) = written.await {
            let objects = updates.len();
            tracing::warn!(%cluster, objects, "failed to write status: {error}");
        }
    }
}
