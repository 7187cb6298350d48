//! Ownership in a store outside the zones: one ownership record for each name, type and set
//! identifier, in all zones together.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use extdns_model::{
    After, ChangeGroup, Endpoint, GroupId, Inventory, Labels, Name, Owners, RecordSet, Refresh,
    ZoneIndex, ZoneKey,
};
use extdns_plan::{Decision, Hold, Plan, RecordChange, Row, Unit};

use crate::annotated::Standing;
use crate::entries::{Entries, Joined, Key, key};
use crate::groups::{Draft, going_units, record_change};
use crate::refusal::{Refusal, claim_of};
use crate::{
    Annotated, EntryAction, EntryChange, Groups, KeptIn, Leftover, Loaded, OWNERSHIP, Registry,
    Store, Subject,
};

/// The registry around a [`Store`].
pub struct Outside {
    owners: Owners,
    store: Box<dyn Store>,
}

impl Outside {
    /// The registry of these owners in this store.
    #[must_use]
    pub fn new(owners: Owners, store: Box<dyn Store>) -> Self {
        Self { owners, store }
    }
}

impl Registry for Outside {
    fn owners(&self) -> &Owners {
        &self.owners
    }

    fn store(&self) -> Option<&dyn Store> {
        Some(&*self.store)
    }

    fn labels(&self, endpoint: &Endpoint) -> Labels {
        self.owners.stamp(endpoint)
    }

    fn annotate(&self, mut inventory: Inventory, loaded: Loaded) -> Annotated {
        let Loaded { entries, unclear } = loaded;
        let entries = entries.into_iter().map(|entry| (key(&entry.set), entry));
        let mut entries: HashMap<Key, Joined> =
            entries.map(|(key, entry)| (key, Joined { entry, records: 0 })).collect();
        for record in inventory.zones.iter_mut().flat_map(|zone| zone.records.iter_mut().flatten())
        {
            OWNERSHIP.iter().for_each(|key| drop(record.labels.remove(key)));
            let Some(joined) = entries.get_mut(&key(&record.set)) else { continue };
            joined.records += 1;
            // What the provider says besides the owner is of now; the store has it as of its last write.
            let of_provider = std::mem::take(&mut record.labels);
            record.labels.extend(&joined.entry.labels);
            record.labels.extend(&of_provider);
            let is_old = joined.entry.labels.owner().is_some_and(|id| self.owners.is_migrating(id));
            record.set_refresh(is_old.then_some(Refresh::Migrate));
        }
        let leftovers = self.leftovers(&inventory, &entries);
        let entries = Entries(entries);
        Annotated { inventory, leftovers, entries, unclear, ..Annotated::default() }
    }

    fn decorate(
        &self,
        plan: &mut Plan<'_>,
        annotated: &Annotated,
        _: &extdns_plan::Refusal<'_>,
    ) -> Groups {
        let mut groups = Groups::default();
        let mut writer = Writer {
            registry: self,
            inventory: &annotated.inventory,
            there: &annotated.entries.0,
            unowned: OnceCell::new(),
            made: HashMap::new(),
        };
        groups.add_rows(plan, &annotated.inventory.index, |groups, index, row, moves| {
            for unit in going_units(row) {
                let refusal = claim_of(row, unit).or_else(|| writer.refusal(row, unit));
                match refusal {
                    Some(refusal) => refusal.apply(row),
                    None => writer.unit(groups, Subject { row: index, unit }, row, moves),
                }
            }
        });
        groups
    }
}

impl Outside {
    /// The ownership records of names in our zones that no record was found for.
    fn leftovers(&self, inventory: &Inventory, entries: &HashMap<Key, Joined>) -> Vec<Leftover> {
        let unread: HashSet<ZoneKey> = inventory.unreadable().map(|(zone, _)| zone).collect();
        let lone = entries.values().filter(|joined| joined.records == 0);
        let mut leftovers: Vec<_> = lone
            .filter_map(|joined| {
                let entry = joined.entry.clone();
                let zones = routed(&inventory.index, &entry.set.name);
                let zone = *zones.first()?;
                let standing = if zones.iter().any(|zone| unread.contains(zone)) {
                    Standing::Unknown
                } else if self.owners.own(&entry.labels) {
                    Standing::Ours
                } else {
                    Standing::Foreign
                };
                Some(Leftover {
                    name: entry.set.name.clone(),
                    rtype: Some(entry.set.rtype),
                    labels: entry.labels.clone(),
                    kept_in: KeptIn::Store { zone, entry },
                    read_only: None,
                    kept: Default::default(),
                    standing,
                    is_canonical: true,
                    doubtful: false,
                    released: false,
                })
            })
            .collect();
        leftovers.sort_by_cached_key(|left| (left.zone(), key(left.set())));
        leftovers
    }
}

fn routed(index: &ZoneIndex, name: &Name) -> Vec<ZoneKey> {
    index.route(&name.key(), None).into_iter().collect()
}

