//! Whose a record is where ownership records were forged, changed, written twice, shared with
//! others' values, or have names that can be read in two ways.

use extdns_model::{ChangeGroup, Doubt, DoubtCause, Name, RecordType};
use extdns_plan::Hold;

use crate::world::{Run, World, line, owned, registry, run, show};

const OWNER: &str = "--txt-owner-id=me ";
const KEY: &str = "--txt-encrypt-aes-key=0123456789abcdef0123456789ABCDEF";
const NOTHING: [&str; 0] = [];

fn cannot(run: &Run) -> Vec<&str> {
    let mut reasons = Vec::new();
    for hold in &run.held {
        let Hold::CannotBeOwned { reason } = hold else { panic!("{hold:?}") };
        reasons.push(reason.as_str());
    }
    reasons
}

fn doubt(txt: &str, why: DoubtCause) -> Hold {
    Hold::InDoubt(Box::new(Doubt { txt: Name::as_listed(txt), why }))
}

fn shared(with: &str) -> DoubtCause {
    DoubtCause::Shared { with: Name::as_listed(with), rtype: RecordType::A }
}

/// Who may create TXT records could else take over the records of others.
#[test]
fn a_wanted_text_never_says_what_an_ownership_record_says() {
    let encrypted = {
        let on = registry(&format!("{OWNER}{KEY} --txt-encrypt-enabled"));
        let run = run(&*on, &World::pseudo(&[]), &["A shop 1.1.1.1"]);
        let extdns_model::Action::Create(ownership_record) =
            &run.groups.groups[0].changes[1].action
        else {
            panic!("an ownership record")
        };
        ownership_record.set.targets.first().expect("a text").to_string()
    };
    let texts = [
        "~owner=me".to_owned(),
        "heritage=external-dns,external-dns/owner=me".to_owned(),
        "v=spf1;~owner=other".to_owned(),
        "\"heritage=exter\"\"nal-dns,external-dns/owner=me\"".to_owned(),
        "HERITAGE=external-dns,external-dns/owner=me".to_owned(),
        "\"\\104eritage=external-dns\"".to_owned(),
        encrypted,
    ];
    let world = World::pseudo(&["A shop 1.1.1.1", "A free 1.1.1.1", "TXT txt ~owner=other"]);
    for text in &texts {
        for name in ["a-shop", "elsewhere", "x.y"] {
            for args in [format!("{OWNER}{KEY}"), format!("{OWNER}{KEY} --txt-prefix=p.")] {
                let run = run(&*registry(&args), &world, &[&format!("TXT {name} {text}")]);
                assert_eq!(run.changes, NOTHING, "{name} {text}");
                let reasons = cannot(&run);
                assert!(reasons[0].starts_with("a value of the wanted TXT record"), "{reasons:?}");
            }
        }
    }
    // The registry that keeps no owners forges none for others.
    let run = run(&*registry("--registry=noop"), &World::pseudo(&[]), &["TXT a-shop ~owner=me"]);
    assert_eq!(run.changes, NOTHING);
    assert_eq!(run.held.len(), 1);
}

/// A record of ours cannot become one by an update either.
#[test]
fn an_update_never_makes_an_ownership_record_of_a_text() {
    let world = World::pseudo(&["A shop 1.1.1.1", "TXT text v=spf1", "TXT txt-text ~owner=me"]);
    let run = run(&*registry(OWNER), &world, &["TXT text ~owner=me"]);
    assert_eq!(run.changes, NOTHING);
    assert_eq!(run.held.len(), 1);
}

