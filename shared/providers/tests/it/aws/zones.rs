//! Which zones are managed, and which a name belongs to.

use clap::Parser as _;
use extdns_model::{DomainFilter, RecordType, ZoneIndex};
use extdns_providers::aws;
use extdns_providers::{Context, ErrorKind, Reader as _};
use extdns_testkit::log::Log;
use extdns_testkit::route53::{ACCOUNT, Fault, Operation, Route53Sim, Zone};

use crate::aws::support::{
    Cli, adjusted, all_applied, apply, args, create, creates, filtered, login, provider, set, with,
};

struct Four {
    sim: Route53Sim,
    ids: Vec<String>,
    first: Zone,
}

fn four() -> Four {
    let sim = Route53Sim::start();
    let zones = [
        sim.zone("zone-1.e.test"),
        sim.zone("zone-2.e.test"),
        sim.private_zone("zone-3.e.test"),
        sim.zone("zone-4.other.test"),
    ];
    for (zone, number) in zones.iter().zip(1..) {
        zone.tag("zone", &number.to_string());
    }
    let ids = zones.iter().map(|zone| zone.id().to_owned()).collect();
    let [first, ..] = zones;
    Four { sim, ids, first }
}

fn e_test() -> DomainFilter {
    DomainFilter::lists(["e.test"], [])
}

fn names(index: &ZoneIndex) -> Vec<String> {
    index.iter().map(|(_, zone)| zone.name.to_string()).collect()
}

async fn zones(
    sim: &Route53Sim,
    flags: &[&str],
    ids: &[&str],
    filter: &DomainFilter,
) -> Vec<String> {
    names(&filtered(sim, flags, ids, filter).read().await.expect("readable").index)
}

#[tokio::test]
async fn r53_case_01_filters() {
    let Four { sim, ids, .. } = four();
    let third = format!("/hostedzone/{}", ids[2]);
    let suffix = &ids[2][ids[2].len() - 4..];
    let all = ["zone-1.e.test", "zone-2.e.test", "zone-3.e.test"];
    let cases: [(&[&str], &[&str], &[&str]); 13] = [
        (&[], &[], &all),
        (&["--aws-zone-type="], &[""], &all),
        (&["--aws-zone-type=public"], &[], &all[..2]),
        (&["--aws-zone-type=private"], &[], &all[2..]),
        (&[], &[&third], &all[2..]),
        (&[], &[&third[12..]], &all[2..]),
        // The end of an id will do, and a blank one beside others matches every zone.
        (&[], &[suffix], &all[2..]),
        (&[], &["ZNONE", ""], &all),
        (&[], &[&ids[3]], &[]),
        (&["--aws-zone-type=public"], &[&third], &[]),
        (&["--aws-zone-tags=zone=3"], &[], &all[2..]),
        (&["--aws-zone-tags=zone"], &[], &all),
        (&["--aws-zone-tags=zone=nope"], &[], &[]),
    ];
    for (flags, ids, expected) in cases {
        sim.forget_calls();
        assert_eq!(zones(&sim, flags, ids, &e_test()).await, expected, "{flags:?} {ids:?}");
        assert_eq!(sim.count(Operation::ListHostedZones), 1);
        let tags = flags.iter().any(|flag| flag.starts_with("--aws-zone-tags"));
        assert_eq!(sim.count(Operation::ListTagsForResources), usize::from(tags), "{flags:?}");
        assert_eq!(sim.count(Operation::ListResourceRecordSets), expected.len());
    }
    // Of a type that does not exist there is no zone: it is refused where it is written.
    let words = ["test", "--aws-zone-type=unknown"];
    let error = Cli::try_parse_from(words).expect_err("no such type").to_string();
    for part in ["unknown", "--aws-zone-type", "public, private"] {
        assert!(error.contains(part), "{part} is missing in {error}");
    }
}

#[tokio::test]
async fn r53_case_02_tags_cannot_be_listed() {
    let Four { sim, .. } = four();
    sim.fault(Fault::error(400, "InvalidInput", "no").on(Operation::ListTagsForResources).always());
    let error = provider(&sim, &["--aws-zone-tags=zone"]).read().await.expect_err("no tags");
    assert!(error.message.contains("failed to list tags for zones"), "{error}");
}

