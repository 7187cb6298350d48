//! The filters of clusters that select nothing of what there is: the namespaces and labels that a source looks for.

use extdns_clusters::Cluster;
use extdns_model::{ClusterId, Inventory, Record};
use extdns_plan::SUSPICIOUS;
use extdns_sources::{NothingSelected, source_of};

use crate::report::Notice;
use crate::wiring::Target;

/// The sources of clusters whose filters select nothing.
#[derive(Default)]
pub(crate) struct NothingSelectedIn(Vec<(ClusterId, NothingSelected)>);

impl NothingSelectedIn {
    pub(super) fn add(&mut self, cluster: ClusterId, nothing: Vec<NothingSelected>) {
        self.0.extend(nothing.into_iter().map(|nothing| (cluster, nothing)));
    }

    fn of(&self, cluster: ClusterId) -> Vec<&NothingSelected> {
        let of_it = self.0.iter().filter(|(own, _)| *own == cluster);
        of_it.map(|(_, nothing)| nothing).collect()
    }

    /// Warns of a filter that selects nothing where no record makes that suspicious: of a namespace that does not
    /// exist, and of what leaves nothing at all. Beside other sources that want something, it is nothing to look at.
    pub(super) fn idle(
        &self,
        cluster: &Cluster,
        target: &Target,
        wants: bool,
        inventory: &Inventory,
    ) -> Option<Notice> {
        let nothing = self.of(cluster.id);
        let absent = nothing.iter().find(|nothing| nothing.is_absent_namespace);
        let is_told = self.suddenly(cluster.id, target, Some(inventory));
        let message = match (absent, is_told) {
            (_, Some(_)) => return None,
            (Some(NothingSelected { filter, .. }), None) => format!(
                "{filter}: there is no such namespace, so nothing is read; correct the flag, or create the namespace"
            ),
            (None, None) if nothing.is_empty() || wants => return None,
            (None, None) => format!(
                "{} selects none of the objects that there are, and nothing else is wanted; if this is not meant, \
                 correct the flag",
                flags(&nothing)
            ),
        };
        Some(Notice { subject: format!("cluster {}", cluster.name), message })
    }

    /// The filters of a cluster that select nothing although there are records for objects of the same kind. A filter
    /// that never selected anything, beside other sources that do, is nothing new.
    pub(super) fn suddenly(
        &self,
        cluster: ClusterId,
        target: &Target,
        inventory: Option<&Inventory>,
    ) -> Option<String> {
        let nothing = self.of(cluster);
        if nothing.is_empty() {
            return None;
        }
        let owners = target.registry.owners();
        let is_made_for = |record: &Record| {
            // Without ownership records, a record may be of any source.
            let source = record.labels.resource().map(source_of);
            owners.own(&record.labels)
                && source.is_none_or(|own| nothing.iter().any(|it| own == Some(it.source)))
        };
        let records = inventory.into_iter().flat_map(Inventory::records);
        if records.filter(|(_, record)| is_made_for(record)).take(SUSPICIOUS).count() < SUSPICIOUS {
            return None;
        }
        Some(flags(&nothing))
    }
}

/// The filters as their flags were written, each once.
fn flags(nothing: &[&NothingSelected]) -> String {
    let mut filters: Vec<&str> = nothing.iter().map(|nothing| nothing.filter.as_str()).collect();
    filters.dedup();
    filters.join(", ")
}
