//! What the policy does not allow is held back.

use extdns_model::RecordSet;
use smallvec::SmallVec;

use crate::conflict::excludes;
use crate::{Decision, Hold, Policy, RecordChange};

impl Policy {
    /// Holds back what this policy does not allow among the decisions about one name.
    ///
    /// A record that must go before another can come is no plain delete: upsert-only replaces it,
    /// create-only keeps it and holds the other back.
    pub(crate) fn restrict(self, decisions: &mut [Decision<'_>]) {
        match self {
            Self::Sync => {}
            Self::UpsertOnly => {
                let coming = sets(decisions, |change| matches!(change, RecordChange::Create(_)));
                for decision in decisions {
                    if let RecordChange::Delete(record) = decision.change
                        && !coming.iter().any(|set| excludes(set, &record.set))
                    {
                        decision.hold(Hold::Policy);
                    }
                }
            }
            Self::CreateOnly => {
                let staying = sets(decisions, |change| matches!(change, RecordChange::Delete(_)));
                for decision in decisions {
                    match decision.change {
                        RecordChange::Create(endpoint) => {
                            if staying.iter().any(|set| excludes(set, &endpoint.set)) {
                                decision.hold(Hold::Coexistence);
                            }
                        }
                        RecordChange::Update { .. } | RecordChange::Delete(_) => {
                            decision.hold(Hold::Policy);
                        }
                    }
                }
            }
        }
    }
}

/// The record sets of those changes that nothing holds back yet.
fn sets<'a>(
    decisions: &[Decision<'a>],
    kind: impl Fn(&RecordChange<'a>) -> bool,
) -> SmallVec<[&'a RecordSet; 4]> {
    let going = decisions.iter().filter(|decision| decision.goes() && kind(&decision.change));
    going.map(|decision| decision.change.set()).collect()
}
