//! What holds for every plan.

use std::collections::{BTreeMap, BTreeSet};

use extdns_model::{Endpoint, Inventory, Record, RecordSet, RecordType, ZoneKey};
use extdns_plan::{Decision, DecisionState, Guard, Hold, Plan, Policy, RecordChange, Row, Sharing};
use proptest::prelude::*;

use crate::generate::{CLUSTERS, World, world};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_plan_that_was_carried_out_leaves_nothing_to_do(mut world in world()) {
        // What was too much of the records before need not be of those after.
        world.settings.guard = Guard::disabled();
        // Clusters that share an endpoint, and want others of its name besides, settle in two runs:
        // the first says in the ownership record who has it.
        world.applied().applied().plan(|plan, _| {
            let left: Vec<_> = plan.going().map(|(_, decision)| decision).collect();
            prop_assert!(left.is_empty(), "{left:#?}");
            Ok(())
        })?;
    }

    #[test]
    fn what_is_not_ours_is_never_touched(world in world()) {
        let owners = &world.settings.owners;
        let is_ours = |record: &Record| record.read_only().is_none() && owners.own(&record.labels);
        world.plan(|plan, inventory| {
            for (row, decision) in plan.going() {
                match decision.change.record() {
                    Some(record) => prop_assert!(is_ours(record), "{decision:?}"),
                    None => prop_assert!(
                        owners.is_empty()
                            || foreign_in_the_way(inventory, row, decision, is_ours).is_none(),
                        "{decision:?}"
                    ),
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn order_does_not_matter((world, shuffled) in world().prop_flat_map(with_shuffled)) {
        let shown = world.plan(|plan, _| format!("{plan:#?}"));
        prop_assert_eq!(shown, shuffled.plan(|plan, _| format!("{plan:#?}")));
    }

    #[test]
    fn units_are_whole(world in world()) {
        world.plan(|plan, _| {
            for row in &plan.rows {
                for decision in row.decisions.iter().filter(|decision| decision.goes()) {
                    let unit = row.decisions.iter().filter(|other| other.unit == decision.unit);
                    prop_assert!(unit.clone().all(Decision::goes), "{:?}", unit.collect::<Vec<_>>());
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn rows_are_in_order_and_say_something(world in world()) {
        world.plan(|plan, _| {
            prop_assert!(plan.rows.iter().all(|row| !row.decisions.is_empty()));
            let keys: Vec<_> = plan.rows.iter().map(|row| (row.zone, row.name.as_str())).collect();
            prop_assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
            for row in &plan.rows {
                let sorted = row.decisions.is_sorted_by_key(|decision| {
                    let set = decision.change.set();
                    let kept = !matches!(decision.change, RecordChange::Delete(_));
                    (kept, set.set_identifier(), set.rtype)
                });
                prop_assert!(sorted);
            }
            Ok(())
        })?;
    }

    #[test]
    fn upsert_only_loses_no_name(mut world in world()) {
        world.settings.policy = Policy::UpsertOnly;
        let (before, after) = (names(&world), names(&world.applied()));
        prop_assert!(before.is_subset(&after), "{before:?} {after:?}");
    }

    #[test]
    fn create_only_changes_no_record(mut world in world()) {
        world.settings.policy = Policy::CreateOnly;
        world.plan(|plan, _| {
            let only_creates =
                plan.going().all(|(_, decision)| matches!(decision.change, RecordChange::Create(_)));
            prop_assert!(only_creates);
            Ok(())
        })?;
    }

    #[test]
    fn no_cname_comes_to_stand_beside_another_type(world in world()) {
        let before = mixed_sets(&world);
        let after = mixed_sets(&world.applied());
        prop_assert!(after.is_subset(&before), "{after:?}");
    }

    #[test]
    fn every_desired_endpoint_is_accounted_for(world in world()) {
        world.plan(|plan, inventory| {
            for endpoint in &world.desired {
                let zones = inventory.index.route(&endpoint.set.name.key(), endpoint.hints().zone.as_deref());
                if zones.is_empty() {
                    prop_assert!(plan.unrouted.iter().any(|it| std::ptr::eq(*it, endpoint)));
                }
                for zone in zones {
                    prop_assert!(is_accounted_for(&world, plan, inventory, zone, endpoint), "{endpoint:?}");
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn nothing_is_done_in_a_zone_that_was_not_read(world in world()) {
        world.plan(|plan, inventory| {
            for (_, decision) in plan.decisions().filter(|(row, _)| !inventory.is_readable(row.zone)) {
                prop_assert_eq!(&decision.state, &DecisionState::Held(Hold::UnreadableZone));
            }
            Ok(())
        })?;
    }
}

/// The same world with everything in another order.
fn with_shuffled(world: World) -> impl Strategy<Value = (World, World)> {
    let shuffle = |length: usize| Just((0..length).collect::<Vec<_>>()).prop_shuffle();
    let records: Vec<_> = world
        .zones
        .iter()
        .map(|content| shuffle(content.records.as_ref().map_or(0, Vec::len)))
        .collect();
    (shuffle(world.desired.len()), shuffle(world.zones.len()), records).prop_map(
        move |(desired, zones, records)| {
            let mut other = world.clone();
            for (content, order) in other.zones.iter_mut().zip(&records) {
                content.records = content.records.as_ref().map(|records| pick(records, order));
            }
            other.desired = pick(&other.desired, &desired);
            other.zones = pick(&other.zones, &zones);
            (world.clone(), other)
        },
    )
}

fn pick<T: Clone>(from: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|index| from[*index].clone()).collect()
}

fn foreign_in_the_way<'i>(
    inventory: &'i Inventory,
    row: &Row<'_>,
    decision: &Decision<'_>,
    is_ours: impl Fn(&Record) -> bool,
) -> Option<&'i Record> {
    let wanted = decision.change.set().set_identifier();
    let records = inventory.records().filter(|(zone, _)| *zone == row.zone);
    records.map(|(_, record)| record).find(|record| {
        let theirs = record.set.set_identifier();
        !is_ours(record)
            && record.set.name.key() == row.name.as_str()
            && (theirs.is_empty() || wanted.is_empty() || theirs == wanted)
    })
}

fn is_accounted_for(
    world: &World,
    plan: &Plan<'_>,
    inventory: &Inventory,
    zone: ZoneKey,
    endpoint: &Endpoint,
) -> bool {
    // What clusters share is part of an endpoint that the plan makes.
    let is_part_of = |set: &RecordSet| {
        set.name.key() == endpoint.set.name.key()
            && set.rtype == endpoint.set.rtype
            && set.targets.cover(&endpoint.set.targets, set.rtype)
            && (set.set_identifier() == endpoint.set.set_identifier()
                || CLUSTERS.contains(&set.set_identifier()))
    };
    let is_desired = |it: &Endpoint| world.desired.iter().any(|own| std::ptr::eq(own, it));
    let is_it =
        |it: &Endpoint| std::ptr::eq(it, endpoint) || (!is_desired(it) && is_part_of(&it.set));
    let decided = plan.decisions().filter(|(row, decision)| {
        row.zone == zone && decision.change.endpoint().is_some_and(is_it)
    });
    let decided = decided.count();
    let lost =
        plan.losers.iter().filter(|loser| loser.zone == zone && is_it(loser.endpoint)).count();
    let is_there = || {
        let records = inventory.records().filter(|(in_zone, _)| *in_zone == zone);
        records.map(|(_, record)| &record.set).any(is_part_of)
    };
    let is_shared = world.settings.sharing != Sharing::First;
    decided + lost == 1 || (is_shared && decided + lost > 0) || (decided + lost == 0 && is_there())
}

/// The names of each zone that hold something.
fn names(world: &World) -> BTreeSet<(String, String)> {
    sets(world).map(|(zone, set)| (zone, set.name.key().into_owned())).collect()
}

/// Zones, names and set identifiers under which a CNAME stands beside another type.
fn mixed_sets(world: &World) -> BTreeSet<(String, String, String)> {
    let mut types: BTreeMap<_, BTreeSet<bool>> = BTreeMap::new();
    for (zone, set) in sets(world) {
        let key = (zone, set.name.key().into_owned(), set.set_identifier().to_owned());
        types.entry(key).or_default().insert(set.rtype == RecordType::Cname);
    }
    types.into_iter().filter(|(_, kinds)| kinds.len() > 1).map(|(key, _)| key).collect()
}

fn sets(world: &World) -> impl Iterator<Item = (String, &RecordSet)> {
    world.zones.iter().flat_map(|content| {
        let records = content.records.iter().flatten();
        records.map(|record| (content.zone.id.to_string(), &record.set))
    })
}
