//! The time, handed in.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Where the time comes from. Tests hand in one that they move themselves.
#[async_trait]
pub trait ClockSource: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Waits this long.
    async fn wait(&self, time: Duration);
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl ClockSource for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
