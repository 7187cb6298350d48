//! From listed record sets to records.

use extdns_model::{Record, RecordType};
use extdns_providers::{Context, Reader as _, aws};
use extdns_testkit::route53::{Fault, Operation, RecordSet, Route53Sim, Routing, Zone};

use crate::aws::support::{adjusted, found, provider};

async fn records(sim: &Route53Sim) -> Vec<Record> {
    let inventory = provider(sim, &[]).read().await.expect("readable");
    inventory.records().map(|(_, record)| record.clone()).collect()
}

/// What is read of these, as text, without what a zone must have.
async fn read(seed: impl FnOnce(&Zone)) -> Vec<String> {
    let sim = Route53Sim::start();
    seed(&sim.zone("e.test"));
    let mut texts: Vec<String> = records(&sim)
        .await
        .iter()
        .filter(|record| record.set.rtype != RecordType::Ns)
        .map(|record| record.set.to_string())
        .collect();
    texts.sort();
    texts
}

#[tokio::test]
async fn r53_case_07_pages_of_300() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    let sibling = |n: u16| {
        let id = format!("id-{n:03}");
        RecordSet::a("w.e.test", "192.0.2.1").weighted(&id, 1)
    };
    zone.seed((0..700).map(sibling));
    let records = records(&sim).await;
    assert_eq!(records.len(), 701, "and NS");
    assert_eq!(sim.count(Operation::ListResourceRecordSets), 3);
    let requests = sim.requests();
    let pages: Vec<_> = requests.iter().filter(|it| it.path.ends_with("/rrset")).collect();
    let query = |page: usize, name: &str| {
        pages[page].pairs().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    };
    assert_eq!(query(0, "maxitems").as_deref(), Some("300"));
    assert_eq!(query(0, "name"), None);
    for page in [1, 2] {
        assert_eq!(query(page, "name").as_deref(), Some("w.e.test."));
        assert_eq!(query(page, "type").as_deref(), Some("A"));
        assert!(query(page, "identifier").is_some_and(|id| id.starts_with("id-")));
    }
}

#[tokio::test]
async fn r53_case_08_asterisks() {
    let found = read(|zone| {
        zone.seed([
            RecordSet::a("*.w.e.test", "192.0.2.1"),
            RecordSet::txt("prefix-*.y.e.test", "t"),
        ]);
        assert!(zone.records().iter().any(|it| it.name.starts_with("\\052")));
    })
    .await;
    assert_eq!(
        found,
        ["*.w.e.test 300 IN A  192.0.2.1 []", "prefix-*.y.e.test 300 IN TXT  \"t\" []"]
    );
}

#[tokio::test]
async fn r53_case_10_alias_property_of_plain_records() {
    let found = read(|zone| {
        zone.seed([
            RecordSet::new("c.e.test", "CNAME").value("x.e.test."),
            RecordSet::a("a.e.test", "192.0.2.1"),
            RecordSet::new("m.e.test", "MX").value("10 x.e.test."),
        ]);
    })
    .await;
    assert_eq!(
        found,
        [
            "a.e.test 300 IN A  192.0.2.1 []",
            "c.e.test 300 IN CNAME  x.e.test [{alias false}]",
            "m.e.test 300 IN MX  10 x.e.test []",
        ]
    );
}

#[tokio::test]
async fn r53_case_11_aliases() {
    let target = "lb.eu-central-1.elb.amazonaws.com";
    let found = read(|zone| {
        zone.seed([
            RecordSet::alias("a.e.test", "A", "Z215JYRZR1TBD5", target),
            RecordSet::alias("a.e.test", "AAAA", "Z215JYRZR1TBD5", target).evaluate_target_health(),
        ]);
    })
    .await;
    let text = |rtype: &str, health: &str| {
        format!(
            "a.e.test 300 IN {rtype}  {target} [{{alias true}} {{aws/evaluate-target-health {health}}}]"
        )
    };
    assert_eq!(found, [text("A", "false"), text("AAAA", "true")]);
}

#[tokio::test]
async fn r53_case_12_escaped_alias_target() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    zone.seed([RecordSet::a("*.t.e.test", "192.0.2.1")]);
    zone.seed([RecordSet::alias("a.t.e.test", "A", zone.id(), "*.t.e.test")]);
    let inventory = provider(&sim, &[]).read().await.expect("readable");
    let record = found(&inventory, "a.t.e.test", RecordType::A);
    assert_eq!(record.set.targets.first().map(|it| it.as_str()), Some("*.t.e.test"));
}

