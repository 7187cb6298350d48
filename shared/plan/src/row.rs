//! Everything that is to be done about one name.

use ecow::EcoString;
use extdns_model::ZoneKey;

use crate::{Cause, Decision};

/// Everything about one name in one zone.
#[derive(Debug)]
pub struct Row<'a> {
    /// The zone.
    pub zone: ZoneKey,
    /// The name's key.
    pub name: EcoString,
    /// What is to be done about its record sets: deletes first, then creates and updates, by set
    /// identifier and type.
    pub decisions: Vec<Decision<'a>>,
}

impl Row<'_> {
    /// Holds back what shares a unit with something that is held back. To be called after every
    /// stage that holds decisions back: units are done together or not at all.
    pub fn close_units(&mut self) {
        crate::unit::close(&mut self.decisions);
    }

    /// Whether its name moves to another zone. Such a row only removes records.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.decisions.iter().any(|decision| matches!(decision.cause, Cause::Moves { .. }))
    }
}
