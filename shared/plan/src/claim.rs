//! Whether a record is ours, and which clusters it belongs to.

use std::collections::HashMap;

use ecow::EcoString;
use extdns_model::{ClusterId, Endpoint, LabelKey, Labels, Owners, Record};
use smallvec::{SmallVec, smallvec};

use crate::Clusters;

/// A set of clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClusterSet(SmallVec<[u64; 1]>);

impl ClusterSet {
    pub(crate) fn insert(&mut self, cluster: ClusterId) {
        let (word, bit) = word_and_bit(cluster);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= bit;
    }

    pub(crate) fn contains(&self, cluster: ClusterId) -> bool {
        let (word, bit) = word_and_bit(cluster);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(crate) fn intersects(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    /// The clusters, in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ClusterId> {
        self.0.iter().zip(0u16..).flat_map(|(word, index)| {
            (0..64u16)
                .filter(move |bit| word & (1 << bit) != 0)
                .map(move |bit| ClusterId(index * 64 + bit))
        })
    }
}

fn word_and_bit(ClusterId(id): ClusterId) -> (usize, u64) {
    (usize::from(id / 64), 1 << (id % 64))
}

impl FromIterator<ClusterId> for ClusterSet {
    fn from_iter<I: IntoIterator<Item = ClusterId>>(clusters: I) -> Self {
        let mut set = Self(smallvec![]);
        clusters.into_iter().for_each(|cluster| set.insert(cluster));
        set
    }
}

/// The clusters that a record of ours belongs to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claim {
    pub(crate) clusters: ClusterSet,
    /// A cluster that its label names although there is none of this name.
    pub(crate) unknown: Option<EcoString>,
}

/// Finds the clusters that records belong to.
pub(crate) struct Claims<'a> {
    owners: &'a Owners,
    clusters: &'a Clusters,
    all: ClusterSet,
    by_owner: HashMap<&'a str, ClusterSet>,
    by_name: HashMap<&'a str, ClusterId>,
}

impl<'a> Claims<'a> {
    pub(crate) fn new(owners: &'a Owners, clusters: &'a Clusters) -> Self {
        let mut by_owner: HashMap<&str, ClusterSet> = HashMap::new();
        for cluster in clusters.iter() {
            if let Some(owner) = owners.id_of(Some(cluster.id)) {
                by_owner.entry(owner).or_default().insert(cluster.id);
            }
        }
        let all = clusters.iter().map(|cluster| cluster.id).collect();
        let by_name = clusters.iter().map(|cluster| (cluster.name.as_str(), cluster.id)).collect();
        Self { owners, clusters, all, by_owner, by_name }
    }

    /// The clusters that a record of ours belongs to: those that write with its owner id, narrowed
    /// by its label. Without ownership records, and before an owner id is migrated, it belongs to
    /// every cluster.
    pub(crate) fn of_record(&self, labels: &Labels) -> Claim {
        if self.by_name.is_empty() {
            return Claim::default();
        }
        let by_id = match labels.owner() {
            Some(owner) if self.keep_owners() && !self.owners.is_migrating(owner) => {
                self.by_owner.get(owner).cloned().unwrap_or_default()
            }
            _ => self.all.clone(),
        };
        match labels.get(LabelKey::CLUSTER) {
            Some(label) if self.keep_owners() => self.narrow(by_id, label),
            _ => Claim { clusters: by_id, unknown: None },
        }
    }

    fn narrow(&self, by_id: ClusterSet, label: &str) -> Claim {
        if label == Owners::ALL_CLUSTERS {
            return Claim { clusters: self.all.clone(), unknown: None };
        }
        let has_it_alone = by_id.iter().nth(1).is_none();
        let mut claim = Claim {
            clusters: if has_it_alone { by_id } else { ClusterSet::default() },
            unknown: None,
        };
        for name in label.split(Owners::JOINED_BY) {
            match self.by_name.get(name) {
                Some(cluster) => claim.clusters.insert(*cluster),
                None if self.owners.is_forgotten(name) => {}
                None => claim.unknown = claim.unknown.or_else(|| Some(name.into())),
            }
        }
        claim
    }

    /// Whether a record bears the owner id of a cluster.
    pub(crate) fn bears_id_of(&self, labels: &Labels, cluster: ClusterId) -> bool {
        let owner = labels.owner().and_then(|owner| self.by_owner.get(owner));
        owner.is_some_and(|clusters| clusters.contains(cluster))
    }

