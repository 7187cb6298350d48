//! Where a record set would stand.

use crate::RecordSet;

/// What a zone has beside a record set that is wanted: whether it can be stored depends on that.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surroundings<'a> {
    /// Whether its name is the apex of the zone.
    pub at_apex: bool,
    /// What its name has once the plan is carried out, as far as it is known: what stays as it is
    /// and the other record sets that are wanted.
    pub beside: &'a [&'a RecordSet],
}
