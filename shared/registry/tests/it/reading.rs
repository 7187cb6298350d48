//! Reading ownership: the cases R1 to R24 of the specification by their numbers, and what goes
//! beyond them.

use extdns_model::DomainFilter;

use crate::world::{World, owned, registry, run};

struct Case {
    number: &'static str,
    args: &'static str,
    zone: &'static [&'static str],
    /// The records that are left, with their labels.
    expected: &'static [&'static str],
}

const OWNER: &str = "--txt-owner-id=owner ";
/// Says `owner=team-blue`.
const ENCRYPTED: &str = "TXT a-x \"AQIDBAUGBwgJCgsMjokSzC5jgL57BXBbo4oEEcoxNtfGnGEG+NqBsFN2+nOYW4cx\
                         s2/ubNudmjOTNPDVsXc1+Dt+p6lvTVnWvezbi/N9Cw4ggGFEUBaf12DU4E3bm32UvQ==\"";

#[test]
fn cases_by_number() {
    let cases = [
        Case {
            number: "R1",
            args: "--txt-prefix=txt.",
            zone: &["CNAME bar v", "TXT txt.bar ~owner=owner"],
            expected: &["CNAME bar {owner=owner} MissingOwnershipRecord"],
        },
        Case {
            number: "R2",
            args: "--txt-prefix=txt.",
            zone: &["CNAME tar v", "TXT TxT.tar ~owner=owner-2"],
            expected: &["CNAME tar {owner=owner-2}"],
        },
        Case {
            number: "R2 flag",
            args: "--txt-prefix=TxT.",
            zone: &["CNAME tar v", "TXT TxT.tar ~owner=owner-2"],
            expected: &["CNAME tar {owner=owner-2}"],
        },
        Case {
            number: "R3",
            args: "--txt-prefix=txt.",
            zone: &["CNAME foobar v", "TXT foobar ~owner=owner"],
            expected: &["CNAME foobar {}"],
        },
        Case {
            number: "R4",
            args: "--txt-prefix=txt.",
            zone: &["TXT qux random"],
            expected: &["TXT qux {}"],
        },
        Case {
            number: "R5",
            args: "--txt-prefix=txt. --txt-wildcard-replacement=wc",
            zone: &["CNAME *.w v", "TXT txt.wc.w ~owner=owner"],
            expected: &["CNAME *.w {owner=owner} MissingOwnershipRecord"],
        },
        Case {
            number: "R5 case of the flag",
            args: "--txt-prefix=txt. --txt-wildcard-replacement=WC",
            zone: &["CNAME *.W v", "TXT txt.cname-wc.w ~owner=owner"],
            expected: &["CNAME *.W {owner=owner}"],
        },
        Case {
            number: "R6",
            args: "--txt-prefix=txt.",
            zone: &[
                "A d 1.1.1.1",
                "AAAA d ::1",
                "TXT txt.d ~owner=owner",
                "TXT txt.aaaa-d ~owner=owner-2",
            ],
            expected: &["A d {owner=owner} MissingOwnershipRecord", "AAAA d {owner=owner-2}"],
        },
        Case {
            number: "R7",
            args: "--txt-prefix=txt.",
            zone: &["MX mail m", "TXT txt.mx-mail ~owner=owner"],
            expected: &["MX mail {owner=owner}"],
        },
        Case {
            number: "R8",
            args: "--txt-prefix=txt.",
            zone: &["SRV s x", "NAPTR n x", "TXT txt.s ~owner=owner", "TXT txt.n ~owner=owner"],
            expected: &[
                "SRV s {owner=owner} MissingOwnershipRecord",
                "NAPTR n {owner=owner} MissingOwnershipRecord",
            ],
        },
        Case {
            number: "R9",
            args: "",
            zone: &["AAAA d ::1", "TXT d ~owner=owner"],
            expected: &["AAAA d {}"],
        },
        Case {
            number: "R10",
            args: "",
            zone: &["CNAME m/s1 v", "CNAME m/s2 v", "TXT m/s1 ~owner=owner"],
            expected: &["CNAME m/s1 {owner=owner} MissingOwnershipRecord", "CNAME m/s2 {}"],
        },
        Case {
            number: "R11",
            args: "--txt-prefix=txt-%{record_type}.",
            zone: &["A foo 1.1.1.1", "TXT txt-a.foo ~owner=owner"],
            expected: &["A foo {owner=owner}"],
        },
        Case {
            number: "R12",
            args: "--txt-suffix=txt%{record_type}",
            zone: &[
                "CNAME bar v",
                "MX mail m",
                "TXT bartxtcname ~owner=owner",
                "TXT mailtxt ~owner=owner",
            ],
            expected: &["CNAME bar {owner=owner}", "MX mail {owner=owner} MissingOwnershipRecord"],
        },
        Case {
            number: "R13",
            args: "",
            zone: &["CNAME old v", "TXT old ~owner=owner"],
            expected: &["CNAME old {owner=owner} MissingOwnershipRecord"],
        },
        Case {
            number: "R14",
            args: "",
            zone: &["NS new n", "TXT ns-new ~owner=owner", "TXT new ~owner=owner"],
            expected: &["NS new {owner=owner}"],
        },
        Case {
            number: "R15",
            args: "",
            zone: &["A x 1.1.1.1", "TXT x ~owner=otherowner"],
            expected: &["A x {owner=otherowner}"],
        },
        Case {
            number: "R16",
            args: "",
            zone: &[
                "CNAME aaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg.org v",
                "TXT aaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg.org ~owner=owner",
            ],
            expected: &[
                "CNAME aaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg.org {owner=owner}",
            ],
        },
        Case {
            number: "R17",
            args: "",
            zone: &["A x 1.1.1.1", "TXT a-x -"],
            expected: &["A x {}"],
        },
        Case {
            number: "R18",
            args: "",
            zone: &["A alias v p:alias=true", "TXT cname-alias ~owner=owner"],
            expected: &["A alias {owner=owner} MissingOwnershipRecord"],
        },
        Case {
            number: "R18 of one family",
            args: "",
            zone: &["A alias v p:alias=A", "TXT cname-alias ~owner=owner"],
            expected: &["A alias {owner=owner} MissingOwnershipRecord"],
        },
        Case {
            number: "R18 no alias",
            args: "",
            zone: &["A alias v p:alias=false", "TXT cname-alias ~owner=owner"],
            expected: &["A alias {}"],
        },
        Case {
            number: "R19",
            args: "",
            zone: &[
                "A alias v p:alias=true",
                "TXT cname-alias ~owner=other",
                "TXT a-alias ~owner=owner",
            ],
            expected: &["A alias {owner=owner}"],
        },
        Case {
            number: "R20",
            args: "--txt-prefix=_owner.",
            zone: &["A bar 1.1.1.1", "TXT bar ~owner=cat"],
            expected: &["A bar {}"],
        },
        Case {
            number: "R21",
            args: "--migrate-from-txt-owner=foo",
            zone: &["A bar 1.1.1.1", "TXT a-bar ~owner=foo"],
            expected: &["A bar {owner=foo} Migrate"],
        },
        Case {
            number: "R22",
            args: "--txt-encrypt-enabled --txt-encrypt-aes-key=0123456789abcdef0123456789ABCDEF",
            zone: &["A x 1.1.1.1", ENCRYPTED],
            expected: &["A x {owner=team-blue}"],
        },
        Case {
            number: "R22 while encryption is off",
            args: "--txt-encrypt-aes-key=0123456789abcdef0123456789ABCDEF",
            zone: &["A x 1.1.1.1", ENCRYPTED],
            expected: &["A x {owner=team-blue}"],
        },
        Case {
            number: "R23",
            args: "--txt-encrypt-enabled --txt-encrypt-aes-key=0123456789abcdef0123456789ABCDEF",
            zone: &["A x 1.1.1.1", "TXT a-x ~owner=owner", "TXT text v=spf1"],
            expected: &["A x {owner=owner}", "TXT text {}"],
        },
        Case {
            number: "R24",
            args: "--txt-encrypt-enabled --txt-encrypt-aes-key=12345678901234567890123456789012",
            zone: &["A x 1.1.1.1", ENCRYPTED],
            expected: &["A x {}", "TXT a-x {}"],
        },
        Case {
            number: "R24 without a key",
            args: "",
            zone: &["A x 1.1.1.1", ENCRYPTED],
            expected: &["A x {}", "TXT a-x {}"],
        },
    ];
    for Case { number, args, zone, expected } in cases {
        let registry = registry(&format!("{OWNER}{args}"));
        let annotated = registry.annotate(World::pseudo(zone).inventory(), Default::default());
        assert_eq!(owned(&annotated), expected, "{number}");
    }
}

