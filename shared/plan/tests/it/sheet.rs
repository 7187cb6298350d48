//! The worked cases P1 to P48 of the specification, by their numbers.

use extdns_plan::Policy;

use crate::support::owned_by;

const BAR: &str = "A bar 127.0.0.1";

#[test]
fn p01_of_two_endpoints_for_a_new_name_the_lesser_wins() {
    owned_by("")
        .wants(&["CNAME foo v1 r=1", "CNAME foo v2 r=2", BAR])
        .gives(&["+ A bar 127.0.0.1", "+ CNAME foo v1"]);
}

#[test]
fn p02_the_resource_that_has_the_record_keeps_it() {
    owned_by("")
        .has(&["CNAME foo v1 r=1"])
        .wants(&["CNAME foo v2 r=2", "CNAME foo v1 r=1", BAR])
        .gives(&["+ A bar 127.0.0.1"]);
}

#[test]
fn p03_a_record_without_labels_goes_to_the_lesser() {
    owned_by("")
        .has(&["CNAME foo v2"])
        .wants(&["CNAME foo v2 r=2", "CNAME foo v1 r=1", BAR])
        .gives(&["+ A bar 127.0.0.1", "~ CNAME foo v2 -> v1 [targets]"]);
}

#[test]
fn p04_a_ttl_where_there_was_none() {
    owned_by("")
        .has(&["A bar 127.0.0.1 ttl=0"])
        .wants(&["A bar 127.0.0.1 ttl=300"])
        .gives(&["~ A bar 127.0.0.1 [ttl]"]);
}

#[test]
fn p05_a_ttl_that_is_not_configured_is_not_compared() {
    owned_by("").has(&["A bar 127.0.0.1 ttl=300"]).wants(&["A bar 127.0.0.1 ttl=0"]).gives(&[]);
}

#[test]
fn p06_an_update_without_a_ttl_leaves_it_to_the_provider() {
    let case = owned_by("").has(&["A bar 1.1.1.1 ttl=300"]).wants(&["A bar 2.2.2.2 ttl=0"]);
    case.gives(&["~ A bar 1.1.1.1 -> 2.2.2.2 [targets]"]);
    case.check(|plan, _| {
        let new = plan.going().find_map(|(_, decision)| decision.change.endpoint());
        assert!(new.is_some_and(|endpoint| !endpoint.set.ttl.is_set()));
    });
}

#[test]
fn p07_a_property_changes() {
    owned_by("")
        .has(&["A bar 1.1.1.1 p:alias=false p:proxied=true"])
        .wants(&["A bar 1.1.1.1 p:proxied=false p:alias=false"])
        .gives(&["~ A bar 1.1.1.1 [properties]"]);
}

#[test]
fn p08_properties_in_another_order_are_the_same() {
    owned_by("")
        .has(&["A bar 1.1.1.1 p:alias=false p:proxied=true"])
        .wants(&["A bar 1.1.1.1 p:proxied=true p:alias=false"])
        .gives(&[]);
}

#[test]
fn p09_a_property_goes() {
    owned_by("")
        .has(&["A bar 1.1.1.1 p:proxied=false p:alias=false"])
        .wants(&["A bar 1.1.1.1 p:alias=false"])
        .gives(&["~ A bar 1.1.1.1 [properties]"]);
}

#[test]
fn p10_a_property_comes() {
    owned_by("")
        .has(&["A bar 1.1.1.1 p:alias=false"])
        .wants(&["A bar 1.1.1.1 p:alias=false p:proxied=true"])
        .gives(&["~ A bar 1.1.1.1 [properties]"]);
}

#[test]
fn p11_a_property_is_exchanged_for_another() {
    owned_by("")
        .has(&["A bar 1.1.1.1 p:custom/p=true"])
        .wants(&["A bar 1.1.1.1 p:new/p=true"])
        .gives(&["~ A bar 1.1.1.1 [properties]"]);
}

#[test]
fn p12_another_resource_takes_over() {
    let case = owned_by("").has(&["CNAME foo v1 o=pwner r=1"]).wants(&["CNAME foo v2 r=2"]);
    case.gives(&["~ CNAME foo v1 -> v2 [targets]"]);
    case.check(|plan, _| {
        let (_, update) = plan.going().next().expect("an update");
        // The new ownership record is made of these two: the owner stays, the resource changes.
        assert_eq!(update.change.record().and_then(|record| record.labels.owner()), Some("pwner"));
        let label = update.change.endpoint().and_then(|endpoint| endpoint.resource_label());
        assert_eq!(label.as_deref(), Some("2"));
    });
}

