//! The changes of a zone in the order in which people read them: what goes first, then what failed, changes, comes, and
//! is held back. A reason that several lines share is said once above them.

use std::collections::HashMap;

use super::line::{Line, Sign};
use super::{ReportedChange, ZoneReport};

/// So many lines with one reason stand below it.
const SHARED: usize = 3;

/// Lines of one sign.
pub(super) struct Section {
    pub(super) sign: Sign,
    /// Why all of them are as they are, where they share that; no line says it again.
    pub(super) reason: Option<String>,
    pub(super) lines: Vec<Line>,
}

impl Section {
    /// `nothing wants it any more (12 records):`
    pub(super) fn heading(&self) -> Option<String> {
        let reason = self.reason.as_ref()?;
        Some(format!("{reason} ({} records):", self.lines.len()))
    }
}

/// The sections of a zone. Within one, lines stand in the order of the plan.
pub(super) fn of_zone(zone: &ZoneReport) -> Vec<Section> {
    of(zone.changes.iter())
}

fn of<'a>(changes: impl Iterator<Item = &'a ReportedChange>) -> Vec<Section> {
    let mut by_sign: [Vec<Line>; Sign::ORDER.len()] = Default::default();
    for line in changes.filter_map(Line::of) {
        by_sign[line.sign.rank()].push(line);
    }
    let signs = Sign::ORDER.into_iter().zip(by_sign);
    signs.flat_map(|(sign, lines)| by_reason(sign, lines)).collect()
}

/// Lines with a reason of their own, then those of each reason that is shared.
fn by_reason(sign: Sign, lines: Vec<Line>) -> impl Iterator<Item = Section> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in lines.iter().filter(|line| !line.reason.is_empty()) {
        *counts.entry(line.reason.clone()).or_default() += 1;
    }
    let mut own = Vec::new();
    let mut shared: Vec<Section> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for mut line in lines {
        if counts.get(&line.reason).is_none_or(|count| *count < SHARED) {
            own.push(line);
            continue;
        }
        let reason = std::mem::take(&mut line.reason);
        let place = *places.entry(reason).or_insert_with_key(|reason| {
            shared.push(Section { sign, reason: Some(reason.clone()), lines: Vec::new() });
            shared.len() - 1
        });
        shared[place].lines.push(line);
    }
    let own = (!own.is_empty()).then_some(Section { sign, reason: None, lines: own });
    own.into_iter().chain(shared)
}
