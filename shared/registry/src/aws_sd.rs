//! Ownership in the descriptions of Cloud Map's services, for the provider `aws-sd` alone.
//!
//! Example, with the owner id `me`: the A record of `www.example.org` is ours because its service has this description.
//!
//! ```text
//! heritage=external-dns,external-dns/owner=me,external-dns/resource=service/default/web
//! ```
//!
//! The provider hands the description over in a label of the record, both ways. A description that is no such text
//! is somebody else's, and so is the record.

use extdns_model::{Endpoint, Inventory, LabelKey, Labels, Owners, Refresh};
use extdns_plan::Plan;

use crate::groups::whole_change;
use crate::{Annotated, Groups, Loaded, Registry};

/// The registry in descriptions.
pub(crate) struct AwsSd {
    owners: Owners,
}

impl AwsSd {
    pub(crate) fn new(owners: Owners) -> Self {
        Self { owners }
    }

    /// What a change carries: the labels, and the description that says them.
    fn described(&self, endpoint: &Endpoint) -> Labels {
        let mut labels = self.labels(endpoint);
        let text = labels.to_text();
        labels.set(LabelKey::AWS_SD_DESCRIPTION, text);
        labels
    }
}

impl Registry for AwsSd {
    fn owners(&self) -> &Owners {
        &self.owners
    }

    fn labels(&self, endpoint: &Endpoint) -> Labels {
        self.owners.stamp(endpoint)
    }

    fn annotate(&self, mut inventory: Inventory, _: Loaded) -> Annotated {
        for record in inventory.zones.iter_mut().flat_map(|zone| zone.records.iter_mut().flatten())
        {
            let description = record.labels.remove(LabelKey::AWS_SD_DESCRIPTION);
            let description = description.unwrap_or_default();
            record.labels = Labels::parse(&description).unwrap_or_default();
            let is_old = record.labels.owner().is_some_and(|id| self.owners.is_migrating(id));
            record.set_refresh(is_old.then_some(Refresh::Migrate));
        }
        Annotated::without_ownership_records(inventory)
    }

    fn decorate(
        &self,
        plan: &mut Plan<'_>,
        annotated: &Annotated,
        _: &extdns_plan::Refusal<'_>,
    ) -> Groups {
        Groups::of_records(plan, &annotated.inventory.index, |decision| {
            let labels = decision.change.endpoint().map(|own| self.described(own));
            Some(whole_change(decision, labels.unwrap_or_default()))
        })
    }
}
