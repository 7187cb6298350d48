//! What all parts of the registry know: who we are, how ownership records are named, and what
//! their texts say.

use extdns_model::Owners;

use super::codec::Codec;
use crate::name_mapper::NameMapper;

/// The registry in TXT records.
pub(crate) struct TxtRegistry {
    pub(super) owners: Owners,
    pub(super) mapper: NameMapper,
    pub(super) codec: Codec,
}

impl TxtRegistry {
    pub(crate) fn new(owners: Owners, mapper: NameMapper, codec: Codec) -> Self {
        Self { owners, mapper, codec }
    }
}
