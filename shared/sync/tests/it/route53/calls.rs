//! Calls, as exact numbers: reads are the least possible, one list of zones (100 a page) and of each
//! zone the pages of 300 record sets; writes are what packing whole groups in order needs.

use extdns_testkit::kube::ADMIN;
use extdns_testkit::kube_sim::{KubeSim, workload};
use extdns_testkit::route53::{Operation, Route53Sim, Zone};

use crate::route53::support::{
    PAGE, all_good, assert_all_owned, calls_to_write, contents, plain, run, run_over, service,
};

/// What reading these zones takes: one page of zones, and all pages of each.
fn least_reads(zones: &[Zone]) -> usize {
    let pages: usize = zones.iter().map(|zone| zone.len().div_ceil(PAGE)).sum();
    zones.len().div_ceil(100) + pages
}

/// A thousand Services in a cluster, one zone. Of the cluster two pages of Services are read, and
/// nothing that no Service needs.
#[tokio::test]
async fn calls_of_a_thousand_services_that_are_planned_made_and_there() {
    let objects = workload(1_000).take(1_000);
    let kube = objects.fold(KubeSim::builder(), |kube, object| kube.object(object.json())).start();
    let config = kube.write_kubeconfig(&kube.kubeconfig(ADMIN));
    let sim = Route53Sim::start();
    let zones = [sim.zone("example.org")];
    let run = async |flags: &[&str]| {
        sim.forget_calls();
        run_over(&sim, "--kubeconfig", &config, flags).await.expect("run")
    };

    let planned = run(&["--dry-run"]).await;
    assert_eq!(all_good(&planned).create, 1_000);
    assert_eq!((sim.reads(), sim.writes()), (1 + 1, 0), "a dry run reads and never writes");
    assert_eq!(zones[0].own_records().len(), 0);
    let lists = kube.all_calls().into_iter();
    let lists = lists.filter(|((verb, _), _)| verb == "list" || verb == "watch");
    let lists: Vec<_> = lists.map(|((_, resource), calls)| (resource, calls)).collect();
    assert_eq!(lists, [("services".to_owned(), 1)], "one stream");

    // An address and its ownership record: 8 to 10 and 100 characters, so the 32,000 bind first.
    let groups = workload(1_000).take(1_000);
    let groups = groups.map(|it| (2, it.address().len() + it.ownership().len()));
    let least = calls_to_write(groups);
    assert_eq!(least, 4, "at most 296 groups of 108 characters, at least 290 of 110");
    let first = run(&[]).await;
    assert_eq!(all_good(&first).create, 1_000);
    assert_eq!((sim.reads(), sim.writes()), (1 + 1, least));
    let made = contents(&zones);
    assert_eq!((plain(&made).len(), made.len()), (1_000, 2_000));
    assert_all_owned(&made, "after the first run");

    let second = run(&[]).await;
    assert_eq!(second.changes().count(), 0);
    assert_eq!((sim.reads(), sim.writes()), (1 + 2_002_usize.div_ceil(PAGE), 0));
    assert_eq!(sim.reads(), least_reads(&zones));
    assert_eq!(contents(&zones), made);
}

/// Groups of different sizes are packed in the order of names, not sorted by size.
#[tokio::test]
async fn calls_of_groups_of_different_sizes_are_those_of_packing_in_order() {
    let sim = Route53Sim::start();
    sim.zone("example.org");
    let services: Vec<_> = (0..600)
        .map(|n| {
            let long =
                if n % 3 == 0 { "-with-a-label-that-is-long".repeat(2) } else { String::new() };
            service(&format!("h{n:03}{long}.example.org"), "192.0.2.1")
        })
        .collect();
    let report = run(&sim, &services, &[]).await.expect("run");
    assert_eq!(all_good(&report).create, 600);
    let least = calls_to_write(services.iter().map(|service| service.cost()));
    assert_eq!(sim.writes(), least);
    assert!(least > 2, "{least}");
}

