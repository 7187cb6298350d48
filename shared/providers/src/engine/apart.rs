//! Updates that exclude each other, where each change takes effect for itself.
//!
//! Example: `web/east` and `web/west` swap their latency regions, of which no two members of a name may
//! have the same. Neither update can be the first. So both record sets go before both come again:
//!
//! ```text
//! as planned                        as sent
//! ~ web/east  us-east-1 -> us-west-2     - web/east  us-east-1
//! ~ web/west  us-west-2 -> us-east-1     - web/west  us-west-2
//!                                        + web/east  us-west-2
//!                                        + web/west  us-east-1
//! ```
//!
//! A run that dies in between leaves ownership records, which the next run uses again.

use std::borrow::Cow;

use extdns_model::{Action, Change, ChangeGroup, RecordSet, Role, Surroundings, Zone};

use crate::ZoneReader;

/// The group with its changes in the order of [`Change::phase`], where an update is a delete and a
/// create if what it replaces is in the way of another change; as it is, if none is.
pub(super) fn apart<'g>(
    api: &dyn ZoneReader,
    zone: &Zone,
    group: &'g ChangeGroup,
) -> Cow<'g, ChangeGroup> {
    let is_in_the_way = |old: &RecordSet| {
        group.changes.iter().filter(|change| change.role == Role::Record).any(|change| {
            let is_coming = !matches!(change.action, Action::Delete(_));
            is_coming && excludes(api, zone, change.set(), old)
        })
    };
    let is_split = |change: &Change| match &change.action {
        Action::Update { old, .. } => change.role == Role::Record && is_in_the_way(&old.set),
        _ => false,
    };
    if group.changes.len() < 2 || !group.changes.iter().any(is_split) {
        return Cow::Borrowed(group);
    }
    let mut changes = Vec::with_capacity(group.changes.len() + 2);
    for change in &group.changes {
        match &change.action {
            Action::Update { old, new } if is_split(change) => changes.extend(
                [Action::Delete(old.clone()), Action::Create(new.clone())]
                    .map(|action| Change { role: change.role, action }),
            ),
            _ => changes.push(change.clone()),
        }
    }
    changes.sort_by_key(Change::phase);
    Cow::Owned(ChangeGroup { changes, ..group.clone() })
}

/// Whether another member of its name is the only reason why a record set cannot be stored.
fn excludes(api: &dyn ZoneReader, zone: &Zone, new: &RecordSet, old: &RecordSet) -> bool {
    if new.rtype != old.rtype || new.set_identifier() == old.set_identifier() {
        return false;
    }
    let refuses = |beside: &[&RecordSet]| {
        api.refusal(new, Surroundings { beside, ..Surroundings::alone(zone, new) }).is_some()
    };
    refuses(&[old]) && !refuses(&[])
}
