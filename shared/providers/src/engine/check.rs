//! Whether a change is in the zone: what is asked after a lost answer or a refusal.

use extdns_model::{
    Action, Change, ChangeGroup, Name, Planned, Properties, Record, RecordSet, RecordType, Role,
    Zone,
};

use super::Transport;
use super::fold::{Value, same_value, unfold, unfold_record};
use super::read::some_names;
use crate::{ProviderError, Stores, ZoneReader};

/// How a change is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The set shall have exactly the planned values.
    Set,
    /// The set shall have the one planned value; it may have others.
    Value,
}

impl Scope {
    /// How the changes of an API are looked for one by one.
    pub(super) fn of(stores: Stores) -> Self {
        match stores {
            Stores::Sets(_) => Self::Set,
            Stores::Values(_) => Self::Value,
        }
    }
}

/// Whether the zone shows every change of these groups.
pub(super) async fn shows(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
    groups: &[&ChangeGroup],
) -> Result<bool, ProviderError> {
    let changes = || groups.iter().flat_map(|group| &group.changes);
    let mut names: Vec<&Name> = changes().map(|change| &change.set().name).collect();
    names.sort_by_cached_key(|name| name.key().into_owned());
    names.dedup_by(|left, right| left.key() == right.key());
    let records = some_names(api, via, zone, &names).await?;
    Ok(changes().all(|change| is_done(change, &records, Scope::Set)))
}

/// Whether these records, which include all of the change's name, show it as done.
pub(super) fn is_done(change: &Change, records: &[Record], scope: Scope) -> bool {
    let of = |set: &RecordSet| find(set, records);
    match (&change.action, scope) {
        (Action::Create(new) | Action::Update { new, .. }, Scope::Set) => {
            of(&new.set).is_some_and(|record| is_set(new, record, change.role))
        }
        (Action::Create(new) | Action::Update { new, .. }, Scope::Value) => {
            of(&new.set).is_some_and(|record| has_value(new, record, change.role))
        }
        (Action::Delete(old), Scope::Set) => of(&old.set).is_none(),
        (Action::Delete(old), Scope::Value) => of(&old.set).is_none_or(|record| {
            let values = unfold_record(record);
            !unfold(old).iter().any(|gone| values.iter().any(|value| is_same(value, gone, record)))
        }),
    }
}

/// The record of this name, type and set identifier.
pub(super) fn find<'r>(set: &RecordSet, records: &'r [Record]) -> Option<&'r Record> {
    let key = set.name.key();
    records.iter().find(|record| {
        record.set.rtype == set.rtype
            && record.set.set_identifier() == set.set_identifier()
            && record.set.name.key() == key
    })
}

fn is_set(new: &Planned, record: &Record, role: Role) -> bool {
    let (new, stored) = (&new.set, &record.set);
    // An ownership record is planned with all properties of its record; a zone keeps fewer.
    let properties = || holds(stored.properties(), new.properties());
    new.targets.len() == stored.targets.len()
        && (!new.ttl.is_set() || new.ttl == stored.ttl)
        && new.targets.iter().all(|target| has(stored, target, new.rtype))
        && (role == Role::Ownership || properties())
}

fn has_value(new: &Planned, record: &Record, role: Role) -> bool {
    let set = &new.set;
    let is = |value: &Value, target: &str| {
        same_value(&value.target, target, set.rtype)
            && (!set.ttl.is_set() || set.ttl == value.ttl)
            && (role == Role::Ownership || holds(&value.properties, set.properties()))
    };
    let values = unfold_record(record);
    set.targets.iter().all(|target| values.iter().any(|value| is(value, target)))
}

/// Whether a value is the one that was read before, as far as is known without its id.
fn is_same(value: &Value, read: &Value, record: &Record) -> bool {
    value.ttl == read.ttl
        && value.properties.same_as(&read.properties)
        && same_value(&value.target, &read.target, record.set.rtype)
}

/// Whether these are among the stored properties.
fn holds(stored: &Properties, planned: &Properties) -> bool {
    planned.iter().all(|property| stored.get(&property.name) == Some(&property.value))
}

fn has(set: &RecordSet, target: &str, rtype: RecordType) -> bool {
    set.targets.iter().any(|stored| same_value(stored, target, rtype))
}
