//! What is sent for a change.

use extdns_model::{Action, ChangeGroup, Name, Outcome, RecordSet, RecordType, ZoneKey};
use extdns_providers::Reader as _;
use extdns_testkit::route53::{self as sim, Operation, Route53Sim};

use crate::aws::support::{
    adjusted, all_applied, apply, batches, create, found, group, plain, plan_of, provider, record,
    set, stored, with,
};

const LB: &str = "foo.eu-central-1.elb.amazonaws.com";

fn e_test() -> (Route53Sim, sim::Zone) {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    (sim, zone)
}

/// A writer over what was read lists nothing again.
#[tokio::test]
async fn r53_case_19_an_apply_lists_nothing() {
    let (sim, _) = e_test();
    let provider = provider(&sim, &[]);
    let inventory = provider.read().await.expect("readable");
    sim.forget_calls();
    let desired = plain(set("a.e.test", RecordType::A, 60, &["192.0.2.1"]));
    all_applied(
        &apply(
            &provider,
            &inventory,
            vec![group(ZoneKey(0), vec![record(Action::Create(desired))])],
        )
        .await,
    );
    assert_eq!(sim.count(Operation::ListHostedZones), 0);
    assert_eq!(sim.count(Operation::ListResourceRecordSets), 0);
    assert_eq!(sim.writes(), 1);
}

