//! What the guard counts, and which limits that exceeds.

use ecow::EcoString;
use extdns_model::{Name, Zone, ZoneIndex, ZoneKey};

use super::record_counts::{Column, RecordCounts, Scores, WHOLE};
use super::{Allow, Allowance, ExceededLimit, Guard, GuardKind, Limit, Scope};
use crate::Row;
use crate::claim::Claims;
use crate::freeze::SUSPICIOUS;

/// At most this many names are listed for an exceeded limit.
pub(super) const NAMES: usize = 10;
const KINDS: [GuardKind; 2] = [GuardKind::Deletes, GuardKind::Updates];

/// How many records would be deleted and updated, by zone and column.
struct Counts {
    cells: Vec<[usize; KINDS.len()]>,
    /// Deletes in all zones.
    deletes: usize,
}

impl Counts {
    fn of(record_counts: &RecordCounts, claims: &Claims<'_>, rows: &[Row<'_>]) -> Self {
        let mut counts = Self { cells: vec![[0; KINDS.len()]; record_counts.cells()], deletes: 0 };
        for row in rows {
            let scores = Scores::of(record_counts, claims, row);
            for (column, score) in scores.iter() {
                let cell = &mut counts.cells[record_counts.cell(row.zone, column)];
                for (count, kind) in cell.iter_mut().zip(KINDS) {
                    *count += score.count(kind, scores.coming);
                }
            }
            counts.deletes += scores.get(WHOLE).count(GuardKind::Deletes, scores.coming);
        }
        counts
    }
}

