//! The stage of the guard: it comes after all others, over what would be carried out.

use extdns_model::ZoneIndex;

use super::judge::{Judge, NAMES};
use super::record_counts::{Column, Part, RecordCounts, Scores};
use super::{ExceededLimit, Guard, Outage};
use crate::claim::Claims;
use crate::unready::Waiting;
use crate::{Hold, Row};

/// What the guard found.
#[derive(Default)]
pub(crate) struct Stopped {
    pub(crate) exceeded_limits: Vec<ExceededLimit>,
    pub(crate) outages: Vec<Outage>,
}

/// Holds back what exceeds a limit: everything of its kind in the target, in a zone, or of a
/// cluster in it; and before that, what is deleted only because too many objects lost their
/// address.
pub(crate) fn stop(
    guard: &Guard,
    claims: &Claims<'_>,
    index: &ZoneIndex,
    record_counts: &RecordCounts,
    waiting: &Waiting<'_>,
    rows: &mut [Row<'_>],
) -> Stopped {
    if guard.disabled {
        return Stopped::default();
    }
    let judge = |rows: &[Row<'_>]| Judge::new(guard, claims, index, record_counts, rows);
    let mut outages = Vec::new();
    if !waiting.is_empty() {
        outages = judge(rows).hold_outages(waiting, rows);
    }
    let judge = judge(rows);
    let mut exceeded_limits = judge.exceeded_limits();
    if !exceeded_limits.is_empty() {
        for row in rows {
            hold(&judge, &mut exceeded_limits, row);
        }
    }
    Stopped {
        exceeded_limits: exceeded_limits.into_iter().map(|(_, exceeded)| exceeded).collect(),
        outages,
    }
}

/// Holds back what exceeds a limit in one row, and notes its name.
fn hold(judge: &Judge<'_>, exceeded_limits: &mut [(Column, ExceededLimit)], row: &mut Row<'_>) {
    let Judge { claims, record_counts, .. } = *judge;
    // Those of the target come first, then those of zones in their order.
    let (of_target, of_zones) = exceeded_limits.split_at_mut(
        exceeded_limits.partition_point(|(_, exceeded)| exceeded.scope.zone().is_none()),
    );
    let first = of_zones.partition_point(|(_, exceeded)| exceeded.scope.zone() < Some(row.zone));
    let of_zone = of_zones[first..].iter_mut();
    let of_zone = of_zone.take_while(|(_, exceeded)| exceeded.scope.zone() == Some(row.zone));
    let of_target =
        of_target.iter_mut().filter(|(_, exceeded)| !judge.lets(exceeded.kind, row.zone));
    let mut exceeded_limits = of_target.chain(of_zone).peekable();
    if exceeded_limits.peek().is_none() {
        return;
    }
    let scores = Scores::of(record_counts, claims, row);
    let parts: Vec<_> = row
        .decisions
        .iter()
        .map(|decision| {
            let (part, record) = (Part::of(decision)?, decision.change.record()?);
            Some((part, record_counts.columns(claims, &record.labels)))
        })
        .collect();
    for (column, exceeded) in exceeded_limits {
        let score = scores.get(*column);
        if score.count(exceeded.kind, scores.coming) > 0 && exceeded.names.len() < NAMES {
            exceeded.names.push(row.name.clone());
        }
        for (decision, part) in row.decisions.iter_mut().zip(&parts) {
            if let Some((part, columns)) = part
                && columns.contains(column)
                && score.concerns(exceeded.kind, scores.coming, *part)
            {
                decision.hold(Hold::Guarded { kind: exceeded.kind, scope: exceeded.scope.clone() });
            }
        }
    }
    crate::whole::close(claims, &mut row.decisions);
}
