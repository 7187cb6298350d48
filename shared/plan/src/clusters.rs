//! The clusters of a target, and what is known of each.

use ecow::EcoString;
use extdns_model::{ClusterId, Unready};

/// The clusters whose records a plan is about, in the order of the settings, and what they say
/// about names that have no address yet.
#[derive(Debug, Clone, Default)]
pub struct Clusters {
    list: Vec<Cluster>,
    unready: Vec<Unready>,
    keeps_unready: bool,
}

/// A cluster, and how well it could be read.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Its position in the settings.
    pub id: ClusterId,
    /// Its name, as the labels of records have it.
    pub name: EcoString,
    /// How well it could be read.
    pub reading: Reading,
    /// A filter that selects none of its objects, as its flag is written (`--namespace=shop`).
    pub nothing_selected_by: Option<EcoString>,
    /// Whether it may want nothing at all, however many records it has.
    pub may_be_empty: bool,
    /// The weight of its records where clusters share a name by weight.
    pub weight: u8,
}

/// The weight of a cluster that was given none.
pub const DEFAULT_WEIGHT: u8 = 100;

/// How well a cluster could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Every source answered in full.
    Complete {
        /// How many endpoints they found.
        endpoints: usize,
    },
    /// A source failed, timed out, or gave an incomplete answer.
    Failed,
}

/// A flag names a cluster that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--allow-empty={name}: there is no cluster of this name; there is {known}")]
pub struct UnknownCluster {
    /// The name.
    pub name: String,
    /// The names of the clusters.
    pub known: String,
}

impl Cluster {
    /// A cluster.
    #[must_use]
    pub fn new(id: ClusterId, name: impl Into<EcoString>, reading: Reading) -> Self {
        Self {
            id,
            name: name.into(),
            reading,
            nothing_selected_by: None,
            may_be_empty: false,
            weight: DEFAULT_WEIGHT,
        }
    }

    /// The same with another weight, for names that clusters share by weight.
    #[must_use]
    pub fn weighing(self, weight: u8) -> Self {
        Self { weight, ..self }
    }

    /// The same, but a filter selects none of its objects although there are some (or its namespace
    /// does not exist): it is taken for one that suddenly wants nothing. The filter is given as its
    /// flag is written; several of them are joined by commas.
    #[must_use]
    pub fn selecting_nothing(self, filter: impl Into<EcoString>) -> Self {
        Self { nothing_selected_by: Some(filter.into()), ..self }
    }
}

impl Clusters {
    /// These clusters.
    #[must_use]
    pub fn new(list: Vec<Cluster>) -> Self {
        Self { list, unready: Vec::new(), keeps_unready: false }
    }

    /// With these names, whose objects have no address yet. Where they are kept, they stay as they
    /// are. Else such an object wants nothing, as if it were not there; but the guard limits how
    /// much may be deleted for that reason.
    #[must_use]
    pub fn with_unready(mut self, unready: Vec<Unready>, kept: bool) -> Self {
        self.unready = unready;
        self.keeps_unready = kept;
        self
    }

    /// Lets the named clusters want nothing.
    ///
    /// # Errors
    /// The first name that no cluster has.
    pub fn allow_empty<S: AsRef<str>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Self, UnknownCluster> {
        for name in names {
            let name = name.as_ref();
            let Some(cluster) = self.list.iter_mut().find(|cluster| cluster.name == name) else {
                let known: Vec<&str> = self.iter().map(|cluster| cluster.name.as_str()).collect();
                return Err(UnknownCluster { name: name.to_owned(), known: known.join(", ") });
            };
            cluster.may_be_empty = true;
        }
        Ok(self)
    }

    /// The clusters in the order of the settings.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Cluster> {
        self.list.iter()
    }

    /// The cluster with this id.
    #[must_use]
    pub fn get(&self, id: ClusterId) -> Option<&Cluster> {
        self.list.iter().find(|cluster| cluster.id == id)
    }

    /// The names whose objects have no address yet.
    #[must_use]
    pub fn unready(&self) -> &[Unready] {
        &self.unready
    }

    /// Whether names whose objects have no address yet stay as they are.
    #[must_use]
    pub fn keeps_unready(&self) -> bool {
        self.keeps_unready
    }

    pub(crate) fn name_of(&self, id: ClusterId) -> EcoString {
        self.get(id).map_or_else(|| ecow::eco_format!("{}", id.0), |cluster| cluster.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_clusters_may_be_empty() {
        let empty = Reading::Complete { endpoints: 0 };
        let clusters = || {
            let list = ["eu", "us"].iter().zip(0..);
            Clusters::new(
                list.map(|(name, id)| Cluster::new(ClusterId(id), *name, empty)).collect(),
            )
        };
        let allowed = clusters().allow_empty(["us"]).expect("known");
        let may: Vec<_> = allowed.iter().map(|cluster| cluster.may_be_empty).collect();
        assert_eq!(may, [false, true]);
        let error = clusters().allow_empty(["us", "lab"]).expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "--allow-empty=lab: there is no cluster of this name; there is eu, us"
        );
    }
}
