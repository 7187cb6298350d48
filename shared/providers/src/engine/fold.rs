//! From single values to record sets, and back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ecow::EcoString;
use extdns_model::{Opaque, Properties, Record, RecordSet, RecordType, Stored, Targets, Ttl};

use super::text;

/// Gathers the records of a zone. Values of one set become one record; a value that the zone has
/// twice is twice in the set, so that the plan sees a difference and the surplus goes.
#[derive(Default)]
pub(super) struct Folder {
    records: Vec<Record>,
    positions: HashMap<(String, RecordType, EcoString), usize>,
    /// The values of the sets that have several, by the position of the set.
    values: BTreeMap<usize, Vec<Value>>,
}

/// One value of a folded set, and how the provider knows it.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) target: EcoString,
    pub(super) ttl: Ttl,
    pub(super) properties: Properties,
    pub(super) origin: Opaque,
}

/// The origin of a set that was folded of several records.
struct Values(Vec<Value>);

impl Folder {
    pub(super) fn push(&mut self, record: Record) {
        let set = &record.set;
        let key = (set.name.key().into_owned(), set.rtype, set.set_identifier().into());
        let position = *self.positions.entry(key).or_insert(self.records.len());
        let Some(folded) = self.records.get_mut(position) else {
            self.records.push(record);
            return;
        };
        let values = self.values.entry(position).or_insert_with(|| values(folded).collect());
        values.extend(self::values(&record));
        for target in &record.set.targets {
            folded.set.targets.push(target.clone());
        }
        folded.set_read_only(folded.read_only().or(record.read_only()));
    }

    pub(super) fn into_records(mut self) -> Vec<Record> {
        for (position, values) in self.values {
            let record = &mut self.records[position];
            show_differences(&mut record.set, &values);
            record.origin = Opaque::new(Values(values));
        }
        self.records
    }
}

/// The record sets of single values, in the order in which they come, for an API that stores sets and lists values. The first
/// value of a set gives its TTL, and what the provider noted of a value goes.
pub fn sets_of(values: impl IntoIterator<Item = Record>) -> Vec<Record> {
    let mut sets: Vec<Record> = Vec::new();
    let mut places = HashMap::new();
    for mut value in values {
        let key = (value.set.name.key().into_owned(), value.set.rtype);
        let at = *places.entry(key).or_insert(sets.len());
        if let Some(set) = sets.get_mut(at) {
            value.set.targets.iter().for_each(|target| set.set.targets.push(target.clone()));
        } else {
            value.origin = Opaque::none();
            sets.push(value);
        }
    }
    sets
}

/// A set of one value for each value of a set.
pub fn single_values(set: &RecordSet) -> impl Iterator<Item = RecordSet> {
    set.targets.iter().map(|target| {
        let mut single = set.clone();
        single.targets = [target.clone()].into_iter().collect();
        single
    })
}

/// Where the values of a set disagree about something, the set shows what no endpoint can want, so
/// that the plan sees a difference and makes them alike: no TTL, and all that is said of a
/// property.
fn show_differences(set: &mut RecordSet, values: &[Value]) {
    if values.iter().any(|value| value.ttl != set.ttl) {
        set.ttl = Ttl::UNSET;
    }
    if values.iter().all(|value| value.properties.same_as(set.properties())) {
        return;
    }
    let said = values.iter().flat_map(|value| value.properties.iter());
    let names: BTreeSet<&EcoString> = said.map(|property| &property.name).collect();
    let all = names.into_iter().map(|name| {
        let of = values.iter().map(|value| value.properties.get(name).unwrap_or(NOT_SAID));
        let texts: BTreeSet<&str> = of.collect();
        (name.clone(), texts.into_iter().collect::<Vec<_>>().join(OR))
    });
    let all: Properties = all.collect();
    set.edit_properties(|own| *own = all);
}

/// Separates the values of a property where the values of a set differ in it.
const OR: &str = " | ";
/// The place of a value that does not have the property.
const NOT_SAID: &str = "-";

/// The values of a record that was not folded yet: they all have its origin.
fn values(record: &Record) -> impl Iterator<Item = Value> {
    record.set.targets.iter().map(|target| Value {
        target: target.clone(),
        ttl: record.set.ttl,
        properties: record.set.properties().clone(),
        origin: record.origin.clone(),
    })
}

/// The single records that a stored set consists of.
pub(super) fn unfold(stored: &Stored) -> Vec<Value> {
    match stored.origin.get::<Values>() {
        Some(values) => values.0.clone(),
        None => {
            let one = |target: &EcoString| Value {
                target: target.clone(),
                ttl: stored.set.ttl,
                properties: stored.set.properties().clone(),
                origin: stored.origin.clone(),
            };
            stored.set.targets.iter().map(one).collect()
        }
    }
}

