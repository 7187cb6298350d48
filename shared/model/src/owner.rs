//! Whose records a run may touch.

use ecow::EcoString;

use crate::{ClusterId, Labels};

/// The owner ids of one target: one per cluster, several clusters may share one.
///
/// Empty for a registry that keeps no owners; then every record counts as ours.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    by_cluster: Vec<(ClusterId, EcoString)>,
    migrating_from: Option<EcoString>,
}

/// An owner id that would not survive being written into a TXT record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OwnerIdError {
    /// The id is the empty string.
    #[error("owner id cannot be empty")]
    Empty,
    /// The id has a character that ends or breaks the label.
    #[error(
        "owner id {id:?} must not contain commas, quotes, control characters or outer white space, \
         because the ownership TXT record could not be read back"
    )]
    Unwritable {
        /// The id.
        id: String,
    },
}

impl Owners {
    /// No owners: the registry keeps none.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The owner ids of a run's clusters.
    ///
    /// # Errors
    /// The first id that could not be read back from a TXT record.
    pub fn new(
        ids: impl IntoIterator<Item = (ClusterId, EcoString)>,
    ) -> Result<Self, OwnerIdError> {
        let by_cluster: Vec<_> = ids.into_iter().collect();
        for (_, id) in &by_cluster {
            check(id)?;
        }
        Ok(Self { by_cluster, migrating_from: None })
    }

    /// Also counts records of this id as ours, to be rewritten to the id of the cluster that
    /// wants them.
    #[must_use]
    pub fn migrating_from(mut self, old: Option<EcoString>) -> Self {
        self.migrating_from = old.filter(|old| !old.is_empty());
        self
    }

    /// Whether the registry keeps no owners.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_cluster.is_empty()
    }

    /// Whether the id is one of ours.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.by_cluster.iter().any(|(_, own)| own == id) || self.is_migrating(id)
    }

    /// Whether records of this id are to be rewritten to a new id.
    #[must_use]
    pub fn is_migrating(&self, id: &str) -> bool {
        self.migrating_from.as_deref() == Some(id)
            && !self.by_cluster.iter().any(|(_, own)| own == id)
    }

    /// Whether a record with these labels is ours. Without owners everything is.
    #[must_use]
    pub fn own(&self, labels: &Labels) -> bool {
        self.is_empty() || labels.owner().is_some_and(|owner| self.contains(owner))
    }

    /// The id that a cluster's records are written with. A record that no cluster claims (a
    /// generated PTR, say) gets the first cluster's.
    #[must_use]
    pub fn id_of(&self, cluster: Option<ClusterId>) -> Option<&EcoString> {
        self.by_cluster
            .iter()
            .find(|(own, _)| Some(*own) == cluster)
            .or_else(|| self.by_cluster.first())
            .map(|(_, id)| id)
    }
}

fn check(id: &str) -> Result<(), OwnerIdError> {
    if id.is_empty() {
        return Err(OwnerIdError::Empty);
    }
    if id.trim() != id || id.chars().any(|char| matches!(char, ',' | '"') || char.is_control()) {
        return Err(OwnerIdError::Unwritable { id: id.to_owned() });
    }
    Ok(())
}
