//! Time and rates.

use std::time::{Duration, Instant};

/// Time since the simulator started: real, or moved by the test.
pub(super) struct Time {
    start: Instant,
    frozen: Option<Duration>,
}

impl Time {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), frozen: None }
    }

    pub(super) fn now(&self) -> Duration {
        self.frozen.unwrap_or_else(|| self.start.elapsed())
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.frozen = Some(self.now() + by);
    }
}

/// A token bucket.
pub(super) struct Bucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    filled: Duration,
}

impl Bucket {
    /// A full one: `rate` tokens a second, `burst` at most.
    pub(super) fn new(rate: f64, burst: u32, now: Duration) -> Self {
        let burst = f64::from(burst);
        Self { rate, burst, tokens: burst, filled: now }
    }

    /// Takes so many tokens, or none.
    pub(super) fn take(&mut self, count: u32, now: Duration) -> bool {
        let gained = now.saturating_sub(self.filled).as_secs_f64() * self.rate;
        self.filled = now;
        self.tokens = (self.tokens + gained).min(self.burst);
        let enough = self.tokens + 1e-9 >= f64::from(count);
        if enough {
            self.tokens -= f64::from(count);
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let at = Duration::from_millis;
        let mut bucket = Bucket::new(5.0, 3, at(0));
        let taken: Vec<bool> = [0, 0, 0, 0, 199, 200, 201, 400, 10_000, 10_000, 10_000, 10_000]
            .map(|ms| bucket.take(1, at(ms)))
            .into();
        assert_eq!(
            taken,
            [true, true, true, false, false, true, false, true, true, true, true, false]
        );
        assert!(!bucket.take(2, at(10_200)), "half of a request is not served");
        assert!(bucket.take(1, at(10_200)));
    }
}
