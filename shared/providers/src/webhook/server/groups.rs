//! From the changes of a POST to the groups that a writer takes.

use std::collections::BTreeMap;

use extdns_model::{
    Action, Change, ChangeGroup, Endpoint, GroupId, Inventory, LabelKey, Name, Opaque, Planned,
    Record, RecordSet, RecordType, Role, Stored, ZoneKey,
};

use super::changes::Checked;
use crate::{Provider, ProviderError};

/// Name, type and set identifier.
type Key = (String, RecordType, String);

fn key(set: &RecordSet) -> Key {
    (set.name.key().into_owned(), set.rtype, set.set_identifier().to_owned())
}

/// The groups of the changes: those of a record and of its ownership record are one.
pub(super) async fn of(
    changes: Checked,
    inventory: &Inventory,
    provider: &dyn Provider,
) -> Result<Vec<ChangeGroup>, ProviderError> {
    let mut groups = Groups { inventory, known: known(inventory), groups: BTreeMap::new() };
    for old in &changes.delete {
        groups.delete(old);
    }
    let (old, new): (Vec<Endpoint>, Vec<Endpoint>) = changes.update.into_iter().unzip();
    let old: BTreeMap<Key, Endpoint> = old.into_iter().map(|own| (key(&own.set), own)).collect();
    // What the provider notes about an endpoint when it adjusts it does not pass the protocol.
    let wanted = new.into_iter().chain(changes.create).collect();
    for new in provider.adjust(wanted, &inventory.index).await?.endpoints {
        groups.put(&new, old.get(&key(&new.set)));
    }
    Ok(groups.finish())
}

/// The records that the client knows, by zone.
fn known(inventory: &Inventory) -> BTreeMap<Key, Vec<(ZoneKey, &Record)>> {
    let mut known: BTreeMap<Key, Vec<_>> = BTreeMap::new();
    for zone in &inventory.zones {
        for record in zone.records.iter().flatten() {
            known.entry(key(&record.set)).or_default().push((zone.zone, record));
        }
    }
    known
}

struct Groups<'a> {
    inventory: &'a Inventory,
    known: BTreeMap<Key, Vec<(ZoneKey, &'a Record)>>,
    /// By zone and by the name of the record.
    groups: BTreeMap<(ZoneKey, String), (Name, Vec<Change>)>,
}

impl<'a> Groups<'a> {
    /// What is there of a record, by zone.
    fn stored(&self, set: &RecordSet) -> Vec<(ZoneKey, &'a Record)> {
        self.known.get(&key(set)).cloned().unwrap_or_default()
    }

    /// Removes a record wherever it is; what is not there is gone already.
    fn delete(&mut self, old: &Endpoint) {
        for (zone, record) in self.stored(&old.set) {
            self.add(zone, old, Action::Delete(as_stored(record)));
        }
    }

    /// Makes a record, or what is there of it this one.
    fn put(&mut self, new: &Endpoint, old: Option<&Endpoint>) {
        let planned = Planned {
            set: new.set.clone(),
            labels: new.labels().clone(),
            hints: new.hints().clone(),
        };
        let stored = self.stored(&new.set);
        let pin = new.hints().zone.as_deref();
        let zones = self.inventory.index.route(&new.set.name.key(), pin);
        let mut places: Vec<ZoneKey> = zones.iter().copied().collect();
        // A record that was changed stays in the zones that have it.
        if old.is_some() && !stored.is_empty() {
            places = stored.iter().map(|(zone, _)| *zone).collect();
        }
        if places.is_empty() {
            tracing::warn!("{} is left out: it lies in no zone of the provider", new.set.name);
        }
        for zone in places {
            let here = stored.iter().find(|(own, _)| *own == zone).map(|(_, record)| *record);
            let action = match here {
                Some(record) if record.set == planned.set => continue,
                Some(record) => Action::Update { old: as_stored(record), new: planned.clone() },
                None => Action::Create(planned.clone()),
            };
            self.add(zone, new, action);
        }
    }

    fn add(&mut self, zone: ZoneKey, endpoint: &Endpoint, action: Action) {
        let owned = endpoint.labels().get(LabelKey::OWNED_RECORD);
        let is_ownership = endpoint.set.rtype == RecordType::Txt && owned.is_some();
        let (role, name) = match owned.filter(|_| is_ownership) {
            Some(owned) => (Role::Ownership, Name::as_listed(owned)),
            None => (Role::Record, endpoint.set.name.clone()),
        };
        let group = self.groups.entry((zone, name.key().into_owned()));
        let (_, changes) = group.or_insert_with(|| (name, Vec::new()));
        changes.push(Change { role, action });
    }

    fn finish(self) -> Vec<ChangeGroup> {
        let numbered = (0..).map(GroupId).zip(self.groups);
        let group =
            |(id, ((zone, _), (name, mut changes))): (GroupId, (_, (Name, Vec<Change>)))| {
                changes.sort_by_key(Change::phase);
                ChangeGroup { id, zone, name, changes, after: Vec::new(), requires: Vec::new() }
            };
        numbered.map(group).collect()
    }
}

fn as_stored(record: &Record) -> Stored {
    let origin: Opaque = record.origin.clone();
    Stored { set: record.set.clone(), labels: record.labels.clone(), origin }
}

/// A change as it is logged where nothing is written.
pub(super) fn line(change: &Change) -> String {
    let set = change.set();
    let action = match change.action {
        Action::Create(_) => "create",
        Action::Update { .. } => "update",
        Action::Delete(_) => "delete",
    };
    let targets: Vec<&str> = set.targets.iter().map(|target| target.as_str()).collect();
    format!("{action} {} {} {}", set.name, set.rtype, targets.join(","))
}
