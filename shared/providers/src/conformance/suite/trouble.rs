//! What goes wrong: throttling, refusals, lost answers, missing rights, an API that is down or hangs, a
//! zone that is full.

use std::collections::BTreeSet;
use std::time::Duration;

use extdns_model::{FailureKind, Outcome, Permit, RecordSet, RecordType};

use super::{
    Make, adjusted, all_applied, apply, converged, desired_sets, failure, no_orphans, no_secrets,
    run, set,
};
use crate::conformance::simple_plan::plan;
use crate::conformance::{Fault, Harness, Lost};
use crate::{Batching, Capabilities, Deadline, ErrorKind, Limit, ProviderError};

/// Throttled calls are repeated, reads and writes.
pub async fn waits_when_throttled<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let throttle = Fault::Throttle { calls: 2, retry_after: Some(Duration::from_secs(1)) };
    if !kit.inject(throttle.clone()).await {
        return;
    }
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable after a while");
    let desired = desired_sets(&kit, "a", 3);
    let groups = plan(&inventory, &adjusted(provider.as_ref(), &inventory, &desired).await);
    kit.inject(throttle).await;
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    all_applied(&writer.apply(&groups, Deadline::none()).await);
    converged(&kit, &desired).await;
}

/// Throttling without end is an error of the kind "throttled".
pub async fn gives_up_when_throttled_for_long<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable");
    let groups = plan(
        &inventory,
        &adjusted(provider.as_ref(), &inventory, &desired_sets(&kit, "a", 3)).await,
    );
    let for_ever = Fault::Throttle { calls: u32::MAX, retry_after: None };
    if !kit.inject(for_ever).await {
        return;
    }
    let error = match provider.read().await {
        Err(error) => error,
        Ok(inventory) => {
            let (_, unreadable) = inventory.unreadable().next().expect("something not readable");
            ProviderError::throttled(None, unreadable.to_string())
        }
    };
    assert!(matches!(error.kind, ErrorKind::Throttled { .. }), "{error:?}");
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    for outcome in writer.apply(&groups, Deadline::none()).await {
        let failure = failure(&outcome).unwrap_or_else(|| panic!("not applied: {outcome:?}"));
        assert_eq!(failure.kind, FailureKind::Throttled, "{failure}");
    }
    no_secrets(&kit, &[error.to_string()]);
}

/// Of 500 records one is bad: 499 are applied, one is reported.
pub async fn rejects_one_of_many<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let desired = desired_sets(&kit, "n", 500);
    if !kit.inject(Fault::Reject(desired[321].name.clone())).await {
        return;
    }
    let outcomes = run(&kit, &desired).await;
    assert_eq!(outcomes.len(), 500);
    let failed: Vec<_> = outcomes.iter().filter(|outcome| **outcome != Outcome::Applied).collect();
    let [failed] = failed[..] else { panic!("one is bad, these failed: {failed:?}") };
    let failure = failure(failed).unwrap_or_else(|| panic!("a failure, not {failed:?}"));
    assert_eq!(failure.kind, FailureKind::Rejected, "{failure}");
    let contents = kit.contents().await;
    let there = |set: &&RecordSet| contents.iter().any(|found| found.name.key() == set.name.key());
    assert_eq!(desired.iter().filter(there).count(), 499);
    no_orphans(&contents);
}

/// What alone exceeds a limit is reported; the rest is applied.
pub async fn refuses_what_is_too_large<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let provider = kit.provider().await;
    let limit = provider.capabilities().batch_limits.values;
    if limit > 65_000 {
        return;
    }
    let values: Vec<String> =
        (0..=limit).map(|n| format!("10.0.{}.{}", n / 256, n % 256)).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let mut desired = desired_sets(&kit, "a", 3);
    desired.push(set(&kit, "large", RecordType::A, &values));
    let outcomes = run(&kit, &desired).await;
    let failed: Vec<_> = outcomes.iter().filter_map(failure).collect();
    let [failed] = failed[..] else { panic!("one is too large, these failed: {failed:?}") };
    assert_eq!(failed.kind, FailureKind::Limit, "{failed}");
    assert!(failed.message.contains("large."), "names the record: {failed}");
    assert!(failed.message.contains(&Limit::Values(limit).to_string()), "{failed}");
    desired.pop();
    converged(&kit, &desired).await;
}

/// A write whose answer is lost is neither taken for granted nor made twice.
pub async fn finds_out_about_lost_answers<H: Harness>(make: impl Make<H>) {
    for lost in [Lost::Done, Lost::NotDone] {
        let kit = make().await;
        if !kit.inject(Fault::Lose(lost)).await {
            return;
        }
        let desired = desired_sets(&kit, "a", 5);
        all_applied(&run(&kit, &desired).await);
        converged(&kit, &desired).await;
        if !kit.inject(Fault::Lose(lost)).await {
            return;
        }
        all_applied(&run(&kit, &[]).await);
        converged(&kit, &[]).await;
    }
}

/// Missing rights are an error of the kind "unauthorised", without secrets, and end the writing of the
/// zone.
pub async fn tells_missing_rights<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    if !kit.inject(Fault::Unauthorised).await {
        return;
    }
    let outcomes = run(&kit, &desired_sets(&kit, "a", 50)).await;
    let messages: Vec<_> = outcomes
        .iter()
        .map(|outcome| {
            let failure = failure(outcome).unwrap_or_else(|| panic!("a failure: {outcome:?}"));
            assert_eq!(failure.kind, FailureKind::Unauthorised, "{failure}");
            failure.message.clone()
        })
        .collect();
    assert_eq!(messages.len(), 50);
    no_secrets(&kit, &messages);
    kit.clear().await;
    assert!(kit.contents().await.is_empty());
}

