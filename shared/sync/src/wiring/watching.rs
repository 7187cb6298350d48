//! The connections to clusters that outlive a run, with the lists that are kept current.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use extdns_clusters::{Changes, ClusterView, ResourceType};
use extdns_model::ClusterId;
use extdns_sources::WatchedKind;

use super::WiredCluster;

/// Sources whose endpoints come from elsewhere.
const OUTSIDE: [&str; 2] = ["connector", "fake"];

/// A view of each cluster that was reached, by its number.
#[derive(Default)]
pub(crate) struct Watching {
    changes: Changes,
    views: Mutex<BTreeMap<ClusterId, ClusterView>>,
}

impl Watching {
    /// What tells of changes.
    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// A view of a cluster for another run, if the connection can be used again.
    pub(crate) fn again(&self, cluster: &WiredCluster) -> Option<ClusterView> {
        let mut views = self.views();
        let before = views.remove(&cluster.cluster.id)?;
        let view = before.again()?;
        views.insert(cluster.cluster.id, view.clone());
        Some(view)
    }

    /// Keeps the connection of a new view for the next runs. Manifests are read again in each run.
    pub(crate) fn keep(&self, cluster: &WiredCluster, view: ClusterView) -> ClusterView {
        let kinds = cluster.sources.watched();
        let Some(view) = view.watched(&self.changes, move |own| starts(&kinds, own)) else {
            return view;
        };
        self.views().insert(cluster.cluster.id, view.clone());
        view
    }

    /// Whether the lists of all clusters are kept current, and nothing else was read of them.
    pub(crate) fn is_current(&self, clusters: &[WiredCluster]) -> bool {
        let views = self.views();
        clusters.iter().all(|own| {
            let reads_cluster_alone = !own.sources.names().any(|name| OUTSIDE.contains(&name));
            let view = views.get(&own.cluster.id);
            reads_cluster_alone && view.is_some_and(ClusterView::is_current)
        })
    }

    fn views(&self) -> MutexGuard<'_, BTreeMap<ClusterId, ClusterView>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a change of such an object starts a run: those that only complete others wait for the next one, as upstream
/// has it.
fn starts(kinds: &[WatchedKind], resource: &ResourceType) -> bool {
    let is_of = |own: &&WatchedKind| {
        let is_named = match (own.plural.is_empty(), own.kind.is_empty()) {
            (false, _) => own.plural == resource.plural,
            (true, false) => own.kind == resource.kind,
            (true, true) => false,
        };
        own.group == resource.group && is_named
    };
    kinds.iter().filter(is_of).any(|own| !own.is_joined)
}
