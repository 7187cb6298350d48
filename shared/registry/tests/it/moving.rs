//! Names that move to another zone: made there with their ownership records before they go here.

use extdns_model::{After, ChangeGroup};
use extdns_plan::Hold;

use crate::world::{Run, World, registry, run};

const OWNER: &str = "--txt-owner-id=owner";

/// Each group as `zone [waits]: changes`.
fn groups(world: &World, run: &Run) -> Vec<String> {
    let wait = |after: &After| match after {
        After::OwnershipRecord(group) => format!(" after {}", group.0),
        After::Move(group) => format!(" moved by {}", group.0),
        After::Replacement(group) => format!(" replaced by {}", group.0),
    };
    let show = |group: &ChangeGroup| {
        let waits: String = group.after.iter().map(wait).collect();
        let changes: Vec<_> = group.changes.iter().map(crate::world::show).collect();
        format!("{}{waits}: {}", world.index.zone(group.zone).id, changes.join(", "))
    };
    run.groups.groups.iter().map(show).collect()
}

/// A zone and the child zone that has appeared, to which a name belongs now.
fn child_appeared() -> World {
    let mut world = World::zones(&["org", "sub.org"]);
    world.put("org", &["A www.sub.org 1.1.1.1", "TXT a-www.sub.org ~owner=owner"]);
    world
}

#[test]
fn a_name_that_moves_goes_from_its_old_zone_after_it_was_made_in_the_new_one() {
    let mut world = child_appeared();
    world.put("org", &["AAAA www.sub.org ::1", "TXT aaaa-www.sub.org ~owner=owner"]);
    let registry = registry(OWNER);
    let desired = ["A www.sub.org 1.1.1.1", "AAAA www.sub.org ::1"];
    let moved = run(&*registry, &world, &desired);
    assert_eq!(
        groups(&world, &moved),
        [
            "sub.org: + A www.sub.org 1.1.1.1, + TXT a-www.sub.org ~owner=owner",
            "sub.org: + AAAA www.sub.org ::1, + TXT aaaa-www.sub.org ~owner=owner",
            "org moved by 0 moved by 1: - A www.sub.org 1.1.1.1, - TXT a-www.sub.org ~owner=owner",
            "org moved by 0 moved by 1: - AAAA www.sub.org ::1, - TXT aaaa-www.sub.org ~owner=owner",
        ]
    );
    world.apply(&moved.groups.groups);
    assert!(run(&*registry, &world, &desired).groups.groups.is_empty());
}

#[test]
fn the_ownership_record_of_an_apex_stays_where_it_is() {
    let mut world = World::zones(&["org", "sub.org"]);
    world.put("org", &["A sub.org 1.1.1.1", "TXT a-sub.org ~owner=owner"]);
    let registry = registry(OWNER);
    let moved = run(&*registry, &world, &["A sub.org 1.1.1.1"]);
    assert_eq!(
        groups(&world, &moved),
        ["sub.org: + A sub.org 1.1.1.1", "org moved by 0: - A sub.org 1.1.1.1"]
    );
    world.apply(&moved.groups.groups);
    assert_eq!(world.lines(), ["A sub.org 1.1.1.1", "TXT a-sub.org ~owner=owner"]);
    assert!(run(&*registry, &world, &["A sub.org 1.1.1.1"]).groups.groups.is_empty());
}

/// What only the registry finds out holds the old zone's record too.
#[test]
fn a_name_that_cannot_be_owned_in_its_new_zone_stays_in_its_old_one() {
    let mut world = child_appeared();
    world.put("sub.org", &["TXT a-www.sub.org text"]);
    let run = run(&*registry(OWNER), &world, &["A www.sub.org 1.1.1.1"]);
    assert!(run.groups.groups.is_empty(), "{:?}", run.changes);
    let [Hold::Moves { zone, why }, refused] = &run.held[..] else { panic!("{:?}", run.held) };
    assert_eq!((zone.as_str(), &**why), ("sub.org", refused));
}

#[test]
fn without_owners_a_name_moves_in_the_same_way() {
    let mut world = World::zones(&["org", "sub.org"]);
    world.put("org", &["A www.sub.org 1.1.1.1"]);
    let moved = run(&*registry("--registry=noop"), &world, &["A www.sub.org 1.1.1.1"]);
    assert_eq!(
        groups(&world, &moved),
        ["sub.org: + A www.sub.org 1.1.1.1", "org moved by 0: - A www.sub.org 1.1.1.1"]
    );
}
