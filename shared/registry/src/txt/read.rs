//! Reading: ownership TXT records are taken out of the inventory and joined to the records that
//! they stand for.

mod source;

use std::collections::HashMap;
use std::sync::Arc;

use extdns_model::{
    Doubt, DoubtCause, Inventory, LabelKey, Name, OwnershipRecord, Record, RecordSet, Refresh,
    ZoneInventory, ZoneKey,
};

use self::source::{Candidates, Source};
use super::join::{Join, Superseded};
use super::leftovers::leftovers;
use super::older::older;
use super::ownership_records::{Found, OwnershipRecords};
use super::registry::TxtRegistry;
use super::siblings::Siblings;
use crate::annotated::ShownOlder;
use crate::{Annotated, OWNERSHIP};

/// Joins ownership to the records of an inventory.
pub(super) fn annotate(registry: &TxtRegistry, inventory: Inventory) -> Annotated {
    let Inventory { index, filter, mut zones } = inventory;
    let unreadable: Vec<_> =
        zones.iter().filter(|zone| zone.records.is_err()).map(|zone| zone.zone).collect();
    let ownership_records = OwnershipRecords::take(registry, &mut zones);
    let mut join = Join {
        registry,
        index: &index,
        unreadable,
        ownership_records,
        older: HashMap::new(),
        siblings: Siblings::default(),
        superseded: Vec::new(),
    };
    join.older = older(&join, &zones);
    for zone in &mut zones {
        for record in zone.records.iter_mut().flatten() {
            join.record(zone.zone, record);
        }
    }
    join.add_superseded(&mut zones);
    join.siblings.part(&mut join.ownership_records.list, &mut zones);
    let shared = join.shared();
    let Join { mut ownership_records, unreadable, older, .. } = join;
    let twins = older.into_iter().filter_map(|(at, older)| Some((at, older.twin?)));
    let mut shown = Vec::new();
    for (at, twin) in twins {
        let list = &mut ownership_records.list;
        list[twin].explains = true;
        if !list[twin].used {
            let [by, older] = [twin, at].map(|at| Arc::clone(&list[at].stored));
            shown.push(ShownOlder { by, older });
        }
    }
    let leftovers = leftovers(registry, &index, &unreadable, ownership_records, &zones);
    let mut annotated = Annotated {
        inventory: Inventory { index, filter, zones },
        leftovers,
        shared,
        shown,
        ..Annotated::default()
    };
    forget_doubtful_resources(&mut annotated);
    annotated
}

/// An ownership record that stands for several records at once names the resource of one of them,
/// and it is not known of which.
fn forget_doubtful_resources(annotated: &mut Annotated) {
    if annotated.shared.is_empty() {
        return;
    }
    let mut zones = std::mem::take(&mut annotated.inventory.zones);
    for record in zones.iter_mut().flat_map(|zone| zone.records.iter_mut().flatten()) {
        if record
            .ownership_records
            .iter()
            .any(|ownership_record| annotated.is_shared(ownership_record))
        {
            record.labels.remove(LabelKey::RESOURCE);
        }
    }
    annotated.inventory.zones = zones;
}

