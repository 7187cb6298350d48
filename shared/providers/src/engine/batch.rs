//! Batches: whole groups are packed in order. What the API refuses is isolated, and after a lost answer the
//! zone is read to see what was done.

mod full;
mod lost;
mod refused;
mod replaced;

use std::borrow::Cow;
use std::collections::VecDeque;

use async_trait::async_trait;
use extdns_model::{ChangeGroup, Failure, FailureKind, Name, NotSent, Outcome, Record, Zone};

use super::Transport;
use super::apart::apart;
use super::apply::{Dispatch, Pace};
use super::check::Scope;
use super::gate::Gate;
use super::parcel::{MadeBy, Parcel};
use super::read::some_names;
use super::replaced::Replaced;
use crate::{BatchWriter, Capabilities, Cost, ErrorKind, ProviderError, Stores, ZoneReader};
use full::Room;
use refused::Refused;

/// Sends groups in batches.
pub(super) struct Batches {
    pub(super) api: Box<dyn BatchWriter>,
}

#[async_trait]
impl Dispatch for Batches {
    fn reader(&self) -> &dyn ZoneReader {
        self.api.as_ref()
    }

    fn keeps_together(&self) -> bool {
        self.api.capabilities().is_atomic()
    }

    async fn deliver(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
        pace: &Pace,
        gate: &Gate,
    ) -> Vec<Outcome> {
        // What an earlier delivery of this apply has deleted made room.
        gate.take_room();
        let is_atomic = self.api.capabilities().is_atomic();
        let whole = groups;
        let groups: Vec<Cow<'_, ChangeGroup>> = groups
            .iter()
            .map(|group| match is_atomic {
                true => Cow::Borrowed(*group),
                false => apart(self.api.as_ref(), zone, group),
            })
            .collect();
        let mut delivery = Delivery {
            api: self.api.as_ref(),
            via,
            zone,
            pace,
            outcomes: vec![None; groups.len()],
            queue: VecDeque::new(),
            refused: Vec::new(),
            replaced: Replaced::among(groups.iter().map(AsRef::as_ref)),
            waiting: Vec::new(),
            gate,
            sent: false,
            room: Room::NotAsked,
        };
        let stores = self.api.capabilities().stores;
        let parcels = groups.iter().enumerate().map(|(at, group)| Parcel::new(at, group, stores));
        let (last, first): (Vec<_>, Vec<_>) =
            parcels.partition(|parcel| !delivery.replaced.by(parcel.position).is_empty());
        delivery.pack(first.into_iter().chain(last));
        let mut outcomes = delivery.run().await;
        self.accompany(via, zone, whole, &mut outcomes).await;
        outcomes
    }

    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        self.api.finish(via, zone).await
    }
}

impl Batches {
    /// What goes with the records of the groups that were applied. Where it fails, the records are there.
    async fn accompany(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
        outcomes: &mut [Outcome],
    ) {
        let pairs = groups.iter().zip(outcomes);
        let applied = pairs.filter(|(_, outcome)| **outcome == Outcome::Applied);
        let (groups, outcomes): (Vec<&ChangeGroup>, Vec<_>) = applied.unzip();
        let failures = self.api.accompany(via, zone, &groups).await;
        for ((group, outcome), error) in groups.iter().zip(outcomes).zip(failures) {
            if let Some(error) = error {
                let reason = via.redact(error).failure();
                *outcome = Outcome::Partial { done: group.changes.len(), left: 0, reason };
            }
        }
    }
}

/// The groups of one zone on their way.
struct Delivery<'a, 'g> {
    api: &'a dyn BatchWriter,
    via: &'a Transport,
    zone: &'a Zone,
    pace: &'a Pace,
    outcomes: Vec<Option<Outcome>>,
    queue: VecDeque<Vec<Parcel<'g>>>,
    /// The groups for which the zone is read after everything else was sent, so that one read serves all.
    refused: Vec<Refused<'g>>,
    replaced: Replaced,
    /// The groups whose replacement is not settled yet.
    waiting: Vec<Parcel<'g>>,
    gate: &'a Gate,
    sent: bool,
    room: Room,
}

