//! Zones, scope, losers, and what is held back.

use std::sync::Arc;

use extdns_model::{
    ClusterId, Endpoint, Inventory, Name, RecordType, Resource, ResourceKind, Routing, Ttl,
};
use extdns_plan::{Cause, Clusters, Hold, Input, Made, Plan, Policy, RecordChange, Rule, compute};

use crate::support::{Case, READ, decision, endpoint, of_clusters, owned_by, settings};

const PARENT_AND_CHILD: [(&str, &str); 2] = [("parent", "org"), ("child", "sub.org")];

#[test]
fn each_name_goes_to_the_zones_that_it_belongs_to() {
    owned_by("me")
        .zones(&PARENT_AND_CHILD)
        .wants(&["A a.org 1.1.1.1", "A a.sub.org 1.1.1.1", "A sub.org 1.1.1.1"])
        .gives(&[
            "parent: + A a.org 1.1.1.1",
            "child: + A a.sub.org 1.1.1.1",
            "child: + A sub.org 1.1.1.1",
        ]);
}

#[test]
fn split_horizon_zones_are_planned_each_on_its_own() {
    owned_by("me")
        .zones(&[("inside", "org"), ("outside", "org")])
        .has(&["inside: A a.org 9.9.9.9 o=me"])
        .wants(&["A a.org 1.1.1.1"])
        .gives(&["inside: ~ A a.org 9.9.9.9 -> 1.1.1.1 [targets]", "outside: + A a.org 1.1.1.1"]);
}

#[test]
fn a_name_can_go_to_every_matching_zone() {
    owned_by("me")
        .zones(&PARENT_AND_CHILD)
        .routing(Routing::All)
        .wants(&["A a.sub.org 1.1.1.1"])
        .gives(&["parent: + A a.sub.org 1.1.1.1", "child: + A a.sub.org 1.1.1.1"]);
}

#[test]
fn a_pin_decides_between_zones_of_one_name() {
    owned_by("me")
        .zones(&[("inside", "org"), ("outside", "org")])
        .has(&["outside: A a.org 1.1.1.1 o=me"])
        .wants(&["A a.org 1.1.1.1 pin=inside", "A b.org 2.2.2.2"])
        .gives(&[
            "inside: + A a.org 1.1.1.1",
            "inside: + A b.org 2.2.2.2",
            "outside: - A a.org 1.1.1.1 [moves]",
            "outside: + A b.org 2.2.2.2",
        ]);
}

#[test]
fn what_lies_in_no_zone_is_listed_in_order() {
    let case = owned_by("me").zones(&[("z", "org")]).wants(&[
        "CNAME b.com v",
        "A b.com 1.1.1.1 r=2",
        "A b.com 1.1.1.1 r=1",
        "A a.com 1.1.1.1",
        "A elsewhere.org 1.1.1.1 pin=unknown",
        "TXT unmanaged.com x",
    ]);
    case.gives(&[]);
    case.check(|plan, _| {
        let unrouted: Vec<_> = plan
            .unrouted
            .iter()
            .map(|it| format!("{} {} {:?}", it.set.rtype, it.set.name, it.resource_label()))
            .collect();
        assert_eq!(
            unrouted,
            [
                "A a.com None",
                "A b.com Some(\"1\")",
                "A b.com Some(\"2\")",
                "CNAME b.com None",
                "A elsewhere.org None",
            ]
        );
    });
}

#[test]
fn endpoints_of_an_unread_zone_are_held_and_never_go_to_its_parent() {
    owned_by("me")
        .zones(&PARENT_AND_CHILD)
        .unread("child")
        .wants(&["A a.org 1.1.1.1", "A a.sub.org 1.1.1.1", "CNAME a.sub.org v"])
        .gives(&["parent: + A a.org 1.1.1.1", "child: = + A a.sub.org 1.1.1.1 (unread zone)"]);
}

