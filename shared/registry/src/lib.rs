//! Who owns a record: ownership records that are read beside the records, joined to them before the
//! plan, and written with them after it.
//!
//! It knows `model`, `plan` and, for the registries `crd` and `dynamodb`, `clusters` and `auth`. [`Registry`] is the pure part:
//! `annotate` joins ownership to an inventory, `decorate` adds the changes of ownership records to
//! a plan. `txt.rs` has an example. A [`Store`] reads and writes ownership records that are kept
//! outside the zones.

mod annotated;
mod args;
mod aws_sd;
mod claimed;
mod crd;
#[cfg(feature = "aws")]
mod dynamodb;
mod entries;
mod explained;
mod groups;
#[cfg(test)]
mod messages;
mod name_mapper;
mod noop;
mod outside;
mod reassigned;
mod refusal;
mod removal;
mod store;
mod text;
mod txt;

use extdns_model::{Endpoint, Inventory, LabelKey, Labels, Owners, RecordSet, Targets};
use extdns_plan::{Plan, Refusal};

pub use annotated::{Annotated, KeptIn, Leftover};
pub use args::{Affix, Args, ClusterOwner, Places, RegistryError, RegistryKind, from_args};
pub use claimed::Claimed;
#[cfg(feature = "aws")]
pub use dynamodb::AwsCalls;
pub use explained::Explained;
pub use extdns_clusters::Keeper;
pub use groups::{Groups, Mixed, Subject};
pub use outside::Outside;
pub use reassigned::{Holder, Reassigned, successors};
pub use removal::Orphan;
pub use store::{
    Entry, EntryAction, EntryChange, Examined, Fault, Loaded, Refused, Settled, Store, StoreError,
    Unclear,
};
pub use txt::BadKey;

/// Labels that only an ownership record may have. Those of a provider are ignored.
const OWNERSHIP: [&str; 4] =
    [LabelKey::OWNER, LabelKey::RESOURCE, LabelKey::CLUSTER, LabelKey::OWNED_RECORD];

/// A way to keep ownership: pure functions. What is kept outside the zones is read and written by
/// the [`Store`].
pub trait Registry: Send + Sync {
    /// The owner ids of this target; none if the registry keeps no owners.
    fn owners(&self) -> &Owners;

    /// What the ownership record of an endpoint says once it is written.
    fn labels(&self, endpoint: &Endpoint) -> Labels;

    /// The store of the ownership records, where they are kept outside the zones.
    fn store(&self) -> Option<&dyn Store> {
        None
    }

    /// The values of an ownership record set that are not ours: they stay where it goes.
    fn others_values(&self, set: &RecordSet) -> Targets {
        let _ = set;
        Targets::new()
    }

    /// Joins ownership to the records and takes the ownership records out of the inventory. What a
    /// store holds was loaded before; without a store it is empty.
    fn annotate(&self, inventory: Inventory, loaded: Loaded) -> Annotated;

    /// Adds the ownership records to the changes that are carried out, and cuts them into groups.
    /// Changes whose ownership record cannot be written, or belongs to another owner, are held back
    /// in the plan together with their unit, and so are those whose ownership record the provider
    /// would refuse.
    fn decorate(&self, plan: &mut Plan<'_>, annotated: &Annotated, refusal: &Refusal<'_>)
    -> Groups;
}
