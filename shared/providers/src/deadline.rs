//! When a run must be over.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// When a run must be over: a point in time, or as soon as somebody says so.
#[derive(Debug, Clone, Default)]
pub struct Deadline {
    at: Option<Instant>,
    stopped: Option<watch::Receiver<bool>>,
}

/// Ends a run before its time: SIGTERM is a deadline of now.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Deadline {
    /// There is all the time in the world.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// At this instant.
    #[must_use]
    pub fn at(instant: Instant) -> Self {
        Self { at: Some(instant), stopped: None }
    }

    /// This long from now.
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self { at: Instant::now().checked_add(time), stopped: None }
    }

    /// The same deadline, and a way to make it now.
    #[must_use]
    pub fn stoppable(self) -> (Self, Stopper) {
        let (sender, receiver) = watch::channel(false);
        (Self { at: self.at, stopped: Some(receiver) }, Stopper(sender))
    }

    /// How much time is left; `None` without end.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        if self.stopped.as_ref().is_some_and(|stopped| *stopped.borrow()) {
            return Some(Duration::ZERO);
        }
        self.at.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Whether at least this much time is left.
    #[must_use]
    pub fn allows(&self, time: Duration) -> bool {
        self.left().is_none_or(|left| left > time)
    }

    /// Whether the time is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !self.allows(Duration::ZERO)
    }

    /// Waits this long, at most until the deadline. False if the deadline came first.
    pub async fn sleep(&self, time: Duration) -> bool {
        if !self.allows(time) {
            return false;
        }
        let Some(mut stopped) = self.stopped.clone() else {
            tokio::time::sleep(time).await;
            return true;
        };
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            // A dropped stopper can no longer stop.
            false = async { stopped.wait_for(|stopped| *stopped).await.is_err() } => false,
            else => {
                tokio::time::sleep(time).await;
                true
            }
        }
    }
}

impl Stopper {
    /// Makes the deadline now.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}
