//! Writing ownership: the cases W1 to W16 of the specification by their numbers, and what
//! goes beyond them.

use crate::world::{World, endpoint, registry, run, run_for, run_with, settings};
use extdns_model::{Action, RecordSet, RecordType, Role, Surroundings};
use extdns_plan::{Hold, Policy, RecordTypes};

const OWNER: &str = "--txt-owner-id=owner ";
const NOTHING: [&str; 0] = [];

struct Case {
    number: &'static str,
    args: &'static str,
    zone: &'static [&'static str],
    desired: &'static [&'static str],
    changes: &'static [&'static str],
}

#[test]
fn cases_by_number() {
    let cases = [
        Case {
            number: "W1",
            args: "--txt-prefix=txt.",
            zone: &[],
            desired: &["CNAME new v l:resource=ing"],
            changes: &["+ CNAME new v", "+ TXT txt.cname-new ~owner=owner,resource=ing"],
        },
        Case {
            number: "W2",
            args: "--txt-prefix=txt.",
            zone: &[],
            desired: &["CNAME multiple/s3 v p:aws/weight=10"],
            changes: &[
                "+ CNAME multiple/s3 v p:aws/weight=10",
                "+ TXT txt.cname-multiple/s3 ~owner=owner p:aws/weight=10",
            ],
        },
        Case {
            number: "W3",
            args: "--txt-prefix=txt.",
            zone: &[],
            desired: &["CNAME example v"],
            changes: &["+ CNAME example v", "+ TXT txt.cname-example ~owner=owner"],
        },
        Case {
            number: "W4",
            args: "--txt-prefix=txt.",
            zone: &[
                "CNAME foobar v",
                "TXT txt.cname-foobar ~owner=owner",
                "TXT txt.foobar ~owner=owner",
            ],
            desired: &[],
            changes: &["- CNAME foobar v", "- TXT txt.cname-foobar ~owner=owner"],
        },
        Case {
            number: "W5",
            args: "",
            zone: &["A tar 1.1.1.1", "TXT a-tar ~owner=owner"],
            desired: &["A tar 2.2.2.2 l:resource=ing2"],
            changes: &[
                "~ A tar 1.1.1.1 -> 2.2.2.2",
                "~ TXT a-tar ~owner=owner -> ~owner=owner,resource=ing2",
            ],
        },
        Case {
            number: "W6",
            args: "",
            zone: &["A tar 1.1.1.1", "TXT a-tar ~owner=owner-2"],
            desired: &["A tar 2.2.2.2"],
            changes: &[],
        },
        Case {
            number: "W7",
            args: "",
            zone: &[],
            desired: &["A a lb p:alias=true", "A b lb p:alias=A"],
            changes: &[
                "+ A a lb p:alias=true",
                "+ TXT a-a ~owner=owner p:alias=true",
                "+ A b lb p:alias=A",
                "+ TXT a-b ~owner=owner p:alias=A",
            ],
        },
        Case {
            number: "W8",
            args: "",
            zone: &["TXT a-foo ~owner=owner"],
            desired: &["A foo 1.1.1.1"],
            changes: &["+ A foo 1.1.1.1"],
        },
        Case {
            number: "W8 with other labels",
            args: "",
            zone: &["TXT a-foo ~owner=owner,resource=old"],
            desired: &["A foo 1.1.1.1 l:resource=new"],
            changes: &[
                "+ A foo 1.1.1.1",
                "~ TXT a-foo ~owner=owner,resource=old -> ~owner=owner,resource=new",
            ],
        },
        Case {
            number: "W9",
            args: "",
            zone: &["TXT foo ~owner=owner"],
            desired: &["A foo 1.1.1.1"],
            changes: &["+ A foo 1.1.1.1", "+ TXT a-foo ~owner=owner"],
        },
        Case {
            number: "W13",
            args: "",
            zone: &[
                "A alias v p:alias=true",
                "TXT a-alias ~owner=owner",
                "TXT cname-alias ~owner=owner",
            ],
            desired: &[],
            changes: &["- A alias v p:alias=true", "- TXT a-alias ~owner=owner"],
        },
        Case {
            number: "W14",
            args: "",
            zone: &["A x 1.1.1.1", "TXT x ~owner=owner"],
            desired: &["A x 1.1.1.1"],
            changes: &["+ TXT a-x ~owner=owner"],
        },
        Case {
            number: "W14 with another target",
            args: "",
            zone: &["A x 1.1.1.1", "TXT x ~owner=owner"],
            desired: &["A x 2.2.2.2"],
            changes: &["~ A x 1.1.1.1 -> 2.2.2.2", "+ TXT a-x ~owner=owner"],
        },
        Case {
            number: "W15",
            args: "--txt-encrypt-enabled --txt-encrypt-aes-key=12345678901234567890123456789012",
            zone: &[
                "A x 1.1.1.1",
                "TXT a-x h8UQ6jelUFUsEIn7SbFktc2MYXPx/q8lySqI4VwfVtVaIbb2nkHWV/88KKbuLtu7fJNzMir8\
                 ELVeVnRSY01KdiIuj7ledqZe5ailEjQaU5Z6uEKd5pgs6sH8",
            ],
            desired: &[],
            changes: &[
                "- A x 1.1.1.1",
                "- TXT a-x h8UQ6jelUFUsEIn7SbFktc2MYXPx/q8lySqI4VwfVtVaIbb2nkHWV/88KKbuLtu7fJNzMir8\
                 ELVeVnRSY01KdiIuj7ledqZe5ailEjQaU5Z6uEKd5pgs6sH8",
            ],
        },
        Case {
            number: "W16",
            args: "",
            zone: &[],
            desired: &["TXT _spf v=spf1"],
            changes: &["+ TXT _spf v=spf1", "+ TXT txt-_spf ~owner=owner"],
        },
    ];
    for Case { number, args, zone, desired, changes } in cases {
        let registry = registry(&format!("{OWNER}{args}"));
        let mut world = World::pseudo(zone);
        let first = run(&*registry, &world, desired);
        assert_eq!(first.changes, changes, "{number}");
        assert_eq!(first.groups.groups.len(), desired.len().max(1).min(changes.len()), "{number}");
        world.apply(&first.groups.groups);
        assert_eq!(run(&*registry, &world, desired).changes, NOTHING, "{number} again");
    }
}

