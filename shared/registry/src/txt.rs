//! Ownership in TXT records beside the records: `a-www.example.org` marks the A record of
//! `www.example.org` with `heritage=external-dns,external-dns/owner=me,...`.

mod cipher;
mod codec;
mod holds;
mod leftovers;
mod marks;
mod names;
mod older;
mod own;
mod place;
mod read;
mod siblings;
mod slots;
mod text;
mod write;

use extdns_model::{Endpoint, Inventory, Labels, Owners};
use extdns_plan::Plan;

use crate::name_mapper::NameMapper;
use crate::{Annotated, Groups, Registry};
pub use cipher::BadKey;
#[cfg(test)]
pub(crate) use cipher::CannotEncrypt;
pub(crate) use cipher::Cipher;
pub(crate) use codec::Codec;
#[cfg(test)]
pub(crate) use place::NoPlace;
pub(crate) use text::claims_ownership;

/// The registry in TXT records.
pub(crate) struct TxtRegistry {
    owners: Owners,
    mapper: NameMapper,
    codec: Codec,
}

impl TxtRegistry {
    pub(crate) fn new(owners: Owners, mapper: NameMapper, codec: Codec) -> Self {
        Self { owners, mapper, codec }
    }
}

impl Registry for TxtRegistry {
    fn owners(&self) -> &Owners {
        &self.owners
    }

    fn labels(&self, endpoint: &Endpoint) -> Labels {
        self.owners.stamp(endpoint)
    }

    fn annotate(&self, inventory: Inventory) -> Annotated {
        read::annotate(self, inventory)
    }

    fn decorate(&self, plan: &mut Plan<'_>, annotated: &Annotated) -> Groups {
        write::decorate(self, plan, annotated)
    }
}
