//! Changes: what is refused, in which words, and what is applied.

use super::*;

#[test]
fn a_batch_is_refused_in_the_words_of_the_service() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    neighbourhood(&zone);
    let own = zone.id();
    let cname = |name: &str| RecordSet::new(name, "CNAME").value("x.example.net");
    let txt = |value: &str| RecordSet::new("txt.example.org", "TXT").value(value);
    let primary = Routing::Failover("PRIMARY".into());
    let europe =
        Routing::GeoLocation { continent: Some("EU".into()), country: None, subdivision: None };
    let blue = || a("weighted").weighted("blue", 10).health_check("check");
    let long = "a".repeat(256);
    let distribution =
        RecordSet::alias("cdn.example.org", "A", "Z2FDTNDATAQYW2", "d1.cloudfront.net")
            .evaluate_target_health();
    let many = (0..401).fold(RecordSet::new("many.example.org", "A"), |set, n| {
        set.value(&format!("10.0.{}.{}", n / 256, n % 256))
    });
    let missing = "Tried to delete resource record set [name='gone.example.org.', type='A'] but it was not found";
    let differs = |what: &str| {
        format!(
            "Tried to delete resource record set [name='{what}] but the values provided do not match the current values"
        )
    };
    let www = differs("www.example.org.', type='A'");
    let weighted = differs("weighted.example.org.', type='A', set-identifier='blue'");
    let table: Vec<(Vec<Change>, Vec<String>)> = vec![
        (vec![create(a("www"))], vec!["Tried to create resource record set [name='www.example.org.', type='A'] but it already exists".into()]),
        (vec![create(blue())], vec!["Tried to create resource record set [name='weighted.example.org.', type='A', set-identifier='blue'] but it already exists".into()]),
        (vec![delete(a("gone"))], vec![missing.into()]),
        (vec![delete(a("www"))], vec![www.clone()]),
        (vec![delete(a("www").value("192.0.2.2").ttl(60))], vec![www]),
        (vec![delete(a("weighted").weighted("blue", 11).health_check("check"))], vec![weighted.clone()]),
        (vec![delete(a("weighted").weighted("blue", 10))], vec![weighted]),
        (vec![delete(a("weighted"))], vec!["Tried to delete resource record set [name='weighted.example.org.', type='A'] but it was not found".into()]),
        (
            vec![delete(RecordSet::alias("alias.example.org", "A", own, "lb.eu-central-1.elb.amazonaws.com"))],
            vec![differs("alias.example.org.', type='A'")],
        ),
        (vec![create(RecordSet::a("xexample.org", "192.0.2.1"))], vec!["RRSet with DNS name xexample.org. is not permitted in zone example.org.".into()]),
        (vec![create(cname("example.org"))], vec![
            "RRSet of type CNAME with DNS name example.org. is not permitted at apex in zone example.org.".into(),
            "RRSet of type CNAME with DNS name example.org. is not permitted as it conflicts with other records with the same DNS name in zone example.org.".into(),
        ]),
        (vec![upsert(cname("www.example.org"))], vec!["RRSet of type CNAME with DNS name www.example.org. is not permitted as it conflicts with other records with the same DNS name in zone example.org.".into()]),
        (vec![create(a("cname"))], vec!["RRSet of type A with DNS name cname.example.org. is not permitted because a conflicting RRSet of type  CNAME with the same DNS name already exists in zone example.org.".into()]),
        (vec![create(a("www").weighted("blue", 1))], vec!["RRSet with DNS name www.example.org., type A, SetIdentifier blue cannot be created as a non-weighted set exists with the same name and type.".into()]),
        (vec![upsert(a("weighted"))], vec!["RRSet with DNS name weighted.example.org., type A cannot be created as other RRSets exist with the same name and type.".into()]),
        (vec![create(a("weighted").routed("eu", latency("eu-west-1")))], vec!["RRSet with DNS name weighted.example.org., type A, SetIdentifier eu cannot be created as a non-latency set exists with the same name and type.".into()]),
        (vec![create(a("latency").routed("eu2", latency("eu-west-1")))], vec!["RRSet with DNS name latency.example.org., type A, SetIdentifier eu2, and Region Name=eu-west-1 cannot be created because a latency RRSet with the same name, type and region already exists.".into()]),
        (vec![create(a("fail").routed("other", primary.clone()))], vec!["A non-alias primary ResourceRecordSet must have an associated health check.".into()]),
        (vec![create(a("failover").routed("other", primary).health_check("check"))], vec!["RRSet with DNS name failover.example.org., type A, SetIdentifier other, and Failover=PRIMARY cannot be created because a failover RRSet with the same name, type and failover already exists.".into()]),
        (vec![create(a("geo").routed("again", europe))], vec!["RRSet with DNS name geo.example.org., type A, SetIdentifier again, and GeoLocation ContinentCode=EU, CountryCode=null, SubdivisionCode=null cannot be created because a geolocation RRSet with the same name, type and geolocation already exists.".into()]),
        (vec![create(RecordSet::a("bad.example.org", "lb.example.net"))], vec!["Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'lb.example.net''".into()]),
        (vec![create(txt(&format!("\"{long}\"")))], vec![format!("Invalid Resource Record: 'FATAL problem: CharacterStringTooLong (Value is too long) encountered with '\"{long}\"''")]),
        (vec![create(txt("bare"))], vec!["Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with 'bare''".into()]),
        (vec![create(a("twice").value("192.0.2.1"))], vec!["Duplicate Resource Record: '192.0.2.1'".into()]),
        (vec![create(many)], vec!["Cannot have more than 400 records in a RRSet.".into()]),
        (vec![create(cname("two.example.org").value("y.example.net"))], vec!["RRSet of type CNAME with DNS name two.example.org. may hold one resource record only".into()]),
        (vec![create(RecordSet::alias("to.example.org", "A", own, "gone.example.org"))], vec![format!("Tried to create an alias that targets gone.example.org., type A in zone {own}, but that target was not found")]),
        (vec![create(RecordSet::alias("to.example.org", "AAAA", own, "www.example.org"))], vec![format!("Tried to create an alias that targets www.example.org., type AAAA in zone {own}, but that target was not found")]),
        (vec![create(RecordSet::alias("to.example.org", "A", own, "lb.elb.amazonaws.com"))], vec![
            format!("Tried to create an alias that targets lb.elb.amazonaws.com., type A in zone {own}, but the alias target name does not lie within the target zone"),
            format!("Tried to create an alias that targets lb.elb.amazonaws.com., type A in zone {own}, but that target was not found"),
        ]),
        (vec![create(distribution)], vec!["EvaluateTargetHealth must be false for an alias to a CloudFront distribution".into()]),
        (vec![create(a("new")), create(a("new").ttl(60))], vec!["The request contains an invalid set of changes for a resource record set 'A new.example.org.'".into()]),
        (vec![upsert(a("www")), delete(a("www"))], vec!["The request contains an invalid set of changes for a resource record set 'A www.example.org.'".into()]),
        (zone.find("example.org", "NS").into_iter().map(delete).collect(), vec!["A HostedZone must contain at least one NS record for the zone itself.".into()]),
        (zone.find("example.org", "SOA").into_iter().map(delete).collect(), vec!["A HostedZone must contain exactly one SOA record.".into()]),
        // All that is wrong is said, and the order of a batch counts.
        (vec![create(cname("www2.example.org")), create(a("www2")), delete(a("gone"))], vec![
            "RRSet of type A with DNS name www2.example.org. is not permitted because a conflicting RRSet of type  CNAME with the same DNS name already exists in zone example.org.".into(),
            missing.into(),
        ]),
    ];
    let before = zone.records();
    let client = Client::of(&sim);
    for (changes, messages) in table {
        sim.batch_errors(BatchErrorForm::Messages);
        let answer = client.change(&zone, &changes);
        assert_eq!(
            (answer.status, answer.texts("Message")),
            (400, messages.clone()),
            "{changes:?}"
        );
        assert!(answer.body.contains(
            "<InvalidChangeBatch xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Messages>"
        ));
        sim.batch_errors(BatchErrorForm::ErrorResponse);
        let answer = client.change(&zone, &changes);
        let text = format!("[{}]", messages.join(", "));
        assert_eq!(answer.error(), (400, "InvalidChangeBatch".to_owned(), text));
        assert!(answer.body.contains("<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error><Type>Sender</Type>"));
        assert_eq!(zone.records(), before, "nothing is applied by {changes:?}");
    }
    assert_eq!(sim.refused("InvalidChangeBatch"), sim.writes());
}

