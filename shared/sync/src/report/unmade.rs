//! Counts what is wanted and does not become a record, beside the changes that are held back.

use std::collections::HashSet;

use extdns_model::{DomainFilter, Endpoint, Name, ZoneIndex};
use extdns_plan::{Hold, Plan};
use extdns_providers::{Adaptation, AdaptationKind};
use extdns_registry::Annotated;
use extdns_sources::Dropped;

use super::{ChangeResult, Report, ReportedChange, Unmade};

impl Unmade {
    /// Counts what came to nothing before the plan.
    pub(crate) fn before_plan<'a>(
        dropped: impl Iterator<Item = &'a Dropped> + Clone,
        notes: &[Adaptation],
    ) -> Self {
        let of = |kind| {
            let notes = notes.iter().filter(move |note| note.kind == kind);
            distinct(notes.map(|note| note.name.as_str()))
        };
        let names = dropped.clone().filter_map(|dropped| dropped.name.as_deref());
        let objects = dropped.filter(|dropped| dropped.name.is_none());
        Self {
            invalid: distinct(names) + objects.count(),
            refused: of(AdaptationKind::Dropped),
            unanswered: of(AdaptationKind::Missing),
            ..Self::default()
        }
    }

    /// Notes whether the filter leaves every zone out, as a mistyped one does.
    pub(crate) fn within(self, index: &ZoneIndex, filter: &DomainFilter) -> Self {
        // The root, as which a webhook without zones counts, is a parent of every name.
        let in_scope =
            |name: &Name| name.is_empty() || filter.matches(name) || filter.matches_parent(name);
        Self { nowhere: !index.iter().any(|(_, zone)| in_scope(&zone.name)), ..self }
    }

    /// Adds what the plan has no place for.
    pub(super) fn with_plan(
        self,
        plan: &Plan<'_>,
        desired: &[Endpoint],
        annotated: &Annotated,
    ) -> Self {
        let index = &annotated.inventory.index;
        let has_zone =
            |endpoint: &Endpoint| !index.route(&endpoint.set.name.key(), None).is_empty();
        let may_be_nowhere = index.is_empty() || !plan.unrouted.is_empty();
        Self {
            no_zone: distinct(plan.unrouted.iter().map(|endpoint| endpoint.set.name.as_str())),
            contested: distinct(plan.losers.iter().map(|lost| lost.endpoint.set.name.as_str())),
            unmanaged: plan.unmanaged.iter().map(|of_type| of_type.count).sum(),
            nowhere: !desired.is_empty()
                && (self.nowhere || may_be_nowhere && !desired.iter().any(has_zone)),
            unselected: self.unselected && desired.is_empty(),
            ..self
        }
    }

    /// Each reason that there is, as a fragment: `4 names lie in no zone`.
    pub(super) fn fragments(&self, report: &Report) -> Vec<String> {
        let counts = [
            (self.no_zone, "lies in no zone", "lie in no zone"),
            (self.no_target, "belongs to no target", "belong to no target"),
            (distinct(unowned(report).filter_map(name)), "cannot be owned", "cannot be owned"),
            (self.invalid, "cannot be a record", "cannot be records"),
            (self.refused, "cannot be stored", "cannot be stored"),
            (
                self.unanswered,
                "is missing in the provider's answer",
                "are missing in the provider's answer",
            ),
            (self.contested, "is wanted by several objects", "are wanted by several objects"),
        ];
        let shown = counts.into_iter().filter(|(count, ..)| *count > 0);
        let names = shown.map(|(count, one, many)| match count {
            1 => format!("1 name {one}"),
            _ => format!("{count} names {many}"),
        });
        let unmanaged = match self.unmanaged {
            0 => None,
            1 => Some("1 record is of a type that is not managed".to_owned()),
            count => Some(format!("{count} records are of types that are not managed")),
        };
        names.chain(unmanaged).collect()
    }
}

/// The changes for whose ownership records there is no place.
pub(super) fn unowned(report: &Report) -> impl Iterator<Item = &ReportedChange> {
    report
        .changes()
        .filter(|change| matches!(change.result, ChangeResult::Held(Hold::CannotBeOwned { .. })))
}

fn name(change: &ReportedChange) -> Option<&str> {
    Some(change.set()?.name.as_str())
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.collect::<HashSet<_>>().len()
}
