//! `--default-targets`: targets for endpoints that have none.

use extdns_model::{Endpoint, RecordType};

use crate::records::TargetGroups;

use super::desired::Desired;

/// Gives the default targets to endpoints without targets, or (forced) to every address or alias
/// record. The types follow the targets, so one endpoint can become several; everything else stays.
pub(super) fn apply(desired: &mut Desired, defaults: &TargetGroups, force: bool) {
    if defaults.is_empty() {
        return;
    }
    let mut kept_own = 0_usize;
    let endpoints = std::mem::take(&mut desired.endpoints);
    desired.endpoints.reserve(endpoints.len());
    for endpoint in endpoints {
        if endpoint.set.targets.is_empty() || (force && takes_force(&endpoint)) {
            desired.endpoints.extend(filled(&endpoint, defaults));
        } else {
            kept_own += 1;
            desired.endpoints.push(endpoint);
        }
    }
    if kept_own > 0 {
        tracing::warn!(
            endpoints = kept_own,
            "endpoints keep their own targets: --default-targets is for those that have none"
        );
    }
}

fn takes_force(endpoint: &Endpoint) -> bool {
    matches!(endpoint.set.rtype, RecordType::A | RecordType::Aaaa | RecordType::Cname)
}

fn filled(endpoint: &Endpoint, defaults: &TargetGroups) -> impl Iterator<Item = Endpoint> {
    defaults.iter().map(|(rtype, targets)| {
        let mut filled = endpoint.clone();
        filled.set.rtype = rtype;
        filled.set.targets = targets.clone();
        filled
    })
}
