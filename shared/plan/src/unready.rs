//! Names whose objects have no address yet stay as they are.

use std::collections::HashMap;
use std::sync::Arc;

use extdns_model::{Record, Resource};
use smallvec::SmallVec;

use crate::claim::Claims;
use crate::runs::Name;
use crate::{Decision, Hold};

/// The objects that have no address yet, by the key of their name; each list in the order of the
/// objects.
#[derive(Default)]
pub(crate) struct Waiting<'a> {
    by_name: HashMap<String, SmallVec<[&'a Arc<Resource>; 1]>>,
    /// Whether their names stay as they are.
    kept: bool,
}

impl<'a> Waiting<'a> {
    pub(crate) fn new(claims: &Claims<'a>) -> Self {
        let mut by_name: HashMap<String, SmallVec<[_; 1]>> = HashMap::new();
        let clusters = claims.clusters();
        for unready in clusters.unready() {
            let resources = by_name.entry(unready.name.key().into_owned()).or_default();
            resources.push(&unready.resource);
        }
        by_name.values_mut().for_each(|resources| resources.sort_unstable());
        Self { by_name, kept: clusters.keeps_unready() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The objects of a name, given by its key.
    pub(crate) fn of(&self, key: &str) -> &[&'a Arc<Resource>] {
        self.by_name.get(key).map_or(&[], |resources| resources)
    }

    /// Where names are kept, holds back what would change a record that belongs to the cluster of
    /// such an object; and where there is one, also what would come beside it.
    pub(crate) fn hold(
        &self,
        claims: &Claims<'_>,
        is_ours: impl Fn(&Record) -> bool,
        name: &Name<'_, '_>,
        decisions: &mut [Decision<'_>],
    ) {
        let resources = self.of(name.key);
        if resources.is_empty() || !self.kept {
            return;
        }
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
