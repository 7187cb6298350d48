//! Names whose objects have no address yet stay as they are.

use std::collections::HashMap;
use std::sync::Arc;

use extdns_model::{Record, Resource};
use smallvec::SmallVec;

use crate::claim::Claims;
use crate::decide::Name;
use crate::{Decision, Hold};

/// The objects that have no address yet, by the key of their name; each list in the order of the
/// objects.
pub(crate) struct Waiting<'a>(HashMap<String, SmallVec<[&'a Arc<Resource>; 1]>>);

impl<'a> Waiting<'a> {
    pub(crate) fn new(claims: &Claims<'a>) -> Self {
        let mut by_name: HashMap<String, SmallVec<[_; 1]>> = HashMap::new();
        let clusters = claims.clusters();
        let kept = clusters.unready().iter().filter(|_| clusters.keeps_unready());
        for unready in kept {
            let resources = by_name.entry(unready.name.key().into_owned()).or_default();
            resources.push(&unready.resource);
        }
        by_name.values_mut().for_each(|resources| resources.sort_unstable());
        Self(by_name)
    }

    /// Holds back what would change a record that belongs to the cluster of such an object; and
    /// where there is one, also what would come beside it.
    pub(crate) fn hold(
        &self,
        claims: &Claims<'_>,
        is_ours: impl Fn(&Record) -> bool,
        name: &Name<'_, '_>,
        decisions: &mut [Decision<'_>],
    ) {
        let Some(resources) = self.0.get(name.key) else { return };
        let holder = |record: &Record| {
            let claim = claims.of_record(&record.labels);
            resources.iter().find(|resource| claim.clusters.contains(resource.cluster)).copied()
        };
        let ours = || name.records.iter().map(|record| record.item).filter(|it| is_ours(it));
        let Some(first) = ours().find_map(holder) else { return };
        for decision in decisions {
            let resource = match decision.change.record() {
                Some(record) => holder(record),
                None => Some(first),
            };
            if let Some(resource) = resource {
                decision.hold(Hold::Unready { resource: Arc::clone(resource) });
            }
        }
    }
}
