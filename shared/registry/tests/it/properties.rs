//! What holds for every zone and all desired endpoints.

use extdns_model::{Change, Record, RecordType};
use extdns_plan::Hold;
use extdns_registry::Registry;
use proptest::prelude::*;
use proptest::sample::select;

use crate::world::{World, line, registry, run};

const AFFIXES: [&str; 5] = [
    "",
    "--txt-prefix=txt.",
    "--txt-suffix=-txt",
    "--txt-prefix=x-%{record_type}.",
    "--txt-wildcard-replacement=any",
];
const NAMES: [&str; 6] = [
    "example.com",
    "www.example.com",
    "*.example.com",
    "any.example.com",
    "a-www.example.com",
    "ü.example.com",
];

/// A record set of the zones and how it is marked.
#[derive(Debug, Clone)]
struct Given {
    record: Option<String>,
    rtype: &'static str,
    name: &'static str,
    set_identifier: &'static str,
    owner: Option<&'static str>,
}

fn endpoint() -> impl Strategy<Value = String> {
    let target = prop_oneof![
        (Just("A"), select(vec!["1.1.1.1", "2.2.2.2"])),
        (Just("AAAA"), select(vec!["::1", "::2"])),
        (Just("CNAME"), select(vec!["v", "w"])),
        (Just("TXT"), select(vec!["text", "other"])),
    ];
    let label = select(vec!["", " l:resource=r", " l:resource=s"]);
    (target, select(NAMES.to_vec()), select(vec!["", "/s"]), label).prop_map(
        |((rtype, target), name, set, label)| format!("{rtype} {name}{set} {target}{label}"),
    )
}

fn given() -> impl Strategy<Value = Given> {
    (
        select(vec![("A", "1.1.1.1"), ("AAAA", "::1"), ("CNAME", "v"), ("TXT", "text")]),
        any::<bool>(),
        select(NAMES.to_vec()),
        select(vec!["", "/s"]),
        select(vec![None, Some("me"), Some("me,resource=r"), Some("other")]),
    )
        .prop_map(|((rtype, target), present, name, set_identifier, owner)| Given {
            record: present.then(|| format!("{rtype} {name}{set_identifier} {target}")),
            rtype,
            name,
            set_identifier,
            owner,
        })
}

/// A world with these records, marked as the registry would mark them.
fn world(registry: &str, given: &[Given]) -> World {
    let mut world = World::zones(&["com", "example.com"]);
    for given in given {
        if let Some(record) = &given.record {
            put(&mut world, record);
        }
        if let Some(owner) = given.owner {
            let owner = owner.split_once(',').unwrap_or((owner, ""));
            let resource = owner.1.replace("resource=", " l:resource=");
            let ownership_record = ownership_record_of(
                &format!("{registry} --txt-owner-id={}", owner.0),
                given,
                &resource,
            );
            put(&mut world, &ownership_record);
        }
    }
    world
}

/// The ownership record that a registry writes for a record.
fn ownership_record_of(registry_args: &str, given: &Given, resource: &str) -> String {
    let registry = registry(registry_args);
    let endpoint = format!("{} {}{} x{resource}", given.rtype, given.name, given.set_identifier);
    let run = run(&*registry, &World::zones(&["com", "example.com"]), &[&endpoint]);
    let change =
        run.changes.into_iter().find(|change| change.contains('~')).expect("an ownership record");
    change.trim_start_matches("+ ").to_owned()
}

/// Puts a record where its name routes to, unless its place is taken.
fn put(world: &mut World, text: &str) {
    let set = crate::world::endpoint(text).set;
    let zone = world.index.route(&set.name.key(), None)[0];
    let id = world.index.zone(zone).id.clone();
    let same = |record: &Record| {
        record.set.name.key() == set.name.key()
            && record.set.rtype == set.rtype
            && record.set.set_identifier() == set.set_identifier()
    };
    if !world.records.iter().any(|(key, record)| *key == zone && same(record)) {
        world.put(&id, &[text]);
    }
}

