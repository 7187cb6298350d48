//! Records for objects of a kind that no source of the run reads: they go because of a flag, and not because the objects
//! have gone.

use std::collections::BTreeMap;

use extdns_plan::{DecisionState, Plan, RecordChange};
use extdns_sources::source_of;

use super::Notice;
use super::listing::first_few;

/// How many names are shown.
const SHOWN: usize = 5;

/// The records of one kind of object.
#[derive(Default)]
struct Leaving<'a> {
    names: Vec<&'a str>,
    /// How many of them are held back.
    held: usize,
}

/// A notice for each source that is not configured although a plan would delete what it made.
pub(crate) fn of_absent_sources(plan: &Plan<'_>, configured: &[&str]) -> Vec<Notice> {
    let mut leaving: BTreeMap<&str, Leaving<'_>> = BTreeMap::new();
    for decision in plan.decisions().map(|(_, decision)| decision) {
        let RecordChange::Delete(record) = decision.change else { continue };
        let source = record.labels.resource().and_then(source_of);
        let Some(source) = source.filter(|source| !configured.contains(source)) else { continue };
        let of_source = leaving.entry(source).or_default();
        of_source.names.push(record.set.name.as_str());
        of_source.held += usize::from(decision.state != DecisionState::Go);
    }
    leaving.into_iter().map(|(source, leaving)| leaving.notice(source)).collect()
}

impl Leaving<'_> {
    fn notice(&self, source: &str) -> Notice {
        let count = self.names.len();
        let records = if count == 1 { "1 record".to_owned() } else { format!("{count} records") };
        let names = first_few(self.names.iter().copied(), count, SHOWN, ", ");
        let held = match self.held {
            0 => String::new(),
            held => format!(" ({held} of them held back)"),
        };
        Notice {
            subject: format!("source {source}"),
            message: format!(
                "{records} of its objects would go{held}, because it is not among the sources of this run \
                 (--source={source}): {names}"
            ),
        }
    }
}
