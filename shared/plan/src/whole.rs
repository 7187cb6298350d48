//! Names are held back as a whole: what stays decides what can come.
//!
//! Example: `shop` has an address of the cluster `east`, which could not be read, so its delete is
//! held. The cluster `west` wants another address for the name. It is not known whether `east`
//! still wants `shop`, so [`close`] holds the create of `west` too, for the same reason. A create
//! of `east` itself would go on, unless it could not stand beside the address.
//!
//! ```text
//! before  - shop A    192.0.2.1    (east)  held: east is frozen
//!         + shop AAAA 2001:db8::1  (west)  go
//! after   - shop A    192.0.2.1    (east)  held: east is frozen
//!         + shop AAAA 2001:db8::1  (west)  held: east is frozen
//! ```

use extdns_model::{Endpoint, Record};
use smallvec::SmallVec;

use crate::claim::Claims;
use crate::conflict::excludes;
use crate::{Decision, Hold, RecordChange};

/// Closes a row after a stage that held back deletes and updates: where a record stays that was to
/// go or to change, a create that cannot stand beside it is held back for the same reason, and so
/// is every create by another cluster; and with each decision its unit.
pub(crate) fn close(claims: &Claims<'_>, decisions: &mut [Decision<'_>]) {
    if !decisions.iter().filter_map(Decision::held).any(keeps_name) {
        return;
    }
    loop {
        crate::unit::close(decisions);
        let refused: SmallVec<[(usize, Hold); 4]> = decisions
            .iter()
            .enumerate()
            .filter(|(_, decision)| decision.goes())
            .filter_map(|(index, decision)| Some((index, refusal(claims, decision, decisions)?)))
            .collect();
        if refused.is_empty() {
            return;
        }
        for (index, hold) in refused {
            decisions[index].hold(hold);
        }
    }
}

/// Why a create cannot be, given what is held back.
fn refusal(claims: &Claims<'_>, create: &Decision<'_>, decisions: &[Decision<'_>]) -> Option<Hold> {
    let RecordChange::Create(endpoint) = create.change else { return None };
    decisions.iter().find_map(|decision| {
        let hold = decision.held()?;
        let record = decision.change.record()?;
        if excludes(&record.set, &endpoint.set) {
            return Some(if keeps_name(hold) { hold.clone() } else { Hold::Coexistence });
        }
        let by_another = keeps_name(hold) && is_by_another(claims, record, endpoint);
        by_another.then(|| hold.clone())
    })
}

/// Whether a hold is about the whole name.
fn keeps_name(hold: &Hold) -> bool {
    matches!(
        hold,
        Hold::Frozen { .. }
            | Hold::UnknownCluster { .. }
            | Hold::Unready { .. }
            | Hold::Outage { .. }
            | Hold::Kept { .. }
            | Hold::Protected { .. }
            | Hold::Guarded { .. }
    )
}

fn is_by_another(claims: &Claims<'_>, record: &Record, endpoint: &Endpoint) -> bool {
    let theirs = claims.of_record(&record.labels);
    claims.clusters().iter().len() > 0 && !claims.of_endpoint(endpoint).intersects(&theirs.clusters)
}