/// The records that are not ours, as lines.
pub(crate) fn strange(registry: &dyn Registry, world: &World) -> Vec<String> {
    let annotated = registry.annotate(world.inventory(), Default::default());
    let mut lines: Vec<_> = annotated
        .inventory
        .records()
        .filter(|(_, record)| !registry.owners().own(&record.labels))
        .map(|(zone, record)| format!("{zone:?} {}", line(&record.set)))
        .collect();
    lines.sort();
    lines
}

/// The ownership records of others, as lines.
fn foreign_ownership_records(world: &World) -> Vec<String> {
    world.lines().into_iter().filter(|line| line.contains("~owner=other")).collect()
}

/// A text or an ownership record of ours that is removed in one run makes room for the other kind
/// in the next.
fn waits_for_a_text_to_go(hold: &Hold) -> bool {
    let texts =
        ["a TXT record", "an ownership record has the name", "is the name of", "is also that of"];
    matches!(hold, Hold::CannotBeOwned { reason } if texts.iter().any(|text| reason.contains(text)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_run_settles_and_leaves_what_is_not_ours(
        affix in select(AFFIXES.to_vec()),
        given in proptest::collection::vec(given(), 0..6),
        desired in proptest::collection::vec(endpoint(), 0..5),
        until in 0_usize..12,
    ) {
        let registry = registry(&format!("--txt-owner-id=me {affix}"));
        let before = world(affix, &given);
        let desired: Vec<_> = desired.iter().map(String::as_str).collect();
        let not_ours = strange(&*registry, &before);
        let ownership_records = foreign_ownership_records(&before);
        let first = run(&*registry, &before, &desired);

        // A run that dies after any call leaves no record without an owner.
        let mut cut = before.clone();
        let steps = first.groups.groups.iter().flat_map(|group| {
            let mut changes = group.changes.clone();
            changes.sort_by_key(Change::phase);
            changes.into_iter().map(|change| (group.zone, change.action))
        });
        for (zone, action) in steps.take(until) {
            cut.step(zone, &action);
        }
        prop_assert_eq!(strange(&*registry, &cut), not_ours.clone(), "after {} calls", until);

        for mut world in [before, cut] {
            let next = run(&*registry, &world, &desired);
            world.apply(&next.groups.groups);
            if next.held.iter().any(waits_for_a_text_to_go) {
                world.apply(&run(&*registry, &world, &desired).groups.groups);
            }
            prop_assert_eq!(strange(&*registry, &world), not_ours.clone());
            prop_assert_eq!(foreign_ownership_records(&world), ownership_records.clone());
            prop_assert_eq!(run(&*registry, &world, &desired).changes, Vec::<String>::new());
        }
    }

    #[test]
    fn the_order_of_records_and_endpoints_does_not_matter(
        affix in select(AFFIXES.to_vec()),
        given in proptest::collection::vec(given(), 0..6),
        desired in proptest::collection::vec(endpoint(), 0..5),
    ) {
        let registry = registry(&format!("--txt-owner-id=me {affix}"));
        let mut world = world(affix, &given);
        let mut desired: Vec<_> = desired.iter().map(String::as_str).collect();
        let first = run(&*registry, &world, &desired);
        world.records.reverse();
        desired.reverse();
        let second = run(&*registry, &world, &desired);
        prop_assert_eq!(first.changes, second.changes);
        prop_assert_eq!(first.orphans, second.orphans);
        prop_assert_eq!(first.reserved, second.reserved);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn values_of_others_stay_and_only_one_ownership_value_makes_a_record_ours(
        affix in select(AFFIXES.to_vec()),
        sets in proptest::collection::vec(mixed(), 0..5),
        desired in proptest::collection::vec(endpoint(), 0..4),
    ) {
        let registry = registry(&format!("--txt-owner-id=me {affix}"));
        let mut world = World::zones(&["com", "example.com"]);
        for Mixed { given, values } in &sets {
            let record = given.record.as_ref().expect("a record");
            put(&mut world, record);
            let ownership_record = ownership_record_of(&format!("{affix} --txt-owner-id=x"), given, "");
            put(&mut world, &ownership_record.replace("~owner=x", &values.join(";")));
        }
        let desired: Vec<_> = desired.iter().map(String::as_str).collect();
        let foreign = foreign_values(&world);
        let not_ours = strange(&*registry, &world);
        for Mixed { given, values } in &sets {
            let ours = values.iter().filter(|value| **value == "~owner=me").count();
            let others = values.iter().filter(|value| value.contains("owner=other")).count();
            if ours == 0 || others > 0 {
                // Whatever the other sets say, this one does not make its record ours.
                let record = given.record.as_ref().expect("a record");
                let is_of = |ownership_record: &&Mixed| ownership_record.given.name == given.name;
                if sets.iter().filter(is_of).count() == 1 && !affix.contains("wildcard") {
                    let is_it = |line: &String| line.ends_with(record.as_str());
                    prop_assert!(not_ours.iter().any(is_it), "{} {:?}", record, not_ours);
                }
            }
        }
        for _ in 0..3 {
            world.apply(&run(&*registry, &world, &desired).groups.groups);
            prop_assert_eq!(foreign_values(&world), foreign.clone());
            for line in &not_ours {
                prop_assert!(strange(&*registry, &world).contains(line), "{} went", line);
            }
        }
    }

    #[test]
    fn no_orphan_is_one_that_other_flags_explain(
        wrote in select(AFFIXES.to_vec()),
        runs in select(AFFIXES.to_vec()),
        desired in proptest::collection::btree_set(select(HOSTS.to_vec()), 1..5),
    ) {
        let writer = registry(&format!("--txt-owner-id=me {wrote}"));
        let mut world = World::zones(&["com", "example.com"]);
        let desired: Vec<_> = desired.iter().map(|host| format!("A {host} 1.1.1.1")).collect();
        let desired: Vec<_> = desired.iter().map(String::as_str).collect();
        world.apply(&run(&*writer, &world, &desired).groups.groups);
        let reader = registry(&format!("--txt-owner-id=me {runs}"));
        let mut annotated = reader.annotate(world.inventory(), Default::default());
        annotated.set_explained_aside(reader.owners());
        let orphans: Vec<_> = annotated.orphans().map(|left| line(left.set())).collect();
        prop_assert_eq!(orphans, Vec::<String>::new(), "{:?}", world.lines());
    }
}

const HOSTS: [&str; 5] =
    ["example.com", "www.example.com", "*.example.com", "shop.example.com", "b.www.example.com"];

/// A record whose ownership record has several values.
#[derive(Debug, Clone)]
struct Mixed {
    given: Given,
    values: Vec<&'static str>,
}

fn mixed() -> impl Strategy<Value = Mixed> {
    let values = select(vec!["~owner=me", "~owner=me", "~owner=other", "v=spf1", "v=two"]);
    (select(NAMES.to_vec()), select(vec!["", "/s"]), proptest::collection::vec(values, 1..4))
        .prop_map(|(name, set_identifier, values)| Mixed {
            given: Given {
                record: Some(format!("A {name}{set_identifier} 1.1.1.1")),
                rtype: "A",
                name,
                set_identifier,
                owner: None,
            },
            values,
        })
}

/// The values of TXT records that somebody else wrote, by name.
fn foreign_values(world: &World) -> Vec<String> {
    let texts = world.records.iter().filter(|(_, record)| record.set.rtype == RecordType::Txt);
    let values = texts.flat_map(|(zone, record)| {
        let foreign = record.set.targets.iter().filter(|text| {
            text.contains("owner=other") || matches!(text.as_str(), "v=spf1" | "v=two")
        });
        foreign.map(move |text| format!("{zone:?} {} {text}", record.set.name.key()))
    });
    let mut values: Vec<_> = values.collect();
    values.sort();
    values
}
