//! The ownership records of an inventory, taken out of it.

use std::borrow::Cow;
use std::collections::HashMap;

use extdns_model::{
    Labels, Name, Opaque, OwnershipRecord, Record, RecordSet, RecordType, ZoneInventory, ZoneKey,
};
use smallvec::SmallVec;

use super::codec::Ownership;
use super::positions::Positions;
use super::registry::TxtRegistry;
use crate::name_mapper::Owned;

/// Every ownership record of the inventory.
#[derive(Default)]
pub(super) struct OwnershipRecords {
    pub(super) list: Vec<Found>,
    /// Positions by the key of the name that they stand for.
    by_name: Positions,
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
    /// Reads the name of an ownership record that says this owner id.
    pub(super) fn read_name(&self, txt: &Name, owner: Option<&str>) -> Option<Reading> {
        let mapper = self.mapper_of(owner);
        let owned = mapper.to_endpoint_name(&txt.to_unicode().to_lowercase())?;
        let canonical = owned.rtype.is_some()
            && Name::as_listed(&mapper.to_txt_name(owned.name.as_str(), owned.rtype)).key()
                == txt.key();
        Some(Reading { owned, canonical })
    }
}

/// Records after which the room of those that were taken is given back.
const PORTION: usize = 4096;

impl OwnershipRecords {
    /// Takes the ownership records out of the zones. Users' own TXT records stay.
    pub(super) fn take(registry: &TxtRegistry, zones: &mut [ZoneInventory]) -> Self {
        let mut ownership_records = Self::default();
        for ZoneInventory { zone, records } in zones {
            let Ok(records) = records else { continue };
            let (start, mut rest) = (ownership_records.list.len(), std::mem::take(records));
            // From behind, so that the list shrinks while the others grow.
            while let Some(record) = rest.pop() {
                records.extend(ownership_records.sift(registry, *zone, record));
                if rest.len().is_multiple_of(PORTION) {
                    rest.shrink_to_fit();
                }
            }
            records.reverse();
            records.shrink_to_fit();
            ownership_records.list[start..].reverse();
        }
        ownership_records.find_names();
        ownership_records.contest_twins();
        ownership_records
    }

    /// Takes an ownership record; gives back what is none.
    fn sift(&mut self, registry: &TxtRegistry, zone: ZoneKey, record: Record) -> Option<Record> {
        if record.set.rtype != RecordType::Txt {
            return Some(record);
        }
        if record.set.targets.is_empty() {
            tracing::error!(name = %record.set.name, "TXT record has no targets, it is left out");
            return None;
        }
        let (labels, is_contested) = match registry.codec.ownership(&record.set) {
            Ownership::Nothing => {
                self.add_text(registry, zone, &record.set);
                return Some(record);
            }
            Ownership::Says(labels) => (labels, false),
            Ownership::Contested => (Labels::new(), true),
        };
        let Record { set, origin, read_only, .. } = record;
        self.list.push(Found {
            zone,
            reading: registry.read_name(&set.name, labels.owner()),
            set,
            origin,
            labels,
            is_contested,
            read_only,
            used: false,
            explains: false,
            owned: 0,
        });
        None
    }

    fn find_names(&mut self) {
        let names = self.list.iter().enumerate();
        let names = names.filter_map(|(at, found)| Some((at, &found.reading.as_ref()?.owned.name)));
        self.by_name = names.map(|(at, name)| (at, name.key())).collect();
    }

    fn add_text(&mut self, registry: &TxtRegistry, zone: ZoneKey, set: &RecordSet) {
        let Some(Reading { owned, canonical: true }) = registry.read_name(&set.name, None) else {
            return;
        };
        let text = Text { zone, name: set.name.clone(), rtype: owned.rtype };
        let key = owned.name.key().into_owned();
        self.texts.entry(key).or_default().push(text);
    }

    /// Two record sets of one name are as one with two values.
    fn contest_twins(&mut self) {
        let list = &mut self.list;
        for mut positions in self.by_name.groups() {
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
    pub(super) fn of(&self, key: &str) -> impl Iterator<Item = usize> {
        self.by_name.of(key).filter(move |at| {
            let reading = self.list[*at].reading.as_ref();
            reading.is_some_and(|reading| reading.owned.name.key() == key)
        })
    }

    /// The ownership records that stand for a name, by its key.
    pub(super) fn named(&self, key: &str) -> impl Iterator<Item = &Found> {
        self.of(key).map(|at| &self.list[at])
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
