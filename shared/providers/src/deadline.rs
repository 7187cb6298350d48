//! When a run must be over.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// When a run must be over: a point in time, or as soon as it is stopped.
#[derive(Debug, Clone, Default)]
pub struct Deadline {
    at: Option<Instant>,
    /// When it was stopped.
    stopped: Option<watch::Receiver<Option<Instant>>>,
    /// How long after that it is over.
    grace: Duration,
}

/// Ends a run before its time: SIGTERM is a deadline of now.
#[derive(Debug)]
pub struct Stopper(watch::Sender<Option<Instant>>);

impl Deadline {
    /// There is no deadline.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// At this instant.
    #[must_use]
    pub fn at(instant: Instant) -> Self {
        Self { at: Some(instant), ..Self::default() }
    }

    /// This long from now.
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self { at: Instant::now().checked_add(time), ..Self::default() }
    }

    /// This long from now; no deadline where the time is zero, as in the flags.
    #[must_use]
    pub fn of_timeout(time: Duration) -> Self {
        if time.is_zero() { Self::none() } else { Self::within(time) }
    }

    /// The same deadline, and a way to make it now.
    #[must_use]
    pub fn stoppable(self) -> (Self, Stopper) {
        let (sender, receiver) = watch::channel(None);
        (Self { stopped: Some(receiver), ..self }, Stopper(sender))
    }

    /// The same deadline, but at the latest when this share of the time that is left has passed.
    #[must_use]
    pub fn share(&self, share: f64) -> Self {
        let at = self.at.map(|at| {
            let now = Instant::now();
            now + at.saturating_duration_since(now).mul_f64(share.clamp(0.0, 1.0))
        });
        Self { at, ..self.clone() }
    }

    /// The same deadline, but at the latest this long from now.
    #[must_use]
    pub fn at_most(&self, time: Duration) -> Self {
        let end = Instant::now().checked_add(time);
        Self { at: self.at.into_iter().chain(end).min(), ..self.clone() }
    }

    /// The same deadline, but with this much time behind a stop: what is under way when the process
    /// is told to stop may come to its end.
    #[must_use]
    pub fn with_grace(&self, grace: Duration) -> Self {
        Self { grace: self.grace.max(grace), ..self.clone() }
    }

    /// This long after this deadline.
    #[must_use]
    pub fn extended(&self, time: Duration) -> Self {
        let at = self.at.and_then(|at| at.checked_add(time));
        Self { at, grace: self.grace.saturating_add(time), ..self.clone() }
    }

    /// Waits until the time is over: for ever where there is no end.
    pub async fn over(&self) {
        let time = async {
            match self.at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = time => {}
            () = self.stop() => {}
        }
    }

    /// Waits until the time after a stop is over: for ever where there is none.
    async fn stop(&self) {
        let Some(mut stopped) = self.stopped.clone() else { return std::future::pending().await };
        let Ok(instant) = stopped.wait_for(Option::is_some).await.map(|instant| *instant) else {
            // A dropped stopper can no longer stop.
            return std::future::pending().await;
        };
        if let Some(end) = instant.and_then(|instant| instant.checked_add(self.grace)) {
            tokio::time::sleep_until(end).await;
        }
    }

    /// How much time is left; `None` without end.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let stopped = self.stopped.as_ref().and_then(|stopped| *stopped.borrow());
        let stop = stopped.and_then(|instant| instant.checked_add(self.grace));
        let end = self.at.into_iter().chain(stop).min()?;
        Some(end.saturating_duration_since(Instant::now()))
    }

    /// Whether it was stopped ([`Stopper::stop`]), whatever time was left.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.as_ref().is_some_and(|stopped| stopped.borrow().is_some())
    }

    /// Whether more than this much time is left.
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
        tokio::select! {
            biased;
            () = tokio::time::sleep(time) => true,
            () = self.over() => false,
        }
    }
}

impl Stopper {
    /// Makes the deadline now.
    pub fn stop(&self) {
        let stop = |stopped: &mut Option<Instant>| {
            let first = stopped.is_none();
            stopped.get_or_insert_with(Instant::now);
            first
        };
        self.0.send_if_modified(stop);
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
        assert!(!reading.is_stopped());
        stopper.stop();
        reading.over().await;
        assert!(reading.is_over() && whole.is_over());
        assert!(reading.is_stopped() && whole.is_stopped());
        assert_eq!(Deadline::none().share(0.7).left(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_over_when_its_time_has_come() {
        let start = Instant::now();
        let (deadline, stopper) = Deadline::within(Duration::from_secs(3)).stoppable();
        drop(stopper);
        deadline.over().await;
        assert_eq!(start.elapsed(), Duration::from_secs(3));
        assert!(!deadline.is_stopped(), "its time is over, and nobody said so");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_has_its_grace_from_the_stop_on() {
        let second = Duration::from_secs(1);
        let (deadline, stopper) = Deadline::none().stoppable();
        let graceful = deadline.with_grace(3 * second);
        let last = graceful.extended(2 * second);
        assert_eq!(graceful.left(), None);
        stopper.stop();
        tokio::time::sleep(second).await;
        stopper.stop();
        assert!(deadline.is_over() && !deadline.sleep(second).await);
        assert_eq!(graceful.left(), Some(2 * second));
        let start = Instant::now();
        graceful.over().await;
        assert_eq!(start.elapsed(), 2 * second);
        assert_eq!(last.left(), Some(2 * second));
        assert_eq!(Deadline::within(second).with_grace(3 * second).left(), Some(second));
    }
}
