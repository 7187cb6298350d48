//! Cases of partial knowledge, one by one.

use extdns_plan::Reading::Failed;

use crate::support::{EMPTY, READ, guard, of_clusters, owned_by};

#[test]
fn a_failed_source_freezes_its_cluster() {
    let has = [
        "A gone 1.1.1.1 o=me r=service/ns/gone",
        "A less 1.1.1.1,2.2.2.2 o=me r=service/ns/less",
        "A more 1.1.1.1 o=me r=service/ns/more",
        "A slow 1.1.1.1 o=me r=service/ns/slow ttl=60",
        "A taken 1.1.1.1 o=me r=ingress/ns/taken",
    ];
    let wants = [
        "A less 1.1.1.1 by=default:less",
        "A more 1.1.1.1,2.2.2.2 by=default:more",
        "A new 1.1.1.1 by=default:new",
        "A slow 1.1.1.1 ttl=300 by=default:slow",
        "A taken 1.1.1.1,2.2.2.2 by=default:taken",
    ];
    of_clusters(&[("default", "me", Failed)]).has(&has).wants(&wants).gives(&[
        "= - A gone 1.1.1.1 (default failed)",
        "= ~ A less 1.1.1.1,2.2.2.2 -> 1.1.1.1 [targets] (default failed)",
        "~ A more 1.1.1.1 -> 1.1.1.1,2.2.2.2 [targets]",
        "+ A new 1.1.1.1",
        "~ A slow 1.1.1.1 [ttl]",
        "= ~ A taken 1.1.1.1 -> 1.1.1.1,2.2.2.2 [targets] (default failed)",
    ]);
    of_clusters(&[("default", "me", READ)]).has(&has).wants(&wants).gives(&[
        "- A gone 1.1.1.1",
        "~ A less 1.1.1.1,2.2.2.2 -> 1.1.1.1 [targets]",
        "~ A more 1.1.1.1 -> 1.1.1.1,2.2.2.2 [targets]",
        "+ A new 1.1.1.1",
        "~ A slow 1.1.1.1 [ttl]",
        "~ A taken 1.1.1.1 -> 1.1.1.1,2.2.2.2 [targets]",
    ]);
}

#[test]
fn a_record_that_moved_to_another_kind_while_a_source_fails_waits() {
    let moved = |reading| {
        of_clusters(&[("default", "me", reading)])
            .has(&["A www 1.1.1.1 o=me r=ingress/ns/www"])
            .wants(&["A www 2.2.2.2 by=default:www"])
    };
    moved(Failed).gives(&["= ~ A www 1.1.1.1 -> 2.2.2.2 [targets] (default failed)"]);
    moved(READ).gives(&["~ A www 1.1.1.1 -> 2.2.2.2 [targets]"]);
}

#[test]
fn a_delete_is_held_while_another_resource_wants_the_name_as_cname() {
    let case = |reading| {
        of_clusters(&[("default", "me", reading)])
            .has(&["A www 1.1.1.1 o=me r=ingress/ns/www"])
            .wants(&["CNAME www v by=default:www"])
    };
    case(READ).gives(&["- A www 1.1.1.1", "+ CNAME www v"]);
    case(Failed).gives(&["= - A www 1.1.1.1 (default failed)", "= + CNAME www v (unit)"]);
    // The reverse, and a type that can stand beside it.
    of_clusters(&[("default", "me", Failed)])
        .has(&["CNAME www v o=me", "A api 1.1.1.1 o=me"])
        .wants(&["A www 1.1.1.1", "AAAA www ::1", "AAAA api ::1"])
        .gives(&[
            "= - A api 1.1.1.1 (default failed)",
            "+ AAAA api ::1",
            "= - CNAME www v (default failed)",
            "= + A www 1.1.1.1 (unit)",
            "= + AAAA www ::1 (unit)",
        ]);
}

