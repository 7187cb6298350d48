//! Whether changes may still be sent in this apply: not to an API that is down or refuses the client, and
//! no further record sets to a zone that is full.
//!
//! Three calls in a row that fail close the zone. From then on one call is made in each further zone of
//! the account; after failed calls in three zones in a row the rest of the account is not tried. So of 30
//! zones of an API that is down three are called, five times in all.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use extdns_model::{Action, ChangeGroup, Failure, NotSent, ZoneKey};

use super::account::lock;
use crate::{ErrorKind, ProviderError};

/// After this many calls in a row that fail for a temporary reason, each with all its repetitions,
/// the API counts as down for a zone; after as many zones in a row, for an account.
pub(super) const FAILURES_IN_A_ROW: u32 = 3;

/// The gates of all zones of one apply.
pub(super) struct Gates(Vec<Gate>);

impl Gates {
    /// A gate for each zone, in the order of their keys, given the account of each.
    pub(super) fn new<'a>(accounts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known: HashMap<&str, Arc<Account>> = HashMap::new();
        let gate = |(zone, account)| {
            let account = Arc::clone(known.entry(account).or_default());
            Gate { zone: ZoneKey(zone), account, state: Mutex::default() }
        };
        Self((0..).zip(accounts).map(gate).collect())
    }

    /// The gate of a zone.
    pub(super) fn of(&self, zone: ZoneKey) -> &Gate {
        &self.0[zone.0 as usize]
    }
}

/// What is known from the calls of one zone so far.
pub(super) struct Gate {
    zone: ZoneKey,
    account: Arc<Account>,
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

/// The failures in a row of all zones of an account.
#[derive(Default)]
struct Account {
    row: Mutex<FailedRow>,
}

#[derive(Default)]
struct FailedRow {
    calls: u32,
    zones: BTreeSet<ZoneKey>,
    /// Why nothing more is sent to any zone.
    closed: Option<Failure>,
}

impl Gate {
    /// Why the group must not be sent, if it must not.
    pub(super) fn refusal(&self, group: &ChangeGroup) -> Option<NotSent> {
        self.closed().or_else(|| {
            let state = lock(&self.state);
            let full = state.full.as_ref().filter(|_| growth(group) > 0);
            full.cloned().map(NotSent::Stopped)
        })
    }

    /// Why nothing more is sent to this zone, if it is closed.
    pub(super) fn closed(&self) -> Option<NotSent> {
        let own = lock(&self.state).closed.clone();
        own.or_else(|| lock(&self.account.row).closed.clone()).map(NotSent::Stopped)
    }

    /// A call succeeded.
    pub(super) fn applied(&self, group: &ChangeGroup) {
        self.answered();
        let mut state = lock(&self.state);
        state.has_room |= state.full.is_some() && growth(group) < 0;
    }

    /// The zone could not be read right before it is written.
    pub(super) fn unread(&self, error: &ProviderError) {
        if may_be_down(&error.kind) {
            self.failed(error);
        }
    }

    /// A call failed, and it is not tried again.
    pub(super) fn failed(&self, error: &ProviderError) {
        match error.kind {
            ErrorKind::Transient | ErrorKind::Lost => return self.failed_in_a_row(error),
            ErrorKind::Deadline => return,
            ErrorKind::Throttled { .. }
            | ErrorKind::Unauthorised
            | ErrorKind::ZoneGone
            | ErrorKind::Config => lock(&self.state).closed = Some(error.failure()),
            ErrorKind::Quota => lock(&self.state).full = Some(error.failure()),
            _ => {}
        }
        self.answered();
    }

    fn failed_in_a_row(&self, error: &ProviderError) {
        let failures_of_account = self.account.failed(self.zone, error);
        let mut state = lock(&self.state);
        state.failures += 1;
        if state.failures.max(failures_of_account) >= FAILURES_IN_A_ROW {
            let reason = || {
                let mut failure = error.failure();
                failure.message = format!(
                    "{error}; {FAILURES_IN_A_ROW} calls in a row failed so, and the rest of this \
                     zone is left for the next run"
                );
                failure
            };
            state.closed.get_or_insert_with(reason);
        }
    }

