//! What the ownership record of an endpoint says, and whether it says so already.

use crate::{Attribution, ClusterId, Endpoint, LabelKey, Labels, Owners};
use smallvec::SmallVec;

/// Most bytes of one character-string (RFC 1035, 3.3).
const MAX_TEXT: usize = 255;

impl Owners {
    /// In the label of clusters: all of them, where their names do not fit.
    pub const ALL_CLUSTERS: &str = "*";
    /// Joins the names in the label of clusters.
    pub const JOINED_BY: char = '+';

    /// The labels of an endpoint's ownership record: the object's own, the resource, the owner, and
    /// the clusters where the owner alone does not tell them. What an object says of owner and
    /// clusters itself is overwritten.
    #[must_use]
    pub fn stamp(&self, endpoint: &Endpoint) -> Labels {
        let mut labels = readable(endpoint.all_labels());
        for own in [LabelKey::NONCE, LabelKey::CLUSTER, LabelKey::OWNED_RECORD] {
            labels.remove(own);
        }
        let first = endpoint.attribution.first().map(|resource| resource.cluster);
        let Some(owner) = self.id_of(first) else { return labels };
        labels.set(LabelKey::OWNER, owner.clone());

        let wanting = clusters(&endpoint.attribution);
        if self.needs_label(&wanting) {
            let names: Vec<&str> = self.names(&wanting).collect();
            labels.set(LabelKey::CLUSTER, names.join("+"));
            if labels.to_text().len() > MAX_TEXT {
                labels.set(LabelKey::CLUSTER, Self::ALL_CLUSTERS);
            }
        }
        labels
    }

    /// Whether the labels of a record name the owner and the clusters that want the endpoint. An
    /// endpoint of no particular cluster leaves a record to the cluster of ours that has it.
    #[must_use]
    pub fn attributes(&self, labels: &Labels, endpoint: &Endpoint) -> bool {
        let Some(first) = endpoint.attribution.first() else {
            return !labels.owner().is_some_and(|owner| self.is_forgotten(owner));
        };
        let Some(owner) = self.id_of(Some(first.cluster)) else { return true };
        if labels.owner() != Some(owner) {
            return false;
        }
        let wanting = clusters(&endpoint.attribution);
        match labels.get(LabelKey::CLUSTER) {
            None => !self.needs_label(&wanting),
            Some(_) if !self.needs_label(&wanting) => false,
            // Whether the names fit depends on everything else that is written.
            Some(Self::ALL_CLUSTERS) => {
                self.stamp(endpoint).get(LabelKey::CLUSTER) == Some(Self::ALL_CLUSTERS)
            }
            Some(label) => label.split(Self::JOINED_BY).eq(self.names(&wanting)),
        }
    }

    /// Whether several clusters write with the owner id of these clusters.
    fn needs_label(&self, wanting: &[ClusterId]) -> bool {
        match wanting {
            [] => false,
            [only] => self.shares_its_id(*only),
            _ => true,
        }
    }

    fn names<'s>(&'s self, wanting: &'s [ClusterId]) -> impl Iterator<Item = &'s str> {
        wanting.iter().filter_map(|id| self.name_of(*id))
    }
}

/// The clusters of an attribution, ascending and once each.
fn clusters(attribution: &Attribution) -> SmallVec<[ClusterId; 4]> {
    let mut clusters: SmallVec<[ClusterId; 4]> =
        attribution.resources().iter().map(|resource| resource.cluster).collect();
    if clusters.len() > 1 {
        clusters.sort_unstable();
        clusters.dedup();
    }
    clusters
}

/// The labels that survive being stored: the text form has no escaping, so a comma in an object's
/// own label would end it and could begin another, an owner say; a backslash would take its meaning
/// from the character behind it, and the closing quote.
fn readable(labels: Labels) -> Labels {
    let breaks = |char: char| matches!(char, ',' | '"' | '\\') || char.is_control();
    let survives = |(key, value): (&str, &str)| {
        !key.contains(breaks) && !key.contains('=') && !value.contains(breaks)
    };
    if labels.iter().all(survives) {
        return labels;
    }
    labels.iter().filter(|pair| survives(*pair)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Name, RecordType, Resource, ResourceKind, Targets, Ttl};

    const SHARED: [(u16, &str, &str); 3] =
        [(0, "prod-eu", "central"), (1, "prod-us", "central"), (2, "lab", "lab")];

    fn owners(list: &[(u16, &str, &str)]) -> Owners {
        Owners::new(list.iter().map(|(id, _, own)| (ClusterId(*id), (*own).into())))
            .expect("valid ids")
            .named(list.iter().map(|(id, name, _)| (ClusterId(*id), (*name).into())))
    }

    fn wanted_by(ids: &[u16]) -> Endpoint {
        let mut endpoint =
            Endpoint::new(Name::as_listed("a.org"), RecordType::A, Ttl::UNSET, Targets::new());
        endpoint.attribution = ids
            .iter()
            .map(|id| {
                Arc::new(Resource {
                    cluster: ClusterId(*id),
                    kind: ResourceKind::SERVICE,
                    namespace: Some("ns".into()),
                    name: "web".into(),
                })
            })
            .collect();
        endpoint
    }

    fn text(endpoint: &Endpoint, list: &[(u16, &str, &str)]) -> String {
        let owners = owners(list);
        let stamp = owners.stamp(endpoint);
        assert!(owners.attributes(&stamp, endpoint), "what is written is what is wanted");
        stamp.to_text().replace("external-dns/", "").replace("heritage=external-dns,", "")
    }

    #[test]
    fn clusters_are_named_where_they_share_an_owner_id() {
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
    fn what_counts_as_attributed() {
        type Pairs = &'static [(&'static str, &'static str)];
        let cases: [(Pairs, &[u16], bool); 12] = [
            (&[("owner", "central"), ("cluster", "prod-eu")], &[0], true),
            (&[("owner", "central"), ("cluster", "prod-us")], &[0], false),
            (&[("owner", "central"), ("cluster", "prod-eu+lab")], &[0], false),
            (&[("owner", "central"), ("cluster", "prod-eu+lab")], &[0, 2], true),
            (&[("owner", "lab"), ("cluster", "prod-eu+lab")], &[0, 2], false),
            (&[("owner", "central"), ("cluster", "*")], &[0], false),
            (&[("owner", "central")], &[0], false),
            (&[("owner", "lab")], &[2], true),
            (&[("owner", "lab"), ("cluster", "lab")], &[2], false),
            (&[("owner", "central")], &[2], false),
            (&[("owner", "lab")], &[], true),
            (&[], &[], true),
        ];
        for (labels, ids, expected) in cases {
            let labels: Labels = labels.iter().copied().collect();
            let is = owners(&SHARED).attributes(&labels, &wanted_by(ids));
            assert_eq!(is, expected, "{labels:?} {ids:?}");
        }
        assert!(
            Owners::none().attributes(&Labels::new(), &wanted_by(&[0])),
            "no owners, no attribution"
        );
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
            labels.set("ownedRecord", "other.example.org");
            labels.set("backslash", "\\");
            labels.set("line", "a\nb");
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
