//! The turn of a run at a target, where `--state` names a store: whether another run writes there now, and whether
//! there is anything to do.
//!
//! A run that writes takes the lease of each target before it reads anything, so that what it reads is newer than what
//! the run before it wrote. It gives the lease back as soon as it is done with the target, and leaves the gate.

use std::time::Duration;

use extdns_model::Permit;
use extdns_providers::Deadline;
use extdns_state::{
    Claim, Gate, Hash, Known, Lease, LeaseEnd, LeaseEntry, StateError, Taken, Verdict, Why, decide,
    holder_of_process,
};
use futures::future::join_all;
use jiff::Timestamp;

use crate::attempt::{Done, Failed};
use crate::error::RunError;
use crate::permit::permit;
use crate::report::{Notice, Report, Standing, TargetReport};
use crate::request::RunRequest;
use crate::state::State;
use crate::wiring::{Target, Wiring};

/// How long giving a lease back may take: a run that is told to stop has 30 seconds in all.
const RELEASE: Duration = Duration::from_secs(10);

/// What a run may do at a target.
pub(crate) enum Turn<'a> {
    /// Everything: there is no store, or the run only plans.
    Free,
    /// Everything, as the holder of the lease.
    Ours(Box<Holding<'a>>),
}

/// The lease of a target, and what is known of the gate.
pub(crate) struct Holding<'a> {
    state: &'a State,
    lease: Lease<'a>,
    permit: Permit,
    /// Whether the run ends where the gate says that there is nothing to do.
    is_gated: bool,
    /// Of what this run wants, where that is known in full.
    hash: Option<Hash>,
    /// What the gate says.
    standing: Option<Standing>,
    /// When it began to read the zones.
    reads_at: Timestamp,
}

/// Why a run has no turn at a target.
pub(crate) enum Missed {
    /// Another run holds the lease.
    Held(LeaseEntry),
    /// The lease could not be taken.
    Failed(StateError),
    /// The run was to end before it had the lease.
    Late,
}

/// Takes the leases of all targets, at a time: one that another run holds does not keep others waiting.
pub(crate) async fn take<'a>(
    wiring: &'a Wiring,
    request: &RunRequest,
) -> Vec<Result<Turn<'a>, Missed>> {
    join_all(wiring.targets.iter().map(|target| take_one(wiring, target, request))).await
}

/// Takes the lease of a target, where there is a store and the run writes.
pub(crate) async fn take_one<'a>(
    wiring: &'a Wiring,
    target: &Target,
    request: &RunRequest,
) -> Result<Turn<'a>, Missed> {
    let (Some(state), Some(permit)) = (&wiring.state, permit(request)) else {
        return Ok(Turn::Free);
    };
    let store = &state.store;
    let claim = Claim {
        target: &target.name,
        holder: &holder_of_process(),
        end: LeaseEnd::of(store.now(), request.until.left()),
        wait: state.wait,
    };
    let taken = tokio::select! {
        biased;
        taken = store.acquire(&permit, &claim) => taken,
        () = request.until.over() => return Err(Missed::Late),
    };
    match taken {
        Ok(Taken::Lease(lease)) => Ok(Turn::Ours(Box::new(Holding {
            state,
            lease,
            permit,
            is_gated: request.is_gated(),
            hash: None,
            standing: None,
            reads_at: store.now(),
        }))),
        Ok(Taken::Held(holder)) => Err(Missed::Held(holder)),
        Err(error) => Err(Missed::Failed(error)),
    }
}

/// Does the work of a target in the run's turn, and gives the lease back, however the work ended.
pub(crate) async fn within<'a>(
    turn: Result<Turn<'a>, Missed>,
    target: &Target,
    request: &RunRequest,
    work: impl AsyncFnOnce(&mut Turn<'a>) -> Result<(Done, End), Failed>,
) -> Result<Done, Failed> {
    let mut turn = match turn {
        Ok(turn) => turn,
        Err(Missed::Held(LeaseEntry { holder, until })) => {
            let standing = Some(Standing::Held { holder, until });
            let targets = vec![TargetReport::of_standing(&target.name, standing)];
            return Ok(Done { report: Report { targets, ..Report::default() }, ..Done::default() });
        }
        Err(Missed::Failed(error)) => return Err(RunError::State(error).into()),
        Err(Missed::Late) => return Err(RunError::of_end(&request.until).into()),
    };
    match work(&mut turn).await {
        Ok((mut done, end)) => {
            done.report.notices.extend(turn.end(end).await);
            Ok(done)
        }
        Err(failed) => {
            if let Some(notice) = turn.end(End::InPart).await {
                tracing::warn!(subject = notice.subject, "{}", notice.message);
            }
            Err(failed)
        }
    }
}

