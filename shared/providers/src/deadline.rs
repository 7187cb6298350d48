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

    /// The same deadline, but at the latest when this share of the time that is left has passed.
    #[must_use]
    pub fn share(&self, share: f64) -> Self {
        let at = self.at.map(|at| {
            let now = Instant::now();
            now + at.saturating_duration_since(now).mul_f64(share.clamp(0.0, 1.0))
        });
        Self { at, stopped: self.stopped.clone() }
    }

    /// Waits until the time is over: for ever where there is no end.
    pub async fn over(&self) {
        let time = async {
            match self.at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let stop = async {
            if let Some(mut stopped) = self.stopped.clone()
                && stopped.wait_for(|stopped| *stopped).await.is_ok()
            {
                return;
            }
            // A dropped stopper can no longer stop.
            std::future::pending().await
        };
        tokio::select! {
            () = time => {}
            () = stop => {}
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_share_ends_earlier_and_is_stopped_with_the_whole() {
        let (whole, stopper) = Deadline::within(Duration::from_secs(100)).stoppable();
        let reading = whole.share(0.7);
        assert_eq!(reading.left(), Some(Duration::from_secs(70)));
        stopper.stop();
        reading.over().await;
        assert!(reading.is_over() && whole.is_over());
        assert_eq!(Deadline::none().share(0.7).left(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_over_when_its_time_has_come() {
        let start = Instant::now();
        let (deadline, stopper) = Deadline::within(Duration::from_secs(3)).stoppable();
        drop(stopper);
        deadline.over().await;
        assert_eq!(start.elapsed(), Duration::from_secs(3));
    }
}
