//! The guard at work: after everything else, over what would be carried out.

use ecow::EcoString;
use extdns_model::{Name, Zone, ZoneIndex, ZoneKey};

use super::tally::{Column, Part, Scores, Tally, WHOLE};
use super::{Allow, Allowance, Guard, GuardKind, Limit, Trip};
use crate::claim::Claims;
use crate::{Hold, Row};

/// As many names are told of a trip.
const NAMES: usize = 10;
const KINDS: [GuardKind; 2] = [GuardKind::Deletes, GuardKind::Updates];

/// Holds back what is too much at once: everything of its kind in a zone, or of a cluster in it.
pub(crate) fn stop(
    guard: &Guard,
    claims: &Claims<'_>,
    index: &ZoneIndex,
    tally: &Tally,
    rows: &mut [Row<'_>],
) -> Vec<Trip> {
    if guard.disabled {
        return Vec::new();
    }
    warn_of_unknown_places(guard, index);
    let counts = Counts::of(tally, claims, rows);
    let judge = Judge { guard, claims, index, tally, counts };
    let mut trips: Vec<(Column, Trip)> =
        index.iter().flat_map(|(zone, _)| judge.zone(zone)).collect();
    if !trips.is_empty() {
        for row in rows {
            hold(claims, tally, &mut trips, row);
        }
    }
    trips.into_iter().map(|(_, trip)| trip).collect()
}

/// Holds back what the trips are about in one row, and notes its name.
fn hold(claims: &Claims<'_>, tally: &Tally, trips: &mut [(Column, Trip)], row: &mut Row<'_>) {
    let of_zone = trips.partition_point(|(_, trip)| trip.zone < row.zone);
    let trips = trips[of_zone..].iter_mut().take_while(|(_, trip)| trip.zone == row.zone);
    let mut trips = trips.peekable();
    if trips.peek().is_none() {
        return;
    }
    let scores = Scores::of(tally, claims, row);
    let parts: Vec<_> = row
        .decisions
        .iter()
        .map(|decision| {
            let (part, record) = (Part::of(decision)?, decision.change.record()?);
            Some((part, tally.columns(claims, &record.labels)))
        })
        .collect();
    for (column, trip) in trips {
        let score = scores.get(*column);
        if score.count(trip.kind, scores.coming) > 0 && trip.names.len() < NAMES {
            trip.names.push(row.name.clone());
        }
        for (decision, part) in row.decisions.iter_mut().zip(&parts) {
            if let Some((part, columns)) = part
                && columns.contains(column)
                && score.concerns(trip.kind, scores.coming, *part)
            {
                decision.hold(Hold::Guarded { kind: trip.kind, cluster: trip.cluster.clone() });
            }
        }
    }
    crate::whole::close(claims, &mut row.decisions);
}

/// How many records would be deleted and updated, by zone and column.
struct Counts {
    cells: Vec<[usize; KINDS.len()]>,
    /// Deletes in all zones.
    deletes: usize,
}

impl Counts {
    fn of(tally: &Tally, claims: &Claims<'_>, rows: &[Row<'_>]) -> Self {
        let mut counts = Self { cells: vec![[0; KINDS.len()]; tally.cells()], deletes: 0 };
        for row in rows {
            let scores = Scores::of(tally, claims, row);
            for (column, score) in scores.iter() {
                let cell = &mut counts.cells[tally.place(row.zone, column)];
                for (count, kind) in cell.iter_mut().zip(KINDS) {
                    *count += score.count(kind, scores.coming);
                }
            }
            counts.deletes += scores.get(WHOLE).count(GuardKind::Deletes, scores.coming);
        }
        counts
    }
}

struct Judge<'a> {
    guard: &'a Guard,
    claims: &'a Claims<'a>,
    index: &'a ZoneIndex,
    tally: &'a Tally,
    counts: Counts,
}

impl Judge<'_> {
    /// The trips of a zone: of the zone itself, else of clusters.
    fn zone(&self, zone: ZoneKey) -> impl Iterator<Item = (Column, Trip)> {
        KINDS.into_iter().flat_map(move |kind| {
            let trip = |column| Some((column, self.trip(zone, column, kind)?));
            trip(WHOLE).map_or_else(
                || (1..self.tally.width()).filter_map(trip).collect(),
                |whole| vec![whole],
            )
        })
    }

    fn trip(&self, zone: ZoneKey, column: Column, kind: GuardKind) -> Option<Trip> {
        let count = self.counts.cells[self.tally.place(zone, column)][kind as usize];
        let base = self.tally.count(zone, column);
        let limit = self.guard.exceeded(kind, count, base)?;
        if kind == GuardKind::Deletes && self.is_allowed(self.index.zone(zone), count) {
            return None;
        }
        let allow = match kind {
            GuardKind::Deletes => Allow::Deletes { place: self.place(zone), count },
            GuardKind::Updates => Allow::Updates { percent: percent(count, base) },
        };
        let cluster = self.tally.cluster(column).map(|id| self.claims.clusters().name_of(id));
        Some(Trip { zone, cluster, kind, count, base, limit, names: Vec::new(), allow })
    }

    fn is_allowed(&self, zone: &Zone, count: usize) -> bool {
        self.guard.allow_deletes.iter().any(|allowance| {
            let most = |count: usize| allowance.count.is_none_or(|most| count <= most);
            (allowance.is_about(zone) && most(count))
                || (allowance.place == self.guard.target && most(self.counts.deletes))
        })
    }

    /// What an allowance for this zone names: nothing that another zone has too.
    fn place(&self, key: ZoneKey) -> EcoString {
        let zone = self.index.zone(key);
        let name = zone.name.key();
        if name.is_empty() && !self.guard.target.is_empty() {
            return self.guard.target.clone();
        }
        let is_unique =
            self.index.iter().filter(|(_, other)| other.name.key() == name).count() == 1;
        if is_unique && !name.is_empty() { EcoString::from(&*name) } else { zone.id.clone() }
    }
}

impl Guard {
    /// The limit that so many of so many exceed.
    fn exceeded(&self, kind: GuardKind, count: usize, base: usize) -> Option<Limit> {
        let (percent, most) = match kind {
            GuardKind::Deletes => (self.max_delete_percent, self.max_deletes),
            GuardKind::Updates => (self.max_update_percent, None),
        };
        if base < self.min_records {
            return None;
        }
        if percent < 100 && count.saturating_mul(100) > base.saturating_mul(percent.into()) {
            return Some(Limit::Percent(percent));
        }
        most.filter(|most| count > *most).map(Limit::Count)
    }
}

impl Allowance {
    /// Whether it names this zone. People write the ids of some APIs without the path before them.
    fn is_about(&self, zone: &Zone) -> bool {
        let place = self.place.as_str();
        let bare_id = zone.id.rsplit('/').next().unwrap_or_default();
        [zone.id.as_str(), bare_id].contains(&place)
            || (!zone.name.is_empty() && Name::as_listed(place).key() == zone.name.key())
    }
}

fn warn_of_unknown_places(guard: &Guard, index: &ZoneIndex) {
    for allowance in &guard.allow_deletes {
        let is_known = allowance.place == guard.target
            || index.iter().any(|(_, zone)| allowance.is_about(zone));
        if !is_known {
            tracing::warn!(
                "--allow-deletes={}: there is no such zone or target; it allows nothing",
                allowance.place
            );
        }
    }
}

/// The least percentage that allows so many of so many.
fn percent(count: usize, base: usize) -> u8 {
    let percent = count.saturating_mul(100).div_ceil(base.max(1)).min(100);
    u8::try_from(percent).unwrap_or(100)
}
