//! Each cluster has a weighted record of its own.

use ecow::eco_format;
use extdns_model::{ClusterId, Endpoint};

use super::{Candidate, Lost, Shared, Sharer, keyed};
use crate::conflict::excludes;
use crate::runs::Name;

impl<'a> Sharer<'_, 'a> {
    /// Whether records of a name are already shared by weight. They stay so when one cluster alone
    /// is left.
    pub(super) fn is_weighted(&self, name: &Name<'_, 'a>) -> bool {
        let is_cluster = |id: &str| self.claims.clusters().iter().any(|own| own.name == id);
        self.records(name).any(|record| is_cluster(record.set.set_identifier()))
    }

    /// A record with the name of the cluster as its set identifier for whatever a cluster wants
    /// without one. What cannot stand beside the record of another cluster, because one of them is
    /// a CNAME, loses.
    pub(super) fn weigh(&self, name: &Name<'_, 'a>) -> Shared<'a> {
        let mut accepted: Vec<Candidate<'a>> = Vec::new();
        let mut lost = Vec::new();
        for candidate in self.candidates(name) {
            for part in self.parts(name, &candidate) {
                match part.rival(&accepted, excludes) {
                    Some(rival) => {
                        let endpoint = candidate.endpoint;
                        lost.push(Lost { endpoint, ..part.loses_to(rival) });
                    }
                    None => accepted.push(part),
                }
            }
        }
        Shared { desired: keyed(accepted.iter().map(|it| it.endpoint)), lost }
    }

    /// What each cluster has of an endpoint.
    fn parts(&self, name: &Name<'_, 'a>, candidate: &Candidate<'a>) -> Vec<Candidate<'a>> {
        let endpoint = candidate.endpoint;
        if candidate.rank.is_none() || !endpoint.set.set_identifier().is_empty() {
            return vec![*candidate];
        }
        let clusters = endpoint.attribution.clusters();
        let part = |cluster: &ClusterId| self.candidate(name, self.part(endpoint, *cluster));
        clusters.iter().map(part).collect()
    }

    fn part(&self, endpoint: &Endpoint, cluster: ClusterId) -> &'a Endpoint {
        let mut part = endpoint.clone();
        let resources = endpoint.attribution.resources().iter();
        part.attribution = resources.filter(|own| own.cluster == cluster).cloned().collect();
        if let (Some(own), Some(property)) =
            (self.claims.clusters().get(cluster), self.settings.weight_property)
        {
            part.set.set_set_identifier(own.name.clone());
            part.set.edit_properties(|properties| {
                properties.set(property, eco_format!("{}", own.weight));
            });
        }
        self.made.keep(part)
    }
}
