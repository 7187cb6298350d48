//! What the clusters want. A cluster or a source that does not answer is kept as a failure beside the others, never as
//! an empty list.

mod gathered;
mod not_served;
mod nothing_selected;

use std::collections::BTreeSet;
use std::sync::Mutex;

use extdns_clusters::{Cluster, ClusterView};
use extdns_model::{ClusterId, Endpoint};
use extdns_providers::Deadline;
use extdns_sources::{Found, Interruption};
use futures::stream::{self, StreamExt as _};

use crate::error::RunError;
use crate::report::{ClusterReport, ClusterState};
use crate::wiring::{WiredCluster, Wiring};

use gathered::Pot;
pub(crate) use gathered::{Gathered, Wanted};

/// Clusters that are read at a time.
const AT_ONCE: usize = 8;

/// No source of any cluster could be read in full.
#[derive(Debug, Clone)]
pub(crate) struct Unread {
    failures: Vec<String>,
    pub(crate) clusters: Vec<ClusterReport>,
    /// Whether the time for the clusters was over by then.
    pub(crate) is_late: bool,
}

/// What became of one cluster.
struct Reached {
    position: usize,
    found: Result<(ClusterView, Found), String>,
}

/// Reads every cluster, several at a time, each in the time that it has: one that hangs fails, and the run goes on.
///
/// # Errors
/// When no source of any cluster could be read in full: nothing is known of what is desired.
pub(crate) async fn gather(wiring: &Wiring, until: &Deadline) -> Result<Gathered, Unread> {
    let count = wiring.clusters.len();
    let reads = (0..count).map(|position| begin(wiring, position, until));
    // As they come: one that hangs does not keep others from being begun.
    let mut reached: Vec<Reached> = stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
    reached.sort_unstable_by_key(|reached| reached.position);
    let mut gathered = Gathered::default();
    let mut by_cluster = Vec::with_capacity(count);
    for (own, Reached { found, .. }) in wiring.clusters.iter().zip(reached) {
        by_cluster.push((own.cluster.id, gathered.add(own, found)));
    }
    if !gathered.clusters.iter().any(has_something_in_full) {
        let failures = failures(&gathered.clusters);
        let (clusters, is_late) = (gathered.clusters, until.is_over());
        return Err(Unread { failures, clusters, is_late });
    }
    if wiring.has_several_targets() {
        gathered.unmatched = unmatched(wiring, &by_cluster);
    }
    gathered.endpoints = Mutex::new(Pot { by_cluster, hungry: wiring.targets.len() });
    Ok(gathered)
}

/// The names that the filters of no target match which lists their cluster.
fn unmatched(wiring: &Wiring, by_cluster: &[(ClusterId, Vec<Endpoint>)]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (cluster, endpoints) in by_cluster {
        let targets = wiring.targets.iter().filter(|target| target.clusters.contains(cluster));
        let filters: Vec<_> = targets.map(|target| &target.plan.filter).collect();
        let is_unmatched =
            |endpoint: &&Endpoint| !filters.iter().any(|own| own.matches(&endpoint.set.name));
        let left = endpoints.iter().filter(is_unmatched);
        names.extend(left.map(|endpoint| endpoint.set.name.to_string()));
    }
    names
}

/// Begins to read the cluster at a position. Those behind it get their turn even if all that are read hang.
fn begin<'a>(
    wiring: &'a Wiring,
    position: usize,
    until: &Deadline,
) -> impl Future<Output = Reached> + Send + use<'a> {
    let own = &wiring.clusters[position];
    let rounds = (wiring.clusters.len() - position).div_ceil(AT_ONCE);
    let until = match own.timeout {
        Some(time) => until.at_most(time),
        None => until.share(1.0 / rounds as f64),
    };
    async move {
        let found = read(wiring, own, &until).await;
        wiring.phase.cluster_read();
        Reached { position, found }
    }
}

/// Everything that a cluster wants, or why it could not be reached.
async fn read(
    wiring: &Wiring,
    own: &WiredCluster,
    until: &Deadline,
) -> Result<(ClusterView, Found), String> {
    let kept = wiring.watching.as_ref();
    let view = match kept.and_then(|kept| kept.again(own)) {
        Some(view) => view,
        None => {
            let view = connect(wiring, &own.cluster, until).await?;
            kept.map_or(view.clone(), |kept| kept.keep(own, view))
        }
    };
    let found = own.sources.gather_until(&view, interruption(until)).await;
    Ok((view, found))
}

/// A view of a cluster, or why there is none.
async fn connect(
    wiring: &Wiring,
    cluster: &Cluster,
    until: &Deadline,
) -> Result<ClusterView, String> {
    tokio::select! {
        biased;
        view = cluster.connect(&wiring.environment, wiring.input.reader()) => {
            view.map_err(|error| format!("failed to {error}"))
        }
        why = interruption(until) => {
            Err(format!("failed to connect to cluster {:?}: {why}", cluster.name))
        }
    }
}

/// Waits until the run has to end.
async fn interruption(until: &Deadline) -> Interruption {
    until.over().await;
    if until.is_stopped() { Interruption::Stopped } else { Interruption::TimeOver }
}

impl Unread {
    /// Why nothing can be planned.
    pub(crate) fn error(&self) -> RunError {
        RunError::Clusters(self.failures.clone())
    }
}

/// Whether at least one source of a cluster knows everything.
fn has_something_in_full(cluster: &ClusterReport) -> bool {
    cluster.state != ClusterState::Failed
        || cluster.sources.iter().any(|source| source.failure.is_none())
}

/// What failed, in the order of clusters and sources: where, and why.
fn failures(clusters: &[ClusterReport]) -> Vec<String> {
    let mut failures = Vec::new();
    for cluster in clusters {
        failures.extend(cluster.failure.clone());
        failures.extend(cluster.sources.iter().filter_map(|source| {
            let (cluster, source_name) = (&cluster.name, &source.name);
            let why = source.failure.as_ref()?;
            Some(format!(
                "failed to read cluster {cluster:?}: gather source {source_name:?}: {why}"
            ))
        }));
    }
    failures
}
