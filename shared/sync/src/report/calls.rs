//! How often a provider was called, and how often it had to be.

use std::collections::{HashMap, HashSet};

use extdns_model::{ChangeGroup, RecordSet, ZoneKey};
use extdns_providers::{Batching, CallCount, Capabilities, Provider, Stores};
use extdns_registry::Annotated;

use super::counts::fingerprint;

/// Calls of a provider's API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    /// How often each operation was called, retries included.
    pub made: Vec<Call>,
    /// The fewest calls with which the same could have been done, where that is known.
    pub least: Option<u64>,
}

/// One operation of a provider's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub operation: String,
    /// How often it was called.
    pub count: u64,
}

impl Calls {
    /// The calls of a run that began when the provider had been called as often as said, and that
    /// read this and sent that.
    #[must_use]
    pub fn since(
        before: &[CallCount],
        provider: &dyn Provider,
        annotated: &Annotated,
        sent: &[ChangeGroup],
    ) -> Self {
        let capabilities = provider.capabilities();
        let made = made(before, &provider.calls());
        let total: u64 = made.iter().map(|call| call.count).sum();
        // Less was called where something was known already, or was left for the next run.
        let least = reads(capabilities, annotated)
            .map(|reads| (reads + writes(capabilities, sent)).min(total));
        Self { made, least }
    }
}

fn made(before: &[CallCount], after: &[CallCount]) -> Vec<Call> {
    let earlier = |operation: &str| {
        before.iter().find(|call| call.operation == operation).map_or(0, |call| call.calls)
    };
    after
        .iter()
        .map(|call| Call {
            operation: call.operation.to_owned(),
            count: call.calls.saturating_sub(earlier(call.operation)),
        })
        .filter(|call| call.count > 0)
        .collect()
}

/// One call for the zones, and the pages of each zone. Unknown for a system without zones.
fn reads(capabilities: &Capabilities, annotated: &Annotated) -> Option<u64> {
    let inventory = &annotated.inventory;
    if inventory.index.iter().any(|(_, zone)| zone.name.is_empty()) {
        return None;
    }
    let rows = |set: &RecordSet| match capabilities.stores {
        Stores::Sets(_) => 1,
        Stores::Values(_) => set.targets.len(),
    };
    let mut by_zone: HashMap<ZoneKey, usize> =
        inventory.zones.iter().map(|entry| (entry.zone, 0)).collect();
    let mut seen = HashSet::new();
    let mut add = |zone: ZoneKey, set: &RecordSet| {
        *by_zone.entry(zone).or_default() += rows(set);
    };
    for (zone, record) in inventory.records() {
        add(zone, &record.set);
        for ownership_record in &record.ownership_records {
            // One ownership record can stand for several records.
            let id = ownership_record.set.set_identifier();
            if seen.insert((ownership_record.zone, fingerprint(&ownership_record.set), id)) {
                add(ownership_record.zone, &ownership_record.set);
            }
        }
    }
    for leftover in annotated.orphans().chain(annotated.reserved()) {
        if let Some(ownership_record) = leftover.ownership_record() {
            add(ownership_record.zone, &ownership_record.set);
        }
    }
    let page = capabilities.page_size.map_or(usize::MAX, |size| size.max(1) as usize);
    let pages = by_zone.values().map(|rows| rows.div_ceil(page).max(1) as u64);
    Some(1 + pages.sum::<u64>())
}

/// The batches of each zone, or a call for each change.
fn writes(capabilities: &Capabilities, sent: &[ChangeGroup]) -> u64 {
    let limits = capabilities.batch_limits;
    let in_batches = capabilities.batches != Batching::None;
    let mut by_zone: HashMap<ZoneKey, usize> = HashMap::new();
    for group in sent {
        *by_zone.entry(group.zone).or_default() += group.changes.len();
    }
    let calls = by_zone
        .values()
        .map(|changes| if in_batches { changes.div_ceil(limits.changes.max(1)) } else { *changes });
    calls.sum::<usize>() as u64
}

#[cfg(test)]
mod tests {
    use extdns_model::{GroupId, Name, Record};
    use extdns_providers::{BatchLimits, Updates};

    use super::*;