#[tokio::test]
async fn r53_case_13_routing_policies() {
    let geo = |continent: Option<&str>, country: Option<&str>, subdivision: Option<&str>| {
        Routing::GeoLocation {
            continent: continent.map(str::to_owned),
            country: country.map(str::to_owned),
            subdivision: subdivision.map(str::to_owned),
        }
    };
    let near = |region: Option<&str>, coordinates: Option<(&str, &str)>| Routing::GeoProximity {
        region: region.map(str::to_owned),
        local_zone_group: None,
        coordinates: coordinates.map(|(a, b)| (a.to_owned(), b.to_owned())),
        bias: Some(5),
    };
    let cases = [
        (Routing::Weighted(10), "{aws/weight 10}"),
        (Routing::Latency("eu-west-1".to_owned()), "{aws/region eu-west-1}"),
        (Routing::Failover("PRIMARY".to_owned()), "{aws/failover PRIMARY}"),
        (Routing::MultiValue, "{aws/multi-value-answer }"),
        (geo(Some("EU"), None, None), "{aws/geolocation-continent-code EU}"),
        (geo(None, Some("DE"), None), "{aws/geolocation-country-code DE}"),
        (
            geo(None, Some("US"), Some("CA")),
            "{aws/geolocation-country-code US} {aws/geolocation-subdivision-code CA}",
        ),
        (
            near(Some("eu-west-1"), None),
            "{aws/geoproximity-region eu-west-1} {aws/geoproximity-bias 5}",
        ),
        (
            near(None, Some(("45.50", "-90.0"))),
            "{aws/geoproximity-coordinates 45.5,-90} {aws/geoproximity-bias 5}",
        ),
    ];
    for (routing, expected) in cases {
        let found = read(|zone| {
            zone.seed([RecordSet::a("a.e.test", "192.0.2.1").routed("id", routing)]);
        })
        .await;
        assert_eq!(found, [format!("a.e.test 300 IN A id 192.0.2.1 [{expected}]")]);
    }
    let found = read(|zone| {
        zone.seed([
            RecordSet::a("a.e.test", "192.0.2.1").weighted("x", 1),
            RecordSet::a("a.e.test", "192.0.2.2").weighted("y", 2),
            RecordSet::new("c.e.test", "CNAME").value("x.test").weighted("z", 3).health_check("hc"),
        ]);
    })
    .await;
    assert_eq!(
        found,
        [
            "a.e.test 300 IN A x 192.0.2.1 [{aws/weight 1}]",
            "a.e.test 300 IN A y 192.0.2.2 [{aws/weight 2}]",
            "c.e.test 300 IN CNAME z x.test [{aws/weight 3} {aws/health-check-id hc} {alias false}]",
        ]
    );
}

#[tokio::test]
async fn r53_case_14_trailing_dots_and_several_values() {
    let naptr = "100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:info@e.test!\" .";
    let found = read(|zone| {
        zone.seed([
            RecordSet::new("n.e.test", "NAPTR").value(naptr),
            RecordSet::new("m.e.test", "MX").value("10 m1.example.com").value("20 m2.example.com."),
        ]);
    })
    .await;
    assert_eq!(
        found,
        [
            "m.e.test 300 IN MX  10 m1.example.com;20 m2.example.com []".to_owned(),
            format!("n.e.test 300 IN NAPTR  {naptr} []"),
        ]
    );
}

/// The zone is left alone, and keeps its names; the others go on. What failed in passing is named, and
/// may be tried again.
#[tokio::test]
async fn r53_case_15_a_zone_that_cannot_be_read() {
    let cases = [
        (Fault::internal(), "InternalFailure", 2),
        (Fault::error(400, "Throttling", "Rate exceeded"), "Throttling", 5),
        (Fault::error(403, "AccessDenied", "no"), "AccessDenied", 1),
    ];
    for (fault, code, attempts) in cases {
        let sim = Route53Sim::start();
        let fine = sim.zone("fine.test");
        let broken = sim.zone("broken.fine.test");
        fine.seed([RecordSet::a("a.fine.test", "192.0.2.1")]);
        sim.fault(fault.on(Operation::ListResourceRecordSets).in_zone(broken.id()).always());
        let inventory = provider(&sim, &["--aws-api-retries=2"]).read().await.expect("readable");
        let unreadable: Vec<_> = inventory.unreadable().collect();
        let [(key, why)] = unreadable[..] else { panic!("{unreadable:?}") };
        assert_eq!(why.zone, "broken.fine.test");
        for part in [
            "route53:ListResourceRecordSets of zone broken.fine.test",
            broken.id(),
            "profile default",
            code,
            "request id",
        ] {
            assert!(why.reason.contains(part), "{part} is missing in {why}");
        }
        assert_eq!(sim.faults_met(), attempts, "{code}: --aws-api-retries counts attempts");
        assert_eq!(inventory.index.route("x.broken.fine.test", None).as_slice(), [key]);
        let found = found(&inventory, "a.fine.test", RecordType::A);
        assert_eq!(found.set.targets.len(), 1);
    }
}

