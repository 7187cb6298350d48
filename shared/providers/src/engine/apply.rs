//! Writing: groups in the order in which they depend on each other, zones side by side, everything
//! within the deadline.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{After, ChangeGroup, Failure, GroupId, NotSent, Outcome, Zone, ZoneIndex, ZoneKey};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use super::Transport;
use crate::{Deadline, ProviderError, Writer};

/// How long finishing the written zones may take beyond the deadline.
const GRACE: Duration = Duration::from_secs(5);

/// Sends the groups of one zone: packed into batches, or step by step.
#[async_trait]
pub(super) trait Dispatch: Send + Sync {
    /// One outcome per group.
    async fn deliver(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
        pace: &Pace,
    ) -> Vec<Outcome>;

    /// What remains to be done once the zone was written.
    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError>;
}

/// The deadline, and how long a unit of work has taken so far.
pub(super) struct Pace {
    until: Deadline,
    slowest: Mutex<Duration>,
}

impl Pace {
    pub(super) fn new(until: Deadline) -> Self {
        Self { until, slowest: Mutex::default() }
    }

    pub(super) fn deadline(&self) -> &Deadline {
        &self.until
    }

    /// Whether another batch may start: not when less than twice the slowest is left.
    pub(super) fn allows_another(&self) -> bool {
        let slowest = *self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        self.until.left().is_none_or(|left| !left.is_zero() && left >= slowest * 2)
    }

    /// Measures a unit of work.
    pub(super) async fn timed<T>(&self, work: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let result = work.await;
        let mut slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        *slowest = (*slowest).max(start.elapsed());
        result
    }
}

/// The writing half of a zone-shaped provider.
pub(super) struct ZonedWriter {
    pub(super) dispatch: Box<dyn Dispatch>,
    pub(super) via: Transport,
    pub(super) zones: ZoneIndex,
    pub(super) parallel: usize,
}

#[async_trait]
impl Writer for ZonedWriter {
    async fn apply(&self, groups: &[ChangeGroup], until: Deadline) -> Vec<Outcome> {
        let via = self.via.until(until.clone());
        let pace = Pace::new(until);
        let mut ledger = Ledger::new(groups);
        loop {
            let ready = ledger.ready();
            if ready.is_empty() {
                break;
            }
            let work = ready.iter().map(|(zone, places)| {
                let groups: Vec<_> = places.iter().map(|place| &groups[*place]).collect();
                self.deliver(&via, *zone, groups, &pace)
            });
            let outcomes = self.side_by_side(work.collect()).await;
            for (places, outcomes) in ready.values().zip(outcomes) {
                ledger.enter(places, outcomes);
            }
        }
        let touched = ledger.touched();
        let via = self.via.until(grace(pace.deadline()));
        let work = touched.keys().map(|zone| self.finish(&via, *zone)).collect();
        let finished = self.side_by_side(work).await;
        for (places, failure) in touched.values().zip(finished) {
            if let Some(failure) = failure {
                ledger.unfinished(places, &failure);
            }
        }
        ledger.into_outcomes()
    }
}

impl ZonedWriter {
    fn deliver<'w>(
        &'w self,
        via: &'w Transport,
        zone: ZoneKey,
        groups: Vec<&'w ChangeGroup>,
        pace: &'w Pace,
    ) -> BoxFuture<'w, Vec<Outcome>> {
        let zone = self.zones.zone(zone);
        async move { self.dispatch.deliver(via, zone, &groups, pace).await }.boxed()
    }

    fn finish<'w>(&'w self, via: &'w Transport, zone: ZoneKey) -> BoxFuture<'w, Option<Failure>> {
        let zone = self.zones.zone(zone);
        async move {
            let error = self.dispatch.finish(via, zone).await.err()?;
            let error = via.redact(error);
            tracing::warn!(%zone, %error, "zone was written but not finished");
            Some(error.within(format_args!("zone {zone} was written but not finished")).failure())
        }
        .boxed()
    }

    async fn side_by_side<T>(&self, work: Vec<BoxFuture<'_, T>>) -> Vec<T> {
        futures::stream::iter(work).buffered(self.parallel).collect().await
    }
}

