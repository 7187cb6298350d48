//! Reading: ownership TXT records are taken out of the inventory and joined to the records that
//! they stand for.

use std::collections::{HashMap, HashSet};

use extdns_model::{
    Inventory, LabelKey, Labels, Mark, Name, Opaque, Record, RecordSet, RecordType, Refresh,
    ZoneIndex, ZoneInventory, ZoneKey, property_names,
};
use smallvec::SmallVec;

use super::TxtRegistry;
use crate::annotated::Standing;
use crate::name_mapper::Owned;
use crate::{Annotated, Leftover};

/// Joins ownership to the records of an inventory.
pub(super) fn annotate(registry: &TxtRegistry, inventory: Inventory) -> Annotated {
    let Inventory { index, filter, mut zones } = inventory;
    let unreadable: Vec<_> =
        zones.iter().filter(|zone| zone.records.is_err()).map(|zone| zone.zone).collect();
    let marks = Marks::take(registry, &mut zones);
    let mut join = Join { registry, index: &index, unreadable, marks };
    for zone in &mut zones {
        for record in zone.records.iter_mut().flatten() {
            join.record(zone.zone, record);
        }
    }
    let shared = join.shared();
    let leftovers = join.leftovers(&zones);
    let mut annotated =
        Annotated { inventory: Inventory { index, filter, zones }, leftovers, shared };
    forget_doubtful_resources(&mut annotated);
    annotated
}

/// An ownership record that stands for several records at once names the resource of one of them:
/// nobody knows of which.
fn forget_doubtful_resources(annotated: &mut Annotated) {
    if annotated.shared.is_empty() {
        return;
    }
    let mut zones = std::mem::take(&mut annotated.inventory.zones);
    for record in zones.iter_mut().flat_map(|zone| zone.records.iter_mut().flatten()) {
        if record.marks.iter().any(|mark| annotated.is_shared(mark)) {
            record.labels.remove(LabelKey::RESOURCE);
        }
    }
    annotated.inventory.zones = zones;
}

/// Every ownership record of the inventory.
#[derive(Default)]
struct Marks {
    list: Vec<Found>,
    /// Positions by the key of the name that they stand for.
    by_name: HashMap<String, SmallVec<[usize; 2]>>,
}

struct Found {
    zone: ZoneKey,
    set: RecordSet,
    origin: Opaque,
    labels: Labels,
    read_only: Option<&'static str>,
    /// What its name says; `None` if the name has another affix than ours: it stands for nothing.
    reading: Option<Reading>,
    /// Whether a record was found that it may stand for.
    used: bool,
    /// How many records got their ownership from it.
    owned: u32,
}

/// What the name of an ownership record says.
pub(super) struct Reading {
    /// Whose mark it is.
    pub(super) owned: Owned,
    /// Whether we would give it this name.
    pub(super) canonical: bool,
}

impl TxtRegistry {
    /// Reads the name of an ownership record.
    pub(super) fn read_name(&self, txt: &Name) -> Option<Reading> {
        let owned = self.mapper.to_endpoint_name(&txt.to_unicode().to_lowercase())?;
        let canonical = owned.rtype.is_some()
            && Name::as_listed(&self.mapper.to_txt_name(&owned.name, owned.rtype)).key()
                == txt.key();
        Some(Reading { owned, canonical })
    }
}

impl Marks {
    /// Takes the ownership records out of the zones. Users' own TXT records stay.
    fn take(registry: &TxtRegistry, zones: &mut [ZoneInventory]) -> Self {
        let mut marks = Self::default();
        for ZoneInventory { zone, records } in zones {
            let Ok(records) = records else { continue };
            records.retain(|record| {
                if record.set.rtype != RecordType::Txt {
                    return true;
                }
                if record.set.targets.is_empty() {
                    tracing::error!(name = %record.set.name, "TXT record has no targets, it is left out");
                    return false;
                }
                let Some(labels) = registry.codec.labels(&record.set) else { return true };
                marks.add(registry, *zone, record, labels);
                false
            });
            records.shrink_to_fit();
        }
        marks
    }

