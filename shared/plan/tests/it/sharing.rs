//! Names that several clusters want.

use extdns_plan::Reading::{self, Failed};
use extdns_plan::Sharing::{First, Merge, Weighted};

use crate::support::{Case, EMPTY, READ, of_clusters};

/// Clusters that share an owner id.
fn shared_id(eu: Reading, us: Reading) -> Case {
    of_clusters(&[("eu", "central", eu), ("us", "central", us)])
}

/// Clusters with an owner id each.
fn own_ids(eu: Reading, us: Reading) -> Case {
    of_clusters(&[("eu", "eu", eu), ("us", "us", us)])
}

#[test]
fn the_cluster_that_has_a_name_keeps_it_while_it_wants_it() {
    for (case, owner) in [(shared_id(READ, READ), "central"), (own_ids(READ, READ), "us")] {
        let label = if owner == "central" { " c=us" } else { "" };
        let case = case.has(&[format!("A www 1.1.1.9 o={owner}{label} r=service/ns/x")]);
        let both = case.wants(&["A www 1.1.1.1 by=eu:x", "A www 1.1.1.9 by=us:x"]);
        both.gives(&[]);
        assert_eq!(both.losers(), ["A www 1.1.1.1 (KeepsCluster)"]);
        let left = both.wants(&["A www 1.1.1.1 by=eu:x"]);
        left.gives(&["~ A www 1.1.1.9 -> 1.1.1.1 [targets ownership]"]);
        assert!(left.losers().is_empty());
    }
}

#[test]
fn a_new_name_goes_to_the_first_cluster_of_the_settings_whatever_the_types() {
    let case = own_ids(READ, READ).manages("A AAAA CNAME TXT");
    let case = case.wants(&[
        "A www 1.1.1.9 by=us:x",
        "CNAME www v by=us:y",
        "TXT www text by=us:z",
        "A www 1.1.1.1 by=eu:x",
        "A www 1.1.1.0 by=eu:y",
    ]);
    case.gives(&["+ A www 1.1.1.0"]);
    let mut losers = case.losers();
    losers.sort_unstable();
    assert_eq!(
        losers,
        [
            "A www 1.1.1.1 (Preferred)",
            "A www 1.1.1.9 (FirstCluster)",
            "CNAME www v (FirstCluster)",
            "TXT www text (FirstCluster)",
        ]
    );
    // Members that clusters tell apart themselves are no rivals.
    let members = ["A www/a 1.1.1.1 p:weight=1 by=eu:x", "A www/b 1.1.1.9 p:weight=1 by=us:x"];
    let case = own_ids(READ, READ).wants(&members);
    case.gives(&["+ A www/a 1.1.1.1", "+ A www/b 1.1.1.9"]);
    assert!(case.losers().is_empty());
}

#[test]
fn a_service_that_moved_to_another_cluster_stays_when_that_goes_dark() {
    for (case, has) in [
        (shared_id as fn(_, _) -> Case, ["o=central c=eu", "o=central c=us"]),
        (own_ids, ["o=eu", "o=us"]),
    ] {
        let record = |labels: &str| format!("A www 1.1.1.1 {labels} r=service/ns/x");
        let moved = case(READ, READ).has(&[record(has[0])]).wants(&["A www 1.1.1.1 by=us:x"]);
        moved.gives(&["~ A www 1.1.1.1 [ownership]"]);
        let dark: [&str; 0] = [];
        let after = case(READ, Failed).has(&[record(has[1])]).wants(&dark);
        after.gives(&["= - A www 1.1.1.1 (us failed)"]);
    }
}

#[test]
fn a_frozen_cluster_keeps_its_address_from_becoming_another_clusters_cname() {
    for sharing in [First, Merge, Weighted] {
        own_ids(READ, Failed)
            .sharing(sharing)
            .has(&["A www 1.1.1.9 o=us r=service/ns/x"])
            .wants(&["CNAME www v by=eu:x"])
            .gives(&["= - A www 1.1.1.9 (us failed)", "= + CNAME www v (unit)"]);
    }
}

