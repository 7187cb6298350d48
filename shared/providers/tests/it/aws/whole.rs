//! Answers that are not whole: no list is taken for complete that does not say so.

use extdns_model::{Action, Outcome, RecordType, ZoneKey};
use extdns_providers::{ErrorKind, Reader as _};
use extdns_testkit::route53::{Fault, Operation, RecordSet, Route53Sim, Spoil};

use crate::aws::support::{all_applied, apply, found, group, pair, plain, provider, record, set};

const LIST: Operation = Operation::ListHostedZones;
const READ: Operation = Operation::ListResourceRecordSets;
const TAGS: Operation = Operation::ListTagsForResources;
const WRITE: Operation = Operation::ChangeResourceRecordSets;

/// One for each way in which a list can be less than whole.
fn spoils(list: &'static str, item: &'static str) -> Vec<Spoil> {
    let other = "<?xml version=\"1.0\"?><GetChangeResponse><ChangeInfo/></GetChangeResponse>";
    vec![
        Spoil::CutAt(0),
        Spoil::CutAt(90),
        Spoil::CutAt(400),
        Spoil::CutAt(600),
        Spoil::Without(list),
        Spoil::Without("IsTruncated"),
        Spoil::Text("IsTruncated", "perhaps".to_owned()),
        // The next page is not named.
        Spoil::Text("IsTruncated", "true".to_owned()),
        Spoil::Without(item),
        Spoil::Text(item, String::new()),
        Spoil::Status(206),
        Spoil::Status(202),
        Spoil::Body(other.to_owned()),
        Spoil::Body("<html><body>Welcome</body></html>".to_owned()),
        Spoil::Body("{}".to_owned()),
    ]
}

#[tokio::test]
async fn a_zone_whose_list_of_records_is_not_whole_is_unreadable() {
    for spoil in spoils("ResourceRecordSets", "Name") {
        let sim = Route53Sim::start();
        let parent = sim.zone("e.test");
        let child = sim.zone("child.e.test");
        parent.seed([RecordSet::a("a.e.test", "192.0.2.1")]);
        child.seed((0..9).map(|n| RecordSet::a(&format!("n{n}.child.e.test"), "192.0.2.1")));
        sim.fault(Fault::spoiled(spoil.clone()).on(READ).in_zone(child.id()).always());
        let inventory = provider(&sim, &[]).read().await.expect("zones");
        let unreadable: Vec<_> = inventory.unreadable().collect();
        let [(key, why)] = unreadable[..] else { panic!("{spoil:?}: {unreadable:?}") };
        assert_eq!(why.zone, "child.e.test");
        assert!(why.reason.contains(child.id()), "{why}");
        // Its names do not fall to the parent.
        assert_eq!(inventory.index.route("n1.child.e.test", None).as_slice(), [key]);
        found(&inventory, "a.e.test", RecordType::A);
    }
}

#[tokio::test]
async fn a_list_of_zones_that_is_not_whole_ends_the_reading() {
    for spoil in spoils("HostedZones", "Id") {
        let sim = Route53Sim::start();
        sim.zone("e.test");
        sim.zone("child.e.test");
        sim.fault(Fault::spoiled(spoil.clone()).on(LIST).always());
        let error = provider(&sim, &[]).read().await.expect_err("no list");
        assert!(
            matches!(error.kind, ErrorKind::Lost | ErrorKind::Transient),
            "{spoil:?}: {error:?}"
        );
        assert!(
            error.message.starts_with("failed to list hosted zones (profile default)"),
            "{error}"
        );
        assert_eq!(sim.count(READ), 0);
    }
}

/// What broke once may be whole when it is asked for again.
#[tokio::test]
async fn an_answer_that_is_cut_once_is_asked_for_again() {
    let sim = Route53Sim::start();
    sim.zone("e.test").seed([RecordSet::a("a.e.test", "192.0.2.1")]);
    sim.fault(Fault::spoiled(Spoil::CutAt(300)).on(LIST));
    sim.fault(Fault::spoiled(Spoil::CutAt(300)).on(READ));
    let inventory = provider(&sim, &[]).read().await.expect("readable");
    assert_eq!((sim.faults_met(), inventory.unreadable().count()), (2, 0));
    found(&inventory, "a.e.test", RecordType::A);
}