    /// The API answered.
    fn answered(&self) {
        lock(&self.state).failures = 0;
        *lock(&self.account.row) = FailedRow::default();
    }

    /// Whether groups that did not fit may be tried once more, as others have made room.
    pub(super) fn take_room(&self) -> bool {
        let is_open = self.closed().is_none();
        let mut state = lock(&self.state);
        let again = is_open && std::mem::take(&mut state.has_room);
        if again {
            state.full = None;
        }
        again
    }
}

impl Account {
    /// Counts a failed call of a zone, and returns how many failed in a row.
    fn failed(&self, zone: ZoneKey, error: &ProviderError) -> u32 {
        let mut row = lock(&self.row);
        row.calls += 1;
        row.zones.insert(zone);
        if row.zones.len() >= FAILURES_IN_A_ROW as usize {
            let reason = || {
                let mut failure = error.failure();
                failure.message = format!(
                    "{error}; the calls for {FAILURES_IN_A_ROW} zones in a row failed so, and the \
                     rest of this account is left for the next run"
                );
                failure
            };
            row.closed.get_or_insert_with(reason);
        }
        row.calls
    }
}

fn may_be_down(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Transient | ErrorKind::Lost)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn transient() -> ProviderError {
        ProviderError::new(ErrorKind::Transient, "service unavailable")
    }

    /// Gates of so many zones: the last is in another account.
    fn gates(count: u32) -> Gates {
        Gates::new((1..=count).map(|n| if n == count { "other" } else { "one" }))
    }

    fn is_closed(gates: &Gates, zone: u32) -> bool {
        gates.of(ZoneKey(zone)).closed().is_some()
    }

    fn fail(gates: &Gates, zone: u32) {
        gates.of(ZoneKey(zone)).failed(&transient());
    }

    #[test]
    fn three_failures_close_a_zone_and_one_each_the_next_zones_until_the_account_is_closed() {
        let gates = gates(5);
        for failures in 1..=3 {
            assert!(!is_closed(&gates, 0), "before failure {failures}");
            fail(&gates, 0);
        }
        assert!(is_closed(&gates, 0));
        assert!(!is_closed(&gates, 1), "a further zone has a call");
        fail(&gates, 1);
        assert!(is_closed(&gates, 1), "but one");
        assert!(!is_closed(&gates, 2));
        fail(&gates, 2);
        assert!(is_closed(&gates, 3), "three zones failed: the account is closed");
        assert!(!is_closed(&gates, 4), "another account is not");
    }

    #[test]
    fn a_zone_that_fails_while_others_are_answered_stops_itself_alone() {
        let gates = gates(5);
        for _ in 0..3 {
            fail(&gates, 0);
        }
        let refused = ProviderError::new(ErrorKind::Rejected(Vec::new()), "no");
        gates.of(ZoneKey(1)).failed(&refused);
        for zone in [2, 3] {
            fail(&gates, zone);
            assert!(!is_closed(&gates, zone), "its own three failures count again");
        }
        assert!(is_closed(&gates, 0));
        assert!(!is_closed(&gates, 1));
    }

    #[test]
    fn refused_rights_close_one_zone_and_the_deadline_none() {
        let gates = gates(3);
        gates.of(ZoneKey(0)).failed(&ProviderError::new(ErrorKind::Unauthorised, "denied"));
        let late = ProviderError::new(ErrorKind::Deadline, "late");
        (0..5).for_each(|_| gates.of(ZoneKey(1)).failed(&late));
        assert_eq!([0, 1, 2].map(|zone| is_closed(&gates, zone)), [true, false, false]);
    }
}
