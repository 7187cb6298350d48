//! Cases of the guard, one by one.

use extdns_plan::{Allow, Allowance, Guard, Limit};

use crate::support::{Case, READ, guard, of_clusters};

/// So many records of the only cluster in one zone, `n0`, `n1`, ..
fn records(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("A n{index:03} 1.1.1.1 o=me")).collect()
}

/// The first so many of them, as wanted.
fn desired(count: usize, target: &str) -> Vec<String> {
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
    let case = single(guard()).has(&records(100)).wants(&desired(29, "1.1.1.1"));
    assert_eq!(case.totals(), guarded(71));
    assert_eq!(case.exceeded_limits(), ["Z1 deletes 71/100 > 30 % (--allow-deletes=all:71)"]);
    case.check(|plan, _| {
        let names: Vec<_> =
            plan.exceeded_limits[0].names.iter().map(|name| name.as_str()).collect();
        let first_ten: Vec<_> = (29..39).map(|index| format!("n{index:03}")).collect();
        assert_eq!(names, first_ten);
        assert_eq!(plan.exceeded_limits[0].allow.for_function(), "\"allowDeletes\": {\"all\": 71}");
    });
}

#[test]
fn a_cluster_back_with_71_percent_of_its_objects_loses_the_rest() {
    let case = single(guard()).has(&records(100)).wants(&desired(71, "1.1.1.1"));
    assert_eq!((case.totals(), case.exceeded_limits()), (go(29), vec![]));
    // The limit itself is allowed, one more is not.
    let case = |left| single(guard()).has(&records(100)).wants(&desired(left, "1.1.1.1"));
    assert_eq!(case(70).totals(), go(30));
    assert_eq!(case(69).totals(), guarded(31));
}

#[test]
fn limits() {
    let percent = |max_delete_percent| Guard { max_delete_percent, ..guard() };
    let table: [(Guard, usize, usize, bool); 12] = [
        // guard, records, left, whether a limit is exceeded
        (guard(), 9, 0, false),
        (guard(), 10, 6, true),
        (guard(), 10, 7, false),
        (percent(0), 10, 9, true),
        (percent(100), 10, 0, false),
        (Guard { max_deletes: Some(2), ..guard() }, 100, 98, false),
        (Guard { max_deletes: Some(2), ..guard() }, 100, 97, true),
        (Guard { max_deletes: Some(0), ..guard() }, 9, 8, true),
        (Guard { max_deletes: Some(1), ..guard() }, 9, 8, false),
        (Guard { min_records: 0, ..guard() }, 1, 0, true),
        (Guard { min_records: 101, ..guard() }, 100, 0, false),
        (Guard { disabled: true, ..guard() }, 100, 0, false),
    ];
    for (guard, count, left, is_exceeded) in table {
        let case = single(guard.clone()).has(&records(count)).wants(&desired(left, "1.1.1.1"));
        let expected = if is_exceeded { guarded(count - left) } else { go(count - left) };
        assert_eq!(case.totals(), expected, "{guard:?}: {left} of {count}");
    }
    let case = single(Guard { max_deletes: Some(2), ..guard() }).has(&records(100));
    case.wants(&desired(97, "1.1.1.1")).check(|plan, _| {
        assert_eq!(plan.exceeded_limits[0].limit, Limit::Count(2));
    });
}

#[test]
fn updates_are_free_unless_limited() {
    let case = |max_update_percent| {
        single(Guard { max_update_percent, ..guard() })
            .has(&records(20))
            .wants(&[desired(11, "2.2.2.2"), desired(20, "1.1.1.1").split_off(11)].concat())
    };
    assert_eq!(case(100).totals(), go(11));
    assert_eq!(case(55).totals(), go(11));
    assert_eq!(case(54).totals(), [("guarded updates".to_owned(), 11)]);
    assert_eq!(case(54).exceeded_limits(), ["Z1 updates 11/20 > 54 % (--max-update-percent=55)"]);
    case(54).check(|plan, _| {
        assert_eq!(plan.exceeded_limits[0].allow, Allow::Updates { percent: 55 });
        assert_eq!(
            plan.exceeded_limits[0].allow.for_function(),
            "EXTERNAL_DNS_MAX_UPDATE_PERCENT=55"
        );
    });
}

#[test]
fn a_delete_and_a_create_of_one_name_are_one_update() {
    let none = Guard { max_delete_percent: 0, ..guard() };
    let all_cnames: Vec<_> = (0..10).map(|n| format!("CNAME n{n:03} v by=default:x")).collect();
    let all_aaaa: Vec<_> = (0..10).map(|n| format!("AAAA n{n:03} ::1 by=default:x")).collect();
    for desired in [&all_cnames, &all_aaaa] {
        let case = single(none.clone()).has(&records(10)).wants(desired);
        assert_eq!((case.totals(), case.exceeded_limits()), (go(20), vec![]));
        let limited = Guard { max_update_percent: 50, ..none.clone() };
        let exceeded_limits = single(limited).has(&records(10)).wants(desired).exceeded_limits();
        assert_eq!(exceeded_limits, ["Z1 updates 10/10 > 50 % (--max-update-percent=100)"]);
    }
    // But one create does not stand for many deletes.
    let members: Vec<_> = (0..10).map(|n| format!("A n/s{n} 1.1.1.1 o=me")).collect();
    let case = single(guard()).has(&members).wants(&["A n/new 1.1.1.1 by=default:x"]);
    assert_eq!(case.exceeded_limits(), ["Z1 deletes 9/10 > 30 % (--allow-deletes=all:9)"]);
}

