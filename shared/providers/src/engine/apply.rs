//! Writing: groups in the order in which they depend on each other, zones side by side, everything
//! within the deadline.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{ChangeGroup, Failure, NotSent, Outcome, Zone, ZoneIndex, ZoneKey};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use super::Transport;
use super::changed::changed;
use super::check::shows;
use super::gate::{Gate, Gates};
use super::ledger::Ledger;
use super::replaced::Replaced;
use crate::{Deadline, ProviderError, Writer, ZoneReader};

/// How long finishing the written zones may take beyond the deadline.
const GRACE: Duration = Duration::from_secs(2);
/// How often a new zone is asked whether it serves a name that moves to it, and the first pause
/// between two times, which doubles.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Sends the groups of one zone: packed into batches, or step by step.
#[async_trait]
pub(super) trait Dispatch: Send + Sync {
    /// The reading half of the API.
    fn reader(&self) -> &dyn ZoneReader;

    /// Whether it is given what is replaced together with what replaces it, as one call makes both or neither.
    fn keeps_together(&self) -> bool;

    /// One outcome per group.
    async fn deliver(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
        pace: &Pace,
        gate: &Gate,
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
    pub(super) dispatch: Arc<dyn Dispatch>,
    pub(super) via: Transport,
    pub(super) zones: ZoneIndex,
    pub(super) parallel: usize,
}

#[async_trait]
impl Writer for ZonedWriter {
    async fn apply(&self, groups: &[ChangeGroup], until: Deadline) -> Vec<Outcome> {
        let via = self.via.until(until.clone());
        let pace = Pace::new(until);
        let gates = self.gates();
        let mut ledger = match self.dispatch.keeps_together() {
            true => Ledger::together(groups),
            false => Ledger::new(groups),
        };
        loop {
            for (zone, position) in ledger.unseen_moves() {
                let seen = self.is_seen(&via, zone, &groups[position], pace.deadline()).await;
                ledger.see(position, seen);
            }
            let ready = ledger.ready();
            if ready.is_empty() {
                break;
            }
            let work = ready.iter().map(|(zone, positions)| {
                let groups: Vec<_> = positions.iter().map(|position| &groups[*position]).collect();
                self.deliver(&via, *zone, groups, &pace, gates.of(*zone))
            });
            let outcomes = self.side_by_side(work.collect()).await;
            for (positions, outcomes) in ready.values().zip(outcomes) {
                ledger.enter(positions, outcomes);
            }
        }
        let touched = ledger.touched();
        // What is written must be served, so the last calls get some time beyond the deadline.
        let via = self.via.until(pace.deadline().extended(GRACE));
        let work = touched.keys().map(|zone| self.finish(&via, *zone)).collect();
        let finished = self.side_by_side(work).await;
        for (positions, failure) in touched.values().zip(finished) {
            if let Some(failure) = failure {
                ledger.unfinished(positions, &failure);
            }
        }
        ledger.into_outcomes()
    }
}

impl ZonedWriter {
    fn gates(&self) -> Gates {
        Gates::new(self.zones.iter().map(|(_, zone)| self.dispatch.reader().account(zone)))
    }

    fn deliver<'w>(
        &'w self,
        via: &'w Transport,
        zone: ZoneKey,
        groups: Vec<&'w ChangeGroup>,
        pace: &'w Pace,
        gate: &'w Gate,
    ) -> BoxFuture<'w, Vec<Outcome>> {
        let zone = self.zones.zone(zone);
        async move {
            if !pace.allows_another() {
                return vec![Outcome::NotSent(NotSent::Deadline); groups.len()];
            }
            if let Some(why) = gate.closed() {
                return vec![Outcome::NotSent(why); groups.len()];
            }
            let mut outcomes = changed(self.dispatch.reader(), via, zone, &groups, gate).await;
            let replaced = Replaced::among(groups.iter().copied());
            for position in 0..groups.len() {
                let mut by = replaced.by(position).iter();
                if outcomes[position].is_none() && by.any(|by| outcomes[*by].is_some()) {
                    outcomes[position] = Some(Outcome::NotSent(NotSent::Replacement));
                }
            }
            let go: Vec<_> =
                groups.into_iter().zip(&outcomes).filter(|(_, out)| out.is_none()).collect();
            let go: Vec<_> = go.into_iter().map(|(group, _)| group).collect();
            let sent = self.dispatch.deliver(via, zone, &go, pace, gate).await;
            let open = outcomes.iter_mut().filter(|outcome| outcome.is_none());
            open.zip(sent).for_each(|(outcome, sent)| *outcome = Some(sent));
            outcomes.into_iter().flatten().collect()
        }
        .boxed()
    }

    /// Whether a zone shows a name that moves to it: asked some times, as reads may lag behind
    /// writes.
    async fn is_seen(
        &self,
        via: &Transport,
        zone: ZoneKey,
        group: &ChangeGroup,
        until: &Deadline,
    ) -> bool {
        let zone = self.zones.zone(zone);
        for look in 0..LOOKS {
            if look > 0 && !until.sleep(BETWEEN_LOOKS * 2_u32.pow(look - 1)).await {
                break;
            }
            match shows(self.dispatch.reader(), via, zone, &[group]).await {
                Ok(true) => return true,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%zone, name = %group.name, %error, "a moved name was not seen");
                    break;
                }
            }
        }
        false
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
