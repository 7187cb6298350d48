//! `a-shop` marks the A record of `shop`, or in the format of older versions any record of the host
//! `a-shop`. Where both are there, it is not clear from the name alone which record the ownership record stands for.

use std::collections::HashMap;

use extdns_model::{Name, OwnershipRecord, RecordSet, RecordType, ZoneInventory, ZoneKey};

use super::join::{Join, Older};
use super::ownership_records::Reading;
use super::registry::TxtRegistry;

/// The ownership records that have another explanation than today's format: by their positions.
pub(super) fn older(join: &Join<'_>, zones: &[ZoneInventory]) -> HashMap<usize, Older> {
    let mut explained = HashMap::new();
    if join.ownership_records.list.is_empty() {
        return explained;
    }
    for (twin, ownership_record) in join.ownership_records.list.iter().enumerate() {
        let OwnershipRecord { zone, set, .. } = &*ownership_record.stored;
        if ownership_record.is_canonical()
            && let Some(rtype) = ownership_record.rtype()
            && let Some(name) = ownership_record.owned_text()
            && let Some(at) = join.misread(*zone, name, rtype, set.set_identifier())
            && join.ownership_records.list[at].says_as(ownership_record)
            && !ownership_record.is_contested
        {
            let name = Name::as_listed(name);
            note(&mut explained, at, Older { name, rtype, twin: Some(twin) });
        }
    }
    for ZoneInventory { zone, records } in zones {
        for set in records.iter().flatten().map(|record| &record.set) {
            if let Some(at) = join.older_ownership_record(*zone, set)
                && join.lacks_ownership_record(*zone, set)
            {
                let older = Older { name: set.name.clone(), rtype: set.rtype, twin: None };
                note(&mut explained, at, older);
            }
        }
    }
    explained
}

/// Of several explanations one by an ownership record comes first, then the order of types.
fn note(explained: &mut HashMap<usize, Older>, at: usize, older: Older) {
    let rank = |of: &Older| (of.twin.is_none(), of.rtype);
    if explained.get(&at).is_none_or(|known| rank(&older) < rank(known)) {
        explained.insert(at, older);
    }
}

impl TxtRegistry {
    /// The name of a record's ownership record in the format of older versions, if that can also be
    /// read as the ownership record of another record in today's format.
    pub(super) fn older_name(&self, key: &str, rtype: RecordType) -> Option<(Name, Reading)> {
        // An AAAA record was never marked in the oldest format.
        if rtype == RecordType::Aaaa || !self.mapper.may_read_as_typed(key) {
            return None;
        }
        let name = Name::as_listed(&self.mapper.to_txt_name(key, None));
        // A TXT record never stood beside a CNAME of its name.
        if rtype == RecordType::Cname && *name.key() == *key {
            return None;
        }
        let reading = self.read_name(&name, None)?;
        let itself = reading.owned.rtype? == rtype
            && reading.owned.name.key() == self.mapper.replace_wildcard(key);
        (!itself).then_some((name, reading))
    }
}

impl Join<'_> {
    /// The ownership record that a record would have in the format of older versions, if it reads
    /// as that of another one.
    pub(super) fn older_ownership_record(&self, zone: ZoneKey, set: &RecordSet) -> Option<usize> {
        let key = set.name.key();
        if !self.registry.mapper.may_read_as_typed(&key) {
            return None;
        }
        let home = self.registry.zone_of_ownership_record(self.index, zone, &set.name, None)?;
        self.misread(home, &key, set.rtype, set.set_identifier())
    }

    /// The same, in the zone of the ownership record. An ownership record that names its record,
    /// and one whose record has ownership records of both formats, have no other explanation.
    fn misread(&self, home: ZoneKey, key: &str, rtype: RecordType, set_id: &str) -> Option<usize> {
        let (name, reading) = self.registry.older_name(key, rtype)?;
        let owned = reading.owned.name.key();
        let found = self.ownership_records.of(&owned).find(|at| {
            let found = &self.ownership_records.list[*at];
            found.stands_for(home, reading.owned.rtype, set_id)
                && found.stored.set.name.key() == name.key()
        })?;
        let names_its_record = self.ownership_records.list[found].names_record;
        (!names_its_record && !self.has_both_formats(found, &owned)).then_some(found)
    }

    /// Whether a record has no ownership record of its own in today's format, or one that is not
    /// clear.
    fn lacks_ownership_record(&self, zone: ZoneKey, set: &RecordSet) -> bool {
        let key = set.name.key();
        let key = self.registry.mapper.replace_wildcard(&key);
        let own = self.find(zone, set, &key, Some(set.rtype));
        own.is_none_or(|own| self.ownership_records.list[own].is_contested)
    }

    /// Whether the record of an ownership record in today's format has one in the oldest format as
    /// well.
    fn has_both_formats(&self, at: usize, key: &str) -> bool {
        let ownership_record = &self.ownership_records.list[at];
        let stored = &ownership_record.stored;
        self.ownership_records.named(key).any(|other| {
            other.stands_for(stored.zone, None, stored.set.set_identifier())
                && !other.is_contested
                && other.says_as(ownership_record)
        })
    }
}
