//! How many calls a run makes.

use super::{Make, all_applied, desired_sets, run_with};
use crate::conformance::{Harness, calls_of};

const RECORDS: usize = 1000;

/// A thousand new records take as many writing calls as the table says.
pub async fn makes_no_more_calls<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    if !kit.counts_calls() {
        return;
    }
    let provider = kit.provider().await;
    all_applied(&run_with(provider.as_ref(), &desired_sets(&kit, "n", RECORDS)).await);
    let calls = provider.calls();
    let made: u64 = calls.iter().filter(|it| it.mutating).map(|it| it.calls).sum();
    let name = provider.capabilities().provider;
    assert_eq!(
        calls_of(name),
        Some(made),
        "{name}: correct its row in src/conformance/calls.rs, or the calls: {calls:?}"
    );
}