/// What is written must be served, so the last calls get some time beyond the deadline.
fn grace(until: &Deadline) -> Deadline {
    if until.allows(GRACE) { until.clone() } else { Deadline::within(GRACE) }
}

/// What became of each group, and which may go next.
struct Ledger<'g> {
    groups: &'g [ChangeGroup],
    places: HashMap<GroupId, usize>,
    outcomes: Vec<Option<Outcome>>,
}

impl<'g> Ledger<'g> {
    fn new(groups: &'g [ChangeGroup]) -> Self {
        let places = groups.iter().enumerate().map(|(place, group)| (group.id, place)).collect();
        Self { groups, places, outcomes: vec![None; groups.len()] }
    }

    /// The groups that wait for nothing any more, by zone. A group whose predecessor was not
    /// applied, or does not take part in this apply, is out.
    fn ready(&mut self) -> BTreeMap<ZoneKey, Vec<usize>> {
        let mut ready: BTreeMap<ZoneKey, Vec<usize>> = BTreeMap::new();
        loop {
            let mut dropped = false;
            for (place, group) in self.groups.iter().enumerate() {
                if self.outcomes[place].is_some() {
                    continue;
                }
                match self.predecessor(group) {
                    Predecessor::Waiting => {}
                    Predecessor::Done => {
                        let places = ready.entry(group.zone).or_default();
                        if !places.contains(&place) {
                            places.push(place);
                        }
                    }
                    Predecessor::Failed(why) => {
                        self.outcomes[place] = Some(Outcome::NotSent(why));
                        dropped = true;
                    }
                }
            }
            if !dropped {
                return ready;
            }
        }
    }

    fn predecessor(&self, group: &ChangeGroup) -> Predecessor {
        let mut predecessor = Predecessor::Done;
        for after in &group.after {
            match self.places.get(&after.group()).map(|place| &self.outcomes[*place]) {
                Some(Some(Outcome::Applied)) => {}
                Some(None) => predecessor = Predecessor::Waiting,
                Some(Some(_)) | None => {
                    return Predecessor::Failed(match after {
                        After::OwnershipRecord(_) => NotSent::Predecessor,
                        After::Move(_) => NotSent::Move,
                    });
                }
            }
        }
        predecessor
    }

    fn enter(&mut self, places: &[usize], outcomes: Vec<Outcome>) {
        for (place, outcome) in places.iter().zip(outcomes) {
            self.outcomes[*place] = Some(outcome);
        }
    }

    /// The zones in which something was or may have been changed, with the groups that did it.
    fn touched(&self) -> BTreeMap<ZoneKey, Vec<usize>> {
        let mut touched: BTreeMap<ZoneKey, Vec<usize>> = BTreeMap::new();
        for (place, outcome) in self.outcomes.iter().enumerate() {
            if let Some(Outcome::Applied | Outcome::Partial { .. } | Outcome::Unknown(_)) = outcome
            {
                touched.entry(self.groups[place].zone).or_default().push(place);
            }
        }
        touched
    }

    /// The zone of these groups holds what was sent, but does not serve it yet.
    fn unfinished(&mut self, places: &[usize], failure: &Failure) {
        for place in places {
            if self.outcomes[*place] == Some(Outcome::Applied) {
                let done = self.groups[*place].changes.len();
                let reason = failure.clone();
                self.outcomes[*place] = Some(Outcome::Partial { done, left: 0, reason });
            }
        }
    }

    /// Groups that wait for each other in a circle were never ready.
    fn into_outcomes(self) -> Vec<Outcome> {
        let circle = || Outcome::NotSent(NotSent::Predecessor);
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(circle)).collect()
    }
}

enum Predecessor {
    Done,
    Waiting,
    Failed(NotSent),
}
