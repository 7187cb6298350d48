//! The lease of a target: how long it holds, and what its holder may do.

use std::time::Duration;

use extdns_model::Permit;
use jiff::Timestamp;

use crate::store::{Replaced, StateError, Store};
use crate::{Document, Known, Revision};

/// How long a lease outlives the deadline of its run: enough for the last answers, and for clocks that differ.
pub const MARGIN: Duration = Duration::from_secs(30);

/// How long a lease holds where the run has no deadline.
pub const WITHOUT_DEADLINE: Duration = Duration::from_secs(600);

/// When a lease ends. It is never renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseEnd {
    /// When the run must be over; `None` without a deadline.
    pub deadline: Option<Timestamp>,
}

impl LeaseEnd {
    /// The end for a run that has this much time left from `now` on.
    #[must_use]
    pub fn of(now: Timestamp, left: Option<Duration>) -> Self {
        Self { deadline: left.map(|left| later(now, left)) }
    }

    /// The end of a lease that is taken at `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Timestamp {
        match self.deadline {
            Some(deadline) => later(deadline, MARGIN),
            None => later(now, WITHOUT_DEADLINE),
        }
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// The lease of a target, taken by this run. Only its holder changes the gate.
///
/// It ends by itself; [`release`](Lease::release) ends it before.
#[must_use = "other runs wait for a lease until it is released or over"]
pub struct Lease<'a> {
    pub(crate) store: &'a Store,
    pub(crate) target: String,
    pub(crate) until: Timestamp,
    pub(crate) document: Document,
    pub(crate) revision: Revision,
}

impl Lease<'_> {
    /// What the last run left.
    #[must_use]
    pub fn gate(&self) -> &Known {
        &self.document.gate
    }

    /// When it ends.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// How much time is left to write: until [`MARGIN`] before the end.
    #[must_use]
    pub fn left(&self) -> Duration {
        let left = self.until.duration_since(self.store.now());
        Duration::try_from(left).unwrap_or_default().saturating_sub(MARGIN)
    }

    /// Removes the stored hash, and makes sure that the lease is still ours: to be done before the first
    /// write.
    ///
    /// # Errors
    /// When the lease is lost or over, or the store fails: then nothing may be written.
    pub async fn clear_gate(&mut self, permit: &Permit) -> Result<(), StateError> {
        let document = Document { gate: Known::Nothing, ..self.document.clone() };
        self.replace(permit, document).await
    }

    /// Gives the lease back, and leaves this for the next run.
    ///
    /// # Errors
    /// When the lease is lost or over, or the store fails: then the gate is as it was.
    pub async fn release(mut self, permit: &Permit, gate: Known) -> Result<(), StateError> {
        self.replace(permit, Document { lease: None, gate }).await
    }

    async fn replace(&mut self, permit: &Permit, document: Document) -> Result<(), StateError> {
        if self.store.now() >= self.until {
            let place = self.store.place(&self.target);
            return Err(StateError::Over { place, until: self.until });
        }
        let read = Some(&self.revision);
        match self.store.replace(permit, &self.target, &document, read).await? {
            Replaced::Done(revision) => {
                self.revision = revision;
                self.document = document;
                Ok(())
            }
            Replaced::Conflict(found) => Err(StateError::Lost {
                place: self.store.place(&self.target),
                by: found.and_then(|found| found.lease).map(|lease| lease.holder),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_outlives_the_deadline_by_half_a_minute() {
        let now = Timestamp::from_second(1_000).expect("a time");
        let cases = [(Some(0), 1_030), (Some(290), 1_320), (None, 1_600)];
        for (left, end) in cases {
            let lease = LeaseEnd::of(now, left.map(Duration::from_secs));
            assert_eq!(lease.at(now).as_second(), end, "{left:?}");
        }
        // However long it was waited for.
        let lease = LeaseEnd::of(now, Some(Duration::from_secs(60)));
        let later = Timestamp::from_second(1_050).expect("a time");
        assert_eq!(lease.at(later).as_second(), 1_090);
        assert_eq!(LeaseEnd::of(now, None).at(later).as_second(), 1_650);
        assert_eq!(LeaseEnd::of(now, Some(Duration::MAX)).at(now), Timestamp::MAX);
    }
}
