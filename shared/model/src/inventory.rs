//! What the zones of a target hold, as one read found it.

use std::sync::Arc;

use crate::{DomainFilter, Doubt, Few, Labels, Opaque, RecordSet, ZoneIndex, ZoneKey};

/// Everything that a plan needs to know of a provider: its zones and their records.
#[derive(Debug, Default)]
pub struct Inventory {
    /// All zones, including those that could not be read.
    pub index: ZoneIndex,
    /// Which names the provider is willing to manage, beside the user's own filter.
    pub filter: DomainFilter,
    /// One entry per zone of the index, in its order.
    pub zones: Vec<ZoneInventory>,
}

/// The records of one zone, or why they are not known.
#[derive(Debug)]
pub struct ZoneInventory {
    /// The zone.
    pub zone: ZoneKey,
    /// Its records in the order of the provider.
    pub records: Result<Vec<Record>, Unreadable>,
}

/// Why a zone's records are not known. Nothing in it is written in this run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("zone {zone} could not be read, nothing in it is changed in this run: {reason}")]
pub struct Unreadable {
    /// The zone's name or id.
    pub zone: String,
    /// What went wrong, and what the user can do.
    pub reason: String,
}

/// A record set as a zone holds it.
#[derive(Debug, Clone)]
pub struct Record {
    /// What DNS sees.
    pub set: RecordSet,
    /// Ownership labels: the provider's own, if it keeps some, and those that the registry joined
    /// on.
    pub labels: Labels,
    /// How the provider knows the record (ids, alias zone, ..).
    pub origin: Opaque,
    /// The ownership records that stand for it: mostly one, which another record can share.
    pub ownership_records: Few<Arc<OwnershipRecord>>,
    /// What few records have, apart so that the others stay small.
    rare: Option<Box<Rare>>,
}

#[derive(Debug, Clone, Default)]
struct Rare {
    refresh: Option<Refresh>,
    doubt: Option<Doubt>,
    read_only: Option<&'static str>,
}

impl Record {
    /// A record without ownership.
    #[must_use]
    pub fn new(set: RecordSet, origin: Opaque) -> Self {
        Self { set, labels: Labels::new(), origin, ownership_records: Few::None, rare: None }
    }

    /// Why the ownership record must be rewritten although the record itself may be right.
    #[must_use]
    pub fn refresh(&self) -> Option<Refresh> {
        self.rare.as_ref()?.refresh
    }

    /// Sets why the ownership record must be rewritten.
    pub fn set_refresh(&mut self, refresh: Option<Refresh>) {
        if refresh.is_some() || self.rare.is_some() {
            self.rare.get_or_insert_default().refresh = refresh;
        }
    }

    /// Why it is not ours although an ownership record may exist.
    #[must_use]
    pub fn doubt(&self) -> Option<&Doubt> {
        self.rare.as_ref()?.doubt.as_ref()
    }

    /// Sets why it is not ours.
    pub fn set_doubt(&mut self, doubt: Option<Doubt>) {
        if doubt.is_some() || self.rare.is_some() {
            self.rare.get_or_insert_default().doubt = doubt;
        }
    }

    /// Why the provider does not let this record be changed, even where its ownership record is ours: a
    /// fragment that reads after "it". Such a record has no owner, so no labels are joined on.
    #[must_use]
    pub fn read_only(&self) -> Option<&'static str> {
        self.rare.as_ref()?.read_only
    }

    /// Sets why the provider does not let it be changed.
    pub fn set_read_only(&mut self, reason: Option<&'static str>) {
        if reason.is_some() || self.rare.is_some() {
            self.rare.get_or_insert_default().read_only = reason;
        }
    }

    /// Adds an ownership record.
    pub fn add_ownership_record(&mut self, ownership_record: impl Into<Arc<OwnershipRecord>>) {
        self.ownership_records.push(ownership_record.into());
    }
}

