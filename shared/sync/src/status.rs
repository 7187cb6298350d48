//! The status that an applying run writes to the objects that it read.

use extdns_clusters::{ClusterView, StatusUpdate};
use extdns_model::Permit;
use extdns_providers::Deadline;
use extdns_sources::References;

/// Objects of one cluster that were read.
pub(crate) struct Seen {
    pub(crate) view: ClusterView,
    /// Those whose status does not say so yet.
    pub(crate) updates: Vec<StatusUpdate>,
    /// Whom Events can tell something; only where the run makes Events.
    pub(crate) references: Option<References>,
}

/// Writes the statuses, as many as there is time for. They inform people and are part of no plan,
/// so a status that cannot be written does not fail the run.
pub(crate) async fn write(permit: &Permit, seen: &[Seen], until: &Deadline) {
    tokio::select! {
        biased;
        () = until.over() => {
            tracing::warn!("the time was over before all statuses were written; the next run goes on");
        }
        () = write_all(permit, seen) => {}
    }
}

async fn write_all(permit: &Permit, seen: &[Seen]) {
    for Seen { view, updates, .. } in seen {
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
