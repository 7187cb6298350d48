//! No ownership: every record in scope counts as ours.

use extdns_model::{Endpoint, Inventory, LabelKey, Labels, Owners};
use extdns_plan::{Plan, RecordChange};

use crate::groups::record_change;
use crate::{Annotated, Groups, Loaded, Registry};

/// The registry that keeps no owners.
pub(crate) struct Noop {
    owners: Owners,
}

impl Noop {
    pub(crate) fn new() -> Self {
        Self { owners: Owners::none() }
    }
}

impl Registry for Noop {
    fn owners(&self) -> &Owners {
        &self.owners
    }

    fn labels(&self, endpoint: &Endpoint) -> Labels {
        endpoint.all_labels()
    }

    fn annotate(&self, inventory: Inventory, _: Loaded) -> Annotated {
        Annotated::without_ownership_records(inventory)
    }

    fn decorate(
        &self,
        plan: &mut Plan<'_>,
        annotated: &Annotated,
        _: &extdns_plan::Refusal<'_>,
    ) -> Groups {
        Groups::of_records(plan, &annotated.inventory.index, |decision| {
            record_change(decision, labels(&decision.change))
        })
    }
}

/// Labels as the connector protocol shows them. A provider that keeps owners itself may have named
/// one: an update hands it on.
fn labels(change: &RecordChange<'_>) -> Labels {
    let mut labels = change.endpoint().map(extdns_model::Endpoint::all_labels).unwrap_or_default();
    if let RecordChange::Update { record, .. } = change {
        labels.set(LabelKey::OWNER, record.labels.owner().unwrap_or_default());
    }
    labels
}