#[test]
fn merged_records_have_the_targets_of_all_clusters() {
    let case = own_ids(READ, READ).sharing(Merge).manages("A AAAA CNAME TXT MX SRV NS");
    let case = case.wants(&[
        "A www 1.1.1.9,1.1.1.1 ttl=60 by=us:x",
        "A www 1.1.1.1 ttl=300 by=eu:x",
        "AAAA www ::1 by=us:x",
        "TXT txt one by=eu:x",
        "TXT txt two by=us:x",
        "MX mx 10,a by=eu:x",
        "SRV srv 1 by=us:x",
        "SRV srv 2 by=eu:x",
        "CNAME c v by=us:x",
        "CNAME c w by=eu:x",
        "CNAME mixed v by=us:x",
        "A mixed 1.1.1.1 by=eu:x",
        "NS ns a by=us:x",
        "NS ns b by=eu:x",
    ]);
    case.gives(&[
        "+ CNAME c w",
        "+ A mixed 1.1.1.1",
        "+ MX mx 10,a",
        "+ NS ns b",
        "+ SRV srv 2,1",
        "+ TXT txt one,two",
        "+ A www 1.1.1.1,1.1.1.9",
        "+ AAAA www ::1",
    ]);
    assert_eq!(
        case.losers(),
        ["CNAME c v (CannotMerge)", "CNAME mixed v (CannotMerge)", "NS ns a (CannotMerge)"]
    );
    let stamps = case.stamps();
    assert!(stamps.contains(&"A www eu eu+us".to_owned()), "{stamps:?}");
    assert!(stamps.contains(&"AAAA www us -".to_owned()), "{stamps:?}");
}

#[test]
fn merged_is_what_each_cluster_would_get_alone() {
    let case = own_ids(READ, READ).sharing(Merge).wants(&[
        "A www 1.1.1.2 by=eu:x",
        "A www 1.1.1.1 by=eu:y",
        "CNAME www v by=eu:z",
        "A www 1.1.1.9 by=us:x",
    ]);
    case.gives(&["+ A www 1.1.1.1,1.1.1.9"]);
    assert_eq!(case.losers(), ["A www 1.1.1.2 (Preferred)", "CNAME www v (NoCnameBeside)"]);
}

#[test]
fn records_of_a_name_keep_their_owner_ids_though_another_contributor_comes_first() {
    own_ids(READ, READ)
        .sharing(Merge)
        .manages("A AAAA")
        .has(&[
            "A www 1.1.1.1,1.1.1.9 o=us c=eu+us r=service/ns/x",
            "AAAA www ::1,::9 o=eu c=eu+us r=service/ns/x",
        ])
        .wants(&[
            "A www 1.1.1.1 by=eu:x",
            "A www 1.1.1.9 by=us:x",
            "AAAA www ::1 by=eu:x",
            "AAAA www ::9 by=us:x",
        ])
        .gives(&[]);
}

#[test]
fn a_target_that_a_contributor_names_twice_is_merged_once() {
    own_ids(READ, READ)
        .sharing(Merge)
        .wants(&["A www 1.1.1.1,1.1.1.1 by=eu:x", "A www 1.1.1.9 by=us:x"])
        .gives(&["+ A www 1.1.1.1,1.1.1.9"]);
}

#[test]
fn the_target_of_a_dark_contributor_stays_for_three_runs() {
    for (case, owner, dark) in
        [(shared_id(READ, Failed), "central", "eu"), (own_ids(READ, Failed), "us", "us")]
    {
        let has = format!("A www 1.1.1.1,1.1.1.9 o={owner} c=eu+us r=service/ns/x");
        let mut case = case.sharing(Merge).has(&[&has]);
        for _run in 0..3 {
            case = case.wants(&["A www 1.1.1.1 by=eu:x"]);
            case.gives(&[]);
        }
        // What the other one changes meanwhile comes, and nothing goes.
        let case = case.wants(&["A www 1.1.1.3 by=eu:x"]);
        case.gives(&["~ A www 1.1.1.1,1.1.1.9 -> 1.1.1.3,1.1.1.1,1.1.1.9 [targets]"]);
        assert_eq!(case.stamps(), [format!("A www {owner} eu+us")], "{dark}");
        // Nobody who is known wants it.
        let none: [&str; 0] = [];
        case.wants(&none).gives(&["= - A www 1.1.1.1,1.1.1.9 (us failed)"]);
    }
    // It is read again, and does not want the name any more.
    own_ids(READ, READ)
        .sharing(Merge)
        .has(&["A www 1.1.1.1,1.1.1.9 o=us c=eu+us r=service/ns/x"])
        .wants(&["A www 1.1.1.1 by=eu:x"])
        .gives(&["~ A www 1.1.1.1,1.1.1.9 -> 1.1.1.1 [targets ownership]"]);
}

