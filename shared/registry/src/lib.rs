//! Who owns a record: marks that are read beside the records, joined to them before the plan, and
//! written with them after it.

mod args;
mod groups;
mod noop;
mod txt;

use extdns_model::{ChangeGroup, Inventory, Owners};
use extdns_plan::Plan;

/// A way to keep ownership. Reading and planning need nothing else; stores outside the zone write
/// theirs through a trait of their own.
pub trait Registry: Send + Sync {
    /// The owner ids of this target; none if the registry keeps no owners.
    fn owners(&self) -> &Owners;

    /// Joins ownership to the records and takes the ownership records out of the inventory.
    fn annotate(&self, inventory: Inventory) -> Annotated;

    /// Adds the ownership records to the changes and cuts them into groups. A change whose
    /// ownership record cannot be written is held back in the plan.
    fn decorate(&self, plan: &mut Plan<'_>, annotated: &Annotated) -> Vec<ChangeGroup>;
}

/// An inventory with ownership joined on.
#[derive(Debug)]
pub struct Annotated {
    /// The records, without ownership records.
    pub inventory: Inventory,
}
