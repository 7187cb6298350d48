//! Removing the ownership records of ours that have no record, or whose records the user releases.

use std::collections::{BTreeMap, HashSet};

use extdns_model::{
    Action, Change, ChangeGroup, DomainFilter, Endpoint, GroupId, Hints, Inventory, LabelKey,
    Labels, Name, OwnershipRecord, Planned, Record, RecordType, Role, Stored, ZoneKey,
};
use extdns_plan::{Cause, Plan, RecordChange, Removal};

use crate::entries::key;
use crate::{
    Annotated, Entry, EntryAction, EntryChange, Groups, KeptIn, Leftover, Mixed, Registry, Subject,
};

/// An ownership record that goes, as the record that the zone holds.
#[derive(Debug)]
pub struct Orphan {
    record: Record,
    /// What stays of it, where it also holds values of others.
    rest: Option<Endpoint>,
    left: Leftover,
}

impl Annotated {
    /// Takes the [orphans](Self::orphans) out that can be removed, by zone and name. Left alone is
    /// what may have a record after all: a name that the filters leave out, or that the zone
    /// delegates.
    pub fn take_removable(&mut self, filter: &DomainFilter) -> Vec<Orphan> {
        let delegated = Delegations::of(&self.inventory);
        let inventory = &self.inventory;
        let is_removable = |left: &Leftover| is_removable(left, inventory, filter, &delegated);
        let taken = self.leftovers.extract_if(.., |left| is_removable(left));
        taken.map(Orphan::of).collect()
    }

    /// The ownership records of a store that can be removed for the same reasons, but for those that
    /// these groups use again.
    #[must_use]
    pub fn sweepable(&self, filter: &DomainFilter, groups: &Groups) -> Vec<Entry> {
        let reused = groups.entries.iter().filter_map(|change| match &change.action {
            EntryAction::Make { set, .. } => Some(key(set)),
            EntryAction::Rewrite { .. } | EntryAction::Remove(_) => None,
        });
        let reused: HashSet<_> = reused.collect();
        let delegated = Delegations::of(&self.inventory);
        let can_go = |left: &&Leftover| is_removable(left, &self.inventory, filter, &delegated);
        let entries = self.leftovers.iter().filter(can_go).filter_map(|left| match &left.kept_in {
            KeptIn::Store { entry, .. } => Some(entry),
            KeptIn::Zone(_) => None,
        });
        entries.filter(|entry| !reused.contains(&key(&entry.set))).cloned().collect()
    }
}

fn is_removable(
    left: &Leftover,
    inventory: &Inventory,
    filter: &DomainFilter,
    delegated: &Delegations,
) -> bool {
    left.is_orphan()
        && filter.matches(&left.name)
        && inventory.filter.matches(&left.name)
        && !delegated.contain(left)
}

impl Annotated {
    /// The ownership records of the records of these names that are ours, as if they had no record;
    /// and the names that have none. Of a set that also holds values of others, those stay.
    #[must_use]
    pub fn released<'n>(
        &self,
        names: &'n [Name],
        registry: &dyn Registry,
    ) -> (Vec<Orphan>, Vec<&'n Name>) {
        let wanted: HashSet<String> = names.iter().map(|name| name.key().into_owned()).collect();
        let mut found: HashSet<String> = HashSet::new();
        let mut all: BTreeMap<_, Leftover> = BTreeMap::new();
        for (zone, record) in self.inventory.records() {
            let key = record.set.name.key();
            if !wanted.contains(&*key) || !registry.owners().own(&record.labels) {
                continue;
            }
            let in_zone = record.ownership_records.iter().cloned().map(KeptIn::Zone);
            let entry = self.entries.of(&record.set).cloned();
            let in_store = entry.map(|entry| KeptIn::Store { zone, entry });
            for kept_in in in_zone.chain(in_store) {
                found.insert(key.clone().into_owned());
                let left = Leftover::of_record(record, kept_in, registry);
                let set = left.set();
                let name = set.name.key().into_owned();
                let at = (left.zone(), name, set.set_identifier().to_owned(), set.rtype);
                all.entry(at).or_insert(left);
            }
        }
        let missing = names.iter().filter(|name| !found.contains(&*name.key()));
        (all.into_values().map(Orphan::of).collect(), missing.collect())
    }
}