/// A server that hangs does not hold a run beyond its deadline, and not for ten seconds after it was
/// told to stop. What was under way is unknown.
pub async fn ends_with_the_deadline<H: Harness>(make: impl Make<H>) {
    for stopped in [false, true] {
        let kit = make().await;
        let provider = kit.provider().await;
        let inventory = provider.read().await.expect("readable");
        let first = desired_sets(&kit, "a", 1);
        let first = adjusted(provider.as_ref(), &inventory, &first).await;
        // A first write may have to log in, which would take of the time until the deadline.
        all_applied(&apply(provider.as_ref(), &inventory, &first).await);
        let inventory = provider.read().await.expect("readable");
        let groups = plan(
            &inventory,
            &adjusted(provider.as_ref(), &inventory, &desired_sets(&kit, "a", 5)).await,
        );
        if !kit.inject(Fault::Hang).await {
            return;
        }
        let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
        let start = tokio::time::Instant::now();
        let second = Duration::from_secs(1);
        let (outcomes, most) = if stopped {
            let (until, stopper) = Deadline::none().stoppable();
            let stop = async {
                tokio::time::sleep(second).await;
                stopper.stop();
            };
            (tokio::join!(writer.apply(&groups, until), stop).0, 10)
        } else {
            // What was written is finished in two seconds more.
            (writer.apply(&groups, Deadline::within(2 * second)).await, 5)
        };
        assert!(start.elapsed() < most * second, "{:?}", start.elapsed());
        assert!(outcomes.iter().any(|it| matches!(it, Outcome::Unknown(_))), "{outcomes:?}");
        assert!(!outcomes.contains(&Outcome::Applied), "{outcomes:?}");
    }
}

/// Fewest and most calls, each with its repetitions, after which an API counts as down: three, but for
/// those that are under way at the same time, or one for each batch where there are fewer.
fn calls_until_down(can: &Capabilities, pairs: u64) -> (u64, u64) {
    if can.batches == Batching::None {
        return (3, 2 + can.parallel_writes.max(1) as u64);
    }
    let batches = pairs.div_ceil((can.batch_limits.changes as u64 / 2).max(1)).min(3);
    (batches, batches)
}

/// In a zone that is full deletes are still made, and all creates that are not made have one reason.
pub async fn stops_creates_in_a_full_zone<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let before = desired_sets(&kit, "a", 4);
    all_applied(&run(&kit, &before).await);
    kit.settle().await;
    // Four records with their ownership records.
    if !kit.inject(Fault::Full(8)).await {
        return;
    }
    let desired = [&before[1..], &desired_sets(&kit, "new", 3)].concat();
    let writes = kit.writes().await;
    let outcomes = run(&kit, &desired).await;
    let messages: BTreeSet<String> = outcomes
        .iter()
        .filter_map(failure)
        .map(|failure| {
            assert_eq!(failure.kind, FailureKind::Quota, "{failure}");
            // Calls that are under way together can name what each of them is about.
            let said = failure.message.split_once(": HTTP ");
            said.map_or(failure.message.as_str(), |(_, said)| said).to_owned()
        })
        .collect();
    assert_eq!(messages.len(), 1, "one reason for all: {outcomes:?}");
    let calls = kit.writes().await - writes;
    let provider = kit.provider().await;
    let can = provider.capabilities();
    if can.batches == Batching::Whole && can.batch_limits.changes >= 8 {
        assert_eq!(calls, 3, "all, the deletes, the creates: {outcomes:?}");
    } else {
        assert!(calls <= 12, "{calls} calls, nothing is halved: {outcomes:?}");
    }
    let contents = kit.contents().await;
    no_orphans(&contents);
    let gone = before[0].name.key();
    assert!(!contents.iter().any(|set| set.name.key() == gone), "not deleted: {contents:?}");
    kit.clear().await;
    all_applied(&run(&kit, &desired).await);
    converged(&kit, &desired).await;
}

/// After three calls in a row that fail for a temporary reason the rest of a zone is not sent, with one
/// reason for all.
pub async fn leaves_an_api_alone_that_is_down<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable");
    let desired = desired_sets(&kit, "a", 40);
    let groups = plan(&inventory, &adjusted(provider.as_ref(), &inventory, &desired).await);
    if !kit.inject(Fault::Down).await {
        return;
    }
    let writes = kit.writes().await;
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    let outcomes = writer.apply(&groups, Deadline::none()).await;
    let can = provider.capabilities();
    let tried = kit.writes().await - writes;
    let sends = u64::from(kit.sends_when_down(can.attempts));
    let (few, many) = calls_until_down(can, groups.len() as u64);
    // A system without zones takes one call for everything, and cannot distinguish a refusal from an outage.
    let has_zones = inventory.index.iter().all(|(_, zone)| !zone.name.is_empty());
    let expected = (few * sends..=many * sends).contains(&tried);
    assert!(
        expected || !has_zones,
        "{tried} calls, not {few} to {many} times {sends}: {outcomes:?}"
    );
    let mut reasons = BTreeSet::new();
    for outcome in &outcomes {
        let failure = failure(outcome).unwrap_or_else(|| panic!("not applied: {outcome:?}"));
        assert_eq!(failure.kind, FailureKind::Transient, "{failure}");
        if matches!(outcome, Outcome::NotSent(_)) {
            reasons.insert(failure.message.clone());
        }
    }
    assert!(reasons.len() <= 1, "one reason for all that was not sent: {reasons:?}");
    no_secrets(&kit, &reasons.into_iter().collect::<Vec<_>>());
    kit.clear().await;
    all_applied(&run(&kit, &desired).await);
    converged(&kit, &desired).await;
}
