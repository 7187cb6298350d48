//! A batch whose answer was lost: it is looked up, and sent again where nothing of it is there.

use std::time::Duration;

use extdns_model::{Failure, FailureKind, Outcome};

use super::{Delivery, Parcel};
use crate::ProviderError;
use crate::engine::check::is_done;
use crate::engine::read::some_names;

/// Before a lost answer is looked up: the API may still be at work.
const SETTLE: Duration = Duration::from_millis(500);

impl<'g> Delivery<'_, 'g> {
    /// After a lost answer: what the zone shows is applied, the rest is sent again.
    pub(super) async fn look_up(&mut self, batch: Vec<Parcel<'g>>, error: ProviderError) {
        self.pace.deadline().sleep(SETTLE).await;
        if self.capabilities().is_atomic()
            && let Some(probe) = batch.first().and_then(Parcel::probe)
        {
            let name = &probe.set().name;
            match some_names(self.api, self.via, self.zone, &[name]).await {
                Err(reason) => self.give_up(batch, &error, unknown(&error, &reason)),
                Ok(records) if is_done(probe, &records, self.scope()) => {
                    self.settle(batch, &Outcome::Applied);
                }
                Ok(_) => self.send_again(batch, &error),
            }
            return;
        }
        match self.records_of(&batch).await {
            Err(reason) => self.give_up(batch, &error, unknown(&error, &reason)),
            Ok(records) => {
                let undone = self.keep_undone(batch, &records);
                self.send_again(undone, &error);
            }
        }
    }

    fn send_again(&mut self, mut batch: Vec<Parcel<'g>>, error: &ProviderError) {
        let given_up: Vec<_> = batch.extract_if(.., |parcel| !parcel.lose()).collect();
        self.queue.push_front(batch);
        if !given_up.is_empty() {
            self.give_up(given_up, error, Outcome::Unknown(error.failure()));
        }
    }

    fn give_up(&mut self, batch: Vec<Parcel<'g>>, error: &ProviderError, outcome: Outcome) {
        self.gate.failed(error);
        self.settle(batch, &outcome);
    }
}

pub(super) fn unknown(lost: &ProviderError, reason: &ProviderError) -> Outcome {
    let message = format!("{lost}; the zone could not be read again either: {reason}");
    Outcome::Unknown(Failure { kind: FailureKind::Transient, message })
}
