//! From TXT records to items: a record that has the ownership record of the registry `txt` and no item gets an item, and
//! its TXT record is a plain record from then on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use extdns_model::{Inventory, LabelKey, Labels, OwnershipRecord, Record, Refresh, ZoneKey};

use crate::entries::{Key, key};
use crate::txt::TxtRegistry;
use crate::{Annotated, KeptIn, Loaded, Registry as _};

/// Reads what the registry `txt` has written.
pub(super) struct Migration {
    txt: TxtRegistry,
}

/// The labels of records that get them from TXT records, by zone; and the TXT records of ours that are left.
#[derive(Default)]
pub(super) struct Inherited {
    records: HashMap<(ZoneKey, Key), Labels>,
    left: HashMap<(ZoneKey, Key), Labels>,
}

impl Migration {
    pub(super) fn new(txt: TxtRegistry) -> Self {
        Self { txt }
    }

    /// Joins the TXT records of ours to the records without an item. A TXT record that is so used is taken out; any
    /// other one stays a record like all.
    pub(super) fn take(&self, inventory: Inventory, loaded: &Loaded) -> (Inventory, Inherited) {
        let there: HashSet<Key> = loaded.entries.iter().map(|entry| key(&entry.set)).collect();
        let annotated = self.txt.annotate(inventory, Loaded::default());
        let Annotated { mut inventory, leftovers, .. } = annotated;
        let mut inherited = Inherited::default();
        let mut used: HashSet<(ZoneKey, Key)> = HashSet::new();
        let mut rest: Vec<Arc<OwnershipRecord>> = Vec::new();
        for entry in &mut inventory.zones {
            for record in entry.records.iter_mut().flatten() {
                record.set_refresh(None);
                record.set_doubt(None);
                let own: Vec<_> = record.ownership_records.iter().cloned().collect();
                record.ownership_records = Default::default();
                let labels = std::mem::take(&mut record.labels);
                let has_item = there.contains(&key(&record.set));
                if own.is_empty() || has_item || !self.txt.owners().own(&labels) {
                    rest.extend(own);
                    continue;
                }
                used.extend(own.iter().map(|txt| (txt.zone, key(&txt.set))));
                let mut labels = labels;
                labels.remove(LabelKey::OWNED_RECORD);
                inherited.records.insert((entry.zone, key(&record.set)), labels);
            }
        }
        rest.extend(leftovers.into_iter().filter_map(|left| match left.kept_in {
            KeptIn::Zone(txt) => Some(txt),
            KeptIn::Store { .. } => None,
        }));
        self.put_back(&mut inventory, rest, used, &mut inherited);
        (inventory, inherited)
    }

    fn put_back(
        &self,
        inventory: &mut Inventory,
        rest: Vec<Arc<OwnershipRecord>>,
        mut used: HashSet<(ZoneKey, Key)>,
        inherited: &mut Inherited,
    ) {
        for txt in rest {
            let at = (txt.zone, key(&txt.set));
            if !used.insert(at.clone()) {
                continue;
            }
            if let Some(labels) = self.txt.whole_labels(&txt.set)
                && self.txt.owners().own(&labels)
            {
                inherited.left.insert(at, labels);
            }
            let zone = inventory.zones.iter_mut().find(|entry| entry.zone == txt.zone);
            if let Some(Ok(records)) = zone.map(|entry| &mut entry.records) {
                records.push(Record::new(txt.set.clone(), txt.origin.clone()));
            }
        }
        if !inherited.left.is_empty() {
            tracing::info!(
                "{} ownership TXT records of ours are left that no record needs any more; runs whose \
                 --managed-record-types have TXT delete them",
                inherited.left.len()
            );
        }
    }
}

impl Inherited {
    /// Puts the labels on the records, and says that an item is still to be made.
    pub(super) fn give(mut self, inventory: &mut Inventory) {
        for entry in &mut inventory.zones {
            for record in entry.records.iter_mut().flatten() {
                let at = (entry.zone, key(&record.set));
                if let Some(labels) = self.records.remove(&at) {
                    record.labels = labels;
                    record.set_refresh(Some(Refresh::Migrate));
                } else if let Some(labels) = self.left.remove(&at) {
                    record.labels = labels;
                }
            }
        }
    }
}