/// What the guard counts, and the limits that it compares with.
pub(super) struct Judge<'a> {
    guard: &'a Guard,
    pub(super) claims: &'a Claims<'a>,
    pub(super) index: &'a ZoneIndex,
    pub(super) record_counts: &'a RecordCounts,
    counts: Counts,
    /// The zones in which any number of deletes is allowed.
    allowed: Vec<bool>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        guard: &'a Guard,
        claims: &'a Claims<'a>,
        index: &'a ZoneIndex,
        record_counts: &'a RecordCounts,
        rows: &[Row<'_>],
    ) -> Self {
        let counts = Counts::of(record_counts, claims, rows);
        let mut judge = Self { guard, claims, index, record_counts, counts, allowed: Vec::new() };
        judge.allowed = index.iter().map(|(key, zone)| judge.is_allowed(key, zone)).collect();
        judge
    }

    /// The exceeded limits: of the target, else of zones, else of clusters in them. Those of the
    /// target come first, the others in the order of zones.
    pub(super) fn exceeded_limits(&self) -> Vec<(Column, ExceededLimit)> {
        let mut exceeded_limits = Vec::new();
        for kind in KINDS {
            match self.target(kind) {
                Some(exceeded) => exceeded_limits.push((WHOLE, exceeded)),
                None => exceeded_limits
                    .extend(self.index.iter().flat_map(|(key, _)| self.zone(key, kind))),
            }
        }
        exceeded_limits.sort_by_key(|(_, exceeded)| exceeded.scope.zone());
        exceeded_limits
    }

    /// The exceeded limit of all zones together. Zones whose deletes are allowed are not counted.
    fn target(&self, kind: GuardKind) -> Option<ExceededLimit> {
        if self.is_one_zone() {
            return None;
        }
        let counted = self.index.iter().filter(|(zone, _)| !self.lets(kind, *zone));
        let count = counted.map(|(zone, _)| self.count(zone, WHOLE, kind)).sum();
        let base = self.base();
        let limit = self.guard.exceeded(kind, count, base);
        let limit = limit.or_else(|| self.guard.too_many(kind, count))?;
        let allow = match kind {
            GuardKind::Deletes => self.allow(None),
            GuardKind::Updates => {
                let of_zones = self.index.iter().map(|(zone, _)| self.least_percent(zone));
                Allow::Updates { percent: of_zones.fold(percent(count, base), u8::max) }
            }
        };
        Some(ExceededLimit {
            scope: Scope::Target,
            kind,
            count,
            base,
            limit,
            names: Vec::new(),
            allow,
        })
    }

    /// The exceeded limits of a zone: of the zone itself, else of clusters.
    fn zone(&self, zone: ZoneKey, kind: GuardKind) -> Vec<(Column, ExceededLimit)> {
        let exceeded = |column| Some((column, self.exceeded(zone, column, kind)?));
        match exceeded(WHOLE) {
            Some(whole) => vec![whole],
            None => (1..self.record_counts.width()).filter_map(exceeded).collect(),
        }
    }

    fn exceeded(&self, zone: ZoneKey, column: Column, kind: GuardKind) -> Option<ExceededLimit> {
        if self.lets(kind, zone) {
            return None;
        }
        let count = self.count(zone, column, kind);
        let base = self.record_counts.count(zone, column);
        let is_run = self.is_one_zone() && column == WHOLE;
        let limit = self.guard.exceeded(kind, count, base);
        let limit = limit.or_else(|| self.guard.too_many(kind, count).filter(|_| is_run))?;
        let allow = match kind {
            GuardKind::Deletes => self.allow(Some((zone, count))),
            GuardKind::Updates => Allow::Updates { percent: self.least_percent(zone) },
        };
        let scope = match self.record_counts.cluster(column) {
            None => Scope::Zone(zone),
            Some(id) => Scope::Cluster { zone, name: self.claims.clusters().name_of(id) },
        };
        Some(ExceededLimit { scope, kind, count, base, limit, names: Vec::new(), allow })
    }

    /// One zone's part of a target is the target.
    pub(super) fn is_one_zone(&self) -> bool {
        self.index.len() == 1
    }

    pub(super) fn count(&self, zone: ZoneKey, column: Column, kind: GuardKind) -> usize {
        self.counts.cells[self.record_counts.cell(zone, column)][kind as usize]
    }

    /// How many records are ours in all zones.
    pub(super) fn base(&self) -> usize {
        self.index.iter().map(|(zone, _)| self.record_counts.count(zone, WHOLE)).sum()
    }

    /// Whether a zone may lose any number of records.
    pub(super) fn lets(&self, kind: GuardKind, zone: ZoneKey) -> bool {
        kind == GuardKind::Deletes && self.allowed[zone.0 as usize]
    }

    /// The least percentage that lets through the updates of a zone and of each cluster in it.
    fn least_percent(&self, zone: ZoneKey) -> u8 {
        let columns = (0..self.record_counts.width()).map(|column| {
            (self.count(zone, column, GuardKind::Updates), self.record_counts.count(zone, column))
        });
        let guarded = columns.filter(|(_, base)| *base >= self.guard.min_records);
        guarded.map(|(count, base)| percent(count, base)).max().unwrap_or(0)
    }

    /// The flag that allows this many deletes in a zone, or, without a zone, in all of them.
    pub(super) fn allow(&self, zone: Option<(ZoneKey, usize)>) -> Allow {
        match zone {
            Some((zone, count)) => {
                Allow::Deletes { zone_or_target: self.allowance_name(zone), count }
            }
            None => {
                let zone_or_target = self.guard.target.clone();
                Allow::Deletes { zone_or_target, count: self.counts.deletes }
            }
        }
    }

    /// Whether so many deletes of this base, all for objects without an address, are an outage.
    pub(super) fn is_outage(&self, count: usize, base: usize) -> bool {
        count >= SUSPICIOUS && self.guard.is_beyond(self.guard.max_delete_percent, count, base)
    }

    pub(super) fn max_delete_percent(&self) -> u8 {
        self.guard.max_delete_percent
    }

    fn is_allowed(&self, key: ZoneKey, zone: &Zone) -> bool {
        let count = self.count(key, WHOLE, GuardKind::Deletes);
        self.guard.allow_deletes.iter().any(|allowance| {
            let most = |count: usize| allowance.count.is_none_or(|most| count <= most);
            (allowance.is_about(&zone.name, &zone.id) && most(count))
                || (allowance.zone_or_target == self.guard.target && most(self.counts.deletes))
        })
    }

    /// What an allowance for this zone names: nothing that another zone has too.
    fn allowance_name(&self, key: ZoneKey) -> EcoString {
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
    /// The limit that this count of this base exceeds, if it does.
    fn exceeded(&self, kind: GuardKind, count: usize, base: usize) -> Option<Limit> {
        let percent = match kind {
            GuardKind::Deletes => self.max_delete_percent,
            GuardKind::Updates => self.max_update_percent,
        };
        let is_exceeded = base >= self.min_records && self.is_beyond(percent, count, base);
        is_exceeded.then_some(Limit::Percent(percent))
    }

    fn is_beyond(&self, percent: u8, count: usize, base: usize) -> bool {
        percent < 100 && count.saturating_mul(100) > base.saturating_mul(percent.into())
    }

    /// The limit of deletes of a whole run that this count exceeds, whether or not there is a percentage.
    fn too_many(&self, kind: GuardKind, count: usize) -> Option<Limit> {
        let most = self.max_deletes.filter(|most| kind == GuardKind::Deletes && count > *most);
        most.map(Limit::Count)
    }
}

impl Allowance {
    /// Whether it names this zone, given by its name and id. People write the ids of some APIs without the path before
    /// them.
    #[must_use]
    pub fn is_about(&self, name: &Name, id: &str) -> bool {
        let zone_or_target = self.zone_or_target.as_str();
        let bare_id = id.rsplit('/').next().unwrap_or_default();
        [id, bare_id].contains(&zone_or_target)
            || (!name.is_empty() && Name::as_listed(zone_or_target).key() == name.key())
    }
}

/// The least percentage that allows this count of this base.
fn percent(count: usize, base: usize) -> u8 {
    let percent = count.saturating_mul(100).div_ceil(base.max(1)).min(100);
    u8::try_from(percent).unwrap_or(100)
}
