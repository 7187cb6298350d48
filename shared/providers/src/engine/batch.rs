//! Batches: whole groups packed in order, what the API refuses isolated, a lost answer looked up.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{
    Action, Change, ChangeGroup, Failure, FailureKind, Name, NotSent, Outcome, Record, Role,
    Stored, Zone,
};

use super::Transport;
use super::apply::{Dispatch, Pace};
use super::changed::{Present, changed};
use super::check::{Scope, find, is_done, shows};
use super::read::some_names;
use crate::{BatchWriter, Capabilities, Cost, ErrorKind, ProviderError};

/// How often a group is sent again after its answer was lost.
const RESENDS: u8 = 2;
/// Before a lost answer is looked up: the API may still be at work.
const SETTLE: Duration = Duration::from_millis(500);

/// Sends groups in batches.
pub(super) struct Batches<A> {
    pub(super) api: Arc<A>,
}

#[async_trait]
impl<A: BatchWriter> Dispatch for Batches<A> {
    async fn deliver(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
        pace: &Pace,
    ) -> Vec<Outcome> {
        let mut delivery = Delivery {
            api: self.api.as_ref(),
            via,
            zone,
            pace,
            outcomes: vec![None; groups.len()],
            queue: VecDeque::new(),
            stopped: None,
            sent: false,
        };
        delivery.pack(groups);
        delivery.run().await
    }

    async fn changed(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Vec<Option<Outcome>> {
        changed(self.api.as_ref(), via, zone, groups).await
    }

    async fn shows(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<bool, ProviderError> {
        shows(self.api.as_ref(), via, zone, groups).await
    }

    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        self.api.finish(via, zone).await
    }
}

/// A group on its way.
#[derive(Clone)]
struct Item<'g> {
    /// Its place among the groups of the zone.
    place: usize,
    /// What is still to be sent of it.
    group: Cow<'g, ChangeGroup>,
    /// How many of its changes were made by an earlier call.
    done: usize,
    /// How often its answer was lost.
    lost: u8,
    /// Whether the zone was asked what is there of it after a refusal.
    looked_up: bool,
}

/// The groups of one zone on their way.
struct Delivery<'a, 'g, A> {
    api: &'a A,
    via: &'a Transport,
    zone: &'a Zone,
    pace: &'a Pace,
    outcomes: Vec<Option<Outcome>>,
    queue: VecDeque<Vec<Item<'g>>>,
    /// Why nothing more is sent to this zone.
    stopped: Option<Failure>,
    sent: bool,
}

