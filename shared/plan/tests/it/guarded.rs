//! Cases of the guard, one by one.

use extdns_plan::{Allow, Allowance, Guard, Limit};

use crate::support::{Case, READ, guard, of_clusters};

/// So many records of the only cluster in one zone, `n0`, `n1`, ..
fn records(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("A n{index:03} 1.1.1.1 o=me")).collect()
}

/// The first so many of them, as wanted.
fn wishes(count: usize, target: &str) -> Vec<String> {
    (0..count).map(|index| format!("A n{index:03} {target} by=default:x")).collect()
}

fn single(guard: Guard) -> Case {
    of_clusters(&[("default", "me", READ)]).guarded(guard).zones(&[("Z1", "")])
}

fn go(count: usize) -> Vec<(String, usize)> {
    vec![("go".to_owned(), count)]
}

fn guarded(count: usize) -> Vec<(String, usize)> {
    vec![("guarded deletes".to_owned(), count)]
}

#[test]
fn a_cluster_back_with_29_percent_of_its_objects_loses_nothing() {
    let case = single(guard()).has(&records(100)).wants(&wishes(29, "1.1.1.1"));
    assert_eq!(case.totals(), guarded(71));
    assert_eq!(case.trips(), ["Z1 deletes 71/100 > 30 % (--allow-deletes=all:71)"]);
    case.check(|plan, _| {
        let names: Vec<_> = plan.trips[0].names.iter().map(|name| name.as_str()).collect();
        let first_ten: Vec<_> = (29..39).map(|index| format!("n{index:03}")).collect();
        assert_eq!(names, first_ten);
        assert_eq!(plan.trips[0].allow.for_function(), "\"allowDeletes\": {\"all\": 71}");
    });
}

#[test]
fn a_cluster_back_with_71_percent_of_its_objects_loses_the_rest() {
    let case = single(guard()).has(&records(100)).wants(&wishes(71, "1.1.1.1"));
    assert_eq!((case.totals(), case.trips()), (go(29), vec![]));
    // The limit itself is allowed, one more is not.
    let case = |left| single(guard()).has(&records(100)).wants(&wishes(left, "1.1.1.1"));
    assert_eq!(case(70).totals(), go(30));
    assert_eq!(case(69).totals(), guarded(31));
}

#[test]
fn limits() {
    let percent = |max_delete_percent| Guard { max_delete_percent, ..guard() };
    let table: [(Guard, usize, usize, bool); 11] = [
        // guard, records, left, whether it trips
        (guard(), 9, 0, false),
        (guard(), 10, 6, true),
        (guard(), 10, 7, false),
        (percent(0), 10, 9, true),
        (percent(100), 10, 0, false),
        (Guard { max_deletes: Some(2), ..guard() }, 100, 98, false),
        (Guard { max_deletes: Some(2), ..guard() }, 100, 97, true),
        (Guard { max_deletes: Some(0), ..guard() }, 9, 8, false),
        (Guard { min_records: 0, ..guard() }, 1, 0, true),
        (Guard { min_records: 101, ..guard() }, 100, 0, false),
        (Guard { disabled: true, ..guard() }, 100, 0, false),
    ];
    for (guard, count, left, trips) in table {
        let case = single(guard.clone()).has(&records(count)).wants(&wishes(left, "1.1.1.1"));
        let expected = if trips { guarded(count - left) } else { go(count - left) };
        assert_eq!(case.totals(), expected, "{guard:?}: {left} of {count}");
    }
    let case = single(Guard { max_deletes: Some(2), ..guard() }).has(&records(100));
    case.wants(&wishes(97, "1.1.1.1")).check(|plan, _| {
        assert_eq!(plan.trips[0].limit, Limit::Count(2));
    });
}

#[test]
fn updates_are_free_unless_limited() {
    let case = |max_update_percent| {
        single(Guard { max_update_percent, ..guard() })
            .has(&records(20))
            .wants(&[wishes(11, "2.2.2.2"), wishes(20, "1.1.1.1").split_off(11)].concat())
    };
    assert_eq!(case(100).totals(), go(11));
    assert_eq!(case(55).totals(), go(11));
    assert_eq!(case(54).totals(), [("guarded updates".to_owned(), 11)]);
    assert_eq!(case(54).trips(), ["Z1 updates 11/20 > 54 % (--max-update-percent=55)"]);
    case(54).check(|plan, _| {
        assert_eq!(plan.trips[0].allow, Allow::Updates { percent: 55 });
        assert_eq!(plan.trips[0].allow.for_function(), "EXTERNAL_DNS_MAX_UPDATE_PERCENT=55");
    });
}

#[test]
fn a_delete_and_a_create_of_one_name_are_one_update() {
    let none = Guard { max_delete_percent: 0, ..guard() };
    let all_cnames: Vec<_> = (0..10).map(|n| format!("CNAME n{n:03} v by=default:x")).collect();
    let all_aaaa: Vec<_> = (0..10).map(|n| format!("AAAA n{n:03} ::1 by=default:x")).collect();
    for wishes in [&all_cnames, &all_aaaa] {
        let case = single(none.clone()).has(&records(10)).wants(wishes);
        assert_eq!((case.totals(), case.trips()), (go(20), vec![]));
        let limited = Guard { max_update_percent: 50, ..none.clone() };
        let trips = single(limited).has(&records(10)).wants(wishes).trips();
        assert_eq!(trips, ["Z1 updates 10/10 > 50 % (--max-update-percent=100)"]);
    }
    // But one create does not stand for many deletes.
    let members: Vec<_> = (0..10).map(|n| format!("A n/s{n} 1.1.1.1 o=me")).collect();
    let case = single(guard()).has(&members).wants(&["A n/new 1.1.1.1 by=default:x"]);
    assert_eq!(case.trips(), ["Z1 deletes 9/10 > 30 % (--allow-deletes=all:9)"]);
}

