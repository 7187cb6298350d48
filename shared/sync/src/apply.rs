//! Sends what a plan came to, with the ownership records of a store around it.

use std::collections::HashSet;
use std::time::Duration;

use extdns_model::{
    ChangeGroup, Failure, FailureKind, GroupId, NotSent, Outcome, Permit, ZoneIndex,
};
use extdns_providers::Deadline;
use extdns_registry::{Annotated, Claimed, EntryAction, EntryChange, Groups, Settled, Store};

use crate::error::RunError;
use crate::request::RunRequest;
use crate::turn::Turn;
use crate::wiring::Target;

/// Sends the groups; one outcome for each, in their order. The turn says that it is begun to write, and until when.
///
/// # Errors
/// When the provider cannot be written to at all, or the run has lost its turn.
pub(crate) async fn apply(
    permit: &Permit,
    target: &Target,
    request: &RunRequest,
    annotated: &Annotated,
    groups: &Groups,
    turn: &mut Turn<'_>,
) -> Result<Vec<Outcome>, RunError> {
    if !groups.groups.is_empty() {
        turn.begin_to_write().await?;
    }
    let until = turn.until(&request.until);
    let index = &annotated.inventory.index;
    match target.registry.store() {
        Some(store) => {
            let outcomes = send_owned(permit, target, store, index, groups, until.clone()).await?;
            if store.sweeps() && !groups.groups.is_empty() && !until.is_over() {
                let orphans = annotated.sweepable(&target.plan.filter, groups);
                if !orphans.is_empty() {
                    store.sweep(permit, &orphans).await;
                }
            }
            Ok(outcomes)
        }
        None => send(permit, target, index, &groups.groups, until).await,
    }
}

/// Sends the groups whose ownership records could be made in the store, and tells the store what
/// became of them.
async fn send_owned(
    permit: &Permit,
    target: &Target,
    store: &dyn Store,
    index: &ZoneIndex,
    groups: &Groups,
    until: Deadline,
) -> Result<Vec<Outcome>, RunError> {
    let last = last_moment(&until);
    let claims: Vec<_> = groups.entries.iter().filter(|own| store.claims(&own.action)).collect();
    let refused = match claims.is_empty() {
        true => Vec::new(),
        false => tokio::select! {
            biased;
            refused = store.claim(permit, &claims) => refused,
            () = until.over() => return Ok(vec![Outcome::NotSent(NotSent::Deadline); groups.groups.len()]),
        },
    };
    let lost: HashSet<GroupId> = refused.iter().map(|(group, _)| *group).collect();
    let claimed = Claimed::new(&groups.groups, refused);
    let sent = send(permit, target, index, claimed.groups(), until).await;
    let (sent, failed) = match sent {
        Ok(sent) => (sent, None),
        // Nothing was sent: what was made for it is removed again.
        Err(error) => {
            let unsent = Outcome::NotSent(NotSent::Predecessor);
            (vec![unsent; claimed.groups().len()], Some(error))
        }
    };
    let mut outcomes = claimed.into_outcomes(sent);
    let became = groups.entries.iter().filter(|change| !lost.contains(&change.group));
    let became: Vec<_> =
        became.map(|change| (change, Settled::from(&outcomes[change.group.0 as usize]))).collect();
    let unsettled = match became.is_empty() {
        true => Vec::new(),
        false => tokio::select! {
            biased;
            unsettled = store.settle(permit, &became) => unsettled,
            () = last.over() => late(store, &became),
        },
    };
    for (group, reason) in unsettled {
        let outcome = &mut outcomes[group.0 as usize];
        if *outcome == Outcome::Applied {
            let done = groups.groups[group.0 as usize].changes.len();
            *outcome = Outcome::Partial { done, left: 1, reason };
        }
    }
    failed.map_or(Ok(outcomes), Err)
}

/// The groups whose ownership records still had to be written when the time was over.
fn late(store: &dyn Store, became: &[(&EntryChange, Settled)]) -> Vec<(GroupId, Failure)> {
    let message = "the time was over before the ownership record was written; the next run \
                   continues";
    let failure = || Failure { kind: FailureKind::Transient, message: message.to_owned() };
    let is_written = |action: &EntryAction| {
        matches!(action, EntryAction::Rewrite { .. }) && store.claims(action)
    };
    let owed = became
        .iter()
        .filter(|(change, settled)| change.action.is_owed(*settled) && !is_written(&change.action));
    owed.map(|(change, _)| (change.group, failure())).collect()
}

async fn send(
    permit: &Permit,
    target: &Target,
    index: &ZoneIndex,
    groups: &[ChangeGroup],
    until: Deadline,
) -> Result<Vec<Outcome>, RunError> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let writer = target.provider.writer(permit, index).map_err(RunError::Write)?;
    let last = last_moment(&until);
    tokio::select! {
        biased;
        outcomes = writer.apply(groups, until) => Ok(outcomes),
        () = last.over() => Ok(vec![unanswered(); groups.len()]),
    }
}

/// When a writer is no longer waited for.
fn last_moment(until: &Deadline) -> Deadline {
    until.clone().with_grace(STOPPING).extended(ENDING)
}

/// How long a writer has to end by itself: behind the deadline, and, before that, from the moment
/// when the process is told to stop. Kubernetes kills 30 seconds after that.
const ENDING: Duration = Duration::from_secs(3);
const STOPPING: Duration = Duration::from_secs(5);

/// What became of groups whose writer does not come back.
fn unanswered() -> Outcome {
    let message = "the time was over, and the provider had not answered".to_owned();
    Outcome::Unknown(Failure { kind: FailureKind::Transient, message })
}
