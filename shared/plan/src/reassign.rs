//! The plan that gives records another owner at the user's word: no record set changes, only what
//! the ownership records say.

use ecow::EcoString;
use extdns_model::{Endpoint, Inventory, Record, ZoneKey};

use crate::{
    Cause, Clusters, Decision, DecisionState, Differences, Hold, Plan, Policy, RecordChange, Row,
    Settings, Unit,
};

/// A record that gets another owner.
#[derive(Debug, Clone, Copy)]
pub struct Reassignment<'a> {
    /// The zone of the record.
    pub zone: ZoneKey,
    /// The record as it is.
    pub record: &'a Record,
    /// The same record set, attributed to the clusters that get it.
    pub endpoint: &'a Endpoint,
}

impl Reassignment<'_> {
    /// Why it has to stay as it is.
    fn hold(&self, inventory: &Inventory, settings: &Settings) -> Option<Hold> {
        if let Some(reason) = inventory.index.zone(self.zone).read_only {
            return Some(Hold::ReadOnlyZone { reason });
        }
        if let Some(reason) = self.record.read_only() {
            return Some(Hold::ReadOnly { reason });
        }
        if let Some(doubt) = self.record.doubt() {
            return Some(Hold::InDoubt(Box::new(doubt.clone())));
        }
        if settings.policy == Policy::CreateOnly {
            return Some(Hold::Policy);
        }
        let glob = settings.protected.find(&self.record.set.name)?;
        Some(Hold::Protected { glob: glob.as_str().into() })
    }
}

/// Plans these changes of owners, which come in the order of zones and names: a row for each zone
/// and name, a unit for each record. The guard counts as always.
#[must_use]
pub fn reassign<'a>(
    changes: &[Reassignment<'a>],
    inventory: &Inventory,
    settings: &Settings,
    clusters: &Clusters,
) -> Plan<'a> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    for change in changes {
        let name = change.record.set.name.key();
        let held = change.hold(inventory, settings);
        let mut decision = Decision {
            change: RecordChange::Update { record: change.record, endpoint: change.endpoint },
            cause: Cause::Differs(Differences { ownership: true, ..Differences::default() }),
            state: held.map_or(DecisionState::Go, DecisionState::Held),
            unit: Unit(0),
        };
        match rows.last_mut() {
            Some(row) if row.zone == change.zone && row.name == *name => {
                decision.unit = Unit(u16::try_from(row.decisions.len()).unwrap_or(u16::MAX));
                row.decisions.push(decision);
            }
            _ => rows.push(Row {
                zone: change.zone,
                name: EcoString::from(name),
                decisions: vec![decision],
            }),
        }
    }
    let ours = inventory.records().filter(|(_, record)| settings.owners.own(&record.labels));
    let ours = ours.map(|(zone, record)| (zone, &record.labels));
    let mut plan = Plan { rows, ..Plan::default() };
    plan.guard(ours, &inventory.index, settings, clusters);
    plan
}
