//! Names about which the provider's answer was incomplete stay as they are.

use std::collections::HashMap;

use ecow::EcoString;
use extdns_model::Kept;

use crate::{Decision, Hold, RecordChange};

/// Why names are kept, by their key.
pub(crate) struct KeptNames<'a>(HashMap<String, &'a str>);

impl<'a> KeptNames<'a> {
    pub(crate) fn new(kept: &'a [Kept]) -> Self {
        Self(kept.iter().map(|kept| (kept.name.key().into_owned(), &*kept.reason)).collect())
    }

    /// Holds back what would remove a record of such a name. What the answer does have of it goes
    /// on: a provider that never stores one type must not keep the others from their updates.
    pub(crate) fn hold(&self, key: &str, decisions: &mut [Decision<'_>]) {
        let Some(reason) = self.0.get(key) else { return };
        for decision in decisions.iter_mut().filter(|decision| decision.goes()) {
            if matches!(decision.change, RecordChange::Delete(_)) {
                decision.hold(Hold::Kept { reason: EcoString::from(*reason) });
            }
        }
    }
}
