//! Records that get another owner at the user's word: foreign ones that are adopted, and those that
//! another cluster gets.

use std::collections::{BTreeSet, HashSet};

use extdns_model::{
    ClusterId, DomainFilter, Endpoint, LabelKey, Labels, Name, Owners, Record, ZoneKey,
};
use extdns_plan::{Reassignment, RecordTypes};

use crate::Annotated;

/// Which records get another owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Those of a cluster of ours.
    Cluster(ClusterId),
    /// Those that bear this owner id.
    Owner(String),
    /// Those whose label names this cluster.
    Label(String),
}

impl Holder {
    /// The cluster of ours that has this name, else all that bears it as the owner id.
    #[must_use]
    pub fn of(owners: &Owners, text: &str) -> Self {
        match named(owners, text) {
            Some(cluster) => Self::Cluster(cluster),
            None => Self::Owner(text.to_owned()),
        }
    }

    /// The clusters of ours that lose what they hold.
    fn losing(&self, owners: &Owners) -> Vec<ClusterId> {
        match self {
            Self::Cluster(cluster) => vec![*cluster],
            Self::Owner(id) => with_id(owners, id).collect(),
            Self::Label(name) => named(owners, name).into_iter().collect(),
        }
    }

    fn holds(&self, owners: &Owners, labels: &Labels) -> bool {
        let names =
            || labels.get(LabelKey::CLUSTER).into_iter().flat_map(|it| it.split(Owners::JOINED_BY));
        match self {
            Self::Cluster(cluster) => clusters_of(owners, labels).contains(cluster),
            Self::Owner(id) => labels.owner() == Some(id),
            Self::Label(name) => owners.own(labels) && names().any(|own| own == name),
        }
    }
}

/// The clusters of ours that a text names: one by its name, else all that write with it as their
/// owner id.
#[must_use]
pub fn successors(owners: &Owners, text: &str) -> Vec<ClusterId> {
    match named(owners, text) {
        Some(cluster) => vec![cluster],
        None => with_id(owners, text).collect(),
    }
}

/// A record that gets another owner.
#[derive(Debug)]
pub struct Reassigned<'a> {
    zone: ZoneKey,
    record: &'a Record,
    endpoint: Endpoint,
}

impl Reassigned<'_> {
    /// What a plan needs to reassign it.
    #[must_use]
    pub fn reassignment(&self) -> Reassignment<'_> {
        Reassignment { zone: self.zone, record: self.record, endpoint: &self.endpoint }
    }
}

impl Annotated {
    /// The records of these names that are not ours, for these clusters; and the names that have no
    /// such record.
    #[must_use]
    pub fn adopted<'a, 'n>(
        &'a self,
        names: &'n [Name],
        to: &[ClusterId],
        owners: &Owners,
        types: &RecordTypes,
    ) -> (Vec<Reassigned<'a>>, Vec<&'n Name>) {
        let wanted: HashSet<String> = names.iter().map(|name| name.key().into_owned()).collect();
        let is_it = |record: &Record| {
            !owners.own(&record.labels)
                && types.contains(record.set.rtype)
                && wanted.contains(&*record.set.name.key())
        };
        let adopted =
            self.reassigned(is_it, |record| Endpoint::keeping(record, to.iter().copied()));
        let found: HashSet<String> =
            adopted.iter().map(|it| it.record.set.name.key().into_owned()).collect();
        let missing = names.iter().filter(|name| !found.contains(&*name.key()));
        (adopted, missing.collect())
    }

    /// The records of a holder that another cluster gets.
    #[must_use]
    pub fn transferred(
        &self,
        from: &Holder,
        to: &[ClusterId],
        owners: &Owners,
        filter: &DomainFilter,
    ) -> Vec<Reassigned<'_>> {
        let losing = from.losing(owners);
        let is_it = |record: &Record| {
            filter.matches(&record.set.name) && from.holds(owners, &record.labels)
        };
        let endpoint = |record: &Record| {
            let stay = clusters_of(owners, &record.labels);
            let stay = stay.into_iter().filter(|own| !losing.contains(own) && !to.contains(own));
            Endpoint::keeping(record, to.iter().copied().chain(stay))
        };
        let mut all = self.reassigned(is_it, endpoint);
        all.retain(|it| !owners.attributes(&it.record.labels, &it.endpoint));
        all
    }

    /// These records by zone and name.
    fn reassigned(
        &self,
        is_it: impl Fn(&Record) -> bool,
        endpoint: impl Fn(&Record) -> Endpoint,
    ) -> Vec<Reassigned<'_>> {
        let records = self.inventory.records().filter(|(_, record)| is_it(record));
        let mut all: Vec<_> = records
            .map(|(zone, record)| Reassigned { zone, record, endpoint: endpoint(record) })
            .collect();
        all.sort_by_cached_key(|it| {
            let set = &it.record.set;
            (it.zone, set.name.key().into_owned(), set.set_identifier().to_owned(), set.rtype)
        });
        all
    }
}

fn named(owners: &Owners, name: &str) -> Option<ClusterId> {
    owners.iter().map(|(id, _)| id).find(|id| owners.name_of(*id) == Some(name))
}

fn with_id<'o>(owners: &'o Owners, id: &'o str) -> impl Iterator<Item = ClusterId> + 'o {
    owners.iter().filter(move |(_, own)| *own == id).map(|(cluster, _)| cluster)
}

/// The clusters of ours that a record belongs to, as the plan sees it.
fn clusters_of(owners: &Owners, labels: &Labels) -> BTreeSet<ClusterId> {
    let by_id: BTreeSet<ClusterId> = with_id(owners, labels.owner().unwrap_or_default()).collect();
    match labels.get(LabelKey::CLUSTER) {
        None => by_id,
        Some(Owners::ALL_CLUSTERS) => owners.iter().map(|(cluster, _)| cluster).collect(),
        Some(label) => {
            let alone = if by_id.len() == 1 { by_id } else { BTreeSet::new() };
            let of_label = label.split(Owners::JOINED_BY).filter_map(|name| named(owners, name));
            alone.into_iter().chain(of_label).collect()
        }
    }
}