#[test]
fn other_clusters_go_on_but_take_nothing_over() {
    of_clusters(&[("eu", "eu", Failed), ("us", "us", READ)])
        .manages("A AAAA CNAME MX")
        .has(&[
            "A beside 1.1.1.1 o=eu",
            "A eus 1.1.1.1 o=eu r=service/ns/x",
            "A uss 1.1.1.1 o=us r=service/ns/x",
            "A both 1.1.1.1 o=eu c=eu+us r=service/ns/x",
        ])
        .wants(&[
            "AAAA beside ::1 by=us:x",
            "A eus 1.1.1.1,2.2.2.2 by=us:x",
            "A both 1.1.1.1 by=us:x",
            "A new 1.1.1.1 by=us:x",
        ])
        .gives(&[
            "= - A beside 1.1.1.1 (eu failed)",
            "= + AAAA beside ::1 (eu failed)",
            "= ~ A both 1.1.1.1 [ownership] (eu failed)",
            "= ~ A eus 1.1.1.1 -> 1.1.1.1,2.2.2.2 [targets ownership] (eu failed)",
            "+ A new 1.1.1.1",
            "- A uss 1.1.1.1",
        ]);
}

#[test]
fn a_contributor_may_come_but_not_go() {
    let case = |wanted_by: &str| {
        of_clusters(&[("eu", "eu", Failed), ("us", "us", READ)])
            .has(&["A www 1.1.1.1 o=eu r=service/ns/x"])
            .wants(&[format!("A www 1.1.1.1 by={wanted_by}")])
    };
    case("eu:x+us:x").gives(&["~ A www 1.1.1.1 [ownership]"]);
    case("us:x").gives(&["= ~ A www 1.1.1.1 [ownership] (eu failed)"]);
    case("eu:x").gives(&[]);
}

#[test]
fn a_change_of_attribution_alone_updates_the_ownership_record() {
    of_clusters(&[("eu", "eu", READ), ("us", "us", READ)])
        .has(&["A www 1.1.1.1 o=eu r=service/ns/x"])
        .wants(&["A www 1.1.1.1 by=us:x"])
        .gives(&["~ A www 1.1.1.1 [ownership]"]);
    // One cluster: nothing but the owner tells it, whoever wrote the record.
    of_clusters(&[("default", "me", READ)])
        .has(&["A www 1.1.1.1 o=me r=service/ns/y"])
        .wants(&["A www 1.1.1.1 by=default:x"])
        .gives(&[]);
}

#[test]
fn an_unlabelled_record_belongs_to_all_clusters_of_its_owner_id() {
    let case = |us| {
        of_clusters(&[("eu", "central", READ), ("us", "central", us), ("lab", "lab", READ)])
            .has(&[
                "A anybody 1.1.1.1 o=central",
                "A eus 1.1.1.1 o=central c=eu",
                "A labs 1.1.1.1 o=lab",
                "A wanted 1.1.1.1 o=central r=service/ns/x",
            ])
            .wants(&["A wanted 1.1.1.1 by=eu:x"])
    };
    case(Failed).gives(&[
        "= - A anybody 1.1.1.1 (us failed)",
        "- A eus 1.1.1.1",
        "- A labs 1.1.1.1",
        "= ~ A wanted 1.1.1.1 [ownership] (us failed)",
    ]);
    case(READ).gives(&[
        "- A anybody 1.1.1.1",
        "- A eus 1.1.1.1",
        "- A labs 1.1.1.1",
        "~ A wanted 1.1.1.1 [ownership]",
    ]);
}

#[test]
fn a_label_of_an_unknown_cluster_freezes_its_record() {
    of_clusters(&[("eu", "central", READ), ("us", "central", READ)])
        .has(&[
            "A also 1.1.1.1 o=central c=eu+gone r=service/ns/x",
            "A other 1.1.1.1 o=elsewhere c=gone",
            "A theirs 1.1.1.1 o=central c=gone",
            "A wanted 1.1.1.1 o=central c=gone r=service/ns/x",
        ])
        .wants(&["A also 1.1.1.1 by=eu:x", "AAAA theirs ::1 by=eu:x", "A wanted 1.1.1.1 by=eu:x"])
        .gives(&[
            "= ~ A also 1.1.1.1 [ownership] (unknown gone)",
            "= - A theirs 1.1.1.1 (unknown gone)",
            "= + AAAA theirs ::1 (unknown gone)",
            "= ~ A wanted 1.1.1.1 [ownership] (unknown gone)",
        ]);
}

