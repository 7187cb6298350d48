//! Names about which the provider's answer was incomplete stay as they are.

use std::collections::HashMap;

use ecow::EcoString;
use extdns_model::Kept;

use crate::{Decision, Hold};

/// Why names are kept, by their key.
pub(crate) struct KeptNames<'a>(HashMap<String, &'a str>);

impl<'a> KeptNames<'a> {
    pub(crate) fn new(kept: &'a [Kept]) -> Self {
        Self(kept.iter().map(|kept| (kept.name.key().into_owned(), &*kept.reason)).collect())
    }

    /// Holds back what would change or remove a record of such a name.
    pub(crate) fn hold(&self, key: &str, decisions: &mut [Decision<'_>]) {
        let Some(reason) = self.0.get(key) else { return };
        for decision in decisions.iter_mut().filter(|decision| decision.goes()) {
            if decision.change.record().is_some() {
                decision.hold(Hold::Kept { reason: EcoString::from(*reason) });
            }
        }
    }
}
