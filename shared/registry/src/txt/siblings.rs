//! A wildcard and the name that replaces it have ownership records of one name. Where both are
//! there, nobody can tell whose it is.

use std::collections::HashMap;

use extdns_model::{Doubt, DoubtCause, Labels, Name, ZoneInventory};

use super::marks::Found;

/// The records that may share a mark, by its position.
#[derive(Default)]
pub(super) struct Siblings(HashMap<usize, Vec<Name>>);

impl Siblings {
    /// Notes that a record has its ownership from a mark.
    pub(super) fn note(&mut self, mark: usize, name: &Name) {
        let names = self.0.entry(mark).or_default();
        if names.iter().all(|other| other.key() != name.key()) {
            names.push(name.clone());
        }
    }

    /// Takes the ownership away where records of several names have it from one mark.
    pub(super) fn part(&mut self, marks: &mut [Found], zones: &mut [ZoneInventory]) {
        self.0.retain(|_, names| names.len() > 1);
        for (at, names) in &self.0 {
            let mark = &mut marks[*at];
            mark.is_contested = true;
            mark.used = false;
            for record in zones.iter_mut().flat_map(|zone| zone.records.iter_mut().flatten()) {
                let is_its = |own: &extdns_model::Mark| {
                    own.zone == mark.zone
                        && own.set.name == mark.set.name
                        && own.set.set_identifier() == mark.set.set_identifier()
                };
                let Some(other) = names.iter().find(|name| name.key() != record.set.name.key())
                else {
                    continue;
                };
                if record.marks.iter().any(is_its) {
                    record.marks.clear();
                    record.labels = Labels::new();
                    record.refresh = None;
                    let why = DoubtCause::Shared { with: other.clone(), rtype: record.set.rtype };
                    record.doubt = Some(Box::new(Doubt { txt: mark.set.name.clone(), why }));
                }
            }
        }
    }
}
