//! Ours beside upstream's.

use std::collections::BTreeSet;

use crate::case::{Case, Changes, Entry};
use crate::deviations::{Deviations, Key};

/// What came of one case.
#[derive(Default)]
pub(crate) struct Comparison {
    /// Changes that both make.
    pub agreed: usize,
    /// Differences that no deviation explains.
    pub problems: Vec<String>,
}

const LISTS: [&str; 4] = ["create", "updateOld", "updateNew", "delete"];

impl Comparison {
    /// A plan agrees if it makes every certain change and none that is neither certain nor
    /// possible, and fails where upstream failed.
    pub(crate) fn of(case: &Case, ours: &Option<Changes>, deviations: &Deviations) -> Self {
        let mut result = Self::default();
        if ours.is_none() != case.fails() {
            let who = if case.fails() { "upstream" } else { "ours" };
            result.problems.push(format!("{}: only {who} fails", case.name));
        }
        let Some(ours) = ours else { return result };
        for list in LISTS {
            let ours = ours.get(list).map_or(&[][..], Vec::as_slice);
            result.list(case, list, ours, deviations);
        }
        result
    }

    fn list(&mut self, case: &Case, list: &str, ours: &[Entry], deviations: &Deviations) {
        let (certain, possible) = (case.certain(list), case.possible(list));
        let entries = ours.iter().chain(certain).chain(possible);
        let keys: BTreeSet<Key> = entries.map(|entry| Key::of(&case.name, list, entry)).collect();
        for key in keys {
            let of_key = |entries: &[Entry]| {
                let mut own: Vec<Entry> = entries
                    .iter()
                    .filter(|entry| Key::of(&case.name, list, entry) == key)
                    .cloned()
                    .collect();
                own.sort();
                own
            };
            let (ours, certain, possible) = (of_key(ours), of_key(certain), of_key(possible));
            let agrees = certain.iter().all(|entry| ours.contains(entry))
                && ours.iter().all(|entry| certain.contains(entry) || possible.contains(entry));
            if agrees {
                self.agreed += ours.len();
            } else if !deviations.explain(&key, &ours) {
                self.problems.push(format!(
                    "{key}\n    ours     {}\n    certain  {}\n    possible {}",
                    text(&ours),
                    text(&certain),
                    text(&possible)
                ));
            }
        }
    }
}

/// Entries of one key, as `deviations.toml` writes them.
pub(crate) fn text(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "none".to_owned();
    }
    entries.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
}
