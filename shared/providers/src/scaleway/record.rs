//! Records, both ways.

use extdns_model::{Properties, Record, RecordSet, RecordType, Zone};
use serde::{Deserialize, Serialize};

use super::FORM;
use crate::engine::wire::{USUAL_TYPES_AND_DNAME, type_of};
use crate::{Adaptation, AdaptationKind, Adjusted};

/// The property with the priority of a record (annotation `scw-priority`). MX and SRV have theirs in their values.
pub(super) const PRIORITY: &str = "scw/priority";

fn has_property(rtype: RecordType) -> bool {
    !matches!(rtype, RecordType::Mx | RecordType::Srv)
}

/// The desired endpoints with the priority that is stored: 0 where there is none.
pub(super) fn with_priority(mut desired: Adjusted) -> Adjusted {
    for endpoint in &mut desired.endpoints {
        let given = endpoint.set.properties().get(PRIORITY).map(ToOwned::to_owned);
        let parsed = given.as_deref().map_or(Some(0), |text| text.trim().parse::<u32>().ok());
        if let (None, Some(text)) = (parsed, given) {
            let reason = format!("{PRIORITY} is {text:?} and no number; it is 0");
            desired.notes.push(Adaptation::of(endpoint, AdaptationKind::Changed, reason));
        }
        let priority = parsed.unwrap_or_default().to_string();
        let own = has_property(endpoint.set.rtype).then_some((PRIORITY, priority.as_str()));
        let own: Properties = own.into_iter().collect();
        endpoint.set.set_properties(own);
    }
    desired
}

/// A record as it is read.
#[derive(Deserialize)]
pub(super) struct Listed {
    id: String,
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    data: String,
    #[serde(default)]
    priority: u32,
    ttl: Option<u32>,
}

impl Listed {
    /// The record, if its type is managed.
    pub(super) fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = type_of(USUAL_TYPES_AND_DNAME, &self.rtype)?;
        // Some have the priority in their data as well.
        let number = u16::try_from(self.priority).ok().filter(|_| !self.data.contains(' '));
        let value = match number {
            Some(_) => FORM.mx_joined(rtype, number, &self.data),
            None => FORM.read(rtype, &self.data),
        };
        let mut record = FORM.record((zone, &self.name), (rtype, self.ttl), value, self.id.clone());
        let priority = self.priority.to_string();
        let own = has_property(rtype).then_some((PRIORITY, priority.as_str()));
        record.set.set_properties(own.into_iter().collect());
        Some(record)
    }
}

/// A record as it is written.
#[derive(Serialize)]
pub(super) struct Entry {
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    data: String,
    priority: u32,
    ttl: u32,
}

impl Entry {
    /// The one value of a set. What cannot be taken apart is sent whole, for the API to refuse.
    pub(super) fn of(set: &RecordSet, zone: &Zone) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let given = set.properties().get(PRIORITY).and_then(|text| text.parse().ok());
        let (number, data) = FORM.mx_apart(set.rtype, value);
        let priority = number.map(u32::from).or(given).unwrap_or_default();
        let rtype = set.rtype.to_string();
        Self { name: FORM.name(&set.name, zone), rtype, data, priority, ttl: FORM.ttl(set.ttl) }
    }
}
