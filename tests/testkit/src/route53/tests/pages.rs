//! Lists: their order and their pages.

use super::*;

#[test]
fn pages_run_through_a_family_in_the_order_of_the_service() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    zone.seed((0..650).map(|n| a("many").weighted(&format!("id-{n:03}"), 1)));
    zone.seed([
        a("a"),
        RecordSet::txt("many.example.org", "text"),
        a("x.a"),
        a("a-b"),
        a("z"),
        RecordSet::a("*.example.org", "192.0.2.1"),
    ]);
    let client = Client::of(&sim);
    let (mut from, mut seen, mut sizes) = (String::new(), Vec::new(), Vec::new());
    loop {
        let page = client.get(&format!("hostedzone/{}/rrset?maxitems=300{from}", zone.id()));
        let names = page.texts("Name");
        sizes.push(names.len());
        seen.extend(names);
        assert_eq!(page.text("MaxItems").as_deref(), Some("300"));
        if page.text("IsTruncated").as_deref() == Some("false") {
            assert_eq!(page.text("NextRecordName"), None);
            break;
        }
        assert_eq!(page.text("NextRecordName").as_deref(), Some("many.example.org."));
        assert_eq!(page.text("NextRecordType").as_deref(), Some("A"));
        let id = page.text("NextRecordIdentifier").expect("an identifier within a family");
        from = format!("&name=many.example.org.&type=A&identifier={id}");
    }
    assert_eq!(sizes, [300, 300, 58]);
    let expected: Vec<String> = zone.records().into_iter().map(|set| set.name).collect();
    assert_eq!(seen, expected);
    seen.dedup();
    assert_eq!(
        seen,
        ["", r"\052.", "a-b.", "a.", "x.a.", "many.", "z."]
            .map(|start| format!("{start}example.org."))
    );
}

#[test]
fn a_list_starts_at_the_given_name() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    zone.seed([
        a("b"),
        RecordSet::txt("b.example.org", "x"),
        a("d").weighted("one", 1),
        a("d").weighted("two", 1),
        RecordSet::a("*.d.example.org", "192.0.2.3"),
    ]);
    let client = Client::of(&sim);
    let table = [
        ("", Some("example.org. NS")),
        ("&name=a.example.org", Some("b.example.org. A")),
        ("&name=B.EXAMPLE.ORG.", Some("b.example.org. A")),
        ("&name=b.example.org&type=MX", Some("b.example.org. TXT")),
        ("&name=c.example.org", Some("d.example.org. A one")),
        ("&name=d.example.org&type=A&identifier=p", Some("d.example.org. A two")),
        ("&name=*.d.example.org", Some(r"\052.d.example.org. A")),
        (r"&name=%5C052.d.example.org", Some(r"\052.d.example.org. A")),
        ("&name=e.example.org", None),
        ("&type=A", None),
        ("&identifier=one", None),
        ("&name=d.example.org&identifier=one", None),
    ];
    for (from, first) in table {
        let page = client.get(&format!("hostedzone/{}/rrset?maxitems=1{from}", zone.id()));
        let found = page.text("Name").map(|name| {
            let id = page.text("SetIdentifier").map(|id| format!(" {id}")).unwrap_or_default();
            format!("{name} {}{id}", page.text("Type").unwrap())
        });
        let status =
            if from.contains("&name") && !from.contains("identifier=one") || first.is_some() {
                200
            } else {
                400
            };
        assert_eq!(page.status, status, "{from}");
        if status == 200 {
            assert_eq!(found.as_deref(), first, "{from}");
        }
    }
    for (items, expected) in [("0", None), ("-1", None), ("x", None), ("999", Some(300))] {
        let page = client.get(&format!("hostedzone/{}/rrset?maxitems={items}", zone.id()));
        assert_eq!(page.text("MaxItems").and_then(|items| items.parse().ok()), expected, "{items}");
    }
    let (status, code, _) = client.get("hostedzone/ZNONE/rrset").error();
    assert_eq!((status, code.as_str()), (404, "NoSuchHostedZone"));
}

#[test]
fn zones_and_their_tags_come_in_pages() {
    let sim = Route53Sim::start();
    let zones: Vec<Zone> = (0..169).map(|n| sim.zone(&format!("z{n}.test"))).collect();
    sim.private_zone("z0.test").tag("level", "5");
    zones[168].tag("owner", "a & b").tag("level", "5");
    let client = Client::of(&sim);
    let page = client.get("hostedzone");
    assert_eq!(
        (page.texts("Name").len(), page.text("IsTruncated").as_deref()),
        (100, Some("true"))
    );
    assert_eq!(page.texts("Id")[0], zones[0].path());
    let marker = page.text("NextMarker").unwrap();
    let page = client.get(&format!("hostedzone?marker={marker}"));
    assert_eq!(
        (page.texts("Name").len(), page.text("IsTruncated").as_deref()),
        (70, Some("false"))
    );
    assert_eq!(page.texts("Name")[69], "z0.test.");
    assert_eq!(page.texts("PrivateZone")[68..], ["false", "true"]);
    assert_eq!(page.texts("ResourceRecordSetCount")[0], "2");
    assert_eq!(client.get("hostedzone?maxitems=3").texts("Name").len(), 3);
    assert_eq!(client.get("hostedzone?marker=ZNONE").error().1, "InvalidInput");
    assert_eq!(
        client.get(&format!("hostedzone/{}", zones[1].id())).text("Name").as_deref(),
        Some("z1.test.")
    );

    let ids: Vec<&str> = zones.iter().map(Zone::id).collect();
    let tags = client.tags(&ids[159..]);
    assert_eq!((tags.status, tags.texts("ResourceId").len()), (200, 10));
    assert_eq!(
        (tags.texts("Key"), tags.texts("Value")),
        (vec!["level".into(), "owner".into()], vec!["5".into(), "a & b".into()])
    );
    assert_eq!(client.tags(&ids[..11]).error().1, "InvalidInput");
    assert_eq!(client.tags(&[]).error().1, "InvalidInput");
    assert_eq!(client.tags(&["ZNONE"]).error().1, "NoSuchHostedZone");
    let one = client.get(&format!("tags/hostedzone/{}", zones[168].id()));
    assert_eq!(one.texts("Key"), ["level", "owner"]);
    assert_eq!(
        (sim.count(Operation::ListHostedZones), sim.count(Operation::ListTagsForResources)),
        (4, 4)
    );
}

#[test]
fn large_zones_are_there_at_once() {
    let sim = Route53Sim::start();
    let zone = sim.zone("big.test");
    zone.fill(30_000);
    assert_eq!(zone.len(), 30_002);
    let client = Client::of(&sim);
    let page = client.get(&format!("hostedzone/{}/rrset?name=h0029999.big.test", zone.id()));
    assert_eq!(
        (page.texts("Value"), page.text("IsTruncated").as_deref()),
        (vec!["10.0.117.47".into()], Some("false"))
    );
    sim.latency(Duration::from_millis(1));
    assert!(client.get("hostedzone").head.contains("transfer-encoding: chunked"));
}
