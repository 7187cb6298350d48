//! What the clusters want. A cluster or a source that does not answer is kept as a failure beside the others, never as
//! an empty list.

use std::io::Read;

use extdns_clusters::{Cluster, ClusterView};
use extdns_model::{ClusterId, Endpoint, Inventory, Record, Unready};
use extdns_plan::{Clusters, Reading, SUSPICIOUS};
use extdns_providers::{Deadline, ProviderEntry};
use extdns_sources::{
    Desired, Dropped, Interruption, NothingSelected, retain_properties, source_of,
};

use crate::error::RunError;
use crate::report::{self, ClusterReport, ClusterState, Notice};
use crate::status::Seen;
use crate::wiring::Wiring;

/// What all clusters want, what the user should look at, and whose status is to be written.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) views: Vec<ClusterView>,
    pub(crate) endpoints: Vec<Endpoint>,
    /// Names of objects that have no address yet.
    pub(crate) unready: Vec<Unready>,
    /// What they want but cannot have.
    pub(crate) dropped: Vec<Dropped>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) seen: Vec<Seen>,
    /// How each cluster ended, in the order of the settings.
    pub(crate) clusters: Vec<ClusterReport>,
    /// The sources of clusters whose filters select nothing.
    pub(crate) nothing_selected: Vec<(ClusterId, NothingSelected)>,
    /// Whether there is a warning of a filter that selects nothing.
    pub(crate) has_idle_filter: bool,
}

/// Reads every cluster, each for an equal part of the time that is left: one that hangs fails, and the run goes on.
///
/// # Errors
/// When no source of any cluster could be read in full: nothing is known of what is desired.
pub(crate) async fn gather(
    wiring: &Wiring,
    mut stdin: impl Read + Send,
    until: &Deadline,
) -> Result<Gathered, (RunError, Vec<ClusterReport>)> {
    let mut gathered = Gathered::default();
    let mut dropped: Vec<Dropped> = Vec::new();
    for (cluster, left) in wiring.clusters.iter().zip((1..=wiring.clusters.len()).rev()) {
        let until = until.share(1.0 / left as f64);
        let view = match connect(wiring, cluster, &mut stdin, &until).await {
            Ok(view) => view,
            Err(why) => {
                gathered.clusters.push(ClusterReport::failed(cluster.name.to_string(), why));
                continue;
            }
        };
        let found = wiring.sources.gather_until(&view, interruption(&until)).await;
        gathered.clusters.push(ClusterReport::read(&view, &found));
        gathered.endpoints.extend(found.sink.endpoints);
        gathered.unready.extend(found.sink.unready);
        dropped.extend(found.sink.dropped);
        gathered.seen.push(Seen { view: view.clone(), updates: found.sink.seen });
        let of_cluster = found.nothing_selected.into_iter().map(|nothing| (cluster.id, nothing));
        gathered.nothing_selected.extend(of_cluster);
        gathered.views.push(view);
    }
    if !gathered.clusters.iter().any(has_something_in_full) {
        return Err((RunError::Clusters(failures(&gathered.clusters)), gathered.clusters));
    }
    let Desired { mut endpoints, dropped: invalid } = wiring.pipeline.run(gathered.endpoints);
    dropped.extend(invalid);
    let entry = ProviderEntry::find(&wiring.provider_name);
    retain_properties(&mut endpoints, entry.and_then(|entry| entry.properties));
    gathered.endpoints = endpoints;
    gathered.notices = dropped.iter().map(report::dropped).collect();
    gathered.dropped = dropped;
    Ok(gathered)
}

