//! What is done together or not at all.

use crate::support::owned_by;

#[test]
fn types_that_stand_beside_each_other_are_units_of_their_own() {
    owned_by("me")
        .has(&["A n 1.1.1.1 o=me", "MX n m o=me"])
        .manages("A AAAA CNAME MX")
        .wants(&["A n 2.2.2.2", "AAAA n ::1"])
        .gives_units(&["0 - MX n m", "1 ~ A n 1.1.1.1 -> 2.2.2.2 [targets]", "2 + AAAA n ::1"]);
}

#[test]
fn replaced_types_are_one_unit() {
    owned_by("me").has(&["CNAME n v o=me"]).wants(&["A n 1.1.1.1", "AAAA n ::1"]).gives_units(&[
        "0 - CNAME n v",
        "0 + A n 1.1.1.1",
        "0 + AAAA n ::1",
    ]);
    owned_by("me")
        .has(&["A n 1.1.1.1 o=me", "AAAA n ::1 o=me"])
        .wants(&["CNAME n v"])
        .gives_units(&["0 - A n 1.1.1.1", "0 - AAAA n ::1", "0 + CNAME n v"]);
}

#[test]
fn replaced_types_under_one_set_identifier_leave_the_others_alone() {
    owned_by("me")
        .has(&["A n/s1 1.1.1.1 o=me", "A n/s2 1.1.1.1 o=me"])
        .wants(&["A n/s1 2.2.2.2", "AAAA n/s2 ::1", "A n/s3 3.3.3.3"])
        .gives_units(&[
            "0 - A n/s2 1.1.1.1",
            "1 ~ A n/s1 1.1.1.1 -> 2.2.2.2 [targets]",
            "2 + AAAA n/s2 ::1",
            "3 + A n/s3 3.3.3.3",
        ]);
}

#[test]
fn a_simple_record_that_becomes_a_family_is_one_unit_and_so_is_the_way_back() {
    owned_by("me")
        .has(&["A n 1.1.1.1 o=me", "AAAA n ::1 o=me"])
        .wants(&["A n/s1 1.1.1.1", "A n/s2 2.2.2.2", "AAAA n/s1 ::1"])
        .gives_units(&[
            "0 - A n 1.1.1.1",
            "0 - AAAA n ::1",
            "0 + A n/s1 1.1.1.1",
            "0 + AAAA n/s1 ::1",
            "0 + A n/s2 2.2.2.2",
        ]);
    owned_by("me")
        .has(&["A n/s1 1.1.1.1 o=me", "A n/s2 2.2.2.2 o=me"])
        .wants(&["A n 1.1.1.1"])
        .gives_units(&["0 - A n/s1 1.1.1.1", "0 - A n/s2 2.2.2.2", "0 + A n 1.1.1.1"]);
}

#[test]
fn a_turn_that_is_refused_in_part_is_refused() {
    owned_by("me")
        .has(&["A n/s1 1.1.1.1 o=me", "A n/s2 2.2.2.2 o=other"])
        .wants(&["A n 1.1.1.1"])
        .gives(&["= - A n/s1 1.1.1.1 (unit)", "= + A n 1.1.1.1 (foreign other)"]);
}

#[test]
fn a_family_that_changes_its_policy_is_one_unit() {
    let has = ["A n/s1 1.1.1.1 o=me p:aws/weight=1", "A n/s2 2.2.2.2 o=me p:aws/weight=1"];
    owned_by("me")
        .has(&has)
        .wants(&["A n/s1 1.1.1.1 p:aws/region=a", "A n/s2 2.2.2.2 p:aws/region=b"])
        .gives_units(&["0 ~ A n/s1 1.1.1.1 [properties]", "0 ~ A n/s2 2.2.2.2 [properties]"]);
    owned_by("me")
        .has(&has)
        .wants(&["A n/s1 1.1.1.1 p:aws/region=a", "A n/s3 2.2.2.2 p:aws/region=b"])
        .gives_units(&[
            "0 - A n/s2 2.2.2.2",
            "0 ~ A n/s1 1.1.1.1 [properties]",
            "0 + A n/s3 2.2.2.2",
        ]);
    // Another weight is the same policy.
    owned_by("me")
        .has(&has)
        .wants(&["A n/s1 1.1.1.1 p:aws/weight=5", "A n/s2 2.2.2.2 p:aws/weight=5"])
        .gives_units(&["0 ~ A n/s1 1.1.1.1 [properties]", "1 ~ A n/s2 2.2.2.2 [properties]"]);
}

#[test]
fn a_family_that_changes_its_type_is_one_unit() {
    owned_by("me")
        .has(&["A n/s1 1.1.1.1 o=me", "A n/s2 2.2.2.2 o=me"])
        .wants(&["CNAME n/s1 v", "CNAME n/s2 w"])
        .gives_units(&[
            "0 - A n/s1 1.1.1.1",
            "0 - A n/s2 2.2.2.2",
            "0 + CNAME n/s1 v",
            "0 + CNAME n/s2 w",
        ]);
}

#[test]
fn a_refused_create_keeps_what_would_go_under_its_set_identifier() {
    owned_by("me")
        .manages("A AAAA CNAME MX")
        .has(&["MX n m o=me", "A n 1.1.1.1 o=other", "MX n/s1 m o=me"])
        .wants(&["AAAA n ::1"])
        .gives(&["= - MX n m (unit)", "- MX n/s1 m", "= + AAAA n ::1 (foreign other)"]);
    owned_by("me")
        .manages("A AAAA CNAME MX")
        .has(&["MX n/s1 m o=me", "A n/s1 1.1.1.1 o=other", "MX n/s2 m o=me"])
        .wants(&["AAAA n/s1 ::1"])
        .gives(&["= - MX n/s1 m (unit)", "- MX n/s2 m", "= + AAAA n/s1 ::1 (foreign other)"]);
}