impl<'g> Delivery<'_, 'g> {
    /// Fills batches with whole groups in order. A group that alone exceeds a limit is rejected.
    fn pack(&mut self, parcels: impl IntoIterator<Item = Parcel<'g>>) {
        let limits = self.api.limits(self.zone).min(self.capabilities().batch_limits);
        let mut batch: Vec<Parcel<'g>> = Vec::new();
        let mut filled = Cost::default();
        for parcel in parcels {
            let group = &parcel.group;
            if group.changes.is_empty() {
                self.end(parcel.position, Outcome::Applied);
                continue;
            }
            let changes = group.changes.iter().map(|change| self.api.cost(change));
            let required = group.requires.iter().map(|own| self.api.cost_of_requirement(own));
            let cost: Cost = changes.chain(required).sum();
            if let Some(limit) = limits.exceeded_by(cost) {
                let message = format!(
                    "{} needs more than the {limit} that {} takes; give it fewer or shorter values",
                    group.name,
                    self.api.capabilities().provider,
                );
                let failure = Failure { kind: FailureKind::Limit, message };
                self.end(parcel.position, parcel.ended(Outcome::Rejected(failure)));
                continue;
            }
            if limits.exceeded_by(filled + cost).is_some() {
                self.queue.push_back(std::mem::take(&mut batch));
                filled = Cost::default();
            }
            filled = filled + cost;
            batch.push(parcel);
        }
        self.queue.push_back(batch);
    }

    async fn run(mut self) -> Vec<Outcome> {
        loop {
            while let Some(batch) = self.queue.pop_front() {
                self.send(batch).await;
            }
            if !self.refused.is_empty() {
                self.look_up_refused().await;
            } else if !self.waiting.is_empty() {
                self.end_waiting();
            } else {
                break;
            }
        }
        let unsettled = || Outcome::NotSent(NotSent::Deadline);
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unsettled)).collect()
    }

    async fn send(&mut self, batch: Vec<Parcel<'g>>) {
        let (batch, stopped): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|parcel| self.gate.refusal(&parcel.group).is_none());
        for parcel in stopped {
            let why = self.gate.refusal(&parcel.group).unwrap_or(NotSent::Deadline);
            self.settle(vec![parcel], &Outcome::NotSent(why));
        }
        let batch = self.without_waiting(batch);
        if batch.is_empty() {
            return;
        }
        let pause = self.capabilities().batch_pause;
        let waited = !self.sent || pause.is_zero() || self.pace.deadline().sleep(pause).await;
        if !waited || !self.pace.allows_another() {
            return self.settle(batch, &Outcome::NotSent(NotSent::Deadline));
        }
        self.sent = true;
        match self.call(&batch).await {
            Ok(sent) => self.go_on(batch, sent),
            Err(error) => self.recover(batch, self.via.redact(error)).await,
        }
    }

    /// One call, and how many changes of each group it made.
    async fn call(&self, batch: &[Parcel<'g>]) -> Result<Vec<usize>, ProviderError> {
        let parts: Vec<Cow<'_, ChangeGroup>> = batch.iter().map(|it| self.part(it)).collect();
        let groups: Vec<&ChangeGroup> = parts.iter().map(AsRef::as_ref).collect();
        self.pace.timed(self.api.send(self.via, self.zone, &groups)).await?;
        groups.iter().for_each(|group| self.gate.applied(group));
        Ok(groups.iter().map(|group| group.changes.len()).collect())
    }

    /// The part of a group that is sent with one call. Where single values are made or refused one by one,
    /// those are only changes that may be made in any order, also if the run ends in between.
    fn part<'p>(&self, parcel: &'p Parcel<'g>) -> Cow<'p, ChangeGroup> {
        let capabilities = self.capabilities();
        let group = parcel.group.as_ref();
        let several = matches!(capabilities.stores, Stores::Values(_)) && !capabilities.is_atomic();
        let first = if several { parcel.beginning() } else { group.changes.len() };
        if first == group.changes.len() {
            return Cow::Borrowed(group);
        }
        let changes = group.changes[..first].to_vec();
        let (name, after, requires) = (group.name.clone(), Vec::new(), group.requires.clone());
        Cow::Owned(ChangeGroup { id: group.id, zone: group.zone, name, changes, after, requires })
    }

    /// After a call that did all that was sent: what is left of the groups goes next.
    fn go_on(&mut self, batch: Vec<Parcel<'g>>, sent: Vec<usize>) {
        let mut rest = Vec::new();
        for (parcel, sent) in batch.into_iter().zip(sent) {
            let position = parcel.position;
            match parcel.after(sent) {
                None => self.end(position, Outcome::Applied),
                Some(parcel) => rest.push(parcel),
            }
        }
        self.queue.push_front(rest);
    }

    async fn recover(&mut self, batch: Vec<Parcel<'g>>, error: ProviderError) {
        tracing::debug!(zone = %self.zone, groups = batch.len(), %error, "batch failed");
        match error.kind {
            ErrorKind::Rejected(_)
            | ErrorKind::Conflict(_)
            | ErrorKind::Limit(_)
            | ErrorKind::RecordGone => {
                self.gate.failed(&error);
                if self.capabilities().is_atomic() {
                    self.isolate(batch, &error, None);
                } else {
                    // Part of the batch may have been applied.
                    self.refused.push(Refused { parcels: batch, error });
                }
            }
            ErrorKind::Quota if self.capabilities().is_atomic() => self.full(batch, &error),
            ErrorKind::Quota => self.full_in_part(batch, &error).await,
            ErrorKind::Lost => self.look_up(batch, error).await,
            ErrorKind::Deadline => self.settle(batch, &Outcome::NotSent(NotSent::Deadline)),
            _ => {
                self.gate.failed(&error);
                self.settle(batch, &Outcome::undone(error.failure()));
            }
        }
    }

    async fn records_of<'p>(
        &self,
        parcels: impl IntoIterator<Item = &'p Parcel<'g>>,
    ) -> Result<Vec<Record>, ProviderError>
    where
        'g: 'p,
    {
        let mut all: Vec<&Name> = parcels.into_iter().flat_map(Parcel::names).collect();
        all.sort_by_cached_key(|name| name.key().into_owned());
        all.dedup_by(|a, b| a.key() == b.key());
        some_names(self.api, self.via, self.zone, &all).await
    }

    /// Settles the groups that are completely in the zone; of the others keeps the changes that are not.
    fn keep_undone(&mut self, batch: Vec<Parcel<'g>>, records: &[Record]) -> Vec<Parcel<'g>> {
        let mut kept = Vec::new();
        for parcel in batch {
            let position = parcel.position;
            match parcel.undone(records, MadeBy::Us, self.scope()) {
                None => self.end(position, Outcome::Applied),
                Some(parcel) => kept.push(parcel),
            }
        }
        kept
    }

    fn settle(&mut self, batch: Vec<Parcel<'g>>, outcome: &Outcome) {
        for parcel in batch {
            self.end(parcel.position, parcel.ended(outcome.clone()));
        }
    }

    /// Nothing more is done about the group.
    fn end(&mut self, position: usize, outcome: Outcome) {
        if outcome == Outcome::Applied {
            self.via.wrote();
        }
        self.outcomes[position] = Some(outcome);
    }

    fn scope(&self) -> Scope {
        Scope::of(self.capabilities().stores)
    }

    fn capabilities(&self) -> &Capabilities {
        self.api.capabilities()
    }
}