#[tokio::test]
async fn r53_case_03_tags_in_chunks_of_ten() {
    let sim = Route53Sim::start();
    for number in 0..169 {
        let zone = sim.zone(&format!("z{number}.test"));
        zone.tag("owner", "x").tag("level", &(number % 10).to_string());
    }
    let cases: [(&[&str], usize); 3] = [
        (&["--aws-zone-tags=owner=x"], 169),
        (&["--aws-zone-tags=level=5", "--aws-zone-tags=owner=x"], 17),
        (&["--aws-zone-tags=owner=y"], 0),
    ];
    for (flags, expected) in cases {
        sim.forget_calls();
        let found = zones(&sim, flags, &[], &DomainFilter::default()).await;
        assert_eq!(found.len(), expected, "{flags:?}");
        assert_eq!(sim.count(Operation::ListTagsForResources), 17, "{flags:?}");
        assert_eq!(sim.count(Operation::ListHostedZones), 2, "100 a page");
    }
}

/// A list of zones whose place is forgotten is begun anew, once; a short one is never used.
#[tokio::test]
async fn a_list_of_zones_whose_marker_is_forgotten_is_read_again() {
    let sim = Route53Sim::start();
    (0..150).for_each(|number| drop(sim.zone(&format!("z{number}.test"))));
    sim.fault(Fault::page_token_expired().on(Operation::ListHostedZones));
    assert_eq!(zones(&sim, &[], &[], &DomainFilter::default()).await.len(), 150);
    assert_eq!(sim.count(Operation::ListHostedZones), 4);
    sim.fault(Fault::page_token_expired().on(Operation::ListHostedZones).times(2));
    let error = provider(&sim, &[]).read().await.expect_err("no list");
    assert_eq!(error.kind, ErrorKind::Transient);
    assert!(error.message.contains("failed to list hosted zones"), "{error}");
    assert!(error.message.contains("the list broke off twice"), "{error}");
}

#[tokio::test]
async fn r53_case_04_ids_of_which_one_is_missing() {
    let Four { sim, ids, .. } = four();
    let wanted = [&*ids[0], &*ids[1], "ZMISSING", &*ids[3]];
    assert_eq!(zones(&sim, &[], &wanted, &e_test()).await, ["zone-1.e.test", "zone-2.e.test"]);
}

/// What is written needs no second list in any case. A process that runs again lists its zones anew,
/// unless it may take what it has.
#[tokio::test]
async fn r53_case_05_zones_are_listed_once() {
    let Four { sim, first, .. } = four();
    let log = Log::at(tracing::Level::DEBUG);
    let cached = || log.with("DEBUG", "Using cached AWS zones, zone count: 4.").len();
    for (flags, lists, from_cache) in [
        (&[][..], [1, 1], 0),
        (&["--aws-zones-cache-duration=0s"][..], [1, 1], 0),
        (&["--aws-zones-cache-duration=1h"][..], [1, 0], 1),
        (&["--aws-zones-cache-duration=1ns"][..], [1, 1], 0),
    ] {
        let provider = provider(&sim, flags);
        let before = cached();
        for (run, lists) in lists.into_iter().enumerate() {
            sim.forget_calls();
            let desired = set("a.zone-1.e.test", RecordType::A, 60, &["192.0.2.1"]);
            let inventory = provider.read().await.expect("readable");
            assert_eq!(names(&inventory.index).len(), 4);
            let desired = adjusted(&provider, vec![desired]).await;
            all_applied(&apply(&provider, &inventory, creates(&inventory, &desired)).await);
            assert_eq!(sim.count(Operation::ListHostedZones), lists, "{flags:?}, run {run}");
            assert_eq!(sim.count(Operation::ListResourceRecordSets), 4, "records are read anew");
            assert_eq!(sim.writes(), 1);
            first.remove("a.zone-1.e.test");
        }
        assert_eq!(cached() - before, from_cache, "{flags:?}");
    }
    assert_eq!(log.with("DEBUG", "Retrieving AWS zones.").len(), 7);
    assert_eq!(log.with("DEBUG", "Considering zone: /hostedzone/").len(), 7 * 4);
}

