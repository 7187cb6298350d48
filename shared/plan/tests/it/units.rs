//! What is done together or not at all.

use extdns_model::{RecordSet, Surroundings};

use crate::support::owned_by;

/// Refuses a second member with the same region.
fn one_of_each_region(set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
    let region = set.properties().get("aws/region")?;
    let has = |other: &&RecordSet| other.properties().get("aws/region") == Some(region);
    around.beside.iter().any(has).then(|| format!("region {region} is taken"))
}

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

/// A unit is cut by what excludes each other: none of these updates can be made before the other.
#[test]
fn members_that_swap_what_only_one_may_have_are_one_unit() {
    let has = [
        "A n/a 1.1.1.1 o=me p:aws/region=east",
        "A n/b 2.2.2.2 o=me p:aws/region=west",
        "A n/c 3.3.3.3 o=me p:aws/region=north",
    ];
    let swapped = [
        "A n/a 1.1.1.1 p:aws/region=west",
        "A n/b 2.2.2.2 p:aws/region=east",
        "A n/c 4.4.4.4 p:aws/region=north",
    ];
    let case = || owned_by("me").has(&has).wants(&swapped);
    case().refused_by(one_of_each_region).gives_units(&[
        "0 ~ A n/a 1.1.1.1 [properties]",
        "0 ~ A n/b 2.2.2.2 [properties]",
        "1 ~ A n/c 3.3.3.3 -> 4.4.4.4 [targets]",
    ]);
    case().gives_units(&[
        "0 ~ A n/a 1.1.1.1 [properties]",
        "1 ~ A n/b 2.2.2.2 [properties]",
        "2 ~ A n/c 3.3.3.3 -> 4.4.4.4 [targets]",
    ]);
}

/// What has the region goes or moves on with what gets it, or none of them does.
#[test]
fn a_member_that_gets_what_another_one_leaves_is_one_unit_with_it() {
    let case = || {
        owned_by("me").refused_by(one_of_each_region).has(&["A n/a 1.1.1.1 o=me p:aws/region=east"])
    };
    case()
        .wants(&["A n/b 2.2.2.2 p:aws/region=east"])
        .gives_units(&["0 - A n/a 1.1.1.1", "0 + A n/b 2.2.2.2"]);
    case()
        .wants(&["A n/a 1.1.1.1 p:aws/region=west", "A n/b 2.2.2.2 p:aws/region=east"])
        .gives_units(&["0 ~ A n/a 1.1.1.1 [properties]", "0 + A n/b 2.2.2.2"]);
    // The record that is protected keeps its region, so nobody else gets it.
    case()
        .protects(&["n"])
        .wants(&["A n/b 2.2.2.2 p:aws/region=east"])
        .gives(&["= - A n/a 1.1.1.1 (protected n)", "= + A n/b 2.2.2.2 (unit)"]);
}

/// Members with a region of their own do not need each other.
#[test]
fn a_member_beside_a_foreign_one_with_the_same_region_is_refused_alone() {
    owned_by("me")
        .refused_by(one_of_each_region)
        .has(&["A n/a 1.1.1.1 o=other p:aws/region=east", "A n/b 2.2.2.2 o=me p:aws/region=west"])
        .wants(&["A n/b 2.2.2.2 p:aws/region=east", "A n/c 3.3.3.3 p:aws/region=north"])
        .gives(&[
            "= ~ A n/b 2.2.2.2 [properties] (refused: region east is taken)",
            "+ A n/c 3.3.3.3",
        ]);
}