#[test]
fn w1_labels_and_roles() {
    let registry = registry(&format!("{OWNER}--txt-prefix=txt."));
    let run = run(&*registry, &World::pseudo(&[]), &["CNAME new v l:resource=ing ttl=60"]);
    let [record, ownership_record] = &run.groups.groups[0].changes[..] else {
        panic!("two changes")
    };
    assert_eq!((record.role, ownership_record.role), (Role::Record, Role::Ownership));
    let (Action::Create(record), Action::Create(ownership_record)) =
        (&record.action, &ownership_record.action)
    else {
        panic!("two creates")
    };
    let labels = |planned: &extdns_model::Planned| planned.labels.to_text();
    assert_eq!(
        labels(record),
        "heritage=external-dns,external-dns/owner=owner,external-dns/resource=ing"
    );
    assert_eq!(
        ownership_record.set.targets.as_slice(),
        ["\"heritage=external-dns,external-dns/owner=owner,external-dns/resource=ing\""]
    );
    assert_eq!(labels(ownership_record), "heritage=external-dns,external-dns/ownedRecord=new");
    assert!(!ownership_record.set.ttl.is_set());
}

#[test]
fn w10_foreign_and_unowned_records_under_every_policy() {
    let registry = registry(OWNER);
    for zone in [&["A x 1.1.1.1", "TXT a-x ~owner=another"][..], &["A x 1.1.1.1"]] {
        for policy in [Policy::Sync, Policy::UpsertOnly, Policy::CreateOnly] {
            for target in ["1.1.1.1", "2.2.2.2"] {
                let settings = extdns_plan::Settings { policy, ..settings(&*registry) };
                let desired = [endpoint(&format!("A x {target}"))];
                let run = run_with(&*registry, &World::pseudo(zone), &desired, &settings);
                assert_eq!(run.changes, NOTHING, "{zone:?} {policy:?} {target}");
            }
        }
    }
}

#[test]
fn w11_both_removed_by_hand() {
    let registry = registry(OWNER);
    let mut world = World::pseudo(&["A x 1.1.1.1", "TXT a-x ~owner=owner"]);
    assert_eq!(run(&*registry, &world, &["A x 1.1.1.1"]).changes, NOTHING);
    world.records.clear();
    let run = run(&*registry, &world, &["A x 1.1.1.1"]);
    assert_eq!(run.changes, ["+ A x 1.1.1.1", "+ TXT a-x ~owner=owner"]);
}

