//! Who gets a name that several clusters want: decided per zone, when owners are known, and before
//! conflicts inside one cluster are resolved.
//!
//! Example: `www` is an address record of the cluster `east`, and `west`, the first cluster in the
//! settings, wants the name too.
//!
//! ```text
//! current                    desired                     first                merge
//! www A 192.0.2.1  (east)    www A 192.0.2.1  (east)     192.0.2.1  (east)    192.0.2.1, 192.0.2.9
//!                            www A 192.0.2.9  (west)     west loses           (east and west)
//!
//! weighted: www A 192.0.2.1 with the set identifier east, www A 192.0.2.9 with west
//! ```

mod made;
mod merge;
mod weighted;

use extdns_model::{ClusterId, Endpoint, Record, RecordSet};

use crate::claim::{Claims, ClusterSet, is_ours};
use crate::conflict::{excludes, preference};
use crate::freeze::Freeze;
use crate::runs::{HasSet as _, Keyed, Name, by_set};
use crate::{Rule, Settings, Sharing};
pub use made::Made;

/// What the rule of sharing makes of a name.
pub(crate) struct Shared<'a> {
    /// What is desired then.
    pub(crate) desired: Vec<Keyed<'a, Endpoint>>,
    pub(crate) lost: Vec<Lost<'a>>,
}

/// An endpoint that does not get the name.
pub(crate) struct Lost<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) winner: &'a Endpoint,
    pub(crate) rule: Rule,
}

/// Applies the rule of sharing to names.
pub(crate) struct Sharer<'s, 'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) claims: &'s Claims<'a>,
    pub(crate) freeze: &'s Freeze,
    pub(crate) made: &'a Made,
}

impl<'a> Sharer<'_, 'a> {
    /// What the rule makes of a name; `None` if it leaves it as it is.
    pub(crate) fn share(&self, name: &Name<'_, 'a>) -> Option<Shared<'a>> {
        if self.claims.clusters().iter().len() < 2 || name.desired.is_empty() {
            return None;
        }
        let wanting = wanting(name.desired);
        let is_shared = wanting.iter().nth(1).is_some();
        match self.settings.sharing {
            Sharing::Merge => {
                let is_kept = || self.records(name).any(|record| self.lacks(record, &wanting));
                (is_shared || is_kept()).then(|| self.merge(name))
            }
            Sharing::Weighted if self.settings.weight_property.is_some() => {
                (is_shared || self.is_weighted(name)).then(|| self.weigh(name))
            }
            Sharing::First | Sharing::Weighted => is_shared.then(|| self.first(name)),
        }
    }

    /// One cluster gets the name.
    fn first(&self, name: &Name<'_, 'a>) -> Shared<'a> {
        let mut accepted: Vec<Candidate<'a>> = Vec::new();
        let mut lost = Vec::new();
        for candidate in self.candidates(name) {
            match candidate.rival(&accepted, competes) {
                Some(rival) => lost.push(candidate.loses_to(rival)),
                None => accepted.push(candidate),
            }
        }
        Shared { desired: keyed(accepted.iter().map(|it| it.endpoint)), lost }
    }

    /// The endpoints of a name: those of the cluster that has it first, then in the order of the
    /// settings.
    fn candidates(&self, name: &Name<'_, 'a>) -> Vec<Candidate<'a>> {
        let mut candidates: Vec<Candidate<'a>> =
            name.desired.iter().map(|desired| self.candidate(name, desired.item)).collect();
        candidates
            .sort_by(|a, b| a.rank.cmp(&b.rank).then_with(|| preference(a.endpoint, b.endpoint)));
        candidates
    }

    fn candidate(&self, name: &Name<'_, 'a>, endpoint: &'a Endpoint) -> Candidate<'a> {
        let clusters = endpoint.attribution.clusters();
        let rank = clusters.iter().map(|cluster| self.rank(name, *cluster)).min();
        Candidate { endpoint, rank }
    }

    fn rank(&self, name: &Name<'_, 'a>, cluster: ClusterId) -> Rank {
        let (mut has_it, mut bears_its_id) = (false, false);
        for record in self.records(name) {
            let is_its = self.claims.of_record(&record.labels).clusters.contains(cluster);
            has_it |= is_its;
            bears_its_id |= is_its && self.claims.bears_id_of(&record.labels, cluster);
        }
        Rank { lacks_it: !has_it, lacks_its_id: !bears_its_id, cluster }
    }

    /// The records of a name that are ours.
    fn records<'n>(&self, name: &Name<'n, 'a>) -> impl Iterator<Item = &'a Record> + use<'n, 'a> {
        let settings = self.settings;
        let records = name.records.iter().map(|record| record.item);
        records.filter(move |record| is_ours(record, &settings.owners))
    }
}

/// The order in which clusters get a name: first one that has it, of those the one whose owner id
/// the record bears, else the order of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    lacks_it: bool,
    lacks_its_id: bool,
    cluster: ClusterId,
}

/// An endpoint, and the rank of the first of the clusters that want it. What no cluster in
/// particular wants competes with nothing.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    endpoint: &'a Endpoint,
    rank: Option<Rank>,
}

impl<'a> Candidate<'a> {
    fn set(&self) -> &'a RecordSet {
        &self.endpoint.set
    }

    /// Whether no cluster wants both.
    fn is_of_another(&self, other: &Self) -> bool {
        self.rank.is_some()
            && other.rank.is_some()
            && self.clusters().all(|cluster| !other.is_of(cluster))
    }

    fn is_of(&self, cluster: ClusterId) -> bool {
        self.clusters().any(|own| own == cluster)
    }

    fn clusters(&self) -> impl Iterator<Item = ClusterId> + use<'a> {
        self.endpoint.attribution.resources().iter().map(|resource| resource.cluster)
    }

    /// What another cluster has, and what this cannot be beside.
    fn rival<'s>(
        &self,
        accepted: &'s [Self],
        competes: impl Fn(&RecordSet, &RecordSet) -> bool,
    ) -> Option<&'s Self> {
        accepted.iter().find(|it| self.is_of_another(it) && competes(it.set(), self.set()))
    }

    fn loses_to(&self, winner: &Self) -> Lost<'a> {
        let lacks_it = |of: &Self| of.rank.is_some_and(|rank| rank.lacks_it);
        let has_it_first = !lacks_it(winner) && lacks_it(self);
        let rule = if has_it_first { Rule::KeepsCluster } else { Rule::FirstCluster };
        Lost { endpoint: self.endpoint, winner: winner.endpoint, rule }
    }
}

/// Whether two record sets of one name are rivals where one cluster gets the name.
fn competes(a: &RecordSet, b: &RecordSet) -> bool {
    a.set_identifier() == b.set_identifier() || excludes(a, b)
}

/// Endpoints of one name in the order of runs.
fn keyed<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Vec<Keyed<'a, Endpoint>> {
    let mut keyed: Vec<_> = endpoints.map(Keyed::new).collect();
    keyed.sort_by(by_set);
    keyed
}

/// The clusters that want any of these endpoints.
fn wanting(desired: &[Keyed<'_, Endpoint>]) -> ClusterSet {
    let resources = desired.iter().flat_map(|desired| desired.item.attribution.resources());
    resources.map(|resource| resource.cluster).collect()
}

/// The candidates that stand under one set identifier with another one.
fn same_identifier(a: &Candidate<'_>, b: &Candidate<'_>) -> bool {
    a.endpoint.set().set_identifier() == b.endpoint.set().set_identifier()
}
