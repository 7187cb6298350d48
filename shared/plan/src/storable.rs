//! What the provider cannot store is held back, with what would have gone to make room for it.

use extdns_model::{RecordSet, Surroundings};

use crate::decide::Name;
use crate::{Decision, Hold, RecordChange};

/// Why a record set could not be stored where it would stand: a lower-case fragment with the remedy.
/// `None` if nothing speaks against it.
pub type Refusal<'f> = dyn Fn(&RecordSet, Surroundings<'_>) -> Option<String> + 'f;

/// Holds back what is refused. A name must not lose its records and get nothing instead, so the
/// deletes under the set identifier of a create that is refused are held back with it.
pub(crate) fn hold(
    refusal: &Refusal<'_>,
    at_apex: bool,
    name: &Name<'_, '_>,
    decisions: &mut [Decision<'_>],
) {
    let mut is_any_refused = false;
    for at in 0..decisions.len() {
        let decision = &decisions[at];
        let Some(endpoint) = decision.change.endpoint().filter(|_| decision.goes()) else {
            continue;
        };
        let beside = beside(name, decisions, at);
        let set = &endpoint.set;
        let Some(reason) = refusal(set, Surroundings { at_apex, beside: &beside }) else {
            continue;
        };
        let refused = match decision.change {
            RecordChange::Create(_) => Some(set.set_identifier()),
            _ => None,
        };
        is_any_refused = true;
        decisions[at].hold(Hold::CannotBeStored { reason });
        let gone = decisions.iter_mut().filter(|decision| {
            matches!(decision.change, RecordChange::Delete(_)) && decision.goes()
        });
        for decision in gone {
            if refused == Some(decision.change.set().set_identifier()) {
                decision.hold(Hold::Unit);
            }
        }
    }
    if is_any_refused {
        crate::unit::close(decisions);
    }
}

/// What the name has beside one of its decisions once all that go are carried out.
fn beside<'r>(name: &Name<'_, 'r>, decisions: &[Decision<'r>], but: usize) -> Vec<&'r RecordSet> {
    let going = |decision: &&Decision<'r>| decision.goes();
    let replaced: Vec<*const RecordSet> = decisions
        .iter()
        .filter(going)
        .filter_map(|decision| decision.change.record())
        .map(|record| std::ptr::from_ref(&record.set))
        .collect();
    let stays = name.records.iter().map(|record| &record.item.set);
    let stays = stays.filter(|set| !replaced.contains(&std::ptr::from_ref(*set)));
    let others = decisions.iter().enumerate().filter(|(at, _)| *at != but);
    let comes = others.map(|(_, decision)| decision).filter(going);
    let comes =
        comes.filter_map(|decision| decision.change.endpoint()).map(|endpoint| &endpoint.set);
    stays.chain(comes).collect()
}