#[test]
fn a_wanted_text_never_takes_the_name_of_an_ownership_record() {
    let table: [(&str, &[&str], &[&str], &str); 8] = [
        ("", &["A shop 1.1.1.1"], &[], "a-shop"),
        ("", &["A shop 1.1.1.1", "TXT a-shop ~owner=other"], &[], "a-shop"),
        ("", &[], &["A shop 1.1.1.1"], "a-shop"),
        ("", &[], &["TXT text v=spf1"], "txt-text"),
        ("--txt-prefix=p.", &["A shop 1.1.1.1"], &[], "p.a-shop"),
        ("--txt-prefix=p.", &["A shop 1.1.1.1"], &[], "p.shop"),
        ("--txt-suffix=-own", &["CNAME shop v"], &[], "cname-shop-own"),
        ("--txt-prefix=x-%{record_type}.", &["A shop 1.1.1.1"], &[], "x-a.shop"),
    ];
    for (args, zone, others, name) in table {
        let registry = registry(&format!("{OWNER}{args}"));
        let text = format!("TXT {name} hello");
        let wanted: Vec<&str> = others.iter().copied().chain([text.as_str()]).collect();
        let run = run(&*registry, &World::pseudo(zone), &wanted);
        assert!(run.changes.iter().all(|change| !change.contains("hello")), "{name}");
        // What else is wanted is not kept from its ownership record.
        assert_eq!(run.changes.len(), 2 * others.len(), "{name}");
        assert_eq!(cannot(&run).len(), 1, "{name}");
    }
    // A text beside its host is no ownership record.
    let run = run(&*registry(OWNER), &World::pseudo(&["A shop 1.1.1.1"]), &["TXT shop v=spf1"]);
    assert_eq!(run.held, [Hold::Foreign { owner: None }], "the host is somebody else's");
    let fine = crate::world::run(&*registry(OWNER), &World::pseudo(&[]), &["TXT a-shop v=spf1"]);
    assert_eq!(fine.changes, ["+ TXT a-shop v=spf1", "+ TXT txt-a-shop ~owner=me"]);
}

#[test]
fn two_ownership_values_are_not_ours_in_any_order() {
    let sets: [&[&str]; 5] = [
        &["TXT a-www ~owner=me;~owner=other"],
        &["TXT a-www ~owner=other;~owner=me"],
        &["TXT a-www v=spf1;~owner=me;~owner=me,resource=r"],
        &["TXT a-www ~owner=me", "TXT a-www ~owner=other"],
        &["TXT a-www ~owner=other", "TXT a-www ~owner=me"],
    ];
    for set in sets {
        let zone: Vec<&str> = ["A www 1.1.1.1"].iter().chain(set).copied().collect();
        let world = World::pseudo(&zone);
        let registry = registry(OWNER);
        for wanted in [&[][..], &["A www 1.1.1.1"], &["CNAME www v"], &["A www 2.2.2.2"]] {
            let run = run(&*registry, &world, wanted);
            assert_eq!(run.changes, NOTHING, "{set:?} {wanted:?}");
            assert_eq!(run.orphans, NOTHING, "{set:?}");
            let expected = wanted.iter().map(|_| doubt("a-www", DoubtCause::Contested));
            assert_eq!(run.held, Vec::from_iter(expected), "{set:?} {wanted:?}");
        }
        // Without its record it is neither used again nor removed.
        let alone = World::pseudo(set);
        let again = run(&*registry, &alone, &["A www 1.1.1.1"]);
        assert_eq!((again.changes.len(), again.orphans.len()), (0, 0), "{set:?}");
        assert_eq!(again.held, [doubt("a-www", DoubtCause::Contested)], "{set:?}");
        let migrating = crate::world::registry("--txt-owner-id=new --migrate-from-txt-owner=me");
        assert_eq!(run(&*migrating, &world, &["A www 1.1.1.1"]).changes, NOTHING, "{set:?}");
    }
}

