//! One bad group among many: what it costs, and that it blocks no other.

use std::collections::BTreeSet;

use extdns_model::{After, ChangeGroup, FailureKind, GroupId, NotSent, Outcome};
use extdns_providers::webhook::Webhook;
use extdns_testkit::webhook_sim::{Applies, Failure, WebhookSim};

use crate::webhook::support::{apply, creates, webhook};

fn pair() -> (WebhookSim, Webhook) {
    let sim = WebhookSim::builder().start();
    let provider = webhook(sim.url());
    (sim, provider)
}

/// The bad ones among n groups, at a server that applies in this way: its POSTs and its reads
/// after the first. Everything else is applied, and the bad ones are refused.
async fn isolate(
    sim: &WebhookSim,
    provider: &Webhook,
    (n, bad): (u32, &[u32]),
    applies: Applies,
) -> (u64, u64) {
    sim.reset();
    sim.applies(applies);
    for id in bad {
        sim.poison(&format!("h{id}.example.org"));
    }
    let outcomes = apply(provider, &creates(n)).await;
    for (id, outcome) in (0..).zip(&outcomes) {
        match outcome {
            Outcome::Applied => assert!(!bad.contains(&id), "{id} of {n}"),
            Outcome::Rejected(failure) | Outcome::Failed(failure) => {
                assert!(bad.contains(&id), "{id} of {n}: {failure}");
                let alone = bad.len() == usize::try_from(n).expect("small");
                let kind = if alone { FailureKind::Transient } else { FailureKind::Rejected };
                assert_eq!(failure.kind, kind, "{id} of {n}");
            }
            other => panic!("{id} of {n}: {other:?}"),
        }
    }
    let names: BTreeSet<_> = sim
        .records()
        .iter()
        .map(|own| own["dnsName"].as_str().expect("a name").to_owned())
        .collect();
    for id in (0..n).filter(|id| !bad.contains(id)) {
        assert!(names.contains(&format!("h{id}.example.org")), "{id} of {n}");
        assert!(names.contains(&format!("a-h{id}.example.org")), "{id} of {n}");
    }
    (sim.calls("POST", "/records"), sim.calls("GET", "/records") - 1)
}

#[tokio::test]
async fn exact_costs_of_one_bad_group() {
    let (sim, provider) = pair();
    let cases = [
        // Groups, the bad one, POSTs and reads at a server that applies all or nothing.
        (1, 0, 1, 1),
        (2, 0, 3, 2),
        (2, 1, 3, 2),
        (3, 0, 3, 2),
        (3, 2, 4, 2),
        (5, 0, 5, 3),
        (5, 4, 5, 2),
        (8, 0, 7, 4),
        (8, 7, 5, 2),
        (64, 0, 13, 7),
        (64, 37, 11, 5),
        (64, 63, 8, 2),
        (1000, 0, 19, 10),
        (1000, 999, 12, 2),
    ];
    for (n, bad, posts, reads) in cases {
        let cost = isolate(&sim, &provider, (n, &[bad]), Applies::Atomically).await;
        assert_eq!(cost, (posts, reads), "{bad} of {n}");
    }
}

#[tokio::test]
async fn the_bound_holds_wherever_the_bad_group_stands() {
    let (sim, provider) = pair();
    for applies in [Applies::Atomically, Applies::UpToTheFirstFailure] {
        for n in (1..=12).chain([16, 17, 31, 33]) {
            for bad in 0..n {
                let (posts, reads) = isolate(&sim, &provider, (n, &[bad]), applies).await;
                // Exactly: 2^(posts - 2) may not exceed n squared.
                let bound = 2.0 * f64::from(n).log2() + 2.0;
                let posts = f64::from(u32::try_from(posts).expect("few"));
                assert!(posts <= bound, "{applies:?}, {bad} of {n}: {posts} POSTs, {bound}");
                assert!(reads <= u64::from(n.ilog2()) + 3, "{applies:?}, {bad} of {n}: {reads}");
            }
        }
    }
}