#[test]
fn a_good_batch_is_applied_in_its_order() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    neighbourhood(&zone);
    let client = Client::of(&sim);
    let text = RecordSet::new("text.example.org", "TXT").value("\"a <b> & 'c'  d \" \"e\"");
    let location = Routing::GeoProximity {
        region: None,
        local_zone_group: None,
        coordinates: Some(("45.0".into(), "90.0".into())),
        bias: Some(-5),
    };
    let answer = client.change(
        &zone,
        &[
            delete(RecordSet::new("cname.example.org", "CNAME").value("target.example.net")),
            create(RecordSet::a("CNAME.example.org", "192.0.2.9")),
            // Values in another order are the same record set.
            delete(RecordSet::a("www.example.org", "192.0.2.2").value("192.0.2.1")),
            create(a("www").ttl(60)),
            create(RecordSet::a("*.example.org", "192.0.2.7")),
            create(RecordSet::alias("apex.example.org", "A", zone.id(), "*.example.org")),
            create(
                RecordSet::alias("apex.example.org", "AAAA", ALIEN, "lb.example.net")
                    .evaluate_target_health(),
            ),
            upsert(a("weighted").weighted("blue", 20)),
            create(a("weighted").weighted("green", 0).ttl(5)),
            create(a("near").routed("here", location)),
            create(text.clone()),
        ],
    );
    assert_eq!(
        (answer.status, answer.text("Status")),
        (200, Some("PENDING".into())),
        "{}",
        answer.body
    );
    let values = |name: &str, record_type: &str| zone.find(name, record_type);
    assert_eq!(values("cname.example.org", "CNAME"), []);
    assert_eq!(values("cname.example.org", "A")[0].values, ["192.0.2.9"]);
    assert_eq!(values("www.example.org", "A"), [a("www").ttl(60)]);
    assert_eq!(values("*.example.org", "A")[0].name, r"\052.example.org.");
    assert_eq!(
        values("apex.example.org", "A")[0].alias.as_ref().unwrap().name,
        r"\052.example.org."
    );
    assert_eq!(
        values("weighted.example.org", "A"),
        [a("weighted").weighted("blue", 20), a("weighted").weighted("green", 0).ttl(5)]
    );
    // What is read is what was written, to the last blank.
    let page =
        client.get(&format!("hostedzone/{}/rrset?name=text.example.org&maxitems=1", zone.id()));
    assert_eq!(page.texts("Value"), text.values);
    let page =
        client.get(&format!("hostedzone/{}/rrset?name=near.example.org&maxitems=1", zone.id()));
    assert_eq!(
        (page.text("Latitude"), page.text("Bias")),
        (Some("45.0".into()), Some("-5".into()))
    );
    let page = client
        .get(&format!("hostedzone/{}/rrset?name=apex.example.org&type=AAAA&maxitems=1", zone.id()));
    assert_eq!(
        (
            page.text("HostedZoneId"),
            page.text("DNSName"),
            page.text("EvaluateTargetHealth"),
            page.text("TTL")
        ),
        (Some(ALIEN.into()), Some("lb.example.net.".into()), Some("true".into()), None)
    );
}