    fn add(&mut self, registry: &TxtRegistry, zone: ZoneKey, record: &Record, labels: Labels) {
        let reading = registry.read_name(&record.set.name);
        if let Some(reading) = &reading {
            let key = Name::as_listed(&reading.owned.name).key().into_owned();
            self.by_name.entry(key).or_default().push(self.list.len());
        }
        let (set, origin) = (record.set.clone(), record.origin.clone());
        let read_only = record.read_only;
        self.list.push(Found {
            zone,
            set,
            origin,
            labels,
            read_only,
            reading,
            used: false,
            owned: 0,
        });
    }
}

impl Found {
    fn mark(&self) -> Mark {
        Mark { zone: self.zone, set: self.set.clone(), origin: self.origin.clone() }
    }

    fn is_canonical(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.canonical)
    }

    fn stands_for(&self, zone: ZoneKey, rtype: Option<RecordType>) -> bool {
        self.zone == zone && self.reading.as_ref().is_some_and(|r| r.owned.rtype == rtype)
    }
}

struct Join<'a> {
    registry: &'a TxtRegistry,
    index: &'a ZoneIndex,
    unreadable: Vec<ZoneKey>,
    marks: Marks,
}

impl Join<'_> {
    /// Finds the ownership record of a record: that of its type, else that of a CNAME for an alias
    /// (older versions marked those so), else one of the oldest format, which tells no type.
    fn record(&mut self, zone: ZoneKey, record: &mut Record) {
        let key = record.set.name.key();
        let key = self.registry.mapper.replace_wildcard(&key);
        let typed = self.find(zone, &record.set, &key, Some(record.set.rtype));
        let as_cname = is_address_alias(&record.set)
            .then(|| self.find(zone, &record.set, &key, Some(RecordType::Cname)))
            .flatten();
        // An AAAA record was never marked in the oldest format.
        let untyped = (record.set.rtype != RecordType::Aaaa)
            .then(|| self.find(zone, &record.set, &key, None))
            .flatten();
        if let Some(obsolete) = as_cname {
            tracing::warn!(
                name = %record.set.name, txt = %self.marks.list[obsolete].set.name,
                "this ownership record of an alias is obsolete; it is left in place and can be removed"
            );
        }
        for candidate in [typed, as_cname, untyped].into_iter().flatten() {
            self.marks.list[candidate].used = true;
        }
        let source = typed.or(as_cname).or(untyped);
        let is_current = typed.is_some_and(|at| self.marks.list[at].is_canonical())
            || self.is_marked(zone, &record.set, &key);
        if let Some(source) = source {
            let found = &mut self.marks.list[source];
            found.owned += 1;
            record.labels.extend(&found.labels);
            record.add_mark(found.mark());
        }
        record.refresh = self.refresh(zone, record, is_current);
        let repeated =
            typed.is_some_and(|at| self.registry.codec.is_repeated(&self.marks.list[at].set));
        if repeated && record.refresh.is_none() && self.registry.owners.own(&record.labels) {
            record.refresh = Some(Refresh::Surplus);
        }
    }

    fn find(
        &self,
        zone: ZoneKey,
        set: &RecordSet,
        key: &str,
        rtype: Option<RecordType>,
    ) -> Option<usize> {
        let candidates = self.marks.by_name.get(key)?;
        let home = self.registry.zone_of_mark(self.index, zone, &set.name, rtype)?;
        candidates
            .iter()
            .copied()
            .filter(|at| {
                let found = &self.marks.list[*at];
                found.stands_for(home, rtype) && found.set.set_identifier() == set.set_identifier()
            })
            .max_by_key(|at| self.marks.list[*at].is_canonical())
    }

    /// Whether the name of today's ownership record is there, under whatever set identifier: a
    /// second record of that name could not be added in any case.
    fn is_marked(&self, zone: ZoneKey, set: &RecordSet, key: &str) -> bool {
        let Some(candidates) = self.marks.by_name.get(key) else { return false };
        let rtype = Some(set.rtype);
        let home = self.registry.zone_of_mark(self.index, zone, &set.name, rtype);
        home.is_some_and(|home| {
            candidates
                .iter()
                .map(|at| &self.marks.list[*at])
                .any(|found| found.is_canonical() && found.stands_for(home, rtype))
        })
    }

    fn refresh(&self, zone: ZoneKey, record: &Record, is_current: bool) -> Option<Refresh> {
        let owner = record.labels.owner()?;
        if !self.registry.owners.contains(owner) {
            return None;
        }
        if self.registry.owners.is_migrating(owner) {
            return Some(Refresh::Migrate);
        }
        if is_current || self.marks.list.is_empty() {
            return None;
        }
        // What cannot be written is not missing.
        let place =
            self.registry.place(self.index, zone, &record.set.name, record.set.rtype).ok()?;
        (!self.unreadable.contains(&place.zone)).then_some(Refresh::MissingMark)
    }

    fn shared(&self) -> Vec<Mark> {
        let several = |found: &&Found| found.owned > 1 && found.is_canonical();
        self.marks.list.iter().filter(several).map(Found::mark).collect()
    }

    /// The ownership records that no record was found for.
    fn leftovers(self, zones: &[ZoneInventory]) -> Vec<Leftover> {
        let Self { registry, index, unreadable, marks } = self;
        let standing = |found: &Found, key: &str| {
            if index.route(key, None).iter().any(|zone| unreadable.contains(zone)) {
                Standing::Unknown
            } else if registry.owners.own(&found.labels) {
                Standing::Ours
            } else {
                Standing::Foreign
            }
        };
        let mut leftovers: Vec<_> = marks
            .list
            .into_iter()
            .filter(|found| !found.used)
            .filter_map(|found| {
                let owned = found.reading.as_ref()?.owned.clone();
                let name = Name::as_listed(&owned.name);
                let standing = standing(&found, &name.key());
                let mark = found.mark();
                Some(Leftover {
                    name,
                    rtype: owned.rtype,
                    labels: found.labels,
                    mark,
                    read_only: found.read_only,
                    standing,
                    doubtful: false,
                })
            })
            .collect();
        leftovers.sort_by_cached_key(|leftover| {
            let set = &leftover.mark.set;
            (leftover.mark.zone, set.name.key().into_owned(), set.set_identifier().to_owned())
        });
        doubt(registry, zones, &mut leftovers);
        leftovers
    }
}

