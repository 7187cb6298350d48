//! What tells one plan from another.

use extdns_model::{
    Action, Change, ChangeGroup, GroupId, Hints, Labels, Name, Opaque, Planned, RecordSet,
    RecordType, Role, Stored, Ttl, ZoneKey,
};
use extdns_plan::{PlanHash, Policy, Reading};

use crate::support::{Case, READ, of_clusters};

const CLUSTERS: [(&str, &str, Reading); 2] = [("eu", "central", READ), ("us", "central", READ)];
const HAS: [&str; 3] = [
    "A gone.org 1.1.1.1 o=central c=eu",
    "A changed.org 1.1.1.1 o=central c=eu p:a=1 p:b=2",
    "A moved.org 1.1.1.1 o=central c=eu",
];
const WANTS: [&str; 3] = [
    "A changed.org 2.2.2.2,3.3.3.3 p:a=1 p:b=2 by=eu:x",
    "A moved.org 1.1.1.1 by=us:x",
    "CNAME new.org v by=eu:x",
];

fn case() -> Case {
    of_clusters(&CLUSTERS).has(&HAS).wants(&WANTS)
}

fn hash(case: &Case) -> PlanHash {
    case.check(|plan, inventory| plan.hash(&inventory.index, case.owners(), &[]))
}

/// One of the texts in another way.
fn with(texts: [&str; 3], old: &str, new: &str) -> [String; 3] {
    assert!(texts.iter().any(|text| text.contains(old)), "{old}");
    texts.map(|text| text.replace(old, new))
}

#[test]
fn every_part_of_a_change_changes_the_hash() {
    let same = hash(&case());
    let wants = [
        ("2.2.2.2", "2.2.2.3"),
        (",3.3.3.3", ""),
        ("p:a=1 p:b=2 ", "p:a=1 "),
        ("p:a=1 p:b=2 ", "p:a=2 p:b=1 "),
        ("changed.org", "changed.org/set"),
        ("CNAME new.org v", "A new.org 1.1.1.1"),
        ("CNAME new.org v", "CNAME new.org v ttl=60"),
        ("new.org", "neu.org"),
        ("v by=eu:x", "v by=us:x"),
        ("1.1.1.1 by=us:x", "1.1.1.1 by=us:x+eu:x"),
        ("v by=eu:x", "v by=eu:y"),
    ];
    for (old, new) in wants {
        let other = of_clusters(&CLUSTERS).has(&HAS).wants(&with(WANTS, old, new));
        assert_ne!(hash(&other), same, "{old} {new}");
    }
    let has = [
        ("gone.org 1.1.1.1", "gone.org 1.1.1.2"),
        ("gone.org 1.1.1.1", "gone.org 1.1.1.1 ttl=60"),
        ("gone.org 1.1.1.1 o=central c=eu", "gone.org 1.1.1.1 o=central c=us"),
        ("gone.org 1.1.1.1 o=central c=eu", "gone.org 1.1.1.1 o=central"),
        ("gone.org", "kept.org"),
        ("gone.org 1.1.1.1 o=central", "gone.org 1.1.1.1 r=service/ns/z o=central"),
    ];
    for (old, new) in has {
        let other = of_clusters(&CLUSTERS).has(&with(HAS, old, new)).wants(&WANTS);
        assert_ne!(hash(&other), same, "{old} {new}");
    }
    let elsewhere = case().zones(&[("Z2", "")]);
    assert_ne!(hash(&elsewhere), same, "another zone");
    let owners = [("eu", "central", READ), ("us", "us", READ)];
    let elsewise = of_clusters(&owners).has(&HAS).wants(&WANTS);
    assert_ne!(hash(&elsewise), same, "another owner");
}

#[test]
fn what_does_not_matter_does_not_change_the_hash() {
    let same = hash(&case());
    let wants = [("2.2.2.2,3.3.3.3", "3.3.3.3,2.2.2.2"), ("p:a=1 p:b=2", "p:b=2 p:a=1")];
    for (old, new) in wants {
        let other = of_clusters(&CLUSTERS).has(&HAS).wants(&with(WANTS, old, new));
        assert_eq!(hash(&other), same, "{old} {new}");
    }
    let [one, two, three] = WANTS;
    let other = of_clusters(&CLUSTERS).has(&HAS).wants(&[three, one, two]);
    assert_eq!(hash(&other), same, "order of endpoints");
    // What is right already.
    let beside = [HAS.as_slice(), &["A right.org 1.1.1.1 o=central c=eu"]].concat();
    let wants = [WANTS.as_slice(), &["A right.org 1.1.1.1 by=eu:x"]].concat();
    assert_eq!(hash(&of_clusters(&CLUSTERS).has(&beside).wants(&wants)), same);
}