/// Adds the changes of ownership records to the groups.
struct Writer<'a> {
    registry: &'a Outside,
    inventory: &'a Inventory,
    there: &'a HashMap<Key, Joined>,
    /// Records that no ownership record stands for: looked up only for records to be made.
    unowned: OnceCell<HashSet<Key>>,
    /// What this plan makes, and in which group.
    made: HashMap<Key, GroupId>,
}

impl Writer<'_> {
    /// A create whose ownership record another owner has, or would also stand for a record of
    /// another zone that is not ours.
    fn refusal(&self, row: &Row<'_>, unit: Unit) -> Option<Refusal> {
        let taken = |decision: &Decision<'_>| {
            let RecordChange::Create(endpoint) = decision.change else { return None };
            match self.there.get(&key(&endpoint.set)) {
                Some(Joined { entry, .. }) => {
                    let is_foreign = !self.registry.owners.own(&entry.labels);
                    is_foreign
                        .then(|| Hold::Foreign { owner: entry.labels.owner().map(Into::into) })
                }
                None => self.beside(row.zone, &endpoint.set),
            }
        };
        let going =
            |(_, decision): &(usize, &Decision<'_>)| decision.unit == unit && decision.goes();
        let mut decisions = row.decisions.iter().enumerate().filter(going);
        decisions.find_map(|(at, decision)| Some(Refusal { decision: at, hold: taken(decision)? }))
    }

    /// What another zone of this name holds, or may hold.
    fn beside(&self, zone: ZoneKey, set: &RecordSet) -> Option<Hold> {
        let records = || {
            let sets = self.inventory.records().map(|(_, record)| key(&record.set));
            sets.filter(|key| !self.there.contains_key(key)).collect()
        };
        if self.unowned.get_or_init(records).contains(&key(set)) {
            return Some(Hold::Foreign { owner: None });
        }
        let twins = routed(&self.inventory.index, &set.name);
        let is_unread = |twin: &ZoneKey| *twin != zone && !self.inventory.is_readable(*twin);
        twins.iter().any(is_unread).then_some(Hold::UnreadableZone)
    }

    fn unit(&mut self, groups: &mut Groups, subject: Subject, row: &Row<'_>, moves: &[After]) {
        let mut draft = Draft { moves: moves.to_vec(), ..Draft::default() };
        let mut actions = Vec::new();
        let unit = |decision: &&Decision<'_>| decision.unit == subject.unit && decision.goes();
        for decision in row.decisions.iter().filter(unit) {
            let labels = decision.change.endpoint().map(|own| self.registry.labels(own));
            let labels = labels.unwrap_or_default();
            draft.records.extend(record_change(decision, labels.clone()));
            match (self.made.get(&key(decision.change.set())), &decision.change) {
                // The other group makes the ownership record of this one too.
                (Some(maker), RecordChange::Create(_)) => {
                    draft.moves.push(After::OwnershipRecord(*maker));
                }
                _ => actions.extend(self.action(&decision.change, labels)),
            }
        }
        let group = match draft.records.is_empty() {
            true => groups.push_empty(subject, row),
            false => groups.push_unit(subject, row, draft).start,
        };
        let group = GroupId(u32::try_from(group).unwrap_or(u32::MAX));
        for action in actions {
            if let EntryAction::Make { set, .. } = &action {
                self.made.insert(key(set), group);
            }
            groups.entries.push(EntryChange { group, action });
        }
    }

    fn action(&self, change: &RecordChange<'_>, labels: Labels) -> Option<EntryAction> {
        let there = self.there.get(&key(change.set()));
        let entry = there.map(|joined| joined.entry.clone());
        Some(match (change, entry) {
            (RecordChange::Create(endpoint), reused) => {
                EntryAction::Make { set: endpoint.set.clone(), labels, reused, adopts: false }
            }
            (RecordChange::Update { endpoint, .. }, Some(old)) => {
                EntryAction::Rewrite { old, set: endpoint.set.clone(), labels }
            }
            (RecordChange::Update { record, endpoint }, None) => {
                let adopts = !self.registry.owners.own(&record.labels);
                EntryAction::Make { set: endpoint.set.clone(), labels, reused: None, adopts }
            }
            // It stays while it stands for a record of another zone, one that is made now included.
            (RecordChange::Delete(record), Some(old)) => {
                let is_last = there.is_some_and(|joined| joined.records < 2)
                    && !self.made.contains_key(&key(&record.set));
                return is_last.then_some(EntryAction::Remove(old));
            }
            (RecordChange::Delete(_), None) => return None,
        })
    }
}

impl Groups {
    /// Adds a group of which only ownership records outside the zones change; returns its position.
    fn push_empty(&mut self, subject: Subject, row: &Row<'_>) -> usize {
        let at = self.groups.len();
        self.groups.push(ChangeGroup {
            id: GroupId(u32::try_from(at).unwrap_or(u32::MAX)),
            zone: row.zone,
            name: Name::as_listed(&row.name),
            changes: Vec::new(),
            after: Vec::new(),
            requires: Vec::new(),
        });
        self.subjects.push(subject);
        at
    }
}
