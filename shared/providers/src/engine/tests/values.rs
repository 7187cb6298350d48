//! Single values with ids, one by one and in batches.

use extdns_model::Properties;

use super::*;
use crate::conformance::{Fault, StoredRecord};
use crate::{BatchLimits, Stores, Updates};

const WWW: &str = "www.example.org";
const BATCH: &str = "change records";

fn values(targets: &[&str], proxied: &'static str) -> RecordSet {
    let mut set = a(WWW);
    set.targets = targets.iter().copied().collect();
    set.edit_properties(|own| own.set("proxied", proxied));
    set
}

fn boxed(server: &RecordServer, in_batches: bool) -> Box<dyn Provider> {
    let api = server.api();
    let via = Transport::new(api.capabilities());
    if in_batches { Box::new(batched(api, via)) } else { Box::new(stepped(api, via)) }
}

/// Two values, of which one is proxied and one is not: the plan sees a difference in any case,
/// and afterwards there is none.
#[tokio::test(start_paused = true)]
async fn values_that_disagree_about_a_property_are_made_alike() {
    for (in_batches, updates, ids) in [
        (false, Updates::InPlace, [1, 2]),
        (true, Updates::InPlace, [1, 2]),
        (false, Updates::DeleteAndCreate, [1, 3]),
        (true, Updates::DeleteAndCreate, [1, 3]),
    ] {
        let server = RecordServer::new(&[ZONE]);
        let server = if in_batches { server.in_batches() } else { server };
        let server = server.with(|it| it.stores = Stores::Values(updates));
        server.put(ZONE, &values(&["192.0.2.1"], "true"));
        server.put(ZONE, &values(&["192.0.2.2"], "false"));
        let provider = boxed(&server, in_batches);
        let Inventory { index, zones, .. } = provider.read().await.expect("readable");
        let [record] = &zones[0].records.as_ref().expect("readable")[..] else { panic!("one set") };
        let desired = values(&["192.0.2.1", "192.0.2.2"], "true");
        assert_eq!(record.set.properties().get("proxied"), Some("false | true"));
        let action = Action::Update { old: stored(record), new: planned(desired.clone()) };
        let groups = [group(0, ZoneKey(0), vec![Change { role: Role::Record, action }])];
        let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
        assert_eq!(writer.apply(&groups, Deadline::none()).await, [Outcome::Applied]);
        let found: Vec<_> =
            server.records().into_iter().map(|(id, record)| (id, of(record))).collect();
        let proxied = || Some("true".to_owned());
        let expected = [
            (ids[0], ("192.0.2.1".to_owned(), 300, proxied())),
            (ids[1], ("192.0.2.2".to_owned(), 300, proxied())),
        ];
        assert_eq!(found, expected, "{in_batches} {updates:?}");
        let inventory = provider.read().await.expect("readable");
        let shown: Vec<_> = inventory.records().map(|(_, record)| record.set.clone()).collect();
        assert_eq!(shown, [desired]);
    }
}

fn of(record: StoredRecord) -> (String, u32, Option<String>) {
    let proxied = |own: &Properties| own.get("proxied").map(ToOwned::to_owned);
    (record.value, record.ttl, proxied(&record.properties))
}

/// The server takes changes of one value with its id only.
#[tokio::test(start_paused = true)]
async fn a_batch_of_values_has_a_step_for_each_with_its_id() {
    let server = RecordServer::new(&[ZONE]).in_batches();
    server.put(ZONE, &values(&["192.0.2.1", "192.0.2.2", "192.0.2.3"], "true"));
    let provider = boxed(&server, true);
    let Inventory { index, zones, .. } = provider.read().await.expect("readable");
    let old = stored(&zones[0].records.as_ref().expect("readable")[0]);
    let new = planned(values(&["192.0.2.2", "192.0.2.9"], "true"));
    let action = Action::Update { old, new };
    let groups = [group(0, ZoneKey(0), vec![Change { role: Role::Record, action }])];
    let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
    assert_eq!(writer.apply(&groups, Deadline::none()).await, [Outcome::Applied]);
    let found: Vec<_> = server.records().into_iter().map(|(id, it)| (id, it.value)).collect();
    assert_eq!(found, [(1, "192.0.2.9".to_owned()), (2, "192.0.2.2".to_owned())]);
    assert_eq!(calls(provider.as_ref(), BATCH), 2, "what comes, then what goes");
}

/// Five records with their ownership records, of which one is refused: the rest of its batch is made, and
/// one read tells so.
#[tokio::test(start_paused = true)]
async fn of_a_batch_of_values_some_may_be_refused() {
    let server = RecordServer::new(&[ZONE]).in_batches();
    server.faults().inject(Fault::Reject(Name::as_listed("n2.example.org")));
    let provider = boxed(&server, true);
    let pair = |n| {
        let changes =
            vec![create(a(&format!("n{n}.{ZONE}"))), create(txt(&format!("own-n{n}.{ZONE}")))];
        group(n, ZoneKey(0), changes)
    };
    let groups: Vec<_> = (0..5).map(pair).collect();
    let index = provider.read().await.expect("readable").index;
    let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
    let outcomes = writer.apply(&groups, Deadline::none()).await;
    assert_eq!(kinds(&outcomes), ["applied", "applied", "partial", "applied", "applied"]);
    let Outcome::Partial { done, left, reason } = &outcomes[2] else { panic!("{outcomes:?}") };
    assert_eq!((*done, *left), (1, 1), "{reason}");
    assert_eq!(calls(provider.as_ref(), BATCH), 2, "ownership records, records");
    assert_eq!(calls(provider.as_ref(), "list records"), 1 + 1);
    assert_eq!(server.records().len(), 5 + 4);
}

/// The account takes 30 changes in a call, and a zone of it no more than 10.
#[tokio::test(start_paused = true)]
async fn batches_are_as_large_as_their_zone_allows() {
    for (limit, expected) in [(None, 2), (Some(10), 4), (Some(500), 2)] {
        let server = RrsetServer::new(&[ZONE]).with(|it| it.batch_limits.changes = 30);
        let server = match limit {
            Some(limit) => server.with_limits_of(ZONE, BatchLimits::changes(limit)),
            None => server,
        };
        let provider = rrsets(&server);
        let outcomes = apply(&provider, &creates(40), Deadline::none()).await;
        assert_eq!(kinds(&outcomes), ["applied"; 40]);
        assert_eq!(calls(&provider, "change record sets"), expected, "{limit:?}");
    }
}