    /// The clusters that a record belongs to once it is as an endpoint wants it. An endpoint of no
    /// particular cluster gets the owner id of the first one.
    pub(crate) fn of_endpoint(&self, endpoint: &Endpoint) -> ClusterSet {
        let resources = endpoint.attribution.resources();
        match (resources, self.owners.id_of(None)) {
            ([], Some(id)) => self.by_owner.get(id.as_str()).cloned().unwrap_or_default(),
            ([], None) => self.all.clone(),
            _ => resources.iter().map(|resource| resource.cluster).collect(),
        }
    }

    /// The clusters that surely have a record once it is updated to an endpoint. One of no particular cluster leaves the
    /// record to its owner id, and takes the names of clusters from its label.
    pub(crate) fn of_update(&self, labels: &Labels, endpoint: &Endpoint) -> ClusterSet {
        let desired = self.of_endpoint(endpoint);
        let owner = labels.owner().filter(|owner| {
            endpoint.attribution.first().is_none()
                && self.keep_owners()
                && !self.owners.is_migrating(owner)
                && !self.owners.is_forgotten(owner)
        });
        let Some(owner) = owner else { return desired };
        let stays = self.by_owner.get(owner);
        desired.iter().filter(|id| stays.is_some_and(|set| set.contains(*id))).collect()
    }

    /// Whether the registry keeps owners.
    pub(crate) fn keep_owners(&self) -> bool {
        !self.owners.is_empty()
    }

    pub(crate) fn clusters(&self) -> &'a Clusters {
        self.clusters
    }
}

/// Whether a record is ours to change.
pub(crate) fn is_ours(record: &Record, owners: &Owners) -> bool {
    record.read_only().is_none() && owners.own(&record.labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cluster, Reading};

    const CLUSTERS: [(u16, &str, &str); 4] =
        [(0, "eu", "central"), (1, "us", "central"), (2, "lab", "lab"), (70, "far", "far")];

    #[test]
    fn sets() {
        let ids = |list: &[u16]| -> ClusterSet { list.iter().map(|id| ClusterId(*id)).collect() };
        let set = ids(&[70, 1, 63, 64]);
        assert_eq!(set.iter().map(|id| id.0).collect::<Vec<_>>(), [1, 63, 64, 70]);
        assert!(set.contains(ClusterId(64)) && !set.contains(ClusterId(0)));
        assert!(!set.contains(ClusterId(u16::MAX)));
        assert!(set.intersects(&ids(&[70])) && !set.intersects(&ids(&[0, 65])));
        assert!(!set.intersects(&ids(&[])));
    }

    #[test]
    fn the_clusters_that_a_record_belongs_to() {
        let list = CLUSTERS.map(|(id, name, _)| {
            Cluster::new(ClusterId(id), name, Reading::Complete { endpoints: 1 })
        });
        let clusters = Clusters::new(list.into());
        let owners = Owners::new(CLUSTERS.map(|(id, _, own)| (ClusterId(id), own.into())))
            .expect("valid ids")
            .migrating_from(Some("old".into()));
        let cases: [(&str, &[u16], Option<&str>); 11] = [
            ("owner=central", &[0, 1], None),
            ("owner=central,cluster=us", &[1], None),
            ("owner=central,cluster=eu+us", &[0, 1], None),
            ("owner=central,cluster=lab", &[2], None),
            ("owner=central,cluster=gone", &[], Some("gone")),
            ("owner=central,cluster=gone+eu+lost", &[0], Some("gone")),
            ("owner=central,cluster=*", &[0, 1, 2, 70], None),
            ("owner=lab", &[2], None),
            ("owner=lab,cluster=eu+far", &[0, 2, 70], None),
            ("owner=lab,cluster=gone", &[2], Some("gone")),
            ("owner=old", &[0, 1, 2, 70], None),
        ];
        for (labels, expected, unknown) in cases {
            let pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
            let claim = Claims::new(&owners, &clusters).of_record(&pairs.collect());
            let found: Vec<_> = claim.clusters.iter().map(|id| id.0).collect();
            assert_eq!(
                (found.as_slice(), claim.unknown.as_deref()),
                (expected, unknown),
                "{labels}"
            );
        }
        let unowned = Claims::new(&Owners::none(), &clusters).of_record(&Labels::new());
        assert_eq!(unowned.clusters.iter().count(), 4, "without owners a record is anybody's");
    }
}
