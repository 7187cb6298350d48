//! One outcome for each unit of a plan, from the outcomes of its groups: a unit that lies in several
//! zones has a group in each of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use extdns_model::{Failure, FailureKind, Outcome};
use extdns_plan::Unit;
use extdns_registry::Groups;

/// The outcome of every unit that has a group, by the index of its row and its number in the row.
pub(crate) fn by_unit(groups: &Groups, outcomes: Vec<Outcome>) -> HashMap<(usize, Unit), Outcome> {
    let mut by_unit: HashMap<(usize, Unit), Outcome> = HashMap::new();
    for (subject, outcome) in groups.subjects.iter().zip(outcomes) {
        match by_unit.entry((subject.row, subject.unit)) {
            Entry::Vacant(entry) => {
                entry.insert(outcome);
            }
            Entry::Occupied(mut entry) => {
                let known = entry.insert(Outcome::Applied);
                entry.insert(united(known, outcome));
            }
        }
    }
    by_unit
}

/// The outcome of two groups of one unit, in their order. It is the worse of the two; but if one of them
/// was applied and the other was not, the unit is partly applied.
fn united(first: Outcome, second: Outcome) -> Outcome {
    let (done, reason) = match (first, second) {
        (Outcome::Unknown(failure), _) | (_, Outcome::Unknown(failure)) => {
            return Outcome::Unknown(failure);
        }
        (Outcome::Applied, Outcome::Applied) => return Outcome::Applied,
        (Outcome::Partial { done, left, reason }, second) => {
            let more = usize::from(second == Outcome::Applied);
            return Outcome::Partial { done: done + more, left: left + 1 - more, reason };
        }
        (Outcome::Applied, Outcome::Partial { done, left, reason }) => {
            return Outcome::Partial { done: done + 1, left, reason };
        }
        (Outcome::Applied, Outcome::Rejected(reason) | Outcome::Failed(reason)) => (1, reason),
        (Outcome::Applied, Outcome::NotSent(why)) => {
            // The next run sends it.
            (1, Failure { kind: FailureKind::Transient, message: why.to_string() })
        }
        // Groups behind one that was not applied are not sent.
        (first @ (Outcome::Rejected(_) | Outcome::Failed(_) | Outcome::NotSent(_)), _) => {
            return first;
        }
    };
    Outcome::Partial { done, left: 1, reason }
}

#[cfg(test)]
mod tests {
    use extdns_model::NotSent;

    use super::*;

    #[test]
    fn what_became_of_a_unit_in_several_zones() {
        let failure =
            |text: &str| Failure { kind: FailureKind::Rejected, message: text.to_owned() };
        let rejected = || Outcome::Rejected(failure("no"));
        let unknown = || Outcome::Unknown(failure("lost"));
        let late = || Outcome::NotSent(NotSent::Deadline);
        let behind = || Outcome::NotSent(NotSent::Predecessor);
        let partial = |done, left| Outcome::Partial { done, left, reason: failure("no") };
        let stopped = || {
            let message = NotSent::Deadline.to_string();
            let reason = Failure { kind: FailureKind::Transient, message };
            Outcome::Partial { done: 1, left: 1, reason }
        };
        let table = [
            (Outcome::Applied, Outcome::Applied, Outcome::Applied),
            (Outcome::Applied, rejected(), partial(1, 1)),
            (Outcome::Applied, Outcome::Failed(failure("no")), partial(1, 1)),
            (Outcome::Applied, late(), stopped()),
            (Outcome::Applied, unknown(), unknown()),
            (Outcome::Applied, partial(1, 2), partial(2, 2)),
            (partial(1, 1), behind(), partial(1, 2)),
            (partial(1, 1), Outcome::Applied, partial(2, 1)),
            (rejected(), behind(), rejected()),
            (late(), late(), late()),
            (unknown(), behind(), unknown()),
        ];
        for (first, second, expected) in table {
            let case = format!("{first:?} {second:?}");
            assert_eq!(united(first, second), expected, "{case}");
        }
    }
}
