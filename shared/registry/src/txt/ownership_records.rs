//! The ownership records of an inventory, taken out of it.

use std::borrow::Cow;
use std::collections::HashMap;

use extdns_model::{
    Labels, Name, Opaque, OwnershipRecord, Record, RecordSet, RecordType, ZoneInventory, ZoneKey,
};
use smallvec::SmallVec;

use super::codec::Ownership;
use super::registry::TxtRegistry;
use crate::name_mapper::Owned;

/// Every ownership record of the inventory.
#[derive(Default)]
pub(super) struct OwnershipRecords {
    pub(super) list: Vec<Found>,
    /// Positions by the key of the name that they stand for.
    by_name: HashMap<String, SmallVec<[usize; 2]>>,
    /// TXT records without an ownership value where an ownership record would be, by the key of the
    /// name that that would stand for.
    texts: HashMap<String, SmallVec<[Text; 1]>>,
}

/// An ownership record.
pub(super) struct Found {
    pub(super) zone: ZoneKey,
    pub(super) set: RecordSet,
    pub(super) origin: Opaque,
    /// What it says; nothing if it is contested.
    pub(super) labels: Labels,
    /// Whether its values, or another record set of its name, say something else.
    pub(super) is_contested: bool,
    pub(super) read_only: Option<&'static str>,
    /// What its name says; `None` if the name has another affix than ours: it stands for nothing.
    pub(super) reading: Option<Reading>,
    /// Whether a record was found that it stands for.
    pub(super) used: bool,
    /// Whether it shows that another ownership record is an older one of its record.
    pub(super) explains: bool,
    /// How many records got their ownership from it.
    pub(super) owned: u32,
}

struct Text {
    zone: ZoneKey,
    name: Name,
    rtype: Option<RecordType>,
}

/// What the name of an ownership record says.
pub(super) struct Reading {
    /// Whose ownership record it is.
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

impl OwnershipRecords {
    /// Takes the ownership records out of the zones. Users' own TXT records stay.
    pub(super) fn take(registry: &TxtRegistry, zones: &mut [ZoneInventory]) -> Self {
        let mut ownership_records = Self::default();
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
                let (labels, is_contested) = match registry.codec.ownership(&record.set) {
                    Ownership::Nothing => {
                        ownership_records.add_text(registry, *zone, &record.set);
                        return true;
                    }
                    Ownership::Says(labels) => (labels, false),
                    Ownership::Contested => (Labels::new(), true),
                };
                ownership_records.add(registry, *zone, record, labels, is_contested);
                false
            });
            records.shrink_to_fit();
        }
        ownership_records.contest_twins();
        ownership_records
    }

    fn add(
        &mut self,
        registry: &TxtRegistry,
        zone: ZoneKey,
        record: &Record,
        labels: Labels,
        is_contested: bool,
    ) {
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
            is_contested,
            read_only,
            reading,
            used: false,
            explains: false,
            owned: 0,
        });
    }

    fn add_text(&mut self, registry: &TxtRegistry, zone: ZoneKey, set: &RecordSet) {
        let Some(Reading { owned, canonical: true }) = registry.read_name(&set.name) else {
            return;
        };
        let text = Text { zone, name: set.name.clone(), rtype: owned.rtype };
        let key = Name::as_listed(&owned.name).key().into_owned();
        self.texts.entry(key).or_default().push(text);
    }

    /// Two record sets of one name are as one with two values.
    fn contest_twins(&mut self) {
        let list = &mut self.list;
        for positions in self.by_name.values().filter(|positions| positions.len() > 1) {
            let mut positions = positions.clone();
            positions.sort_by(|a, b| list[*a].key().cmp(&list[*b].key()));
            let mut rest = positions.as_slice();
            while let Some((first, _)) = rest.split_first() {
                let same = |at: &&usize| list[**at].key() == list[*first].key();
                let (twins, others) = rest.split_at(rest.iter().take_while(same).count());
                rest = others;
                let differs =
                    |at: &usize| list[*at].is_contested || list[*at].labels != list[*first].labels;
                if twins.len() > 1 && twins.iter().any(differs) {
                    twins.iter().for_each(|at| list[*at].is_contested = true);
                }
            }
        }
    }

    /// The positions of the ownership records that stand for a name, by its key.
    pub(super) fn of(&self, key: &str) -> &[usize] {
        self.by_name.get(key).map_or(&[], SmallVec::as_slice)
    }

    /// Whether there is a TXT record without an ownership value where the ownership record of a
    /// record of this name would be.
    pub(super) fn has_text(&self, key: &str) -> bool {
        self.texts.contains_key(key)
    }

    /// The TXT record without an ownership value where the ownership record of a record would be.
    pub(super) fn text_of(&self, key: &str, zone: ZoneKey, rtype: RecordType) -> Option<&Name> {
        let texts = self.texts.get(key)?;
        let of_record = |text: &&Text| text.zone == zone && text.rtype == Some(rtype);
        texts.iter().find(of_record).map(|text| &text.name)
    }
}

impl Found {
    pub(super) fn ownership_record(&self) -> OwnershipRecord {
        OwnershipRecord { zone: self.zone, set: self.set.clone(), origin: self.origin.clone() }
    }

    pub(super) fn is_canonical(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.canonical)
    }

    pub(super) fn rtype(&self) -> Option<RecordType> {
        self.reading.as_ref()?.owned.rtype
    }

    pub(super) fn stands_for(
        &self,
        zone: ZoneKey,
        rtype: Option<RecordType>,
        set_id: &str,
    ) -> bool {
        self.zone == zone
            && self.reading.as_ref().is_some_and(|r| r.owned.rtype == rtype)
            && self.set.set_identifier() == set_id
    }

    /// Its name in its zone.
    fn key(&self) -> (ZoneKey, Cow<'_, str>, &str) {
        (self.zone, self.set.name.key(), self.set.set_identifier())
    }
}