#[tokio::test]
async fn several_bad_groups_block_no_other() {
    let (sim, provider) = pair();
    let cases: [(u32, Vec<u32>); 6] = [
        (10, vec![0, 1]),
        (10, vec![4, 5, 9]),
        (100, vec![0, 50, 99]),
        (200, (0..200).step_by(20).collect()),
        (300, (100..110).collect()),
        (6, (0..6).collect()),
    ];
    for (n, bad) in cases {
        for applies in [Applies::Atomically, Applies::UpToTheFirstFailure] {
            isolate(&sim, &provider, (n, &bad), applies).await;
        }
    }
}

/// A hundred that are refused side by side reach the limit, but not before the others are applied.
#[tokio::test]
async fn many_bad_groups_in_front_hold_up_no_good_one() {
    let sim = WebhookSim::builder().start();
    for id in 0..100 {
        sim.poison(&format!("h{id}.example.org"));
    }
    let outcomes = apply(&webhook(sim.url()), &creates(700)).await;
    assert!(outcomes[..100].iter().all(|own| *own != Outcome::Applied));
    let held_up = outcomes[100..].iter().filter(|own| **own != Outcome::Applied).count();
    assert!(held_up <= 3, "{held_up} neighbours of bad ones");
    let posts = sim.calls("POST", "/records");
    assert!(posts <= 120, "{posts} POSTs");
}

#[tokio::test]
async fn a_server_that_refuses_everything_is_left_alone() {
    let sim = WebhookSim::builder().start();
    sim.fail("POST", "/records", usize::MAX, Failure::Status(500));
    let outcomes = apply(&webhook(sim.url()), &creates(1000)).await;
    assert_eq!(sim.calls("POST", "/records"), 32);
    let mut refused = 0;
    for outcome in outcomes {
        match outcome {
            Outcome::Failed(failure) => {
                refused += 1;
                assert_eq!(failure.kind, FailureKind::Transient);
            }
            Outcome::NotSent(NotSent::Stopped(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(refused < 32, "{refused}");
}

#[tokio::test]
async fn a_failure_that_passes_costs_little() {
    for failure in [Failure::Status(500), Failure::HangUp, Failure::Status(404)] {
        let sim = WebhookSim::builder().start();
        sim.fail("POST", "/records", 1, failure);
        let outcomes = apply(&webhook(sim.url()), &creates(64)).await;
        assert!(outcomes.iter().all(|own| *own == Outcome::Applied), "{failure:?}");
        assert_eq!(sim.calls("POST", "/records"), 8, "{failure:?}");
        assert_eq!(sim.calls("GET", "/records"), 2, "{failure:?}");
    }
}

/// What a server finds too large is cut without another look, and never sent in that size again.
#[tokio::test]
async fn bodies_that_are_too_large() {
    let whole = |groups: u32| 180 * usize::try_from(groups).expect("small");
    for (n, fits, posts) in [(64, 64, 1), (64, 32, 3), (64, 16, 6), (64, 8, 11)] {
        let sim = WebhookSim::builder().start();
        sim.limit(whole(fits));
        let outcomes = apply(&webhook(sim.url()), &creates(n)).await;
        assert!(outcomes.iter().all(|own| *own == Outcome::Applied), "{outcomes:?}");
        assert_eq!(sim.calls("POST", "/records"), posts, "{n} groups, {fits} at a time");
        assert_eq!(sim.calls("GET", "/records"), 1, "{n} groups, {fits} at a time");
    }
    let sim = WebhookSim::builder().start();
    sim.limit(10);
    let outcomes = apply(&webhook(sim.url()), &creates(3)).await;
    for outcome in outcomes {
        let Outcome::Rejected(failure) = outcome else { panic!("{outcome:?}") };
        assert_eq!(failure.kind, FailureKind::Limit);
    }
}

/// A group that waits for another is in no POST without it.
#[tokio::test]
async fn groups_that_wait_for_each_other_stay_together() {
    let sim = WebhookSim::builder().start();
    sim.poison("h5.example.org");
    let mut groups: Vec<ChangeGroup> = creates(8);
    for (id, before) in [(3, 2), (4, 3), (5, 4)] {
        groups[id].after = vec![After::OwnershipRecord(GroupId(before))];
    }
    let outcomes = apply(&webhook(sim.url()), &groups).await;
    for (id, outcome) in outcomes.iter().enumerate() {
        assert_eq!(*outcome == Outcome::Applied, !(2..=5).contains(&id), "{id}: {outcome:?}");
    }
}
