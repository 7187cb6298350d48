//! Undoing a reported run: everything is wanted as it is, but what the run changed, which is wanted
//! as it was before. The ordinary plan does the rest, under the ordinary rules.

mod ours;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use extdns_model::{Endpoint, Labels, Name, Record, RecordSet, RecordType, Zone, ZoneKey};
use extdns_plan::Plan;
use extdns_registry::Annotated;

pub use self::ours::Ours;
use self::state::State;
use crate::report::Notice;
use crate::report::document::{self, Change, Document, Outcome};

/// What a run that undoes another one wants.
#[derive(Debug, Default)]
pub struct Revert {
    /// Every record that is ours, as it is or as it was. They are to go to the plan as they are,
    /// without the pipeline of sources: one name may be wanted in each of several zones.
    pub endpoints: Vec<Endpoint>,
    /// What is not undone, and what to know about the rest.
    pub notices: Vec<Notice>,
    /// The names that the run changed.
    names: BTreeMap<ZoneKey, BTreeSet<String>>,
}

/// What to know about every revert.
const REDONE: &str = "the next sync does these changes again while the cluster still wants them; \
                      change the objects too, or suspend the sync";

/// What undoes a reported run, given what the zones of a target hold now: what the run did there. A target
/// without a name is the only one, and has all of it.
#[must_use]
pub fn revert(
    report: &Document,
    target: Option<&str>,
    annotated: &Annotated,
    ours: Ours<'_>,
) -> Revert {
    let mut revert = Revert::default();
    let changes = report.changes(target);
    let mut touched = touched(changes, annotated, &mut revert.notices);
    for (zone, record) in annotated.inventory.records().filter(|(_, record)| ours.own(record)) {
        let names = touched.get_mut(&zone);
        match names.and_then(|names| names.get_mut(&*record.set.name.key())) {
            Some(name) => name.records.push(record),
            None => revert.endpoints.push(ours.kept(record, annotated.inventory.index.zone(zone))),
        }
    }
    if touched.is_empty() {
        let message = "it has no change that was made, so there is nothing to undo";
        revert.notices.push(notice("the report", message));
    } else {
        revert.notices.push(notice("revert", REDONE));
    }
    for (zone, names) in touched {
        for name in names.values() {
            name.undo(ours, annotated.inventory.index.zone(zone), &mut revert);
        }
        revert.names.insert(zone, names.into_keys().collect());
    }
    revert
}

impl Revert {
    /// Leaves in a plan only what is about names that the run changed: other changes are not
    /// part of undoing it.
    pub fn narrow(&self, plan: &mut Plan<'_>) {
        plan.rows.retain(|row| {
            self.names.get(&row.zone).is_some_and(|names| names.contains(row.name.as_str()))
        });
    }
}

/// A name that the run changed, with what is there now.
#[derive(Default)]
struct Touched<'a> {
    changes: Vec<&'a Change>,
    records: Vec<&'a Record>,
}

type TouchedNames<'a> = BTreeMap<ZoneKey, BTreeMap<String, Touched<'a>>>;

/// The names that the run changed, or may have, in zones that could be read.
fn touched<'a>(
    changes: impl Iterator<Item = (&'a document::Zone, &'a Change)>,
    annotated: &Annotated,
    notices: &mut Vec<Notice>,
) -> TouchedNames<'a> {
    let mut names = TouchedNames::new();
    for (zone, change) in changes.filter(|(_, change)| may_have_been_made(change)) {
        match zone_of_change(zone, change, annotated) {
            Ok(zone) => {
                let name = Name::as_listed(&change.name).key().into_owned();
                names.entry(zone).or_default().entry(name).or_default().changes.push(change);
            }
            Err(why) => notices.push(notice(&change.name, &format!("not undone: {why}"))),
        }
    }
    names
}

