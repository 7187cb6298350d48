//! Whether a zone still takes changes in this apply: not when the API is down or refuses the client,
//! and no further record sets when the zone is full.

use std::sync::{Mutex, MutexGuard, PoisonError};

use extdns_model::{Action, ChangeGroup, Failure, NotSent};

use crate::{ErrorKind, ProviderError};

/// After this many calls in a row that fail for a temporary reason, each with all its repetitions,
/// the API counts as down.
pub(super) const FAILURES_IN_A_ROW: u32 = 3;

/// What is known from the calls of one zone so far.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// Why nothing more is sent.
    closed: Option<Failure>,
    /// Why no group is sent that makes the zone larger.
    full: Option<Failure>,
    /// Whether the zone has become smaller since it was full.
    has_room: bool,
}

impl Gate {
    /// Why the group must not be sent, if it must not.
    pub(super) fn refusal(&self, group: &ChangeGroup) -> Option<NotSent> {
        let state = self.lock();
        let full = state.full.as_ref().filter(|_| growth(group) > 0);
        state.closed.as_ref().or(full).cloned().map(NotSent::Stopped)
    }

    /// A call succeeded.
    pub(super) fn applied(&self, group: &ChangeGroup) {
        let mut state = self.lock();
        state.failures = 0;
        state.has_room |= state.full.is_some() && growth(group) < 0;
    }

    /// A call failed, and it is not tried again.
    pub(super) fn failed(&self, error: &ProviderError) {
        let mut state = self.lock();
        match error.kind {
            ErrorKind::Transient | ErrorKind::Lost => {
                state.failures += 1;
                if state.failures >= FAILURES_IN_A_ROW {
                    let mut failure = error.failure();
                    failure.message = format!(
                        "{error}; {FAILURES_IN_A_ROW} calls in a row failed so, and the rest of \
                         this zone is left for the next run"
                    );
                    state.closed.get_or_insert(failure);
                }
                return;
            }
            ErrorKind::Throttled { .. }
            | ErrorKind::Unauthorised
            | ErrorKind::ZoneGone
            | ErrorKind::Config => state.closed = Some(error.failure()),
            ErrorKind::Quota => state.full = Some(error.failure()),
            ErrorKind::Deadline => return,
            _ => {}
        }
        state.failures = 0;
    }

    /// Whether groups that did not fit may be tried once more, as others have made room.
    pub(super) fn take_room(&self) -> bool {
        let mut state = self.lock();
        let again = state.closed.is_none() && std::mem::take(&mut state.has_room);
        if again {
            state.full = None;
        }
        again
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many record sets more there are in the zone after a group; less than nothing where it
/// makes room.
pub(super) fn growth(group: &ChangeGroup) -> isize {
    let of = |change: &extdns_model::Change| match change.action {
        Action::Create(_) => 1,
        Action::Update { .. } => 0,
        Action::Delete(_) => -1,
    };
    group.changes.iter().map(of).sum()
}
