//! How many record sets of each type are wanted and there: the numbers of upstream's metrics.

use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher as _;

use extdns_model::{Endpoint, Inventory, RecordSet, RecordType};
use foldhash::quality::FixedState;

/// Record sets by their type.
pub type TypeCounts = BTreeMap<RecordType, TypeCount>;

/// The record sets of one type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TypeCount {
    /// How many are wanted.
    pub wanted: usize,
    /// How many are there, ownership records aside.
    pub stored: usize,
    /// How many wanted ones are there under the same name and type.
    pub verified: usize,
}

pub(super) fn count(desired: &[Endpoint], inventory: &Inventory) -> TypeCounts {
    let mut counts = TypeCounts::new();
    let most = if desired.is_empty() { 0 } else { inventory.records().count() };
    let mut stored = HashSet::with_capacity_and_hasher(most, FixedState::default());
    for (_, record) in inventory.records() {
        counts.entry(record.set.rtype).or_default().stored += 1;
        if !desired.is_empty() {
            stored.insert(fingerprint(&record.set));
        }
    }
    for endpoint in desired {
        let count = counts.entry(endpoint.set.rtype).or_default();
        count.wanted += 1;
        if stored.contains(&fingerprint(&endpoint.set)) {
            count.verified += 1;
        }
    }
    counts
}

/// A number that stands for a name and a type: a set of them is a tenth of a set of the names.
pub(super) fn fingerprint(set: &RecordSet) -> u64 {
    FixedState::default().hash_one((set.name.key(), set.rtype))
}
