//! In which version a kind is read, where a cluster can have one of several.

use ecow::EcoString;

use crate::error::ReadError;
use crate::object::{Projection, ResourceType};
use crate::served::not_served;
use crate::view::ClusterView;

impl ClusterView {
    /// Where the cluster serves a kind: in the newest version of the projection that it has. Discovery is asked only for
    /// a kind with [older versions](Projection::OLDER_VERSIONS), and once for all of them.
    ///
    /// # Errors
    /// When discovery fails, or the cluster serves none of the versions.
    pub async fn served<K: Projection>(&self) -> Result<ResourceType, ReadError> {
        self.served_as(K::RESOURCE, K::OLDER_VERSIONS).await
    }

    /// [`served`](Self::served) for a kind without a projection: its newest version, and the older ones.
    ///
    /// # Errors
    /// When discovery fails, or the cluster serves none of the versions.
    pub async fn served_as(
        &self,
        newest: ResourceType,
        older: &[&'static str],
    ) -> Result<ResourceType, ReadError> {
        if older.is_empty() {
            return Ok(newest);
        }
        let served = self.served_versions(newest.group, newest.plural).await?;
        self.newest_of(newest, older, served)
    }

    /// The same for a kind of which no list may be read that would fail: the cluster is asked even where there is but one
    /// version.
    ///
    /// # Errors
    /// When discovery fails, or the cluster serves none of the versions.
    pub async fn find_served(
        &self,
        newest: ResourceType,
        older: &[&'static str],
    ) -> Result<ResourceType, ReadError> {
        let served = self.served_versions(newest.group, newest.plural).await?;
        self.newest_of(newest, older, served)
    }

    fn newest_of(
        &self,
        newest: ResourceType,
        older: &[&'static str],
        served: Option<Vec<EcoString>>,
    ) -> Result<ResourceType, ReadError> {
        let Some(served) = served else { return Ok(newest) };
        let mut wanted = std::iter::once(newest.version).chain(older.iter().copied());
        match wanted.find(|version| served.iter().any(|own| own == version)) {
            Some(version) => Ok(ResourceType { version, ..newest }),
            None => Err(self.error(not_served(&newest, older, &served))),
        }
    }
}
