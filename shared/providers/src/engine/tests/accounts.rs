//! Budgets of accounts that several providers call. The clock stands still but for waiting.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::{Accounts, Capabilities, ErrorKind, ProviderError, RateLimit, Transport};

/// A provider of its own, with so many calls at once and as many per second.
fn provider(name: &'static str, per_second: u32) -> Transport {
    let per_second = NonZeroU32::new(per_second).expect("not zero");
    let rate_limit = Some(RateLimit { per_second, burst: per_second });
    Transport::new(&Capabilities { rate_limit, ..Capabilities::new(name) })
}

/// How long twenty-five calls take, by turns over two ways.
async fn time_of(ways: [Transport; 2]) -> f64 {
    let start = Instant::now();
    let calls = (0..25).map(|n| ways[n % 2].call("read", async || Ok(())));
    for result in futures::future::join_all(calls).await {
        result.expect("called");
    }
    start.elapsed().as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn two_providers_of_one_account_share_its_budget() {
    let accounts = Accounts::default();
    let ways = [provider("example", 5), provider("example", 5)];
    let took = time_of(ways.map(|way| way.among(&accounts, "one"))).await;
    // A burst of five, then twenty at five per second.
    assert!((4.0..4.5).contains(&took), "{took} s");
}

#[tokio::test(start_paused = true)]
async fn two_accounts_have_a_budget_each() {
    let accounts = Accounts::default();
    let [a, b] = [provider("example", 5), provider("example", 5)];
    let took = time_of([a.among(&accounts, "one"), b.among(&accounts, "two")]).await;
    // Of thirteen calls a burst of five, then eight at five per second.
    assert!((1.6..2.0).contains(&took), "{took} s");
    let [a, b] = [provider("example", 5), provider("another", 5)];
    let took = time_of([a.among(&accounts, "three"), b.among(&accounts, "three")]).await;
    assert!((1.6..2.0).contains(&took), "another provider's account of that name: {took} s");
}

#[tokio::test(start_paused = true)]
async fn runs_one_after_the_other_share_the_budget_of_an_account() {
    let accounts = Accounts::default();
    let start = Instant::now();
    for _ in 0..5 {
        let way = provider("example", 5).among(&accounts, "one");
        for _ in 0..5 {
            way.call("read", async || Ok(())).await.expect("called");
        }
    }
    let took = start.elapsed().as_secs_f64();
    assert!((4.0..4.5).contains(&took), "{took} s");
}

#[tokio::test(start_paused = true)]
async fn the_strictest_budget_of_an_account_holds_for_everybody() {
    for order in [[5, 50], [50, 5]] {
        let accounts = Accounts::default();
        let ways = order.map(|rate| provider("example", rate).among(&accounts, "one"));
        let took = time_of(ways).await;
        assert!((4.0..4.5).contains(&took), "{order:?}: {took} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_the_api_asks_for_holds_for_everybody_of_the_account() {
    let accounts = Accounts::default();
    let wait = Duration::from_secs(30);
    let start = Instant::now();
    let [refused, same, other] =
        ["one", "one", "two"].map(|name| provider("example", 50).among(&accounts, name));
    let tries = AtomicU32::new(0);
    let attempt = async || match tries.fetch_add(1, Ordering::Relaxed) {
        0 => {
            let kind = ErrorKind::Throttled { retry_after: Some(wait) };
            Err(ProviderError::new(kind, "enough"))
        }
        _ => Ok(()),
    };
    let later = async |way: &Transport| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        way.call("read", async || Ok(start.elapsed())).await.expect("called")
    };
    let (answer, same, other) =
        tokio::join!(refused.call("read", attempt), later(&same), later(&other));
    answer.expect("the second attempt succeeds");
    assert!(same >= wait, "{same:?}: it waits too");
    assert!(other < wait, "{other:?}: another account does not");
}
