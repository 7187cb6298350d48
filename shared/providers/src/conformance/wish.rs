//! Just enough of a plan to drive a provider: what is wished and not there is created, what
//! differs is updated, what is ours and not wished is deleted, each with an ownership record.

use std::collections::BTreeMap;

use extdns_model::{
    Action, Change, ChangeGroup, GroupId, Hints, Inventory, Labels, Name, Planned, Record,
    RecordSet, RecordType, Role, Stored, Ttl, ZoneKey,
};

use crate::engine::text;

const MARK: &str = "\"heritage=external-dns,external-dns/owner=kit\"";

/// The name of the ownership record of a record.
#[must_use]
pub fn mark_name(name: &Name, rtype: RecordType) -> Name {
    Name::as_listed(&format!("own-{}.{name}", rtype.to_string().to_lowercase()))
}

/// Whether a record set is an ownership record.
#[must_use]
pub fn is_mark(set: &RecordSet) -> bool {
    set.rtype == RecordType::Txt
        && set.targets.iter().all(|target| text::bare(target) == text::bare(MARK))
}

type Key = (String, RecordType);

/// The groups that make the inventory what is wished. Records without an ownership record are
/// foreign and left alone.
#[must_use]
pub fn plan(inventory: &Inventory, wish: &[RecordSet]) -> Vec<ChangeGroup> {
    let current: BTreeMap<Key, (ZoneKey, &Record)> =
        inventory.records().map(|(zone, record)| (key(&record.set), (zone, record))).collect();
    let wished: BTreeMap<Key, &RecordSet> = wish.iter().map(|set| (key(set), set)).collect();
    let mut groups = Vec::new();
    let mut add = |zone: ZoneKey, name: &Name, changes: Vec<Change>| {
        if !changes.is_empty() {
            let id = GroupId(u32::try_from(groups.len()).unwrap_or(u32::MAX));
            groups.push(ChangeGroup { id, zone, name: name.clone(), changes, after: Vec::new(), requires: Vec::new() });
        }
    };
    for (key, (zone, record)) in &current {
        let set = &record.set;
        let Some((_, mark)) = current.get(&mark_key(set)) else { continue };
        if !is_mark(set) && !wished.contains_key(key) {
            let changes = vec![delete(Role::Record, record), delete(Role::Ownership, mark)];
            add(*zone, &set.name, changes);
        }
    }
    for (key, set) in &wished {
        let record = current.get(key).map(|(_, record)| *record);
        let mark = current.get(&mark_key(set)).map(|(_, mark)| *mark);
        let zone = inventory.index.route(&key.0, None).first().copied();
        match (zone, record, mark) {
            (None, ..) | (_, Some(_), None) => {}
            (Some(zone), ..) => {
                let mark_set = mark_of(set);
                let changes = [(Role::Record, record, *set), (Role::Ownership, mark, &mark_set)]
                    .into_iter()
                    .filter_map(|(role, old, new)| {
                        Some(Change { role, action: action(old, new)? })
                    });
                add(zone, &set.name, changes.collect());
            }
        }
    }
    groups
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

fn mark_of(set: &RecordSet) -> RecordSet {
    let targets = [MARK].into_iter().collect();
    RecordSet::new(mark_name(&set.name, set.rtype), RecordType::Txt, Ttl::UNSET, targets)
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

fn mark_key(set: &RecordSet) -> Key {
    (mark_name(&set.name, set.rtype).key().into_owned(), RecordType::Txt)
}