/// Only our value goes or changes, and the plan says what stays.
#[test]
fn an_ownership_record_with_others_values_is_edited_by_value() {
    let table: [(&str, &str, &[&str], &str, bool); 6] = [
        (OWNER, "~owner=me;v=spf1", &[], "v=spf1", true),
        (OWNER, "v=spf1;~owner=me;v=two", &[], "v=spf1;v=two", true),
        (
            OWNER,
            "v=spf1;~owner=me",
            &["A www 2.2.2.2 l:resource=r"],
            "v=spf1;~owner=me,resource=r",
            false,
        ),
        (OWNER, "~owner=me;v=spf1;~owner=me", &["A www 1.1.1.1"], "~owner=me;v=spf1", false),
        (
            "--txt-owner-id=new --migrate-from-txt-owner=me",
            "v=spf1;~owner=me",
            &["A www 1.1.1.1"],
            "v=spf1;~owner=new",
            false,
        ),
        (
            "--txt-owner-id=me --txt-encrypt-aes-key=0123456789abcdef0123456789ABCDEF",
            "v=spf1;~owner=me",
            &[],
            "v=spf1",
            true,
        ),
    ];
    for (args, text, wanted, after, goes) in table {
        let registry = registry(args);
        let mut world = World::pseudo(&["A www 1.1.1.1", &format!("TXT a-www {text} ttl=77")]);
        let first = run(&*registry, &world, wanted);
        let [mixed] = &first.groups.mixed[..] else { panic!("{text}: {:?}", first.changes) };
        assert_eq!((mixed.name.as_str(), mixed.goes), ("a-www", goes), "{text}");
        assert!(mixed.kept.iter().all(|kept| kept.starts_with("v=")), "{text}");
        let expected = format!("~ TXT a-www {text} ttl=77 -> {after}");
        assert!(first.changes.contains(&expected), "{text}: {:?}", first.changes);
        world.apply(&first.groups.groups);
        let expected = format!("TXT a-www {after} ttl=77");
        assert!(world.lines().contains(&expected), "{:?}", world.lines());
        let again = run(&*registry, &world, wanted);
        assert_eq!(again.changes, NOTHING, "{text} again");
    }
    // An ownership record without a record is used again by value too.
    let world = World::pseudo(&["TXT a-www v=spf1;~owner=me"]);
    let again = run(&*registry(OWNER), &world, &["A www 1.1.1.1 l:resource=r"]);
    let expected =
        ["+ A www 1.1.1.1", "~ TXT a-www v=spf1;~owner=me -> v=spf1;~owner=me,resource=r"];
    assert_eq!(again.changes, expected);
}

