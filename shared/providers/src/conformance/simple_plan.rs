//! A small plan for the tests of a provider: what is desired and not there is created, what
//! differs is updated, what is ours and not desired is deleted, each with an ownership record.

use std::collections::BTreeMap;

use extdns_model::{
    Action, After, Change, ChangeGroup, GroupId, Hints, Inventory, Labels, Name, Planned, Record,
    RecordSet, RecordType, Role, Stored, Ttl, ZoneKey,
};

use crate::engine::text;

pub(super) const OWNERSHIP: &str = "\"heritage=external-dns,external-dns/owner=kit\"";

/// The name of the ownership record of a record.
#[must_use]
pub fn ownership_name(name: &Name, rtype: RecordType) -> Name {
    Name::as_listed(&format!("own-{}.{name}", rtype.to_string().to_lowercase()))
}

/// Whether a record set is an ownership record.
#[must_use]
pub fn is_ownership_record(set: &RecordSet) -> bool {
    set.rtype == RecordType::Txt
        && set.targets.iter().all(|target| text::bare(target) == text::bare(OWNERSHIP))
}

type Key = (String, RecordType);

/// The groups that make the inventory what is desired. Records without an ownership record are
/// foreign and left alone. A name that is desired in another zone than it is in moves, and a record set stays until
/// one of another type is made in its place; a CNAME and an address exclude each other, so they change places in one
/// group.
#[must_use]
pub fn plan(inventory: &Inventory, desired: &[RecordSet]) -> Vec<ChangeGroup> {
    let current: BTreeMap<(ZoneKey, Key), &Record> =
        inventory.records().map(|(zone, record)| ((zone, key(&record.set)), record)).collect();
    let mut ids = (0..).map(GroupId);
    let mut made: BTreeMap<Key, ChangeGroup> = BTreeMap::new();
    let mut desired_zones: BTreeMap<Key, ZoneKey> = BTreeMap::new();
    for set in desired {
        let key = key(set);
        let Some(zone) = inventory.index.route(&key.0, None).first().copied() else { continue };
        let record = current.get(&(zone, key.clone())).copied();
        let ownership_record = current.get(&(zone, ownership_key(set))).copied();
        desired_zones.insert(key.clone(), zone);
        if record.is_some() && ownership_record.is_none() {
            continue;
        }
        let ownership_set = ownership_record_of(set);
        let changes: Vec<Change> =
            [(Role::Record, record, set), (Role::Ownership, ownership_record, &ownership_set)]
                .into_iter()
                .filter_map(|(role, old, new)| Some(Change { role, action: action(old, new)? }))
                .collect();
        if let Some(id) = ids.next().filter(|_| !changes.is_empty()) {
            let unchanged = changes.iter().all(|change| change.role == Role::Record);
            let requires = ownership_record.filter(|_| unchanged).map(stored).into_iter().collect();
            let (name, after) = (set.name.clone(), Vec::new());
            made.insert(key, ChangeGroup { id, zone, name, changes, after, requires });
        }
    }
    let mut groups = Vec::new();
    for ((zone, key), record) in &current {
        let set = &record.set;
        let Some(ownership_record) = current.get(&(*zone, ownership_key(set))) else { continue };
        if is_ownership_record(set) || desired_zones.get(key) == Some(zone) {
            continue;
        }
        if let Some(group) = made.values_mut().find(|group| excludes(group, *zone, set)) {
            let records = group.changes.iter().take_while(|it| it.role == Role::Record).count();
            group.changes.insert(records, delete(Role::Ownership, ownership_record));
            group.changes.insert(0, delete(Role::Record, record));
            continue;
        }
        let moved = made.get(key).map(|group| After::Move(group.id));
        let replacing = made.values().filter(|own| own.zone == *zone && own.name.key() == key.0);
        let replacing = replacing.filter(|own| own.changes.iter().any(makes_record));
        let after =
            moved.into_iter().chain(replacing.map(|own| After::Replacement(own.id))).collect();
        let changes = vec![delete(Role::Record, record), delete(Role::Ownership, ownership_record)];
        if let Some(id) = ids.next() {
            let (zone, name) = (*zone, set.name.clone());
            groups.push(ChangeGroup { id, zone, name, changes, after, requires: Vec::new() });
        }
    }
    groups.extend(made.into_values());
    groups
}

/// Whether a group makes what cannot stand beside a record set: one of the two is a CNAME.
fn excludes(group: &ChangeGroup, zone: ZoneKey, old: &RecordSet) -> bool {
    let excludes = |change: &Change| match &change.action {
        Action::Create(new) if change.role == Role::Record => {
            (new.set.rtype == RecordType::Cname) != (old.rtype == RecordType::Cname)
        }
        _ => false,
    };
    group.zone == zone && group.name.key() == old.name.key() && group.changes.iter().any(excludes)
}

fn action(old: Option<&Record>, new: &RecordSet) -> Option<Action> {
    match old {
        None => Some(Action::Create(planned(new))),
        Some(old) if same(&old.set, new) => None,
        Some(old) => Some(Action::Update { old: stored(old), new: planned(new) }),
    }
}

fn same(old: &RecordSet, new: &RecordSet) -> bool {
    let bare = |set: &RecordSet| match set.rtype {
        RecordType::Txt => set.targets.iter().map(|target| text::bare(target)).collect(),
        _ => set.targets.clone(),
    };
    bare(old).same_as(&bare(new), new.rtype) && (!new.ttl.is_set() || old.ttl == new.ttl)
}

fn makes_record(change: &Change) -> bool {
    change.role == Role::Record && matches!(change.action, Action::Create(_))
}

fn ownership_record_of(set: &RecordSet) -> RecordSet {
    let targets = [OWNERSHIP].into_iter().collect();
    RecordSet::new(ownership_name(&set.name, set.rtype), RecordType::Txt, Ttl::UNSET, targets)
}

fn delete(role: Role, record: &Record) -> Change {
    Change { role, action: Action::Delete(stored(record)) }
}

fn planned(set: &RecordSet) -> Planned {
    Planned { set: set.clone(), labels: Labels::new(), hints: Hints::default() }
}

fn stored(record: &Record) -> Stored {
    Stored { set: record.set.clone(), labels: record.labels.clone(), origin: record.origin.clone() }
}

fn key(set: &RecordSet) -> Key {
    (set.name.key().into_owned(), set.rtype)
}

fn ownership_key(set: &RecordSet) -> Key {
    (ownership_name(&set.name, set.rtype).key().into_owned(), RecordType::Txt)
}