/// Ten records of one cluster and what is left of them.
fn ten(owner: &str) -> Vec<String> {
    (0..10).map(|index| format!("A n{index} 1.1.1.1 {owner}")).collect()
}

#[test]
fn a_cluster_that_suddenly_wants_nothing_is_frozen() {
    let one = || of_clusters(&[("default", "me", EMPTY)]).guarded(guard()).has(&ten("o=me"));
    assert_eq!(one().totals(), [("default empty, has 10".to_owned(), 10)]);
    one().check(|plan, _| {
        assert_eq!(plan.frozen.len(), 1);
        assert!(plan.is_empty() && plan.exceeded_limits.is_empty());
    });
    // Said to be right: the guard has its say still.
    assert_eq!(one().allow_empty(&["default"]).totals(), [("guarded deletes".to_owned(), 10)]);
    let unguarded = extdns_plan::Guard::disabled();
    assert_eq!(one().guarded(unguarded).totals(), [("go".to_owned(), 10)]);
}

#[test]
fn a_cluster_that_wants_nothing_is_frozen_from_the_third_record_on() {
    let case = |count| {
        of_clusters(&[("default", "me", EMPTY)]).guarded(guard()).has(&ten("o=me")[..count])
    };
    assert_eq!(case(9).totals(), [("default empty, has 9".to_owned(), 9)]);
    assert_eq!(case(3).totals(), [("default empty, has 3".to_owned(), 3)]);
    // One or two records are more often deleted on purpose.
    assert_eq!(case(2).totals(), [("go".to_owned(), 2)]);
    // It is no matter of the guard's minimum.
    for min_records in [0, 100] {
        let case = case(3).guarded(extdns_plan::Guard { min_records, ..guard() });
        assert_eq!(case.totals(), [("default empty, has 3".to_owned(), 3)], "{min_records}");
    }
    assert_eq!(case(9).allow_empty(&["default"]).totals(), [("go".to_owned(), 9)]);
    assert_eq!(case(9).guarded(extdns_plan::Guard::disabled()).totals(), [("go".to_owned(), 9)]);
}

/// The names of a namespace with a typo, say: other sources of the cluster may want something.
#[test]
fn a_filter_that_selects_nothing_freezes_its_cluster() {
    let case = |reading| {
        of_clusters(&[("default", "me", reading)])
            .guarded(guard())
            .selects_nothing("default", "--namespace=shpo")
            .has(&ten("o=me")[..3])
            .wants(&["A other 1.1.1.1 by=default:x"])
    };
    let frozen = [("default by --namespace=shpo, has 3".to_owned(), 3), ("go".to_owned(), 1)];
    assert_eq!(case(EMPTY).totals(), frozen);
    assert_eq!(case(READ).totals(), frozen);
    assert_eq!(case(READ).allow_empty(&["default"]).totals(), [("go".to_owned(), 4)]);
    assert_eq!(case(READ).guarded(extdns_plan::Guard::disabled()).totals(), [("go".to_owned(), 4)]);
}