/// Only its cursor differs from the request for the first page, which was answered: when it is refused, the
/// list is begun anew, once.
#[tokio::test]
async fn a_list_whose_cursor_is_forgotten_is_read_again() {
    let refusals = [
        Fault::page_token_expired(),
        Fault::error(400, "InvalidInput", "The cursor is not known").at(2),
    ];
    for refusal in refusals {
        let sim = Route53Sim::start();
        sim.zone("e.test").fill(700);
        sim.fault(refusal.clone().on(Operation::ListResourceRecordSets));
        assert_eq!(records(&sim).await.len(), 701, "and NS");
        assert_eq!(sim.faults_met(), 1);
        assert_eq!(sim.count(Operation::ListResourceRecordSets), 2 + 3);
    }

    let sim = Route53Sim::start();
    sim.zone("e.test").fill(700);
    sim.fault(Fault::page_token_expired().on(Operation::ListResourceRecordSets).always());
    let inventory = provider(&sim, &[]).read().await.expect("zones");
    let unreadable: Vec<_> = inventory.unreadable().map(|(_, why)| why.to_string()).collect();
    let [why] = &unreadable[..] else { panic!("{unreadable:?}") };
    assert!(why.contains("the list broke off twice") && why.contains("e.test"), "{why}");
    assert_eq!(sim.count(Operation::ListResourceRecordSets), 4);
}

/// So is each part of a zone that is read from several names.
#[tokio::test]
async fn a_part_of_a_large_zone_whose_cursor_is_forgotten_is_read_again() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    zone.fill(7_000);
    // The first three with a name begin parts of the zone.
    sim.fault(Fault::page_token_expired().on(Operation::ListResourceRecordSets).at(4));
    assert_eq!(records(&sim).await.len(), 7_001);
    assert_eq!(sim.faults_met(), 1);
}

#[tokio::test]
async fn r53_case_18_what_was_read_is_adjusted_already() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    let lb = "lb.eu-central-1.elb.amazonaws.com";
    zone.seed([
        RecordSet::a("a.e.test", "192.0.2.1").weighted("x", 1),
        RecordSet::alias("b.e.test", "A", "Z215JYRZR1TBD5", lb),
        RecordSet::alias("b.e.test", "AAAA", "Z215JYRZR1TBD5", lb).evaluate_target_health(),
        RecordSet::new("c.e.test", "CNAME").value(lb),
        RecordSet::txt("t.e.test", "v=spf1 -all"),
        RecordSet::a("p.e.test", "192.0.2.1").routed(
            "g",
            Routing::GeoProximity {
                region: None,
                local_zone_group: None,
                coordinates: Some(("45.50".to_owned(), "90.0".to_owned())),
                bias: Some(0),
            },
        ),
    ]);
    let before: Vec<_> = records(&sim).await.into_iter().map(|record| record.set).collect();
    let after = adjusted(&provider(&sim, &[]), before.clone()).await;
    let after: Vec<_> = after.into_iter().map(|endpoint| endpoint.set).collect();
    assert_eq!(before, after);
}

#[tokio::test]
async fn records_that_cannot_be_written_are_read_only() {
    let sim = Route53Sim::start();
    let cidr = Routing::Cidr { collection: "c".to_owned(), location: "l".to_owned() };
    sim.zone("e.test").seed([RecordSet::a("a.e.test", "192.0.2.1").routed("x", cidr)]);
    let records = records(&sim).await;
    let record = records.iter().find(|it| it.set.rtype == RecordType::A).expect("the record");
    assert!(record.read_only().is_some_and(|why| why.contains("CIDR")));
}

/// A zone of many pages is begun at four places, for at most three calls more.
#[tokio::test]
async fn a_large_zone_is_read_from_several_names() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    let host = |n: usize| format!("svc-{n:05}.e.test");
    zone.seed((0..3500).flat_map(|n| {
        let own = RecordSet::txt(&format!("a-{}", host(n)), "heritage=external-dns");
        [RecordSet::a(&host(n), "192.0.2.1"), own]
    }));
    zone.seed(
        ["b-x", "a.b", "n", "a-n", "x.a", "nn", "*"]
            .map(|label| RecordSet::a(&format!("{label}.e.test"), "192.0.2.2")),
    );
    let records = records(&sim).await;
    assert_eq!(records.len(), 7008, "all but SOA");
    let mut names: Vec<_> =
        records.iter().map(|it| (it.set.name.to_string(), it.set.rtype)).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 7008, "each once");
    let calls = sim.count(Operation::ListResourceRecordSets);
    let begun_at = |name: &str| {
        sim.requests().iter().any(|it| it.pairs().contains(&("name".into(), name.into())))
    };
    assert!(["a-n.e.test", "b.e.test", "n.e.test"].into_iter().all(begun_at));
    let least = zone.len().div_ceil(300);
    assert!((least..=least + 3).contains(&calls), "{calls} calls, at least {least}");
}

/// One list of zones, and the pages of each.
#[tokio::test]
async fn calls_of_a_read_are_the_least_possible() {
    let sim = Route53Sim::start();
    for n in 0..5 {
        sim.zone(&format!("z{n}.test")).fill(298 + n);
    }
    let provider: &dyn extdns_providers::Provider = &aws::over(
        vec![crate::aws::support::login(&sim, "default", "AKIATEST", "1")],
        &crate::aws::support::args(&[]),
        &Context::default(),
    );
    provider.read().await.expect("readable");
    // 298 and the two that a zone must have are one page.
    assert_eq!(sim.reads(), 1 + 1 + 4 * 2);
    assert_eq!(sim.writes(), 0);
}