/// A view of a cluster, or why there is none.
async fn connect(
    wiring: &Wiring,
    cluster: &Cluster,
    stdin: impl Read + Send,
    until: &Deadline,
) -> Result<ClusterView, String> {
    tokio::select! {
        biased;
        view = cluster.connect(&wiring.environment, stdin) => {
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

impl Gathered {
    /// The clusters as the plan needs to know them. What was not read is not known to be unwanted;
    /// how much a cluster wants is counted behind all filters.
    pub(crate) fn for_plan(&self, wiring: &Wiring, inventory: Option<&Inventory>) -> Clusters {
        let wanted = |id: ClusterId| match self.clusters.len() {
            1 => self.endpoints.len(),
            _ => self.endpoints.iter().filter(|endpoint| is_of(endpoint, id)).count(),
        };
        let clusters = wiring.clusters.iter().zip(&self.clusters).map(|(cluster, report)| {
            let reading = match report.state {
                ClusterState::Failed => Reading::Failed,
                _ => Reading::Complete { endpoints: wanted(cluster.id) },
            };
            let known = extdns_plan::Cluster::new(cluster.id, cluster.name.to_string(), reading);
            match self.suddenly_selecting_nothing(cluster.id, wiring, inventory) {
                Some(filter) => known.selecting_nothing(filter),
                None => known,
            }
        });
        Clusters::new(clusters.collect()).with_unready(self.unready.clone(), wiring.keep_unready)
    }

    /// Warnings of filters that select nothing where no record makes that suspicious, as on a first run: a namespace that
    /// does not exist, and what leaves nothing at all. Beside other sources that want something, it is nothing to look at.
    pub(crate) fn idle_filters(&self, wiring: &Wiring, inventory: &Inventory) -> Vec<Notice> {
        let of_cluster = |cluster: &Cluster| {
            let of_it = self.nothing_selected.iter().filter(|(own, _)| *own == cluster.id);
            let nothing: Vec<&NothingSelected> = of_it.map(|(_, nothing)| nothing).collect();
            let absent = nothing.iter().find(|nothing| nothing.is_absent_namespace);
            let wants = self.endpoints.iter().any(|endpoint| is_of(endpoint, cluster.id));
            let is_told = self.suddenly_selecting_nothing(cluster.id, wiring, Some(inventory));
            let message = match (absent, is_told) {
                (_, Some(_)) => return None,
                (Some(NothingSelected { filter, .. }), None) => format!(
                    "{filter}: there is no such namespace, so nothing is read; correct the flag, or create the namespace"
                ),
                (None, None) if nothing.is_empty() || wants => return None,
                (None, None) => format!(
                    "{} selects none of the objects that there are, and nothing else is wanted; if this is not meant, \
                     correct the flag",
                    flags(&nothing)
                ),
            };
            Some(Notice { subject: format!("cluster {}", cluster.name), message })
        };
        wiring.clusters.iter().filter_map(of_cluster).collect()
    }

    /// The filters of a cluster that select nothing although there are records for objects of the same kind. A filter
    /// that never selected anything, beside other sources that do, is nothing new.
    fn suddenly_selecting_nothing(
        &self,
        cluster: ClusterId,
        wiring: &Wiring,
        inventory: Option<&Inventory>,
    ) -> Option<String> {
        let of_cluster = self.nothing_selected.iter().filter(|(own, _)| *own == cluster);
        let nothing: Vec<&NothingSelected> = of_cluster.map(|(_, nothing)| nothing).collect();
        if nothing.is_empty() {
            return None;
        }
        let owners = wiring.registry.owners();
        let is_made_for = |record: &Record| {
            // Without ownership records, a record may be of any source.
            let source = record.labels.resource().map(source_of);
            owners.own(&record.labels)
                && source.is_none_or(|own| nothing.iter().any(|it| own == Some(it.source)))
        };
        let records = inventory.into_iter().flat_map(Inventory::records);
        if records.filter(|(_, record)| is_made_for(record)).take(SUSPICIOUS).count() < SUSPICIOUS {
            return None;
        }
        Some(flags(&nothing))
    }
}

/// The filters as their flags were written, each once.
fn flags(nothing: &[&NothingSelected]) -> String {
    let mut filters: Vec<&str> = nothing.iter().map(|nothing| nothing.filter.as_str()).collect();
    filters.dedup();
    filters.join(", ")
}

fn is_of(endpoint: &Endpoint, cluster: ClusterId) -> bool {
    endpoint.attribution.resources().iter().any(|resource| resource.cluster == cluster)
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
