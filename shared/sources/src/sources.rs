//! The sources of a run, over one cluster after the other.

use std::pin::pin;
use std::sync::Arc;

use ecow::eco_format;
use extdns_clusters::ClusterView;
use futures::FutureExt as _;
use futures::future::{Either, FusedFuture as _, select};

use crate::annotations::{ALPHA_PREFIX, GA_PREFIX};
use crate::error::SourceError;
use crate::options::GatherOptions;
use crate::resolver::Resolver;
use crate::selection::{NothingSelected, Tally};
use crate::source::{Context, Sink, Source};
use crate::table::Entry;

/// The sources of a run, in the order of `--source`.
pub struct Sources {
    pub(crate) list: Vec<Box<dyn Source>>,
    context: Arc<Context>,
}

/// What the sources found in one cluster.
#[derive(Debug, Default)]
pub struct Found {
    /// What they found, in their order.
    pub sink: Sink,
    /// How many endpoints each source made, in their order.
    pub counts: Vec<(&'static str, usize)>,
    /// The sources that do not know everything: what the cluster owns must not be deleted.
    pub failures: Vec<SourceFailure>,
    /// The sources whose filters select none of the objects that there are.
    pub nothing_selected: Vec<NothingSelected>,
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
        Self { list: entries.map(|entry| entry.make(&context)).collect(), context }
    }

    /// The names of the sources, in their order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.list.iter().map(|source| source.name())
    }

    /// Runs every source over a cluster. One that fails does not keep the others from their work.
    pub async fn gather(&self, view: &ClusterView) -> Found {
        self.gather_until(view, std::future::pending()).await
    }

    /// The same, but no longer than until the time is over: a source that has not ended by then does not know
    /// everything.
    pub async fn gather_until(&self, view: &ClusterView, over: impl Future<Output = ()>) -> Found {
        let mut over = pin!(over.fuse());
        let mut found = Found::default();
        for source in &self.list {
            let before = found.sink.endpoints.len();
            let earlier = std::mem::take(&mut found.sink.tally);
            let outcome = if over.is_terminated() {
                Err(SourceError::TimeOver)
            } else {
                match select(source.gather(view, &mut found.sink), &mut over).await {
                    Either::Left((outcome, _)) => outcome,
                    Either::Right(_) => Err(SourceError::TimeOver),
                }
            };
            let is_complete = outcome.is_ok();
            if let Err(error) = outcome {
                found.failures.push(SourceFailure { source_name: source.name(), error });
            }
            found.counts.push((source.name(), found.sink.endpoints.len() - before));
            if is_complete {
                let nothing = self.nothing_selected(view, source.name(), found.sink.tally).await;
                found.nothing_selected.extend(nothing);
            }
            found.sink.tally.add(earlier);
        }
        found.sink.sort_reports();
        warn_of_outdated(view, found.sink.outdated_annotations);
        found
    }

    /// Whether the filters select nothing of what a source read. Only where a namespace holds no object at all, the
    /// cluster is asked for the namespace; where it does not tell (the right to `get` it may be missing), the namespace
    /// counts as one that exists.
    async fn nothing_selected(
        &self,
        view: &ClusterView,
        source: &'static str,
        tally: Tally,
    ) -> Option<NothingSelected> {
        let options = &self.context.options;
        if let Some(filter) = tally.selecting_nothing(&options.written) {
            return Some(NothingSelected { source, filter });
        }
        let namespace = self.context.namespace().filter(|_| tally.is_empty())?;
        if Entry::find(source)?.needs.is_empty()
            || view.has_namespace(namespace).await != Some(false)
        {
            return None;
        }
        Some(NothingSelected { source, filter: eco_format!("--namespace={namespace}") })
    }
}

fn warn_of_outdated(view: &ClusterView, count: usize) {
    if count > 0 {
        tracing::warn!(
            cluster = %view.name(),
            count,
            "annotations with the old prefix {ALPHA_PREFIX} are in use; rename them to {GA_PREFIX}"
        );
    }
}
