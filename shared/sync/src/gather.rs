//! What the clusters want. A cluster or a source that does not answer is a value that travels with
//! the rest, never an empty list.

use std::io::Read;

use extdns_clusters::ClusterView;
use extdns_model::{ClusterId, Endpoint, Unready};
use extdns_plan::{Cluster, Clusters, Reading};
use extdns_sources::{Desired, Dropped, retain_properties};

use crate::error::RunError;
use crate::report::{self, ClusterReport, ClusterState, Notice};
use crate::status::Seen;
use crate::wiring::Wiring;

/// What all clusters want, what should be looked at, and who has to be told.
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
}

/// Reads every cluster.
///
/// # Errors
/// When no source of any cluster could be read in full: there is nothing to go by.
pub(crate) async fn gather(
    wiring: &Wiring,
    mut stdin: impl Read + Send,
) -> Result<Gathered, (RunError, Vec<ClusterReport>)> {
    let mut gathered = Gathered::default();
    let mut dropped: Vec<Dropped> = Vec::new();
    for cluster in &wiring.clusters {
        let view = match cluster.connect(&wiring.environment, &mut stdin).await {
            Ok(view) => view,
            Err(error) => {
                let why = format!("failed to {error}");
                gathered.clusters.push(ClusterReport::failed(cluster.name.to_string(), why));
                continue;
            }
        };
        let found = wiring.sources.gather(&view).await;
        gathered.clusters.push(ClusterReport::read(&view, &found));
        gathered.endpoints.extend(found.sink.endpoints);
        gathered.unready.extend(found.sink.unready);
        dropped.extend(found.sink.dropped);
        gathered.seen.push(Seen { view: view.clone(), updates: found.sink.seen });
        gathered.views.push(view);
    }
    if !gathered.clusters.iter().any(has_something_in_full) {
        return Err((RunError::Clusters(failures(&gathered.clusters)), gathered.clusters));
    }
    let Desired { mut endpoints, dropped: invalid } = wiring.pipeline.run(gathered.endpoints);
    dropped.extend(invalid);
    retain_properties(&mut endpoints, &wiring.provider_name);
    gathered.endpoints = endpoints;
    gathered.notices = dropped.iter().map(report::dropped).collect();
    gathered.dropped = dropped;
    Ok(gathered)
}

impl Gathered {
    /// The clusters as the plan needs to know them. What was not read is not known to be unwanted;
    /// how much a cluster wants is counted behind all filters.
    pub(crate) fn for_plan(&self, wiring: &Wiring) -> Clusters {
        let wanted = |id: ClusterId| match self.clusters.len() {
            1 => self.endpoints.len(),
            _ => self.endpoints.iter().filter(|endpoint| is_of(endpoint, id)).count(),
        };
        let clusters = wiring.clusters.iter().zip(&self.clusters).map(|(cluster, report)| {
            let reading = match report.state {
                ClusterState::Failed => Reading::Failed,
                _ => Reading::Complete { endpoints: wanted(cluster.id) },
            };
            Cluster::new(cluster.id, cluster.name.to_string(), reading)
        });
        Clusters::new(clusters.collect()).with_unready(self.unready.clone(), wiring.keep_unready)
    }
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
