//! From the inventory and the desired endpoints to rows.

use ecow::EcoString;
use extdns_model::{Inventory, Record, ZoneKey};

use crate::decide::{Decider, hold_all};
use crate::route::{Routed, route};
use crate::runs::{Keyed, Name, runs, sort};
use crate::stages::Stages;
use crate::storable::{Refusal, Site, Untouched};
use crate::{Decision, Hold, Input, Plan, Row};

/// Computes the plan.
///
/// The order of endpoints, records and zones does not matter, except that of several records with
/// one name, type and set identifier in one zone the last counts.
#[must_use]
pub fn compute<'a>(input: Input<'a>) -> Plan<'a> {
    compute_for(input, &|_, _| None)
}

/// Computes the plan for a provider that refuses some record sets: what it would refuse is held
/// back with its reason, like [`compute`] in everything else.
#[must_use]
pub fn compute_for<'a>(input: Input<'a>, refusal: &'a Refusal<'a>) -> Plan<'a> {
    let Input { inventory, desired, settings, .. } = input;
    let mut decider = Decider::new(settings, &inventory.filter);
    let mut stages = Stages::new(&decider, &input, refusal);
    let contents = contents(inventory);
    let Routed { desired, unrouted, unmanaged } = route(&decider, inventory, desired);
    let mut rows = Vec::new();
    let mut leaving = Vec::new();
    for (((zone, entry), mut desired), records) in
        inventory.index.iter().zip(desired).zip(&contents)
    {
        let apex = entry.name.key();
        let records = records.unwrap_or_default();
        let untouched = Untouched::new(records, &settings.types);
        let mut records: Vec<_> = records
            .iter()
            .filter(|record| decider.is_in_scope(&record.set))
            .map(Keyed::new)
            .collect();
        sort(&mut records);
        sort(&mut desired);
        for name in runs(&records, &desired, |record| &*record.key, |endpoint| &*endpoint.key) {
            stages.count(zone, &name);
            let shared = stages.share(&name);
            let name = match &shared {
                Some(shared) => {
                    decider.note_lost(zone, &shared.lost);
                    Name { desired: &shared.desired, ..name }
                }
                None => name,
            };
            let at_apex = *name.key == *apex;
            decider.at_apex(at_apex);
            let mut decisions = decide(&mut decider, inventory, &contents, zone, &name);
            if decisions.is_empty() {
                continue;
            }
            let site = Site { zone: entry, at_apex, untouched: &untouched };
            stages.hold(&site, &name, &mut decisions);
            if name.desired.is_empty() {
                leaving.push(rows.len());
            }
            rows.push(Row { zone, name: EcoString::from(name.key), decisions });
        }
    }
    if inventory.index.len() > 1 || !unrouted.is_empty() {
        crate::moves::link(&mut rows, &leaving, &unrouted);
        crate::moves::close(&mut rows, &inventory.index);
    }
    let losers = decider.into_losers();
    let mut plan = Plan { rows, unrouted, losers, unmanaged, ..Plan::default() };
    stages.finish(inventory, &mut plan);
    plan
}

/// The records of each zone of the index; `None` for a zone that could not be read.
type Contents<'a> = Vec<Option<&'a [Record]>>;

fn contents(inventory: &Inventory) -> Contents<'_> {
    let mut contents = vec![None; inventory.index.len()];
    for entry in &inventory.zones {
        if let Some(content) = contents.get_mut(entry.zone.0 as usize) {
            *content = entry.records.as_deref().ok();
        }
    }
    contents
}

fn is_unread(contents: &Contents<'_>, zone: ZoneKey) -> bool {
    contents.get(zone.0 as usize).is_none_or(Option::is_none)
}

fn decide<'a>(
    decider: &mut Decider<'a>,
    inventory: &Inventory,
    contents: &Contents<'_>,
    zone: ZoneKey,
    name: &Name<'_, 'a>,
) -> Vec<Decision<'a>> {
    if is_unread(contents, zone) {
        return decider.hold_desired(zone, name);
    }
    let mut decisions = decider.decide(zone, name);
    if name.desired.is_empty()
        && !decisions.is_empty()
        && belongs_to_an_unread_zone(inventory, contents, zone, name.key)
    {
        hold_all(&mut decisions, &Hold::UnreadableZone);
    }
    if let Some(reason) = inventory.index.zone(zone).read_only {
        hold_all(&mut decisions, &Hold::ReadOnlyZone { reason });
    }
    decisions
}

/// Whether a name that a zone holds belongs not there but to a zone that could not be read (a
/// child's, say): what is to become of it is not known.
fn belongs_to_an_unread_zone(
    inventory: &Inventory,
    contents: &Contents<'_>,
    zone: ZoneKey,
    key: &str,
) -> bool {
    if contents.iter().all(Option::is_some) {
        return false;
    }
    let zones = inventory.index.route(key, None);
    !zones.contains(&zone) && zones.iter().any(|zone| is_unread(contents, *zone))
}
