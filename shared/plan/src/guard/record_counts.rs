//! How many records are ours, per zone and per cluster within a zone.

use extdns_model::{ClusterId, Labels, ZoneKey};
use smallvec::{SmallVec, smallvec};

use super::GuardKind;
use crate::claim::Claims;
use crate::{Cause, Decision, RecordChange, Row};

/// A column of a zone: the zone itself, then, if there are several, each cluster's part of it in
/// the order of the settings.
pub(super) type Column = usize;
/// The column of the zone itself.
pub(super) const WHOLE: Column = 0;
pub(super) type Columns = SmallVec<[Column; 4]>;

/// How many records are ours, by zone and column.
pub(crate) struct RecordCounts {
    clusters: Vec<ClusterId>,
    counts: Vec<usize>,
}

impl RecordCounts {
    pub(crate) fn new(claims: &Claims<'_>, zones: usize) -> Self {
        let ids = claims.clusters().iter().map(|cluster| cluster.id);
        // One cluster's part of a zone is the zone.
        let clusters = if ids.len() > 1 { ids.collect() } else { Vec::new() };
        let counts = vec![0; zones * (1 + clusters.len())];
        Self { clusters, counts }
    }

    /// Counts a record of ours.
    pub(crate) fn add(&mut self, claims: &Claims<'_>, zone: ZoneKey, labels: &Labels) {
        for column in self.columns(claims, labels) {
            let cell = self.cell(zone, column);
            self.counts[cell] += 1;
        }
    }

    pub(super) fn count(&self, zone: ZoneKey, column: Column) -> usize {
        self.counts[self.cell(zone, column)]
    }

    pub(super) fn width(&self) -> usize {
        1 + self.clusters.len()
    }

    pub(super) fn cells(&self) -> usize {
        self.counts.len()
    }

    pub(super) fn cell(&self, zone: ZoneKey, column: Column) -> usize {
        zone.0 as usize * self.width() + column
    }

    /// The cluster of a column; `None` for the zone itself.
    pub(super) fn cluster(&self, column: Column) -> Option<ClusterId> {
        column.checked_sub(1).map(|index| self.clusters[index])
    }

    /// The columns that a record counts in.
    pub(super) fn columns(&self, claims: &Claims<'_>, labels: &Labels) -> Columns {
        let mut columns: Columns = smallvec![WHOLE];
        if !self.clusters.is_empty() {
            let claim = claims.of_record(labels);
            let own = (1..).zip(&self.clusters).filter(|(_, id)| claim.clusters.contains(**id));
            columns.extend(own.map(|(column, _)| column));
        }
        columns
    }
}

/// The changes to the records of one name, counted for one column.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Score {
    /// Records that change.
    changed: usize,
    /// Records that give way to others, or move to another zone.
    replaced: usize,
    /// Records that are deleted without a replacement.
    gone: usize,
}

impl Score {
    /// How many records of a kind, given how many come at the name: a delete and a create of one
    /// name are one update.
    pub(super) fn count(self, kind: GuardKind, coming: usize) -> usize {
        let paired = self.gone.min(coming.saturating_sub(self.replaced));
        match kind {
            GuardKind::Deletes => self.gone - paired,
            GuardKind::Updates => self.changed + self.replaced + paired,
        }
    }

    /// Whether a decision of this name is held back with those of a kind.
    pub(super) fn concerns(self, kind: GuardKind, coming: usize, part: Part) -> bool {
        match (kind, part) {
            (GuardKind::Deletes, Part::Gone) => self.count(kind, coming) > 0,
            (GuardKind::Updates, Part::Changed | Part::Replaced) => true,
            (GuardKind::Updates, Part::Gone) => coming > self.replaced,
            (GuardKind::Deletes, Part::Changed | Part::Replaced) => false,
        }
    }
}

/// How a decision is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Changed,
    Replaced,
    Gone,
}

impl Part {
    /// What is carried out and does something to a record that is there. Ownership records do not
    /// count.
    pub(super) fn of(decision: &Decision<'_>) -> Option<Self> {
        if !decision.goes() {
            return None;
        }
        match (&decision.change, decision.cause) {
            (RecordChange::Create(_), _) => None,
            (RecordChange::Update { .. }, Cause::Differs(differences)) => {
                (!differences.only_ownership()).then_some(Self::Changed)
            }
            // The ownership record of a record that is released, beside values of others.
            (RecordChange::Update { .. }, Cause::Released) => Some(Self::Gone),
            (RecordChange::Update { .. }, _) => Some(Self::Changed),
            (RecordChange::Delete(_), Cause::GivesWay | Cause::Moves { .. }) => {
                Some(Self::Replaced)
            }
            (RecordChange::Delete(_), _) => Some(Self::Gone),
        }
    }
}

/// The scores of one name.
pub(super) struct Scores {
    /// How many records come.
    pub(super) coming: usize,
    by_column: SmallVec<[(Column, Score); 4]>,
}

impl Scores {
    pub(super) fn of(record_counts: &RecordCounts, claims: &Claims<'_>, row: &Row<'_>) -> Self {
        let is_coming = |decision: &&Decision<'_>| {
            decision.goes() && matches!(decision.change, RecordChange::Create(_))
        };
        let coming = row.decisions.iter().filter(is_coming).count();
        let mut scores = Self { coming, by_column: SmallVec::new() };
        for decision in &row.decisions {
            let (Some(part), Some(record)) = (Part::of(decision), decision.change.record()) else {
                continue;
            };
            for column in record_counts.columns(claims, &record.labels) {
                let score = scores.entry(column);
                match part {
                    Part::Changed => score.changed += 1,
                    Part::Replaced => score.replaced += 1,
                    Part::Gone => score.gone += 1,
                }
            }
        }
        scores
    }

    fn entry(&mut self, column: Column) -> &mut Score {
        let known = self.by_column.iter().position(|(own, _)| *own == column);
        let index = known.unwrap_or_else(|| {
            self.by_column.push((column, Score::default()));
            self.by_column.len() - 1
        });
        &mut self.by_column[index].1
    }

    pub(super) fn get(&self, column: Column) -> Score {
        let found = self.by_column.iter().find(|(own, _)| *own == column);
        found.map(|(_, score)| *score).unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Column, Score)> {
        self.by_column.iter().copied()
    }
}