#[test]
fn each_cluster_has_a_weighted_record_of_its_own() {
    let case = own_ids(READ, READ).sharing(Weighted).weighs("us", 30);
    let case = case.has(&["A www 1.1.1.1 o=eu r=service/ns/x"]).wants(&[
        "A www 1.1.1.1 by=eu:x",
        "A www 1.1.1.9 by=us:x",
        "A alone 1.1.1.1 by=eu:x",
        "A twin 1.1.1.1 by=eu:x+us:x",
        "CNAME c v by=eu:x",
        "CNAME c w by=us:x",
    ]);
    // From a simple record to a family: one unit.
    case.gives_units(&[
        "0 + A alone 1.1.1.1",
        "0 + CNAME c/eu v",
        "1 + CNAME c/us w",
        "0 + A twin/eu 1.1.1.1",
        "1 + A twin/us 1.1.1.1",
        "0 - A www 1.1.1.1",
        "0 + A www/eu 1.1.1.1",
        "0 + A www/us 1.1.1.9",
    ]);
    case.check(|plan, _| {
        let weights: Vec<_> = plan
            .going()
            .filter_map(|(_, decision)| decision.change.endpoint())
            .filter_map(|endpoint| endpoint.set.properties().get("weight").map(str::to_owned))
            .collect();
        assert_eq!(weights, ["100", "30", "100", "30", "100", "30"]);
    });
    assert_eq!(
        case.stamps(),
        [
            "A alone eu -",
            "CNAME c eu -",
            "CNAME c us -",
            "A twin eu -",
            "A twin us -",
            "A www eu -",
            "A www us -",
        ]
    );
}

#[test]
fn a_name_that_is_shared_by_weight_stays_so_when_one_cluster_is_left() {
    let has = [
        "A www/eu 1.1.1.1 o=eu p:weight=100 r=service/ns/x",
        "A www/us 1.1.1.9 o=us p:weight=100 r=service/ns/x",
    ];
    let case = |us| own_ids(READ, us).sharing(Weighted).has(&has);
    let left = ["A www 1.1.1.1 by=eu:x"];
    case(READ).wants(&left).gives(&["- A www/us 1.1.1.9"]);
    case(Failed).wants(&left).gives(&["= - A www/us 1.1.1.9 (us failed)"]);
}

#[test]
fn a_frozen_cluster_keeps_its_simple_record_from_becoming_weighted() {
    own_ids(Failed, READ)
        .sharing(Weighted)
        .has(&["A www 1.1.1.1 o=eu r=service/ns/x"])
        .wants(&["A www 1.1.1.1 by=eu:x", "A www 1.1.1.9 by=us:x"])
        .gives(&[
            "= - A www 1.1.1.1 (eu failed)",
            "= + A www/eu 1.1.1.1 (unit)",
            "= + A www/us 1.1.1.9 (unit)",
        ]);
}

#[test]
fn foreign_members_are_siblings_and_foreign_simple_records_are_not() {
    let case = |has: &str, sharing| {
        let case = own_ids(READ, READ).sharing(sharing).has(&[has]);
        case.wants(&["A www 1.1.1.1 by=eu:x", "A www 1.1.1.9 by=us:x"])
    };
    case("A www/theirs 2.2.2.2 o=other p:weight=1", Weighted)
        .gives(&["+ A www/eu 1.1.1.1", "+ A www/us 1.1.1.9"]);
    case("A www 2.2.2.2 o=other", Weighted)
        .gives(&["= + A www/eu 1.1.1.1 (foreign other)", "= + A www/us 1.1.1.9 (foreign other)"]);
    case("A www/eu 2.2.2.2 o=other p:weight=1", Weighted).gives(&[
        "= ~ A www/eu 2.2.2.2 -> 1.1.1.1 [targets properties] (foreign other)",
        "+ A www/us 1.1.1.9",
    ]);
    case("A www/theirs 2.2.2.2 o=other p:weight=1", First)
        .gives(&["= + A www 1.1.1.1 (foreign other)"]);
}

#[test]
fn a_new_cluster_without_objects_that_joins_with_the_shared_id_freezes_nothing() {
    let has: Vec<String> =
        (0..5).map(|n| format!("A n{n} 1.1.1.1 o=central r=service/ns/x")).collect();
    let wants: Vec<String> = (1..5).map(|n| format!("A n{n} 1.1.1.1 by=eu:x")).collect();
    let case = shared_id(READ, EMPTY).has(&has).wants(&wants);
    case.gives(&[
        "- A n0 1.1.1.1",
        "~ A n1 1.1.1.1 [ownership]",
        "~ A n2 1.1.1.1 [ownership]",
        "~ A n3 1.1.1.1 [ownership]",
        "~ A n4 1.1.1.1 [ownership]",
    ]);
    case.check(|plan, _| assert!(plan.frozen.is_empty()));
}

