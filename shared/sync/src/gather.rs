//! What the clusters want. A cluster or a source that does not answer is kept as a failure beside the others, never as
//! an empty list.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use extdns_clusters::{Cluster, ClusterView};
use extdns_model::{ClusterId, Endpoint, Inventory, Kept, Name, Record, Unready};
use extdns_plan::{Clusters, Reading, SUSPICIOUS};
use extdns_providers::{Deadline, ProviderEntry};
use extdns_sources::{
    Desired, Dropped, Found, Frozen, Interruption, NothingSelected, retain_properties, source_of,
};
use extdns_state::Hash;
use futures::stream::{self, StreamExt as _};

use crate::domains::confine;
use crate::error::RunError;
use crate::report::{ClusterReport, ClusterState, Notice};
use crate::status::Seen;
use crate::turn;
use crate::wiring::{Target, WiredCluster, Wiring};

/// Clusters that are read at a time.
const AT_ONCE: usize = 8;

/// What was read of all clusters. The targets share it.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) views: Vec<ClusterView>,
    /// What each cluster wants, in the order of the settings.
    pub(crate) endpoints: Mutex<Pot>,
    /// Names of objects that have no address yet.
    pub(crate) unready: Vec<Unready>,
    /// Names of which a plan assumes the target.
    pub(crate) assumed: Vec<Unready>,
    /// Objects of which the input does not say enough to know what they want.
    pub(crate) frozen: Vec<Frozen>,
    /// What the sources found and left out.
    pub(crate) dropped: Vec<Dropped>,
    pub(crate) seen: Vec<Seen>,
    /// How each cluster ended, in the order of the settings.
    pub(crate) clusters: Vec<ClusterReport>,
    /// The sources of clusters whose filters select nothing.
    pub(crate) nothing_selected: Vec<(ClusterId, NothingSelected)>,
    /// The names that the filters of no target match, where there are several.
    pub(crate) unmatched: BTreeSet<String>,
}

/// The endpoints of each cluster. The last target takes them, so that a run with one target copies none.
#[derive(Default)]
pub(crate) struct Pot {
    by_cluster: Vec<(ClusterId, Vec<Endpoint>)>,
    /// Targets that have taken nothing yet.
    hungry: usize,
}

/// No source of any cluster could be read in full.
#[derive(Debug, Clone)]
pub(crate) struct Unread {
    failures: Vec<String>,
    pub(crate) clusters: Vec<ClusterReport>,
    /// Whether the time for the clusters was over by then.
    pub(crate) is_late: bool,
}

/// What is wanted of one target.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) endpoints: Vec<Endpoint>,
    /// How many endpoints each of its clusters has, whatever the target's filter.
    counts: Vec<(ClusterId, usize)>,
    /// What is wanted but cannot be.
    pub(crate) dropped: Vec<Dropped>,
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
    async move { Reached { position, found: read(wiring, own, &until).await } }
}

