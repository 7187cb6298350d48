//! Writing: ownership TXT records join the changes of their records, or the change is refused.

mod placing;
mod removing;
mod writer;

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use extdns_model::{Endpoint, Labels, RecordSet, RecordType, ZoneKey};
use extdns_plan::{Decision, Hold, Plan, RecordChange, Row, Unit};

use self::writer::{OwnedUnit, Writer, txt_key};
use super::holds::taken;
use super::names::Names;
use super::registry::TxtRegistry;
use super::slots::Slots;
use crate::groups::{going_units, ownership_only, record_change};
use crate::refusal::{Refusal, claim};
use crate::{Annotated, Groups, Leftover, Registry as _, Subject};

/// Adds ownership records to the changes of a plan and cuts them into groups.
pub(super) fn decorate(
    registry: &TxtRegistry,
    plan: &mut Plan<'_>,
    annotated: &Annotated,
    refused: &extdns_plan::Refusal<'_>,
) -> Groups {
    let slots = Slots::survey(registry, plan, annotated);
    let names = Names::survey(registry, plan, annotated);
    let mut writer = Writer {
        registry,
        annotated,
        refused,
        slots,
        names,
        taken: OnceCell::new(),
        removed: HashSet::new(),
    };
    let mut groups = Groups::default();
    groups.add_rows(plan, &annotated.inventory.index, |groups, index, row, moves| {
        for unit in going_units(row) {
            match writer.unit(row, unit) {
                Ok(OwnedUnit { mut draft, new_names, mixed }) => {
                    draft.moves = moves.to_vec();
                    let range = groups.push_unit(Subject { row: index, unit }, row, draft);
                    writer.reserve(new_names, groups, range);
                    groups.mixed.extend(mixed);
                }
                Err(refusal) => refusal.apply(row),
            }
        }
    });
    groups
}

impl Writer<'_> {
    fn unit(&mut self, row: &Row<'_>, unit: Unit) -> Result<OwnedUnit, Refusal> {
        let mut owned = OwnedUnit::default();
        for (index, decision) in row.decisions.iter().enumerate() {
            if decision.unit == unit && decision.goes() {
                self.decision(row.zone, decision, &mut owned)
                    .map_err(|hold| Refusal { decision: index, hold })?;
            }
        }
        Ok(owned)
    }

    fn decision(
        &mut self,
        zone: ZoneKey,
        decision: &Decision<'_>,
        owned: &mut OwnedUnit,
    ) -> Result<(), Hold> {
        if let Some(endpoint) = decision.change.endpoint() {
            self.admit_text(zone, &decision.change, &endpoint.set)?;
        }
        let labels = match decision.change {
            RecordChange::Create(endpoint) => {
                let labels = self.stamp(endpoint);
                self.write_ownership(zone, endpoint, &labels, owned)?;
                labels
            }
            RecordChange::Update { record, endpoint } => {
                let labels = self.stamp(endpoint);
                let renames = self.registry.renames(record, self.registry.owner_of(endpoint));
                match self.registry.ownership_record_of(record) {
                    Some(ownership_record) if renames => {
                        self.write_ownership(zone, endpoint, &labels, owned)?;
                        self.remove_own(ownership_record, record, owned);
                    }
                    Some(ownership_record) => {
                        self.rewrite(ownership_record, record, endpoint, &labels, owned)?
                    }
                    None => match self.write_ownership(zone, endpoint, &labels, owned) {
                        // The record is ours by an ownership record of an older format, which stays
                        // valid.
                        Err(_) if !ownership_only(&decision.cause) => {}
                        result => result?,
                    },
                }
                labels
            }
            RecordChange::Delete(record) => {
                self.remove(record, owned);
                Labels::new()
            }
        };
        if let Some(record) = decision.change.record() {
            record
                .ownership_records
                .iter()
                .for_each(|ownership_record| owned.rely_on(ownership_record, &record.set.name));
        }
        owned.draft.records.extend(record_change(decision, labels));
        Ok(())
    }

    /// Refuses wanted TXT records that would be ownership records, or in the place of one.
    fn admit_text(
        &self,
        zone: ZoneKey,
        change: &RecordChange<'_>,
        set: &RecordSet,
    ) -> Result<(), Hold> {
        if set.rtype != RecordType::Txt {
            return Ok(());
        }
        if set.targets.iter().any(|text| self.registry.codec.claims(text)) {
            return Err(claim(set));
        }
        if !matches!(change, RecordChange::Create(_)) {
            return Ok(());
        }
        if self.is_taken(zone, set) {
            return Err(taken(&set.name));
        }
        self.names.refuse_text(self.registry, &set.name).map_or(Ok(()), Err)
    }

    /// Whether a desired TXT record would be where an ownership record stands.
    fn is_taken(&self, zone: ZoneKey, set: &RecordSet) -> bool {
        let ownership_records = || {
            let of_records =
                self.annotated.inventory.records().flat_map(|(_, own)| &own.ownership_records);
            let left = self.annotated.leftovers.iter().filter_map(Leftover::ownership_record);
            of_records
                .map(Arc::as_ref)
                .chain(left)
                .map(|ownership_record| txt_key(ownership_record.zone, &ownership_record.set))
                .collect()
        };
        self.taken.get_or_init(ownership_records).contains(&txt_key(zone, set))
    }

    fn stamp(&self, endpoint: &Endpoint) -> Labels {
        let mut labels = self.registry.labels(endpoint);
        self.names.disambiguate(self.registry, &endpoint.set, &mut labels);
        labels
    }
}