#[test]
fn load_balancers_that_lose_their_addresses_at_once_are_an_outage() {
    let names = ["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9"];
    let unready = |count: usize| -> Vec<(&str, String)> {
        names[..count].iter().map(|name| (*name, format!("default:{name}"))).collect()
    };
    let case = |records: usize, lost: usize, guard: extdns_plan::Guard| {
        let wants: Vec<_> =
            (lost..records).map(|n| format!("A n{n} 1.1.1.1 by=default:n{n}")).collect();
        let unready = unready(lost);
        let unready: Vec<_> = unready.iter().map(|(name, by)| (*name, by.as_str())).collect();
        of_clusters(&[("default", "me", READ)])
            .guarded(guard)
            .has(&ten("o=me")[..records])
            .wants(&wants)
            .awaits(&unready)
    };
    let held = |case: &crate::support::Case| {
        let totals = case.totals();
        totals.iter().filter(|(why, _)| why.starts_with("outage")).map(|(_, n)| n).sum::<usize>()
    };
    // Ten of ten, four of ten, three of nine; but not three of ten, nor two of three.
    for (records, lost, expected) in [(10, 10, 10), (10, 4, 4), (9, 3, 3), (10, 3, 0), (3, 2, 0)] {
        let case = case(records, lost, guard());
        assert_eq!(held(&case), expected, "{lost} of {records}");
        assert!(case.exceeded_limits().is_empty(), "{lost} of {records}");
        case.check(|plan, _| {
            let found: Vec<_> = plan.outages.iter().map(|it| (it.count, it.base)).collect();
            let outage = (expected > 0).then_some((lost, records));
            assert_eq!(found, Vec::from_iter(outage));
            assert_eq!(plan.is_empty(), expected > 0);
        });
    }
    case(10, 4, guard()).check(|plan, _| {
        assert_eq!(plan.outages[0].allow.to_string(), "--allow-deletes=all:4");
        assert_eq!(plan.outages[0].names, ["n0", "n1", "n2", "n3"]);
    });
    let free = [
        extdns_plan::Guard { max_delete_percent: 100, ..guard() },
        extdns_plan::Guard { allow_deletes: vec!["all:4".parse().expect("all")], ..guard() },
        extdns_plan::Guard::disabled(),
    ];
    for guard in free {
        assert_eq!(case(10, 4, guard.clone()).totals(), [("go".to_owned(), 4)], "{guard:?}");
    }
    // What really goes is no outage.
    let gone = of_clusters(&[("default", "me", READ)]).guarded(guard()).has(&ten("o=me")[..9]);
    assert_eq!(gone.totals(), [("go".to_owned(), 9)]);
}

#[test]
fn an_outage_is_counted_over_all_zones_together() {
    let names = ["a.a.org", "b.a.org", "a.b.org", "b.b.org"];
    let has = names.map(|name| format!("{}: A {name} 1.1.1.1 o=me", &name[2..3]));
    let unready = names.map(|name| (name, "default:x"));
    let case = |lost: usize| {
        let wants = names[lost..].iter().map(|name| format!("A {name} 1.1.1.1 by=default:x"));
        of_clusters(&[("default", "me", READ)])
            .guarded(guard())
            .zones(&[("a", "a.org"), ("b", "b.org")])
            .has(&has)
            .wants(&wants.collect::<Vec<_>>())
            .awaits(&unready[..lost])
    };
    assert_eq!(case(4).totals(), [("outage x".to_owned(), 4)]);
    assert_eq!(case(3).totals(), [("outage x".to_owned(), 3)]);
    assert_eq!(case(2).totals(), [("go".to_owned(), 2)]);
}

#[test]
fn a_target_less_for_want_of_an_address_counts_in_an_outage() {
    let names = ["a", "b", "c"];
    let has = names.map(|name| format!("A {name} 1.1.1.1,2.2.2.2 o=me r=service/ns/{name}"));
    let wants = names.map(|name| format!("A {name} 1.1.1.1 by=default:{name}"));
    let unready = names.map(|name| (name, "default:other"));
    let case = || of_clusters(&[("default", "me", READ)]).guarded(guard()).has(&has).wants(&wants);
    assert_eq!(case().totals(), [("go".to_owned(), 3)]);
    assert_eq!(case().awaits(&unready).totals(), [("outage other".to_owned(), 3)]);
}