/// All in one request, in the order of actions, names and types.
#[tokio::test]
async fn r53_case_20_plain_records() {
    let (sim, zone) = e_test();
    let naptr = "100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:info@e.test!\" .";
    let cases: [(RecordType, &str, &[&str], i64); 9] = [
        (RecordType::A, "a", &["192.0.2.2", "192.0.2.1"], 0),
        (RecordType::Aaaa, "aaaa", &["2001:db8::1"], 60),
        (RecordType::Cname, "cname", &["host.e.test"], 0),
        (RecordType::Mx, "mx", &["20 m2.example.com", "10 m1.example.com"], 0),
        (RecordType::Naptr, "naptr", &[naptr], 0),
        (RecordType::Ns, "ns", &["ns1.example.com", "ns2.example.com"], 60),
        (RecordType::Ptr, "ptr", &["host.e.test"], 0),
        (RecordType::Srv, "srv", &["0 50 443 host.e.test."], 60),
        (RecordType::Txt, "txt", &["v=spf1 -all"], 0),
    ];
    let desired = |(rtype, label, targets, ttl): &(RecordType, &str, &[&str], i64)| {
        set(&format!("{label}.e.test"), *rtype, *ttl, targets)
    };
    all_applied(&create(&provider(&sim, &[]), cases.iter().map(desired).collect()).await);
    let requests = sim.requests();
    let [request] = &requests.iter().filter(|it| it.method == "POST").collect::<Vec<_>>()[..]
    else {
        panic!("one request")
    };
    let sent = String::from_utf8_lossy(&request.body).into_owned();
    let change = |(rtype, label, targets, ttl): &(RecordType, &str, &[&str], i64)| {
        let values: String = targets
            .iter()
            .map(
                |it| if *rtype == RecordType::Txt { format!("\"{it}\"") } else { (*it).to_owned() },
            )
            .map(|it| it.replace('"', "&quot;"))
            .map(|it| format!("<ResourceRecord><Value>{it}</Value></ResourceRecord>"))
            .collect();
        format!(
            "<Change><Action>CREATE</Action><ResourceRecordSet><Name>{label}.e.test</Name><Type>{rtype}</Type>\
             <TTL>{}</TTL><ResourceRecords>{values}</ResourceRecords></ResourceRecordSet></Change>",
            if *ttl == 0 { 300 } else { *ttl }
        )
    };
    let changes: String = cases.iter().map(change).collect();
    assert_eq!(
        sent,
        format!(
            "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
             <ChangeBatch><Changes>{changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
        )
    );
    assert_eq!(request.path, format!("/2013-04-01/hostedzone/{}/rrset", zone.id()));
    assert_eq!(zone.own_records().len(), cases.len());
}

async fn aliases(desired: RecordSet) -> Vec<(String, sim::Alias)> {
    let (sim, zone) = e_test();
    zone.seed([
        sim::RecordSet::a("foo.elb.amazonaws.com.e.test", "192.0.2.1"),
        sim::RecordSet::a("baz.e.test", "192.0.2.1"),
        sim::RecordSet::new("baz.e.test", "AAAA").value("2001:db8::1"),
    ]);
    all_applied(&create(&provider(&sim, &[]), vec![desired]).await);
    let own = zone.id().to_owned();
    zone.own_records()
        .into_iter()
        .filter_map(|set| {
            let mut alias = *set.alias?;
            if alias.zone_id == own {
                alias.zone_id = "own".to_owned();
            }
            Some((set.record_type, alias))
        })
        .collect()
}

/// A name without a region is no name of a load balancer: it must be in the zone.
#[tokio::test]
async fn r53_case_21_alias_of_a_host_that_is_not_known() {
    let (sim, zone) = e_test();
    let desired =
        with(set("a.e.test", RecordType::A, 0, &["foo.elb.amazonaws.com"]), &[("alias", "true")]);
    create(&provider(&sim, &[]), vec![desired]).await;
    let calls = sim.calls();
    let write = calls.iter().find(|call| call.operation.is_write()).expect("a write");
    let alias = write.changes[0].record_set.alias.as_ref().expect("an alias");
    assert_eq!(alias.zone_id, zone.id(), "bare, and the record's own");
}

#[tokio::test]
async fn r53_case_22_alias_of_a_load_balancer() {
    for (health, expected) in [("true", true), ("false", false), ("", false)] {
        let desired = with(
            set("a.e.test", RecordType::Cname, 0, &[LB]),
            &[("aws/evaluate-target-health", health)],
        );
        let found = aliases(desired).await;
        let types: Vec<_> = found.iter().map(|(rtype, _)| rtype.as_str()).collect();
        assert_eq!(types, ["A", "AAAA"]);
        for (_, alias) in found {
            assert_eq!(alias.zone_id, "Z215JYRZR1TBD5");
            assert_eq!(alias.name, format!("{LB}."));
            assert_eq!(alias.evaluate_target_health, expected, "{health:?}");
        }
    }
}

#[tokio::test]
async fn r53_case_23_cname() {
    let (sim, zone) = e_test();
    let desired = set("c.e.test", RecordType::Cname, 0, &["foo.example.org"]);
    all_applied(&create(&provider(&sim, &[]), vec![desired]).await);
    let stored = zone.find("c.e.test", "CNAME");
    assert_eq!((stored[0].ttl, stored[0].alias.is_none()), (Some(300), true));
}

#[tokio::test]
async fn r53_case_24_an_update_is_a_delete_and_a_create() {
    let a = |target: &str, pairs: &[(&str, &str)], id: &str| {
        with(set("u.e.test", RecordType::A, 300, &[target]), pairs).with_set_identifier(id)
    };
    let alias = [("alias", "true"), ("aws/evaluate-target-health", "false")];
    let cases = [
        ("value", a("192.0.2.1", &[], ""), a("192.0.2.2", &[], "")),
        ("to alias", a("192.0.2.1", &[], ""), a(LB, &alias, "")),
        ("from alias", a(LB, &alias, ""), a("192.0.2.1", &[], "")),
        (
            "weighted to simple",
            a("192.0.2.1", &[("aws/weight", "1")], "x"),
            a("192.0.2.1", &[], ""),
        ),
        (
            "simple to weighted",
            a("192.0.2.1", &[], ""),
            a("192.0.2.1", &[("aws/weight", "1")], "x"),
        ),
        (
            "region to weight",
            a("192.0.2.1", &[("aws/region", "eu-west-1")], "x"),
            a("192.0.2.1", &[("aws/weight", "1")], "x"),
        ),
        (
            "set identifier",
            a("192.0.2.1", &[("aws/weight", "1")], "x"),
            a("192.0.2.1", &[("aws/weight", "1")], "y"),
        ),
        (
            "weight",
            a("192.0.2.1", &[("aws/weight", "10")], "x"),
            a("192.0.2.1", &[("aws/weight", "20")], "x"),
        ),
        (
            "multivalue to weight",
            a("192.0.2.1", &[("aws/multi-value-answer", "")], "x"),
            a("192.0.2.1", &[("aws/weight", "20")], "x"),
        ),
    ];
    for (case, old, new) in cases {
        let (sim, zone) = e_test();
        let provider = provider(&sim, &[]);
        all_applied(&create(&provider, vec![old]).await);
        let inventory = provider.read().await.expect("readable");
        let old = stored(found(&inventory, "u.e.test", RecordType::A));
        sim.forget_calls();
        let change = record(Action::Update { old, new: plain(new) });
        all_applied(&apply(&provider, &inventory, vec![group(ZoneKey(0), vec![change])]).await);
        let sent: Vec<_> = batches(&sim).concat();
        let sent: Vec<_> = sent.iter().filter_map(|it| it.split(' ').next()).collect();
        assert_eq!(sent, ["DELETE", "CREATE"], "{case}");
        assert_eq!(zone.own_records().len(), 1, "{case}");
    }
}

/// An alias that becomes a CNAME goes with both of its types, in one batch.
#[tokio::test]
async fn r53_case_24_alias_to_cname() {
    let (sim, zone) = e_test();
    let provider = provider(&sim, &[]);
    all_applied(&create(&provider, vec![set("u.e.test", RecordType::Cname, 0, &[LB])]).await);
    let inventory = provider.read().await.expect("readable");
    let delete = |rtype| record(Action::Delete(stored(found(&inventory, "u.e.test", rtype))));
    let cname = set("u.e.test", RecordType::Cname, 60, &["x.test"]);
    let changes =
        vec![record(Action::Create(plain(cname))), delete(RecordType::A), delete(RecordType::Aaaa)];
    sim.forget_calls();
    all_applied(&apply(&provider, &inventory, vec![group(ZoneKey(0), changes)]).await);
    let expected = ["DELETE u.e.test. A", "DELETE u.e.test. AAAA", "CREATE u.e.test. CNAME"];
    assert_eq!(batches(&sim), [expected]);
    assert_eq!(zone.own_records().len(), 1);
}

/// Reading and adjusting are all that a planning run has.
#[tokio::test]
async fn r53_case_25_a_planning_run_holds_no_writer() {
    let (sim, zone) = e_test();
    let provider = provider(&sim, &[]);
    let reader: &dyn extdns_providers::Reader = &provider;
    reader.read().await.expect("readable");
    adjusted(&provider, vec![set("c.e.test", RecordType::Cname, 0, &[LB])]).await;
    assert_eq!((sim.writes(), zone.own_records().len()), (0, 0));
    assert_eq!(provider.transport().mutating_calls(), 0);
}

#[tokio::test]
async fn r53_case_35_zone_of_the_alias_target() {
    let told = with(
        set("a.e.test", RecordType::A, 0, &["x.other.test"]),
        &[("alias", "true"), ("aws/target-hosted-zone", "/hostedzone/Z1234567890ABC")],
    );
    let found = aliases(told).await;
    assert_eq!(found[0].1.zone_id, "Z1234567890ABC");
    for zone in ["", "/hostedzone/"] {
        let own = with(
            set("a.e.test", RecordType::A, 0, &["baz.e.test"]),
            &[("alias", "true"), ("aws/target-hosted-zone", zone)],
        );
        assert_eq!(aliases(own).await[0].1.zone_id, "own", "an empty one is unset");
    }
}

#[tokio::test]
async fn r53_case_36_same_zone_alias_in_two_zones() {
    let sim = Route53Sim::start();
    let zones = [sim.zone("e.test"), sim.private_zone("e.test")];
    for zone in &zones {
        zone.seed([sim::RecordSet::a("baz.e.test", "192.0.2.1")]);
    }
    let desired = with(set("a.e.test", RecordType::A, 0, &["baz.e.test"]), &[("alias", "true")]);
    all_applied(&create(&provider(&sim, &[]), vec![desired]).await);
    for zone in &zones {
        let stored = zone.find("a.e.test", "A");
        assert_eq!(stored[0].alias.as_ref().expect("an alias").zone_id, zone.id());
    }
}

/// A delete repeats what was read, also where an update would write it in another form.
#[tokio::test]
async fn r53_case_37_deletes_are_exact() {
    let (sim, zone) = e_test();
    let geo = sim::Routing::GeoProximity {
        region: None,
        local_zone_group: None,
        coordinates: Some(("45.50".to_owned(), "90.0".to_owned())),
        bias: None,
    };
    zone.seed([
        sim::RecordSet::alias(
            "s3.e.test",
            "A",
            "Z3AQBSTGFYJSTF",
            "s3-website-us-east-1.amazonaws.com",
        )
        .evaluate_target_health(),
        sim::RecordSet::alias("x.e.test", "A", "ZELSEWHERE", "x.elsewhere.test"),
        sim::RecordSet::new("m.e.test", "MX").value("10 m1.test.").value("20 m2.test").ttl(77),
        sim::RecordSet::a("*.w.e.test", "192.0.2.1"),
        sim::RecordSet::a("g.e.test", "192.0.2.1").routed("g", geo).health_check("hc"),
        sim::RecordSet::txt("a-s3.e.test", "heritage=external-dns,external-dns/owner=me").ttl(60),
    ]);
    let provider = provider(&sim, &[]);
    let inventory = provider.read().await.expect("readable");
    let groups: Vec<ChangeGroup> = inventory
        .records()
        .filter(|(_, it)| it.set.rtype != RecordType::Ns)
        .map(|(zone, it)| group(zone, vec![record(Action::Delete(stored(it)))]))
        .collect();
    assert_eq!(groups.len(), 6);
    all_applied(&apply(&provider, &inventory, groups).await);
    assert!(zone.own_records().is_empty());
    assert_eq!(sim.writes(), 1);
    let calls = sim.calls();
    let sent = &calls.iter().find(|call| call.operation.is_write()).expect("a write").changes;
    let s3 = sent.iter().find(|it| it.record_set.name == "s3.e.test.").expect("sent");
    assert_eq!(s3.record_set.alias.as_ref().expect("an alias").zone_id, "Z3AQBSTGFYJSTF");
}

/// An update always has both halves, so nothing can be paired wrongly.
#[tokio::test]
async fn r53_case_38_an_update_is_a_pair() {
    let (sim, zone) = e_test();
    zone.seed([
        sim::RecordSet::a("a.e.test", "192.0.2.1"),
        sim::RecordSet::a("b.e.test", "192.0.2.1"),
    ]);
    let provider = provider(&sim, &[]);
    let inventory = provider.read().await.expect("readable");
    let old = stored(found(&inventory, "a.e.test", RecordType::A));
    let new = plain(set("a.e.test", RecordType::A, 300, &["192.0.2.9"]));
    let change = record(Action::Update { old, new });
    all_applied(&apply(&provider, &inventory, vec![group(ZoneKey(0), vec![change])]).await);
    assert_eq!(batches(&sim), [["DELETE a.e.test. A", "CREATE a.e.test. A"]]);
    assert_eq!(zone.find("b.e.test", "A")[0].values, ["192.0.2.1"]);
}

/// An alias keeps the zone of its target when only something else changes.
#[tokio::test]
async fn an_update_keeps_the_zone_of_a_strange_target() {
    let (sim, zone) = e_test();
    zone.seed([sim::RecordSet::alias("x.e.test", "A", "ZELSEWHERE", "x.elsewhere.test")]);
    let provider = provider(&sim, &[]);
    let inventory = provider.read().await.expect("readable");
    let old = found(&inventory, "x.e.test", RecordType::A);
    let desired = with(
        set("x.e.test", RecordType::A, 0, &["x.elsewhere.test"]),
        &[("alias", "true"), ("aws/evaluate-target-health", "true")],
    );
    let desired = adjusted(&provider, vec![desired]).await;
    let change = record(Action::Update { old: stored(old), new: plan_of(&desired[0]) });
    all_applied(&apply(&provider, &inventory, vec![group(ZoneKey(0), vec![change])]).await);
    let now = zone.find("x.e.test", "A");
    let alias = now[0].alias.as_ref().expect("an alias");
    assert_eq!((alias.zone_id.as_str(), alias.evaluate_target_health), ("ZELSEWHERE", true));
}

/// Unicode names are A-labels on the wire and come back as they were.
#[tokio::test]
async fn names_in_other_scripts() {
    let (sim, zone) = e_test();
    let provider = provider(&sim, &[]);
    let outcomes =
        create(&provider, vec![set("Bücher.e.test", RecordType::A, 60, &["192.0.2.1"])]).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    assert_eq!(zone.find("xn--bcher-kva.e.test", "A").len(), 1);
    let inventory = provider.read().await.expect("readable");
    let key = Name::as_listed("Bücher.e.test");
    assert!(inventory.records().any(|(_, it)| it.set.name.key() == key.key()));
}