/// R20, R21: what the plan makes of them.
#[test]
fn what_follows_from_reading() {
    let world = World::pseudo(&["A bar 1.1.1.1", "TXT bar ~owner=cat"]);
    let run_ = run(&*registry("--txt-owner-id=bar --txt-prefix=_owner."), &world, &["CNAME bar v"]);
    assert_eq!(run_.changes, [""; 0]);

    let migrating = registry("--txt-owner-id=foobar --migrate-from-txt-owner=foo");
    let world = World::pseudo(&["A bar 1.1.1.1", "TXT a-bar ~owner=foo"]);
    assert!(migrating.owners().contains("foo"));
    assert_eq!(
        run(&*migrating, &world, &["A bar 1.1.1.1"]).changes,
        ["~ TXT a-bar ~owner=foo -> ~owner=foobar"]
    );
}

#[test]
fn one_ownership_value_counts_wherever_it_stands_and_quotes_do_not() {
    let cases = [
        ("heritage=external-dns,external-dns/owner=owner", "A x {owner=owner}"),
        ("\"\"heritage=external-dns,external-dns/owner=owner\"", "A x {owner=owner}"),
        ("~owner=owner;v=spf1", "A x {owner=owner}"),
        ("v=spf1;~owner=owner", "A x {owner=owner}"),
    ];
    for (text, expected) in cases {
        let world = World::pseudo(&["A x 1.1.1.1", &format!("TXT a-x {text}")]);
        let annotated = registry(OWNER).annotate(world.inventory(), Default::default());
        assert_eq!(owned(&annotated), [expected], "{text}");
    }
    for text in ["v=spf1;v=spf2", "heritage=mate,external-dns/owner=owner", "x"] {
        let world = World::pseudo(&["A x 1.1.1.1", &format!("TXT a-x {text}")]);
        let annotated = registry(OWNER).annotate(world.inventory(), Default::default());
        assert_eq!(owned(&annotated), ["A x {}", "TXT a-x {}"], "{text}");
    }
}

