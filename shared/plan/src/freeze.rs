//! Partial knowledge never deletes: the records of a cluster that could not be read in full stay as
//! they are; only updates that take nothing away go on.

use ecow::EcoString;
use extdns_model::{ClusterId, Endpoint, Record};

use crate::claim::{Claim, Claims, ClusterSet};
use crate::{Cluster, Decision, FreezeCause, Hold, Reading, RecordChange, Settings};

/// A cluster with at least this many records is suspicious if it suddenly wants none of them.
pub const SUSPICIOUS: usize = 3;

/// A cluster whose records are frozen: none is deleted, none loses a target, and none gets another
/// owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// The cluster.
    pub cluster: ClusterId,
    /// Its name.
    pub name: EcoString,
    /// Why.
    pub why: FreezeCause,
}

/// The clusters whose records are frozen.
pub(crate) struct Freeze {
    list: Vec<Frozen>,
    clusters: ClusterSet,
}

impl Freeze {
    /// Looks for clusters that could not be read in full, and for those that suddenly want nothing:
    /// only for these the records that are theirs alone are counted.
    pub(crate) fn survey<'r>(
        claims: &Claims<'_>,
        settings: &Settings,
        ours: impl Iterator<Item = &'r Record>,
    ) -> Self {
        let clusters = || claims.clusters().iter();
        let suspects: Vec<&Cluster> =
            clusters().filter(|cluster| wants_nothing(cluster, settings)).collect();
        let counts = if suspects.is_empty() { Vec::new() } else { alone(claims, &suspects, ours) };
        let empty = |cluster: &Cluster| {
            let suspect = suspects.iter().position(|suspect| suspect.id == cluster.id)?;
            let records = counts[suspect];
            let filter = cluster.nothing_selected_by.clone();
            (records >= SUSPICIOUS).then_some(FreezeCause::Empty { records, filter })
        };
        let list: Vec<_> = clusters()
            .filter_map(|cluster| {
                let why = match cluster.reading {
                    Reading::Failed => FreezeCause::Failed,
                    Reading::Complete { .. } => empty(cluster)?,
                };
                Some(Frozen { cluster: cluster.id, name: cluster.name.clone(), why })
            })
            .collect();
        let clusters = list.iter().map(|frozen| frozen.cluster).collect();
        Self { list, clusters }
    }

    /// Whether the records of a cluster are frozen.
    pub(crate) fn is_frozen(&self, cluster: ClusterId) -> bool {
        self.clusters.contains(cluster)
    }

    pub(crate) fn into_list(self) -> Vec<Frozen> {
        self.list
    }

    /// Holds back what would take something from a frozen cluster: a delete, the loss of a target,
    /// and the change of the record to another resource or cluster. The same for a cluster that a
    /// label names although it is not configured.
    pub(crate) fn hold(&self, claims: &Claims<'_>, decisions: &mut [Decision<'_>]) {
        for decision in decisions.iter_mut().filter(|decision| decision.goes()) {
            let Some(record) = decision.change.record() else { continue };
            let claim = claims.of_record(&record.labels);
            if let Some(hold) = self.reason(claims, claim, &decision.change) {
                decision.hold(hold);
            }
        }
    }

    fn reason(&self, claims: &Claims<'_>, claim: Claim, change: &RecordChange<'_>) -> Option<Hold> {
        if let Some(name) = claim.unknown {
            return Some(Hold::UnknownCluster { name });
        }
        if !claim.clusters.intersects(&self.clusters) {
            return None;
        }
        let safe_for = match *change {
            RecordChange::Update { record, endpoint } if adds_only(claims, record, endpoint) => {
                claims.of_update(&record.labels, endpoint)
            }
            _ => ClusterSet::default(),
        };
        let loses = |frozen: &&Frozen| {
            claim.clusters.contains(frozen.cluster) && !safe_for.contains(frozen.cluster)
        };
        let frozen = self.list.iter().find(loses)?;
        Some(Hold::Frozen { cluster: frozen.name.clone(), why: frozen.why.clone() })
    }
}

fn wants_nothing(cluster: &Cluster, settings: &Settings) -> bool {
    let is_empty = cluster.reading == Reading::Complete { endpoints: 0 };
    (is_empty || cluster.nothing_selected_by.is_some())
        && !cluster.may_be_empty
        && !settings.guard.disabled
}

/// How many records each of these clusters has alone.
fn alone<'r>(
    claims: &Claims<'_>,
    suspects: &[&Cluster],
    ours: impl Iterator<Item = &'r Record>,
) -> Vec<usize> {
    let mut counts = vec![0; suspects.len()];
    for record in ours {
        let claim = claims.of_record(&record.labels);
        let mut clusters = claim.clusters.iter();
        if let (Some(only), None, None) = (clusters.next(), clusters.next(), claim.unknown)
            && let Some(suspect) = suspects.iter().position(|suspect| suspect.id == only)
        {
            counts[suspect] += 1;
        }
    }
    counts
}

/// Whether an update takes nothing away: every target stays, and so does the resource.
fn adds_only(claims: &Claims<'_>, record: &Record, endpoint: &Endpoint) -> bool {
    let (have, want) = (&record.set, &endpoint.set);
    want.targets.cover(&have.targets, want.rtype) && keeps_resource(claims, record, endpoint)
}

/// Whether the resource that has the record is among those that want it. Without ownership records
/// it is not known which resource has it.
fn keeps_resource(claims: &Claims<'_>, record: &Record, endpoint: &Endpoint) -> bool {
    match record.labels.resource() {
        None => !claims.keep_owners() || endpoint.resource_label().is_none(),
        Some(holder) => {
            let wanting = endpoint.attribution.resources().iter();
            endpoint.resource_label().as_deref() == Some(holder)
                || wanting.filter_map(|resource| resource.label()).any(|label| label == holder)
        }
    }
}
