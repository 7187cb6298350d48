//! Too many objects lost their address at once: that is taken for an outage, not for a change that the user wants.

use std::sync::Arc;

use ecow::EcoString;
use extdns_model::Resource;

use super::judge::{Judge, NAMES};
use super::record_counts::WHOLE;
use super::{Allow, GuardKind, Scope};
use crate::unready::Waiting;
use crate::{Cause, Decision, Hold, RecordChange, Row};

/// A part of a target in which too much would go only because objects have no address any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// The part of the target.
    pub scope: Scope,
    /// How many records would go, or lose a target.
    pub count: usize,
    /// How many records are ours in this part.
    pub base: usize,
    /// The percentage that may be deleted.
    pub max_percent: u8,
    /// The first ten of their names, in the order of zones and keys.
    pub names: Vec<EcoString>,
    /// The flag that allows it, once.
    pub allow: Allow,
}

impl Judge<'_> {
    /// Holds back what goes because objects have no address, where that is too much at once: in all
    /// zones, else in single ones.
    pub(super) fn hold_outages(&self, waiting: &Waiting<'_>, rows: &mut [Row<'_>]) -> Vec<Outage> {
        let mut counts = vec![0; self.index.len()];
        for row in rows.iter().filter(|row| !self.lets(GuardKind::Deletes, row.zone)) {
            counts[row.zone.0 as usize] += self.waiting(waiting, row).count();
        }
        let mut outages = self.outages(&counts);
        for row in rows.iter_mut().filter(|row| !self.lets(GuardKind::Deletes, row.zone)) {
            let is_here =
                |outage: &&mut Outage| outage.scope.zone().is_none_or(|zone| zone == row.zone);
            if let Some(outage) = outages.iter_mut().find(is_here) {
                self.hold_outage(waiting, outage, row);
            }
        }
        outages
    }

    fn outages(&self, counts: &[usize]) -> Vec<Outage> {
        let outage = |scope, count, base, allow| Outage {
            scope,
            count,
            base,
            max_percent: self.max_delete_percent(),
            names: Vec::new(),
            allow,
        };
        let (count, base) = (counts.iter().sum(), self.base());
        if !self.is_one_zone() && self.is_outage(count, base) {
            return vec![outage(Scope::Target, count, base, self.allow(None))];
        }
        let zones = self.index.iter().zip(counts).filter_map(|((zone, _), &count)| {
            let base = self.record_counts.count(zone, WHOLE);
            let deletes = self.count(zone, WHOLE, GuardKind::Deletes);
            let allow = self.allow(Some((zone, deletes)));
            self.is_outage(count, base).then(|| outage(Scope::Zone(zone), count, base, allow))
        });
        zones.collect()
    }

    fn hold_outage(&self, waiting: &Waiting<'_>, outage: &mut Outage, row: &mut Row<'_>) {
        let held: Vec<_> = self.waiting(waiting, row).collect();
        if held.is_empty() {
            return;
        }
        if outage.names.len() < NAMES {
            outage.names.push(row.name.clone());
        }
        for (index, resource) in held {
            row.decisions[index].hold(Hold::Outage { resource });
        }
        crate::whole::close(self.claims, &mut row.decisions);
    }

    /// The decisions of a row that take something away because an object has no address, each with
    /// that object.
    fn waiting<'s>(
        &'s self,
        waiting: &'s Waiting<'_>,
        row: &'s Row<'_>,
    ) -> impl Iterator<Item = (usize, Arc<Resource>)> + 's {
        let resources = waiting.of(&row.name);
        let decisions = row.decisions.iter().enumerate().filter(|_| !resources.is_empty());
        decisions.filter(|(_, decision)| takes_away(decision)).filter_map(|(index, decision)| {
            let claim = self.claims.of_record(&decision.change.record()?.labels);
            let of_holder = |it: &&&Arc<Resource>| claim.clusters.contains(it.cluster);
            Some((index, Arc::clone(resources.iter().find(of_holder)?)))
        })
    }
}

/// Whether a record goes, or loses a target.
fn takes_away(decision: &Decision<'_>) -> bool {
    decision.goes()
        && match (decision.change, decision.cause) {
            (RecordChange::Delete(_), _) => true,
            (RecordChange::Update { record, endpoint }, Cause::Differs(_)) => {
                let (have, want) = (&record.set, &endpoint.set);
                !want.targets.cover(&have.targets, want.rtype)
            }
            _ => false,
        }
}