impl Turn<'_> {
    /// Whether the clusters have to be read before the zones, as there may be nothing to do.
    pub(crate) fn may_be_gated(&self) -> bool {
        match self {
            Self::Free => false,
            Self::Ours(own) => own.is_gated && matches!(own.lease.gate(), Known::Gate(_)),
        }
    }

    /// Compares what this run wants with what is stored. The hash is `None` where it is not known in full.
    pub(crate) fn wants(&mut self, hash: impl FnOnce() -> Option<Hash>) {
        if let Self::Ours(own) = self {
            own.hash = hash();
            own.standing = Some(own.decide());
        }
    }

    /// What the gate says of what this run wants; `None` without a store.
    pub(crate) fn standing(&self) -> Option<&Standing> {
        match self {
            Self::Free => None,
            Self::Ours(own) => own.standing.as_ref(),
        }
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_gated(&self) -> bool {
        matches!(self.standing(), Some(Standing::Gated { .. }))
    }

    /// The zones are read from now on.
    pub(crate) fn begin_to_read(&mut self) {
        if let Self::Ours(own) = self {
            own.reads_at = own.state.store.now();
        }
    }

    /// Removes the stored hash, and makes sure of the lease: before the first write.
    ///
    /// # Errors
    /// When the hash is not removed, or the lease is lost: then nothing may be written.
    pub(crate) async fn begin_to_write(&mut self) -> Result<(), RunError> {
        match self {
            Self::Free => Ok(()),
            Self::Ours(own) => own.lease.clear_gate(&own.permit).await.map_err(RunError::State),
        }
    }

    /// When writing must be over: the lease is never renewed.
    pub(crate) fn until(&self, until: &Deadline) -> Deadline {
        match self {
            Self::Free => until.clone(),
            Self::Ours(own) => until.at_most(own.lease.left()),
        }
    }

    /// Gives the lease back. A gated run leaves what is stored, one that ended in full its hash, any other nothing.
    async fn end(self, end: End) -> Option<Notice> {
        let Self::Ours(own) = self else { return None };
        let Holding { lease, permit, hash, reads_at, .. } = *own;
        let left = match (end, hash) {
            (End::Gated, _) => lease.gate().clone(),
            (End::Full, Some(hash)) => Known::Gate(Gate { hash, full_read_at: reads_at }),
            (End::Full, None) | (End::InPart, _) => Known::Nothing,
        };
        let released = tokio::time::timeout(RELEASE, lease.release(&permit, left)).await;
        let problem = match released {
            Ok(Ok(())) => return None,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("the store did not answer within {RELEASE:?}"),
        };
        Some(Notice {
            subject: "state".to_owned(),
            message: format!(
                "{problem}; the next run reads the zones, and may have to wait for the lease"
            ),
        })
    }
}

impl Holding<'_> {
    fn decide(&self) -> Standing {
        let full = |reason: &str| Standing::Full { reason: reason.to_owned() };
        let Some(hash) = self.hash else {
            return full("not everything is known of what the clusters want");
        };
        if !self.is_gated {
            return full("the run was asked for by hand");
        }
        let State { store, full_resync_interval, .. } = self.state;
        match decide(self.lease.gate(), hash, store.now(), *full_resync_interval) {
            Verdict::Gated { full_read_at } => Standing::Gated { full_read_at },
            Verdict::Full(why) => {
                if let Why::Unreadable(_) = &why {
                    tracing::warn!("everything is read, as {why}");
                }
                full(&why.to_string())
            }
        }
    }
}

/// How a run ended at a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// There was nothing to do.
    Gated,
    /// Everything was read and written.
    Full,
    /// Anything else.
    InPart,
}
