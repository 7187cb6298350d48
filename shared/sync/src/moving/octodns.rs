//! Zones of octoDNS: <https://octodns.readthedocs.io/en/latest/records.html>.

use std::collections::BTreeMap;

use extdns_model::{Name, RecordSet, RecordType, Targets, Ttl};
use serde::Deserialize;
use serde_json::Value;

use super::import::Taken;

/// The TTL of records that say none.
const TTL: u32 = 3600;

/// The records of a name: one, or several of different types.
#[derive(Deserialize)]
#[serde(untagged)]
enum Records {
    Several(Vec<Record>),
    One(Record),
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "type")]
    rtype: String,
    ttl: Option<u32>,
    value: Option<Value>,
    #[serde(default)]
    values: Vec<Value>,
    /// Answers that depend on who asks.
    geo: Option<Value>,
    dynamic: Option<Value>,
}

/// The record sets of a zone.
///
/// # Errors
/// When the text is no zone of octoDNS: a fragment.
pub(super) fn read(zone: &Name, text: &[u8]) -> Result<Taken, String> {
    let zone_of: BTreeMap<String, Records> = serde_saphyr::from_slice(text)
        .map_err(|error| format!("it is no zone of octoDNS: {error}"))?;
    let mut taken = Taken { sets: Vec::new(), left: Vec::new() };
    for (label, records) in zone_of {
        let full = if label.is_empty() { zone.to_string() } else { format!("{label}.{zone}") };
        let name = Name::parse(&full).map_err(|error| format!("{full}: {error}"))?;
        let records = match records {
            Records::Several(all) => all,
            Records::One(one) => vec![one],
        };
        for record in records {
            match record.set(&name) {
                Ok(set) => taken.sets.push(set),
                Err(reason) => taken.left.push(format!("{name} {}: {reason}", record.rtype)),
            }
        }
    }
    Ok(taken)
}

impl Record {
    fn set(&self, name: &Name) -> Result<RecordSet, String> {
        let rtype: RecordType = self.rtype.parse().map_err(|_| "no manifest has this type")?;
        if !RecordType::KNOWN.contains(&rtype) {
            return Err("no manifest has this type".to_owned());
        }
        let mut targets = Targets::new();
        for value in self.value.iter().chain(&self.values) {
            targets.push(target(rtype, value)?);
        }
        if targets.is_empty() {
            return Err("it has no value".to_owned());
        }
        if self.geo.is_some() || self.dynamic.is_some() {
            return Err("its answers depend on who asks, which a manifest cannot say".to_owned());
        }
        let ttl = Ttl::from_seconds(self.ttl.unwrap_or(TTL).into());
        Ok(RecordSet::new(name.clone(), rtype, ttl, targets))
    }
}

/// A value as a target: the fields of octoDNS in the order of a zone file.
fn target(rtype: RecordType, value: &Value) -> Result<String, String> {
    let fields: &[&[&str]] = match rtype {
        RecordType::Mx => &[&["preference", "priority"], &["exchange", "value"]],
        RecordType::Srv => &[&["priority"], &["weight"], &["port"], &["target"]],
        RecordType::Naptr => {
            &[&["order"], &["preference"], &["flags"], &["service"], &["regexp"], &["replacement"]]
        }
        _ => &[],
    };
    if fields.is_empty() {
        let text = value.as_str().ok_or_else(|| format!("{value} is no text"))?;
        return Ok(match rtype {
            // It escapes semicolons, as older name servers wanted it.
            RecordType::Txt => text.replace("\\;", ";"),
            _ => text.trim_end_matches('.').to_owned(),
        });
    }
    let mut parts = Vec::new();
    for names in fields {
        let part = names.iter().find_map(|name| value.get(name));
        let part = part.ok_or_else(|| format!("{value} has no {}", names[0]))?;
        let is_quoted =
            rtype == RecordType::Naptr && ["flags", "service", "regexp"].contains(&names[0]);
        parts.push(match part {
            Value::String(text) if is_quoted => format!("\"{text}\""),
            Value::String(text) if rtype.keeps_target_dot() => text.clone(),
            Value::String(text) => text.trim_end_matches('.').to_owned(),
            other => other.to_string(),
        });
    }
    Ok(parts.join(" "))
}
