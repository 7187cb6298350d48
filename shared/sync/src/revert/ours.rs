//! Which records are ours, and the endpoints that want them as they are or as they were.

use std::collections::HashSet;
use std::sync::Arc;

use extdns_model::{
    ClusterId, Endpoint, LabelKey, Labels, Name, Owners, Record, RecordSet, RecordType, Resource,
    ResourceKind, Ttl, Zone,
};

use crate::report::document::{Change, RecordState};

/// Which records are ours, and of which cluster of ours.
#[derive(Clone, Copy)]
pub struct Ours<'a> {
    /// The owner ids.
    pub owners: &'a Owners,
    /// The clusters.
    pub clusters: &'a [(ClusterId, String)],
}

impl Ours<'_> {
    /// Whether a record is ours, and can be changed.
    pub(super) fn own(&self, record: &Record) -> bool {
        record.read_only().is_none() && self.owners.own(&record.labels)
    }

    /// Who holds a record by now, if it is not the object for which the run made it so. Without
    /// ownership records it is not known of which object a record is.
    pub(super) fn other_holder(
        &self,
        record: &Record,
        after: Option<&RecordState>,
    ) -> Option<String> {
        let reported = &after?.labels;
        let holder = [LabelKey::RESOURCE, LabelKey::OWNER, LabelKey::CLUSTER];
        let is_same = |key: &&str| record.labels.get(key) == reported.get(*key).map(String::as_str);
        if self.owners.is_empty() || holder.iter().all(is_same) {
            return None;
        }
        let by = record.labels.resource().unwrap_or("another object");
        Some(format!("{by} holds the name now, and the report names another object"))
    }

    /// A record as it is.
    pub(super) fn kept(&self, record: &Record, zone: &Zone) -> Endpoint {
        self.endpoint(record.set.clone(), &record.labels, zone)
    }

    /// A record as it was.
    pub(super) fn restored(
        &self,
        change: &Change,
        state: &RecordState,
        zone: &Zone,
    ) -> Option<Endpoint> {
        let rtype: RecordType = change.r#type.parse().ok()?;
        let targets = state.targets.iter().map(String::as_str).collect();
        let ttl = Ttl::from_seconds(state.ttl.unwrap_or(0).into());
        let properties =
            state.properties.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let set = RecordSet::new(Name::as_listed(&change.name), rtype, ttl, targets)
            .with_set_identifier(change.set_identifier.as_deref().unwrap_or_default())
            .with_properties(properties.collect());
        let labels = state.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        Some(self.endpoint(set, &labels.collect(), zone))
    }

    /// An endpoint with these labels in its ownership record. It is pinned to its zone,
    /// since a name can be in several.
    fn endpoint(&self, set: RecordSet, labels: &Labels, zone: &Zone) -> Endpoint {
        let mut endpoint = Endpoint::from_set(set);
        let resources = labels.resource().and_then(parse_resource).into_iter().flat_map(|own| {
            self.clusters_of(labels)
                .into_iter()
                .map(move |cluster| Arc::new(Resource { cluster, ..own.clone() }))
        });
        endpoint.attribution = resources.collect();
        // The registry writes owner and clusters; the resource it takes from the attribution.
        let own = labels
            .iter()
            .filter(|(key, _)| ![LabelKey::OWNER, LabelKey::CLUSTER, LabelKey::NONCE].contains(key))
            .filter(|(key, _)| {
                *key != LabelKey::RESOURCE || endpoint.attribution.first().is_none()
            });
        let own: Labels = own.collect();
        if !own.is_empty() {
            endpoint.edit_labels(|labels| labels.extend(&own));
        }
        endpoint.edit_hints(|hints| hints.zone = Some(zone.id.clone()));
        endpoint
    }

    /// The clusters that a record belongs to: those that its label names, else those that write
    /// with its owner id.
    fn clusters_of(&self, labels: &Labels) -> Vec<ClusterId> {
        let named: HashSet<&str> = labels
            .get(LabelKey::CLUSTER)
            .into_iter()
            .flat_map(|label| label.split(Owners::JOINED_BY))
            .collect();
        let of_owner = |(id, _): &&(ClusterId, String)| {
            self.owners.id_of(Some(*id)).map(AsRef::as_ref) == labels.owner()
        };
        let of_label = |(_, name): &&(ClusterId, String)| {
            named.is_empty()
                || named.contains(Owners::ALL_CLUSTERS)
                || named.contains(name.as_str())
        };
        let mut ids: Vec<ClusterId> =
            self.clusters.iter().filter(of_label).map(|(id, _)| *id).collect();
        if named.is_empty() {
            ids = self.clusters.iter().filter(of_owner).map(|(id, _)| *id).collect();
        }
        if ids.is_empty() {
            // Migrated, or without owners: as if the first cluster wanted it.
            ids.extend(self.clusters.first().map(|(id, _)| *id));
        }
        ids
    }
}

/// The object of a label `<kind>/<namespace>/<name>`, if it is written back as the same text.
fn parse_resource(label: &str) -> Option<Resource> {
    let (kind, rest) = label.split_once('/')?;
    let kind = ResourceKind::other(kind);
    let (namespace, name) = match rest.split_once('/') {
        Some((namespace, name)) => (Some(namespace.into()), name.into()),
        None => (None, rest.into()),
    };
    let resource = Resource { cluster: ClusterId(0), kind, namespace, name };
    (resource.label().as_deref() == Some(label)).then_some(resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_known_by_its_label_if_that_is_written_back_as_it_was() {
        for label in ["service/shop/web", "node/ip-10-0-1-1", "crd/a/b", "httproute/a/b/c"] {
            let resource = parse_resource(label).expect(label);
            assert_eq!(resource.label().as_deref(), Some(label));
        }
        for label in ["", "web", "HTTPRoute/a/b"] {
            assert_eq!(parse_resource(label), None, "{label}");
        }
    }

    #[test]
    fn a_label_without_an_object_is_kept_as_text() {
        let owners = Owners::new([(ClusterId(0), "me".into())]).expect("an id");
        let ours = Ours { owners: &owners, clusters: &[] };
        let set = RecordSet::new(
            Name::as_listed("a.org"),
            RecordType::A,
            Ttl::UNSET,
            ["192.0.2.1"].into_iter().collect(),
        );
        let zone = Zone::new("Z1", Name::as_listed("org"));
        let labels = [
            ("owner", "me"),
            ("resource", "by-hand"),
            ("cluster", "a+b"),
            ("txt-encryption-nonce", "n"),
            ("custom", "kept"),
        ];
        let endpoint = ours.endpoint(set, &labels.into_iter().collect(), &zone);
        let own: Vec<_> = endpoint.labels().iter().collect();
        assert_eq!(own, [("custom", "kept"), ("resource", "by-hand")]);
        assert_eq!(endpoint.resource_label().as_deref(), Some("by-hand"));
        assert_eq!(endpoint.hints().zone.as_deref(), Some("Z1"));
    }
}
