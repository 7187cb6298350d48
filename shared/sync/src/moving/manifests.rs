//! Records as objects of the kind DNSEndpoint: <https://kubernetes-sigs.github.io/external-dns/latest/docs/sources/crd/>.

use std::collections::BTreeMap;

use extdns_model::{RecordSet, RecordType};
use serde_json::{Value, json};

/// Where an object says whose its records were.
const OWNER: &str = "extdns/owner";

/// The records of one zone and one owner, if they have one, as an object in YAML.
pub(super) fn manifest(zone: &str, owner: Option<&str>, sets: &[&RecordSet]) -> String {
    let mut metadata = json!({ "name": name(zone, owner) });
    if let Some(owner) = owner {
        metadata["annotations"] = json!({ OWNER: owner });
    }
    let endpoints: Vec<Value> = sets.iter().map(|set| endpoint(set)).collect();
    let object = json!({
        "apiVersion": "externaldns.k8s.io/v1alpha1",
        "kind": "DNSEndpoint",
        "metadata": metadata,
        "spec": { "endpoints": endpoints },
    });
    // JSON of this form always has one in YAML.
    let yaml = serde_saphyr::to_string(&object).unwrap_or_default();
    format!("---\n{}\n", yaml.trim_end())
}

/// The flags with which a run makes the records again.
pub(super) fn flags<'a>(sets: impl IntoIterator<Item = &'a RecordSet>) -> String {
    let types: std::collections::BTreeSet<RecordType> =
        sets.into_iter().map(|set| set.rtype).collect();
    let types = types.iter().map(|rtype| format!(" --managed-record-types={rtype}"));
    format!("# external-dns .. --source=crd{}\n", types.collect::<String>())
}

/// A name of Kubernetes (RFC 1123).
fn name(zone: &str, owner: Option<&str>) -> String {
    let text = owner.map_or_else(|| zone.to_owned(), |owner| format!("{zone}-{owner}"));
    let is_kept = |char: char| char.is_ascii_alphanumeric() || char == '.' || char == '-';
    let clean: String =
        text.to_lowercase().chars().map(|char| if is_kept(char) { char } else { '-' }).collect();
    let clean = clean.trim_matches(['-', '.']);
    clean[..clean.len().min(253)].to_owned()
}

fn endpoint(set: &RecordSet) -> Value {
    let targets: Vec<&str> = set.targets.iter().map(|target| target.as_str()).collect();
    let mut all: BTreeMap<&str, Value> = BTreeMap::from([
        ("dnsName", json!(set.name.to_string())),
        ("recordType", json!(set.rtype.to_string())),
        ("targets", json!(targets)),
    ]);
    all.extend(set.ttl.seconds().map(|ttl| ("recordTTL", json!(ttl))));
    if !set.set_identifier().is_empty() {
        all.insert("setIdentifier", json!(set.set_identifier()));
    }
    let properties: Vec<Value> = set
        .properties()
        .iter()
        .map(|own| json!({ "name": own.name.as_str(), "value": own.value.as_str() }))
        .collect();
    if !properties.is_empty() {
        all.insert("providerSpecific", json!(properties));
    }
    json!(all)
}
