//! A zone that takes no more record sets.

use extdns_model::{NotSent, Outcome};

use super::lost::unknown;
use super::{Delivery, Parcel};
use crate::ProviderError;

/// Whether deletes were sent ahead, to make room in a zone that is full.
#[derive(PartialEq, Eq)]
pub(super) enum Room {
    NotAsked,
    Asked,
}

impl<'g> Delivery<'_, 'g> {
    /// The zone takes no more record sets: groups that make it smaller are sent first, once, and groups that
    /// make it larger are stopped.
    pub(super) fn full(&mut self, batch: Vec<Parcel<'g>>, error: &ProviderError) {
        let growths = self.growths(batch.iter().chain(self.queue.iter().flatten()));
        let grows = |parcel: &Parcel<'_>| growths.of(parcel) > 0;
        if !batch.iter().any(grows) {
            return self.settle(batch, &Outcome::Rejected(error.failure()));
        }
        let waiting = std::mem::take(&mut self.queue).into_iter().flatten();
        let (later, mut rest): (Vec<_>, Vec<_>) = waiting.partition(grows);
        let (refused, go_on): (Vec<_>, Vec<_>) = batch.into_iter().partition(grows);
        rest.splice(..0, go_on);
        let makes_room = rest.iter().any(|parcel| growths.of(parcel) < 0);
        self.pack(rest);
        if makes_room && self.room == Room::NotAsked {
            self.room = Room::Asked;
            self.pack(refused.into_iter().chain(later));
            return;
        }
        let groups = refused.len() + later.len();
        tracing::warn!(zone = %self.zone, groups, %error, "the zone is full, nothing more is created in it");
        self.gate.failed(error);
        self.settle(refused, &Outcome::Rejected(error.failure()));
        self.settle(later, &Outcome::NotSent(NotSent::Stopped(error.failure())));
    }

    /// The same where part of the batch may have been made.
    pub(super) async fn full_in_part(&mut self, batch: Vec<Parcel<'g>>, error: &ProviderError) {
        match self.records_of(&batch).await {
            Err(reason) => self.settle(batch, &unknown(error, &reason)),
            Ok(records) => {
                let undone = self.keep_undone(batch, &records);
                if !undone.is_empty() {
                    self.full(undone, error);
                }
            }
        }
    }
}