/// What was held back when somebody read the plan and is possible now is another plan; and so is
/// what is held back for another reason.
#[test]
fn what_is_held_changes_the_hash_by_the_kind_of_its_reason() {
    let foreign = |owner: &str| {
        let has = [HAS.as_slice(), &[owner]].concat();
        let wants = [WANTS.as_slice(), &["A not.org 2.2.2.2 by=eu:x"]].concat();
        of_clusters(&CLUSTERS).has(&has).wants(&wants)
    };
    let hashes = [
        hash(&case()),
        hash(&foreign("A not.org 1.1.1.1")),
        hash(&foreign("A not.org 1.1.1.1 o=central c=eu")),
        hash(&foreign("A not.org 1.1.1.1 o=central c=eu").protects(&["not.*"])),
        hash(&foreign("A not.org 1.1.1.1").policy(Policy::CreateOnly)),
    ];
    let distinct: std::collections::HashSet<_> = hashes.iter().collect();
    assert_eq!(distinct.len(), hashes.len(), "{hashes:?}");
}

#[test]
fn names_without_a_zone_and_losers_change_the_hash() {
    let case = |desired: &str| {
        let wants = [WANTS.as_slice(), &[desired]].concat();
        of_clusters(&CLUSTERS).zones(&[("Z", "org")]).has(&HAS).wants(&wants)
    };
    let hashes = [
        hash(&case("A x.com 1.1.1.1 by=eu:x")),
        hash(&case("A x.com 1.1.1.1 by=eu:y")),
        hash(&case("A y.com 1.1.1.1 by=eu:x")),
        hash(&case("CNAME new.org w by=eu:x")),
        hash(&case("CNAME new.org x by=eu:x")),
    ];
    let distinct: std::collections::HashSet<_> = hashes.iter().collect();
    assert_eq!(distinct.len(), hashes.len(), "{hashes:?}");
}

/// The zone of a record need not be that of its ownership record, and whether that can be read is
/// seen by everybody; what it says encrypted is another text in every run.
#[test]
fn ownership_records_change_the_hash_by_name_and_form_but_not_by_ciphertext() {
    let hash = |txt: &str, text: &str, action: fn(Planned) -> Action| {
        let set = RecordSet::new(
            Name::as_listed(txt),
            RecordType::Txt,
            Ttl::UNSET,
            std::iter::once(text).collect(),
        );
        let planned = Planned { set, labels: Labels::new(), hints: Hints::default() };
        let group = ChangeGroup {
            id: GroupId(0),
            zone: ZoneKey(0),
            name: Name::as_listed("new.org"),
            changes: vec![Change { role: Role::Ownership, action: action(planned) }],
            after: Vec::new(),
            requires: Vec::new(),
        };
        let case = case();
        case.check(|plan, inventory| plan.hash(&inventory.index, case.owners(), &[group]))
    };
    let plain = "\"heritage=external-dns,external-dns/owner=central\"";
    let delete = |new: Planned| {
        Action::Delete(Stored { set: new.set, labels: new.labels, origin: Opaque::none() })
    };
    let same = hash("cname-new.org", plain, Action::Create);
    assert_ne!(hash("x-cname-new.org", plain, Action::Create), same, "another prefix");
    assert_ne!(hash("cname-new.org", plain, delete), same, "another action");
    let encrypted = hash("cname-new.org", "\"c2VjcmV0\"", Action::Create);
    assert_ne!(encrypted, same, "encrypted");
    assert_eq!(hash("cname-new.org", "\"b3RoZXI\"", Action::Create), encrypted);
}

#[test]
fn stays_the_same_from_release_to_release() {
    assert_eq!(
        hash(&case()).to_string(),
        "5f546701c29f939bcb43fa90c9cdb259f9f67d7519d412d9ed1f8e94ee0a10cc"
    );
}

#[test]
fn as_text() {
    let text = hash(&case()).to_string();
    assert_eq!(text.parse::<PlanHash>(), Ok(hash(&case())));
    assert_eq!(text.to_uppercase().parse::<PlanHash>(), Ok(hash(&case())));
    for wrong in ["", "12", &text[1..], &format!("{text}0"), &text.replace(&text[..2], "é")] {
        let error = wrong.parse::<PlanHash>().expect_err(wrong).to_string();
        assert_eq!(
            error,
            "a plan's hash has 64 hexadecimal digits; copy it from the plan's report"
        );
    }
}