/// The zone in which a change is undone, or why it is not.
fn zone_of_change(
    zone: &document::Zone,
    change: &Change,
    annotated: &Annotated,
) -> Result<ZoneKey, &'static str> {
    let inventory = &annotated.inventory;
    let key = inventory.index.by_id(&zone.id).ok_or("its zone is not among those of this run")?;
    if !inventory.is_readable(key) {
        return Err("its zone could not be read");
    }
    if is_ownership(change) {
        return Err("an ownership record is not made again without its record");
    }
    Ok(key)
}

/// Whether a change is one of those that `gc` makes.
fn is_ownership(change: &Change) -> bool {
    let texts = change.before.iter().flat_map(|before| &before.targets);
    change.r#type == RecordType::Txt.to_string()
        && texts.map(String::as_str).any(|text| Labels::parse(text).is_ok())
}

fn may_have_been_made(change: &Change) -> bool {
    matches!(change.outcome, Outcome::Applied | Outcome::Partial | Outcome::Unknown)
}

impl Touched<'_> {
    /// A name is undone as a whole or not at all.
    fn undo(&self, ours: Ours<'_>, zone: &Zone, revert: &mut Revert) {
        let endpoints = &mut revert.endpoints;
        let states: Result<Vec<State<'_>>, String> =
            self.changes.iter().map(|change| State::of(ours, change, self.now(change))).collect();
        let states = match states {
            Ok(states) => states,
            Err(why) => {
                endpoints.extend(self.records.iter().map(|record| ours.kept(record, zone)));
                let name = self.changes.first().map_or("", |change| change.name.as_str());
                revert.notices.push(notice(name, &format!("not undone: {why}")));
                return;
            }
        };
        let untouched = self
            .records
            .iter()
            .filter(|record| !self.changes.iter().any(|change| is_about(change, &record.set)));
        endpoints.extend(untouched.map(|record| ours.kept(record, zone)));
        for (change, state) in self.changes.iter().zip(states) {
            match state {
                State::Done => match &change.before {
                    None => {}
                    Some(before) => match ours.restored(change, before, zone) {
                        Some(endpoint) => endpoints.push(endpoint),
                        None => revert.notices.push(unreadable(change)),
                    },
                },
                State::Undone(record) => {
                    endpoints.extend(record.map(|record| ours.kept(record, zone)));
                }
            }
        }
    }

    /// What is there now of what a change is about.
    fn now(&self, change: &Change) -> Option<&Record> {
        self.records.iter().copied().find(|record| is_about(change, &record.set))
    }
}

fn is_about(change: &Change, set: &RecordSet) -> bool {
    set.rtype.to_string() == change.r#type
        && set.set_identifier() == change.set_identifier.as_deref().unwrap_or_default()
}

fn unreadable(change: &Change) -> Notice {
    let message = format!("not undone: {:?} is no record type", change.r#type);
    notice(&change.name, &message)
}

fn notice(subject: &str, message: &str) -> Notice {
    Notice { subject: subject.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::RecordState;

    #[test]
    fn what_gc_removed_is_no_record_to_make_again() {
        let change = |rtype: &str, text: &str| Change {
            action: document::Action::Delete,
            name: "a-www.example.org".to_owned(),
            r#type: rtype.to_owned(),
            set_identifier: None,
            before: Some(RecordState {
                ttl: None,
                targets: vec![text.to_owned()],
                properties: BTreeMap::new(),
                labels: BTreeMap::new(),
            }),
            after: None,
            cause: document::Cause::Unwanted,
            moves_to: None,
            reason: String::new(),
            resource: None,
            also_wanted_by: Vec::new(),
            cluster: None,
            outcome: Outcome::Applied,
            hold: None,
            message: None,
        };
        let heritage = "\"heritage=external-dns,external-dns/owner=me\"";
        let table = [("TXT", heritage, true), ("TXT", "\"hello\"", false), ("A", heritage, false)];
        for (rtype, text, expected) in table {
            assert_eq!(is_ownership(&change(rtype, text)), expected, "{rtype} {text}");
        }
    }
}
