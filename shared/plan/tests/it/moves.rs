//! Names that move from one zone to another.

use std::collections::BTreeSet;

use extdns_model::{Endpoint, ZoneKey};
use extdns_plan::{Decision, Policy, RecordChange};
use proptest::prelude::*;

use crate::generate::world;
use crate::support::{Case, READ, guard, of_clusters};

/// A parent zone whose record belongs to a child zone that has appeared.
fn child_appeared() -> Case {
    of_clusters(&[("default", "me", READ)])
        .zones(&[("parent", "org"), ("child", "sub.org")])
        .has(&["parent: A www.sub.org 1.1.1.1 o=me", "parent: AAAA www.sub.org ::1 o=me"])
        .wants(&["A www.sub.org 1.1.1.1 by=default:x"])
}

#[test]
fn a_name_moves_to_the_child_zone_that_appeared() {
    child_appeared().gives(&[
        "parent: - A www.sub.org 1.1.1.1 [moves]",
        "parent: - AAAA www.sub.org ::1 [moves]",
        "child: + A www.sub.org 1.1.1.1",
    ]);
    // Once it is there, what is left in the parent zone is merely unwanted.
    child_appeared()
        .has(&["parent: A www.sub.org 1.1.1.1 o=me", "child: A www.sub.org 1.1.1.1 o=me"])
        .gives(&["parent: - A www.sub.org 1.1.1.1"]);
}

#[test]
fn a_name_that_is_refused_in_its_new_zone_stays_in_its_old_one() {
    let has = ["parent: A www.sub.org 1.1.1.1 o=me", "child: TXT www.sub.org t"];
    child_appeared().manages("A AAAA CNAME TXT").has(&has).gives(&[
        "parent: = - A www.sub.org 1.1.1.1 [moves] (moves to sub.org, there foreign)",
        "child: = + A www.sub.org 1.1.1.1 (foreign)",
    ]);
    // Somebody else's record of another value is no move either.
    let has = ["parent: A www.sub.org 1.1.1.1 o=me", "child: A www.sub.org 9.9.9.9 o=other"];
    child_appeared().has(&has).gives(&[
        "parent: = - A www.sub.org 1.1.1.1 [moves] (moves to sub.org, there foreign other)",
        "child: = ~ A www.sub.org 9.9.9.9 -> 1.1.1.1 [targets] (foreign other)",
    ]);
    child_appeared().unread("child").has(&["parent: A www.sub.org 1.1.1.1 o=me"]).gives(&[
        "parent: = - A www.sub.org 1.1.1.1 [moves] (unread zone)",
        "child: = + A www.sub.org 1.1.1.1 (unread zone)",
    ]);
}

/// As upstream's policies say, whatever the zones.
#[test]
fn a_policy_without_deletes_makes_the_name_and_leaves_the_old_one() {
    for policy in [Policy::UpsertOnly, Policy::CreateOnly] {
        child_appeared().policy(policy).gives(&[
            "parent: = - A www.sub.org 1.1.1.1 [moves] (policy)",
            "parent: = - AAAA www.sub.org ::1 [moves] (policy)",
            "child: + A www.sub.org 1.1.1.1",
        ]);
    }
}

#[test]
fn what_is_guarded_in_the_new_zone_stays_in_the_old_one() {
    // All of the child zone would be updated, which is too much, and one name moves there.
    let has = (0..10).map(|n| format!("child: A n{n}.sub.org 1.1.1.1 o=me"));
    let has: Vec<_> = has.chain(["parent: A n0.sub.org 1.1.1.1 o=me".to_owned()]).collect();
    let wants: Vec<_> = (0..10).map(|n| format!("A n{n}.sub.org 2.2.2.2 by=default:x")).collect();
    let guard = extdns_plan::Guard { max_update_percent: 50, ..guard() };
    let case = child_appeared().has(&has).wants(&wants).guarded(guard);
    case.check(|plan, _| {
        let (_, moved) = plan.decisions().find(|(row, _)| row.zone == ZoneKey(0)).expect("there");
        assert!(!moved.goes(), "{moved:?}");
    });
}

#[test]
fn a_move_is_an_update_to_the_guard() {
    let has: Vec<_> = (0..10).map(|n| format!("parent: A n{n}.sub.org 1.1.1.1 o=me")).collect();
    let wants: Vec<_> = (0..10).map(|n| format!("A n{n}.sub.org 1.1.1.1 by=default:x")).collect();
    let case = |guard| child_appeared().has(&has).wants(&wants).guarded(guard);
    assert_eq!(case(guard()).totals(), [("go".to_owned(), 20)]);
    let few = extdns_plan::Guard { max_update_percent: 50, ..guard() };
    assert_eq!(
        case(few.clone()).totals(),
        [("go".to_owned(), 10), ("guarded updates".to_owned(), 10)]
    );
    assert_eq!(
        case(few).exceeded_limits(),
        ["target updates 10/10 > 50 % (--max-update-percent=100)"]
    );
}

#[test]
fn a_name_that_is_wanted_in_a_zone_that_is_not_there_stays() {
    child_appeared()
        .has(&["parent: A www.org 1.1.1.1 o=me", "parent: A gone.org 1.1.1.1 o=me"])
        .wants(&["A www.org 1.1.1.1 pin=typo by=default:x"])
        .gives(&["parent: - A gone.org 1.1.1.1", "parent: = - A www.org 1.1.1.1 (no zone)"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_name_goes_from_its_zone_before_it_is_in_the_others(world in world()) {
        world.plan(|plan, inventory| {
            for (row, decision) in plan.going() {
                let RecordChange::Delete(record) = decision.change else { continue };
                let key = record.set.name.key();
                let zones = |endpoint: &Endpoint| {
                    inventory.index.route(&endpoint.set.name.key(), endpoint.hints().zone.as_deref())
                };
                let of_name = || world.desired.iter().filter(|endpoint| endpoint.set.name.key() == key);
                if of_name().any(|endpoint| zones(endpoint).contains(&row.zone)) {
                    continue;
                }
                let wanted: BTreeSet<ZoneKey> = of_name().flat_map(zones).collect();
                prop_assert!(of_name().next().is_none() || !wanted.is_empty(), "{decision:?}");
                let elsewhere = plan.rows.iter().filter(|other| other.name == row.name);
                let elsewhere = elsewhere.filter(|other| wanted.contains(&other.zone));
                for endpoint in elsewhere.flat_map(|other| &other.decisions) {
                    prop_assert!(endpoint.change.endpoint().is_none() || Decision::goes(endpoint), "{endpoint:?}");
                }
            }
            Ok(())
        })?;
    }
}
