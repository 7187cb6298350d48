//! Where a record set would stand.

use crate::{RecordSet, Role, Zone};

/// The zone in which a record set is wanted, and what stands beside it there: whether it can be
/// stored depends on that.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The zone.
    pub zone: &'a Zone,
    /// Whether the name of the record set is the apex of the zone.
    pub at_apex: bool,
    /// Whether it is a record or an ownership record.
    pub role: Role,
    /// What its name has once the plan is carried out, as far as it is known: what stays as it is,
    /// also of types that are not managed, and the other record sets that are wanted.
    pub beside: &'a [&'a RecordSet],
}

impl<'a> Surroundings<'a> {
    /// A zone in which nothing else has the name of this record set.
    #[must_use]
    pub fn alone(zone: &'a Zone, set: &RecordSet) -> Self {
        let at_apex = zone.name.key() == set.name.key();
        Self { zone, at_apex, role: Role::Record, beside: &[] }
    }
}
