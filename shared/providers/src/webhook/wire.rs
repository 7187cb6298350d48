//! The JSON of the protocol.

use std::fmt;

use ecow::EcoString;
use extdns_model::{
    Action, ChangeGroup, DomainFilter, Endpoint, Labels, Name, Opaque, Properties, Record,
    RecordSet, RecordType, Targets, Ttl,
};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ProviderError;

/// The media type of both directions, exactly.
pub(super) const MEDIA_TYPE: &str = "application/external.dns.webhook+json;version=1";

/// An endpoint as it came: member names match in any case, as in Go; `null` counts as absent.
#[derive(Debug, Default)]
pub(super) struct Received {
    name: EcoString,
    rtype: EcoString,
    set_identifier: EcoString,
    targets: Targets,
    ttl: i64,
    labels: Labels,
    properties: Properties,
}

impl Received {
    /// The record set and its labels; `None` for a type that has no number.
    fn into_set(self) -> Option<(RecordSet, Labels)> {
        let rtype: RecordType = self.rtype.parse().ok()?;
        let set = RecordSet::new(
            Name::as_listed(&self.name),
            rtype,
            Ttl::from_seconds(self.ttl),
            self.targets,
        )
        .with_set_identifier(self.set_identifier)
        .with_properties(self.properties);
        Some((set, self.labels))
    }

    /// As a record of the pseudo-zone.
    pub(super) fn into_record(self) -> Option<Record> {
        let (set, labels) = self.into_set()?;
        let mut record = Record::new(set, Opaque::none());
        record.labels = labels;
        Some(record)
    }

    /// As a wish. The resource label is left out: the attribution says it.
    pub(super) fn into_endpoint(self) -> Option<Endpoint> {
        let (set, mut labels) = self.into_set()?;
        let mut endpoint = Endpoint::from_set(set);
        labels.remove(extdns_model::LabelKey::RESOURCE);
        if !labels.is_empty() {
            endpoint.edit_labels(|own| *own = labels);
        }
        Some(endpoint)
    }
}

impl<'de> Deserialize<'de> for Received {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReceivedVisitor)
    }
}

struct ReceivedVisitor;

impl<'de> Visitor<'de> for ReceivedVisitor {
    type Value = Received;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an endpoint")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Received, A::Error> {
        let mut received = Received::default();
        while let Some(member) = map.next_key::<Member>()? {
            match member {
                Member::DnsName => received.name = optional(&mut map)?,
                Member::RecordType => received.rtype = optional(&mut map)?,
                Member::SetIdentifier => received.set_identifier = optional(&mut map)?,
                Member::Ttl => received.ttl = optional(&mut map)?,
                Member::Targets => {
                    let targets: Option<Vec<EcoString>> = map.next_value()?;
                    received.targets = targets.into_iter().flatten().collect();
                }
                Member::Labels => {
                    let Pairs(pairs) = optional(&mut map)?;
                    received.labels = pairs.into_iter().collect();
                }
                Member::ProviderSpecific => {
                    let properties: Option<Vec<Property>> = map.next_value()?;
                    received.properties =
                        properties.into_iter().flatten().map(|own| (own.name, own.value)).collect();
                }
                Member::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(received)
    }
}

fn optional<'de, A: MapAccess<'de>, T: Deserialize<'de> + Default>(
    map: &mut A,
) -> Result<T, A::Error> {
    Ok(map.next_value::<Option<T>>()?.unwrap_or_default())
}

/// The members that are read.
const MEMBERS: [(&str, Member); 7] = [
    ("dnsName", Member::DnsName),
    ("targets", Member::Targets),
    ("recordType", Member::RecordType),
    ("setIdentifier", Member::SetIdentifier),
    ("recordTTL", Member::Ttl),
    ("labels", Member::Labels),
    ("providerSpecific", Member::ProviderSpecific),
];

#[derive(Clone, Copy)]
enum Member {
    DnsName,
    RecordType,
    SetIdentifier,
    Targets,
    Ttl,
    Labels,
    ProviderSpecific,
    Unknown,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl Visitor<'_> for Names {
            type Value = Member;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Member, E> {
                let known = MEMBERS.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
                Ok(known.map_or(Member::Unknown, |(_, member)| *member))
            }
        }
        deserializer.deserialize_identifier(Names)
    }
}

#[derive(Deserialize)]
struct Property {
    #[serde(default, alias = "Name")]
    name: EcoString,
    #[serde(default, alias = "Value")]
    value: EcoString,
}

/// A JSON object of texts, in its order.
#[derive(Default)]
struct Pairs(Vec<(EcoString, EcoString)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Texts)
    }
}

/// The domain filter of a negotiation.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ReceivedFilter {
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    regex_include: Option<String>,
    regex_exclude: Option<String>,
}