/// The provider stores no `*` inside a label: the records of a wildcard need another name for their
/// ownership record, and without it nothing of their unit is made.
#[test]
fn an_ownership_record_that_the_provider_refuses_holds_its_unit() {
    let refusal = |set: &RecordSet, around: Surroundings<'_>| {
        assert_eq!((set.rtype, around.role), (RecordType::Txt, Role::Ownership));
        assert_eq!(around.zone.name.as_str(), "a.org");
        let inside = set.name.as_str().trim_start_matches("*.").contains('*');
        inside.then(|| "no * in a label".to_owned())
    };
    let run = |flags: &str, has: &[&str], wants: &[&str]| {
        let registry = registry(&format!("{OWNER} {flags}"));
        let mut world = World::zones(&["a.org"]);
        world.put("a.org", has);
        let wants: Vec<_> = wants.iter().map(|line| endpoint(line)).collect();
        run_for(&*registry, &world, &wants, &settings(&*registry), &refusal)
    };
    let wants = ["A *.a.org 1.1.1.1", "A y.a.org 1.1.1.1"];
    let refused = run("", &[], &wants);
    assert_eq!(refused.changes, ["+ A y.a.org 1.1.1.1", "+ TXT a-y.a.org ~owner=owner"]);
    let reason = "its ownership record a-*.a.org cannot be stored: no * in a label; give \
                  --txt-wildcard-replacement";
    assert_eq!(refused.held, [Hold::CannotBeStored { reason: reason.to_owned() }]);
    let replaced = run("--txt-wildcard-replacement=any", &[], &wants[..1]);
    assert_eq!(replaced.changes, ["+ A *.a.org 1.1.1.1", "+ TXT a-any.a.org ~owner=owner"]);
    // What would have given way stays.
    let registry = registry(OWNER);
    let world = World::pseudo(&["CNAME y v", "TXT cname-y ~owner=owner"]);
    let full = |_: &RecordSet, _: Surroundings<'_>| Some("no more text".to_owned());
    let wants = [endpoint("A y 1.1.1.1")];
    let run = run_for(&*registry, &world, &wants, &settings(&*registry), &full);
    assert_eq!(run.changes, NOTHING);
    assert!(matches!(&run.held[..], [Hold::Unit, Hold::CannotBeStored { .. }]), "{:?}", run.held);
}

/// The two types do not exclude each other, so each is a unit of its own.
#[test]
fn an_ownership_record_of_a_new_type_that_is_refused_holds_the_delete_of_the_old_type() {
    let registry = registry(OWNER);
    let refusal = |set: &RecordSet, _: Surroundings<'_>| {
        set.name.as_str().starts_with("aaaa-").then(|| "no such name".to_owned())
    };
    let world = World::pseudo(&["A x 1.1.1.1", "TXT a-x ~owner=owner"]);
    let wants = [endpoint("AAAA x 2001:db8::1")];
    let run = run_for(&*registry, &world, &wants, &settings(&*registry), &refusal);
    assert_eq!(run.changes, NOTHING);
    assert!(matches!(&run.held[..], [Hold::Unit, Hold::CannotBeStored { .. }]), "{:?}", run.held);
    // What is made is made first.
    let run = run_for(&*registry, &world, &wants, &settings(&*registry), &|_, _| None);
    let names = run.groups.groups.iter().map(|group| group.changes[0].set().rtype);
    assert_eq!(names.collect::<Vec<_>>(), [RecordType::Aaaa, RecordType::A]);
}

#[test]
fn w12_no_record_without_an_ownership_record() {
    let long = "x".repeat(62);
    let desired = [format!("A {long}.org 1.1.1.1"), "A y.org 1.1.1.1".to_owned()];
    let desired: Vec<_> = desired.iter().map(String::as_str).collect();
    let run = run(&*registry(OWNER), &World::pseudo(&[]), &desired);
    assert_eq!(run.changes, ["+ A y.org 1.1.1.1", "+ TXT a-y.org ~owner=owner"]);
    let [Hold::CannotBeOwned { reason }] = &run.held[..] else { panic!("{:?}", run.held) };
    assert_eq!(
        *reason,
        format!(
            "its ownership record cannot be named: name \"a-{long}.org\" has a label of 64 bytes \
             (\"a-{long}\"); DNS allows 63; use a shorter name or a shorter --txt-prefix or --txt-suffix"
        )
    );
}