/// An update carries the ownership record on which it relies, which is compared and stays.
#[tokio::test]
async fn calls_of_a_thousand_updates_carry_what_they_compare() {
    let sim = Route53Sim::start();
    let zones = [sim.zone("example.org")];
    let host = |n: usize| format!("h{n:04}.example.org");
    let before = (0..1_000).map(|n| service(&host(n), "192.0.2.1"));
    zones[0].seed(before.flat_map(|service| service.records()));
    let after: Vec<_> = (0..1_000).map(|n| service(&host(n), "192.0.2.2")).collect();
    let reads = least_reads(&zones);
    let report = run(&sim, &after, &[]).await.expect("run");
    assert_eq!(all_good(&report).update, 1_000);
    // What is deleted and created counts twice: 4 values, two addresses and twice the ownership.
    let groups = after.iter().map(|service| {
        let (values, characters) = service.cost();
        (2 * values, 2 * characters)
    });
    assert_eq!((sim.reads(), sim.writes()), (reads, calls_to_write(groups)));
    assert!(sim.writes() <= 8, "{}", sim.writes());
}

/// Several zones: each has pages and batches of its own, all have one list.
#[tokio::test]
async fn calls_of_several_zones_add_up() {
    let sim = Route53Sim::start();
    let zones: Vec<_> = (0..12).map(|n| sim.zone(&format!("z{n:02}.example"))).collect();
    for (zone, count) in zones.iter().zip([0, 297, 298, 299, 598, 599].into_iter().cycle()) {
        zone.fill(count);
    }
    let reads = least_reads(&zones);
    assert_eq!(reads, 1 + 2 * (1 + 1 + 1 + 2 + 2 + 3), "NS and SOA are two more of each");
    let services: Vec<_> = (0..12)
        .flat_map(|zone| (0..10).map(move |n| format!("n{n}.z{zone:02}.example")))
        .map(|host| service(&host, "192.0.2.1"))
        .collect();
    let report = run(&sim, &services, &["--dry-run"]).await.expect("run");
    assert_eq!(all_good(&report).create, 120);
    assert_eq!((sim.reads(), sim.writes()), (reads, 0));
    sim.forget_calls();
    let report = run(&sim, &services, &[]).await.expect("run");
    assert_eq!(all_good(&report).create, 120);
    assert_eq!((sim.reads(), sim.writes()), (reads, 12), "one batch for each zone");
}

/// More zones than a page, filtered by tags: two pages of zones, ten zones in a call for tags, and
/// pages of the zone that is left.
#[tokio::test]
async fn calls_with_zone_tags_are_one_more_for_each_ten_zones() {
    let sim = Route53Sim::start();
    let zones: Vec<_> = (0..135).map(|n| sim.zone(&format!("z{n:03}.example"))).collect();
    zones[7].tag("team", "dns").fill(700);
    let services = [service("www.z007.example", "192.0.2.1")];
    let flags = ["--aws-zone-tags=team=dns"];
    let report = run(&sim, &services, &flags).await.expect("run");
    assert_eq!(all_good(&report).create, 1);
    assert_eq!(sim.count(Operation::ListHostedZones), 2);
    assert_eq!(sim.count(Operation::ListTagsForResources), 135_usize.div_ceil(10));
    assert_eq!(sim.count(Operation::ListResourceRecordSets), 702_usize.div_ceil(PAGE));
    assert_eq!((sim.reads(), sim.writes()), (2 + 14 + 3, 1));
}

/// A large zone is begun at four names at once, which may cost three pages more.
#[tokio::test]
async fn calls_of_a_large_zone_are_at_most_three_more_than_its_pages() {
    let sim = Route53Sim::start();
    let zones = [sim.zone("example.org")];
    let services: Vec<_> =
        (0..4_000).map(|n| service(&format!("svc-{n:04}.example.org"), "192.0.2.1")).collect();
    zones[0].seed(services.iter().flat_map(|service| service.records()));
    let least = least_reads(&zones);
    assert_eq!(least, 1 + 27);
    let report = run(&sim, &services, &[]).await.expect("run");
    assert_eq!(report.changes().count(), 0);
    assert!((least..=least + 3).contains(&sim.reads()), "{} reads", sim.reads());
    assert_eq!(sim.writes(), 0);
    let begun_at = |name: &str| {
        sim.requests().iter().any(|it| it.pairs().contains(&("name".into(), name.into())))
    };
    assert!(["a-n", "b", "n"].into_iter().all(|label| begun_at(&format!("{label}.example.org"))));
}
