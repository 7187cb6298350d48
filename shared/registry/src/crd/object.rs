//! `DNSRecord` objects: what is read of them, and what is written.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use ecow::EcoString;
use extdns_clusters::{Metadata, ObjectVersion, Projection, ResourceType, nullable};
use extdns_model::{LabelKey, Labels, Name, RecordSet, RecordType, Ttl};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::name::object_name;

/// The label of an object that names its owner.
pub(super) const OWNER: &str = "externaldns.k8s.io/owner";

/// The kind.
pub(super) const DNS_RECORD: ResourceType = ResourceType {
    group: "externaldns.k8s.io",
    version: "v1alpha1",
    plural: "dnsrecords",
    kind: "DNSRecord",
    namespaced: true,
};

/// An object as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct DnsRecord {
    metadata: Head,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

/// Metadata with what must not be lost when the object is replaced.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(flatten)]
    known: Metadata,
    #[serde(default)]
    finalizers: Option<Box<Value>>,
    #[serde(default)]
    owner_references: Option<Box<Value>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Spec {
    #[serde(default, deserialize_with = "nullable")]
    endpoint: Fields,
}

/// An endpoint as upstream writes it to JSON.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields {
    #[serde(deserialize_with = "nullable")]
    dns_name: EcoString,
    #[serde(deserialize_with = "nullable")]
    record_type: EcoString,
    #[serde(rename = "recordTTL", deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    record_ttl: i64,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "EcoString::is_empty")]
    set_identifier: EcoString,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    targets: Vec<EcoString>,
    #[serde(deserialize_with = "nullable")]
    labels: BTreeMap<EcoString, EcoString>,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    provider_specific: Vec<Property>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct Property {
    name: EcoString,
    value: EcoString,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Status {
    #[serde(deserialize_with = "nullable")]
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Condition {
    r#type: EcoString,
    status: EcoString,
    last_transition_time: Option<EcoString>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(ttl: &i64) -> bool {
    *ttl == 0
}

impl Projection for DnsRecord {
    const RESOURCE: ResourceType = DNS_RECORD;

    fn metadata(&self) -> &Metadata {
        &self.metadata.known
    }

    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata.known
    }
}

/// What an object says of itself, where it says one thing only.
#[derive(Debug)]
pub(super) struct Claim {
    /// The record set that it stands for.
    pub(super) set: RecordSet,
    /// What its ownership record says.
    pub(super) labels: Labels,
}

/// Why an object stands for no owner's record, with the record set where it names one.
#[derive(Debug)]
pub(super) struct Unreliable {
    pub(super) set: Option<RecordSet>,
    pub(super) why: String,
}

impl DnsRecord {
    /// What the object says. An object that contradicts itself was edited: it is not ours.
    pub(super) fn claim(&self) -> Result<Claim, Unreliable> {
        let Fields { dns_name, record_type, set_identifier, .. } = &self.spec.endpoint;
        let set = self.set().map_err(|why| Unreliable { set: None, why })?;
        let labels: Labels = self.labels();
        let canonical = object_name(dns_name, record_type, set_identifier);
        let stamped = self.metadata.known.labels.get(OWNER);
        let why = if self.metadata.known.deletion_timestamp.is_some() {
            "it is being deleted, and its finalizers keep it; remove them, or make it anew"
                .to_owned()
        } else if self.metadata.known.name != canonical {
            format!("its endpoint belongs into the object {canonical}; delete one of the two")
        } else if stamped.is_none_or(str::is_empty) {
            format!("it has no label {OWNER}; set it to the owner id, or delete the object")
        } else if stamped != labels.owner() {
            format!(
                "its label {OWNER} is {:?} and its endpoint names the owner {:?}; make both the same, or delete the object",
                stamped.unwrap_or_default(),
                labels.owner().unwrap_or_default()
            )
        } else {
            return Ok(Claim { set, labels });
        };
        Err(Unreliable { set: Some(set), why })
    }

    fn set(&self) -> Result<RecordSet, String> {
        let fields = &self.spec.endpoint;
        if fields.dns_name.is_empty() {
            return Err(
                "its spec.endpoint has no dnsName; complete it, or delete the object".to_owned()
            );
        }
        let rtype = RecordType::from_str(&fields.record_type).map_err(|_| {
            format!(
                "its recordType {:?} is none; correct it, or delete the object",
                fields.record_type
            )
        })?;
        let name = Name::as_listed(&fields.dns_name);
        let targets = fields.targets.iter().cloned().collect();
        let ttl = Ttl::from_seconds(fields.record_ttl);
        let set = RecordSet::new(name, rtype, ttl, targets);
        Ok(set.with_set_identifier(fields.set_identifier.clone()))
    }

    fn labels(&self) -> Labels {
        let labels = &self.spec.endpoint.labels;
        labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    /// Since when a condition has a status, where it has it now.
    pub(super) fn since(&self, condition: &str, status: &str) -> Option<EcoString> {
        let conditions = self.status.conditions.iter();
        let mut own = conditions.filter(|own| own.r#type == condition && own.status == status);
        own.find_map(|own| own.last_transition_time.clone())
    }

    /// What an update must hand back.
    pub(super) fn origin(&self) -> Origin {
        let Head { known, finalizers, owner_references } = &self.metadata;
        let others = known.labels.iter().filter(|(key, _)| *key != OWNER);
        Origin {
            name: known.name.clone(),
            version: ObjectVersion::of(known),
            dns_name: self.spec.endpoint.dns_name.clone(),
            labels: others.map(owned).collect(),
            annotations: known.annotations.iter().map(owned).collect(),
            finalizers: finalizers.clone(),
            owner_references: owner_references.clone(),
        }
    }
}

/// An object as the store knows it.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) name: EcoString,
    pub(super) version: ObjectVersion,
    /// The name of the record as it stands in the object: the name of the object is made of it.
    dns_name: EcoString,
    /// What others have put there, which an update keeps.
    labels: Vec<(EcoString, EcoString)>,
    annotations: Vec<(EcoString, EcoString)>,
    finalizers: Option<Box<Value>>,
    owner_references: Option<Box<Value>>,
}

fn owned((key, value): (&str, &str)) -> (EcoString, EcoString) {
    (key.into(), value.into())
}

/// The name of the object of a record set.
pub(super) fn name_of(set: &RecordSet) -> EcoString {
    object_name(set.name.as_str(), &set.rtype.to_string(), set.set_identifier()).into()
}

/// The object of a record set, with what others have put on the object that is there.
pub(super) fn content(set: &RecordSet, labels: &Labels, old: Option<&Origin>) -> Value {
    let text = |(key, value): (&str, &str)| (key.into(), value.into());
    let endpoint = Fields {
        dns_name: old.map_or_else(|| set.name.as_str().into(), |old| old.dns_name.clone()),
        record_type: set.rtype.to_string().into(),
        record_ttl: set.ttl.seconds().unwrap_or_default().into(),
        set_identifier: set.set_identifier().into(),
        targets: set.targets.iter().cloned().collect(),
        labels: labels.iter().filter(|(key, _)| *key != LabelKey::NONCE).map(text).collect(),
        provider_specific: set
            .properties()
            .iter()
            .map(|own| Property { name: own.name.clone(), value: own.value.clone() })
            .collect(),
    };
    let mut metadata = json!({ "labels": { OWNER: labels.owner().unwrap_or_default() } });
    if let Some(old) = old {
        for (key, value) in &old.labels {
            metadata["labels"][key.as_str()] = json!(value);
        }
        for (key, value) in &old.annotations {
            metadata["annotations"][key.as_str()] = json!(value);
        }
        for (field, value) in
            [("finalizers", &old.finalizers), ("ownerReferences", &old.owner_references)]
        {
            if let Some(value) = value {
                metadata[field] = (**value).clone();
            }
        }
    }
    json!({ "metadata": metadata, "spec": { "endpoint": endpoint } })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(name: &str, label: Option<&str>, endpoint: &Value) -> DnsRecord {
        let labels = label.map_or(json!({}), |owner| json!({ OWNER: owner }));
        let object = json!({
            "metadata": { "name": name, "namespace": "dns", "labels": labels },
            "spec": { "endpoint": endpoint },
        });
        serde_json::from_value(object).expect("an object")
    }

    const WWW: &str = "sub-example-com-afc10cee";

    fn endpoint(owner: &str) -> Value {
        json!({ "dnsName": "sub.example.com", "recordType": "A", "recordTTL": 300,
                "targets": ["192.0.2.1"], "labels": { "owner": owner, "resource": "service/x/y" } })
    }

    #[test]
    fn an_object_says_who_owns_a_record() {
        let claim = object(WWW, Some("me"), &endpoint("me")).claim().expect("clear");
        assert_eq!(claim.set.to_string(), "sub.example.com 300 IN A  192.0.2.1 []");
        assert_eq!(claim.labels.owner(), Some("me"));
        assert_eq!(claim.labels.resource(), Some("service/x/y"));
    }

    #[test]
    fn an_object_that_contradicts_itself_is_not_ours() {
        let table = [
            (object(WWW, None, &endpoint("me")), true, "it has no label externaldns.k8s.io/owner"),
            (
                object(WWW, Some("you"), &endpoint("me")),
                true,
                "its label externaldns.k8s.io/owner is \"you\"",
            ),
            (
                object("copy", Some("me"), &endpoint("me")),
                true,
                "belongs into the object sub-example-com-afc10cee",
            ),
            (object(WWW, Some("me"), &json!({ "recordType": "A" })), false, "no dnsName"),
            (
                object(WWW, Some("me"), &json!({ "dnsName": "a.b", "recordType": "" })),
                false,
                "recordType \"\"",
            ),
            (object(WWW, Some("me"), &Value::Null), false, "no dnsName"),
        ];
        for (object, named, expected) in table {
            let unreliable = object.claim().expect_err(expected);
            assert!(unreliable.why.contains(expected), "{}", unreliable.why);
            assert_eq!(unreliable.set.is_some(), named, "{expected}");
        }
    }

    #[test]
    fn what_is_written_reads_back_and_keeps_what_others_put_there() {
        let claim = object(WWW, Some("me"), &endpoint("me")).claim().expect("clear");
        let old = serde_json::from_value::<DnsRecord>(json!({ "metadata": {
            "name": WWW, "labels": { OWNER: "old", "team": "dns" }, "annotations": { "why": "test" },
            "finalizers": ["example.org/keep"], "ownerReferences": [{ "name": "x" }],
        }, "spec": { "endpoint": { "dnsName": "sub.example.com" } } }));
        let written = content(&claim.set, &claim.labels, Some(&old.expect("an object").origin()));
        assert_eq!(
            written,
            json!({
                "metadata": { "labels": { OWNER: "me", "team": "dns" }, "annotations": { "why": "test" },
                              "finalizers": ["example.org/keep"], "ownerReferences": [{ "name": "x" }] },
                "spec": { "endpoint": endpoint("me") },
            })
        );
    }
}
