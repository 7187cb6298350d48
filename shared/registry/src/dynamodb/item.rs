//! Items of the table, and what they stand for.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use ecow::EcoString;
use extdns_model::{LabelKey, Labels, Name, Opaque, RecordSet, RecordType, Targets, Ttl};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Entry;
use crate::entries::key;
use crate::store::{Loaded, Unclear};

/// An item as a scan gives it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Item {
    k: Text,
    #[serde(default)]
    l: Option<Labelled>,
    /// The owner that was asked for.
    #[serde(skip)]
    owner: EcoString,
}

/// A text in the form of DynamoDB.
#[derive(Debug, Clone, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: EcoString,
}

#[derive(Debug, Clone, Deserialize)]
struct Labelled {
    #[serde(rename = "M", default)]
    labels: BTreeMap<EcoString, Text>,
}

/// The key of an item as it was read: it is handed back as it is.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) key: EcoString,
}

impl Item {
    /// As an item of this owner.
    pub(super) fn of(mut self, owner: &str) -> Self {
        self.owner = owner.into();
        self
    }

    /// The key.
    pub(super) fn key(&self) -> &EcoString {
        &self.k.text
    }

    /// The labels, the owner among them.
    pub(super) fn labels(&self) -> Labels {
        let own = self.l.iter().flat_map(|own| &own.labels);
        let mut labels: Labels = own.map(|(key, own)| (key.as_str(), own.text.as_str())).collect();
        labels.set(LabelKey::OWNER, self.owner.clone());
        labels
    }

    fn set(&self) -> Option<RecordSet> {
        let mut parts = self.k.text.splitn(3, '#');
        let (name, rtype) = (parts.next().filter(|name| !name.is_empty())?, parts.next()?);
        let rtype = RecordType::from_str(rtype).ok()?;
        let set = RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, Targets::new());
        Some(set.with_set_identifier(parts.next().unwrap_or_default()))
    }

    fn shown(&self) -> String {
        format!("item {:?}", self.k.text)
    }
}

/// The key of the item of a record set.
pub(super) fn key_of(set: &RecordSet) -> EcoString {
    format!("{}#{}#{}", set.name, set.rtype, set.set_identifier()).into()
}

/// The labels of an item, as DynamoDB has them: without the owner, which has an attribute of its own.
pub(super) fn map_of(labels: &Labels) -> Value {
    let kept = labels.iter().filter(|(key, _)| is_kept(key));
    let map: Map<_, _> = kept.map(|(key, own)| (key.to_owned(), json!({ "S": own }))).collect();
    json!({ "M": map })
}

/// Whether two labels are stored alike, the owner aside.
pub(super) fn same_labels(old: &Labels, new: &Labels) -> bool {
    map_of(old) == map_of(new)
}

fn is_kept(key: &str) -> bool {
    key != LabelKey::OWNER && key != LabelKey::NONCE
}

/// The ownership records among the items, in the order of their keys.
pub(super) fn loaded(items: Vec<Item>) -> Loaded {
    let mut loaded = Loaded::default();
    let mut entries = BTreeMap::new();
    for item in items {
        let Some(set) = item.set() else {
            let why = "its key is not name#type#identifier; correct it, or delete the item";
            loaded.unclear.push(Unclear { shown: item.shown(), why: why.to_owned() });
            continue;
        };
        let origin = Opaque::new(Stored { key: item.k.text.clone() });
        let entry = Entry { labels: item.labels(), shown: item.shown(), origin, set };
        // Two spellings of one name: one of them counts, and the other has no record.
        entries.entry(key(&entry.set)).or_insert(entry);
    }
    loaded.entries = entries.into_values().collect();
    loaded.unclear.sort();
    loaded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(value: Value) -> Item {
        let mut item: Item = serde_json::from_value(value).expect("an item");
        item.owner = "me".into();
        item
    }

    #[test]
    fn keys_have_at_most_three_parts() {
        let table = [
            ("www.example.org#A#", Some(("www.example.org", RecordType::A, ""))),
            ("*.example.org#CNAME#a#b", Some(("*.example.org", RecordType::Cname, "a#b"))),
            ("www.example.org#A", Some(("www.example.org", RecordType::A, ""))),
            ("www.example.org", None),
            ("#A#", None),
        ];
        for (text, expected) in table {
            let set = item(json!({ "k": { "S": text } })).set();
            let found = set.as_ref();
            let found = found.map(|own| (own.name.as_str(), own.rtype, own.set_identifier()));
            assert_eq!(found, expected, "{text}");
            if let Some(set) = set.filter(|_| text.matches('#').count() > 1) {
                assert_eq!(key_of(&set), text);
            }
        }
    }

    #[test]
    fn an_item_has_the_owner_and_the_other_labels() {
        let own = item(json!({
            "k": { "S": "a.org#A#" }, "l": { "M": { "resource": { "S": "service/x/y" } } },
        }));
        let labels = own.labels();
        let pairs: Vec<_> = labels.iter().collect();
        assert_eq!(pairs, [("owner", "me"), ("resource", "service/x/y")]);
        assert_eq!(map_of(&labels), json!({ "M": { "resource": { "S": "service/x/y" } } }));
        let broken = item(json!({ "k": { "S": "nonsense" } }));
        let loaded = loaded(vec![own.clone(), own, broken]);
        assert_eq!((loaded.entries.len(), loaded.unclear.len()), (1, 1));
    }
}
