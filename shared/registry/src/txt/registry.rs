//! What all parts of the registry know: who we are, how ownership records are named, and what
//! their texts say.

use ecow::EcoString;
use extdns_model::{Endpoint, Owners, Record};

use super::codec::Codec;
use crate::name_mapper::NameMapper;

/// The registry in TXT records.
pub(crate) struct TxtRegistry {
    pub(super) owners: Owners,
    pub(super) mapper: NameMapper,
    /// How the ownership records of some owner ids are named otherwise: clusters that ran on their
    /// own until now may have had affixes of their own.
    others: Vec<(EcoString, NameMapper)>,
    pub(super) codec: Codec,
}

impl TxtRegistry {
    pub(crate) fn new(
        owners: Owners,
        mapper: NameMapper,
        others: Vec<(EcoString, NameMapper)>,
        codec: Codec,
    ) -> Self {
        Self { owners, mapper, others, codec }
    }

    /// What a TXT record set says of ownership, if it says nothing else.
    #[cfg(feature = "aws")]
    pub(crate) fn whole_labels(
        &self,
        set: &extdns_model::RecordSet,
    ) -> Option<extdns_model::Labels> {
        self.codec.labels(set).filter(|_| self.codec.foreign(set).next().is_none())
    }

    /// How the ownership records of an owner id are named.
    pub(super) fn mapper_of(&self, owner: Option<&str>) -> &NameMapper {
        self.position(owner).map_or(&self.mapper, |at| &self.others[at].1)
    }

    /// The owner ids of which one stands for each way to name ownership records.
    pub(super) fn mappings(&self) -> impl Iterator<Item = Option<&str>> {
        std::iter::once(None).chain(self.others.iter().map(|(owner, _)| Some(owner.as_str())))
    }

    /// The owner id that an endpoint will be marked with, where names depend on it.
    pub(super) fn owner_of(&self, endpoint: &Endpoint) -> Option<&str> {
        let is_one = self.others.is_empty();
        let cluster = || endpoint.attribution.first().map(|resource| resource.cluster);
        if is_one { None } else { self.owners.id_of(cluster()).map(EcoString::as_str) }
    }

    /// Whether the ownership record of a record gets another name with these labels.
    pub(super) fn renames(&self, record: &Record, owner: Option<&str>) -> bool {
        self.position(record.labels.owner()) != self.position(owner)
    }

    fn position(&self, owner: Option<&str>) -> Option<usize> {
        self.others.iter().position(|(own, _)| Some(own.as_str()) == owner)
    }
}