/// The values of a record as it was read.
pub(super) fn unfold_record(record: &Record) -> Vec<Value> {
    record
        .origin
        .get::<Values>()
        .map_or_else(|| values(record).collect(), |values| values.0.clone())
}

/// Whether two values mean the same: text by its content, with or without quotes.
pub(super) fn same_value(left: &str, right: &str, rtype: RecordType) -> bool {
    if left == right {
        return true;
    }
    if rtype == RecordType::Txt {
        return text::bare(left) == text::bare(right);
    }
    Targets::from_iter([left]).same_as(&Targets::from_iter([right]), rtype)
}

#[cfg(test)]
mod tests {
    use extdns_model::{Labels, Name, RecordSet};

    use super::*;

    fn record(name: &str, target: &str, ttl: i64, id: u32) -> Record {
        let set = RecordSet::new(
            Name::as_listed(name),
            RecordType::A,
            Ttl::from_seconds(ttl),
            [target].into_iter().collect(),
        );
        Record::new(set, Opaque::new(id))
    }

    fn ids(record: &Record) -> Vec<(String, u32)> {
        unfold_record(record)
            .into_iter()
            .map(|value| (value.target.to_string(), *value.origin.get::<u32>().expect("an id")))
            .collect()
    }

    #[test]
    fn values_of_a_set_become_one_record_that_keeps_every_id() {
        let mut folder = Folder::default();
        for record in [
            record("a.org", "192.0.2.1", 300, 1),
            record("b.org", "192.0.2.9", 60, 2),
            record("A.org", "192.0.2.2", 300, 3),
            record("a.org", "192.0.2.1", 60, 4),
        ] {
            folder.push(record);
        }
        let records = folder.into_records();
        assert_eq!(records.len(), 2);
        let twice = &records[0];
        assert_eq!(twice.set.targets.as_slice(), ["192.0.2.1", "192.0.2.2", "192.0.2.1"]);
        assert_eq!(twice.set.ttl, Ttl::UNSET, "300 and 60");
        let expected = [("192.0.2.1", 1), ("192.0.2.2", 3), ("192.0.2.1", 4)];
        assert_eq!(ids(twice), expected.map(|(target, id)| (target.to_owned(), id)));
        assert_eq!(ids(&records[1]), [("192.0.2.9".to_owned(), 2)]);
    }

    #[test]
    fn properties_of_values_that_disagree_are_shown_together() {
        let proxied = |value: Option<&'static str>| -> Properties {
            value.into_iter().map(|value| ("proxied", value)).collect()
        };
        let cases = [
            (vec![Some("true"), Some("true")], Some("true")),
            (vec![Some("true"), Some("false")], Some("false | true")),
            (vec![Some("true"), None, Some("true")], Some("- | true")),
            (vec![None, Some("false")], Some("- | false")),
            (vec![None, None], None),
        ];
        for (said, expected) in cases {
            let mut folder = Folder::default();
            for (value, n) in said.iter().zip(1..) {
                let mut record = record("a.org", &format!("192.0.2.{n}"), 300, n);
                record.set.edit_properties(|own| *own = proxied(*value));
                folder.push(record);
            }
            let record = folder.into_records().remove(0);
            assert_eq!(record.set.properties().get("proxied"), expected, "{said:?}");
            let kept: Vec<_> = unfold_record(&record)
                .iter()
                .map(|value| value.properties.get("proxied").map(ToString::to_string))
                .collect();
            let said: Vec<_> = said.iter().map(|it| it.map(ToString::to_string)).collect();
            assert_eq!(kept, said);
        }
    }

    #[test]
    fn a_stored_set_is_unfolded_whatever_became_of_its_targets() {
        let mut folder = Folder::default();
        folder.push(record("a.org", "192.0.2.2", 300, 1));
        folder.push(record("a.org", "192.0.2.1", 300, 2));
        let mut record = folder.into_records().remove(0);
        record.set.targets.normalise();
        let stored =
            Stored { set: record.set, labels: Labels::new(), origin: record.origin.clone() };
        let ids: Vec<_> = unfold(&stored)
            .iter()
            .map(|value| *value.origin.get::<u32>().expect("an id"))
            .collect();
        assert_eq!(ids, [1, 2]);
    }

    #[test]
    fn values_that_mean_the_same() {
        let cases = [
            (RecordType::Txt, "a", "\"a\"", true),
            (RecordType::Txt, "\"a\" \"b\"", "ab", true),
            (RecordType::Txt, "a", "A", false),
            (RecordType::Cname, "A.org", "a.org", true),
            (RecordType::Aaaa, "2001:db8::1", "2001:DB8:0::1", true),
            (RecordType::A, "192.0.2.1", "192.0.2.2", false),
        ];
        for (rtype, left, right, same) in cases {
            assert_eq!(same_value(left, right, rtype), same, "{rtype} {left} {right}");
        }
    }
}
