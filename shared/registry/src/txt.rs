//! Ownership in TXT records beside the records: `a-www.example.org` marks the A record of
//! `www.example.org` with `heritage=external-dns,external-dns/owner=me,...`.
//!
//! Example, with the owner id `me`. Reading takes the ownership record out of the inventory and puts
//! its labels on the record; writing puts an ownership record beside each change of a record:
//!
//! ```text
//! read     www   A    192.0.2.1                              www A 192.0.2.1  {owner=me}
//!          a-www TXT  heritage=..,external-dns/owner=me
//! written  + api AAAA 2001:db8::1                            + aaaa-api TXT heritage=..,owner=me
//!                                                            + api AAAA 2001:db8::1
//!          - www A    192.0.2.1                              - www A 192.0.2.1
//!                                                            - a-www TXT heritage=..,owner=me
//! ```
//!
//! An ownership record is made before its record and removed after it, so that a run that ends in
//! between leaves no record without an owner.

mod cipher;
mod codec;
mod holds;
mod join;
mod leftovers;
mod location;
mod names;
mod older;
mod own;
mod ownership_records;
mod positions;
mod read;
mod registry;
mod siblings;
mod slots;
mod write;

use extdns_model::{Endpoint, Inventory, Labels, Owners, RecordSet, Targets};
use extdns_plan::{Plan, Refusal};

use crate::{Annotated, Groups, Loaded, Registry};
pub use cipher::BadKey;
#[cfg(test)]
pub(crate) use cipher::CannotEncrypt;
pub(crate) use cipher::Cipher;
pub(crate) use codec::Codec;
#[cfg(test)]
pub(crate) use location::NoLocation;
pub(crate) use registry::TxtRegistry;

impl Registry for TxtRegistry {
    fn owners(&self) -> &Owners {
        &self.owners
    }

    fn labels(&self, endpoint: &Endpoint) -> Labels {
        self.owners.stamp(endpoint)
    }

    fn others_values(&self, set: &RecordSet) -> Targets {
        self.codec.foreign(set).collect()
    }

    fn annotate(&self, inventory: Inventory, _: Loaded) -> Annotated {
        read::annotate(self, inventory)
    }

    fn decorate(
        &self,
        plan: &mut Plan<'_>,
        annotated: &Annotated,
        refusal: &Refusal<'_>,
    ) -> Groups {
        write::decorate(self, plan, annotated, refusal)
    }
}