#[test]
fn p13_nothing_differs() {
    let both = ["A bar a", "CNAME foo v1"];
    owned_by("").has(&both).wants(&both).gives(&[]);
}

#[test]
fn p14_a_cname_gives_way_to_an_address() {
    owned_by("pwner")
        .has(&["CNAME foo v1 o=pwner"])
        .wants(&["A foo 5.5.5.5"])
        .gives(&["- CNAME foo v1", "+ A foo 5.5.5.5"]);
}

#[test]
fn p15_a_cname_gives_way_to_both_addresses() {
    owned_by("pwner")
        .has(&["CNAME foo v1 o=pwner"])
        .wants(&["A foo 5.5.5.5", "AAAA foo ::1"])
        .gives(&["- CNAME foo v1", "+ A foo 5.5.5.5", "+ AAAA foo ::1"]);
}

#[test]
fn p16_both_addresses_give_way_to_a_cname() {
    owned_by("nerf")
        .has(&["A foo 5.5.5.5 o=nerf", "AAAA foo ::1 o=nerf"])
        .wants(&["CNAME foo v2"])
        .gives(&["- A foo 5.5.5.5", "- AAAA foo ::1", "+ CNAME foo v2"]);
}

#[test]
fn p17_a_record_without_an_ownership_record_keeps_its_name() {
    owned_by("pwner")
        .has(&["A foo 5.5.5.5"])
        .wants(&["CNAME foo v1"])
        .gives(&["= + CNAME foo v1 (foreign)"]);
}

#[test]
fn p18_a_cname_beside_the_wanted_address_goes() {
    owned_by("pwner")
        .has(&["CNAME foo v1 o=pwner", "A foo 5.5.5.5 o=pwner"])
        .wants(&["A foo 5.5.5.5"])
        .gives(&["- CNAME foo v1"]);
}

#[test]
fn p19_all_types_of_an_unwanted_name_go() {
    owned_by("pwner")
        .has(&["CNAME foo v1 o=pwner", "A foo 5.5.5.5 o=pwner"])
        .gives(&["- A foo 5.5.5.5", "- CNAME foo v1"]);
}

#[test]
fn p20_a_cname_is_discarded_though_it_is_there() {
    owned_by("nerf")
        .has(&["CNAME foo v1 o=nerf"])
        .wants(&["CNAME foo v1", "A foo 5.5.5.5", "AAAA foo ::1"])
        .gives(&["- CNAME foo v1", "+ A foo 5.5.5.5", "+ AAAA foo ::1"]);
}

#[test]
fn p21_a_cname_is_discarded() {
    owned_by("")
        .wants(&["CNAME foo v1", "A foo 5.5.5.5", "AAAA foo ::1"])
        .gives(&["+ A foo 5.5.5.5", "+ AAAA foo ::1"]);
}

#[test]
fn p22_an_unmanaged_type_is_not_seen() {
    owned_by("")
        .manages("A CNAME")
        .has(&["TXT foo x"])
        .wants(&["CNAME foo v1"])
        .gives(&["+ CNAME foo v1"]);
}

#[test]
fn p23_an_excluded_type_is_not_seen() {
    owned_by("")
        .manages_except("A CNAME TXT", "TXT")
        .has(&["TXT foo x"])
        .wants(&["CNAME foo v1"])
        .gives(&["+ CNAME foo v1"]);
}

#[test]
fn p24_a_managed_text_gives_way_without_ownership_records() {
    owned_by("")
        .manages("A CNAME TXT")
        .has(&["TXT foo x"])
        .wants(&["CNAME foo v1"])
        .gives(&["- TXT foo x", "+ CNAME foo v1"]);
}

#[test]
fn p25_a_target_in_another_case_is_the_same() {
    owned_by("").has(&["CNAME foo v2"]).wants(&["CNAME foo V2"]).gives(&[]);
}

#[test]
fn p26_an_unwanted_name_goes() {
    owned_by("")
        .has(&["CNAME foo v1", "A bar 192.168.0.1"])
        .wants(&["CNAME foo v1"])
        .gives(&["- A bar 192.168.0.1"]);
}

