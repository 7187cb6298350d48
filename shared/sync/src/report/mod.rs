//! What a run found, wanted and did, as a value of its own: everything that is rendered, logged
//! or counted comes from here.

mod build;
mod log;
mod summary;
#[cfg(test)]
mod tests;
mod text;

pub use build::{Context, applied, planned};
pub(crate) use build::{adaptation, dropped};
pub use summary::{Severity, Summary};
pub use text::{Palette, render_text};

use extdns_model::{Outcome, RecordSet};
use extdns_plan::{Cause, Hold};

/// A run's result.
#[derive(Debug, Default)]
pub struct Report {
    /// Whether the changes were only planned.
    pub planned_only: bool,
    /// The zones, in order.
    pub zones: Vec<ZoneReport>,
    /// Things that somebody should look at although they are no change.
    pub notices: Vec<Notice>,
    /// Operations at the provider: their names, and how often each was called.
    pub calls: Vec<(String, u64)>,
}

/// One zone.
#[derive(Debug)]
pub struct ZoneReport {
    /// Its name, or its id where it has none.
    pub zone: String,
    /// How many record sets it held, without ownership records.
    pub records: usize,
    /// Why it could not be read.
    pub unreadable: Option<String>,
    /// What was decided about its names.
    pub changes: Vec<ReportedChange>,
}

/// One record set that is to change, or that is held back.
#[derive(Debug)]
pub struct ReportedChange {
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// As it was.
    pub before: Option<RecordSet>,
    /// As it shall be.
    pub after: Option<RecordSet>,
    /// The object that wants it (or wanted it, for a delete), where it is known.
    pub resource: Option<String>,
    /// The cluster of that object, where there are several.
    pub cluster: Option<String>,
    /// Why.
    pub cause: Cause,
    /// What became of it.
    pub result: ChangeResult,
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// Something new.
    Create,
    /// Something else than before.
    Update,
    /// Something gone.
    Delete,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeResult {
    /// It was not tried: this run only plans.
    Planned,
    /// It was held back.
    Held(Hold),
    /// It was sent.
    Sent(Outcome),
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about: a resource, a record, a zone.
    pub subject: String,
    /// What is the matter, and the remedy.
    pub message: String,
}

impl ReportedChange {
    /// The record set that the change is about: as it shall be, else as it was.
    #[must_use]
    pub fn set(&self) -> Option<&RecordSet> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

impl Report {
    /// Every change of every zone.
    pub fn changes(&self) -> impl Iterator<Item = &ReportedChange> {
        self.zones.iter().flat_map(|zone| &zone.changes)
    }
}