impl<'g, A: BatchWriter> Delivery<'_, 'g, A> {
    /// Fills batches with whole groups in order. A group that exceeds a limit alone is out.
    fn pack(&mut self, groups: &[&'g ChangeGroup]) {
        let limits = self.api.capabilities().batch_limits;
        let mut batch: Vec<Item<'g>> = Vec::new();
        let mut filled = Cost::default();
        for (place, group) in groups.iter().enumerate() {
            if group.changes.is_empty() {
                self.outcomes[place] = Some(Outcome::Applied);
                continue;
            }
            let changes = group.changes.iter().map(|change| self.api.cost(change));
            let required = group.requires.iter().map(|own| self.api.cost_of_requirement(own));
            let cost: Cost = changes.chain(required).sum();
            if let Some(limit) = limits.exceeded_by(cost) {
                let message = format!(
                    "{} needs more than the {limit} that {} takes; wish fewer or shorter values",
                    group.name,
                    self.api.capabilities().provider,
                );
                let failure = Failure { kind: FailureKind::Limit, message };
                self.outcomes[place] = Some(Outcome::Rejected(failure));
                continue;
            }
            if limits.exceeded_by(filled + cost).is_some() {
                self.queue.push_back(std::mem::take(&mut batch));
                filled = Cost::default();
            }
            filled = filled + cost;
            let group = Cow::Borrowed(*group);
            batch.push(Item { place, group, done: 0, lost: 0, looked_up: false });
        }
        self.queue.push_back(batch);
    }

    async fn run(mut self) -> Vec<Outcome> {
        while let Some(batch) = self.queue.pop_front() {
            if batch.is_empty() {
                continue;
            }
            if let Some(why) = self.refusal().await {
                self.not_sent(batch, &why);
                continue;
            }
            let groups: Vec<&ChangeGroup> = batch.iter().map(|item| item.group.as_ref()).collect();
            self.sent = true;
            let answer = self.pace.timed(self.api.send(self.via, self.zone, &groups)).await;
            match answer {
                Ok(()) => self.settle(batch, &Outcome::Applied),
                Err(error) => self.recover(batch, self.via.redact(error)).await,
            }
        }
        let unsettled = || Outcome::NotSent(NotSent::Deadline);
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unsettled)).collect()
    }

    /// Why the next batch is not sent, after the pause that the API wants between two.
    async fn refusal(&self) -> Option<NotSent> {
        if let Some(failure) = &self.stopped {
            return Some(NotSent::Stopped(failure.clone()));
        }
        let pause = self.api.capabilities().batch_pause;
        let waited = !self.sent || pause.is_zero() || self.pace.deadline().sleep(pause).await;
        (!waited || !self.pace.allows_another()).then_some(NotSent::Deadline)
    }

    async fn recover(&mut self, batch: Vec<Item<'g>>, error: ProviderError) {
        tracing::debug!(zone = %self.zone, groups = batch.len(), %error, "batch failed");
        match error.kind {
            ErrorKind::Rejected(_)
            | ErrorKind::Conflict(_)
            | ErrorKind::Limit(_)
            | ErrorKind::RecordGone => {
                self.isolate(batch, error).await;
            }
            ErrorKind::Lost => self.look_up(batch, error).await,
            ErrorKind::Deadline => self.not_sent(batch, &NotSent::Deadline),
            ErrorKind::Transient => self.settle(batch, &Outcome::Failed(error.failure())),
            _ => {
                let failure = error.failure();
                self.settle(batch, &Outcome::undone(failure.clone()));
                self.stopped = Some(failure);
            }
        }
    }

    /// Takes out what the error blames; where it blames nothing in particular, halves the batch.
    async fn isolate(&mut self, batch: Vec<Item<'g>>, error: ProviderError) {
        let bears = |item: &Item<'g>, name: &Name| names(&item.group).any(|own| same(own, name));
        let sent = batch.len();
        let batch = if self.capabilities().atomic_batches {
            batch
        } else {
            // Part of the batch may have been applied.
            match self.records_of(&batch).await {
                Ok(records) => self.keep_undone(batch, &records, true),
                Err(reason) => return self.settle(batch, &unknown(&error, &reason)),
            }
        };
        if let [only] = batch.as_slice() {
            let named = error.offenders().iter().any(|name| bears(only, name));
            if sent > 1 && !named {
                // What was refused may have been one of those that turned out to be done.
                self.queue.push_front(batch);
                return;
            }
            for item in batch {
                self.refused(item, &error).await;
            }
            return;
        }
        let (offenders, mut rest): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .partition(|item| error.offenders().iter().any(|name| bears(item, name)));
        if offenders.is_empty() {
            let second = rest.split_off(rest.len() / 2);
            self.queue.push_front(second);
            self.queue.push_front(rest);
            return;
        }
        self.queue.push_front(rest);
        let shared = |name| offenders.iter().filter(|item| bears(item, name)).count() > 1;
        if error.offenders().iter().any(shared) {
            // Several groups bear a blamed name (set identifiers, say): each is tried alone.
            offenders.into_iter().rev().for_each(|item| self.queue.push_front(vec![item]));
            return;
        }
        for item in offenders {
            self.refused(item, &error).await;
        }
    }

    /// A group that the API refused for its own sake. It may be there already, or its deletion may
    /// be done: only what the zone lacks is tried once more.
    async fn refused(&mut self, item: Item<'g>, error: &ProviderError) {
        let place = item.place;
        let failure = error.failure();
        let outcome = match item.done {
            0 => Outcome::Rejected(failure),
            done => Outcome::Partial { done, left: item.group.changes.len(), reason: failure },
        };
        if item.looked_up || matches!(error.kind, ErrorKind::Limit(_)) {
            self.outcomes[place] = Some(outcome);
            return;
        }
        let whole = item.group.changes.len();
        let batch = vec![item];
        let Ok(records) = self.records_of(&batch).await else {
            self.outcomes[place] = Some(outcome);
            return;
        };
        // What was changed since it was read stays as it is, also where half of it is done.
        let changed = Present::new(&records, true).changed(&batch[0].group);
        if let Some(mut failure) = changed.filter(|_| batch[0].done == 0) {
            // The API's own words have its request id.
            failure.message = format!("{} ({error})", failure.message);
            self.outcomes[place] = Some(Outcome::Rejected(failure));
            return;
        }
        for mut item in self.keep_undone(batch, &records, false) {
            if item.group.changes.len() == whole {
                self.outcomes[place] = Some(outcome.clone());
            } else {
                item.looked_up = true;
                self.queue.push_front(vec![item]);
            }
        }
    }

    /// After a lost answer: what the zone shows is applied, the rest is sent again.
    async fn look_up(&mut self, batch: Vec<Item<'g>>, error: ProviderError) {
        self.pace.deadline().sleep(SETTLE).await;
        if self.capabilities().atomic_batches
            && let Some(probe) = batch.first().and_then(|item| probe(&item.group))
        {
            let name = &probe.set().name;
            match some_names(self.api, self.via, self.zone, &[name]).await {
                Err(reason) => return self.settle(batch, &unknown(&error, &reason)),
                Ok(records) if is_done(probe, &records, Scope::Set) => {
                    return self.settle(batch, &Outcome::Applied);
                }
                Ok(_) => return self.send_again(batch, &error),
            }
        }
        match self.records_of(&batch).await {
            Err(reason) => self.settle(batch, &unknown(&error, &reason)),
            Ok(records) => {
                let undone = self.keep_undone(batch, &records, true);
                self.send_again(undone, &error);
            }
        }
    }

    fn send_again(&mut self, batch: Vec<Item<'g>>, error: &ProviderError) {
        let (mut again, given_up): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|item| item.lost < RESENDS);
        again.iter_mut().for_each(|item| item.lost += 1);
        self.queue.push_front(again);
        self.settle(given_up, &Outcome::Unknown(error.failure()));
    }

    async fn records_of(&self, batch: &[Item<'g>]) -> Result<Vec<Record>, ProviderError> {
        let mut all: Vec<&Name> = batch.iter().flat_map(|item| names(&item.group)).collect();
        all.sort_by_cached_key(|name| name.key().into_owned());
        all.dedup_by(|a, b| same(a, b));
        some_names(self.api, self.via, self.zone, &all).await
    }

    /// Settles the groups that are in the zone as a whole; of the others keeps what is not.
    fn keep_undone(
        &mut self,
        batch: Vec<Item<'g>>,
        records: &[Record],
        by_us: bool,
    ) -> Vec<Item<'g>> {
        let mut kept = Vec::new();
        for mut item in batch {
            let undone = |change: &_| !is_done(change, records, Scope::Set);
            let left = item.group.changes.iter().filter(|change| undone(change)).count();
            let there = item.group.changes.len() - left;
            if left == 0 {
                self.outcomes[item.place] = Some(Outcome::Applied);
                continue;
            }
            if there > 0 {
                let group = item.group.to_mut();
                // What is made later relies on the ownership records that are there already.
                let relied_on = group.changes.iter().filter(|change| !undone(change));
                group.requires.extend(relied_on.filter_map(|change| ownership(change, records)));
                group.changes.retain(undone);
                item.done += if by_us { there } else { 0 };
            }
            kept.push(item);
        }
        kept
    }

    fn settle(&mut self, batch: Vec<Item<'g>>, outcome: &Outcome) {
        for item in batch {
            let settled = match outcome {
                Outcome::Rejected(reason) | Outcome::Failed(reason) if item.done > 0 => Outcome::Partial {
                    done: item.done,
                    left: item.group.changes.len(),
                    reason: reason.clone(),
                },
                other => other.clone(),
            };
            self.outcomes[item.place] = Some(settled);
        }
    }

    fn not_sent(&mut self, batch: Vec<Item<'g>>, why: &NotSent) {
        for item in batch {
            let settled = match item.done {
                0 => Outcome::NotSent(why.clone()),
                done => Outcome::Partial {
                    done,
                    left: item.group.changes.len(),
                    reason: Failure { kind: FailureKind::Transient, message: why.to_string() },
                },
            };
            self.outcomes[item.place] = Some(settled);
        }
    }

    fn capabilities(&self) -> &Capabilities {
        self.api.capabilities()
    }
}

/// The ownership record of a change that made one, as it is now.
fn ownership(change: &Change, records: &[Record]) -> Option<Stored> {
    if change.role != Role::Ownership || matches!(change.action, Action::Delete(_)) {
        return None;
    }
    let Record { set, labels, origin, .. } = find(change.set(), records)?;
    Some(Stored { set: set.clone(), labels: labels.clone(), origin: origin.clone() })
}

fn names(group: &ChangeGroup) -> impl Iterator<Item = &Name> {
    let required = group.requires.iter().map(|own| &own.set.name);
    group.changes.iter().map(|change| &change.set().name).chain(required).chain([&group.name])
}

fn same(left: &Name, right: &Name) -> bool {
    left.key() == right.key()
}

/// The change that tells whether its atomic batch was applied.
fn probe(group: &ChangeGroup) -> Option<&Change> {
    let record = group.changes.iter().find(|change| change.role == Role::Record);
    record.or(group.changes.first())
}

fn unknown(lost: &ProviderError, reason: &ProviderError) -> Outcome {
    let message = format!("{lost}; the zone could not be read again either: {reason}");
    Outcome::Unknown(Failure { kind: FailureKind::Transient, message })
}
