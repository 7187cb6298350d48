//! A run that dies after any write leaves nothing that the next runs do not repair.

use std::sync::Arc;

use extdns_model::RecordSet;
use extdns_providers::conformance::{Fault, RecordServer};
use extdns_providers::engine::stepped;
use extdns_providers::{Provider, Transport, ZoneReader as _};

use crate::support::{assert_all_owned, records, run, services};

fn provider(server: &RecordServer) -> Arc<dyn Provider> {
    let api = server.api();
    let via = Transport::new(api.capabilities());
    Arc::new(stepped(api, via))
}

/// Hosts of the objects before and after: of 40 changes 13 are deletes, 13 updates, 14 creates.
struct Desired {
    before: String,
    after: String,
}

impl Desired {
    fn new(apex: bool) -> Self {
        let names: Vec<String> = (0..40).map(|i| format!("h{i:02}.example.org")).collect();
        let mut before: Vec<(&str, &str)> =
            names[..26].iter().map(|name| (name.as_str(), "192.0.2.1")).collect();
        let mut after: Vec<(&str, &str)> =
            names[13..].iter().map(|name| (name.as_str(), "192.0.2.2")).collect();
        if apex {
            // Its ownership record, a-example.org, lies in the zone org.
            before.push(("example.org", "192.0.2.1"));
            after.push(("example.org", "192.0.2.2"));
        }
        Self { before: services(before), after: services(after) }
    }
}

async fn started(desired: &Desired) -> RecordServer {
    let server = RecordServer::new(&["example.org", "org"]);
    run(&desired.before, provider(&server), &[]).await.expect("first run");
    server
}

/// A third of the records goes, and that is meant.
const MEANT: &[&str] = &["--no-guard"];

fn assert_no_duplicates(contents: &[RecordSet], when: &str) {
    for set in contents {
        let mut values: Vec<_> = set.targets.iter().collect();
        values.sort();
        values.dedup();
        assert_eq!(values.len(), set.targets.len(), "{when}: {set}");
    }
}

async fn survives_death_after_every_write(apex: bool) {
    let desired = Desired::new(apex);
    let undisturbed = started(&desired).await;
    let writes_before = undisturbed.faults().writes();
    run(&desired.after, provider(&undisturbed), MEANT).await.expect("undisturbed run");
    let goal = undisturbed.contents();
    let writes = undisturbed.faults().writes() - writes_before;
    assert!(writes >= 2 * 27 + 13, "{writes} writes: a record and its ownership record each");

    for death in 1..=writes {
        let when = format!("killed after write {death} of {writes}");
        let server = started(&desired).await;
        server.lag();
        server.faults().inject(Fault::KillAfter(death));
        let _ = server.faults().until_killed(run(&desired.after, provider(&server), MEANT)).await;
        assert_all_owned(&server.contents(), &when);

        server.faults().clear();
        let _ = run(&desired.after, provider(&server), MEANT).await;
        assert_all_owned(&server.contents(), &format!("{when}, again on stale reads"));

        server.settle();
        run(&desired.after, provider(&server), MEANT).await.expect("settled run");
        let contents = server.contents();
        let settled = format!("{when}, again on settled reads");
        assert_all_owned(&contents, &settled);
        assert_eq!(records(&contents), records(&goal), "{settled}");
        assert_no_duplicates(&contents, &settled);

        let last = run(&desired.after, provider(&server), MEANT).await.expect("last run");
        assert_eq!(last.changes().count(), 0, "{settled}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_killed_after_any_write_is_repaired_by_the_next() {
    survives_death_after_every_write(false).await;
}

#[tokio::test(start_paused = true)]
async fn so_is_one_with_an_apex_whose_ownership_lies_in_the_parent_zone() {
    survives_death_after_every_write(true).await;
}

/// Killed between a record's delete and that of its ownership record: the latter is left, said so,
/// and used again when the name is wanted again.
#[tokio::test(start_paused = true)]
async fn an_ownership_record_without_a_record_is_reported_and_reused() {
    let server = RecordServer::new(&["example.org"]);
    let other = ("other.example.org", "192.0.2.1");
    let desired = services([("one.example.org", "192.0.2.1"), other]);
    run(&desired, provider(&server), &[]).await.expect("first run");
    server.faults().inject(Fault::KillAfter(1));
    let nothing = services([other]);
    let killed = server.faults().until_killed(run(&nothing, provider(&server), &[])).await;
    assert!(killed.is_none());
    server.faults().clear();
    let left: Vec<String> = server
        .contents()
        .iter()
        .map(|set| format!("{} {}", set.rtype, set.name))
        .filter(|set| !set.contains("other"))
        .collect();
    assert_eq!(left, ["TXT a-one.example.org"]);

    let report = run(&nothing, provider(&server), &[]).await.expect("second run");
    assert_eq!(report.changes().count(), 0);
    let notice = report.notices.iter().find(|notice| notice.message.contains("a-one.example.org"));
    assert!(notice.is_some(), "{:?}", report.notices);

    let ids = || -> Vec<u64> {
        let own = server.records().into_iter().filter(|(_, record)| record.name.contains("one"));
        own.map(|(id, _)| id).collect()
    };
    let before = ids();
    run(&desired, provider(&server), &[]).await.expect("third run");
    assert_all_owned(&server.contents(), "wanted again");
    assert_eq!((before.len(), ids().len()), (1, 2), "the ownership record was there already");
    assert!(ids().contains(&before[0]));
}
