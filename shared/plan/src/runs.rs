//! Sorted lists of records and desired endpoints, cut into runs: by name, by set identifier, by
//! type.

use std::cmp::Ordering;

use ecow::EcoString;
use extdns_model::{Endpoint, Record, RecordSet};

/// A record or an endpoint, beside the key of its name. There are as many as records and endpoints, so it is small.
pub(crate) struct Keyed<'a, T> {
    pub(crate) key: EcoString,
    pub(crate) item: &'a T,
}

/// What has a record set.
pub(crate) trait HasSet {
    fn set(&self) -> &RecordSet;
}

impl HasSet for Record {
    fn set(&self) -> &RecordSet {
        &self.set
    }
}

impl HasSet for Endpoint {
    fn set(&self) -> &RecordSet {
        &self.set
    }
}

impl<'a, T: HasSet> Keyed<'a, T> {
    pub(crate) fn new(item: &'a T) -> Self {
        Self { key: item.set().name.shared_key(), item }
    }

    pub(crate) fn set(&self) -> &'a RecordSet {
        self.item.set()
    }
}

/// Sorts the items of one list by name, set identifier and type. What is equal in all three keeps its order: it is that
/// of the items in memory, so no room is needed beside the list.
pub(crate) fn sort<T: HasSet>(list: &mut [Keyed<'_, T>]) {
    let place = |keyed: &Keyed<'_, T>| std::ptr::from_ref(keyed.item);
    list.sort_unstable_by(|a, b| by_set(a, b).then_with(|| place(a).cmp(&place(b))));
}

/// The order by name, set identifier and type.
pub(crate) fn by_set<T: HasSet>(a: &Keyed<'_, T>, b: &Keyed<'_, T>) -> Ordering {
    a.key.cmp(&b.key).then_with(|| id_and_type(a.set()).cmp(&id_and_type(b.set())))
}

/// What distinguishes the record sets of one name: the set identifier and the type.
pub(crate) fn id_and_type(set: &RecordSet) -> (&str, extdns_model::RecordType) {
    (set.set_identifier(), set.rtype)
}

/// What records and desired endpoints have in common where their keys are equal.
pub(crate) struct Run<'s, 'a, K> {
    pub(crate) key: K,
    pub(crate) records: &'s [Keyed<'a, Record>],
    pub(crate) desired: &'s [Keyed<'a, Endpoint>],
}

/// All records and desired endpoints of one name in one zone.
pub(crate) type Name<'s, 'a> = Run<'s, 'a, &'s str>;

/// Walks two lists that are sorted by a key, one run of equal keys at a time.
pub(crate) fn runs<'s, 'a: 's, K: Ord + Copy + 's>(
    mut records: &'s [Keyed<'a, Record>],
    mut desired: &'s [Keyed<'a, Endpoint>],
    record_key: impl Fn(&'s Keyed<'a, Record>) -> K + 's,
    endpoint_key: impl Fn(&'s Keyed<'a, Endpoint>) -> K + 's,
) -> impl Iterator<Item = Run<'s, 'a, K>> {
    std::iter::from_fn(move || {
        let key = match (records.first().map(&record_key), desired.first().map(&endpoint_key)) {
            (Some(record), Some(endpoint)) if record.cmp(&endpoint) == Ordering::Greater => {
                endpoint
            }
            (Some(key), _) | (None, Some(key)) => key,
            (None, None) => return None,
        };
        Some(Run {
            key,
            records: take_run(&mut records, |record| record_key(record) == key),
            desired: take_run(&mut desired, |endpoint| endpoint_key(endpoint) == key),
        })
    })
}

fn take_run<'s, T>(list: &mut &'s [T], belongs: impl Fn(&'s T) -> bool) -> &'s [T] {
    let length = list.iter().take_while(|item| belongs(item)).count();
    let (run, rest) = list.split_at(length);
    *list = rest;
    run
}
