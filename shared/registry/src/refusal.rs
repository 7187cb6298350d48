//! Changes that a registry does not let through.

use extdns_model::RecordSet;
use extdns_plan::{Hold, Row};

/// Why a unit is held back.
pub(crate) struct Refusal {
    /// The index of the decision in its row.
    pub(crate) decision: usize,
    pub(crate) hold: Hold,
}

impl Refusal {
    /// Holds the decision back, and what belongs to it.
    pub(crate) fn apply(self, row: &mut Row<'_>) {
        let Some(refused) = row.decisions.get_mut(self.decision) else { return };
        refused.hold(self.hold);
        row.close_units();
    }
}

/// Why a wanted TXT record is not made: a value of it is one that only an ownership record may have.
/// Otherwise, whoever may create TXT records could take over or delete records of other owners.
pub(crate) fn claim(set: &RecordSet) -> Hold {
    let reason = format!(
        "a value of the wanted TXT record {} says heritage=external-dns, as only an ownership record \
         may; remove the value",
        set.name
    );
    Hold::CannotBeOwned { reason }
}
