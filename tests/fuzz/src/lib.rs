//! Tries values of a strategy for a given time, so that a fuzz test is short in the tests and long by hand.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Values of one round, between two looks at the clock.
const ROUND: u32 = 100;
/// Rounds where no time is given.
const ROUNDS: u64 = 6;

/// Runs `test` with values of the strategy: for `FUZZ_SECONDS`, or 600 of them if the variable is not set.
///
/// `PROPTEST_RNG_SEED` fixes the sequence of values; only its length depends on the time.
///
/// # Panics
///
/// If a test panics, with the smallest value that makes it do so.
pub fn fuzz<S: Strategy>(strategy: &S, test: impl Fn(S::Value))
where
    S::Value: Debug,
{
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let given = Config { cases: ROUND, failure_persistence: None, ..Config::default() };
    for round in 0.. {
        let ended = match until {
            Some(until) => Instant::now() >= until,
            None => round == ROUNDS,
        };
        if ended {
            break;
        }
        let rng_seed = match given.rng_seed {
            RngSeed::Fixed(seed) => RngSeed::Fixed(seed.wrapping_add(round)),
            RngSeed::Random => RngSeed::Random,
        };
        let mut runner = TestRunner::new(Config { rng_seed, ..given.clone() });
        let outcome = runner.run(strategy, |value| {
            test(value);
            Ok(())
        });
        if let Err(failure) = outcome {
            panic!("{failure}");
        }
    }
}

/// The text with another one in the place of some of its characters.
#[must_use]
pub fn changed(text: &str, from: usize, length: usize, with: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let from = from % (chars.len() + 1);
    let until = (from + length).min(chars.len());
    let before = chars[..from].iter().copied();
    before.chain(with.chars()).chain(chars[until..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashSet;

    use proptest::prelude::any;

    use super::*;

    #[test]
    #[should_panic(expected = "minimal failing input: 100")]
    fn a_failure_is_told_in_its_smallest_form() {
        fuzz(&(0_u32..100_000), |value| assert!(value < 100));
    }

    #[test]
    fn every_round_has_other_values() {
        let values = RefCell::new(HashSet::new());
        fuzz(&any::<u64>(), |value| values.borrow_mut().extend([value]));
        assert!(values.borrow().len() > ROUND as usize, "{}", values.borrow().len());
    }

    #[test]
    fn characters_are_changed_as_a_whole() {
        assert_eq!(changed("aüb", 1, 1, "xy"), "axyb");
        assert_eq!(changed("aüb", 3, 9, "x"), "aübx");
        assert_eq!(changed("aüb", 4, 9, "x"), "x");
    }
}