#[test]
fn the_text_as_stored_stays_with_the_record() {
    let stored = "heritage=external-dns,external-dns/x=1,external-dns/owner=owner";
    let world = World::pseudo(&["A x 1.1.1.1", &format!("TXT A-X {stored}")]);
    let annotated = registry(OWNER).annotate(world.inventory(), Default::default());
    let record = &annotated.inventory.zones[0].records.as_ref().expect("read")[0];
    assert_eq!(record.ownership_records.len(), 1);
    assert_eq!(record.ownership_records[0].set.name.as_str(), "A-X");
    assert_eq!(record.ownership_records[0].set.targets.as_slice(), [stored]);
}

/// What a provider says of owner, object and clusters makes no record ours: only a TXT record does.
#[test]
fn ownership_comes_only_from_txt_records() {
    let mut world = World::pseudo(&["A x 1.1.1.1", "A y 1.1.1.1", "TXT a-x ~owner=owner"]);
    for (_, record) in &mut world.records[..2] {
        for (key, value) in
            [("owner", "owner"), ("resource", "r"), ("cluster", "*"), ("extra", "1")]
        {
            record.labels.set(key, value);
        }
    }
    let registry = registry(OWNER);
    let annotated = registry.annotate(world.inventory(), Default::default());
    assert_eq!(owned(&annotated), ["A x {extra=1,owner=owner}", "A y {extra=1}"]);
    let run = run(&*registry, &world, &[]);
    assert_eq!(run.changes, ["- A x 1.1.1.1", "- TXT a-x ~owner=owner"]);
}