#[tokio::test]
async fn lists_that_lead_back_or_never_end_are_errors() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    zone.fill(700);
    // From the second page back to the first, and again.
    let back = Spoil::Text("NextRecordName", "e.test.".to_owned());
    sim.fault(Fault::spoiled(back).on(READ).at(2));
    let inventory = provider(&sim, &[]).read().await.expect("zones");
    let (_, why) = inventory.unreadable().next().expect("unreadable");
    assert!(why.reason.contains("does not end"), "{why}");
    sim.heal();
    sim.fault(Fault::spoiled(Spoil::Text("ResourceRecordSets", String::new())).on(READ).always());
    let inventory = provider(&sim, &[]).read().await.expect("zones");
    let (_, why) = inventory.unreadable().next().expect("unreadable");
    assert!(why.reason.contains("a page names the next, but is empty"), "{why}");

    let sim = Route53Sim::start();
    let zones: Vec<_> = (0..201).map(|n| sim.zone(&format!("z{n:03}.test"))).collect();
    let back = Spoil::Text("NextMarker", zones[0].id().to_owned());
    sim.fault(Fault::spoiled(back).on(LIST).at(2));
    let error = provider(&sim, &[]).read().await.expect_err("no list");
    assert!(error.message.contains("does not end"), "{error}");
    sim.heal();
    sim.fault(Fault::spoiled(Spoil::Text("HostedZones", String::new())).on(LIST).always());
    let error = provider(&sim, &[]).read().await.expect_err("no list");
    assert!(error.message.contains("a page is empty"), "{error}");
}

/// A zone of which no tags are known is not one without tags: its names would fall to the parent.
#[tokio::test]
async fn a_list_of_tags_that_leaves_out_a_zone_ends_the_reading() {
    for spoil in [
        Spoil::CutAt(300),
        Spoil::Without("ResourceTagSets"),
        Spoil::Text("ResourceId", "ZOTHER".to_owned()),
        Spoil::Text("ResourceTagSets", String::new()),
    ] {
        let sim = Route53Sim::start();
        sim.zone("e.test").tag("team", "dns");
        sim.zone("child.e.test").tag("team", "dns");
        sim.fault(Fault::spoiled(spoil.clone()).on(TAGS).always());
        let tagged = provider(&sim, &["--aws-zone-tags=team=dns"]);
        let error = tagged.read().await.expect_err("no tags");
        assert!(error.message.starts_with("failed to list tags for zones"), "{spoil:?}: {error}");
    }
}

/// A read of the zone shows what became of a batch whose answer is not complete.
#[tokio::test]
async fn a_write_whose_answer_is_not_whole_is_looked_up() {
    for spoil in
        [Spoil::CutAt(0), Spoil::CutAt(120), Spoil::Status(202), Spoil::Without("ChangeInfo")]
    {
        let sim = Route53Sim::start();
        let zone = sim.zone("e.test");
        let provider = provider(&sim, &[]);
        let inventory = provider.read().await.expect("readable");
        sim.fault(Fault::spoiled(spoil).on(WRITE));
        let desired = set("a.e.test", RecordType::A, 60, &["192.0.2.1"]);
        let outcomes = apply(&provider, &inventory, vec![pair(ZoneKey(0), desired, "\"x\"")]).await;
        all_applied(&outcomes);
        assert_eq!((sim.faults_met(), sim.writes(), zone.own_records().len()), (1, 1, 2));
    }
}

/// Nothing that a server repeats of a request reaches an error.
#[tokio::test]
async fn credentials_that_an_error_repeats_are_not_shown() {
    let secret = "session-token-that-is-echoed";
    extdns_auth::secrets::register(secret);
    let sim = Route53Sim::start();
    sim.zone("e.test");
    let provider = provider(&sim, &[]);
    let inventory = provider.read().await.expect("readable");
    let text = format!("no such header: x-amz-security-token: {secret}");
    sim.fault(Fault::error(400, "InvalidInput", &text).on(WRITE).always());
    let desired = plain(set("a.e.test", RecordType::A, 60, &["192.0.2.1"]));
    let groups = vec![group(ZoneKey(0), vec![record(Action::Create(desired))])];
    let outcomes = apply(&provider, &inventory, groups).await;
    let [Outcome::Rejected(failure)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(failure.message.contains("no such header"), "{failure}");
    assert!(!failure.message.contains(secret), "{failure}");
}
