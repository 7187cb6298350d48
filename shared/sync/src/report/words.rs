//! The phrases that all renderings share.

use extdns_model::Outcome;
use extdns_plan::Hold;

/// Why something is held back, as a fragment that reads after "held back:".
pub(crate) fn held(hold: &Hold) -> String {
    match hold {
        Hold::Foreign { owner: Some(owner) } => format!("the name belongs to owner {owner:?}"),
        Hold::Foreign { owner: None } => {
            "the name has a record without an ownership record, so somebody else made it".to_owned()
        }
        Hold::Policy => "--policy does not allow it".to_owned(),
        Hold::Coexistence => {
            "a record of the name stays, and a CNAME cannot stand beside others".to_owned()
        }
        Hold::Unit => "a change that belongs to it is held back".to_owned(),
        Hold::CannotBeOwned { reason } => reason.clone(),
        Hold::UnreadableZone => "its zone could not be read".to_owned(),
        Hold::ReadOnly { reason } => format!("it {reason}"),
        other => format!("{other:?}"),
    }
}

pub(crate) fn sent(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Applied => "done".to_owned(),
        Outcome::Partial { done, left, reason } => {
            format!("{done} of {} steps done, then: {reason}", done + left)
        }
        Outcome::NotSent(why) => why.to_string(),
        Outcome::Rejected(failure) => format!("rejected: {failure}"),
        Outcome::Unknown(failure) => format!("unconfirmed, the next run looks again: {failure}"),
    }
}