#[test]
fn p27_upsert_only_does_not_delete() {
    owned_by("")
        .policy(Policy::UpsertOnly)
        .has(&["CNAME foo v1", "A bar 192.168.0.1"])
        .wants(&["CNAME foo v1"])
        .gives(&["= - A bar 192.168.0.1 (policy)"]);
}

#[test]
fn p28_create_only_does_not_update() {
    owned_by("")
        .policy(Policy::CreateOnly)
        .has(&["CNAME foo v1 o=pwner r=1"])
        .wants(&["CNAME foo v2 r=2"])
        .gives(&["= ~ CNAME foo v1 -> v2 [targets] (policy)"]);
}

#[test]
fn p29_a_second_set_identifier_is_another_record() {
    owned_by("")
        .has(&["A m/s1 192.168.0.1"])
        .wants(&["A m/s1 192.168.0.2", "A m/s2 192.168.0.2"])
        .gives(&["~ A m/s1 192.168.0.1 -> 192.168.0.2 [targets]", "+ A m/s2 192.168.0.2"]);
}

#[test]
fn p30_another_set_identifier_is_another_record() {
    owned_by("")
        .has(&["A m/s1 192.168.0.2"])
        .wants(&["A m/s2 192.168.0.2"])
        .gives(&["- A m/s1 192.168.0.2", "+ A m/s2 192.168.0.2"]);
}

#[test]
fn p31_an_excluded_domain_is_neither_made_nor_removed() {
    let filtered = || owned_by("").filter(&["domain.tld"], &["ex.domain.tld"]);
    filtered()
        .has(&["A foo.ex.domain.tld 1.1.1.1"])
        .wants(&[
            "A foo.ex.domain.tld 2.2.2.2",
            "A foo.domain.tld 1.1.1.1",
            "A bar.domain.tld 1.1.1.1",
            "A baz.domain.tld 1.1.1.1",
        ])
        .gives(&[
            "+ A bar.domain.tld 1.1.1.1",
            "+ A baz.domain.tld 1.1.1.1",
            "+ A foo.domain.tld 1.1.1.1",
        ]);
    filtered().has(&["A foo.ex.domain.tld 1.1.1.1"]).gives(&[]);
    filtered().wants(&["A foo.ex.domain.tld 1.1.1.1"]).gives(&[]);
}

#[test]
fn p32_an_excluded_domain_among_others() {
    owned_by("")
        .filter(&["domain.tld"], &["ex.domain.tld"])
        .has(&[
            "A foo.domain.tld 1.1.1.1",
            "A bar.domain.tld 1.1.1.1",
            "A foo.ex.domain.tld 1.1.1.1",
        ])
        .wants(&[
            "A foo.domain.tld 1.1.1.1",
            "A bar.domain.tld 1.1.1.1",
            "A baz.domain.tld 1.1.1.1",
        ])
        .gives(&["+ A baz.domain.tld 1.1.1.1"]);
}

#[test]
fn p33_only_managed_types_are_made() {
    owned_by("")
        .manages("AAAA CNAME")
        .wants(&["AAAA foo 2001:DB8::1", "A foo 1.1.1.1"])
        .gives(&["+ AAAA foo 2001:DB8::1"]);
}

#[test]
fn p34_one_address_family_goes() {
    owned_by("")
        .has(&["A ds 1.1.1.1", "AAAA ds ::1"])
        .wants(&["A ds 1.1.1.1"])
        .gives(&["- AAAA ds ::1"]);
}

#[test]
fn p35_one_address_has_many_texts() {
    owned_by("").has(&["AAAA foo 2001:db8::1"]).wants(&["AAAA foo 2001:DB8:0::1"]).gives(&[]);
}

#[test]
fn p36_a_foreign_record_is_not_updated() {
    owned_by("me")
        .has(&["A foo 1.1.1.1 o=other"])
        .wants(&["A foo 2.2.2.2"])
        .gives(&["= ~ A foo 1.1.1.1 -> 2.2.2.2 [targets] (foreign other)"]);
}

#[test]
fn p37_a_foreign_record_is_not_deleted() {
    owned_by("me").has(&["A foo 1.1.1.1 o=other"]).gives(&[]);
}

