//! What is written into the ownership record of an endpoint.

use ecow::EcoString;
use extdns_model::{ClusterId, Endpoint, LabelKey, Labels, Owners};

use crate::ClusterOwner;

/// Most bytes of one character-string (RFC 1035, 3.3).
const MAX_TEXT: usize = 255;
/// Stands for all clusters where their names do not fit.
const ALL_CLUSTERS: &str = "*";

/// The names of the clusters, for the label that tells them apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clusters(Vec<(ClusterId, EcoString)>);

impl Clusters {
    pub(crate) fn new(clusters: &[ClusterOwner]) -> Self {
        Self(clusters.iter().map(|cluster| (cluster.id, cluster.name.clone())).collect())
    }

    fn name(&self, id: ClusterId) -> Option<&EcoString> {
        self.0.iter().find(|(own, _)| *own == id).map(|(_, name)| name)
    }

    /// Whether more than one cluster writes with this owner id.
    fn share(&self, owners: &Owners, owner: &str) -> bool {
        let with_it = |id: ClusterId| owners.id_of(Some(id)).is_some_and(|own| own == owner);
        self.0.iter().filter(|(id, _)| with_it(*id)).nth(1).is_some()
    }
}

/// The labels of an endpoint's ownership record: the object's own, the resource, the owner, and the
/// clusters where the owner alone does not tell them.
pub(super) fn stamp(endpoint: &Endpoint, owners: &Owners, clusters: &Clusters) -> Labels {
    let mut labels = readable(endpoint.all_labels());
    labels.remove(LabelKey::NONCE);
    labels.remove(LabelKey::CLUSTER);
    let first = endpoint.attribution.first().map(|resource| resource.cluster);
    let Some(owner) = owners.id_of(first) else { return labels };
    labels.set(LabelKey::OWNER, owner.clone());

    let wanting = endpoint.attribution.clusters();
    if wanting.len() > 1 || (wanting.len() == 1 && clusters.share(owners, owner)) {
        let names: Vec<&str> =
            wanting.iter().filter_map(|id| clusters.name(*id)).map(EcoString::as_str).collect();
        labels.set(LabelKey::CLUSTER, names.join("+"));
        if labels.to_text().len() > MAX_TEXT {
            labels.set(LabelKey::CLUSTER, ALL_CLUSTERS);
        }
    }
    labels
}

/// The labels that survive being stored: the text form has no escaping, so a comma in an object's
/// own label would end it and could begin another, an owner say.
fn readable(labels: Labels) -> Labels {
    let survives =
        |(key, value): (&str, &str)| !key.contains([',', '=', '"']) && !value.contains([',', '"']);
    if labels.iter().all(survives) {
        return labels;
    }
    labels.iter().filter(|pair| survives(*pair)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use extdns_model::{Attribution, Name, RecordType, Resource, ResourceKind, Targets, Ttl};

    use super::*;

    const SHARED: [(u16, &str, &str); 3] =
        [(0, "prod-eu", "central"), (1, "prod-us", "central"), (2, "lab", "lab")];

    fn clusters(list: &[(u16, &str, &str)]) -> (Owners, Clusters) {
        let owners = Owners::new(list.iter().map(|(id, _, own)| (ClusterId(*id), (*own).into())))
            .expect("valid ids");
        (
            owners,
            Clusters(list.iter().map(|(id, name, _)| (ClusterId(*id), (*name).into())).collect()),
        )
    }

    fn wanted_by(ids: &[u16]) -> Endpoint {
        let mut endpoint =
            Endpoint::new(Name::as_listed("a.org"), RecordType::A, Ttl::UNSET, Targets::new());
        endpoint.attribution = ids
            .iter()
            .map(|id| {
                Arc::new(Resource {
                    cluster: ClusterId(*id),
                    kind: ResourceKind::Service,
                    namespace: Some("ns".into()),
                    name: "web".into(),
                })
            })
            .collect::<Attribution>();
        endpoint
    }

    fn text(endpoint: &Endpoint, list: &[(u16, &str, &str)]) -> String {
        let (owners, clusters) = clusters(list);
        stamp(endpoint, &owners, &clusters)
            .to_text()
            .replace("heritage=external-dns,", "")
            .replace("external-dns/", "")
    }

    #[test]
    fn the_cluster_is_named_only_where_the_owner_does_not_tell_it() {
        type Given = &'static [(u16, &'static str, &'static str)];
        let cases: [(&[u16], Given, &str); 6] = [
            (&[0], &[(0, "default", "me")], "owner=me,resource=service/ns/web"),
            (&[0], &[(0, "a", "a-id"), (1, "b", "b-id")], "owner=a-id,resource=service/ns/web"),
            (&[1], &SHARED, "cluster=prod-us,owner=central,resource=service/ns/web"),
            (&[2], &SHARED, "owner=lab,resource=service/ns/web"),
            (&[2, 0], &SHARED, "cluster=prod-eu+lab,owner=lab,resource=service/ns/web"),
            (&[], &SHARED, "owner=central"),
        ];
        for (ids, list, expected) in cases {
            assert_eq!(text(&wanted_by(ids), list), expected, "{ids:?}");
        }
    }

    #[test]
    fn names_that_do_not_fit_become_all() {
        let name = |index: u16| format!("{index}{}", "x".repeat(39));
        let names: Vec<_> = (0..9).map(name).collect();
        let list: Vec<_> =
            names.iter().zip(0..).map(|(name, id)| (id, name.as_str(), "me")).collect();
        let ids: Vec<_> = (0..9).collect();
        assert_eq!(text(&wanted_by(&ids), &list), "cluster=*,owner=me,resource=service/ns/web");
        // 255 bytes still fit.
        let text_of =
            |label: String| text(&wanted_by(&[0]), &[(0, label.as_str(), "me"), (1, "b", "me")]);
        let rest = "heritage=external-dns,external-dns/cluster=,external-dns/owner=me,\
                    external-dns/resource=service/ns/web";
        assert!(!text_of("x".repeat(255 - rest.len())).contains('*'));
        assert!(text_of("x".repeat(256 - rest.len())).contains("cluster=*"));
    }

    #[test]
    fn an_object_cannot_name_its_owner() {
        let mut endpoint = wanted_by(&[0]);
        endpoint.edit_labels(|labels| {
            labels.set("owner", "evil");
            labels.set("cluster", "evil");
            labels.set("txt-encryption-nonce", "evil");
            labels.set("zzz", "x,external-dns/owner=evil");
            labels.set("zz,external-dns/owner", "evil");
            labels.set("heritage=x", "evil");
            labels.set("custom", "kept=so");
        });
        assert_eq!(
            text(&endpoint, &[(0, "default", "me")]),
            "custom=kept=so,owner=me,resource=service/ns/web"
        );
    }
}
