//! The ownership records of an inventory, taken out of it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use extdns_model::{
    LabelKey, Labels, Name, OwnershipRecord, Record, RecordSet, RecordType, ZoneInventory, ZoneKey,
};
use smallvec::SmallVec;

use super::codec::{Ownership, plain_labels};
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

/// An ownership record. There are as many as records, so it is small.
pub(super) struct Found {
    /// As its zone holds it; the record that it stands for shares it.
    pub(super) stored: Arc<OwnershipRecord>,
    /// What few have, apart so that the others stay small.
    rare: Option<Box<Rare>>,
    /// How many records got their ownership from it, as far as it can be counted: whether there are
    /// several is what counts.
    pub(super) owned: u8,
    owned_name: Part,
    rtype: Option<RecordType>,
    is_canonical: bool,
    /// Whether its labels name its record.
    pub(super) names_record: bool,
    /// Whether its values, or another record set of its name, say something else.
    pub(super) is_contested: bool,
    /// Whether a record was found that it stands for.
    pub(super) used: bool,
    /// Whether it shows that another ownership record is an older one of its record.
    pub(super) explains: bool,
}

#[derive(Default)]
struct Rare {
    /// What it says, where that is not its first value as it is stored.
    labels: Option<Labels>,
    /// Why the provider does not let it be changed.
    read_only: Option<&'static str>,
    /// The name that it stands for.
    owned_name: Name,
}

/// The name that an ownership record stands for.
#[derive(Clone, Copy)]
enum Part {
    /// None: its own name has another affix than ours.
    Nothing,
    /// The end of its own name, which is a key, from this byte on.
    Tail(u16),
    /// Another text.
    Other,
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
        let text = match txt.to_unicode() {
            // It is in lower case already.
            Cow::Borrowed(text) => Cow::Borrowed(text),
            Cow::Owned(text) => Cow::Owned(text.to_lowercase()),
        };
        let owned = mapper.to_endpoint_name(&text)?;
        let canonical = owned.rtype.is_some() && {
            let own = mapper.to_txt_name(owned.name.as_str(), owned.rtype);
            own == txt.as_str() || Name::as_listed(&own).key() == txt.key()
        };
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
            // Lists that do not grow leave no room behind.
            let texts = rest.iter().filter(|record| record.set.rtype == RecordType::Txt).count();
            ownership_records.list.reserve_exact(texts);
            records.reserve_exact(rest.len() - texts);
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
        let read_only = record.read_only();
        let Record { set, origin, .. } = record;
        let reading = registry.read_name(&set.name, labels.owner());
        let mut found = Found::new(OwnershipRecord { zone, set, origin }, reading);
        found.is_contested = is_contested;
        found.names_record = labels.get(LabelKey::OWNED_RECORD).is_some();
        if is_contested || !registry.codec.says_plainly(&found.stored.set) {
            found.rare().labels = Some(labels);
        }
        if read_only.is_some() {
            found.rare().read_only = read_only;
        }
        self.list.push(found);
        None
    }

    fn find_names(&mut self) {
        let names = self.list.iter().enumerate();
        self.by_name = names.filter_map(|(at, found)| Some((at, found.owned_key()?))).collect();
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
                    |at: &usize| list[*at].is_contested || !list[*at].says_as(&list[*first]);
                if twins.len() > 1 && twins.iter().any(differs) {
                    twins.iter().for_each(|at| list[*at].is_contested = true);
                }
            }
        }
    }

    /// The positions of the ownership records that stand for a name, by its key.
    pub(super) fn of(&self, key: &str) -> impl Iterator<Item = usize> {
        self.by_name
            .of(key)
            .filter(move |at| self.list[*at].owned_key().is_some_and(|own| own == key))
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
    /// An ownership record, and what its name says; nothing if that has another affix than ours.
    fn new(stored: OwnershipRecord, reading: Option<Reading>) -> Self {
        let mut found = Self {
            stored: Arc::new(stored),
            rare: None,
            owned: 0,
            owned_name: Part::Nothing,
            rtype: None,
            is_canonical: false,
            names_record: false,
            is_contested: false,
            used: false,
            explains: false,
        };
        let Some(Reading { owned: Owned { name, rtype }, canonical }) = reading else {
            return found;
        };
        (found.rtype, found.is_canonical) = (rtype, canonical);
        let txt = found.stored.set.name.as_str();
        let tail = txt.len().checked_sub(name.as_str().len());
        let is_tail =
            |at: &usize| txt.get(*at..) == Some(name.as_str()) && name.key() == name.as_str();
        let tail = tail.filter(is_tail).and_then(|at| u16::try_from(at).ok());
        found.owned_name = tail.map_or(Part::Other, Part::Tail);
        if matches!(found.owned_name, Part::Other) {
            found.rare().owned_name = name;
        }
        found
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// What it says; nothing if it is contested.
    pub(super) fn labels(&self) -> Labels {
        match self.rare.as_ref().and_then(|rare| rare.labels.as_ref()) {
            Some(labels) => labels.clone(),
            None => plain_labels(&self.stored.set).unwrap_or_default(),
        }
    }

    /// Whether it says the same as another one.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.labels() == other.labels()
    }

    /// Why the provider does not let it be changed.
    pub(super) fn read_only(&self) -> Option<&'static str> {
        self.rare.as_ref()?.read_only
    }

    /// The name that it stands for: lower-case, a wildcard is still replaced.
    pub(super) fn owned_name(&self) -> Option<Name> {
        match self.owned_name {
            Part::Other => self.other_name().cloned(),
            Part::Tail(_) | Part::Nothing => self.owned_text().map(Name::as_listed),
        }
    }

    /// The text of that name.
    pub(super) fn owned_text(&self) -> Option<&str> {
        match self.owned_name {
            Part::Tail(at) => self.stored.set.name.as_str().get(usize::from(at)..),
            Part::Other => self.other_name().map(Name::as_str),
            Part::Nothing => None,
        }
    }

    /// Its key.
    pub(super) fn owned_key(&self) -> Option<Cow<'_, str>> {
        match self.owned_name {
            Part::Other => self.other_name().map(Name::key),
            Part::Tail(_) | Part::Nothing => self.owned_text().map(Cow::Borrowed),
        }
    }

    fn other_name(&self) -> Option<&Name> {
        self.rare.as_ref().map(|rare| &rare.owned_name)
    }

    pub(super) fn is_canonical(&self) -> bool {
        self.is_canonical
    }

    pub(super) fn rtype(&self) -> Option<RecordType> {
        self.rtype
    }

    pub(super) fn stands_for(
        &self,
        zone: ZoneKey,
        rtype: Option<RecordType>,
        set_id: &str,
    ) -> bool {
        self.stored.zone == zone
            && !matches!(self.owned_name, Part::Nothing)
            && self.rtype == rtype
            && self.stored.set.set_identifier() == set_id
    }

    /// Its name in its zone.
    fn key(&self) -> (ZoneKey, Cow<'_, str>, &str) {
        let OwnershipRecord { zone, set, .. } = &*self.stored;
        (*zone, set.name.key(), set.set_identifier())
    }
}

#[cfg(test)]
mod tests {
    use super::Found;

    #[test]
    fn an_ownership_record_is_small() {
        assert!(size_of::<Found>() <= 32, "{}", size_of::<Found>());
    }
}
