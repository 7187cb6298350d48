//! The sources of a run, over one cluster after the other.

use std::sync::Arc;

use ecow::{EcoString, eco_format};
use extdns_clusters::ClusterView;
use extdns_model::Name;
use futures::FutureExt as _;
use futures::future::{Either, Shared, select};
use futures::stream::{self, StreamExt as _};
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use crate::annotations::{ALPHA_PREFIX, GA_PREFIX};
use crate::context::{Context, Run};
use crate::error::{Interruption, SourceError};
use crate::events::References;
use crate::needs::{Need, WatchedKind};
use crate::options::GatherOptions;
use crate::resolver::Resolver;
use crate::selection::{FilterCounts, NothingSelected};
use crate::sink::Sink;
use crate::source::Source;
use crate::table::Entry;
use crate::templates::Views;
use crate::trace::{Sighting, Trace};

/// Sources that read a cluster at a time.
const AT_ONCE: usize = 4;

/// The sources of a run, in the order of `--source`.
pub struct Sources {
    list: Vec<(&'static Entry, Box<dyn Source>)>,
    context: Context,
    options: GatherOptions,
    /// What templates read of the objects.
    views: Views,
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
    /// The sources whose objects the cluster does not serve, where that is no failure (`--ignore-missing-crds`): what
    /// they have made must not be deleted.
    pub not_served: Vec<SourceFailure>,
}

/// What one source found.
struct Gathered {
    source_name: &'static str,
    sink: Sink,
    outcome: Result<(), SourceError>,
    nothing_selected: Option<NothingSelected>,
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

/// What a second look found.
#[derive(Debug, Default)]
pub struct Sightings {
    /// The objects that have the name, in order, each once.
    pub found: Vec<Sighting>,
    /// The sources that could not look at everything.
    pub failures: Vec<SourceFailure>,
}

impl Sources {
    /// The sources that the options name. The resolver looks up load balancers, if they ask for it.
    #[must_use]
    pub fn new(options: GatherOptions, resolver: Arc<dyn Resolver>) -> Self {
        let context = Context::new(options.common.clone(), resolver, options.shared_kinds());
        let make = |entry: &'static Entry| (entry, (entry.make)(&options.own));
        let list = options.entries().map(make).collect();
        let views = options
            .entries()
            .fold(Views::default(), |views, entry| (entry.views)(views, &options.common.templates));
        Self { list, context, options, views }
    }

    /// The names of the sources, in their order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.list.iter().map(|(entry, _)| entry.name)
    }

    /// What the sources do to a cluster. An applying run also writes the status of objects, and Events.
    #[must_use]
    pub fn needs(&self, applies: bool) -> Vec<Need> {
        self.options.needs(applies)
    }

    /// The kinds of objects of which a change may change what the sources want.
    #[must_use]
    pub fn watched(&self) -> Vec<WatchedKind> {
        self.options.watched()
    }

    /// Runs every source over a cluster, several at a time. One that fails does not keep the others from their work.
    pub async fn gather(&self, view: &ClusterView) -> Found {
        self.gather_until(view, std::future::pending()).await
    }

    /// The same, but no longer than until the run has to end: a source that has not ended by then does not know
    /// everything.
    pub async fn gather_until(
        &self,
        view: &ClusterView,
        over: impl Future<Output = Interruption>,
    ) -> Found {
        let over = over.shared();
        let sources = self.list.iter();
        let each: Vec<_> = sources
            .map(|(entry, source)| self.gather_from(view, entry, &**source, over.clone()))
            .collect();
        // They come in the order of the sources, whichever is done first.
        let mut each = stream::iter(each).buffered(AT_ONCE);
        let mut found = Found::default();
        while let Some(gathered) = self.views.keep(each.next()).await {
            let Gathered { source_name, sink, outcome, nothing_selected } = gathered;
            if let Err(error) = outcome {
                let is_ignored = matches!(error, SourceError::NotServed { is_ignored: true, .. });
                let failures = if is_ignored { &mut found.not_served } else { &mut found.failures };
                failures.push(SourceFailure { source_name, error });
            }
            found.counts.push((source_name, sink.endpoints.len()));
            found.nothing_selected.extend(nothing_selected);
            found.sink.absorb(sink);
        }
        view.forget_shared();
        found.sink.sort_reports();
        warn_of_outdated(view, found.sink.outdated_annotations);
        found
    }

    /// What one source finds until the run has to end; nothing is begun behind that.
    async fn gather_from(
        &self,
        view: &ClusterView,
        entry: &'static Entry,
        source: &dyn Source,
        over: Shared<impl Future<Output = Interruption>>,
    ) -> Gathered {
        let common = &self.options.common;
        let (assumed_target, events) = (common.assumed_target.clone(), common.events);
        let references = events.any().then(|| References::of(entry.name, events));
        let mut sink = Sink { assumed_target, references, ..Sink::default() };
        let run = Run { context: &self.context, view };
        let outcome = match select(over, source.gather(run, &mut sink)).await {
            Either::Left((why, _)) => Err(why.into()),
            Either::Right((outcome, _)) => {
                outcome.map_err(|error| error.of(entry.name, common.ignores_missing_crds))
            }
        };
        let mut nothing_selected = None;
        if outcome.is_ok() {
            let (own_filter, counts) = (source.own_filter(), sink.filter_counts);
            nothing_selected = self.nothing_selected(view, entry, own_filter, counts).await;
        }
        Gathered { source_name: entry.name, sink, outcome, nothing_selected }
    }

    /// Every object of a cluster that has a name, whether or not a run asks it. Reads the cluster
    /// again: an ordinary run keeps nothing of the objects that it does not ask. What there is to warn of was
    /// said then.
    pub async fn trace(&self, view: &ClusterView, name: &Name) -> Sightings {
        let mut sink = Sink { trace: Some(Box::new(Trace::of(name))), ..Sink::default() };
        let mut failures = Vec::new();
        let run = Run { context: &self.context, view };
        for (entry, source) in &self.list {
            let again = source.gather(run, &mut sink).with_subscriber(NoSubscriber::new());
            if let Err(error) = self.views.keep(again).await {
                failures.push(SourceFailure { source_name: entry.name, error });
            }
        }
        view.forget_shared();
        let found = sink.trace.map(|trace| trace.finish()).unwrap_or_default();
        Sightings { found, failures }
    }

    /// Whether the filters select nothing of what a source read. Only where a namespace holds no object at all, the
    /// cluster is asked for the namespace; where it does not tell (the right to `get` it may be missing), the namespace
    /// counts as one that exists.
    async fn nothing_selected(
        &self,
        view: &ClusterView,
        entry: &'static Entry,
        own_filter: Option<EcoString>,
        filter_counts: FilterCounts,
    ) -> Option<NothingSelected> {
        let (source, common) = (entry.name, &self.options.common);
        if let Some(filter) = filter_counts.selecting_nothing(&common.written, own_filter) {
            return Some(NothingSelected { source, filter, is_absent_namespace: false });
        }
        let namespace = common.namespace.as_deref().filter(|_| filter_counts.is_empty())?;
        if !self.options.reads_cluster(entry) || view.has_namespace(namespace).await != Some(false)
        {
            return None;
        }
        let filter = eco_format!("--namespace={namespace}");
        Some(NothingSelected { source, filter, is_absent_namespace: true })
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

#[cfg(test)]
mod tests;