#[test]
fn ownership_records_do_not_count() {
    let limited = Guard { max_update_percent: 0, ..guard() };
    let has: Vec<_> =
        records(10).iter().map(|it| format!("{it} missing-ownership-record")).collect();
    let case = single(limited).has(&has).wants(&desired(10, "1.1.1.1"));
    assert_eq!((case.totals(), case.exceeded_limits()), (go(10), vec![]));
}

#[test]
fn what_is_foreign_or_frozen_does_not_count() {
    // Twenty records of somebody else make the base no greater.
    let foreign = (0..20).map(|n| format!("A f{n} 1.1.1.1 o=other"));
    let has: Vec<_> = records(10).into_iter().chain(foreign).collect();
    assert_eq!(single(guard()).has(&has).wants(&desired(6, "1.1.1.1")).totals(), guarded(4));
    // What is protected is no delete.
    let case = single(guard()).protects(&["n00[6-9]"]).has(&records(10));
    assert_eq!(case.wants(&desired(6, "1.1.1.1")).exceeded_limits(), Vec::<String>::new());
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
            .zones(&[("a", "a"), ("b", "b"), ("big", "big")])
            .has(
                &[of("a", "eu", 10), of("a", "us", 90), of("b", "eu", 10), of("big", "us", 100)]
                    .concat(),
            )
            .wants(&[wants, kept("big", "us", 100)].concat())
    };
    // A cluster's part of a zone: 5 of 10, although 6 of 100 in the zone.
    let one = case([kept("a", "eu", 5), kept("a", "us", 89), kept("b", "eu", 8)].concat());
    assert_eq!(one.exceeded_limits(), ["a eu deletes 5/10 > 30 % (--allow-deletes=a:5)"]);
    assert_eq!(one.totals(), [("go".to_owned(), 3), ("guarded deletes eu".to_owned(), 5)]);
    // A whole zone: then its clusters need no telling.
    let whole = case([kept("a", "eu", 0), kept("a", "us", 60), kept("b", "eu", 8)].concat());
    assert_eq!(whole.exceeded_limits(), ["a deletes 40/100 > 30 % (--allow-deletes=a:40)"]);
    assert_eq!(whole.totals(), [("go".to_owned(), 2), ("guarded deletes".to_owned(), 40)]);
}

#[test]
fn allowances() {
    let zones: [(&str, &str); 4] =
        [("/hostedzone/Z1", "a.org"), ("Z2", "twin.org"), ("Z3", "twin.org"), ("Z4", "big.org")];
    // In all zones together, 30 of 130 are no matter.
    let big = || (0..100).map(|n| format!("A n{n}.big.org 1.1.1.1"));
    let has: Vec<_> = ["/hostedzone/Z1: a.org", "Z2: twin.org", "Z3: twin.org"]
        .iter()
        .flat_map(|zone| {
            let (id, name) = zone.split_once(": ").expect("id and name");
            (0..10).map(move |n| format!("{id}: A n{n}.{name} 1.1.1.1 o=me"))
        })
        .chain(big().map(|it| format!("Z4: {it} o=me")))
        .collect();
    let wants: Vec<_> = big().map(|it| format!("{it} by=default:x")).collect();
    let exceeded_limits = |allowed: &[&str]| {
        let allow_deletes = allowed.iter().map(|it| it.parse().expect(it)).collect();
        single(Guard { allow_deletes, ..guard() })
            .zones(&zones)
            .has(&has)
            .wants(&wants)
            .exceeded_limits()
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
        assert_eq!(exceeded_limits(allowed), expected, "{allowed:?}");
    }
}

/// So many small zones, each with so many records of ours, and of each zone so many left.
fn small_zones(guard: Guard, count: usize, records: usize, left: usize) -> Case {
    let zones: Vec<(&'static str, &'static str)> = (0..count)
        .map(|n| (&*format!("Z{n:03}").leak(), &*format!("z{n:03}.org").leak()))
        .collect();
    let names = |(id, zone): (&'static str, &'static str), count: usize| {
        (0..count).map(move |n| (id, format!("A n{n}.{zone} 1.1.1.1")))
    };
    let all = |count: usize| zones.clone().into_iter().flat_map(move |zone| names(zone, count));
    let has: Vec<_> = all(records).map(|(id, text)| format!("{id}: {text} o=me")).collect();
    let wants: Vec<_> = all(left).map(|(_, text)| format!("{text} by=default:x")).collect();
    single(guard).zones(&zones).has(&has).wants(&wants)
}