#[test]
fn what_the_provider_left_out_of_its_answer_stays() {
    of_clusters(&[("default", "me", READ)])
        .has(&["A gone 1.1.1.1 o=me", "A less 1.1.1.1,2.2.2.2 o=me", "A old 1.1.1.1 o=me"])
        .wants(&["A less 1.1.1.1", "AAAA less ::1", "CNAME gone v"])
        .kept(&["GONE", "less", "unknown"])
        .gives(&[
            "= - A gone 1.1.1.1 (kept, no targets)",
            "= + CNAME gone v (unit)",
            "~ A less 1.1.1.1,2.2.2.2 -> 1.1.1.1 [targets]",
            "+ AAAA less ::1",
            "- A old 1.1.1.1",
        ]);
}

#[test]
fn only_what_is_a_clusters_alone_makes_it_suspicious() {
    let two = |owner: &str| {
        of_clusters(&[("eu", "central", EMPTY), ("us", "central", READ)])
            .guarded(extdns_plan::Guard { max_delete_percent: 100, ..guard() })
            .has(&ten(owner))
    };
    assert_eq!(two("o=central c=eu").totals(), [("eu empty, has 10".to_owned(), 10)]);
    assert_eq!(two("o=central").totals(), [("go".to_owned(), 10)]);
    assert_eq!(two("o=central c=eu+us").totals(), [("go".to_owned(), 10)]);
    assert_eq!(two("o=central c=us").totals(), [("go".to_owned(), 10)]);
}

#[test]
fn without_owners_any_failure_freezes_every_delete() {
    of_clusters(&[("eu", "", READ), ("us", "", Failed)])
        .has(&["A gone 1.1.1.1", "A less 1.1.1.1,2.2.2.2", "A more 1.1.1.1"])
        .wants(&[
            "A less 1.1.1.1 by=us:x",
            "A more 1.1.1.1,2.2.2.2 by=us:x",
            "A new 1.1.1.1 by=eu:x",
        ])
        .gives(&[
            "= - A gone 1.1.1.1 (us failed)",
            "= ~ A less 1.1.1.1,2.2.2.2 -> 1.1.1.1 [targets] (us failed)",
            "~ A more 1.1.1.1 -> 1.1.1.1,2.2.2.2 [targets]",
            "+ A new 1.1.1.1",
        ]);
}

#[test]
fn noop_at_first_adoption_with_a_wrong_filter_deletes_nothing() {
    let first = |reading| of_clusters(&[("default", "", reading)]).guarded(guard()).has(&ten(""));
    // The filter matches no object, or the wrong ones.
    assert_eq!(first(EMPTY).totals(), [("default empty, has 10".to_owned(), 10)]);
    let wrong = first(READ).wants(&["A other 1.1.1.1 by=default:x"]);
    assert_eq!(wrong.totals(), [("go".to_owned(), 1), ("guarded deletes".to_owned(), 10)]);
    assert_eq!(wrong.exceeded_limits(), ["all deletes 10/10 > 30 % (--allow-deletes=all:10)"]);
}

#[test]
fn a_load_balancer_that_is_pending_keeps_its_name_run_after_run() {
    let has = ["A www 1.1.1.1 o=me r=service/ns/www", "CNAME old v o=me r=service/ns/www"];
    let pending = |keeps: bool| {
        let case = of_clusters(&[("default", "me", READ)]).has(&has);
        if keeps {
            case.keeps(&[("WWW", "default:www"), ("old", "default:www"), ("new", "default:www")])
        } else {
            case
        }
    };
    for _run in 0..3 {
        pending(true).gives(&["= - CNAME old v (unready www)", "= - A www 1.1.1.1 (unready www)"]);
    }
    // Without, the first run deletes, and the others find nothing.
    pending(false).gives(&["- CNAME old v", "- A www 1.1.1.1"]);
    pending(false).has::<&str>(&[]).gives(&[]);
}

