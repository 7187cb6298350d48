//! Reading, creating, updating and deleting.

use std::collections::BTreeSet;

use extdns_model::{RecordType, Ttl};

use super::{Make, adjusted, all_applied, converged, desired_sets, run, set, shown};
use crate::conformance::Harness;
use crate::conformance::simple_plan::plan;
use crate::engine::text;

/// What is in the zone is read as it is.
pub async fn reads_what_is_there<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let long = "x".repeat(300);
    let sets = [
        set(&kit, "two", RecordType::A, &["192.0.2.1", "192.0.2.2"]),
        set(&kit, "alias", RecordType::Cname, &["elsewhere.example.net"]),
        set(&kit, "text", RecordType::Txt, &["\"hello world\""]),
        set(&kit, "long", RecordType::Txt, &[&text::quoted(&long)]),
    ];
    kit.seed(&sets).await;
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable");
    let found: Vec<_> = inventory.records().map(|(_, record)| record.set.clone()).collect();
    for set in sets.iter().filter(|set| provider.capabilities().manages(set.rtype)) {
        assert!(found.iter().any(|found| shown(found) == shown(set)), "{set} among {found:?}");
    }
}

/// New records come with their ownership records.
pub async fn creates<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let desired = desired_sets(&kit, "a", 5);
    all_applied(&run(&kit, &desired).await);
    converged(&kit, &desired).await;
}

/// Values are replaced, and so are TTLs.
pub async fn updates<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let mut desired = desired_sets(&kit, "a", 4);
    all_applied(&run(&kit, &desired).await);
    desired[0].targets = ["198.51.100.1"].into_iter().collect();
    desired[1].targets = ["192.0.2.1", "198.51.100.2"].into_iter().collect();
    if kit.ttl() > 0 {
        desired[2].ttl = Ttl::from_seconds(3600);
    }
    all_applied(&run(&kit, &desired).await);
    converged(&kit, &desired).await;
    desired[1].targets = ["198.51.100.2"].into_iter().collect();
    all_applied(&run(&kit, &desired).await);
    converged(&kit, &desired).await;
}

/// Records that are not desired go with their ownership records, foreign ones stay.
pub async fn deletes<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    all_applied(&run(&kit, &desired_sets(&kit, "a", 5)).await);
    let foreign = set(&kit, "foreign", RecordType::A, &["203.0.113.1"]);
    kit.seed(std::slice::from_ref(&foreign)).await;
    all_applied(&run(&kit, &[]).await);
    let left: Vec<_> = kit.contents().await.iter().map(shown).collect();
    assert_eq!(left, [shown(&foreign)]);
}

/// The second run finds nothing to do after the first.
pub async fn applies_twice<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let mut desired = desired_sets(&kit, "a", 3);
    desired.extend([
        set(&kit, "bücher", RecordType::A, &["192.0.2.1"]),
        set(&kit, "Upper", RecordType::Cname, &["elsewhere.example.net"]),
        set(&kit, "text", RecordType::Txt, &["hello \\ \"world\""]),
        set(&kit, "long", RecordType::Txt, &[&"y".repeat(600)]),
        set(&kit, "many", RecordType::A, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
    ]);
    for set in &mut desired {
        set.ttl = Ttl::UNSET;
    }
    all_applied(&run(&kit, &desired).await);
    let writes = kit.writes().await;
    let outcomes = run(&kit, &desired).await;
    assert!(outcomes.is_empty(), "still to do: {outcomes:?}");
    assert_eq!(kit.writes().await, writes);
}

/// Every page is read.
pub async fn pages<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let sets = desired_sets(&kit, "page", 250);
    kit.seed(&sets).await;
    let inventory = kit.provider().await.read().await.expect("readable");
    let names: BTreeSet<_> =
        inventory.records().map(|(_, record)| record.set.name.key().into_owned()).collect();
    let missing = sets.iter().find(|set| !names.contains(set.name.key().as_ref()));
    assert_eq!(missing, None, "of 250 names");
}

/// Everything up to the writer makes no write call.
pub async fn plans_without_writing<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    all_applied(&run(&kit, &desired_sets(&kit, "a", 5)).await);
    let before = kit.writes().await;
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable");
    let groups = plan(
        &inventory,
        &adjusted(provider.as_ref(), &inventory, &desired_sets(&kit, "b", 5)).await,
    );
    assert_eq!(groups.len(), 10, "five to come and five to go");
    assert_eq!(kit.writes().await, before);
    let writes: u64 =
        provider.calls().iter().filter(|count| count.mutating).map(|count| count.calls).sum();
    assert_eq!(writes, 0);
}
