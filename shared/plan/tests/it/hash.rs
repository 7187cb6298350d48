//! What tells one plan from another.

use extdns_plan::{PlanHash, Reading};

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
    case.check(|plan, inventory| plan.hash(&inventory.index, case.owners()))
}

/// One of the texts in another way.
fn with(texts: [&str; 3], old: &str, new: &str) -> [String; 3] {
    assert!(texts.iter().any(|text| text.contains(old)), "{old}");
    texts.map(|text| text.replace(old, new))
}

#[test]
fn every_part_of_a_change_tells() {
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
fn what_does_not_matter_does_not_tell() {
    let same = hash(&case());
    let wants = [
        ("2.2.2.2,3.3.3.3", "3.3.3.3,2.2.2.2"),
        ("p:a=1 p:b=2", "p:b=2 p:a=1"),
        // Who in the cluster wants it is no change of a zone.
        ("new.org v by=eu:x", "new.org v by=eu:y"),
    ];
    for (old, new) in wants {
        let other = of_clusters(&CLUSTERS).has(&HAS).wants(&with(WANTS, old, new));
        assert_eq!(hash(&other), same, "{old} {new}");
    }
    let [one, two, three] = WANTS;
    let other = of_clusters(&CLUSTERS).has(&HAS).wants(&[three, one, two]);
    assert_eq!(hash(&other), same, "order of endpoints");
    // What is right already, and what is held back.
    let beside =
        [HAS.as_slice(), &["A right.org 1.1.1.1 o=central c=eu", "A not.org 1.1.1.1"]].concat();
    let wants =
        [WANTS.as_slice(), &["A right.org 1.1.1.1 by=eu:x", "A not.org 2.2.2.2 by=eu:x"]].concat();
    assert_eq!(hash(&of_clusters(&CLUSTERS).has(&beside).wants(&wants)), same);
}

#[test]
fn stays_the_same_from_release_to_release() {
    assert_eq!(
        hash(&case()).to_string(),
        "b605c33bbea671a7e2bb1a0077d60d6de045b1b7f1979094aa58f35814e032e8"
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
