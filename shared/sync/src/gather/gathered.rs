//! What was read of all clusters, and what of it each target wants.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use extdns_clusters::ClusterView;
use extdns_model::{ClusterId, Endpoint, Inventory, Kept, Name, Unready};
use extdns_plan::{Clusters, Reading};
use extdns_providers::ProviderEntry;
use extdns_sources::{Desired, Dropped, Found, Frozen, Removed, retain_properties};
use extdns_state::{Hash, Inputs, fingerprint};

use super::not_served::NotServedIn;
use super::nothing_selected::NothingSelectedIn;
use crate::domains::confine;
use crate::report::{ClusterReport, ClusterState, Notice};
use crate::status::Seen;
use crate::wiring::{Target, WiredCluster, Wiring};

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
    pub(crate) nothing_selected: NothingSelectedIn,
    /// The sources of clusters whose objects are not served, where the run goes on without them.
    pub(crate) not_served: NotServedIn,
    /// The names that the filters of no target match, where there are several.
    pub(crate) unmatched: BTreeSet<String>,
}

/// The endpoints of each cluster. The last target takes them, so that a run with one target copies none.
#[derive(Default)]
pub(crate) struct Pot {
    pub(super) by_cluster: Vec<(ClusterId, Vec<Endpoint>)>,
    /// Targets that have taken nothing yet.
    pub(super) hungry: usize,
}

/// What is wanted of one target.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) endpoints: Vec<Endpoint>,
    /// How many endpoints each of its clusters has, whatever the target's filter.
    counts: Vec<(ClusterId, usize)>,
    /// What is wanted but cannot be.
    pub(crate) dropped: Vec<Dropped>,
    /// How many endpoints the pipeline removed.
    pub(crate) removed: Removed,
}

impl Gathered {
    /// Adds what was read of a cluster; returns what it wants.
    pub(super) fn add(
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
        let (updates, references) = (found.sink.seen, found.sink.references);
        self.seen.push(Seen { view: view.clone(), updates, references });
        self.nothing_selected.add(cluster.id, found.nothing_selected);
        self.not_served.add(cluster, found.not_served);
        self.views.push(view);
        found.sink.endpoints
    }

    /// What is wanted of a target; to be asked once for each.
    pub(crate) fn wanted(&self, wiring: &Wiring, target: &Target) -> Wanted {
        let endpoints = self.take(target);
        let Desired { mut endpoints, dropped, removed } = target.pipeline.run(endpoints);
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
        Wanted { endpoints, counts, dropped, removed }
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
    /// have in any case, and those of the records that were made for them; those of sources whose objects are not served.
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
        all.extend(self.not_served.kept(inventory));
        all
    }

    /// The hash of what is wanted of a target; `None` where not all of its clusters are known in full.
    pub(crate) fn hash(&self, target: &Target, wanted: &Wanted) -> Option<Hash> {
        let is_of_target = |position: usize| {
            u16::try_from(position).is_ok_and(|id| target.clusters.contains(&ClusterId(id)))
        };
        let mut of_target = self.clusters.iter().enumerate().filter(|(at, _)| is_of_target(*at));
        let is_known = of_target.all(|(_, cluster)| cluster.state == ClusterState::Complete);
        is_known.then(|| fingerprint_of(target, &wanted.endpoints, &self.unready))
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
            match self.nothing_selected.suddenly(cluster.id, target, inventory) {
                Some(filter) => known.selecting_nothing(filter),
                None => known,
            }
        });
        let unready = self.unready.iter();
        let unready = unready.filter(|own| target.clusters.contains(&own.resource.cluster));
        Clusters::new(clusters.collect())
            .with_unready(unready.cloned().collect(), target.keep_unready)
    }

    /// Warnings of filters that select nothing where no record makes that suspicious, as on a first run.
    pub(crate) fn idle_filters(
        &self,
        wiring: &Wiring,
        target: &Target,
        wanted: &Wanted,
        inventory: &Inventory,
    ) -> Vec<Notice> {
        let of_cluster = |WiredCluster { cluster, .. }: &WiredCluster| {
            let wants = wanted.count(cluster.id) > 0;
            self.nothing_selected.idle(cluster, target, wants, inventory)
        };
        wiring.clusters_of(target).filter_map(of_cluster).collect()
    }
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

/// The hash of what a target is to hold.
fn fingerprint_of(target: &Target, desired: &[Endpoint], unready: &[Unready]) -> Hash {
    let settings: Vec<(&str, &str)> =
        target.effective.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let version = env!("CARGO_PKG_VERSION");
    fingerprint(&Inputs { desired, unready, settings: &settings, version })
}
