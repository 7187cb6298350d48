//! Encrypted ownership records, beyond the cases with a number.

use std::collections::HashSet;

use extdns_model::{Action, RecordType};

use crate::world::{Run, World, owned, registry, run};

const PLAIN: &str = "--txt-owner-id=owner ";
const KEY: &str = "--txt-owner-id=owner --txt-encrypt-aes-key=0123456789abcdef0123456789ABCDEF ";
const ON: &str = "--txt-owner-id=owner --txt-encrypt-aes-key=0123456789abcdef0123456789ABCDEF --txt-encrypt-enabled";
const OTHER_KEY: &str =
    "--txt-owner-id=owner --txt-encrypt-aes-key=12345678901234567890123456789012";
const NOTHING: [&str; 0] = [];

/// The ownership texts that a world stores.
fn texts(world: &World) -> Vec<String> {
    let ownership_records =
        world.records.iter().filter(|(_, record)| record.set.rtype == RecordType::Txt);
    ownership_records
        .flat_map(|(_, record)| record.set.targets.iter().map(ToString::to_string))
        .collect()
}

/// What kinds of changes a run makes, without texts that are random.
fn kinds(run: &Run) -> Vec<&str> {
    let words =
        |change: &'_ str| change.match_indices(' ').nth(2).map_or(change.len(), |(at, _)| at);
    run.changes.iter().map(|change| &change[..words(change)]).collect()
}

/// What a registry with these arguments reads from a world.
fn read(args: &str, world: &World) -> Vec<String> {
    owned(&registry(args).annotate(world.inventory(), Default::default()))
}

#[test]
fn a_text_is_encrypted_read_back_and_left_alone() {
    let desired = ["A x 1.1.1.1 l:resource=service/ns/x", "A y 1.1.1.1 l:resource=service/ns/x"];
    let on = registry(ON);
    let mut world = World::pseudo(&[]);
    let first = run(&*on, &world, &desired);
    assert_eq!(kinds(&first), ["+ A x", "+ TXT a-x", "+ A y", "+ TXT a-y"]);
    world.apply(&first.groups.groups);
    let [x, y] = &texts(&world)[..] else { panic!("two ownership records") };
    assert_ne!(x, y, "equal labels are not seen to be equal");
    for text in [x, y] {
        assert!(text.starts_with('"') && text.ends_with('"') && text.len() > 100, "{text}");
        assert!(!text.contains("heritage"), "{text}");
    }
    for args in [ON, KEY] {
        let labels = "{owner=owner,resource=service/ns/x}";
        assert_eq!(read(args, &world), [format!("A x {labels}"), format!("A y {labels}")]);
        assert_eq!(run(&*registry(args), &world, &desired).changes, NOTHING, "{args}");
    }
    for args in [PLAIN, OTHER_KEY] {
        let mut records = read(args, &world);
        records.sort();
        assert_eq!(records, ["A x {}", "A y {}", "TXT a-x {}", "TXT a-y {}"], "{args}");
    }
}

#[test]
fn an_update_sends_the_stored_text_and_a_new_one_under_a_fresh_nonce() {
    let on = registry(ON);
    let mut world = World::pseudo(&[]);
    let mut nonces = HashSet::new();
    for round in 0..20 {
        let desired = format!("A x 1.1.1.{round} l:resource=service/ns/{}", round % 2);
        let stored = texts(&world);
        let run = run(&*on, &world, &[&desired]);
        let ownership_record = &run.groups.groups[0].changes[1].action;
        let (old, new) = match ownership_record {
            Action::Create(new) => (Vec::new(), new),
            Action::Update { old, new } => {
                (old.set.targets.iter().map(ToString::to_string).collect(), new)
            }
            Action::Delete(_) => panic!("the ownership record stays"),
        };
        assert_eq!(old, stored);
        // Sixteen characters of base64 are twelve bytes.
        nonces.insert(new.set.targets.as_slice()[0][1..17].to_owned());
        world.apply(&run.groups.groups);
    }
    assert_eq!(nonces.len(), 20);
    let stored = texts(&world);
    let gone = run(&*on, &world, &[]);
    assert_eq!(gone.changes[1], format!("- TXT a-x {}", stored[0]));
}

