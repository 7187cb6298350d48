//! What the provider would refuse is held back in the plan.

use extdns_model::{RecordSet, RecordType, Surroundings};

use crate::support::owned_by;

/// Refuses a CNAME at an apex and beside anything else, and whatever has the target `bad`.
fn strict(set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
    let is_cname = |set: &RecordSet| set.rtype == RecordType::Cname;
    let stands_beside = around.beside.iter().any(|other| is_cname(set) != is_cname(other));
    let is_bad = set.targets.iter().any(|target| target == "bad");
    let is_at_apex = around.at_apex && is_cname(set);
    (stands_beside || is_bad || is_at_apex).then(|| "no".to_owned())
}

#[test]
fn what_is_refused_is_held_and_the_rest_goes() {
    owned_by("me")
        .refused_by(strict)
        .has(&["A u 1.1.1.1 o=me"])
        .wants(&["A n bad", "A m 1.1.1.1", "A u bad"])
        .gives(&[
            "+ A m 1.1.1.1",
            "= + A n bad (refused: no)",
            "= ~ A u 1.1.1.1 -> bad [targets] (refused: no)",
        ]);
}

#[test]
fn a_refused_create_keeps_what_would_have_made_room_for_it() {
    owned_by("me")
        .refused_by(strict)
        .has(&["A n 1.1.1.1 o=me"])
        .wants(&["CNAME n bad"])
        .gives(&["= - A n 1.1.1.1 (unit)", "= + CNAME n bad (refused: no)"]);
}

#[test]
fn what_stands_at_the_apex_of_its_zone_is_reported() {
    owned_by("me")
        .zones(&[("a", "a.org"), ("b", "b.a.org")])
        .refused_by(strict)
        .wants(&["CNAME a.org v", "CNAME n.a.org v", "CNAME b.a.org v"])
        .gives(&[
            "a: = + CNAME a.org v (refused: no)",
            "a: + CNAME n.a.org v",
            "b: = + CNAME b.a.org v (refused: no)",
        ]);
}

/// The plan touches no MX here, but knows that it is there.
#[test]
fn a_cname_beside_a_record_of_a_type_that_is_not_managed_is_held() {
    let case = || {
        let case = owned_by("me").refused_by(strict);
        case.has(&["MX n m", "CNAME x v o=me"]).wants(&["CNAME n v", "CNAME x v"])
    };
    case().gives(&["= + CNAME n v (refused: no)"]);
    case().manages("CNAME MX").gives(&["= + CNAME n v (foreign)"]);
}

/// What goes is no obstacle, and what comes is.
#[test]
fn what_comes_is_beside_it_and_what_goes_is_not() {
    owned_by("me")
        .refused_by(strict)
        .has(&["A n 1.1.1.1 o=me"])
        .wants(&["CNAME n v"])
        .gives(&["- A n 1.1.1.1", "+ CNAME n v"]);
    owned_by("me")
        .refused_by(strict)
        .wants(&["A n/a 1.1.1.1", "CNAME n/b v"])
        .gives(&["= + A n/a 1.1.1.1 (refused: no)", "+ CNAME n/b v"]);
}

/// The provider would refuse it too, but that is not why: nothing is wrong with what is wanted.
#[test]
fn what_stays_for_another_reason_is_reported_by_that_reason() {
    owned_by("me")
        .refused_by(strict)
        .protects(&["n"])
        .has(&["A n 1.1.1.1 o=me"])
        .wants(&["CNAME n v"])
        .gives(&["= - A n 1.1.1.1 (protected n)", "= + CNAME n v (unit)"]);
}
