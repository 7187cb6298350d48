//! Endpoints as they are sent: empty members are left out.

use extdns_model::{Endpoint, LabelKey, Labels, Properties, RecordSet};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

/// An endpoint as it is sent.
pub(in crate::webhook) struct Sent<'a> {
    set: &'a RecordSet,
    labels: LabelSource<'a>,
}

enum LabelSource<'a> {
    Of(&'a Labels),
    /// Of a desired endpoint: the object's own and the resource.
    Endpoint(&'a Endpoint),
}

impl<'a> Sent<'a> {
    /// A desired endpoint.
    pub(in crate::webhook) fn desired(endpoint: &'a Endpoint) -> Self {
        Self { set: &endpoint.set, labels: LabelSource::Endpoint(endpoint) }
    }

    /// A record with its labels.
    pub(in crate::webhook) fn with(set: &'a RecordSet, labels: &'a Labels) -> Self {
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
            LabelSource::Endpoint(endpoint) => {
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
        let resource = LabelKey::RESOURCE;
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
