//! Windows of time, in which changes are taken together.

use std::time::Duration;

/// How long after its admission an object is surely stored, unless its API server is in trouble. What is stored later
/// waits for the schedule.
pub const STORED_WITHIN: Duration = Duration::from_secs(5);

/// The length of a window, where nothing else is said.
pub const DEFAULT_WINDOW: Duration = Duration::from_secs(15);

/// Windows of one length, from 1970 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    length: Duration,
}

impl Window {
    /// Windows of this length; at least a second.
    #[must_use]
    pub fn new(length: Duration) -> Self {
        Self { length: length.max(Duration::from_secs(1)) }
    }

    /// The number of the window in which this moment lies, given as the time since 1970.
    #[must_use]
    pub fn index(&self, now: Duration) -> u64 {
        u64::try_from(now.as_millis() / self.length.as_millis()).unwrap_or(u64::MAX)
    }

    /// How long the queue holds a message back: a message that was sent at any moment of a window comes when the
    /// window is over, and its last change is stored.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.length + STORED_WITHIN
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::new(DEFAULT_WINDOW)
    }
}