#[tokio::test]
async fn r53_case_06_domain_filter() {
    let Four { sim, .. } = four();
    let filter = filtered(&sim, &[], &[], &e_test()).read().await.expect("readable").filter;
    let lists = filter.as_lists().expect("lists");
    let expected: Vec<String> =
        (1..=3).flat_map(|n| [format!("zone-{n}.e.test"), format!(".zone-{n}.e.test")]).collect();
    assert_eq!(lists.include(), expected);
    let none = filtered(&sim, &[], &["ZNONE"], &e_test()).read().await.expect("readable").filter;
    assert!(none.is_open());
}

fn split_horizon() -> (Route53Sim, Vec<String>) {
    let sim = Route53Sim::start();
    let ids = [
        sim.zone("foo.test"),
        sim.zone("bar.test"),
        sim.private_zone("bar.test"),
        sim.zone("baz.test"),
    ];
    (sim, ids.iter().map(|zone| zone.id().to_owned()).collect())
}

fn writes_by_zone(sim: &Route53Sim, id: &str) -> Vec<String> {
    let calls = sim.calls();
    let writes = calls.iter().filter(|call| call.operation.is_write());
    let mut names: Vec<String> = writes
        .filter(|call| call.zone.as_deref() == Some(id))
        .flat_map(|call| call.changes.iter().map(|change| change.record_set.name.clone()))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn r53_case_26_a_name_goes_to_its_public_and_its_private_zone() {
    let (sim, ids) = split_horizon();
    let a = |name: &str| set(name, RecordType::A, 60, &["192.0.2.1"]);
    all_applied(&create(&provider(&sim, &[]), vec![a("qux.bar.test"), a("x.foo.test")]).await);
    assert_eq!(writes_by_zone(&sim, &ids[0]), ["x.foo.test."]);
    assert_eq!(writes_by_zone(&sim, &ids[1]), ["qux.bar.test."]);
    assert_eq!(writes_by_zone(&sim, &ids[2]), ["qux.bar.test."]);
    assert_eq!(sim.writes(), 3, "nothing for baz.test");
}

#[tokio::test]
async fn r53_case_27_pins() {
    let (sim, ids) = split_horizon();
    let private = format!("/hostedzone/{}", ids[2]);
    let pinned = |label: &str, pin: &str| {
        let desired = set(&format!("{label}.bar.test"), RecordType::A, 60, &["192.0.2.1"]);
        with(desired, &[("aws/hosted-zone-id", pin)])
    };
    let provider = provider(&sim, &[]);
    let desired = vec![
        pinned("foo", &private),
        pinned("bar", &ids[1]),
        pinned("baz", ""),
        pinned("lost", "ZUNKNOWN"),
    ];
    all_applied(&create(&provider, desired).await);
    assert_eq!(writes_by_zone(&sim, &ids[1]), ["bar.bar.test.", "baz.bar.test."]);
    assert_eq!(writes_by_zone(&sim, &ids[2]), ["baz.bar.test.", "foo.bar.test."]);
    let desired = adjusted(&provider, vec![pinned("a", &private)]).await;
    assert!(desired[0].set.properties().is_empty(), "a pin is never compared");
}

#[tokio::test]
async fn r53_case_28_suitable_zones() {
    let sim = Route53Sim::start();
    sim.zone("example.org");
    sim.private_zone("example.org");
    sim.zone("bar.example.org");
    sim.private_zone("bar.example.org");
    let index = provider(&sim, &[]).read().await.expect("readable").index;
    let cases: [(&str, &[(&str, bool)]); 3] = [
        ("foobar.example.org", &[("example.org", false), ("example.org", true)]),
        (
            "foo.bar.example.org",
            &[("bar.example.org", false), ("bar.example.org", true), ("example.org", true)],
        ),
        ("example.com", &[]),
    ];
    for (name, expected) in cases {
        let found: Vec<_> = index
            .route(name, None)
            .iter()
            .map(|key| index.zone(*key))
            .map(|zone| {
                (zone.name.to_string(), zone.visibility == extdns_model::Visibility::Private)
            })
            .collect();
        let mut found: Vec<_> =
            found.iter().map(|(name, private)| (name.as_str(), *private)).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{name}");
    }
}

#[tokio::test]
async fn parents_of_a_filtered_domain() {
    let Four { sim, .. } = four();
    let below = DomainFilter::lists(["deep.zone-1.e.test"], []);
    assert!(zones(&sim, &[], &[], &below).await.is_empty());
    let parent = ["--aws-zone-match-parent"];
    assert_eq!(zones(&sim, &parent, &[], &below).await, ["zone-1.e.test"]);
    let regex =
        DomainFilter::regex(("--regex-domain-filter", "^deep"), ("--x", "")).expect("valid");
    assert!(zones(&sim, &parent, &[], &regex).await.is_empty(), "a regex has no parents");
}

#[tokio::test]
async fn two_profiles_of_two_accounts_and_a_zone_that_both_see() {
    let sim = Route53Sim::start();
    sim.zone("one.test");
    let other = sim.account("222222222222");
    other.access_key("AKIAOTHER");
    let two = other.zone("two.test");
    let logins = vec![
        login(&sim, "first", "AKIATEST", ACCOUNT),
        login(&sim, "again", "AKIATEST", ACCOUNT),
        login(&sim, "other", "AKIAOTHER", "222222222222"),
    ];
    let provider = aws::over(logins, &args(&[]), &Context::default());
    let inventory = provider.read().await.expect("readable");
    assert_eq!(names(&inventory.index), ["one.test", "two.test"]);
    let desired = vec![set("a.two.test", RecordType::A, 60, &["192.0.2.1"])];
    let desired = adjusted(&provider, desired).await;
    all_applied(&apply(&provider, &inventory, creates(&inventory, &desired)).await);
    assert_eq!(two.own_records().len(), 1);
    let calls = sim.calls();
    let write = calls.iter().find(|call| call.operation.is_write()).expect("a write");
    assert_eq!(write.account, "222222222222");
}

/// Older policies grant the call for one zone; some grant no list at all.
#[tokio::test]
async fn rights_of_older_and_narrower_policies() {
    let Four { sim, ids, .. } = four();
    let account = sim.account(ACCOUNT);
    let user = account.user("AKIATEST");
    let base = [("route53:ListHostedZones", "*"), ("route53:ListResourceRecordSets", "*")];
    sim.allow_only(&user, base.into_iter().chain([("route53:ListTagsForResource", "*")]));
    let flags = ["--aws-zone-tags=zone=2"];
    assert_eq!(zones(&sim, &flags, &[], &e_test()).await, ["zone-2.e.test"]);
    sim.allow_only(
        &user,
        [("route53:GetHostedZone", "*"), ("route53:ListResourceRecordSets", "*")],
    );
    assert_eq!(zones(&sim, &[], &[&ids[0]], &e_test()).await, ["zone-1.e.test"]);
    let error = provider(&sim, &[]).read().await.expect_err("no zones");
    assert_eq!(error.kind, ErrorKind::Unauthorised);
    assert!(error.message.contains("route53:ListHostedZones"), "{error}");
    assert!(error.message.contains("failed to list hosted zones"), "{error}");
}

/// With or without the prefix that the console shows, and with a warning if it is mistyped.
#[tokio::test]
async fn a_filter_that_matches_no_zone_is_reported() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    let read = async |ids: &[&str], filter: &DomainFilter| {
        let log = Log::at(tracing::Level::DEBUG);
        let inventory = filtered(&sim, &[], ids, filter).read().await.expect("readable");
        (inventory.index.len(), log.with("WARN", ""))
    };
    let any = DomainFilter::default();
    let path = zone.path();
    for ids in [&[zone.id()][..], &[&*path], &[" hostedzone/"], &[""]] {
        let ids: Vec<String> = ids.iter().map(|id| id.replace(" hostedzone/", zone.id())).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        assert_eq!(read(&ids, &any).await, (1, Vec::new()), "{ids:?}");
    }
    let (zones, told) = read(&[zone.id(), "Z9MISTYPED"], &any).await;
    assert_eq!((zones, told.len()), (1, 1), "{told:?}");
    assert!(told[0].contains("--zone-id-filter=Z9MISTYPED matches no hosted zone"), "{told:?}");
    let (zones, told) = read(&[], &DomainFilter::lists(["other.test".to_owned()], [])).await;
    assert_eq!((zones, told.len()), (0, 1), "{told:?}");
    assert!(told[0].contains("no hosted zone passes all filters"), "{told:?}");
}