#[test]
fn a_name_that_belongs_to_an_unread_zone_is_no_orphan_elsewhere() {
    let stray = || {
        owned_by("me")
            .zones(&PARENT_AND_CHILD)
            .has(&["parent: A a.org 1.1.1.1 o=me", "parent: A a.sub.org 1.1.1.1 o=me"])
    };
    stray().gives(&["parent: - A a.org 1.1.1.1", "parent: - A a.sub.org 1.1.1.1"]);
    stray()
        .unread("child")
        .gives(&["parent: - A a.org 1.1.1.1", "parent: = - A a.sub.org 1.1.1.1 (unread zone)"]);
    // The other half of a split horizon goes on.
    owned_by("me")
        .zones(&[("inside", "org"), ("outside", "org")])
        .unread("inside")
        .has(&["outside: A a.org 1.1.1.1 o=me"])
        .gives(&["outside: - A a.org 1.1.1.1"]);
}

#[test]
fn both_filters_must_match() {
    owned_by("me")
        .filter(&["org"], &["x.org"])
        .provider_filter(&["a.org", "x.org"], &[])
        .has(&["A old.b.org 1.1.1.1 o=me", "A old.a.org 1.1.1.1 o=me"])
        .wants(&["A a.org 1.1.1.1", "A b.org 1.1.1.1", "A x.org 1.1.1.1", "A a.com 1.1.1.1"])
        .gives(&["+ A a.org 1.1.1.1", "- A old.a.org 1.1.1.1"]);
}

#[test]
fn names_are_one_name_in_all_their_spellings() {
    owned_by("me")
        .has(&["A xn--bcher-kva.org 1.1.1.1 o=me"])
        .wants(&["A Bücher.org 2.2.2.2"])
        .gives(&["~ A Bücher.org 1.1.1.1 -> 2.2.2.2 [targets]"]);
}

#[test]
fn reverse_names_and_texts_take_part_where_they_are_managed() {
    owned_by("me")
        .manages("A TXT PTR")
        .has(&["TXT a.org Text o=me", "PTR 1.2.0.192.in-addr.arpa old.org o=me"])
        .wants(&["A a.org 1.1.1.1", "TXT a.org text", "PTR 1.2.0.192.in-addr.arpa a.org"])
        .gives(&[
            "~ PTR 1.2.0.192.in-addr.arpa old.org -> a.org [targets]",
            "+ A a.org 1.1.1.1",
            "~ TXT a.org Text -> text [targets]",
        ]);
}

#[test]
fn of_records_with_one_key_the_last_counts() {
    let twins = ["A a 1.1.1.1 o=me", "A a 2.2.2.2 o=me"];
    owned_by("me").has(&twins).wants(&["A a 2.2.2.2"]).gives(&[]);
    owned_by("me")
        .has(&twins)
        .wants(&["A a 1.1.1.1"])
        .gives(&["~ A a 2.2.2.2 -> 1.1.1.1 [targets]"]);
    // A delete would take the other one along.
    owned_by("me").has(&["A a 1.1.1.1 o=other", "A a 2.2.2.2 o=me"]).gives(&[]);
}

#[test]
fn owners_are_a_set() {
    owned_by("me too")
        .has(&["A a 1.1.1.1 o=me", "A b 1.1.1.1 o=too", "A c 1.1.1.1 o=other", "A d 1.1.1.1 o="])
        .gives(&["- A a 1.1.1.1", "- A b 1.1.1.1"]);
}

#[test]
fn foreign_records_and_set_identifiers() {
    let table: [(&[&str], &[&str], &[&str]); 5] = [
        // A simple record has the name for itself.
        (&["A n 1.1.1.1 o=other"], &["A n/s1 1.1.1.1"], &["= + A n/s1 1.1.1.1 (foreign other)"]),
        (&["MX n m o=other"], &["A n/s1 1.1.1.1"], &["= + A n/s1 1.1.1.1 (foreign other)"]),
        (&["A n/s1 1.1.1.1 o=other"], &["A n 1.1.1.1"], &["= + A n 1.1.1.1 (foreign other)"]),
        // Members of a family are siblings.
        (&["A n/s1 1.1.1.1 o=other"], &["A n/s2 1.1.1.1"], &["+ A n/s2 1.1.1.1"]),
        (&["A n/s1 1.1.1.1 o=other"], &["AAAA n/s1 ::1"], &["= + AAAA n/s1 ::1 (foreign other)"]),
    ];
    for (has, wants, gives) in table {
        owned_by("me").manages("A AAAA CNAME MX").has(has).wants(wants).gives(gives);
    }
}

