//! Zones and records, both ways.

use ecow::EcoString;
use extdns_model::{Name, Opaque, Planned, Properties, Record, RecordSet, RecordType, Ttl, Zone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::keys::{COMMENT, PROXIABLE, PROXIED, TAGS};
use super::{FORM, TYPES};
use crate::engine::text::joined;
use crate::engine::wire::{Mx, Srv, as_given, host};

/// What a zone's plan allows: most operations of a batch, most characters of a comment, the least TTL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) batch: usize,
    pub(super) comment: usize,
    pub(super) ttl: u32,
}

impl Plan {
    const FREE: Self = Self { batch: 200, comment: 100, ttl: 60 };
    pub(super) const PAID: Self = Self { batch: 3500, comment: 500, ttl: 60 };
    const ENTERPRISE: Self = Self { ttl: 30, ..Self::PAID };

    /// The plan of a zone; the least where it is not known.
    pub(super) fn of(zone: &Zone) -> Self {
        zone.data.get().copied().unwrap_or(Self::FREE)
    }
}

/// A zone as it is read.
#[derive(Deserialize)]
pub(super) struct ListedZone {
    id: String,
    name: String,
    #[serde(default)]
    plan: Value,
}

impl ListedZone {
    pub(super) fn zone(&self) -> Zone {
        let plan = match (self.plan["legacy_id"].as_str(), self.plan["is_subscribed"].as_bool()) {
            (Some("enterprise"), _) => Plan::ENTERPRISE,
            (Some("free"), _) | (_, None | Some(false)) => Plan::FREE,
            _ => Plan::PAID,
        };
        let zone = Zone::new(self.id.as_str(), Name::as_listed(&self.name));
        Zone { data: Opaque::new(plan), ..zone }
    }
}

/// A record as it is read and written.
#[derive(Deserialize, Serialize)]
pub(super) struct Entry {
    /// When it is written, only of a record that takes the place of another in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u16>,
    ttl: Option<u32>,
    proxied: Option<bool>,
    comment: Option<String>,
    tags: Option<Vec<String>>,
}

impl Entry {
    /// The record, if its type is managed and its name is one that DNS can serve.
    pub(super) fn record(&self) -> Option<Record> {
        let rtype = TYPES.iter().copied().find(|it| it.known_text() == Some(&self.rtype))?;
        if self.name.split('.').any(|label| label.len() > 63) {
            return None;
        }
        let targets = [FORM.read(rtype, &self.value(rtype)?)].into_iter().collect();
        let ttl = Ttl::from_seconds(self.ttl.unwrap_or(1).into());
        let proxied = if self.proxied.unwrap_or_default() { "true" } else { "false" };
        let comment = self.comment.as_deref().filter(|comment| !comment.is_empty());
        let all = [
            (PROXIED, Some(proxied.into())),
            (COMMENT, comment.map(EcoString::from)),
            (TAGS, joined(self.tags.iter().flatten().map(String::as_str))),
        ];
        let all: Properties =
            all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let set = RecordSet::new(Name::as_listed(&self.name), rtype, ttl, targets);
        Some(Record::new(set.with_properties(all), Opaque::new(self.id.clone()?)))
    }

    fn value(&self, rtype: RecordType) -> Option<String> {
        let priority = self.priority.unwrap_or_default();
        match (rtype, &self.data) {
            (RecordType::Srv, Some(data)) => {
                let [priority, weight, port] =
                    ["priority", "weight", "port"].map(|it| data[it].as_u64().unwrap_or_default());
                Some(format!("{priority} {weight} {port} {}", data["target"].as_str()?))
            }
            // Of an SRV the content is `weight port target`.
            (RecordType::Mx | RecordType::Srv, _) => {
                Some(format!("{priority} {}", self.content.as_deref()?))
            }
            _ => self.content.clone(),
        }
    }

    /// The one value of a set. What cannot be taken apart is sent whole, for the API to refuse.
    pub(super) fn of(new: &Planned, id: Option<&str>) -> Self {
        let set = &new.set;
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (mut content, mut data, mut priority) = (None, None, None);
        match (set.rtype, Mx::parse(value), Srv::parse(value)) {
            (RecordType::Mx, Some(mx), _) => {
                (content, priority) = (Some(host(&mx.exchange)), Some(mx.preference));
            }
            (RecordType::Srv, _, Some(Srv { priority, weight, port, target })) => {
                data = Some(json!({ "priority": priority, "weight": weight, "port": port,
                    "target": host(&target) }));
            }
            (RecordType::Txt, ..) => content = Some(as_given(new, value).to_owned()),
            _ => content = Some(FORM.value(set.rtype, value)),
        }
        let property = |name| set.properties().get(name).unwrap_or_default();
        let tags = property(TAGS).split(',').filter(|tag| !tag.is_empty());
        Self {
            id: id.map(ToOwned::to_owned),
            rtype: set.rtype.to_string(),
            name: set.name.key().into_owned(),
            content,
            data,
            priority,
            ttl: Some(FORM.ttl(set.ttl)),
            proxied: Some(PROXIABLE.contains(&set.rtype) && property(PROXIED) == "true"),
            comment: Some(property(COMMENT).to_owned()),
            tags: Some(tags.map(ToOwned::to_owned).collect()),
        }
    }
}
