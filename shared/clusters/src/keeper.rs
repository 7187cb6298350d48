//! A cluster that keeps objects of ours, apart from what a run reads.

use crate::{Access, Cluster, ClusterError, ClusterView, Environment};

/// A cluster that keeps objects of ours: the ownership records, say, or what one run leaves for the next.
#[derive(Clone)]
pub struct Keeper {
    /// How it is reached.
    pub cluster: Cluster,
    /// What connecting needs of the process's environment.
    pub environment: Environment,
}

impl Keeper {
    /// Whether there is an API to write to: manifests have none.
    #[must_use]
    pub fn can_write(&self) -> bool {
        !matches!(self.cluster.access, Access::Manifests(_))
    }

    /// Connects to it.
    ///
    /// # Errors
    /// When the cluster cannot be reached.
    pub async fn connect(&self) -> Result<ClusterView, ClusterError> {
        self.cluster.connect(&self.environment, std::io::empty()).await
    }
}