#[test]
fn p38_twins_go_once_in_each_zone() {
    let twins = ["A foo 1.1.1.1 o=me", "A foo 1.1.1.1 o=me"];
    owned_by("me").has(&twins).gives(&["- A foo 1.1.1.1"]);
    owned_by("me")
        .zones(&[("private", "org"), ("public", "org")])
        .has(&["private: A foo.org 1.1.1.1 o=me", "public: A foo.org 1.1.1.1 o=me"])
        .gives(&["private: - A foo.org 1.1.1.1", "public: - A foo.org 1.1.1.1"]);
}

#[test]
fn p39_a_name_in_another_case_is_the_same() {
    owned_by("me")
        .has(&["A Foo.Example.COM. 1.1.1.1 o=me"])
        .wants(&["A foo.example.com 1.1.1.1"])
        .gives(&[]);
}

#[test]
fn p40_a_name_does_not_lose_its_address_for_a_refused_cname() {
    owned_by("me")
        .has(&["A foo 1.1.1.1 o=me", "AAAA foo ::1 o=other"])
        .wants(&["CNAME foo v1"])
        .gives(&["= - A foo 1.1.1.1 (unit)", "= + CNAME foo v1 (foreign other)"]);
}

#[test]
fn p41_upsert_only_replaces_one_type_by_another() {
    owned_by("me")
        .policy(Policy::UpsertOnly)
        .has(&["A foo 1.1.1.1 o=me"])
        .wants(&["CNAME foo v1"])
        .gives_units(&["0 - A foo 1.1.1.1", "0 + CNAME foo v1"]);
}

#[test]
fn p42_targets_in_another_order_are_the_same() {
    owned_by("me")
        .has(&["A foo 1.1.1.1,2.2.2.2 o=me"])
        .wants(&["A foo 2.2.2.2,1.1.1.1"])
        .gives(&[]);
}

#[test]
fn p43_the_resource_keeps_the_record_though_another_endpoint_is_less() {
    owned_by("me")
        .has(&["A foo 8.8.8.8 o=me r=1"])
        .wants(&["A foo 1.1.1.1 r=2", "A foo 9.9.9.9 r=1"])
        .gives(&["~ A foo 8.8.8.8 -> 9.9.9.9 [targets]"]);
}

#[test]
fn p44_fewer_targets_are_less() {
    owned_by("me")
        .has(&["A foo 8.8.8.8 o=me r=gone"])
        .wants(&["A foo 9.9.9.9 r=2", "A foo 1.1.1.1,2.2.2.2 r=3"])
        .gives(&["~ A foo 8.8.8.8 -> 9.9.9.9 [targets]"]);
}

#[test]
fn p45_another_resource_alone_is_no_difference() {
    owned_by("me").has(&["A foo 1.1.1.1 o=me r=1"]).wants(&["A foo 1.1.1.1 r=2"]).gives(&[]);
}

#[test]
fn p46_migration_rewrites_what_is_stored_under_the_old_owner_only() {
    let migrating = || owned_by("bar").migrating_from("foo").wants(&["A foo 1.1.1.1"]);
    migrating().has(&["A foo 1.1.1.1 o=bar"]).gives(&[]);
    let stored_under_old = ["A foo 1.1.1.1 o=foo migrate"];
    migrating().has(&stored_under_old).gives(&["~ A foo 1.1.1.1 [ownership]"]);
    migrating()
        .policy(Policy::UpsertOnly)
        .has(&stored_under_old)
        .gives(&["~ A foo 1.1.1.1 [ownership]"]);
    migrating()
        .policy(Policy::CreateOnly)
        .has(&stored_under_old)
        .gives(&["= ~ A foo 1.1.1.1 [ownership] (policy)"]);
    owned_by("bar").migrating_from("foo").has(&stored_under_old).gives(&["- A foo 1.1.1.1"]);
}

#[test]
fn p47_an_unmanaged_address_is_not_seen() {
    owned_by("me")
        .manages("A CNAME")
        .has(&["AAAA foo ::1 o=me"])
        .wants(&["CNAME foo v1"])
        .gives(&["+ CNAME foo v1"]);
}

#[test]
fn p48_without_ownership_records_everything_is_ours() {
    owned_by("").has(&["A manual.example.com 1.1.1.1"]).gives(&["- A manual.example.com 1.1.1.1"]);
}