/// An ownership record as a zone holds it: sent back as it was read, so that providers that match
/// values find it.
#[derive(Debug, Clone)]
pub struct OwnershipRecord {
    /// The zone that holds it: the record's own, or a parent for the TXT of an apex.
    pub zone: ZoneKey,
    /// The TXT record set with its text as stored.
    pub set: RecordSet,
    /// How the provider knows it.
    pub origin: Opaque,
}

/// Why an ownership record is to be rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// Ownership comes from a name of an older format; the name of today's format is missing.
    MissingOwnershipRecord,
    /// The stored owner is the one that we migrate from.
    Migrate,
    /// The ownership record is there more than once.
    Surplus,
}

impl Inventory {
    /// Every record that could be read, with its zone.
    pub fn records(&self) -> impl Iterator<Item = (ZoneKey, &Record)> {
        self.zones
            .iter()
            .flat_map(|zone| zone.records.iter().flatten().map(|record| (zone.zone, record)))
    }

    /// Whether a zone was read.
    #[must_use]
    pub fn is_readable(&self, zone: ZoneKey) -> bool {
        // The entries are in the order of the index; a list that lacks some is searched.
        let at_its_place = self.zones.get(zone.0 as usize).filter(|entry| entry.zone == zone);
        at_its_place
            .or_else(|| self.zones.iter().find(|entry| entry.zone == zone))
            .is_some_and(|entry| entry.records.is_ok())
    }

    /// The zones that could not be read.
    pub fn unreadable(&self) -> impl Iterator<Item = (ZoneKey, &Unreadable)> {
        self.zones
            .iter()
            .filter_map(|entry| entry.records.as_ref().err().map(|why| (entry.zone, why)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Name, RecordType, Targets, Ttl};

    fn record(name: &str) -> Record {
        let set = RecordSet::new(Name::as_listed(name), RecordType::A, Ttl::UNSET, Targets::new());
        Record::new(set, Opaque::none())
    }

    fn unreadable() -> Unreadable {
        Unreadable { zone: "b.org".to_owned(), reason: "access denied".to_owned() }
    }

    /// A run holds as many as the zones have, and as many endpoints.
    #[test]
    fn records_are_small() {
        let sizes =
            [size_of::<Record>(), size_of::<OwnershipRecord>(), size_of::<crate::Endpoint>()];
        assert!(sizes.iter().zip([112, 72, 80]).all(|(own, most)| *own <= most), "{sizes:?}");
    }

    #[test]
    fn an_unread_zone_is_no_empty_zone() {
        let entry = |zone, records| ZoneInventory { zone: ZoneKey(zone), records };
        let whole = vec![
            entry(0, Ok(vec![record("a.org"), record("x.a.org")])),
            entry(1, Err(unreadable())),
            entry(2, Ok(vec![record("c.org")])),
        ];
        let with_gap =
            vec![entry(0, Ok(vec![])), entry(2, Ok(vec![])), entry(1, Err(unreadable()))];
        for (case, zones) in [("whole", whole), ("with a gap", with_gap)] {
            let inventory = Inventory { zones, ..Inventory::default() };
            let readable = [0, 1, 2, 3].map(|zone| inventory.is_readable(ZoneKey(zone)));
            assert_eq!(readable, [true, false, true, false], "{case}");
            assert!(inventory.unreadable().eq([(ZoneKey(1), &unreadable())]), "{case}");
            assert!(inventory.records().all(|(zone, _)| zone != ZoneKey(1)), "{case}");
        }
        assert_eq!(
            unreadable().to_string(),
            "zone b.org could not be read, nothing in it is changed in this run: access denied"
        );
    }

    #[test]
    fn records_come_with_their_zone() {
        let zones = vec![
            ZoneInventory {
                zone: ZoneKey(0),
                records: Ok(vec![record("a.org"), record("b.a.org")]),
            },
            ZoneInventory { zone: ZoneKey(1), records: Ok(vec![record("c.org")]) },
        ];
        let inventory = Inventory { zones, ..Inventory::default() };
        let found: Vec<_> =
            inventory.records().map(|(zone, record)| (zone.0, record.set.name.as_str())).collect();
        assert_eq!(found, [(0, "a.org"), (0, "b.a.org"), (1, "c.org")]);
    }
}
