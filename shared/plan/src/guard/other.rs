//! The guard over a plan that was not computed from desired endpoints.

use extdns_model::{Labels, ZoneIndex, ZoneKey};

use super::{RecordCounts, stop};
use crate::claim::Claims;
use crate::unready::Waiting;
use crate::{Clusters, Plan, Settings};

impl Plan<'_> {
    /// Holds back what exceeds a limit, given the zone and the labels of every record of ours.
    /// [`compute`](crate::compute) does so by itself.
    pub(crate) fn guard<'l>(
        &mut self,
        ours: impl IntoIterator<Item = (ZoneKey, &'l Labels)>,
        index: &ZoneIndex,
        settings: &Settings,
        clusters: &Clusters,
    ) {
        let claims = Claims::new(&settings.owners, clusters);
        let mut record_counts = RecordCounts::new(&claims, index.len());
        for (zone, labels) in ours {
            record_counts.add(&claims, zone, labels);
        }
        let waiting = Waiting::default();
        let stopped =
            stop(&settings.guard, &claims, index, &record_counts, &waiting, &mut self.rows);
        self.exceeded_limits = stopped.exceeded_limits;
    }
}