#[test]
fn a_cluster_that_is_added_while_another_is_down_takes_nothing() {
    // Until now one cluster had the id alone, so its records have no label.
    let has = ["A eus 1.1.1.1 o=central r=service/ns/x", "A free 1.1.1.1 o=central r=service/ns/y"];
    shared_id(Failed, READ)
        .has(&has)
        .wants(&["A eus 1.1.1.9 by=us:x", "A new 1.1.1.9 by=us:x"])
        .gives(&[
            "= ~ A eus 1.1.1.1 -> 1.1.1.9 [targets ownership] (eu failed)",
            "= - A free 1.1.1.1 (eu failed)",
            "+ A new 1.1.1.9",
        ]);
}

#[test]
fn thirty_contributors_to_one_name_are_written_as_all() {
    let names: Vec<String> = (0..30).map(|n| format!("cluster-number-{n:02}")).collect();
    let list: Vec<_> = names.iter().map(|name| (name.as_str(), "central", READ)).collect();
    let by: Vec<String> = names.iter().map(|name| format!("{name}:x")).collect();
    let wants: Vec<String> =
        (1..).zip(&by).map(|(n, by)| format!("A www 1.1.1.{n} by={by}")).collect();
    let case = of_clusters(&list).sharing(Merge).wants(&wants);
    assert_eq!(case.stamps(), ["A www central *"]);
    let targets: Vec<String> = (1..=30).map(|n| format!("1.1.1.{n}")).collect();
    let has = format!("A www {} o=central c=* r=service/ns/x", targets.join(","));
    case.has(&[&has]).gives(&[]);
    // `*` is all clusters: one of them that is dark keeps everything.
    let mut list = list;
    list[7].2 = Failed;
    let rest: Vec<String> = wants.iter().filter(|it| !it.contains("-07:")).cloned().collect();
    of_clusters(&list).sharing(Merge).has(&[&has]).wants(&rest).gives(&[]);
}

#[test]
fn a_renamed_cluster_keeps_its_records_as_they_are_until_they_are_transferred() {
    let case = |label: &str| {
        let has = [format!("A www 1.1.1.1 o=central c={label} r=service/ns/x")];
        of_clusters(&[("new", "central", READ), ("us", "central", READ)]).has(&has)
    };
    let wants = ["A www 1.1.1.2 by=new:x"];
    case("old")
        .wants(&wants)
        .gives(&["= ~ A www 1.1.1.1 -> 1.1.1.2 [targets ownership] (unknown old)"]);
    case("new").wants(&wants).gives(&["~ A www 1.1.1.1 -> 1.1.1.2 [targets]"]);
}

#[test]
fn the_records_of_a_forgotten_cluster_are_ours_for_one_run() {
    let has = [
        "A also 1.1.1.1 o=central c=eu+gone r=service/ns/x",
        "A foreign 1.1.1.1 o=other",
        "A id 1.1.1.1 o=gone-id",
        "A label 1.1.1.1 o=central c=gone",
        "A taken 1.1.1.1 o=gone-id r=service/ns/x",
    ];
    let wants = ["A also 1.1.1.1 by=eu:x", "A taken 1.1.1.1 by=us:x"];
    let case = || shared_id(READ, READ).has(&has).wants(&wants);
    case().gives(&[
        "= ~ A also 1.1.1.1 [ownership] (unknown gone)",
        "= - A label 1.1.1.1 (unknown gone)",
        "= ~ A taken 1.1.1.1 [] (foreign gone-id)",
    ]);
    case().forgetting(&["gone", "gone-id"]).gives(&[
        "~ A also 1.1.1.1 [ownership]",
        "- A id 1.1.1.1",
        "- A label 1.1.1.1",
        "~ A taken 1.1.1.1 [ownership]",
    ]);
    // A cluster that cannot be read keeps what may be its.
    let case =
        shared_id(Failed, READ).has(&has).wants(&wants[1..]).forgetting(&["gone", "gone-id"]);
    case.gives(&[
        "= - A also 1.1.1.1 (eu failed)",
        "- A id 1.1.1.1",
        "- A label 1.1.1.1",
        "~ A taken 1.1.1.1 [ownership]",
    ]);
}
