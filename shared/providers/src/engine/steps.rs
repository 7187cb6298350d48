//! Steps: a group as single calls, in the order in which a run may die between any two of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{
    Action, Change, ChangeGroup, Failure, NotSent, Outcome, Planned, RecordType, Role, Stored, Zone,
};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};

use super::Transport;
use super::apply::{Dispatch, Pace};
use super::changed::{changed, changed_since};
use super::check::{Scope, is_done, shows};
use super::fold::{Value, same_value, unfold};
use super::read::some_names;
use crate::{Capabilities, ErrorKind, ProviderError, RecordWriter, Step};

/// How often a step is sent again after its answer was lost.
const RESENDS: u8 = 2;
/// Before a lost answer is looked up: the API may still be at work.
const SETTLE: Duration = Duration::from_millis(500);

/// Sends groups step by step.
pub(super) struct Steps<A> {
    pub(super) api: Arc<A>,
}

#[async_trait]
impl<A: RecordWriter> Dispatch for Steps<A> {
    async fn deliver(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
        pace: &Pace,
    ) -> Vec<Outcome> {
        let delivery =
            Delivery { api: self.api.as_ref(), via, zone, pace, stopped: Mutex::default() };
        let work: Vec<BoxFuture<'_, Outcome>> =
            groups.iter().map(|group| delivery.group(group).boxed()).collect();
        let parallel = self.api.capabilities().parallel_writes.max(1);
        futures::stream::iter(work).buffered(parallel).collect().await
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

/// The groups of one zone on their way.
struct Delivery<'a, A> {
    api: &'a A,
    via: &'a Transport,
    zone: &'a Zone,
    pace: &'a Pace,
    /// Why nothing more is sent to this zone.
    stopped: Mutex<Option<Failure>>,
}

impl<A: RecordWriter> Delivery<'_, A> {
    async fn group(&self, group: &ChangeGroup) -> Outcome {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(failure) = stopped {
            return Outcome::NotSent(NotSent::Stopped(failure));
        }
        if !self.pace.allows_another() {
            return Outcome::NotSent(NotSent::Deadline);
        }
        let outcome = self.pace.timed(self.all_steps(group)).await;
        if let Outcome::Rejected(failure)
        | Outcome::Failed(failure)
        | Outcome::Partial { reason: failure, .. } = &outcome
            && ends_the_zone(failure)
        {
            *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.clone());
        }
        outcome
    }

    async fn all_steps(&self, group: &ChangeGroup) -> Outcome {
        let changes = group.changes.len();
        let mut steps = steps(group, self.api.capabilities()).into_iter().peekable();
        let (mut done, mut touched) = (0, false);
        while let Some((change, step)) = steps.next() {
            if let Err(error) = self.make(step).await {
                let error = self.via.redact(error);
                let reason = error.failure();
                return match error.kind {
                    ErrorKind::Lost => Outcome::Unknown(reason),
                    ErrorKind::Deadline if !touched => Outcome::NotSent(NotSent::Deadline),
                    _ if !touched => Outcome::undone(reason),
                    _ => Outcome::Partial { done, left: changes - done, reason },
                };
            }
            touched = true;
            // A change is done with its last step.
            done += usize::from(steps.peek().is_none_or(|(next, _)| *next != change));
        }
        Outcome::Applied
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
                // A record is made together with its ownership record only; whoever deleted the one
                // may have deleted the other.
                (Action::Update { new, .. }, ErrorKind::RecordGone) if step.role == Role::Record => {
                    return Err(ProviderError::new(
                        ErrorKind::Conflict(vec![new.set.name.clone()]),
                        changed_since(&new.set),
                    ));
                }
                (Action::Update { new, .. }, ErrorKind::RecordGone) => {
                    step.action = Action::Create(new.clone());
                }
                (Action::Create(_), ErrorKind::Conflict(_)) => {
                    return if self.is_there(&step).await? { Ok(()) } else { Err(error) };
                }
                (_, ErrorKind::Lost) => {
                    self.pace.deadline().sleep(SETTLE).await;
                    match self.is_there(&step).await {
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

    async fn is_there(&self, step: &Step) -> Result<bool, ProviderError> {
        let records = some_names(self.api, self.via, self.zone, &[&step.set().name]).await?;
        let whole = self.api.capabilities().replaces_rrsets;
        Ok(is_done(step, &records, if whole { Scope::Set } else { Scope::Value }))
    }
}

/// Whether a failure tells that the zone takes nothing more in this run.
fn ends_the_zone(failure: &Failure) -> bool {
    use extdns_model::FailureKind::{Throttled, Unauthorised, ZoneGone};
    matches!(failure.kind, Throttled | Unauthorised | ZoneGone)
}

/// The calls that make up a group, each with the place of its change in the order of phases.
fn steps(group: &ChangeGroup, capabilities: &Capabilities) -> Vec<(usize, Step)> {
    let mut changes: Vec<&Change> = group.changes.iter().collect();
    changes.sort_by_key(|change| change.phase());
    let each = |(place, change): (usize, &Change)| {
        let actions = if capabilities.replaces_rrsets {
            of_sets(&change.action, capabilities.updates_in_place)
        } else {
            of_values(&change.action, capabilities.updates_in_place)
        };
        let role: Role = change.role;
        actions.into_iter().map(move |action| (place, Step { role, action }))
    };
    changes.into_iter().enumerate().flat_map(each).collect()
}

/// Calls that carry whole sets.
fn of_sets(action: &Action, in_place: bool) -> Vec<Action> {
    match action {
        Action::Update { old, new } if !in_place => {
            vec![Action::Delete(old.clone()), Action::Create(new.clone())]
        }
        other => vec![other.clone()],
    }
}

/// Calls that carry one value each.
fn of_values(action: &Action, in_place: bool) -> Vec<Action> {
    match action {
        Action::Create(new) => new.set.targets.iter().map(|it| create(new, it)).collect(),
        Action::Delete(old) => unfold(old).iter().map(|it| delete(old, it)).collect(),
        Action::Update { old, new } => replace(old, new, in_place),
    }
}

/// From one set of values to the other: values that stay are touched only if something else about
/// them changes, new values come before old ones go where both can stand side by side.
fn replace(old: &Stored, new: &Planned, in_place: bool) -> Vec<Action> {
    let rtype = new.set.rtype;
    let mut gone = unfold(old);
    let mut come = Vec::new();
    let mut actions = Vec::new();
    for target in &new.set.targets {
        let stays = gone.iter().position(|value| same_value(&value.target, target, rtype));
        let Some(value) = stays.map(|place| gone.remove(place)) else {
            come.push(target);
            continue;
        };
        let as_before = (!new.set.ttl.is_set() || value.ttl == new.set.ttl)
            && old.set.properties().same_as(new.set.properties());
        match (as_before, in_place) {
            (true, _) => {}
            (false, true) => actions.push(update(old, &value, new, target)),
            (false, false) => actions.extend([delete(old, &value), create(new, target)]),
        }
    }
    if in_place {
        let pairs = come.len().min(gone.len());
        let replaced = gone.drain(..pairs).zip(come.drain(..pairs));
        actions.extend(replaced.map(|(value, target)| update(old, &value, new, target)));
    }
    let creates = come.into_iter().map(|target| create(new, target));
    let deletes = gone.iter().map(|value| delete(old, value));
    if matches!(rtype, RecordType::Cname | RecordType::Dname) {
        actions.extend(deletes.chain(creates));
    } else {
        actions.extend(creates.chain(deletes));
    }
    actions
}

fn create(new: &Planned, target: &str) -> Action {
    Action::Create(planned(new, target))
}

fn update(old: &Stored, value: &Value, new: &Planned, target: &str) -> Action {
    Action::Update { old: stored(old, value), new: planned(new, target) }
}

fn delete(old: &Stored, value: &Value) -> Action {
    Action::Delete(stored(old, value))
}

fn planned(new: &Planned, target: &str) -> Planned {
    let mut one = new.clone();
    one.set.targets = [target].into_iter().collect();
    one
}

fn stored(old: &Stored, value: &Value) -> Stored {
    let mut one = old.clone();
    one.set.targets = [value.target.clone()].into_iter().collect();
    one.set.ttl = value.ttl;
    one.origin = value.origin.clone();
    one
}
