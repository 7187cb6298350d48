//! Who owns a record: marks that are read beside the records, joined to them before the plan, and
//! written with them after it.

mod annotated;
mod args;
mod explained;
mod groups;
#[cfg(test)]
mod messages;
mod name_mapper;
mod noop;
mod refusal;
mod removal;
mod txt;

use extdns_model::{Endpoint, Inventory, Labels, Owners};
use extdns_plan::Plan;

pub use annotated::{Annotated, Leftover};
pub use args::{Args, ClusterOwner, RegistryError, RegistryKind, from_args};
pub use explained::Explained;
pub use groups::{Groups, Mixed, Subject};
pub use removal::Orphan;
pub use txt::BadKey;

/// A way to keep ownership. Reading and planning need nothing else; stores outside the zone write
/// theirs through a trait of their own.
pub trait Registry: Send + Sync {
    /// The owner ids of this target; none if the registry keeps no owners.
    fn owners(&self) -> &Owners;

    /// What the ownership record of an endpoint says once it is written.
    fn labels(&self, endpoint: &Endpoint) -> Labels;

    /// Joins ownership to the records and takes the ownership records out of the inventory.
    fn annotate(&self, inventory: Inventory) -> Annotated;

    /// Adds the ownership records to the changes that are carried out, and cuts them into groups.
    /// Changes whose ownership record cannot be written, or is somebody else's, are held back in
    /// the plan together with their unit.
    fn decorate(&self, plan: &mut Plan<'_>, annotated: &Annotated) -> Groups;
}
