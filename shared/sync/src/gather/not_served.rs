//! Sources whose objects a cluster does not serve, where the run goes on without them (`--ignore-missing-crds`): what they
//! made while the cluster served them stays.

use ecow::EcoString;
use extdns_clusters::Cluster;
use extdns_model::{Inventory, Kept, LabelKey, Owners, Record};
use extdns_sources::{SourceFailure, source_of};

use crate::report::Notice;

/// The sources whose objects clusters do not serve.
#[derive(Default)]
pub(crate) struct NotServedIn(Vec<(EcoString, SourceFailure)>);

impl NotServedIn {
    pub(super) fn add(&mut self, cluster: &Cluster, sources: Vec<SourceFailure>) {
        self.0.extend(sources.into_iter().map(|source| (cluster.name.clone(), source)));
    }

    /// The names of the records that such a source made. A record that does not say which object it is for may be of any
    /// source.
    pub(super) fn kept<'a>(&'a self, inventory: &'a Inventory) -> impl Iterator<Item = Kept> + 'a {
        let records = inventory.records().filter(|_| !self.0.is_empty());
        records.filter_map(|(_, record)| {
            let made_by = |(cluster, source): &&(EcoString, SourceFailure)| {
                let own = record.labels.resource().map(source_of);
                is_of(cluster, record) && own.is_none_or(|own| own == Some(source.source_name))
            };
            let (cluster, source) = self.0.iter().find(made_by)?;
            let reason = format!(
                "cluster {cluster:?} does not serve what the source {} reads",
                source.source_name
            );
            Some(Kept { name: record.set.name.clone(), reason })
        })
    }

    /// What is missing, and what to do.
    pub(crate) fn notices(&self) -> impl Iterator<Item = Notice> {
        self.0.iter().map(|(cluster, source)| Notice {
            subject: format!("cluster {cluster}"),
            message: format!("failed to {source}"),
        })
    }
}

/// Whether a record can be one of this cluster.
fn is_of(cluster: &str, record: &Record) -> bool {
    let names = record.labels.get(LabelKey::CLUSTER);
    names.is_none_or(|names| {
        names == Owners::ALL_CLUSTERS || names.split(Owners::JOINED_BY).any(|own| own == cluster)
    })
}
