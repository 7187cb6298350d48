//! Batches: whole groups packed in order, what the API refuses isolated, a lost answer looked up.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{ChangeGroup, Failure, FailureKind, Name, NotSent, Outcome, Record, Zone};

use super::Transport;
use super::apart::apart;
use super::apply::{Dispatch, Pace};
use super::changed::Present;
use super::check::{Scope, is_done};
use super::gate::{Gate, growth};
use super::parcel::{MadeBy, Parcel};
use super::read::some_names;
use crate::{BatchWriter, Capabilities, Cost, ErrorKind, ProviderError, Stores, ZoneReader};

/// Before a lost answer is looked up: the API may still be at work.
const SETTLE: Duration = Duration::from_millis(500);

/// Sends groups in batches.
pub(super) struct Batches<A> {
    pub(super) api: Arc<A>,
}

#[async_trait]
impl<A: BatchWriter> Dispatch for Batches<A> {
    fn reader(&self) -> &dyn ZoneReader {
        self.api.as_ref()
    }

    async fn deliver(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
        pace: &Pace,
    ) -> Vec<Outcome> {
        let is_atomic = self.api.capabilities().is_atomic();
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
            gate: Gate::default(),
            sent: false,
            room: Room::NotAsked,
        };
        let stores = self.api.capabilities().stores;
        delivery.pack(groups.iter().enumerate().map(|(at, group)| Parcel::new(at, group, stores)));
        delivery.run().await
    }

    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        self.api.finish(via, zone).await
    }
}

/// The groups of one zone on their way.
struct Delivery<'a, 'g, A> {
    api: &'a A,
    via: &'a Transport,
    zone: &'a Zone,
    pace: &'a Pace,
    outcomes: Vec<Option<Outcome>>,
    queue: VecDeque<Vec<Parcel<'g>>>,
    /// What is looked up once everything else was sent, so that one read serves all.
    refused: Vec<Refused<'g>>,
    gate: Gate,
    sent: bool,
    room: Room,
}

/// Groups that the API refused, and why.
struct Refused<'g> {
    parcels: Vec<Parcel<'g>>,
    error: ProviderError,
}

/// What the zone shows of groups that were refused.
struct Seen<'r> {
    records: &'r [Record],
    present: Present<'r>,
}

impl<'r> Seen<'r> {
    fn new(records: &'r [Record]) -> Self {
        Self { records, present: Present::new(records, true) }
    }
}

/// Whether deletes were sent ahead, to make room in a zone that is full.
#[derive(PartialEq, Eq)]
enum Room {
    NotAsked,
    Asked,
}

impl<'g, A: BatchWriter> Delivery<'_, 'g, A> {
    /// Fills batches with whole groups in order. A group that exceeds a limit alone is out.
    fn pack(&mut self, parcels: impl IntoIterator<Item = Parcel<'g>>) {
        let limits = self.api.limits(self.zone).min(self.capabilities().batch_limits);
        let mut batch: Vec<Parcel<'g>> = Vec::new();
        let mut filled = Cost::default();
        for parcel in parcels {
            let group = &parcel.group;
            if group.changes.is_empty() {
                self.outcomes[parcel.position] = Some(Outcome::Applied);
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
                self.outcomes[parcel.position] = Some(parcel.ended(Outcome::Rejected(failure)));
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
            if self.refused.is_empty() {
                break;
            }
            self.look_up_refused().await;
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

    /// What is sent of a group with one call. Where single values are made or refused one by one, that
    /// is no more than a run may leave behind in any order.
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
                None => self.outcomes[position] = Some(Outcome::Applied),
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

    /// The same where part of the batch may have been made.
    async fn full_in_part(&mut self, batch: Vec<Parcel<'g>>, error: &ProviderError) {
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

    /// The zone takes no more record sets: what makes it smaller goes first, once, and what makes it
    /// larger is stopped.
    fn full(&mut self, batch: Vec<Parcel<'g>>, error: &ProviderError) {
        let grows = |parcel: &Parcel<'_>| growth(&parcel.group) > 0;
        if !batch.iter().any(grows) {
            return self.settle(batch, &Outcome::Rejected(error.failure()));
        }
        let waiting = std::mem::take(&mut self.queue).into_iter().flatten();
        let (later, mut rest): (Vec<_>, Vec<_>) = waiting.partition(grows);
        let (refused, go_on): (Vec<_>, Vec<_>) = batch.into_iter().partition(grows);
        rest.splice(..0, go_on);
        let makes_room = rest.iter().any(|parcel| growth(&parcel.group) < 0);
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

    /// Takes out what the error blames; where it blames nothing in particular, halves the batch.
    /// With what the zone shows, what is blamed is judged by it.
    fn isolate(&mut self, batch: Vec<Parcel<'g>>, error: &ProviderError, seen: Option<&Seen<'_>>) {
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
            None => self.outcomes[position] = Some(Outcome::Applied),
            Some(parcel) if parcel.group.changes.len() == whole => {
                self.settle(vec![parcel], &Outcome::Rejected(error.failure()));
            }
            Some(parcel) => self.queue.push_back(vec![parcel.looked_up()]),
        }
    }

    /// What became of the groups that were refused: one read for all of them, or one for each where
    /// a name can be read by itself.
    async fn look_up_refused(&mut self) {
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

    /// After a lost answer: what the zone shows is applied, the rest is sent again.
    async fn look_up(&mut self, batch: Vec<Parcel<'g>>, error: ProviderError) {
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

    /// Settles the groups that are in the zone as a whole; of the others keeps what is not.
    fn keep_undone(&mut self, batch: Vec<Parcel<'g>>, records: &[Record]) -> Vec<Parcel<'g>> {
        let mut kept = Vec::new();
        for parcel in batch {
            let position = parcel.position;
            match parcel.undone(records, MadeBy::Us, self.scope()) {
                None => self.outcomes[position] = Some(Outcome::Applied),
                Some(parcel) => kept.push(parcel),
            }
        }
        kept
    }

    fn settle(&mut self, batch: Vec<Parcel<'g>>, outcome: &Outcome) {
        for parcel in batch {
            self.outcomes[parcel.position] = Some(parcel.ended(outcome.clone()));
        }
    }

    fn scope(&self) -> Scope {
        Scope::of(self.capabilities().stores)
    }

    fn capabilities(&self) -> &Capabilities {
        self.api.capabilities()
    }
}

fn unknown(lost: &ProviderError, reason: &ProviderError) -> Outcome {
    let message = format!("{lost}; the zone could not be read again either: {reason}");
    Outcome::Unknown(Failure { kind: FailureKind::Transient, message })
}