impl ReceivedFilter {
    /// The filter.
    pub(super) fn build(self) -> Result<DomainFilter, ProviderError> {
        let include = self.include.unwrap_or_default();
        let exclude = self.exclude.unwrap_or_default();
        let regex_include = self.regex_include.unwrap_or_default();
        let regex_exclude = self.regex_exclude.unwrap_or_default();
        let lists = !include.is_empty() || !exclude.is_empty();
        let regex = !regex_include.is_empty() || !regex_exclude.is_empty();
        let wrong = |error: extdns_model::DomainFilterError| {
            ProviderError::config(format!(
                "the domain filter of the webhook provider cannot be used: {error}"
            ))
        };
        match (lists, regex) {
            (true, true) => Err(wrong(extdns_model::DomainFilterError::Mixed)),
            (_, false) => Ok(DomainFilter::lists(include, exclude)),
            (false, true) => DomainFilter::regex(
                ("regexInclude", &regex_include),
                ("regexExclude", &regex_exclude),
            )
            .map_err(wrong),
        }
    }
}

/// An endpoint as it is sent: empty members are left out.
pub(super) struct Sent<'a> {
    set: &'a RecordSet,
    labels: LabelSource<'a>,
}

enum LabelSource<'a> {
    Of(&'a Labels),
    /// Of a wish: the object's own and the resource.
    Wish(&'a Endpoint),
}

impl<'a> Sent<'a> {
    pub(super) fn wish(endpoint: &'a Endpoint) -> Self {
        Self { set: &endpoint.set, labels: LabelSource::Wish(endpoint) }
    }

    fn with(set: &'a RecordSet, labels: &'a Labels) -> Self {
        Self { set, labels: LabelSource::Of(labels) }
    }
}

impl Serialize for Sent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let set = self.set;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("dnsName", set.name.as_str())?;
        if !set.targets.is_empty() {
            map.serialize_entry("targets", set.targets.as_slice())?;
        }
        match set.rtype.known_text() {
            Some(text) => map.serialize_entry("recordType", text)?,
            None => map.serialize_entry("recordType", &set.rtype.to_string())?,
        }
        if !set.set_identifier().is_empty() {
            map.serialize_entry("setIdentifier", set.set_identifier())?;
        }
        if let Some(ttl) = set.ttl.seconds() {
            map.serialize_entry("recordTTL", &ttl)?;
        }
        match &self.labels {
            LabelSource::Of(labels) if labels.is_empty() => {}
            LabelSource::Of(labels) => map.serialize_entry("labels", &SentLabels(labels, None))?,
            LabelSource::Wish(endpoint) => {
                let resource = endpoint.resource_label();
                if resource.is_some() || !endpoint.labels().is_empty() {
                    let labels = SentLabels(endpoint.labels(), resource.as_deref());
                    map.serialize_entry("labels", &labels)?;
                }
            }
        }
        if !set.properties().is_empty() {
            map.serialize_entry("providerSpecific", &SentProperties(set.properties()))?;
        }
        map.end()
    }
}

struct SentLabels<'a>(&'a Labels, Option<&'a str>);

impl Serialize for SentLabels<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let resource = extdns_model::LabelKey::RESOURCE;
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.0.iter().filter(|(key, _)| self.1.is_none() || *key != resource) {
            map.serialize_entry(key, value)?;
        }
        if let Some(value) = self.1 {
            map.serialize_entry(resource, value)?;
        }
        map.end()
    }
}

struct SentProperties<'a>(&'a Properties);

impl Serialize for SentProperties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Pair<'a> {
            name: &'a str,
            value: &'a str,
        }
        let mut seq = serializer.serialize_seq(Some(self.0.iter().len()))?;
        for own in self.0.iter() {
            seq.serialize_element(&Pair { name: &own.name, value: &own.value })?;
        }
        seq.end()
    }
}

/// The body of an apply: four lists, empty ones left out; the two of updates pair by index.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SentChanges<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    create: Vec<Sent<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    update_old: Vec<Sent<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    update_new: Vec<Sent<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delete: Vec<Sent<'a>>,
}

impl<'a> SentChanges<'a> {
    /// The changes of these groups. In each list records stand before ownership records, each in
    /// the order of the groups, as upstream sends them.
    pub(super) fn of(groups: &[&'a ChangeGroup]) -> Self {
        let mut sent =
            Self { create: vec![], update_old: vec![], update_new: vec![], delete: vec![] };
        for role in [extdns_model::Role::Record, extdns_model::Role::Ownership] {
            let changes = groups.iter().flat_map(|group| &group.changes);
            for change in changes.filter(|change| change.role == role) {
                match &change.action {
                    Action::Create(new) => sent.create.push(Sent::with(&new.set, &new.labels)),
                    Action::Delete(old) => sent.delete.push(Sent::with(&old.set, &old.labels)),
                    Action::Update { old, new } => {
                        sent.update_old.push(Sent::with(&old.set, &old.labels));
                        sent.update_new.push(Sent::with(&new.set, &new.labels));
                    }
                }
            }
        }
        sent
    }
}
