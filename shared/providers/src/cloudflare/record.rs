//! Zones and records, both ways.

use ecow::EcoString;
use extdns_model::{Name, Opaque, Planned, Properties, Record, RecordSet, RecordType, Ttl, Zone};
use serde::{Deserialize, Serialize};

use super::properties::{COMMENT, PROXIED, TAGS, is_proxiable, joined};
use super::{FORM, TYPES};
use crate::engine::text;
use crate::engine::wire::{Mx, Srv, host};

/// What a zone's plan allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// Most operations of a batch.
    pub(super) batch: usize,
    /// Most characters of a comment.
    pub(super) comment: usize,
    /// The least TTL beside 1, which means automatic.
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
    plan: ListedPlan,
}

#[derive(Deserialize, Default)]
struct ListedPlan {
    is_subscribed: Option<bool>,
    legacy_id: Option<String>,
}

impl ListedZone {
    pub(super) fn zone(&self) -> Zone {
        let plan = match (self.plan.legacy_id.as_deref(), self.plan.is_subscribed) {
            (Some("enterprise"), _) => Plan::ENTERPRISE,
            (Some("free"), _) | (_, None | Some(false)) => Plan::FREE,
            _ => Plan::PAID,
        };
        let zone = Zone::new(self.id.as_str(), Name::as_listed(&self.name));
        Zone { data: Opaque::new(plan), ..zone }
    }
}

/// A record as it is read.
#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) id: String,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    content: Option<String>,
    ttl: Option<u32>,
    proxied: Option<bool>,
    priority: Option<u16>,
    data: Option<Data>,
    comment: Option<String>,
    tags: Option<Vec<String>>,
}

/// The fields of an SRV; other types have others.
#[derive(Deserialize, Serialize)]
struct Data {
    priority: Option<u16>,
    weight: Option<u16>,
    port: Option<u16>,
    target: Option<String>,
}

impl Listed {
    /// The record, if its type is managed and its name is one that DNS can serve.
    pub(super) fn record(&self) -> Option<Record> {
        let rtype = TYPES.iter().copied().find(|it| it.known_text() == Some(&self.rtype))?;
        if self.name.split('.').any(|label| label.len() > 63) {
            return None;
        }
        let targets = [FORM.read(rtype, &self.value(rtype)?)].into_iter().collect();
        let ttl = Ttl::from_seconds(self.ttl.unwrap_or(1).into());
        let proxied = if self.proxied.unwrap_or_default() { "true" } else { "false" };
        let comment = self.comment.clone().filter(|comment| !comment.is_empty());
        let tags = joined(self.tags.iter().flatten().map(String::as_str));
        let optional = [(COMMENT, comment.map(EcoString::from)), (TAGS, tags)];
        let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let properties: Properties =
            [(PROXIED, proxied.into())].into_iter().chain(optional).collect();
        let set = RecordSet::new(Name::as_listed(&self.name), rtype, ttl, targets);
        Some(Record::new(set.with_properties(properties), Opaque::new(self.id.clone())))
    }

    fn value(&self, rtype: RecordType) -> Option<String> {
        let priority = self.priority.unwrap_or_default();
        match (rtype, &self.data) {
            (RecordType::Mx, _) => Some(format!("{priority} {}", self.content.as_deref()?)),
            (RecordType::Srv, Some(data)) => {
                let [weight, port] = [data.weight, data.port].map(Option::unwrap_or_default);
                let target = data.target.as_deref()?;
                Some(format!("{} {weight} {port} {target}", data.priority.unwrap_or(priority)))
            }
            // `weight port target`
            (RecordType::Srv, None) => Some(format!("{priority} {}", self.content.as_deref()?)),
            _ => self.content.clone(),
        }
    }
}

/// A record as it is written.
#[derive(Serialize)]
pub(super) struct Written {
    /// Of a record that takes the place of another in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u16>,
    ttl: u32,
    proxied: bool,
    comment: String,
    tags: Vec<String>,
}

impl Written {
    /// The one value of a set. What cannot be taken apart is sent whole, for the API to refuse.
    pub(super) fn of(new: &Planned) -> Self {
        let set = &new.set;
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (mut content, mut data, mut priority) = (None, None, None);
        match (set.rtype, Mx::parse(value), Srv::parse(value)) {
            (RecordType::Mx, Some(Mx { preference, exchange }), _) => {
                (content, priority) = (Some(dotless(&exchange)), Some(preference));
            }
            (RecordType::Srv, _, Some(Srv { priority, weight, port, target })) => {
                let [priority, weight, port] = [priority, weight, port].map(Some);
                data = Some(Data { priority, weight, port, target: Some(dotless(&target)) });
            }
            (RecordType::Txt, ..) => content = Some(as_given(new, value).to_owned()),
            _ => content = Some(FORM.value(set.rtype, value)),
        }
        let property = |name| set.properties().get(name).unwrap_or_default();
        let tags = property(TAGS).split(',').filter(|tag| !tag.is_empty());
        Self {
            id: None,
            rtype: set.rtype.to_string(),
            name: set.name.key().into_owned(),
            content,
            data,
            priority,
            ttl: FORM.ttl(set.ttl),
            proxied: is_proxiable(set.rtype) && property(PROXIED) == "true",
            comment: property(COMMENT).to_owned(),
            tags: tags.map(ToOwned::to_owned).collect(),
        }
    }

    pub(super) fn in_place_of(self, id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..self }
    }
}

/// A host without its final dot; the root stays.
fn dotless(name: &str) -> String {
    let host = host(name);
    if host.is_empty() { ".".to_owned() } else { host }
}

/// Texts as the user wrote them, with quotes or without: they are compared without, and written so.
pub(super) struct Texts(pub(super) Vec<EcoString>);

fn as_given<'n>(new: &'n Planned, value: &'n str) -> &'n str {
    let texts = new.hints.data.get::<Texts>().map_or(&[][..], |texts| &texts.0);
    texts.iter().find(|own| text::bare(own) == value).map_or(value, |own| own.as_str())
}