#[test]
fn what_waits_for_an_address_is_kept_for_every_type() {
    of_clusters(&[("eu", "eu", READ), ("us", "us", READ)])
        .has(&["A www 1.1.1.1,2.2.2.2 o=eu", "A us 1.1.1.1 o=us", "A same 1.1.1.1 o=eu"])
        .wants(&[
            "A www 1.1.1.1 by=eu:x",
            "AAAA www ::1 by=eu:x",
            "AAAA us ::1 by=us:x",
            "A free 1.1.1.1 by=us:x",
            "A same 1.1.1.1 by=eu:x",
            "AAAA same ::1 by=eu:x",
        ])
        .keeps(&[("www", "eu:a"), ("us", "eu:a"), ("free", "eu:a"), ("same", "eu:a")])
        .gives(&[
            "+ A free 1.1.1.1",
            "= + AAAA same ::1 (unready a)",
            "- A us 1.1.1.1",
            "+ AAAA us ::1",
            "= ~ A www 1.1.1.1,2.2.2.2 -> 1.1.1.1 [targets] (unready a)",
            "= + AAAA www ::1 (unready a)",
        ]);
}

#[test]
fn protected_names() {
    of_clusters(&[("eu", "eu", READ), ("us", "us", READ)])
        .protects(&["*.prod.org", "Bücher.org"])
        .has(&[
            "A a.b.prod.org 1.1.1.1 o=eu",
            "A a.prod.org 1.1.1.1 o=eu",
            "A prod.org 1.1.1.1 o=eu",
            "A xn--bcher-kva.org 1.1.1.1 o=eu",
        ])
        .wants(&[
            "A a.prod.org 2.2.2.2 by=eu:x",
            "AAAA a.prod.org ::1 by=eu:x",
            "AAAA a.b.prod.org ::1 by=us:x",
            "A new.prod.org 1.1.1.1 by=eu:x",
        ])
        .gives(&[
            "= - A a.b.prod.org 1.1.1.1 (protected *.prod.org)",
            "= + AAAA a.b.prod.org ::1 (protected *.prod.org)",
            "= ~ A a.prod.org 1.1.1.1 -> 2.2.2.2 [targets] (protected *.prod.org)",
            "+ AAAA a.prod.org ::1",
            "+ A new.prod.org 1.1.1.1",
            "- A prod.org 1.1.1.1",
            "= - A xn--bcher-kva.org 1.1.1.1 (protected Bücher.org)",
        ]);
}

#[test]
fn an_unreadable_child_zone_holds_its_names_wherever_they_lie() {
    of_clusters(&[("default", "me", READ)])
        .zones(&[("parent", "org"), ("child", "sub.org")])
        .unread("child")
        .has(&["parent: A a.org 1.1.1.1 o=me", "parent: A stray.sub.org 1.1.1.1 o=me"])
        .wants(&["A new.sub.org 1.1.1.1 by=default:x"])
        .gives(&[
            "parent: - A a.org 1.1.1.1",
            "parent: = - A stray.sub.org 1.1.1.1 (unread zone)",
            "child: = + A new.sub.org 1.1.1.1 (unread zone)",
        ]);
}

/// Upstream sends both, and not every provider minds; the one that does refuses one of them, which
/// is reported and keeps nothing else back.
#[test]
fn new_record_sets_under_several_identifiers_are_left_to_the_provider() {
    let table: [(&[&str], &[&str], &[&str]); 3] = [
        (&[], &["CNAME n/s1 v", "A n/s2 1.1.1.1"], &["+ CNAME n/s1 v", "+ A n/s2 1.1.1.1"]),
        (&[], &["A n 1.1.1.1", "A n/s1 2.2.2.2"], &["+ A n 1.1.1.1", "+ A n/s1 2.2.2.2"]),
        (&["CNAME n/s1 v o=me"], &["A n/s2 1.1.1.1"], &["- CNAME n/s1 v", "+ A n/s2 1.1.1.1"]),
    ];
    for (has, wants, gives) in table {
        owned_by("me").has(has).wants(wants).gives(gives);
    }
}
