//! Changes that a registry does not let through.

use extdns_model::{RecordSet, RecordType};
use extdns_plan::{Decision, Hold, RecordChange, Row, Unit};

use crate::text::claims_ownership;

/// Why a unit is held back.
pub(crate) struct Refusal {
    /// The index of the decision in its row.
    pub(crate) decision: usize,
    pub(crate) hold: Hold,
}

impl Refusal {
    /// Holds the decision back, and what belongs to it. A name must not lose its records and get
    /// nothing instead: with a create, the deletes under its set identifier are held back.
    pub(crate) fn apply(self, row: &mut Row<'_>) {
        let Some(refused) = row.decisions.get_mut(self.decision) else { return };
        refused.hold(self.hold);
        if let RecordChange::Create(endpoint) = refused.change {
            let id = endpoint.set.set_identifier();
            let is_lost = |decision: &&mut Decision<'_>| {
                matches!(decision.change, RecordChange::Delete(record)
                    if record.set.set_identifier() == id)
            };
            let lost = row.decisions.iter_mut().filter(|decision| decision.goes());
            lost.filter(is_lost).for_each(|decision| decision.hold(Hold::Unit));
        }
        row.close_units();
    }
}

/// Why a wanted TXT record is not made: a value of it is one that only an ownership record may have.
/// Otherwise, a user who may create TXT records could take over or delete records of other owners.
pub(crate) fn claim(set: &RecordSet) -> Hold {
    let reason = format!(
        "a value of the wanted TXT record {} says heritage=external-dns, as only an ownership record \
         may; remove the value",
        set.name
    );
    Hold::CannotBeOwned { reason }
}

/// A desired TXT record of a unit that another instance would read as an ownership record.
pub(crate) fn claim_of(row: &Row<'_>, unit: Unit) -> Option<Refusal> {
    let claims = |decision: &Decision<'_>| {
        let set = decision.change.endpoint().map(|endpoint| &endpoint.set);
        set.is_some_and(|set| {
            set.rtype == RecordType::Txt && set.targets.iter().any(|text| claims_ownership(text))
        })
    };
    let is_it = |decision: &Decision<'_>| decision.unit == unit && decision.goes();
    let at = row.decisions.iter().position(|decision| is_it(decision) && claims(decision))?;
    Some(Refusal { decision: at, hold: claim(row.decisions[at].change.set()) })
}
