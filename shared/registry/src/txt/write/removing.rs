//! Ownership records that go: with their record, or because nothing would explain them any more.

use extdns_model::{Change, Name, OwnershipRecord, Record, ZoneKey};

use super::writer::{OwnedUnit, Writer, txt_key};

impl Writer<'_> {
    /// Removes a record's own ownership record, unless another record needs it. Those of older
    /// formats stay, because they may stand for more than this record.
    pub(super) fn remove(&mut self, record: &Record, owned: &mut OwnedUnit) {
        let Some(ownership_record) = self.registry.ownership_record_of(record) else {
            return self.remove_misread(record, owned);
        };
        self.remove_own(ownership_record, record, owned);
    }

    /// The same for an ownership record that is known to be its own.
    pub(super) fn remove_own(
        &mut self,
        ownership_record: &OwnershipRecord,
        record: &Record,
        owned: &mut OwnedUnit,
    ) {
        self.remove_misread(record, owned);
        if !self.annotated.is_shared(ownership_record) {
            let change = self.removal(ownership_record, &record.set.name, owned);
            owned.draft.ownership_records.extend(change);
        }
    }

    /// Removes those ownership records of older formats that only this record's own one explains:
    /// once that is gone or says something else, they would be read as those of other records.
    pub(super) fn remove_misread(&mut self, record: &Record, owned: &mut OwnedUnit) {
        for ownership_record in &record.ownership_records {
            if self.registry.is_misread(record, ownership_record) {
                let change = self.removal(ownership_record, &record.set.name, owned);
                owned.draft.first.extend(change);
            }
        }
    }

    /// The same where the record is yet to be made, and its ownership record, which is there
    /// already, is to say something else.
    pub(super) fn remove_shown(
        &mut self,
        ownership_record: &OwnershipRecord,
        record: &Name,
        owned: &mut OwnedUnit,
    ) {
        let annotated = self.annotated;
        for shown in &annotated.shown {
            if std::ptr::eq(&*shown.by, ownership_record) {
                let change = self.removal(&shown.older, record, owned);
                owned.draft.first.extend(change);
            }
        }
    }

    fn removal(
        &mut self,
        ownership_record: &OwnershipRecord,
        record: &Name,
        owned: &mut OwnedUnit,
    ) -> Option<(ZoneKey, Change)> {
        if self.slots.wants(ownership_record)
            || !self.removed.insert(txt_key(ownership_record.zone, &ownership_record.set))
        {
            return None;
        }
        owned.note_mixed(self.registry, &ownership_record.set, true);
        Some((ownership_record.zone, self.registry.removal(ownership_record, record)))
    }
}
