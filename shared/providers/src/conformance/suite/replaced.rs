//! A record set that gives its name to one of another type.

use extdns_model::{Outcome, RecordSet, RecordType};

use super::{Make, all_applied, converged, run, set};
use crate::conformance::simple_plan::ownership_name;
use crate::conformance::{Fault, Harness};
use crate::{Batching, Stores};

/// A record set stays as long as what comes in its place is refused, alone and among many other changes. Where one
/// call makes both, this costs no call more.
pub async fn keeps_what_is_not_replaced<H: Harness>(make: impl Make<H>) {
    for others in [0, 40] {
        let kit = make().await;
        let can = kit.provider().await.capabilities().clone();
        // Where a call may make a record set and refuse its ownership record, the record set counts as made.
        let is_in_part = can.batches == Batching::InPart && matches!(can.stores, Stores::Sets(_));
        if !can.manages(RecordType::Aaaa) || is_in_part {
            return;
        }
        let before = set(&kit, "web", RecordType::A, &["192.0.2.1"]);
        let after = set(&kit, "web", RecordType::Aaaa, &["2001:db8::1"]);
        all_applied(&run(&kit, std::slice::from_ref(&before)).await);
        kit.settle().await;
        // The old record set is not touched by this: only what makes the new one is refused.
        let refused = ownership_name(&after.name, after.rtype);
        if !kit.inject(Fault::Reject(refused)).await {
            return;
        }
        let mut desired = super::desired_sets(&kit, "b", others);
        desired.push(after);
        let outcomes = run(&kit, &desired).await;
        kit.settle().await;
        let applied = outcomes.iter().filter(|it| **it == Outcome::Applied).count();
        assert_eq!(applied, others, "{outcomes:?}");
        let is_before =
            |set: &RecordSet| set.name.key() == before.name.key() && set.rtype == before.rtype;
        assert!(kit.contents().await.iter().any(is_before), "gone without a replacement");
        kit.clear().await;
        let writes = kit.writes().await;
        all_applied(&run(&kit, &desired).await);
        if can.is_atomic() {
            assert_eq!(kit.writes().await - writes, 1, "one call replaces it");
        }
        converged(&kit, &desired).await;
    }
}

/// A CNAME gives its name to an address, and the other way round, in one run each, though the two exclude each other.
pub async fn swaps_an_alias<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    if !kit.provider().await.capabilities().manages(RecordType::Cname) {
        return;
    }
    let mut desired = super::desired_sets(&kit, "b", 3);
    let at = desired.len();
    desired.push(set(&kit, "web", RecordType::Cname, &["lb.example.net"]));
    all_applied(&run(&kit, &desired).await);
    for (rtype, target) in [(RecordType::A, "192.0.2.1"), (RecordType::Cname, "lb.example.net")] {
        desired[at] = set(&kit, "web", rtype, &[target]);
        all_applied(&run(&kit, &desired).await);
        converged(&kit, &desired).await;
    }
}
