//! A wildcard and the name that replaces it have ownership records of one name. Where both exist,
//! it is not clear for which of them it stands.

use std::collections::HashMap;
use std::sync::Arc;

use extdns_model::{Doubt, DoubtCause, Few, Labels, Name, OwnershipRecord, ZoneInventory};

use super::ownership_records::Found;

/// The records that may share an ownership record, by its position.
#[derive(Default)]
pub(super) struct Siblings(HashMap<usize, Vec<Name>>);

impl Siblings {
    /// Notes that a record has its ownership from an ownership record.
    pub(super) fn note(&mut self, ownership_record: usize, name: &Name) {
        let names = self.0.entry(ownership_record).or_default();
        if names.iter().all(|other| other.key() != name.key()) {
            names.push(name.clone());
        }
    }

    /// Takes the ownership away where records of several names have it from one ownership record.
    pub(super) fn part(&mut self, ownership_records: &mut [Found], zones: &mut [ZoneInventory]) {
        self.0.retain(|_, names| names.len() > 1);
        for (at, names) in &self.0 {
            let ownership_record = &mut ownership_records[*at];
            ownership_record.is_contested = true;
            ownership_record.used = false;
            for record in zones.iter_mut().flat_map(|zone| zone.records.iter_mut().flatten()) {
                let stored = &ownership_record.stored;
                let is_its = |own: &Arc<OwnershipRecord>| {
                    own.zone == stored.zone
                        && own.set.name == stored.set.name
                        && own.set.set_identifier() == stored.set.set_identifier()
                };
                let Some(other) = names.iter().find(|name| name.key() != record.set.name.key())
                else {
                    continue;
                };
                if record.ownership_records.iter().any(is_its) {
                    record.ownership_records = Few::None;
                    record.labels = Labels::new();
                    record.set_refresh(None);
                    let why = DoubtCause::Shared { with: other.clone(), rtype: record.set.rtype };
                    record.set_doubt(Some(Doubt { txt: stored.set.name.clone(), why }));
                }
            }
        }
    }
}