#[test]
fn switching_encryption_does_not_rewrite() {
    let desired = "A x 1.1.1.1 l:resource=r";
    let other = "A x 1.1.1.1 l:resource=r ttl=60";
    for (before, after) in [(PLAIN, ON), (ON, KEY)] {
        let mut world = World::pseudo(&[]);
        let made = run(&*registry(before), &world, &[desired]);
        world.apply(&made.groups.groups);
        let stored = texts(&world);
        let after = registry(after);
        assert_eq!(run(&*after, &world, &[desired]).changes, NOTHING);
        // The record changes, its labels do not.
        let run_ = run(&*after, &world, &[other]);
        assert_eq!(kinds(&run_), ["~ A x"]);
        world.apply(&run_.groups.groups);
        assert_eq!(texts(&world), stored);
    }
}

#[test]
fn a_text_that_changes_takes_the_form_of_today() {
    for (before, after, encrypted) in [(PLAIN, ON, true), (ON, KEY, false)] {
        let mut world = World::pseudo(&[]);
        let made = run(&*registry(before), &world, &["A x 1.1.1.1 l:resource=r"]);
        world.apply(&made.groups.groups);
        let after = registry(after);
        let moved = run(&*after, &world, &["A x 2.2.2.2 l:resource=s"]);
        assert_eq!(kinds(&moved), ["~ A x", "~ TXT a-x"]);
        world.apply(&moved.groups.groups);
        assert_eq!(read(KEY, &world), ["A x {owner=owner,resource=s}"]);
        assert_eq!(!texts(&world)[0].contains("heritage"), encrypted);
    }
}

#[test]
fn a_long_text_is_one_text() {
    // Splitting into character-strings is the provider's.
    let noise: String =
        (0..300u32).map(|at| format!("{:x}", at.wrapping_mul(2_654_435_761))).collect();
    let desired = format!("A x 1.1.1.1 l:resource=r l:custom={noise}");
    let mut world = World::pseudo(&[]);
    let made = run(&*registry(ON), &world, &[&desired]);
    world.apply(&made.groups.groups);
    let [text] = &texts(&world)[..] else { panic!("one text") };
    assert!(text.len() > 1000 && !text[1..text.len() - 1].contains('"'));
    assert_eq!(read(ON, &world), [format!("A x {{custom={noise},owner=owner,resource=r}}")]);
    assert_eq!(run(&*registry(ON), &world, &[&desired]).changes, NOTHING);
}

#[test]
fn a_repeated_ownership_record_is_recognised_by_its_labels() {
    let on = registry(ON);
    let encrypted = |resource: &str| {
        let desired = format!("A x 1.1.1.1 l:resource={resource}");
        let run = run(&*on, &World::pseudo(&[]), &[&desired]);
        run.groups.groups[0].changes[1].set().targets.as_slice()[0].to_string()
    };
    let (one, two, other) = (encrypted("r"), encrypted("r"), encrypted("s"));
    assert_ne!(one, two);
    let desired = "A x 1.1.1.1 l:resource=r";
    let cases = [
        (format!("{one};{two}"), true),
        (format!("{one};~owner=owner,resource=r"), true),
        (format!("{one};{other}"), false),
        (format!("{one};v=spf1"), false),
    ];
    for (stored, is_repeated) in cases {
        let mut world = World::pseudo(&["A x 1.1.1.1", &format!("TXT a-x {stored}")]);
        let run_ = run(&*on, &world, &[desired]);
        assert_eq!(!run_.changes.is_empty(), is_repeated, "{stored}");
        if is_repeated {
            assert_eq!(kinds(&run_), ["~ TXT a-x"]);
            world.apply(&run_.groups.groups);
            assert_eq!(texts(&world).len(), 1);
            assert_eq!(run(&*on, &world, &[desired]).changes, NOTHING);
        }
    }
}

#[test]
fn what_an_unreadable_text_holds_is_never_overwritten() {
    let mut world = World::pseudo(&[]);
    let made = run(&*registry(ON), &world, &["A x 1.1.1.1"]);
    world.apply(&made.groups.groups);
    // Only the ownership record is left; with another key it is somebody's text.
    world.records.retain(|(_, record)| record.set.rtype == RecordType::Txt);
    let held = run(&*registry(OTHER_KEY), &world, &["A x 1.1.1.1"]);
    assert_eq!(held.changes, NOTHING);
    assert_eq!(held.held.len(), 1);
    // With its own key it marks the record that comes back.
    assert_eq!(kinds(&run(&*registry(ON), &world, &["A x 1.1.1.1"])), ["+ A x"]);
}
