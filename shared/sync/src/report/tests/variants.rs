//! The samples show every variant of everything that can happen to a change.

use std::collections::BTreeSet;

use extdns_model::{NotSent, Outcome};
use extdns_plan::{Cause, FreezeCause, GuardKind, Hold};

use super::sample::{everything, holds, outcomes, plan};
use crate::report::ChangeResult;

/// The number of a variant. A new one does not compile here until it has a number, and the test
/// below fails until the samples show it.
fn of_hold(hold: &Hold) -> usize {
    match hold {
        Hold::Foreign { owner: Some(_) } => 0,
        Hold::Foreign { owner: None } => 1,
        Hold::Policy => 2,
        Hold::Coexistence => 3,
        Hold::Unit => 4,
        Hold::CannotBeOwned { .. } => 5,
        Hold::UnreadableZone => 6,
        Hold::ReadOnly { .. } | Hold::ReadOnlyZone { .. } => 7,
        Hold::Frozen { why: FreezeCause::Failed, .. } => 8,
        Hold::Frozen { why: FreezeCause::Empty { filter: None, .. }, .. } => 9,
        Hold::UnknownCluster { .. } => 10,
        Hold::Unready { .. } => 11,
        Hold::Protected { .. } => 12,
        Hold::Guarded { kind: GuardKind::Deletes, .. } => 13,
        Hold::Guarded { kind: GuardKind::Updates, .. } => 14,
        Hold::Kept { .. } => 15,
        Hold::CannotBeStored { .. } => 21,
        Hold::Outage { .. } => 18,
        Hold::Moves { .. } => 19,
        Hold::NoZone => 20,
        Hold::InDoubt(_) => 17,
        Hold::Frozen { why: FreezeCause::Empty { filter: Some(_), .. }, .. } => 16,
    }
}

fn of_outcome(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Applied => 0,
        Outcome::Partial { .. } => 1,
        Outcome::NotSent(NotSent::Deadline) => 2,
        Outcome::NotSent(NotSent::Predecessor) => 3,
        Outcome::NotSent(NotSent::Stopped(_)) => 4,
        Outcome::Rejected(_) => 5,
        Outcome::Unknown(_) => 6,
        Outcome::NotSent(NotSent::Move) => 7,
        Outcome::Failed(_) => 8,
        Outcome::NotSent(NotSent::Replacement) => 9,
        // Runs with a table show it: `tests/it/dynamodb.rs`.
        Outcome::NotSent(NotSent::Foreign(_)) => 10,
    }
}

fn of_cause(cause: Cause) -> usize {
    match cause {
        Cause::Missing => 0,
        Cause::Differs(differences) => {
            let [targets, properties] = [differences.targets, differences.properties];
            if targets {
                1
            } else if properties {
                2
            } else {
                3
            }
        }
        Cause::Unwanted => 4,
        Cause::GivesWay => 5,
        Cause::Orphaned => 6,
        Cause::Moves { .. } => 7,
        Cause::Unowned => 8,
        Cause::Released => 9,
    }
}

fn assert_all(found: impl Iterator<Item = usize>, count: usize, what: &str) {
    let found: BTreeSet<usize> = found.collect();
    assert!(found.iter().copied().eq(0..count), "{what}: only {found:?}");
}

#[test]
fn every_variant_is_in_a_sample() {
    assert_all(holds().iter().map(of_hold), 22, "holds");
    assert_all(outcomes().iter().map(of_outcome), 10, "outcomes");
    let report = everything();
    let results = || report.changes().map(|change| &change.result);
    let held = results().filter_map(|result| match result {
        ChangeResult::Held(hold) => Some(of_hold(hold)),
        ChangeResult::Planned | ChangeResult::Sent(_) => None,
    });
    assert_all(held, 22, "holds of the report");
    let sent = results().filter_map(|result| match result {
        ChangeResult::Sent(outcome) => Some(of_outcome(outcome)),
        ChangeResult::Planned | ChangeResult::Held(_) => None,
    });
    assert_all(sent, 10, "outcomes of the report");
    for report in [report, plan()] {
        assert_all(report.changes().map(|change| of_cause(change.cause)), 9, "causes");
    }
}