#[test]
fn ownership_records_do_not_count() {
    let limited = Guard { max_update_percent: 0, ..guard() };
    let has: Vec<_> = records(10).iter().map(|it| format!("{it} missing-mark")).collect();
    let case = single(limited).has(&has).wants(&wishes(10, "1.1.1.1"));
    assert_eq!((case.totals(), case.trips()), (go(10), vec![]));
}

#[test]
fn what_is_foreign_or_frozen_does_not_count() {
    // Twenty records of somebody else make the base no greater.
    let foreign = (0..20).map(|n| format!("A f{n} 1.1.1.1 o=other"));
    let has: Vec<_> = records(10).into_iter().chain(foreign).collect();
    assert_eq!(single(guard()).has(&has).wants(&wishes(6, "1.1.1.1")).totals(), guarded(4));
    // What is protected is no delete.
    let case = single(guard()).protects(&["n00[6-9]"]).has(&records(10));
    assert_eq!(case.wants(&wishes(6, "1.1.1.1")).trips(), Vec::<String>::new());
}

#[test]
fn each_zone_and_each_cluster_in_it_has_its_own_count() {
    let of = |zone: &str, owner: &str, count: usize| {
        (0..count)
            .map(move |n| format!("{zone}: A {owner}{n:02}.{zone} 1.1.1.1 o={owner}"))
            .collect::<Vec<_>>()
    };
    let kept = |zone: &str, owner: &str, count: usize| {
        (0..count)
            .map(move |n| format!("A {owner}{n:02}.{zone} 1.1.1.1 by={owner}:x"))
            .collect::<Vec<_>>()
    };
    let case = |wants: Vec<String>| {
        of_clusters(&[("eu", "eu", READ), ("us", "us", READ)])
            .guarded(guard())
            .zones(&[("a", "a"), ("b", "b")])
            .has(&[of("a", "eu", 10), of("a", "us", 90), of("b", "eu", 10)].concat())
            .wants(&wants)
    };
    // A cluster's part of a zone: 5 of 10, although 6 of 100 in the zone.
    let one = case([kept("a", "eu", 5), kept("a", "us", 89), kept("b", "eu", 8)].concat());
    assert_eq!(one.trips(), ["a eu deletes 5/10 > 30 % (--allow-deletes=a:5)"]);
    assert_eq!(one.totals(), [("go".to_owned(), 3), ("guarded deletes eu".to_owned(), 5)]);
    // A whole zone: then its clusters need no telling.
    let whole = case([kept("a", "eu", 0), kept("a", "us", 60), kept("b", "eu", 8)].concat());
    assert_eq!(whole.trips(), ["a deletes 40/100 > 30 % (--allow-deletes=a:40)"]);
    assert_eq!(whole.totals(), [("go".to_owned(), 2), ("guarded deletes".to_owned(), 40)]);
}

#[test]
fn allowances() {
    let zones: [(&str, &str); 3] =
        [("/hostedzone/Z1", "a.org"), ("Z2", "twin.org"), ("Z3", "twin.org")];
    let has: Vec<_> = ["/hostedzone/Z1: a.org", "Z2: twin.org", "Z3: twin.org"]
        .iter()
        .flat_map(|zone| {
            let (id, name) = zone.split_once(": ").expect("id and name");
            (0..10).map(move |n| format!("{id}: A n{n}.{name} 1.1.1.1 o=me"))
        })
        .collect();
    let trips = |allowed: &[&str]| {
        let allow_deletes = allowed.iter().map(|it| it.parse().expect(it)).collect();
        single(Guard { allow_deletes, ..guard() }).zones(&zones).has(&has).trips()
    };
    let (one, two, three) = (
        "/hostedzone/Z1 deletes 10/10 > 30 % (--allow-deletes=a.org:10)",
        "Z2 deletes 10/10 > 30 % (--allow-deletes=Z2:10)",
        "Z3 deletes 10/10 > 30 % (--allow-deletes=Z3:10)",
    );
    let table: [(&[&str], &[&str]); 10] = [
        (&[], &[one, two, three]),
        (&["a.org:10", "Z2:10", "Z3:10"], &[]),
        (&["A.org."], &[two, three]),
        (&["Z1:11"], &[two, three]),
        (&["/hostedzone/Z1"], &[two, three]),
        (&["a.org:9"], &[one, two, three]),
        (&["a.org:9", "a.org:10"], &[two, three]),
        (&["twin.org:10"], &[one]),
        (&["all:29", "unknown"], &[one, two, three]),
        (&["all:30"], &[]),
    ];
    for (allowed, expected) in table {
        assert_eq!(trips(allowed), expected, "{allowed:?}");
    }
}

#[test]
fn allowances_as_text() {
    type Allowed = Option<(&'static str, Option<usize>)>;
    let table: [(&str, Allowed); 9] = [
        ("example.org", Some(("example.org", None))),
        ("example.org:40", Some(("example.org", Some(40)))),
        ("example.org:0", Some(("example.org", Some(0)))),
        ("arn:aws:x", Some(("arn:aws:x", None))),
        ("a:b:7", Some(("a:b", Some(7)))),
        ("example.org:-1", None),
        ("example.org:4O", None),
        ("", None),
        (":7", None),
    ];
    for (text, expected) in table {
        let expected = expected.map(|(place, count)| Allowance { place: place.into(), count });
        let found = text.parse::<Allowance>();
        assert_eq!(found.as_ref().ok(), expected.as_ref(), "{text}: {found:?}");
    }
}