#[test]
fn names_are_compared_as_a_labels() {
    for (record, txt) in [
        ("A ü.org 1.1.1.1", "TXT a-ü.org ~owner=owner"),
        ("A Ü.org 1.1.1.1", "TXT a-ü.org ~owner=owner"),
        ("A xn--tda.org 1.1.1.1", "TXT a-ü.org ~owner=owner"),
        ("A ü.org 1.1.1.1", "TXT xn--a--yka.org ~owner=owner"),
        ("A xn--tda.org 1.1.1.1", "TXT a-xn--tda.org ~owner=owner"),
    ] {
        let registry = registry(OWNER);
        let mut world = World::pseudo(&[record, txt]);
        let annotated = registry.annotate(world.inventory(), Default::default());
        let labels: Vec<_> = owned(&annotated);
        assert!(labels[0].ends_with("{owner=owner}"), "{record} {txt}: {labels:?}");
        let run = run(&*registry, &world, &[]);
        world.apply(&run.groups.groups);
        assert!(world.records.is_empty(), "{record} {txt}: {:?}", world.lines());
    }
}

#[test]
fn ownership_records_without_a_record() {
    let world = World::pseudo(&[
        "A x 1.1.1.1",
        "TXT a-x ~owner=owner",
        "TXT cname-gone ~owner=owner",
        "TXT a-taken ~owner=other",
        "TXT x ~owner=other",
        // Marks the A record `team`, or in the oldest format the host `a-team`.
        "CNAME a-team v",
        "TXT a-team ~owner=owner",
    ]);
    let run = run(&*registry(OWNER), &world, &["A x 1.1.1.1"]);
    assert_eq!(run.orphans, ["cname-gone"]);
    assert_eq!(run.reserved, ["a-taken"]);
    assert_eq!(run.changes, [""; 0], "orphans are not removed");
}

#[test]
fn noop_leaves_everything_as_it_is() {
    let noop = registry("--registry=noop");
    let world = World::pseudo(&["A x 1.1.1.1", "TXT a-x ~owner=me"]);
    let annotated = noop.annotate(world.inventory(), Default::default());
    assert_eq!(owned(&annotated), ["A x {}", "TXT a-x {}"]);
}

/// Only what is surely ours and surely without a record can be taken out to be removed.
#[test]
fn orphans_are_taken_out_by_choice() {
    let world = World::pseudo(&[
        "A there v",
        "TXT a-there ~owner=owner",
        "TXT a-gone ~owner=owner",
        "TXT cname-lost ~owner=owner",
        "TXT a-theirs ~owner=other",
        // The ownership record of `doubt`, or one of the oldest format of the host `a-doubt`.
        "TXT a-doubt ~owner=owner",
        "A a-doubt v",
    ]);
    let registry = registry(OWNER);
    let mut annotated = registry.annotate(world.inventory(), Default::default());
    let names = |orphans: &[extdns_registry::Orphan]| -> Vec<String> {
        orphans.iter().map(|own| own.removal().change.set().name.to_string()).collect()
    };
    let of_lost = DomainFilter::lists(["lost"], [""; 0]);
    assert_eq!(names(&annotated.take_removable(&of_lost)), ["cname-lost"]);
    let all = DomainFilter::default();
    assert_eq!(names(&annotated.take_removable(&all)), ["a-gone"]);
    assert!(annotated.take_removable(&all).is_empty());
    assert_eq!(annotated.orphans().count(), 0);
    assert_eq!(annotated.reserved().count(), 1);
}