#[test]
fn a_record_marked_in_the_oldest_format_is_updated_where_today_has_no_name_for_it() {
    let long = "x".repeat(63);
    let record = format!("CNAME {long} v");
    let ownership_record = format!("TXT {long} ~owner=owner");
    let world = World::pseudo(&[&record, &ownership_record]);
    let run = run(&*registry(OWNER), &world, &[&format!("CNAME {long} w")]);
    assert_eq!(run.changes, [format!("~ CNAME {long} v -> w")]);
}

#[test]
fn a_name_that_somebody_else_reserves() {
    let registry = registry(OWNER);
    let world = World::pseudo(&["TXT a-foo ~owner=another", "TXT a-bar/s1 ~owner=another"]);
    let foreign =
        run(&*registry, &world, &["A foo 1.1.1.1", "A bar/s1 1.1.1.1", "A bar/s2 1.1.1.1"]);
    assert_eq!(foreign.changes, ["+ A bar/s2 1.1.1.1", "+ TXT a-bar/s2 ~owner=owner"]);
    let expected = Hold::Foreign { owner: Some("another".into()) };
    assert_eq!(foreign.held, [expected.clone(), expected]);

    // A unit is done together or not at all: the CNAME keeps its place.
    let world = World::pseudo(&[
        "CNAME foo v",
        "TXT cname-foo ~owner=owner",
        "TXT aaaa-foo ~owner=another",
    ]);
    let replaced = run(&*registry, &world, &["A foo 1.1.1.1", "AAAA foo ::1"]);
    assert_eq!(replaced.changes, NOTHING);
    assert_eq!(replaced.held.len(), 3);
}

#[test]
fn a_users_own_text_is_never_overwritten() {
    let registry = registry(OWNER);
    let world = World::pseudo(&["TXT a-foo v=spf1"]);
    let settings = extdns_plan::Settings { types: RecordTypes::default(), ..settings(&*registry) };
    let run = run_with(&*registry, &world, &[endpoint("A foo 1.1.1.1")], &settings);
    assert_eq!(run.changes, NOTHING);
    assert!(matches!(&run.held[..], [Hold::CannotBeOwned { reason }]
        if reason.starts_with("a TXT record a-foo, which is no ownership record, is where")));
}

#[test]
fn a_replacement_is_one_group() {
    let registry = registry(OWNER);
    let mut world = World::pseudo(&["CNAME foo v", "TXT cname-foo ~owner=owner"]);
    let run = run(&*registry, &world, &["A foo 1.1.1.1", "AAAA foo ::1"]);
    assert_eq!(
        run.changes,
        [
            "- CNAME foo v",
            "+ A foo 1.1.1.1",
            "+ AAAA foo ::1",
            "- TXT cname-foo ~owner=owner",
            "+ TXT a-foo ~owner=owner",
            "+ TXT aaaa-foo ~owner=owner",
        ]
    );
    assert_eq!(run.groups.groups.len(), 1);
    world.apply(&run.groups.groups);
    assert_eq!(world.records.len(), 4);
}

#[test]
fn an_ownership_record_is_sent_only_if_it_changes() {
    let cases: [(&str, &[&str]); 4] = [
        ("A x/s 2.2.2.2 p:w=1 l:resource=r", &["~ A x/s 1.1.1.1 p:w=1 -> 2.2.2.2"]),
        (
            "A x/s 1.1.1.1 p:w=2 l:resource=r",
            &[
                "~ A x/s 1.1.1.1 p:w=1 -> 1.1.1.1",
                "~ TXT a-x/s ~owner=owner,resource=r p:w=1 -> ~owner=owner,resource=r",
            ],
        ),
        (
            "A x/s 2.2.2.2 p:w=1 l:custom=y",
            &[
                "~ A x/s 1.1.1.1 p:w=1 -> 2.2.2.2",
                "~ TXT a-x/s ~owner=owner,resource=r p:w=1 -> ~custom=y,owner=owner",
            ],
        ),
        ("A x/s 1.1.1.1 p:w=1 l:resource=other", &[]),
    ];
    let world = World::pseudo(&["A x/s 1.1.1.1 p:w=1", "TXT a-x/s ~owner=owner,resource=r p:w=1"]);
    for (desired, changes) in cases {
        assert_eq!(run(&*registry(OWNER), &world, &[desired]).changes, changes, "{desired}");
    }
}