    fn count(operation: &'static str, calls: u64) -> CallCount {
        CallCount { operation, calls, mutating: false }
    }

    #[test]
    fn only_the_calls_of_this_run_count() {
        let before = [count("list", 3), count("write", 1)];
        let after = [count("list", 5), count("page", 2), count("write", 1)];
        let made: Vec<_> =
            made(&before, &after).into_iter().map(|call| (call.operation, call.count)).collect();
        assert_eq!(made, [("list".to_owned(), 2), ("page".to_owned(), 2)]);
    }

    #[test]
    fn fewest_writes() {
        let group = |zone, changes: usize| ChangeGroup {
            id: GroupId(0),
            zone: ZoneKey(zone),
            name: Name::as_listed("a.org"),
            changes: std::iter::repeat_with(change).take(changes).collect(),
            after: Vec::new(),
            requires: Vec::new(),
        };
        let sent = [group(0, 2), group(0, 2), group(1, 3)];
        let capabilities = Capabilities::new("test");
        assert_eq!(writes(&capabilities, &sent), 7, "a call for each change");
        let batches = |changes| Capabilities {
            batches: Batching::InPart,
            batch_limits: BatchLimits::changes(changes),
            ..Capabilities::new("test")
        };
        assert_eq!(writes(&batches(100), &sent), 2);
        assert_eq!(writes(&batches(3), &sent), 2 + 1);
        let whole = Capabilities { batches: Batching::Whole, ..Capabilities::new("test") };
        assert_eq!((writes(&whole, &sent), writes(&whole, &[])), (2, 0));
    }

    fn change() -> extdns_model::Change {
        use extdns_model::{Action, Labels, Opaque, RecordType, Role, Stored, Targets, Ttl};
        let set =
            RecordSet::new(Name::as_listed("a.org"), RecordType::A, Ttl::UNSET, Targets::new());
        let stored = Stored { set, labels: Labels::new(), origin: Opaque::none() };
        extdns_model::Change { role: Role::Record, action: Action::Delete(stored) }
    }

    const SETS: Stores = Stores::Sets(Updates::InPlace);

    #[test]
    fn fewest_reads() {
        use extdns_model::{
            Inventory, Opaque, OwnershipRecord, RecordType, Routing, Ttl, Zone, ZoneIndex,
            ZoneInventory,
        };
        let set = |name: &str, rtype| {
            let targets = ["192.0.2.1", "192.0.2.2"].into_iter().collect();
            RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, targets)
        };
        let record = |rtype| {
            let mut record = Record::new(set("a.org", rtype), Opaque::none());
            // The same for both types.
            let ownership_record = set("x.a.org", RecordType::Txt);
            record.add_ownership_record(OwnershipRecord {
                zone: ZoneKey(0),
                set: ownership_record,
                origin: Opaque::none(),
            });
            record
        };
        let inventory = |name: &str| Inventory {
            index: ZoneIndex::new(
                vec![
                    Zone::new("1", Name::as_listed(name)),
                    Zone::new("2", Name::as_listed("b.org")),
                ],
                Routing::Longest,
            ),
            zones: vec![
                ZoneInventory {
                    zone: ZoneKey(0),
                    records: Ok(vec![record(RecordType::A), record(RecordType::Aaaa)]),
                },
                ZoneInventory { zone: ZoneKey(1), records: Ok(Vec::new()) },
            ],
            ..Inventory::default()
        };
        let known = Annotated::without_ownership_records(inventory("a.org"));
        let capabilities =
            |stores, page_size| Capabilities { stores, page_size, ..Capabilities::new("test") };
        let table = [
            (SETS, None, 1 + 1 + 1),
            (SETS, Some(3), 1 + 1 + 1),
            (SETS, Some(2), 1 + 2 + 1),
            (Stores::Values(Updates::InPlace), Some(2), 1 + 3 + 1),
        ];
        for (stores, page, expected) in table {
            let found = reads(&capabilities(stores, page), &known);
            assert_eq!(found, Some(expected), "{stores:?} {page:?}");
        }
        let without_zones = Annotated::without_ownership_records(inventory(""));
        assert_eq!(reads(&capabilities(SETS, None), &without_zones), None);
    }
}
