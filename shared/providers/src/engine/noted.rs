//! What a read of a zone has learnt beside its records.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ecow::EcoString;
use extdns_model::Zone;

/// What the last read of each zone has learnt, for questions about the zone that come later in the run: what stands in
/// the way of a write, say.
#[derive(Debug)]
pub struct Noted<T>(Mutex<HashMap<EcoString, T>>);

impl<T> Default for Noted<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Noted<T> {
    /// Takes the place of what was noted of the zone before.
    pub fn note(&self, zone: &Zone, learnt: T) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(zone.id.clone(), learnt);
    }

    /// What is noted of the zone says this; `None` where it was not read yet.
    pub fn of<R>(&self, zone: &Zone, say: impl FnOnce(&T) -> R) -> Option<R> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&zone.id).map(say)
    }
}

#[cfg(test)]
mod tests {
    use extdns_model::Name;

    use super::*;

    #[test]
    fn each_zone_has_what_its_last_read_has_learnt() {
        let zone = |id: &str| Zone::new(id, Name::as_listed("example.org"));
        let noted = Noted::default();
        assert_eq!(noted.of(&zone("a"), |it: &i32| *it), None);
        noted.note(&zone("a"), 1);
        noted.note(&zone("b"), 2);
        noted.note(&zone("a"), 3);
        assert_eq!(["a", "b"].map(|id| noted.of(&zone(id), |it| *it)), [Some(3), Some(2)]);
    }
}