impl Orphan {
    fn of(left: Leftover) -> Self {
        let origin = left
            .ownership_record()
            .map(|ownership_record| ownership_record.origin.clone())
            .unwrap_or_default();
        let mut record = Record::new(left.set().clone(), origin);
        record.labels = left.labels.clone();
        let rest = (!left.kept.is_empty()).then(|| {
            let mut set = left.set().clone();
            set.targets = left.kept.clone();
            Endpoint::from_set(set)
        });
        Self { record, rest, left }
    }

    /// What a plan needs to remove it.
    #[must_use]
    pub fn removal(&self) -> Removal<'_> {
        let Self { record, rest, left } = self;
        let change = match rest {
            Some(rest) => RecordChange::Update { record, endpoint: rest },
            None => RecordChange::Delete(record),
        };
        Removal {
            zone: left.zone(),
            owned: &left.name,
            labels: &left.labels,
            read_only: left.read_only,
            change,
            cause: if left.released { Cause::Released } else { Cause::Orphaned },
        }
    }

    /// The values of others that stay, where there are some.
    #[must_use]
    pub fn mixed(&self) -> Option<Mixed> {
        let kept = self.rest.as_ref()?.set.targets.iter().map(ToString::to_string).collect();
        Some(Mixed { name: self.left.set().name.clone(), kept, goes: true })
    }

    fn action(&self, ownership_record: &OwnershipRecord) -> Action {
        let name = &self.left.name;
        let labels = std::iter::once((LabelKey::OWNED_RECORD, name.as_str())).collect();
        let old = Stored {
            set: ownership_record.set.clone(),
            labels,
            origin: ownership_record.origin.clone(),
        };
        let Some(rest) = &self.rest else { return Action::Delete(old) };
        let (set, labels) = (rest.set.clone(), Labels::new());
        Action::Update { old, new: Planned { set, labels, hints: Hints::default() } }
    }
}

impl Groups {
    /// One group for each orphan that goes. The plan is made of the removals of exactly these
    /// orphans, in this order.
    #[must_use]
    pub fn removing(plan: &Plan<'_>, orphans: &[Orphan]) -> Self {
        let mut groups = Self::default();
        let decisions = plan.rows.iter().enumerate().flat_map(|(row, of)| {
            of.decisions.iter().map(move |decision| (row, of.zone, decision))
        });
        for ((row, zone, decision), orphan) in decisions.zip(orphans) {
            if !decision.goes() {
                continue;
            }
            let id = GroupId(u32::try_from(groups.groups.len()).unwrap_or(u32::MAX));
            let mut changes = Vec::new();
            match &orphan.left.kept_in {
                KeptIn::Zone(ownership_record) => {
                    changes.push(Change {
                        role: Role::Ownership,
                        action: orphan.action(ownership_record),
                    });
                }
                KeptIn::Store { entry, .. } => {
                    let action = EntryAction::Remove(entry.clone());
                    groups.entries.push(EntryChange { group: id, action });
                }
            }
            groups.groups.push(ChangeGroup {
                id,
                zone,
                name: orphan.left.name.clone(),
                changes,
                after: Vec::new(),
                requires: Vec::new(),
            });
            groups.subjects.push(Subject { row, unit: decision.unit });
        }
        groups
    }
}

/// Names that a zone hands on to another one, which need not be among ours.
struct Delegations(HashSet<(ZoneKey, String)>);

impl Delegations {
    fn of(inventory: &Inventory) -> Self {
        let cuts = inventory.records().filter(|(zone, record)| {
            let apex = &inventory.index.zone(*zone).name;
            record.set.rtype == RecordType::Ns && record.set.name.key() != apex.key()
        });
        Self(cuts.map(|(zone, record)| (zone, record.set.name.key().into_owned())).collect())
    }

    /// Whether the record of an ownership record would lie in another zone than the one that we see:
    /// that of an apex lies in the parent zone.
    fn contain(&self, left: &Leftover) -> bool {
        let key = left.name.key();
        let borders = key.match_indices('.').map(|(at, _)| &key[at + 1..]);
        let mut suffixes = std::iter::once(&*key).chain(borders);
        suffixes.any(|suffix| self.0.contains(&(left.zone(), suffix.to_owned())))
    }
}