#[test]
fn many_small_zones_are_counted_together() {
    // 20 zones of 9 records, of which the first keeps one in all.
    let all = small_zones(guard(), 20, 9, 0);
    assert_eq!(all.exceeded_limits(), ["target deletes 180/180 > 30 % (--allow-deletes=all:180)"]);
    assert_eq!(all.totals(), guarded(180));
    all.check(|plan, _| {
        let names: Vec<_> =
            plan.exceeded_limits[0].names.iter().map(|name| name.as_str()).collect();
        assert_eq!(names[..2], ["n0.z000.org", "n1.z000.org"]);
        assert_eq!((names.len(), names[9]), (10, "n0.z001.org"));
    });
    // A third of each is too much in all together, though in no zone.
    assert_eq!(
        small_zones(guard(), 20, 9, 6).exceeded_limits(),
        ["target deletes 60/180 > 30 % (--allow-deletes=all:60)"]
    );
    assert_eq!(small_zones(guard(), 20, 9, 7).totals(), go(40));
    // What the message says lets it through.
    let allow = |text: &str| Guard { allow_deletes: vec![text.parse().expect(text)], ..guard() };
    assert_eq!(small_zones(allow("all:180"), 20, 9, 0).totals(), go(180));
    assert_eq!(small_zones(allow("all:179"), 20, 9, 0).totals(), guarded(180));
    assert_eq!(small_zones(Guard { disabled: true, ..guard() }, 20, 9, 0).totals(), go(180));
    // So few records in all are below the minimum.
    assert_eq!(small_zones(guard(), 3, 3, 0).totals(), go(9));
}

#[test]
fn what_is_allowed_in_a_zone_is_not_counted_in_all() {
    let allowing = |zones: usize| Guard {
        allow_deletes: (0..zones).map(|n| format!("Z{n:03}:9").parse().expect("zone")).collect(),
        ..guard()
    };
    let case = small_zones(allowing(13), 20, 9, 0);
    assert_eq!(case.exceeded_limits(), ["target deletes 63/180 > 30 % (--allow-deletes=all:180)"]);
    assert_eq!(case.totals(), [("go".to_owned(), 117), ("guarded deletes".to_owned(), 63)]);
    assert_eq!(small_zones(allowing(14), 20, 9, 0).totals(), go(180));
}

#[test]
fn max_deletes_counts_over_all_zones_and_at_any_size() {
    let most = |max_deletes| Guard { max_deletes: Some(max_deletes), ..guard() };
    // 2 of 3 in each of two zones: far below the minimum.
    let case = small_zones(most(3), 2, 3, 1);
    assert_eq!(case.exceeded_limits(), ["target deletes 4/6 > 3 (--allow-deletes=all:4)"]);
    assert_eq!(case.totals(), guarded(4));
    assert_eq!(small_zones(most(4), 2, 3, 1).totals(), go(4));
    assert_eq!(
        single(most(0)).has(&records(1)).exceeded_limits(),
        ["Z1 deletes 1/1 > 0 (--allow-deletes=all:1)"]
    );
}

#[test]
fn updates_of_all_zones_are_counted_together() {
    let limited = Guard { max_update_percent: 50, ..guard() };
    let case = small_zones(limited, 4, 5, 5);
    let moved: Vec<_> = (0..4)
        .flat_map(|zone| (0..5).map(move |n| (zone, n)))
        .map(|(zone, n)| {
            let target = if n < 3 { "2.2.2.2" } else { "1.1.1.1" };
            format!("A n{n}.z{zone:03}.org {target} by=default:x")
        })
        .collect();
    let case = case.wants(&moved);
    assert_eq!(case.exceeded_limits(), ["target updates 12/20 > 50 % (--max-update-percent=60)"]);
    assert_eq!(case.totals(), [("guarded updates".to_owned(), 12)]);
}

#[test]
fn allowances_as_text() {
    type Allowed = Option<(&'static str, Option<usize>)>;
    let table: [(&str, Allowed); 10] = [
        ("example.org", Some(("example.org", None))),
        ("example.org:40", Some(("example.org", Some(40)))),
        ("example.org:0", Some(("example.org", Some(0)))),
        ("arn:aws:zone/x", Some(("arn:aws:zone/x", None))),
        ("a:b:7", Some(("a:b", Some(7)))),
        ("example.org:many", None),
        ("example.org:-1", None),
        ("example.org:4O", None),
        ("", None),
        (":7", None),
    ];
    for (text, expected) in table {
        let expected = expected.map(|(zone_or_target, count)| Allowance {
            zone_or_target: zone_or_target.into(),
            count,
        });
        let found = text.parse::<Allowance>();
        assert_eq!(found.as_ref().ok(), expected.as_ref(), "{text}: {found:?}");
    }
}