/// Everything that a cluster wants, or why it could not be reached.
async fn read(
    wiring: &Wiring,
    own: &WiredCluster,
    until: &Deadline,
) -> Result<(ClusterView, Found), String> {
    let view = connect(wiring, &own.cluster, until).await?;
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

impl Gathered {
    /// Adds what was read of a cluster; returns what it wants.
    fn add(
        &mut self,
        WiredCluster { cluster, domains, .. }: &WiredCluster,
        found: Result<(ClusterView, Found), String>,
    ) -> Vec<Endpoint> {
        let (view, mut found) = match found {
            Ok(found) => found,
            Err(why) => {
                self.clusters.push(ClusterReport::failed(cluster.name.to_string(), why));
                return Vec::new();
            }
        };
        self.clusters.push(ClusterReport::read(&view, &found));
        confine(domains, &mut found.sink);
        self.unready.extend(found.sink.unready);
        self.assumed.extend(found.sink.assumed);
        self.frozen.extend(found.sink.frozen);
        self.dropped.extend(found.sink.dropped);
        self.seen.push(Seen { view: view.clone(), updates: found.sink.seen });
        let of_cluster = found.nothing_selected.into_iter().map(|nothing| (cluster.id, nothing));
        self.nothing_selected.extend(of_cluster);
        self.views.push(view);
        found.sink.endpoints
    }

    /// What is wanted of a target; to be asked once for each.
    pub(crate) fn wanted(&self, wiring: &Wiring, target: &Target) -> Wanted {
        let endpoints = self.take(target);
        let Desired { mut endpoints, dropped } = target.pipeline.run(endpoints);
        let counts = match *target.clusters {
            [only] => vec![(only, endpoints.len())],
            _ => target.clusters.iter().map(|id| (*id, count_of(&endpoints, *id))).collect(),
        };
        // The plan of a single target tells what its filter leaves out.
        if wiring.has_several_targets() {
            endpoints.retain(|endpoint| target.plan.filter.matches(&endpoint.set.name));
        }
        let entry = ProviderEntry::find(&target.provider_name);
        retain_properties(&mut endpoints, entry.and_then(|entry| entry.properties));
        Wanted { endpoints, counts, dropped }
    }

    /// Takes names out of what is wanted that have records already, where their target is only assumed: whether these
    /// would change is not known.
    pub(crate) fn set_assumed_aside(&self, wanted: &mut Vec<Endpoint>, inventory: &Inventory) {
        if self.assumed.is_empty() {
            return;
        }
        let records = inventory.records();
        let existing: HashSet<_> = records.map(|(_, record)| record.set.name.key()).collect();
        let assumed: HashSet<_> = self.assumed.iter().map(|own| own.name.key()).collect();
        wanted.retain(|endpoint| {
            let key = endpoint.set.name.key();
            !assumed.contains(&key) || !existing.contains(&key)
        });
    }

    /// The names of which too little is known: those of objects whose target is assumed; of frozen objects those that they
    /// have in any case, and those of the records that were made for them.
    pub(crate) fn kept(&self, inventory: &Inventory) -> Vec<Kept> {
        let kept = |name: &Name, frozen: &Frozen| Kept {
            name: name.clone(),
            reason: frozen.reason.to_string(),
        };
        let own = self.frozen.iter().flat_map(|own| own.names.iter().map(move |name| (name, own)));
        let mut all: Vec<Kept> = own.map(|(name, frozen)| kept(name, frozen)).collect();
        all.extend(self.assumed.iter().map(|own| Kept {
            name: own.name.clone(),
            reason: format!("the address of {} is not known yet", own.resource),
        }));
        let labels: Vec<_> = self.frozen.iter().map(|own| (own.resource.label(), own)).collect();
        for (_, record) in inventory.records().filter(|_| !labels.is_empty()) {
            let label = record.labels.resource();
            let of_it = labels.iter().find(|(own, _)| label.is_some() && own.as_deref() == label);
            all.extend(of_it.map(|(_, frozen)| kept(&record.set.name, frozen)));
        }
        all
    }

    /// The hash of what is wanted of a target; `None` where not all of its clusters are known in full.
    pub(crate) fn hash(&self, target: &Target, wanted: &Wanted) -> Option<Hash> {
        let is_of_target = |position: usize| {
            u16::try_from(position).is_ok_and(|id| target.clusters.contains(&ClusterId(id)))
        };
        let mut of_target = self.clusters.iter().enumerate().filter(|(at, _)| is_of_target(*at));
        let is_known = of_target.all(|(_, cluster)| cluster.state == ClusterState::Complete);
        is_known.then(|| turn::hash(target, &wanted.endpoints, &self.unready))
    }

    fn take(&self, target: &Target) -> Vec<Endpoint> {
        let mut pot = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        pot.hungry = pot.hungry.saturating_sub(1);
        let is_last = pot.hungry == 0;
        let mut taken = Vec::new();
        for (id, own) in pot.by_cluster.iter_mut().filter(|(id, _)| target.clusters.contains(id)) {
            match (is_last, target.clusters.as_slice() == [*id]) {
                (true, true) => return std::mem::take(own),
                (true, false) => taken.append(own),
                (false, _) => taken.extend(own.iter().cloned()),
            }
        }
        taken
    }

    /// The clusters of a target as its plan needs to know them. What was not read is not known to be unwanted;
    /// how much a cluster wants is counted behind all filters of sources.
    pub(crate) fn for_plan(
        &self,
        wiring: &Wiring,
        target: &Target,
        wanted: &Wanted,
        inventory: Option<&Inventory>,
    ) -> Clusters {
        let clusters = wiring.clusters.iter().zip(&self.clusters);
        let listed = clusters.filter(|(own, _)| target.clusters.contains(&own.cluster.id));
        let clusters = listed.map(|(WiredCluster { cluster, weight, .. }, report)| {
            let reading = match report.state {
                ClusterState::Failed => Reading::Failed,
                _ => Reading::Complete { endpoints: wanted.count(cluster.id) },
            };
            let known = extdns_plan::Cluster::new(cluster.id, cluster.name.to_string(), reading)
                .weighing(*weight);
            match self.suddenly_selecting_nothing(cluster.id, target, inventory) {
                Some(filter) => known.selecting_nothing(filter),
                None => known,
            }
        });
        let unready = self.unready.iter();
        let unready = unready.filter(|own| target.clusters.contains(&own.resource.cluster));
        Clusters::new(clusters.collect())
            .with_unready(unready.cloned().collect(), target.keep_unready)
    }

    /// Warnings of filters that select nothing where no record makes that suspicious, as on a first run: a namespace that
    /// does not exist, and what leaves nothing at all. Beside other sources that want something, it is nothing to look at.
    pub(crate) fn idle_filters(
        &self,
        wiring: &Wiring,
        target: &Target,
        wanted: &Wanted,
        inventory: &Inventory,
    ) -> Vec<Notice> {
        let of_cluster = |WiredCluster { cluster, .. }: &WiredCluster| {
            let of_it = self.nothing_selected.iter().filter(|(own, _)| *own == cluster.id);
            let nothing: Vec<&NothingSelected> = of_it.map(|(_, nothing)| nothing).collect();
            let absent = nothing.iter().find(|nothing| nothing.is_absent_namespace);
            let wants = wanted.count(cluster.id) > 0;
            let is_told = self.suddenly_selecting_nothing(cluster.id, target, Some(inventory));
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
        wiring.clusters_of(target).filter_map(of_cluster).collect()
    }

    /// The filters of a cluster that select nothing although there are records for objects of the same kind. A filter
    /// that never selected anything, beside other sources that do, is nothing new.
    fn suddenly_selecting_nothing(
        &self,
        cluster: ClusterId,
        target: &Target,
        inventory: Option<&Inventory>,
    ) -> Option<String> {
        let of_cluster = self.nothing_selected.iter().filter(|(own, _)| *own == cluster);
        let nothing: Vec<&NothingSelected> = of_cluster.map(|(_, nothing)| nothing).collect();
        if nothing.is_empty() {
            return None;
        }
        let owners = target.registry.owners();
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

impl Wanted {
    fn count(&self, cluster: ClusterId) -> usize {
        self.counts.iter().find(|(own, _)| *own == cluster).map_or(0, |(_, count)| *count)
    }
}

fn count_of(endpoints: &[Endpoint], cluster: ClusterId) -> usize {
    endpoints.iter().filter(|endpoint| is_of(endpoint, cluster)).count()
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