/// The owner, what is there, what is wanted, what is to be done.
type Line =
    (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

#[test]
fn what_the_provider_does_not_let_be_changed() {
    let table: [Line; 6] = [
        ("", &["A n 1.1.1.1 read-only"], &[], &[]),
        ("", &["A n 1.1.1.1 read-only"], &["A n 1.1.1.1"], &[]),
        (
            "",
            &["A n 1.1.1.1 read-only"],
            &["A n 2.2.2.2"],
            &["= ~ A n 1.1.1.1 -> 2.2.2.2 [targets] (read-only)"],
        ),
        ("", &["A n 1.1.1.1 read-only"], &["AAAA n ::1"], &["+ AAAA n ::1"]),
        ("", &["A n 1.1.1.1 read-only"], &["CNAME n v"], &["= + CNAME n v (read-only)"]),
        ("me", &["A n 1.1.1.1 o=me read-only"], &["AAAA n ::1"], &["= + AAAA n ::1 (read-only)"]),
    ];
    for (owner, has, wants, gives) in table {
        owned_by(owner).has(has).wants(wants).gives(gives);
    }
}

#[test]
fn ownership_records_are_rewritten_only_where_they_are_ours() {
    owned_by("me")
        .has(&[
            "A a 1.1.1.1 o=me missing-ownership-record",
            "A b 1.1.1.1 o=other missing-ownership-record",
        ])
        .wants(&["A a 1.1.1.1", "A b 1.1.1.1"])
        .gives(&["~ A a 1.1.1.1 [ownership]", "= ~ A b 1.1.1.1 [] (foreign other)"]);
}

#[test]
fn what_is_as_wanted_but_not_ours_is_reported() {
    let case = |owners: &str| {
        owned_by(owners)
            .has(&[
                "A a 1.1.1.1 o=me",
                "A b 1.1.1.1",
                "A c 1.1.1.1 o=other",
                "A d 1.1.1.1 read-only",
            ])
            .wants(&["A a 1.1.1.1", "A b 1.1.1.1", "A c 1.1.1.1", "A d 1.1.1.1"])
    };
    case("me").gives(&["= ~ A b 1.1.1.1 [] (foreign)", "= ~ A c 1.1.1.1 [] (foreign other)"]);
    case("").gives(&[]);
}

#[test]
fn the_name_servers_of_a_zone_stand_beside_other_records_of_its_apex() {
    let has = ["NS example.org ns1.,ns2.", "SOA example.org s"];
    let case = |owners: &str| {
        owned_by(owners)
            .manages("A AAAA CNAME NS MX TXT SOA")
            .zones(&[("Z", "example.org")])
            .has(&has)
    };
    for owners in ["me", ""] {
        let wants = ["A example.org 1.1.1.1", "MX example.org m", "NS team.example.org ns."];
        case(owners).wants(&wants).gives(&[
            "+ A example.org 1.1.1.1",
            "+ MX example.org m",
            "+ NS team.example.org ns.",
        ]);
        // It is nobody's to change or to remove, whether or not owners are kept.
        case(owners).gives(&[]);
        case(owners)
            .wants(&["NS example.org ns3."])
            .gives(&["= ~ NS example.org ns1.,ns2. -> ns3. [targets] (read-only)"]);
        // A CNAME cannot stand beside it.
        case(owners)
            .wants(&["CNAME example.org v"])
            .gives(&["= + CNAME example.org v (read-only)"]);
    }
    // Elsewhere a name server set is a record as every other, and so is one of ours at the apex.
    case("me")
        .has(&["NS team.example.org ns.", "NS example.org ns. o=me"])
        .wants(&["A team.example.org 1.1.1.1"])
        .gives(&["- NS example.org ns.", "= + A team.example.org 1.1.1.1 (foreign)"]);
    case("").has(&["NS team.example.org ns."]).gives(&["- NS team.example.org ns."]);
}

#[test]
fn types_that_are_not_managed_are_reported_with_their_names() {
    let mut wants: Vec<String> = (0..12).map(|n| format!("NS n{n:02}.org ns.")).collect();
    wants.extend(
        ["MX m.org m", "TXT out.com t", "A a.org 1.1.1.1", "AAAA a.org ::1"].map(str::to_owned),
    );
    // A Service of type NodePort has SRV records that nobody asked for.
    wants.push("SRV _web._tcp.n.org 0_50_80_n.org. by=default:n".to_owned());
    wants.reverse();
    let case = of_clusters(&[("default", "me", READ)]);
    let case = case.manages_except("A AAAA", "AAAA").filter(&["org"], &[]).wants(&wants);
    case.check(|plan, _| {
        let found: Vec<_> =
            plan.unmanaged.iter().map(|it| (it.rtype, it.count, it.names.join(" "))).collect();
        let first = (0..10).map(|n| format!("n{n:02}.org")).collect::<Vec<_>>().join(" ");
        let expected = [(RecordType::Ns, 12, first), (RecordType::Mx, 1, "m.org".to_owned())];
        assert_eq!(found, expected);
    });
}

#[test]
fn policies() {
    use Policy::{CreateOnly, UpsertOnly};
    let has = [
        "A changed 1.1.1.1 o=me",
        "A gone 1.1.1.1 o=me",
        "A retyped 1.1.1.1 o=me",
        "AAAA retyped ::1 o=me",
        "A turned 1.1.1.1 o=me",
        "MX turned m o=me",
    ];
    let wants = ["A changed 2.2.2.2", "A new 1.1.1.1", "CNAME retyped v", "A turned/s1 1.1.1.1"];
    let case = || owned_by("me").manages("A AAAA CNAME MX").has(&has).wants(&wants);
    case().policy(UpsertOnly).gives_units(&[
        "0 ~ A changed 1.1.1.1 -> 2.2.2.2 [targets]",
        "0 = - A gone 1.1.1.1 (policy)",
        "0 + A new 1.1.1.1",
        "0 - A retyped 1.1.1.1",
        "0 - AAAA retyped ::1",
        "0 + CNAME retyped v",
        "0 - A turned 1.1.1.1",
        "1 = - MX turned m (policy)",
        "0 + A turned/s1 1.1.1.1",
    ]);
    case().policy(CreateOnly).gives_units(&[
        "0 = ~ A changed 1.1.1.1 -> 2.2.2.2 [targets] (policy)",
        "0 = - A gone 1.1.1.1 (policy)",
        "0 + A new 1.1.1.1",
        "0 = - A retyped 1.1.1.1 (policy)",
        "1 = - AAAA retyped ::1 (policy)",
        "2 = + CNAME retyped v (coexistence)",
        "0 = - A turned 1.1.1.1 (policy)",
        "1 = - MX turned m (policy)",
        "2 = + A turned/s1 1.1.1.1 (coexistence)",
    ]);
}

#[test]
fn causes() {
    owned_by("me")
        .has(&["CNAME a v o=me", "A b 1.1.1.1 o=me", "CNAME c v o=me", "A c 1.1.1.1 o=me"])
        .wants(&["A a 1.1.1.1", "A d 1.1.1.1", "A c 1.1.1.1", "CNAME c v"])
        .check(|plan, _| {
            let causes: Vec<_> =
                plan.decisions().map(|(row, it)| (row.name.as_str(), it.cause)).collect();
            assert_eq!(
                causes,
                [
                    ("a", Cause::GivesWay),
                    ("a", Cause::Missing),
                    ("b", Cause::Unwanted),
                    ("c", Cause::GivesWay),
                    ("d", Cause::Missing),
                ]
            );
        });
}

#[test]
fn losers_are_reported_with_the_rule_and_the_winner() {
    let rules = |case: Case| {
        case.check(|plan, _| {
            let target = |endpoint: &Endpoint| endpoint.set.targets.as_slice().join(",");
            plan.losers
                .iter()
                .map(|loser| (target(loser.endpoint), target(loser.winner), loser.rule))
                .collect::<Vec<_>>()
        })
    };
    let told = |loser: &str, winner: &str, rule| (loser.to_owned(), winner.to_owned(), rule);
    let wants = ["A n 1.1.1.1 r=1", "A n 2.2.2.2 r=2", "A n 0.0.0.0,0.0.0.1 r=3", "CNAME n v r=4"];
    assert_eq!(
        rules(owned_by("me").wants(&wants)),
        [
            told("2.2.2.2", "1.1.1.1", Rule::Preferred),
            told("0.0.0.0,0.0.0.1", "1.1.1.1", Rule::Preferred),
            told("v", "1.1.1.1", Rule::NoCnameBeside),
        ]
    );
    // Also where nothing is to be done about the name.
    assert_eq!(
        rules(owned_by("me").has(&["A n 2.2.2.2 o=me r=2"]).wants(&wants)),
        [
            told("1.1.1.1", "2.2.2.2", Rule::KeepsResource),
            told("0.0.0.0,0.0.0.1", "2.2.2.2", Rule::Preferred),
            told("v", "2.2.2.2", Rule::NoCnameBeside),
        ]
    );
}

#[test]
fn equal_endpoints_are_distinguished_by_resource_and_text() {
    let named = |name: &str| {
        let resource = Resource {
            cluster: ClusterId(0),
            kind: ResourceKind::SERVICE,
            namespace: Some("ns".into()),
            name: name.into(),
        };
        let targets = ["1.1.1.1"].into_iter().collect();
        Endpoint::new(Name::as_listed("n"), RecordType::A, Ttl::UNSET, targets)
            .wanted_by(Arc::new(resource))
    };
    for names in [["a", "b", "c"], ["c", "b", "a"], ["b", "a", "c"]] {
        owned_by("me").wants_endpoints(names.map(named).into()).check(|plan, _| {
            let winner = plan.going().find_map(|(_, decision)| decision.change.endpoint());
            let label = winner.and_then(Endpoint::resource_label);
            assert_eq!(label.as_deref(), Some("service/ns/a"), "{names:?}");
        });
    }
    for order in [["2.2.2.2,1.1.1.1", "1.1.1.1,2.2.2.2"], ["1.1.1.1,2.2.2.2", "2.2.2.2,1.1.1.1"]] {
        let wants = order.map(|targets| endpoint(&format!("A n {targets}")));
        owned_by("me").wants_endpoints(wants.into()).gives(&["+ A n 1.1.1.1,2.2.2.2"]);
    }
}

#[test]
fn without_zones_nothing_is_planned() {
    let inventory = Inventory::default();
    let desired = [endpoint("A n 1.1.1.1")];
    let (mine, clusters) = (settings("me"), Clusters::default());
    let made = Made::new();
    let plan: Plan<'_> = compute(Input {
        inventory: &inventory,
        desired: &desired,
        settings: &mine,
        clusters: &clusters,
        kept: &[],
        made: &made,
    });
    assert!(plan.is_empty() && plan.rows.is_empty());
    assert_eq!(plan.unrouted.len(), 1);
}

#[test]
fn later_stages_hold_whole_units() {
    let case = owned_by("me")
        .has(&["A n 1.1.1.1 o=me", "AAAA n ::1 o=me", "A m 1.1.1.1 o=me"])
        .wants(&["CNAME n v", "A m 2.2.2.2", "AAAA m ::1"]);
    let inventory = case.inventory();
    let desired = case.desired();
    let mine = settings("me");
    let clusters = Clusters::default();
    let made = Made::new();
    let mut plan = compute(Input {
        inventory: &inventory,
        desired,
        settings: &mine,
        clusters: &clusters,
        kept: &[],
        made: &made,
    });
    for row in &mut plan.rows {
        for decision in &mut row.decisions {
            if matches!(decision.change, RecordChange::Create(_)) {
                decision.hold(Hold::CannotBeOwned { reason: "too long".into() });
            }
        }
        row.close_units();
    }
    let going: Vec<_> = plan.going().map(|(_, it)| decision(it)).collect();
    assert_eq!(going, ["~ A m 1.1.1.1 -> 2.2.2.2 [targets]"]);
}
