//! Records, both ways.

use extdns_model::{Record, RecordSet, RecordType, Zone};
use serde_json::Value;

use super::FORM;
use crate::rest::{Body, Holds, Layout};

/// The priority of MX is its preference; SRV has all of it in its data, and some MX have too.
pub(super) const RECORD: Layout = Layout {
    zeros: true,
    ..Layout::of(&[
        ("id", Holds::Id),
        ("name", Holds::Name),
        ("type", Holds::Type),
        ("data", Holds::Value),
        ("priority", Holds::Preference),
        ("ttl", Holds::Ttl),
    ])
};

/// The property with the priority of a record (annotation `scw-priority`). MX and SRV have theirs in their values.
pub(super) const PRIORITY: &str = "scw/priority";

pub(super) fn has_property(rtype: RecordType) -> bool {
    !matches!(rtype, RecordType::Mx | RecordType::Srv)
}

/// A record with the priority that is stored.
pub(super) fn noted(item: &Value, mut record: Record) -> Option<Record> {
    let priority = item["priority"].as_u64().unwrap_or_default().to_string();
    let own = has_property(record.set.rtype).then_some((PRIORITY, priority.as_str()));
    record.set.set_properties(own.into_iter().collect());
    Some(record)
}

/// The one value of a set as it is sent.
pub(super) fn body(set: &RecordSet, zone: &Zone) -> Body {
    let body = RECORD.body(&FORM, zone, set);
    let given = set.properties().get(PRIORITY).and_then(|text| text.parse::<u32>().ok());
    match given.filter(|_| has_property(set.rtype)) {
        Some(priority) => body.with("priority", priority),
        None => body,
    }
}
