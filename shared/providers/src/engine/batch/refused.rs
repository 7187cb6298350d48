//! Groups that the API refused: they are isolated, and then the zone is read to see what was done.

use extdns_model::{Outcome, Record};

use super::lost::unknown;
use super::{Delivery, MadeBy, Parcel};
use crate::engine::changed::Present;
use crate::{ErrorKind, ProviderError};

/// Groups that the API refused, and why.
pub(super) struct Refused<'g> {
    pub(super) parcels: Vec<Parcel<'g>>,
    pub(super) error: ProviderError,
}

/// What the zone shows of groups that were refused.
pub(super) struct Seen<'r> {
    records: &'r [Record],
    present: Present<'r>,
}

impl<'r> Seen<'r> {
    fn new(records: &'r [Record]) -> Self {
        Self { records, present: Present::new(records, true) }
    }
}

impl<'g> Delivery<'_, 'g> {
    /// What became of the groups that were refused: one read for all of them, or one for each where
    /// a name can be read by itself.
    pub(super) async fn look_up_refused(&mut self) {
        let refused = std::mem::take(&mut self.refused);
        let by_name = self.capabilities().starts_at_name;
        let looks: Vec<Vec<Refused<'g>>> =
            if by_name { refused.into_iter().map(|it| vec![it]).collect() } else { vec![refused] };
        for look in looks {
            let records = self.records_of(look.iter().flat_map(|it| &it.parcels)).await;
            let seen = records.as_deref().map(Seen::new);
            for Refused { parcels, error } in look {
                match &seen {
                    Ok(seen) => self.judge_all(parcels, &error, seen),
                    Err(_) if self.capabilities().is_atomic() => {
                        self.settle(parcels, &Outcome::Rejected(error.failure()));
                    }
                    Err(reason) => self.settle(parcels, &unknown(&error, reason)),
                }
            }
        }
    }

    fn judge_all(&mut self, parcels: Vec<Parcel<'g>>, error: &ProviderError, seen: &Seen<'_>) {
        if self.capabilities().is_atomic() {
            return parcels.into_iter().for_each(|parcel| self.judge(parcel, error, seen));
        }
        let sent = parcels.len();
        let left = self.keep_undone(parcels, seen.records);
        let named = left.iter().any(|it| error.offenders().iter().any(|name| it.bears(name)));
        if sent > 1 && left.len() == 1 && !named {
            // What was refused may have been one of those that turned out to be done.
            return self.queue.push_front(left);
        }
        if !left.is_empty() {
            self.isolate(left, error, Some(seen));
        }
    }

    /// Takes out the groups that the error names; where it names none, halves the batch. If the zone was
    /// read, its records decide what became of the groups that are named.
    pub(super) fn isolate(
        &mut self,
        batch: Vec<Parcel<'g>>,
        error: &ProviderError,
        seen: Option<&Seen<'_>>,
    ) {
        let blamed = |parcel: &Parcel<'g>| error.offenders().iter().any(|it| parcel.bears(it));
        if batch.len() == 1 {
            return batch.into_iter().for_each(|parcel| self.refuse(parcel, error, seen));
        }
        let (offenders, mut rest): (Vec<_>, Vec<_>) = batch.into_iter().partition(blamed);
        if offenders.is_empty() {
            let second = rest.split_off(rest.len() / 2);
            self.queue.push_front(second);
            self.queue.push_front(rest);
            return;
        }
        self.queue.push_front(rest);
        let shared = |name| offenders.iter().filter(|parcel| parcel.bears(name)).count() > 1;
        if error.offenders().iter().any(shared) {
            // Several groups bear a blamed name (set identifiers, say): each is tried alone.
            offenders.into_iter().rev().for_each(|parcel| self.queue.push_front(vec![parcel]));
            return;
        }
        offenders.into_iter().for_each(|parcel| self.refuse(parcel, error, seen));
    }

    /// A group that the API refused because of the group itself. It may be there already, or its
    /// deletion may be done: only what the zone lacks is tried once more.
    fn refuse(&mut self, parcel: Parcel<'g>, error: &ProviderError, seen: Option<&Seen<'_>>) {
        if parcel.was_looked_up() || matches!(error.kind, ErrorKind::Limit(_)) {
            return self.settle(vec![parcel], &Outcome::Rejected(error.failure()));
        }
        match seen {
            Some(seen) => self.judge(parcel, error, seen),
            None => self.refused.push(Refused { parcels: vec![parcel], error: error.clone() }),
        }
    }

    /// A refused group, now that the records of the zone are known.
    fn judge(&mut self, parcel: Parcel<'g>, error: &ProviderError, seen: &Seen<'_>) {
        // What was changed since it was read stays as it is, also where half of it is done.
        let changed = seen.present.changed(parcel.planned);
        if let Some(mut failure) = changed.filter(|_| parcel.is_whole()) {
            // The API's own words have its request id.
            failure.message = format!("{} ({error})", failure.message);
            return self.settle(vec![parcel], &Outcome::Rejected(failure));
        }
        let (position, whole) = (parcel.position, parcel.group.changes.len());
        match parcel.undone(seen.records, MadeBy::Anybody, self.scope()) {
            None => self.end(position, Outcome::Applied),
            Some(parcel) if parcel.group.changes.len() == whole => {
                self.settle(vec![parcel], &Outcome::Rejected(error.failure()));
            }
            Some(parcel) => self.queue.push_back(vec![parcel.looked_up()]),
        }
    }
}
