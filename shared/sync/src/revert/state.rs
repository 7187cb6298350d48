//! The state of a record, compared with a reported change.

use extdns_model::{LabelKey, Labels, Properties, Record, RecordSet, Ttl};

use super::ours::Ours;
use crate::report::document::{Change, RecordState};

/// The state of a record, compared with a change.
pub(super) enum State<'a> {
    /// As the change left it.
    Done,
    /// As it was before the change.
    Undone(Option<&'a Record>),
}

impl<'a> State<'a> {
    /// The state of a record, or why it is neither as before nor as after the change.
    pub(super) fn of(
        ours: Ours<'_>,
        change: &Change,
        now: Option<&'a Record>,
    ) -> Result<Self, String> {
        let changed = || "the name is not any more as the run left it".to_owned();
        let Some(record) = now else {
            return match (&change.before, &change.after) {
                (_, None) => Ok(Self::Done),
                (None, _) => Ok(Self::Undone(None)),
                // Updated, and gone since.
                (Some(_), Some(_)) => Err(changed()),
            };
        };
        let is = |state: &Option<RecordState>, with_labels: bool| {
            state.as_ref().is_some_and(|state| {
                same_set(&record.set, state) && (!with_labels || same_labels(&record.labels, state))
            })
        };
        // Where only the ownership record was changed, the labels decide.
        match (is(&change.after, false), is(&change.before, false)) {
            (false, true) => Ok(Self::Undone(Some(record))),
            (true, true) if is(&change.before, true) => Ok(Self::Undone(Some(record))),
            (true, _) => match ours.other_holder(record, change.after.as_ref()) {
                None => Ok(Self::Done),
                Some(holder) => Err(holder),
            },
            (false, false) => Err(changed()),
        }
    }
}

/// Whether a record is as it was reported. A TTL that was not configured is what the provider made
/// of it.
fn same_set(set: &RecordSet, state: &RecordState) -> bool {
    let targets = state.targets.iter().map(String::as_str).collect();
    let ttl = Ttl::from_seconds(state.ttl.unwrap_or(0).into());
    let properties: Properties =
        state.properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    set.targets.same_as(&targets, set.rtype)
        && (!ttl.is_set() || ttl == set.ttl)
        && set.properties().same_as(&properties)
}

fn same_labels(labels: &Labels, state: &RecordState) -> bool {
    let stored = |key: &&str| *key != LabelKey::NONCE;
    let now = labels.iter().filter(|(key, _)| stored(key));
    let reported = state.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    now.eq(reported.filter(|(key, _)| stored(key)))
}
