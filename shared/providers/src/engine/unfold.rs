//! From changes of record sets to calls of an API: whole sets, or single values with their ids.

use extdns_model::{Action, Change, ChangeGroup, Planned, RecordType, Role, Stored};

use super::fold::{Value, same_value, unfold};
use crate::{Step, Stores, Updates};

/// The calls that make up a group, each with the position of its change in the order of phases.
pub(super) fn steps(group: &ChangeGroup, stores: Stores) -> Vec<(usize, Step)> {
    let mut changes: Vec<&Change> = group.changes.iter().collect();
    changes.sort_by_key(|change| change.phase());
    let each = |(position, change): (usize, &Change)| {
        let actions = match stores {
            Stores::Sets(updates) => of_sets(&change.action, updates),
            Stores::Values(updates) => of_values(&change.action, updates),
        };
        let role: Role = change.role;
        actions.into_iter().map(move |action| (position, Step { role, action }))
    };
    changes.into_iter().enumerate().flat_map(each).collect()
}

/// The steps of a group where each is a single value, with the position of its change; `None` where
/// sets are sent as they are.
pub(super) fn values(group: &ChangeGroup, stores: Stores) -> Option<(Vec<usize>, Vec<Change>)> {
    match stores {
        Stores::Sets(_) => None,
        Stores::Values(_) => Some(steps(group, stores).into_iter().unzip()),
    }
}

/// The single records that a stored set consists of, each with its own origin.
pub(crate) fn unfolded(whole: &Stored) -> Vec<Stored> {
    unfold(whole).iter().map(|value| stored(whole, value)).collect()
}

/// Calls that carry whole sets.
fn of_sets(action: &Action, updates: Updates) -> Vec<Action> {
    match action {
        Action::Update { old, new } if updates == Updates::DeleteAndCreate => {
            vec![Action::Delete(old.clone()), Action::Create(new.clone())]
        }
        other => vec![other.clone()],
    }
}

/// Calls that carry one value each.
fn of_values(action: &Action, updates: Updates) -> Vec<Action> {
    match action {
        Action::Create(new) => new.set.targets.iter().map(|it| create(new, it)).collect(),
        Action::Delete(old) => unfold(old).iter().map(|it| delete(old, it)).collect(),
        Action::Update { old, new } => replace(old, new, updates),
    }
}

/// From one set of values to the other: values that stay are touched only if something else about
/// them changes, new values come before old ones go where both can stand side by side.
fn replace(old: &Stored, new: &Planned, updates: Updates) -> Vec<Action> {
    let rtype = new.set.rtype;
    let mut gone = unfold(old);
    let mut come = Vec::new();
    let mut actions = Vec::new();
    for target in &new.set.targets {
        let stays = gone.iter().position(|value| same_value(&value.target, target, rtype));
        let Some(value) = stays.map(|position| gone.remove(position)) else {
            come.push(target);
            continue;
        };
        let as_before = (!new.set.ttl.is_set() || value.ttl == new.set.ttl)
            && value.properties.same_as(new.set.properties());
        match (as_before, updates) {
            (true, _) => {}
            (false, Updates::InPlace | Updates::SameValue) => {
                actions.push(update(old, &value, new, target));
            }
            (false, Updates::DeleteAndCreate) => {
                actions.extend([delete(old, &value), create(new, target)]);
            }
        }
    }
    if updates == Updates::InPlace {
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
    if !one.set.properties().same_as(&value.properties) {
        one.set.edit_properties(|own| own.clone_from(&value.properties));
    }
    one.origin = value.origin.clone();
    one
}
