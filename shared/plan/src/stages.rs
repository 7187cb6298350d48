//! The stages that hold the decisions about a name after the policy: freeze, unready names,
//! protection.

use extdns_model::{Inventory, Record, ZoneKey};

use crate::claim::{Claims, is_ours};
use crate::decide::Decider;
use crate::freeze::Freeze;
use crate::guard::RecordCounts;
use crate::kept::KeptNames;
use crate::runs::Name;
use crate::sharing::{Shared, Sharer};
use crate::storable::{self, Refusal, Site};
use crate::unready::Waiting;
use crate::{Decision, Hold, Input, Made, Plan, Settings};

/// The stages after the policy, and what they need to know of all zones.
pub(crate) struct Stages<'a> {
    settings: &'a Settings,
    claims: Claims<'a>,
    freeze: Freeze,
    waiting: Waiting<'a>,
    kept: KeptNames<'a>,
    refusal: &'a Refusal<'a>,
    record_counts: RecordCounts,
    made: &'a Made,
}

impl<'a> Stages<'a> {
    pub(crate) fn new(decider: &Decider<'a>, input: &Input<'a>, refusal: &'a Refusal<'a>) -> Self {
        let Input { inventory, settings, clusters, kept, made, .. } = *input;
        let claims = Claims::new(&settings.owners, clusters);
        let ours = inventory
            .records()
            .map(|(_, record)| record)
            .filter(|record| is_ours(record, &settings.owners) && decider.is_in_scope(&record.set));
        let freeze = Freeze::survey(&claims, settings, ours);
        let waiting = Waiting::new(&claims);
        let record_counts = RecordCounts::new(&claims, inventory.index.len());
        let kept = KeptNames::new(kept);
        Self { settings, claims, freeze, waiting, kept, refusal, record_counts, made }
    }

    /// Who gets a name that several clusters want; `None` where there is nothing to share.
    pub(crate) fn share(&self, name: &Name<'_, 'a>) -> Option<Shared<'a>> {
        let Self { settings, claims, freeze, made, .. } = self;
        Sharer { settings, claims, freeze, made }.share(name)
    }

    /// Counts the records of a name for the guard.
    pub(crate) fn count(&mut self, zone: ZoneKey, name: &Name<'_, '_>) {
        let settings = self.settings;
        if settings.guard.disabled {
            return;
        }
        for record in name.records.iter().map(|record| record.item) {
            if is_ours(record, &settings.owners) {
                self.record_counts.add(&self.claims, zone, &record.labels);
            }
        }
    }

    /// Holds back what must not be done about a name.
    pub(crate) fn hold(
        &self,
        site: &Site<'_, 'a>,
        name: &Name<'_, 'a>,
        decisions: &mut [Decision<'a>],
    ) {
        if decisions.len() > 1 {
            let excludes = |new: &_, old: &_| storable::excludes(self.refusal, site, new, old);
            crate::unit::join_exclusive(decisions, excludes);
        }
        self.freeze.hold(&self.claims, decisions);
        self.waiting.hold(&self.claims, |record| self.is_ours(record), name, decisions);
        self.kept.hold(name.key, decisions);
        self.protect(decisions);
        // What stays for another reason is reported with that reason.
        crate::whole::close(&self.claims, decisions);
        storable::hold(self.refusal, site, name, decisions);
        crate::whole::close(&self.claims, decisions);
    }

    /// Runs the guard over all rows, and notes in the plan what the stages found.
    pub(crate) fn finish(self, inventory: &Inventory, plan: &mut Plan<'_>) {
        let Self { settings, claims, freeze, waiting, record_counts, .. } = self;
        let (guard, index) = (&settings.guard, &inventory.index);
        let stopped =
            crate::guard::stop(guard, &claims, index, &record_counts, &waiting, &mut plan.rows);
        (plan.exceeded_limits, plan.outages) = (stopped.exceeded_limits, stopped.outages);
        plan.close_moves(index);
        plan.frozen = freeze.into_list();
    }

    fn protect(&self, decisions: &mut [Decision<'_>]) {
        if self.settings.protected.is_empty() {
            return;
        }
        for decision in decisions.iter_mut().filter(|decision| decision.goes()) {
            let Some(record) = decision.change.record() else { continue };
            if let Some(glob) = self.settings.protected.find(&record.set.name) {
                decision.hold(Hold::Protected { glob: glob.as_str().into() });
            }
        }
    }

    fn is_ours(&self, record: &Record) -> bool {
        is_ours(record, &self.settings.owners)
    }
}
