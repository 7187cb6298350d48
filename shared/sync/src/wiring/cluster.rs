//! A cluster of a run.

use std::sync::Arc;
use std::time::Duration;

use extdns_clusters::{Access, Cluster};
use extdns_model::{ClusterId, DomainFilter};
use extdns_plan::DEFAULT_WEIGHT;
use extdns_sources::{Options, Sources, SystemResolver};

use crate::settings::{ClusterEntry, SettingsError};

/// A cluster, and what is read of it.
pub struct WiredCluster {
    /// Where its objects are.
    pub cluster: Cluster,
    /// What is read of it.
    pub sources: Sources,
    /// How long reading it may take; `None` for its part of the run's time.
    pub timeout: Option<Duration>,
    /// The names that it may publish.
    pub domains: DomainFilter,
    /// The weight of its records where clusters share a name by weight.
    pub weight: u8,
}

impl WiredCluster {
    pub(super) fn of(
        id: ClusterId,
        entry: &ClusterEntry,
        resolver: &Arc<SystemResolver>,
    ) -> Result<Self, SettingsError> {
        let flags = &entry.arguments;
        if let Some(problem) = flags.clusters.validate().into_iter().next() {
            return Err(SettingsError::Invalid(problem));
        }
        let options = Options::try_from(&flags.sources).map_err(SettingsError::invalid)?;
        let mut cluster = entry.cluster(id);
        if !options.gather.needs_cluster() {
            cluster.access = Access::Manifests(Vec::new());
        }
        if flags.sources.assumes_target() && !matches!(cluster.access, Access::Manifests(_)) {
            let problem = "--assume-target is for manifests, which have no addresses; a cluster knows its own (use it with \
                           plan and --manifests)";
            return Err(SettingsError::Invalid(problem.to_owned()));
        }
        let resolver = Arc::clone(resolver);
        let sources = Sources::new(options.gather, resolver);
        let domains: Vec<&str> = entry.domains.iter().map(String::as_str).collect();
        Ok(Self {
            cluster,
            sources,
            timeout: entry.timeout,
            domains: DomainFilter::lists(domains, Vec::<&str>::new()),
            weight: entry.weight.unwrap_or(DEFAULT_WEIGHT),
        })
    }
}