#[test]
fn a_batch_has_limits_that_count_an_upsert_twice() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let client = Client::of(&sim);
    let records = "Number of records limit of 1000 exceeded.";
    let characters = "RDATA character limit of 32000 exceeded.";
    let names = |count: usize| (0..count).map(|n| a(&format!("n{n}")));
    let alias =
        |n: usize| RecordSet::alias(&format!("n{n}.example.org"), "A", ALIEN, "lb.example.net");
    let text = |count: usize, length: usize| {
        (0..count)
            .map(move |n| RecordSet::txt(&format!("t{n}.example.org"), &"x".repeat(length - 2)))
    };
    let table: Vec<(Vec<Change>, Option<&str>)> = vec![
        (names(1001).map(create).collect(), Some(records)),
        (names(501).map(upsert).collect(), Some(records)),
        ((0..1001).map(|n| create(alias(n))).collect(), Some(records)),
        ((0..501).map(|n| upsert(alias(n))).collect(), Some(records)),
        (text(161, 200).map(create).collect(), Some(characters)),
        (text(81, 200).map(upsert).collect(), Some(characters)),
        (text(80, 200).map(upsert).collect(), None),
        (text(80, 200).map(delete).collect(), None),
        (text(160, 200).map(create).collect(), None),
        (names(500).map(upsert).collect(), None),
        (names(500).map(delete).collect(), None),
        (names(1000).map(create).collect(), None),
        (names(1000).map(delete).collect(), None),
    ];
    for (changes, refused) in table {
        let answer = client.change(&zone, &changes);
        assert_eq!(answer.texts("Message"), Vec::from_iter(refused), "{} changes", changes.len());
    }
    zone.quota(zone.len() + 1);
    let quota = format!("Exceeded limit MAX_RRSETS_BY_ZONE for zone: {}", zone.id());
    assert_eq!(client.change(&zone, &[create(a("x")), create(a("y"))]).texts("Message"), [quota]);
    assert_eq!(client.change(&zone, &[create(a("x"))]).status, 200);
}