/// `a-www` marks the A record of `www`, or in the oldest format any record of a host `a-www`. Where
/// an unmarked record has that other name, nobody can tell.
fn doubt(registry: &TxtRegistry, zones: &[ZoneInventory], leftovers: &mut [Leftover]) {
    let other_name = |leftover: &Leftover| {
        let txt = leftover.mark.set.name.to_unicode().to_lowercase();
        let name = leftover.rtype.and_then(|_| registry.mapper.to_untyped_name(&txt))?;
        Some((leftover.mark.zone, Name::as_listed(&name).key().into_owned()))
    };
    let mut other_names: HashMap<_, _> = leftovers
        .iter()
        .enumerate()
        .filter_map(|(at, leftover)| Some((other_name(leftover)?, at)))
        .collect();
    if other_names.is_empty() {
        return;
    }
    let mut doubtful = HashSet::new();
    for ZoneInventory { zone, records } in zones {
        for record in records.iter().flatten().filter(|record| record.marks.is_empty()) {
            let key = record.set.name.key();
            let key = registry.mapper.replace_wildcard(&key).into_owned();
            doubtful.extend(other_names.remove(&(*zone, key)));
        }
    }
    for at in doubtful {
        leftovers[at].doubtful = true;
    }
}

/// Whether it is an A record that older versions marked as a CNAME.
fn is_address_alias(set: &RecordSet) -> bool {
    set.rtype == RecordType::A
        && matches!(set.properties().get(property_names::ALIAS), Some("true" | "A"))
}
