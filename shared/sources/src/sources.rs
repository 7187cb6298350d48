//! The sources of a run, over one cluster after the other.

use std::sync::Arc;

use extdns_clusters::ClusterView;

use crate::annotations::{ALPHA_PREFIX, GA_PREFIX};
use crate::error::SourceError;
use crate::options::GatherOptions;
use crate::resolver::Resolver;
use crate::source::{Context, Sink, Source};
use crate::table::Entry;

/// The sources of a run, in the order of `--source`.
pub struct Sources(pub(crate) Vec<Box<dyn Source>>);

/// What the sources found in one cluster.
#[derive(Debug, Default)]
pub struct Found {
    /// What they found, in their order.
    pub sink: Sink,
    /// How many endpoints each source made, in their order.
    pub counts: Vec<(&'static str, usize)>,
    /// The sources that do not know everything: what the cluster owns must not be deleted.
    pub failures: Vec<SourceFailure>,
}

/// A source that does not know everything.
#[derive(Debug, thiserror::Error)]
#[error("gather source {source_name:?}: {error}")]
pub struct SourceFailure {
    /// The name of the source.
    pub source_name: &'static str,
    /// What went wrong.
    #[source]
    pub error: SourceError,
}

impl Sources {
    /// The sources that the options name. The resolver looks up load balancers, if they ask for it.
    #[must_use]
    pub fn new(options: GatherOptions, resolver: Arc<dyn Resolver>) -> Self {
        let names = options.sources.clone();
        let context = Arc::new(Context::new(options, resolver));
        let entries = names.into_iter().filter_map(Entry::find);
        Self(entries.map(|entry| entry.make(&context)).collect())
    }

    /// Runs every source over a cluster. One that fails does not keep the others from their work.
    pub async fn gather(&self, view: &ClusterView) -> Found {
        let mut found = Found::default();
        for source in &self.0 {
            let before = found.sink.endpoints.len();
            if let Err(error) = source.gather(view, &mut found.sink).await {
                found.failures.push(SourceFailure { source_name: source.name(), error });
            }
            found.counts.push((source.name(), found.sink.endpoints.len() - before));
        }
        found.sink.sort_reports();
        let count = found.sink.outdated_annotations;
        if count > 0 {
            tracing::warn!(
                cluster = %view.name(),
                count,
                "annotations with the old prefix {ALPHA_PREFIX} are in use; rename them to {GA_PREFIX}"
            );
        }
        found
    }
}