/// One ownership record would make a record of somebody else ours, if it could stand for both.
#[test]
fn a_wildcard_and_its_replacement_do_not_share_an_ownership_record() {
    let registry = registry(&format!("{OWNER}--txt-wildcard-replacement=any"));
    let both = ["A *.org 1.1.1.1", "A any.org 2.2.2.2"];
    let mut world = World::pseudo(&[]);
    for _ in 0..2 {
        let run = run(&*registry, &world, &both);
        let [Hold::CannotBeOwned { reason }] = &run.held[..] else { panic!("{:?}", run.held) };
        assert_eq!(
            reason,
            "its ownership record a-any.org is also that of *.org; choose another \
             --txt-wildcard-replacement"
        );
        world.apply(&run.groups.groups);
    }
    assert_eq!(world.lines(), ["A *.org 1.1.1.1", "TXT a-any.org ~owner=owner"]);
    // One after the other.
    for _ in 0..2 {
        world.apply(&run(&*registry, &world, &both[1..]).groups.groups);
    }
    assert_eq!(world.lines(), ["A any.org 2.2.2.2", "TXT a-any.org ~owner=owner"]);
    assert_eq!(run(&*registry, &world, &both[1..]).changes, NOTHING);
}

#[test]
fn migration() {
    let migrating = registry("--txt-owner-id=new --migrate-from-txt-owner=old");
    let mut world = World::pseudo(&[
        "A kept 1.1.1.1",
        "TXT a-kept heritage=external-dns,external-dns/resource=r,external-dns/owner=old",
        "A done 1.1.1.1",
        "TXT a-done ~owner=new",
        "A gone 1.1.1.1",
        "TXT a-gone ~owner=old",
        "A legacy 1.1.1.1",
        "TXT legacy ~owner=old",
        "A foreign 1.1.1.1",
        "TXT a-foreign ~owner=other",
    ]);
    let wanted = ["A kept 1.1.1.1 l:resource=r", "A done 1.1.1.1", "A legacy 1.1.1.1"];
    let first = run(&*migrating, &world, &wanted);
    assert_eq!(
        first.changes,
        [
            "- A gone 1.1.1.1",
            "- TXT a-gone ~owner=old",
            "~ TXT a-kept heritage=external-dns,external-dns/resource=r,external-dns/owner=old \
             -> ~owner=new,resource=r",
            "+ TXT a-legacy ~owner=new",
        ]
    );
    world.apply(&first.groups.groups);
    assert_eq!(run(&*migrating, &world, &wanted).changes, NOTHING);
    assert_eq!(run(&*registry("--txt-owner-id=new"), &world, &wanted).changes, NOTHING);
}

#[test]
fn noop_writes_no_ownership() {
    let noop = registry("--registry=noop");
    let mut world = World::pseudo(&["A x 1.1.1.1", "A gone 1.1.1.1", "A y 1.1.1.1"]);
    world.records[0].1.labels.set("owner", "provider");
    let wanted = ["A x 2.2.2.2 l:resource=r", "A new 1.1.1.1", "A y 2.2.2.2"];
    let run = run(&*noop, &world, &wanted);
    assert_eq!(
        run.changes,
        [
            "- A gone 1.1.1.1",
            "+ A new 1.1.1.1",
            "~ A x 1.1.1.1 -> 2.2.2.2",
            "~ A y 1.1.1.1 -> 2.2.2.2"
        ]
    );
    let labels = |index: usize| match &run.groups.groups[index].changes[0].action {
        Action::Create(new) | Action::Update { new, .. } => new.labels.to_text(),
        Action::Delete(old) => old.labels.to_text(),
    };
    assert_eq!(labels(1), "heritage=external-dns");
    assert_eq!(
        labels(2),
        "heritage=external-dns,external-dns/owner=provider,external-dns/resource=r"
    );
    assert_eq!(labels(3), "heritage=external-dns,external-dns/owner=");
}
