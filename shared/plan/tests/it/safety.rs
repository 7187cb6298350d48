//! What no plan does, whatever could not be read: properties over random clusters, failures and
//! zones. Whose a record is, is told here anew and plainly.

use std::collections::BTreeSet;
use std::sync::Arc;

use extdns_model::{
    ClusterId, Endpoint, LabelKey, Name, Opaque, Record, RecordSet, RecordType, Resource,
    ResourceKind, Ttl,
};
use extdns_plan::{
    Decision, FreezeCause, Guard, GuardKind, Hold, Limit, Plan, Reading, RecordChange, Row,
};
use proptest::prelude::*;

use crate::generate::{CLUSTERS, World, all_read, clusters, desired, world};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_is_taken_from_a_cluster_that_was_not_read_in_full(world in world()) {
        world.plan(|plan, _| {
            let frozen: BTreeSet<u16> = plan.frozen.iter().map(|it| it.cluster.0).collect();
            let mut failed = world.clusters.iter().filter(|it| it.reading == Reading::Failed);
            prop_assert!(failed.all(|it| frozen.contains(&it.id.0)));
            for (_, decision) in plan.going() {
                let Some(record) = decision.change.record() else { continue };
                let holders = holders(&world, record);
                prop_assert!(!holders.unknown, "{decision:#?}");
                let at_stake = holders.clusters.intersection(&frozen);
                prop_assert!(at_stake.clone().next().is_none() || adds_only(&world, decision), "{decision:#?}");
                if let Some(endpoint) = decision.change.endpoint() {
                    let kept = clusters_of(&world, endpoint);
                    prop_assert!(at_stake.clone().all(|id| kept.contains(id)), "{decision:#?}");
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn nothing_of_a_cluster_that_was_not_read_in_full_is_missing_afterwards(world in world()) {
        nothing_is_missing(&world, &world.applied())?;
    }

    #[test]
    fn the_same_holds_run_after_run_when_clusters_fail_in_turn_and_want_other_things(
        world in world(),
        later in prop::collection::vec((clusters(), desired()), 3),
    ) {
        let mut world = world;
        for (clusters, desired) in later {
            let after = world.applied();
            nothing_is_missing(&world, &after)?;
            world = after;
            (world.clusters, world.desired) = (clusters, desired);
        }
        nothing_is_missing(&world, &world.applied())?;
    }

    #[test]
    fn a_cluster_that_wants_nothing_is_frozen_if_enough_is_its_alone(world in world()) {
        world.plan(|plan, inventory| {
            for cluster in world.clusters.iter() {
                let alone = inventory.records().filter(|(_, record)| {
                    let holders = holders(&world, record);
                    is_ours(&world, record)
                        && !holders.unknown
                        && holders.clusters.iter().eq([&cluster.id.0])
                }).count();
                let guard = &world.settings.guard;
                let expected = match cluster.reading {
                    Reading::Failed => Some(FreezeCause::Failed),
                    Reading::Complete { endpoints: 0 } if !cluster.may_be_empty && !guard.disabled => {
                        (alone >= 3).then_some(FreezeCause::Empty { records: alone, filter: None })
                    }
                    Reading::Complete { .. } => None,
                };
                let found = plan.frozen.iter().find(|it| it.cluster == cluster.id).map(|it| it.why.clone());
                prop_assert_eq!(found, expected, "{}", cluster.name);
            }
            Ok(())
        })?;
    }

    #[test]
    fn where_something_is_kept_nothing_comes_that_cannot_be_or_is_of_others(world in world()) {
        world.plan(|plan, _| {
            for row in &plan.rows {
                let kept = row.decisions.iter().filter(|it| it.held().is_some_and(keeps));
                for record in kept.filter_map(|it| it.change.record()) {
                    for create in creates(row) {
                        prop_assert!(can_stand_together(&record.set, &create.set), "{row:#?}");
                        let holders = holders(&world, record).clusters;
                        let theirs = clusters_of(&world, create);
                        prop_assert!(!holders.is_disjoint(&theirs), "{row:#?}");
                    }
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn protected_names_and_names_without_an_address_keep_their_records(world in world()) {
        world.plan(|plan, _| {
            for (row, decision) in plan.going() {
                let Some(record) = decision.change.record() else { continue };
                prop_assert!(world.settings.protected.find(&record.set.name).is_none());
                let holders = holders(&world, record).clusters;
                let waits = world.clusters.unready().iter().any(|it| {
                    *it.name.key() == *row.name && holders.contains(&it.resource.cluster.0)
                });
                prop_assert!(!waits, "{decision:#?}");
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_wider_guard_holds_less(mut world in world(), wider in wider()) {
        world.settings.guard.disabled = false;
        let narrow = held_by_guard(&world);
        let guard = &mut world.settings.guard;
        guard.max_delete_percent = (guard.max_delete_percent + wider.0).min(100);
        guard.max_update_percent = (guard.max_update_percent + wider.1).min(100);
        guard.max_deletes = guard.max_deletes.filter(|_| !wider.3).map(|most| most + wider.2);
        let wide = held_by_guard(&world);
        prop_assert!(wide.is_subset(&narrow), "{wide:?} {narrow:?}");
    }

    #[test]
    fn more_deletes_never_make_a_guard_content(
        mut world in world(), cluster in 0..3u16, zone in 0..3usize,
    ) {
        world.settings.guard.disabled = false;
        world.clusters = all_read();
        let endpoint = another(cluster, ["another.name.org", "another.name.org", "another.name.b.org"][zone]);
        let mut record = Record::new(endpoint.set.clone(), Opaque::none());
        if !world.settings.owners.is_empty() {
            record.labels = world.settings.owners.stamp(&endpoint);
        }
        if let Some(records) = &mut world.zones[zone].records {
            records.push(record);
        }
        world.desired.push(endpoint);
        let (before, exceeded_limits) = (held_by_guard(&world), exceeded_limits(&world));
        world.desired.pop();
        let (after, exceeded_after) = (held_by_guard(&world), self::exceeded_limits(&world));
        prop_assert!(before.is_subset(&after), "{before:?} {after:?}");
        for (zone, cluster, kind) in exceeded_limits {
            let still = [(None, None, kind), (zone, None, kind), (zone, cluster, kind)];
            prop_assert!(still.iter().any(|exceeded| exceeded_after.contains(exceeded)), "{still:?}");
        }
    }

    #[test]
    fn what_is_allowed_holds_less(mut world in world(), zone in 0..3usize, count in prop::option::of(0..4usize)) {
        world.settings.guard.disabled = false;
        let before = held_by_guard(&world);
        let zone_or_target = world.zones[zone].zone.id.clone();
        world.settings.guard.allow_deletes.push(extdns_plan::Allowance { zone_or_target, count });
        let after = held_by_guard(&world);
        prop_assert!(after.is_subset(&before), "{after:?} {before:?}");
    }

    #[test]
    fn what_exceeds_a_limit_is_not_touched(mut world in world()) {
        world.settings.guard.disabled = false;
        let mut free = world.clone();
        // The rule for suddenly empty clusters goes with the guard; here only the guard is meant.
        free.settings.guard = Guard { max_delete_percent: 100, max_update_percent: 100, max_deletes: None, ..free.settings.guard };
        free.plan(|free, _| world.plan(|plan, _| {
            for exceeded in &plan.exceeded_limits {
                let is_enough = exceeded.base >= world.settings.guard.min_records;
                prop_assert!(exceeded.count > 0 && (is_enough || exceeded.limit == Limit::Count(world.settings.guard.max_deletes.unwrap_or(0))));
                prop_assert!(exceeded.names.len() <= 10);
                prop_assert!(exceeded.scope.zone().is_none() || exceeded.names.is_sorted());
                prop_assert!(exceeded.names.len() >= names_held(plan, exceeded).min(10));
            }
            // Nothing else is held back, and in zones without an exceeded limit nothing at all but
            // names that move from or to a zone with one. What was held in any case may be held
            // with another reason.
            for (row, guarded) in free.rows.iter().zip(&plan.rows) {
                let moves = |zone| plan.rows.iter().any(|other| other.zone == zone && other.name == row.name);
                let is_exceeded = plan.exceeded_limits.iter().any(|exceeded| {
                    exceeded.scope.zone().is_none_or(|zone| zone == row.zone || moves(zone))
                });
                for (one, other) in row.decisions.iter().zip(&guarded.decisions) {
                    prop_assert!(one.state == other.state || (is_exceeded && !other.goes()));
                }
            }
            Ok(())
        }))?;
    }
}

/// No record of a cluster that was not read in full is gone, has fewer targets, or belongs to that
/// cluster no more.
fn nothing_is_missing(world: &World, after: &World) -> Result<(), TestCaseError> {
    let frozen: BTreeSet<u16> =
        world.plan(|plan, _| plan.frozen.iter().map(|it| it.cluster.0).collect());
    for (old, new) in world.zones.iter().zip(&after.zones) {
        for record in old.records.iter().flatten().filter(|it| is_ours(world, it)) {
            let holders = holders(world, record);
            if !holders.unknown && holders.clusters.is_disjoint(&frozen) {
                continue;
            }
            let same = |other: &&Record| {
                other.set.name.key() == record.set.name.key()
                    && other.set.rtype == record.set.rtype
                    && other.set.set_identifier() == record.set.set_identifier()
            };
            let left = new.records.iter().flatten().find(same);
            prop_assert!(left.is_some(), "gone: {}", record.set);
            let left = left.expect("there");
            let keeps = |it| left.set.targets.iter().any(|other| other == it);
            prop_assert!(record.set.targets.iter().all(keeps), "less: {}", record.set);
            let theirs = self::holders(world, left).clusters;
            let lost = holders.clusters.intersection(&frozen).any(|id| !theirs.contains(id));
            prop_assert!(!lost, "taken over: {} {:?} {:?}", record.set, record.labels, left.labels);
        }
    }
    Ok(())
}

/// An endpoint that has nothing to do with the others.
fn another(cluster: u16, name: &str) -> Endpoint {
    let targets = ["192.0.2.1"].into_iter().collect();
    let name = Name::as_listed(name);
    Endpoint::new(name, RecordType::A, Ttl::UNSET, targets).wanted_by(Arc::new(Resource {
        cluster: ClusterId(cluster),
        kind: ResourceKind::SERVICE,
        namespace: Some("ns".into()),
        name: "another".into(),
    }))
}

fn wider() -> impl Strategy<Value = (u8, u8, usize, bool)> {
    (0..60u8, 0..60u8, 0..3usize, any::<bool>())
}

/// Whose a record is.
struct Holders {
    clusters: BTreeSet<u16>,
    unknown: bool,
}

fn holders(world: &World, record: &Record) -> Holders {
    let owners = &world.settings.owners;
    let everybody = || (0..3).collect::<BTreeSet<u16>>();
    let owner = record.labels.owner().unwrap_or_default();
    if owners.is_empty() {
        return Holders { clusters: everybody(), unknown: false };
    }
    let with_id: BTreeSet<u16> = if owner == "old" {
        everybody()
    } else {
        let has_id = |id: &u16| owners.id_of(Some(ClusterId(*id))).is_some_and(|own| own == owner);
        (0..3).filter(has_id).collect()
    };
    match record.labels.get(LabelKey::CLUSTER) {
        None => Holders { clusters: with_id, unknown: false },
        Some("*") => Holders { clusters: everybody(), unknown: false },
        Some(label) => {
            let named: Vec<Option<u16>> = label
                .split('+')
                .map(|name| (0..).zip(CLUSTERS).find(|(_, own)| *own == name).map(|(id, _)| id))
                .collect();
            let alone = if with_id.len() == 1 { with_id } else { BTreeSet::new() };
            Holders {
                clusters: named.iter().flatten().copied().chain(alone).collect(),
                unknown: named.contains(&None),
            }
        }
    }
}

/// Whose a record will be.
fn clusters_of(world: &World, endpoint: &Endpoint) -> BTreeSet<u16> {
    let wanting = endpoint.attribution.clusters();
    if !wanting.is_empty() {
        return wanting.iter().map(|id| id.0).collect();
    }
    let mut record = Record::new(endpoint.set.clone(), Opaque::none());
    if let Some(owner) = world.settings.owners.id_of(None) {
        record.labels.set(LabelKey::OWNER, owner.clone());
    }
    holders(world, &record).clusters
}

fn is_ours(world: &World, record: &Record) -> bool {
    record.read_only().is_none() && world.settings.owners.own(&record.labels)
}

fn adds_only(world: &World, decision: &Decision<'_>) -> bool {
    let RecordChange::Update { record, endpoint } = decision.change else { return false };
    let targets = |set: &RecordSet| set.targets.iter().cloned().collect::<BTreeSet<_>>();
    let wanting = endpoint.attribution.resources().iter().filter_map(|it| it.label());
    let wanting: Vec<_> = wanting.collect();
    let keeps = match record.labels.resource() {
        None => world.settings.owners.is_empty() || wanting.is_empty(),
        Some(holder) => wanting.iter().any(|label| label == holder),
    };
    keeps && targets(&record.set).is_subset(&targets(&endpoint.set))
}

fn keeps(hold: &Hold) -> bool {
    matches!(
        hold,
        Hold::Frozen { .. }
            | Hold::UnknownCluster { .. }
            | Hold::Unready { .. }
            | Hold::Outage { .. }
            | Hold::Kept { .. }
            | Hold::Protected { .. }
            | Hold::Guarded { .. }
    )
}

fn creates<'r, 'a>(row: &'r Row<'a>) -> impl Iterator<Item = &'a Endpoint> + 'r {
    let going = row.decisions.iter().filter(|decision| decision.goes());
    going.filter_map(|decision| match decision.change {
        RecordChange::Create(endpoint) => Some(endpoint),
        _ => None,
    })
}

fn can_stand_together(one: &RecordSet, other: &RecordSet) -> bool {
    let is_cname = |set: &RecordSet| set.rtype == RecordType::Cname;
    let is_simple = |set: &RecordSet| set.set_identifier().is_empty();
    is_cname(one) == is_cname(other)
        && (one.rtype != other.rtype || is_simple(one) == is_simple(other))
}

/// What the guard, or what hangs on it, holds back: by name and record set.
fn held_by_guard(world: &World) -> BTreeSet<String> {
    let mut free = world.clone();
    free.settings.guard = Guard {
        max_delete_percent: 100,
        max_update_percent: 100,
        max_deletes: None,
        ..world.settings.guard.clone()
    };
    let going = |world: &World| -> BTreeSet<String> {
        world.plan(|plan, inventory| {
            plan.going()
                .map(|(row, decision)| {
                    let zone = &inventory.index.zone(row.zone).id;
                    let kind = std::mem::discriminant(&decision.change);
                    format!("{zone} {kind:?} {}", decision.change.set())
                })
                .collect()
        })
    };
    going(&free).difference(&going(world)).cloned().collect()
}

/// Zone, cluster and kind of every exceeded limit.
fn exceeded_limits(world: &World) -> BTreeSet<(Option<u32>, Option<String>, GuardKind)> {
    world.plan(|plan, _| {
        let exceeded = |exceeded: &extdns_plan::ExceededLimit| {
            let zone = exceeded.scope.zone().map(|zone| zone.0);
            (zone, exceeded.scope.cluster().map(str::to_owned), exceeded.kind)
        };
        plan.exceeded_limits.iter().map(exceeded).collect()
    })
}

/// How many names of a zone have something that an exceeded limit holds back.
fn names_held(plan: &Plan<'_>, exceeded: &extdns_plan::ExceededLimit) -> usize {
    let by_trip = |decision: &Decision<'_>| {
        matches!(decision.held(), Some(Hold::Guarded { kind, scope })
            if *kind == exceeded.kind && *scope == exceeded.scope)
    };
    let is_there = |row: &&Row<'_>| exceeded.scope.zone().is_none_or(|zone| zone == row.zone);
    let rows = plan.rows.iter().filter(is_there);
    rows.filter(|row| row.decisions.iter().any(by_trip)).count()
}
