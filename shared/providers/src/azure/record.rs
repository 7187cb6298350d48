//! Record sets, both ways.

use ecow::EcoString;
use extdns_model::{Opaque, Properties, Record, RecordSet, RecordType, Ttl, Zone};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{FORM, Kind};
use crate::ProviderError;
use crate::engine::wire::Members;

/// The property with the tags of an annotation: `k1=v1, k2=v2`.
const TAGS: &str = "azure/tags";
/// What the properties begin with that stand for one entry of a record set's metadata.
const METADATA: &str = "azure/metadata-";
/// Upstream's list of their keys, which says nothing that they do not say.
const KEYS: &str = "azure/metadata-keys";

/// The members of a value. That of a text is a list of strings.
pub(super) fn members(rtype: RecordType) -> Members {
    Members(match rtype {
        RecordType::A => &["ipv4Address"],
        RecordType::Aaaa => &["ipv6Address"],
        RecordType::Cname => &["cname"],
        RecordType::Mx => &["preference", "exchange"],
        RecordType::Ns => &["nsdname"],
        RecordType::Ptr => &["ptrdname"],
        RecordType::Srv => &["priority", "weight", "port", "target"],
        _ => &["value"],
    })
}

/// A record set as it is read.
#[derive(Deserialize)]
pub(super) struct Listed {
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    etag: Option<String>,
    #[serde(default)]
    properties: Map<String, Value>,
}

impl Listed {
    /// The type, if it is managed.
    fn managed(&self, kind: &Kind) -> Option<RecordType> {
        let rtype = self.rtype.rsplit('/').next()?;
        kind.types.iter().copied().find(|own| own.known_text() == Some(rtype))
    }

    /// The record; `None` if its type is not managed, or it has no values.
    pub(super) fn record(&self, kind: &Kind, zone: &Zone) -> Option<Record> {
        let rtype = self.managed(kind)?;
        let values = match self.property(&kind.values_of(rtype)) {
            Some(Value::Array(values)) => &values[..],
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        let values =
            values.iter().filter_map(|it| Some(FORM.read(rtype, &members(rtype).read(it)?)));
        let mut targets: Vec<EcoString> = values.collect();
        let alias = self.property("targetResource").and_then(|it| it["id"].as_str());
        targets.extend(alias.filter(|_| targets.is_empty()).map(EcoString::from));
        if targets.is_empty() {
            return None;
        }
        let ttl = Ttl::from_seconds(self.property("TTL").and_then(Value::as_i64).unwrap_or(0));
        let name = FORM.whole_name(&self.name, zone);
        let set = RecordSet::new(name, rtype, ttl, targets.into_iter().collect());
        let metadata = self.property("metadata").filter(|_| kind.has_metadata());
        let texts = metadata.and_then(Value::as_object).into_iter().flatten();
        let texts =
            texts.filter_map(|(key, text)| Some((format!("{METADATA}{key}"), text.as_str()?)));
        let set = set.with_properties(texts.collect::<Properties>());
        let mut record = Record::new(set, Opaque::new(self.etag.clone()));
        let is_registered = self.property("isAutoRegistered") == Some(&Value::Bool(true));
        record.set_read_only(match alias {
            Some(_) => Some("is an alias of a resource of Azure; delete the alias first"),
            None => is_registered.then_some("is made by Azure for a virtual machine"),
        });
        Some(record)
    }

    /// Its path in the zone and its version, if its type is managed.
    pub(super) fn version(self, kind: &Kind) -> Option<(String, String)> {
        Some((format!("{}/{}", self.managed(kind)?, self.name), self.etag?))
    }

    /// Public and private zones write the names of properties in different cases.
    fn property(&self, name: &str) -> Option<&Value> {
        let own = self.properties.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        own.map(|(_, value)| value).filter(|value| !value.is_null())
    }
}

/// A record set as it is written.
pub(super) fn written(kind: &Kind, set: &RecordSet) -> Result<Value, ProviderError> {
    let values = members(set.rtype).of_set(&FORM, set)?;
    let values = match set.rtype {
        RecordType::Cname => values.into_iter().next().unwrap_or_default(),
        _ => values.into(),
    };
    let mut written =
        json!({ (kind.case)("TTL"): FORM.ttl(set.ttl), kind.values_of(set.rtype): values });
    let own = set.properties().iter().filter(|_| kind.has_metadata());
    let own = own.filter(|own| own.name != KEYS && !own.value.is_empty());
    let own = own.filter_map(|own| Some((own.name.strip_prefix(METADATA)?, own.value.as_str())));
    let metadata: Map<_, _> = own.map(|(key, value)| (key.to_owned(), value.into())).collect();
    if !metadata.is_empty() {
        written["metadata"] = metadata.into();
    }
    Ok(json!({ "properties": written }))
}

/// The properties of a desired record set as they are read: the tags one by one, and none where they are
/// not stored.
pub(super) fn adjust(kind: &Kind, set: &mut RecordSet) {
    if !set.properties().iter().any(|own| own.name.starts_with("azure/")) {
        return;
    }
    set.edit_properties(|all| {
        let tags = all.remove(TAGS).unwrap_or_default();
        let pairs = tags.split(',').filter_map(|tag| tag.split_once('='));
        for (key, value) in pairs.map(|(key, value)| (key.trim(), value.trim())) {
            if !key.is_empty() && !value.is_empty() {
                all.set(format!("{METADATA}{key}"), value);
            }
        }
        let is_kept = |name: &str| kind.has_metadata() || !name.starts_with(METADATA);
        all.retain(|own| own.name != KEYS && is_kept(&own.name));
        all.sort();
    });
}
