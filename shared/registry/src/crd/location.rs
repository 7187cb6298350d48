//! Where the objects are.

use ecow::EcoString;
use extdns_clusters::ClusterView;

/// A namespace of a cluster.
pub(super) struct Location {
    pub(super) view: ClusterView,
    pub(super) namespace: EcoString,
}
