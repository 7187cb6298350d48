//! Steps: a group as single calls, in the order in which a run may die between any two of them.

use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{Action, ChangeGroup, FailureKind, NotSent, Outcome, Record, Role, Zone};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::OnceCell;

use super::Transport;
use super::apart::apart;
use super::apply::{Dispatch, Pace};
use super::changed::changed_since;
use super::check::{Scope, is_done};
use super::gate::Gate;
use super::read::{by_name, whole_zone};
use super::unfold::steps;
use crate::{ErrorKind, ProviderError, RecordWriter, Step, ZoneReader};

/// How often a step is sent again after its answer was lost.
const RESENDS: u8 = 2;
/// Before a lost answer is looked up: the API may still be at work.
const SETTLE: Duration = Duration::from_millis(500);

/// Sends groups step by step.
pub(super) struct Steps {
    pub(super) api: Box<dyn RecordWriter>,
}

#[async_trait]
impl Dispatch for Steps {
    fn reader(&self) -> &dyn ZoneReader {
        self.api.as_ref()
    }

    fn keeps_together(&self) -> bool {
        false
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
        let api = self.api.as_ref();
        let delivery = Delivery { api, via, zone, pace, gate, shown: OnceCell::new() };
        let mut outcomes = delivery.all(groups).await;
        if delivery.gate.take_room() {
            let full: Vec<usize> =
                (0..groups.len()).filter(|position| found_no_room(&outcomes[*position])).collect();
            let again: Vec<&ChangeGroup> = full.iter().map(|position| groups[*position]).collect();
            let second = delivery.all(&again).await;
            full.into_iter()
                .zip(second)
                .for_each(|(position, outcome)| outcomes[position] = outcome);
        }
        outcomes
    }

    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        self.api.finish(via, zone).await
    }
}

/// The groups of one zone on their way.
struct Delivery<'a> {
    api: &'a dyn RecordWriter,
    via: &'a Transport,
    zone: &'a Zone,
    pace: &'a Pace,
    gate: &'a Gate,
    /// The zone as it was read for the first refusal, where a name cannot be read by itself.
    shown: OnceCell<Vec<Record>>,
}

/// What a step is looked up for.
#[derive(Clone, Copy)]
enum Doubt {
    /// The API refused it: it may have been there already.
    Refused,
    /// Its answer was lost: only a read shows whether it was done.
    Lost,
}

impl Delivery<'_> {
    async fn all(&self, groups: &[&ChangeGroup]) -> Vec<Outcome> {
        let work: Vec<BoxFuture<'_, Outcome>> =
            groups.iter().map(|group| self.group(group).boxed()).collect();
        let parallel = self.api.capabilities().parallel_writes.max(1);
        futures::stream::iter(work).buffered(parallel).collect().await
    }

    async fn group(&self, group: &ChangeGroup) -> Outcome {
        if let Some(why) = self.gate.refusal(group) {
            return Outcome::NotSent(why);
        }
        if !self.pace.allows_another() {
            return Outcome::NotSent(NotSent::Deadline);
        }
        let group = &*apart(self.api, self.zone, group);
        let (made, error) = match self.pace.timed(self.all_steps(group)).await {
            Ok(()) => {
                self.gate.applied(group);
                self.via.wrote();
                return Outcome::Applied;
            }
            Err((made, error)) => (made, self.via.redact(error)),
        };
        self.gate.failed(&error);
        let reason = error.failure();
        match (error.kind, made) {
            (ErrorKind::Lost, _) => Outcome::Unknown(reason),
            (ErrorKind::Deadline, Made::Nothing) => Outcome::NotSent(NotSent::Deadline),
            (_, Made::Nothing) => Outcome::undone(reason),
            (_, Made::Changes(done)) => {
                Outcome::Partial { done, left: group.changes.len() - done, reason }
            }
        }
    }

    async fn all_steps(&self, group: &ChangeGroup) -> Result<(), (Made, ProviderError)> {
        let mut steps = steps(group, self.api.capabilities().stores).into_iter().peekable();
        let (mut made, mut done) = (Made::Nothing, 0);
        while let Some((change, step)) = steps.next() {
            self.make(step).await.map_err(|error| (made, error))?;
            // A change is done with its last step.
            done += usize::from(steps.peek().is_none_or(|(next, _)| *next != change));
            made = Made::Changes(done);
        }
        Ok(())
    }

    /// One step until it is known to be done, or why it is not.
    async fn make(&self, mut step: Step) -> Result<(), ProviderError> {
        let mut resends = 0;
        loop {
            let Err(error) = self.api.step(self.via, self.zone, &step).await else {
                return Ok(());
            };
            match (&mut step.action, &error.kind) {
                (Action::Delete(_), ErrorKind::RecordGone) => return Ok(()),
                // A record is only made together with its ownership record. If one was deleted, the other
                // may be deleted too.
                (Action::Update { new, .. }, ErrorKind::RecordGone)
                    if step.role == Role::Record =>
                {
                    return Err(ProviderError::new(
                        ErrorKind::Conflict(vec![new.set.name.clone()]),
                        changed_since(&new.set),
                    ));
                }
                (Action::Update { new, .. }, ErrorKind::RecordGone) => {
                    step.action = Action::Create(new.clone());
                }
                // A repetition of what was done is refused too, where the API compares versions.
                (_, ErrorKind::Conflict(_)) => {
                    let there = self.is_there(&step, Doubt::Refused).await?;
                    return if there { Ok(()) } else { Err(error) };
                }
                (_, ErrorKind::Lost) => {
                    self.pace.deadline().sleep(SETTLE).await;
                    match self.is_there(&step, Doubt::Lost).await {
                        Ok(true) => return Ok(()),
                        Ok(false) if resends < RESENDS => resends += 1,
                        Ok(false) => return Err(error),
                        Err(reason) => {
                            return Err(ProviderError::new(
                                ErrorKind::Lost,
                                format!("{error}; the zone could not be read again: {reason}"),
                            ));
                        }
                    }
                }
                _ => return Err(error),
            }
        }
    }

    async fn is_there(&self, step: &Step, doubt: Doubt) -> Result<bool, ProviderError> {
        let name = &step.set().name;
        let whole = || whole_zone(self.api, self.via, self.zone);
        let scope = Scope::of(self.api.capabilities().stores);
        let named = by_name(self.api, self.via, self.zone, &[name]).await?;
        Ok(match (named, doubt) {
            (Some(records), _) => is_done(step, &records, scope),
            (None, Doubt::Refused) => {
                is_done(step, self.shown.get_or_try_init(whole).await?, scope)
            }
            (None, Doubt::Lost) => is_done(step, &whole().await?, scope),
        })
    }
}

/// What the steps of a group have changed in the zone.
#[derive(Clone, Copy)]
enum Made {
    Nothing,
    /// Something: this many changes completely.
    Changes(usize),
}

/// Whether a group was not made because the zone is full.
fn found_no_room(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Rejected(failure) | Outcome::NotSent(NotSent::Stopped(failure)) => {
            failure.kind == FailureKind::Quota
        }
        _ => false,
    }
}