/// Affixes, the zone, and the records that are ours.
type Older = (&'static str, &'static [&'static str], &'static [&'static str]);

/// Releases up to 0.17 wrote `a-shop` for the host `a-shop` beside `a-a-shop`.
#[test]
fn a_name_alone_does_not_make_a_record_ours() {
    let me = "~owner=me,resource=r";
    let cases: [Older; 9] = [
        (
            "",
            &["A a-shop 1.1.1.1", "A shop 2.2.2.2", "TXT a-shop me", "TXT a-a-shop me"],
            &["a-shop"],
        ),
        // Both formats of both hosts.
        (
            "",
            &[
                "A a-shop 1.1.1.1",
                "A shop 2.2.2.2",
                "TXT shop me",
                "TXT a-shop me",
                "TXT a-a-shop me",
            ],
            &["a-shop", "shop"],
        ),
        // The host's own ownership record says something else: the other name is right.
        (
            "",
            &["A a-shop 1.1.1.1", "A shop 2.2.2.2", "TXT a-shop me", "TXT a-a-shop ~owner=other"],
            &["shop"],
        ),
        // Nobody can tell which of the two it marks.
        ("", &["A a-shop 1.1.1.1", "A shop 2.2.2.2", "TXT a-shop me"], &[]),
        ("", &["AAAA a-shop ::1", "A shop 2.2.2.2", "TXT a-shop me"], &["shop"]),
        (
            "--txt-prefix=p.",
            &["A a-shop 1.1.1.1", "A shop 2.2.2.2", "TXT p.a-shop me", "TXT p.a-a-shop me"],
            &["a-shop"],
        ),
        (
            "--txt-suffix=-own",
            &["A mx-1 1.1.1.1", "MX 1 m", "TXT mx-1-own me", "TXT a-mx-1-own me"],
            &["mx-1"],
        ),
        (
            "--txt-prefix=x-%{record_type}.",
            &["A a-shop 1.1.1.1", "A shop 2.2.2.2", "TXT x-.a-shop me", "TXT x-a.a-shop me"],
            &["a-shop"],
        ),
        // The old ownership record of the name, made for its A record.
        ("", &["A shop 1.1.1.1", "MX shop m", "TXT shop me", "TXT a-shop me"], &["shop"]),
    ];
    for (args, zone, ours) in cases {
        let registry = registry(&format!("{OWNER}{args}"));
        let zone: Vec<String> =
            zone.iter().map(|line| line.replace(" me", &format!(" {me}"))).collect();
        let zone: Vec<&str> = zone.iter().map(String::as_str).collect();
        let mut world = World::pseudo(&zone);
        for reversed in [false, true] {
            if reversed {
                world.records.reverse();
            }
            let annotated = registry.annotate(world.inventory(), Default::default());
            let mut names: Vec<&str> = annotated
                .inventory
                .records()
                .filter(|(_, record)| registry.owners().own(&record.labels))
                .map(|(_, record)| record.set.name.as_str())
                .collect();
            names.sort_unstable();
            assert_eq!(names, ours, "{args} {zone:?}");
        }
        // What is not ours stays, in as many runs as it takes, and after a run that died anywhere.
        let strangers: Vec<String> = crate::properties::strange(&*registry, &world);
        let steps = steps(&run(&*registry, &world, &[]).groups.groups);
        for until in 0..=steps.len() {
            let mut world = world.clone();
            for (zone, action) in &steps[..until] {
                world.step(*zone, action);
            }
            for _ in 0..3 {
                world.apply(&run(&*registry, &world, &[]).groups.groups);
            }
            let left: Vec<String> = world.lines();
            for stranger in &strangers {
                let line = stranger.split_once(") ").expect("a line").1;
                assert!(left.iter().any(|own| own == line), "{args} {zone:?}: {left:?}");
            }
        }
    }
}

/// The calls of groups one by one.
fn steps(groups: &[ChangeGroup]) -> Vec<(extdns_model::ZoneKey, extdns_model::Action)> {
    let of_group = |group: &ChangeGroup| {
        let mut changes = group.changes.clone();
        changes.sort_by_key(extdns_model::Change::phase);
        changes.into_iter().map(|change| (group.zone, change.action)).collect::<Vec<_>>()
    };
    groups.iter().flat_map(of_group).collect()
}

/// An old ownership record that only a record's own one explains goes before that, and before it
/// changes.
#[test]
fn an_old_ownership_record_goes_before_what_explains_it() {
    let zone =
        ["A a-shop 1.1.1.1", "A shop 2.2.2.2", "TXT a-shop ~owner=me", "TXT a-a-shop ~owner=me"];
    let world = World::pseudo(&zone);
    let gone = run(&*registry(OWNER), &world, &[]);
    assert_eq!(
        gone.changes,
        ["- TXT a-shop ~owner=me", "- A a-shop 1.1.1.1", "- TXT a-a-shop ~owner=me"]
    );
    assert_eq!(gone.groups.groups.len(), 2);
    let migrating = registry("--txt-owner-id=new --migrate-from-txt-owner=me");
    let changed = run(&*migrating, &world, &["A a-shop 1.1.1.1"]);
    assert_eq!(
        changed.changes,
        ["- TXT a-shop ~owner=me", "~ TXT a-a-shop ~owner=me -> ~ownedRecord=a-shop,owner=new",]
    );
    let held = run(&*registry(OWNER), &world, &["A a-shop 1.1.1.1", "A shop 3.3.3.3"]);
    assert_eq!(held.held, [doubt("a-shop", shared("a-shop"))]);
}

/// The same where what explains it has no record: `shop` stays what it was when the record is made.
#[test]
fn an_old_ownership_record_goes_before_the_lone_one_that_explains_it_changes() {
    for resource in ["", ",resource=r"] {
        let marks = [("TXT a-shop", "TXT txt-a-shop"), ("TXT p.a-shop", "TXT p.txt-a-shop")];
        for (args, (old, lone)) in ["", " --txt-prefix=p."].into_iter().zip(marks) {
            let registry = registry(&format!("{OWNER}{args}"));
            let [old, lone] = [old, lone].map(|mark| format!("{mark} ~owner=me{resource}"));
            let mut world = World::pseudo(&["A shop 1.1.1.1", &old, &lone]);
            let strange = crate::properties::strange(&*registry, &world);
            let made = run(&*registry, &world, &["TXT a-shop text l:resource=s"]);
            world.apply(&made.groups.groups);
            assert_eq!(crate::properties::strange(&*registry, &world), strange, "{args} {old}");
        }
    }
}

/// What we write ourselves can be told apart.
#[test]
fn names_that_read_in_two_ways_are_written_into_the_ownership_record() {
    let registry = registry(OWNER);
    let both = ["A shop 1.1.1.1", "A a-shop 2.2.2.2"];
    let mut world = World::pseudo(&[]);
    let first = run(&*registry, &world, &both);
    assert_eq!(
        first.changes,
        [
            "+ A a-shop 2.2.2.2",
            "+ TXT a-a-shop ~ownedRecord=a-shop,owner=me",
            "+ A shop 1.1.1.1",
            "+ TXT a-shop ~ownedRecord=shop,owner=me",
        ]
    );
    world.apply(&first.groups.groups);
    let annotated = registry.annotate(world.inventory(), Default::default());
    assert_eq!(owned(&annotated), ["A a-shop {owner=me}", "A shop {owner=me}"]);
    let gone = run(&*registry, &world, &[]);
    world.apply(&gone.groups.groups);
    assert_eq!(world.lines(), NOTHING);
    // The other one comes later.
    for order in [[0, 1], [1, 0]] {
        let mut world = World::pseudo(&[]);
        world.apply(&run(&*registry, &world, &both[order[0]..=order[0]]).groups.groups);
        assert!(world.lines().iter().all(|line| !line.contains("ownedRecord")));
        world.apply(&run(&*registry, &world, &both).groups.groups);
        assert_eq!(run(&*registry, &world, &both).changes, NOTHING);
        let annotated = registry.annotate(world.inventory(), Default::default());
        let ours = owned(&annotated).iter().filter(|own| own.contains("owner=me")).count();
        assert_eq!(ours, 2, "{order:?}");
    }
    // What an object says of it does not count.
    let forged = run(&*registry, &World::pseudo(&[]), &["A www 1.1.1.1 l:ownedRecord=shop"]);
    assert_eq!(forged.changes[1], "+ TXT a-www ~owner=me");
}

#[test]
fn an_ownership_record_of_both_does_not_tell_a_wildcard_from_its_replacement() {
    let registry = registry(&format!("{OWNER}--txt-wildcard-replacement=any"));
    let world = World::pseudo(&["A *.org 1.1.1.1", "A any.org 2.2.2.2", "TXT a-any.org ~owner=me"]);
    assert_eq!(run(&*registry, &world, &[]).changes, NOTHING);
    let held = run(&*registry, &world, &["A *.org 3.3.3.3", "A any.org 3.3.3.3"]);
    let expected = ["any.org", "*.org"].map(|with| doubt("a-any.org", shared(with)));
    assert_eq!(held.held, expected);
    let named = World::pseudo(&[
        "A *.org 1.1.1.1",
        "A any.org 2.2.2.2",
        "TXT a-any.org ~ownedRecord=*.org,owner=me",
    ]);
    let gone = run(&*registry, &named, &[]);
    assert_eq!(gone.changes, ["- A *.org 1.1.1.1", "- TXT a-any.org ~ownedRecord=*.org,owner=me"]);
}

#[test]
fn what_became_of_an_ownership_record_is_reported() {
    let mut apex = World::zones(&["com", "example.com"]);
    apex.put("example.com", &["A example.com 1.1.1.1"]);
    apex.unread("com");
    let cases = [
        (
            World::pseudo(&["A www 1.1.1.1", "TXT a-www gone"]),
            "A www 2.2.2.2",
            doubt("a-www", DoubtCause::Changed),
        ),
        (
            World::pseudo(&["A www 1.1.1.1", "TXT a-www heritage=external-dnsx"]),
            "A www 2.2.2.2",
            doubt("a-www", DoubtCause::Changed),
        ),
        (
            World::pseudo(&["A www 1.1.1.1", "TXT a-www ~owner=other"]),
            "A www 2.2.2.2",
            Hold::Foreign { owner: Some("other".into()) },
        ),
        (World::pseudo(&["A www 1.1.1.1"]), "A www 2.2.2.2", Hold::Foreign { owner: None }),
        // Not "somebody else made it": nobody knows.
        (apex, "A example.com 2.2.2.2", doubt("a-example.com", DoubtCause::Unread)),
    ];
    for (world, wanted, expected) in cases {
        let run = run(&*registry(OWNER), &world, &[wanted]);
        assert_eq!((run.changes.len(), run.held), (0, vec![expected]), "{:?}", world.lines());
    }
}

/// A group says on which ownership records it relies, so that it can be refused if one changed in
/// between.
#[test]
fn groups_rely_on_the_ownership_records_that_they_do_not_change() {
    let cases: [(&[&str], &[&str], &[&str]); 6] = [
        (&["A x 1.1.1.1", "TXT a-x ~owner=me"], &["A x 2.2.2.2"], &["TXT a-x ~owner=me"]),
        (&["A x 1.1.1.1", "TXT a-x ~owner=me"], &["A x 2.2.2.2 l:resource=r"], &[]),
        (&["A x 1.1.1.1", "TXT a-x ~owner=me"], &[], &[]),
        (&["A x 1.1.1.1", "TXT x ~owner=me"], &["A x 2.2.2.2"], &["TXT x ~owner=me"]),
        (&["TXT a-x ~owner=me"], &["A x 1.1.1.1"], &["TXT a-x ~owner=me"]),
        (&[], &["A x 1.1.1.1"], &[]),
    ];
    for (zone, wanted, expected) in cases {
        let run = run(&*registry(OWNER), &World::pseudo(zone), wanted);
        let requires = run.groups.groups.iter().flat_map(|group| &group.requires);
        let lines: Vec<String> =
            requires.map(|ownership_record| line(&ownership_record.set)).collect();
        assert_eq!(lines, expected, "{zone:?} {wanted:?}");
    }
    let changes = run(&*registry(OWNER), &World::pseudo(&["A x 1.1.1.1"]), &[]).groups.groups;
    assert_eq!(changes.iter().flat_map(|group| &group.changes).map(show).count(), 0);
}

/// The arguments of the run that wrote the zone, those of `gc`, the record, and the flag that is
/// named.
type Gc = (&'static str, &'static str, &'static str, &'static str);

#[test]
fn no_ownership_record_that_other_flags_explain_is_an_orphan() {
    let cases: [Gc; 16] = [
        ("--txt-prefix=txt.", "", "A www.example.org", "--txt-prefix=txt."),
        ("--txt-prefix=ext-", "", "CNAME www.example.org", "--txt-prefix=ext-"),
        ("--txt-prefix=cname-", "", "A www.example.org", "--txt-prefix=cname-"),
        (
            "--txt-prefix=txt-%{record_type}.",
            "",
            "A www.example.org",
            "--txt-prefix=txt-%{record_type}.",
        ),
        ("--txt-prefix=x-%{record_type}.", "", "A example.org", "--txt-prefix=x-%{record_type}."),
        (
            "--txt-prefix=%{record_type}-own.",
            "",
            "A www.example.org",
            "--txt-prefix=%{record_type}-own.",
        ),
        ("--txt-suffix=-txt", "", "A www.example.org", "--txt-suffix=-txt"),
        ("--txt-suffix=.own", "", "MX www.example.org", "--txt-suffix=.own"),
        ("--txt-suffix=-%{record_type}", "", "A www.example.org", "--txt-suffix=-%{record_type}"),
        ("", "--txt-prefix=a-", "A www.example.org", "no --txt-prefix"),
        ("", "--txt-wildcard-replacement=any", "A *.example.org", "no --txt-wildcard-replacement"),
        ("--txt-wildcard-replacement=any", "", "A *.example.org", "--txt-wildcard-replacement=any"),
        (
            "--txt-wildcard-replacement=any --txt-prefix=t.",
            "",
            "A *.example.org",
            "--txt-wildcard-replacement=any",
        ),
        (
            "--txt-wildcard-replacement=any --txt-prefix=x-%{record_type}.",
            "",
            "A *.example.org",
            "--txt-wildcard-replacement=any",
        ),
        (
            "--txt-wildcard-replacement=one",
            "--txt-wildcard-replacement=two",
            "A *.example.org",
            "--txt-wildcard-replacement=one",
        ),
        ("--txt-prefix=old.", "--txt-prefix=new.", "A www.example.org", "--txt-prefix=old."),
    ];
    for (wrote, runs, record, flag) in cases {
        let writer = registry(&format!("{OWNER}{wrote}"));
        let mut world = World::zones(&["org", "example.org"]);
        let wanted = [format!("{record} v"), "A other.example.org 1.1.1.1".to_owned()];
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        world.apply(&run(&*writer, &world, &wanted).groups.groups);
        let reader = registry(&format!("{OWNER}{runs}"));
        let mut annotated = reader.annotate(world.inventory(), Default::default());
        let explained = annotated.set_explained_aside(reader.owners());
        assert_eq!(annotated.orphans().count(), 0, "{wrote} {runs} {:?}", world.lines());
        if annotated.inventory.records().any(|(_, own)| line(&own.set).contains("own.other")) {
            continue;
        }
        let flags: Vec<&str> = explained.iter().map(|own| own.flag.as_str()).collect();
        // What has another affix than that of the run is no ownership record to it at all.
        assert!(flags.is_empty() || flags.contains(&flag), "{wrote} {runs}: {explained:?}");
    }
}

/// An affix without a border is odd, but some use one: what only such an affix explains stays, even beside records that are
/// owned by the flags of this run.
#[test]
fn an_ownership_record_that_an_odd_affix_explains_stays() {
    for (txt, flag) in [("extwww", "--txt-prefix=ext"), ("wwwown", "--txt-suffix=own")] {
        let mut world = World::zones(&["example.org"]);
        let txt = format!("TXT {txt}.example.org ~owner=me");
        let lines = [
            "A ours.example.org v",
            "TXT a-ours.example.org ~owner=me",
            "A www.example.org v",
            &txt,
        ];
        world.put("example.org", &lines);
        let registry = registry(OWNER);
        let mut annotated = registry.annotate(world.inventory(), Default::default());
        let explained = annotated.set_explained_aside(registry.owners());
        let flags: Vec<&str> = explained.iter().map(|own| own.flag.as_str()).collect();
        assert_eq!((flags, annotated.orphans().count()), (vec![flag], 0), "{txt}");
    }
}

/// One object has both `shop` and `a-shop`, written by a version that names no records: `shop` is in doubt until the text
/// says what it stands for, which is the remedy that the plan names.
#[test]
fn a_name_that_reads_in_two_ways_is_settled_by_the_text() {
    let records = ["A a-shop 1.1.1.1", "A shop 1.1.1.1", "TXT a-a-shop ~owner=me"];
    let desired = ["A a-shop 2.2.2.2", "A shop 2.2.2.2"];
    let world = |text: &'static str| World::pseudo(&[&records[..], &[text]].concat());
    let held = run(&*registry(OWNER), &world("TXT a-shop ~owner=me"), &desired);
    assert_eq!(held.held, [doubt("a-shop", shared("a-shop"))]);
    let told = run(&*registry(OWNER), &world("TXT a-shop ~ownedRecord=shop,owner=me"), &desired);
    assert!(told.held.is_empty(), "{:?}", told.held);
    let records = |run: &Run| run.changes.iter().filter(|own| own.starts_with("~ A")).count();
    assert_eq!((records(&held), records(&told)), (1, 2));
}

/// What is surely without a record is removed although other records are somebody else's.
#[test]
fn orphans_stay_orphans_beside_records_of_others() {
    let mut world = World::zones(&["example.org"]);
    world.put(
        "example.org",
        &[
            "A example.org 1.1.1.1",
            "NS example.org ns",
            "TXT example.org v=spf1",
            "A hand.example.org 1.1.1.1",
            "A ours.example.org 1.1.1.1",
            "TXT a-ours.example.org ~owner=me",
            "TXT a-gone.example.org ~owner=me",
            "TXT cname-lost.example.org ~owner=me",
            "TXT ns-lost.example.org ~owner=me",
        ],
    );
    let registry = registry(OWNER);
    let mut annotated = registry.annotate(world.inventory(), Default::default());
    assert_eq!(annotated.set_explained_aside(registry.owners()), []);
    let names: Vec<&str> = annotated.orphans().map(|left| left.set().name.as_str()).collect();
    assert_eq!(names, ["a-gone.example.org", "cname-lost.example.org", "ns-lost.example.org"]);
}
