//! How far apart the calls of an account are while its API has less room than its budget says:
//! others may use the account, and not every limit is published.

use std::time::Duration;

use tokio::time::Instant;

/// The gap that the first refusal makes.
const FIRST: Duration = Duration::from_millis(100);
/// Below this the budget alone decides again.
const LEAST: Duration = Duration::from_millis(20);
/// The widest gap.
const MOST: Duration = Duration::from_secs(1);

/// The gap between calls: doubled by a refusal, narrowed by every call that goes through.
#[derive(Debug, Default)]
pub(super) struct Tempo {
    gap: Duration,
    last: Option<Instant>,
}

impl Tempo {
    /// There was no room for a call.
    pub(super) fn slow_down(&mut self) {
        self.gap = (self.gap * 2).clamp(FIRST, MOST);
    }

    /// There was room for a call.
    pub(super) fn speed_up(&mut self) {
        self.gap -= self.gap / 16;
        if self.gap < LEAST {
            self.gap = Duration::ZERO;
        }
    }

    /// How long the next call has to wait; zero lets it begin.
    pub(super) fn wait(&self) -> Duration {
        self.last.map_or(Duration::ZERO, |last| self.gap.saturating_sub(last.elapsed()))
    }

    /// A call begins.
    pub(super) fn begin(&mut self) {
        self.last = Some(Instant::now());
    }
}
