//! When the next run is due.

use std::time::Duration;

use tokio::time::Instant;

/// How long changes that follow each other are taken together, at most.
const BATCHING: Duration = Duration::from_secs(5);

/// When runs are due: after the interval, and soon after a change.
pub(super) struct Schedule {
    interval: Duration,
    /// Least time from the begin of a run to that of one that a change starts.
    least: Duration,
    last: Option<Instant>,
    next: Instant,
}

impl Schedule {
    /// The first run is due at once.
    pub(super) fn new(interval: Duration, least: Duration, now: Instant) -> Self {
        Self { interval, least, last: None, next: now }
    }

    /// When the next run is due.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// A run begins.
    pub(super) fn begin(&mut self, now: Instant) {
        self.last = Some(now);
        self.next = now + self.interval;
    }

    /// Something has changed. Upstream waits for five seconds for more of it; who allows runs to follow each other
    /// sooner wants them sooner.
    pub(super) fn ask(&mut self, now: Instant) {
        let batched = (now + self.least.min(BATCHING)).min(self.next);
        let earliest = self.last.map_or(now, |last| last + self.least);
        self.next = batched.max(earliest);
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Instant, Schedule};

    #[test]
    fn a_change_starts_a_run_soon_and_never_later_than_planned() {
        // Interval, least time, begin of the last run, the change, and when the next run is due: seconds.
        let table = [
            (60, 5, 0, 1, 6),
            (60, 5, 0, 30, 35),
            (60, 5, 0, 58, 60),
            (60, 20, 0, 1, 20),
            (60, 20, 0, 30, 35),
            (60, 0, 0, 1, 1),
            (60, 1, 0, 10, 11),
            // Upstream, too, lets the least time win over the interval.
            (2, 5, 0, 1, 5),
        ];
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for (interval, least, begin, change, due) in table {
            let (interval, least) = (Duration::from_secs(interval), Duration::from_secs(least));
            let mut schedule = Schedule::new(interval, least, start);
            assert_eq!(schedule.next(), start, "the first run is due at once");
            schedule.begin(at(begin));
            assert_eq!(schedule.next(), at(begin) + interval);
            schedule.ask(at(change));
            assert_eq!(schedule.next(), at(due), "{interval:?} {least:?} {change}");
            schedule.ask(at(change));
            assert_eq!(schedule.next(), at(due), "a second change does not put it off");
        }
    }
}