impl Join<'_> {
    fn record(&mut self, zone: ZoneKey, record: &mut Record) {
        OWNERSHIP.iter().for_each(|key| drop(record.labels.remove(key)));
        let name = record.set.name.clone();
        let raw = name.key();
        let key = self.registry.mapper.replace_wildcard(&raw);
        let candidates = self.candidates(zone, &record.set, &key);
        if let Some(obsolete) = candidates.as_cname {
            tracing::warn!(
                name = %name, txt = %self.ownership_records.list[obsolete].stored.set.name,
                "this ownership record of an alias is obsolete; it is left in place and can be removed"
            );
        }
        let Candidates { typed, as_cname, untyped } = candidates;
        match self.source(&record.set, &key, &candidates) {
            Source::OwnershipRecord(source) => {
                for at in [typed, as_cname, untyped].into_iter().flatten() {
                    self.ownership_records.list[at].used |= !self.older.contains_key(&at);
                }
                if self.registry.mapper.may_share(&raw) {
                    self.siblings.note(source, &name);
                }
                let found = &mut self.ownership_records.list[source];
                found.used = true;
                found.owned = found.owned.saturating_add(1);
                record.labels.extend(&found.labels());
                record.labels.remove(LabelKey::OWNED_RECORD);
                record.add_ownership_record(Arc::clone(&found.stored));
                self.add_older(zone, record, source);
            }
            Source::Doubt(at, why) => {
                if let DoubtCause::Superseded { rtype } = why {
                    self.superseded.push(Superseded {
                        zone,
                        name: name.clone(),
                        rtype,
                        ownership_record: at,
                    });
                }
                let txt = self.ownership_records.list[at].stored.set.name.clone();
                record.set_doubt(Some(Doubt { txt, why }));
            }
            Source::Nothing => record.set_doubt(self.lack(zone, &record.set, &key)),
        }
        let is_current = typed.is_some_and(|at| self.ownership_records.list[at].is_canonical())
            || self.has_ownership_record(zone, &record.set, &key);
        record.set_refresh(self.refresh(zone, record, is_current));
        let repeated = typed.is_some_and(|at| {
            self.registry.codec.is_repeated(&self.ownership_records.list[at].stored.set)
        });
        if repeated && record.refresh().is_none() && self.registry.owners.own(&record.labels) {
            record.set_refresh(Some(Refresh::Surplus));
        }
    }

    /// Ownership records of the older format that say the same as a record's own go with it: without
    /// it they would read as those of other records.
    fn add_older(&mut self, zone: ZoneKey, record: &mut Record, source: usize) {
        if self.older.is_empty()
            || self.ownership_records.list[source].rtype() != Some(record.set.rtype)
        {
            return;
        }
        let Some(at) = self.older_ownership_record(zone, &record.set) else { return };
        if self.older.get(&at).is_some_and(|older| older.twin == Some(source)) {
            let found = &mut self.ownership_records.list[at];
            found.used = true;
            record.add_ownership_record(Arc::clone(&found.stored));
        }
    }

    /// The same for those of the oldest format, which would stand for records of other types.
    fn add_superseded(&mut self, zones: &mut [ZoneInventory]) {
        for Superseded { zone, name, rtype, ownership_record } in &self.superseded {
            let found = &mut self.ownership_records.list[*ownership_record];
            let of_zone = zones.iter_mut().filter(|entry| entry.zone == *zone);
            let records = of_zone.flat_map(|entry| entry.records.iter_mut().flatten());
            let is_its = |record: &&mut Record| {
                record.set.rtype == *rtype
                    && record.set.set_identifier() == found.stored.set.set_identifier()
                    && record.set.name.key() == name.key()
                    && record
                        .ownership_records
                        .iter()
                        .all(|own| own.set.name != found.stored.set.name)
            };
            for record in records.filter(is_its) {
                record.add_ownership_record(Arc::clone(&found.stored));
            }
        }
    }

    /// Whether the name of today's ownership record is there, under any set identifier: a
    /// second record of that name could not be added in any case.
    fn has_ownership_record(&self, zone: ZoneKey, set: &RecordSet, key: &str) -> bool {
        let mut candidates = self.ownership_records.named(key).peekable();
        if candidates.peek().is_none() {
            return false;
        }
        let rtype = Some(set.rtype);
        let home = self.registry.zone_of_ownership_record(self.index, zone, &set.name, rtype);
        let of_type = |found: &Found| found.is_canonical() && found.rtype() == rtype;
        home.is_some_and(|home| candidates.any(|found| found.stored.zone == home && of_type(found)))
    }

    fn refresh(&self, zone: ZoneKey, record: &Record, is_current: bool) -> Option<Refresh> {
        let owner = record.labels.owner()?;
        if !self.registry.owners.contains(owner) {
            return None;
        }
        if self.registry.owners.is_migrating(owner) {
            return Some(Refresh::Migrate);
        }
        if is_current {
            return None;
        }
        // What cannot be written is not missing.
        let location = self
            .registry
            .locate(self.index, zone, &record.set.name, record.set.rtype, Some(owner))
            .ok()?;
        (!self.unreadable.contains(&location.zone)).then_some(Refresh::MissingOwnershipRecord)
    }

    /// What is known of the ownership record that a record lacks.
    fn lack(&self, zone: ZoneKey, set: &RecordSet, key: &str) -> Option<Doubt> {
        let rtype = Some(set.rtype);
        if self.unreadable.is_empty() && !self.ownership_records.has_text(key) {
            return None;
        }
        let home = self.registry.zone_of_ownership_record(self.index, zone, &set.name, rtype)?;
        if self.unreadable.contains(&home) {
            let txt = self.registry.mapper.to_txt_name(set.name.as_str(), rtype);
            return Some(Doubt { txt: Name::as_listed(&txt), why: DoubtCause::Unread });
        }
        let text = self.ownership_records.text_of(key, home, set.rtype)?;
        Some(Doubt { txt: text.clone(), why: DoubtCause::Changed })
    }

    fn shared(&self) -> Vec<Arc<OwnershipRecord>> {
        let several = |found: &&Found| found.owned > 1 && found.is_canonical();
        self.ownership_records
            .list
            .iter()
            .filter(several)
            .map(|found| Arc::clone(&found.stored))
            .collect()
    }
}
