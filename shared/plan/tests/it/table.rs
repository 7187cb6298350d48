//! The decision table of the specification: what becomes of a row under `sync`, owned by `me`.

use crate::support::owned_by;

/// What is there, what is wanted, what is to be done.
type Line = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const TABLE: [Line; 27] = [
    (&[], &["A n 1.1.1.1"], &["+ A n 1.1.1.1"]),
    (&[], &["A n 1.1.1.1", "AAAA n ::1"], &["+ A n 1.1.1.1", "+ AAAA n ::1"]),
    (&[], &["A n 1.1.1.1", "CNAME n v"], &["+ A n 1.1.1.1"]),
    (&[], &["A n 1.1.1.1", "AAAA n ::1", "CNAME n v"], &["+ A n 1.1.1.1", "+ AAAA n ::1"]),
    (&["A n 1.1.1.1 o=me"], &["A n 1.1.1.1"], &[]),
    (&["A n 1.1.1.1 o=me"], &["A n 2.2.2.2"], &["~ A n 1.1.1.1 -> 2.2.2.2 [targets]"]),
    (&["A n 1.1.1.1 o=me"], &["A n 1.1.1.1 ttl=60"], &["~ A n 1.1.1.1 [ttl]"]),
    (&["A n 1.1.1.1 o=me"], &["A n 1.1.1.1 p:x=y"], &["~ A n 1.1.1.1 [properties]"]),
    (
        &["A n 1.1.1.1 o=other"],
        &["A n 2.2.2.2"],
        &["= ~ A n 1.1.1.1 -> 2.2.2.2 [targets] (foreign other)"],
    ),
    (&["A n 1.1.1.1"], &["A n 2.2.2.2"], &["= ~ A n 1.1.1.1 -> 2.2.2.2 [targets] (foreign)"]),
    (&["A n 1.1.1.1 o=other"], &["A n 1.1.1.1"], &["= ~ A n 1.1.1.1 [] (foreign other)"]),
    (&["A n 1.1.1.1 o=me"], &[], &["- A n 1.1.1.1"]),
    (&["A n 1.1.1.1 o=other"], &[], &[]),
    (&["A n 1.1.1.1"], &[], &[]),
    (&["A n 1.1.1.1 o=me"], &["CNAME n v"], &["- A n 1.1.1.1", "+ CNAME n v"]),
    (
        &["CNAME n v o=me"],
        &["A n 1.1.1.1", "AAAA n ::1"],
        &["- CNAME n v", "+ A n 1.1.1.1", "+ AAAA n ::1"],
    ),
    (
        &["A n 1.1.1.1 o=me", "AAAA n ::1 o=me"],
        &["CNAME n v"],
        &["- A n 1.1.1.1", "- AAAA n ::1", "+ CNAME n v"],
    ),
    (&["A n 1.1.1.1 o=me", "AAAA n ::1 o=me"], &["A n 1.1.1.1"], &["- AAAA n ::1"]),
    (&["A n 1.1.1.1 o=me"], &["A n 1.1.1.1", "AAAA n ::1"], &["+ AAAA n ::1"]),
    (&["A n 1.1.1.1 o=other"], &["CNAME n v"], &["= + CNAME n v (foreign other)"]),
    (
        &["A n 1.1.1.1 o=other"],
        &["A n 1.1.1.1", "AAAA n ::1"],
        &["= ~ A n 1.1.1.1 [] (foreign other)", "= + AAAA n ::1 (foreign other)"],
    ),
    (
        &["A n 1.1.1.1 o=me", "AAAA n ::1 o=other"],
        &["CNAME n v"],
        &["= - A n 1.1.1.1 (unit)", "= + CNAME n v (foreign other)"],
    ),
    (&["CNAME n v o=me", "A n 1.1.1.1 o=me"], &["A n 1.1.1.1"], &["- CNAME n v"]),
    (
        &["CNAME n v o=me"],
        &["CNAME n v", "A n 1.1.1.1", "AAAA n ::1"],
        &["- CNAME n v", "+ A n 1.1.1.1", "+ AAAA n ::1"],
    ),
    (&["TXT n text o=me"], &["CNAME n v"], &["+ CNAME n v"]),
    (
        &["A n/set1 1.1.1.1 o=me"],
        &["A n/set1 2.2.2.2", "A n/set2 1.1.1.1"],
        &["~ A n/set1 1.1.1.1 -> 2.2.2.2 [targets]", "+ A n/set2 1.1.1.1"],
    ),
    (
        &["A n/set1 1.1.1.1 o=me"],
        &["A n/set2 1.1.1.1"],
        &["- A n/set1 1.1.1.1", "+ A n/set2 1.1.1.1"],
    ),
];

#[test]
fn decisions() {
    for (has, wants, gives) in TABLE {
        owned_by("me").has(has).wants(wants).gives(gives);
    }
}