#[test]
fn a_change_that_is_not_whole_is_invalid_input() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let client = Client::of(&sim);
    let in_change = "in Change with [Action=CREATE, Name=x.example.org, Type=A, SetIdentifier=";
    let policies = "Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, GeoProximityLocation, or CidrRoutingConfig], but found";
    let contents = "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found";
    let records = "<ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>";
    let own = format!("<TTL>60</TTL>{records}");
    let alias = "<AliasTarget><HostedZoneId>Z1</HostedZoneId><DNSName>x.y</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>";
    let table: [(String, String); 11] = [
        (
            format!("<SetIdentifier>b</SetIdentifier>{own}"),
            format!("{policies} none {in_change}b]"),
        ),
        (
            format!(
                "<SetIdentifier>b</SetIdentifier><Weight>1</Weight><Region>eu-west-1</Region>{own}"
            ),
            format!("{policies} more than one {in_change}b]"),
        ),
        (
            format!("<Weight>1</Weight>{own}"),
            format!("Missing field 'SetIdentifier' {in_change}null]"),
        ),
        (records.to_owned(), format!("{contents} none {in_change}null]")),
        ("<TTL>60</TTL>".to_owned(), format!("{contents} none {in_change}null]")),
        (format!("{own}{alias}"), format!("{contents} more than one {in_change}null]")),
        (
            format!("<SetIdentifier>b</SetIdentifier><Weight>256</Weight>{own}"),
            "at 'changeBatch.changes.resourceRecordSet.weight'".into(),
        ),
        (
            format!("<TTL>2147483648</TTL>{records}"),
            "at 'changeBatch.changes.resourceRecordSet.TTL'".into(),
        ),
        (
            format!("<SetIdentifier>b</SetIdentifier><Failover>THIRD</Failover>{own}"),
            "Value 'THIRD' is not facet-valid with respect to enumeration '[PRIMARY, SECONDARY]'"
                .into(),
        ),
        (
            "<AliasTarget><HostedZoneId>Z1</HostedZoneId><DNSName>x.y</DNSName></AliasTarget>"
                .into(),
            "Invalid XML ; missing field `EvaluateTargetHealth`".into(),
        ),
        (format!("{own}<Nonsense/>"), "Invalid XML ; unknown field `Nonsense`".into()),
    ];
    let whole = |action: &str, record_type: &str, rest: &str| {
        let set = format!(
            "<ResourceRecordSet><Name>x.example.org</Name><Type>{record_type}</Type>{rest}</ResourceRecordSet>"
        );
        batch(&[]).replace("<Changes/>", "<Changes></Changes>").replace(
            "<Changes>",
            &format!("<Changes><Change><Action>{action}</Action>{set}</Change>"),
        )
    };
    let send = |body: &str| {
        let target = format!("/2013-04-01/hostedzone/{}/rrset", zone.id());
        client.send("POST", &target, &client.authorization("route53"), body).unwrap()
    };
    let refused = |body: &str, expected: &str| {
        let (status, code, message) = send(body).error();
        assert_eq!((status, code.as_str()), (400, "InvalidInput"), "{body}");
        assert!(message.contains(expected), "{message} instead of {expected}");
    };
    for (rest, expected) in table {
        refused(&whole("CREATE", "A", &rest), &expected);
    }
    refused(
        &whole("REPLACE", "A", &own),
        "Value 'REPLACE' is not facet-valid with respect to enumeration '[CREATE, DELETE, UPSERT]'",
    );
    refused(&whole("CREATE", "DNAME", &own), "Value 'DNAME' is not facet-valid");
    refused(&batch(&[]), "The content of element 'Changes' is not complete");
    refused("<Change", "Invalid XML ; ");
    assert_eq!(send(&whole("CREATE", "A", &own)).status, 200);
}
