//! What a template reads: JSON, cheap to clone.

use std::fmt;
use std::sync::Arc;

use ecow::EcoString;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value. Clones share what they hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    /// `null`.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A number without a fraction.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(EcoString),
    /// An array.
    List(Arc<[Data]>),
    /// An object.
    Map(Arc<Map>),
}

/// A JSON object, sorted by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Vec<(EcoString, Data)>);

impl Map {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Data> {
        let at = self.0.binary_search_by(|(own, _)| own.as_str().cmp(key)).ok()?;
        Some(&self.0[at].1)
    }

    /// The value of a key whose letters may differ in case, as Go writes the names of fields.
    #[must_use]
    pub fn get_any_case(&self, key: &str) -> Option<&Data> {
        self.get(key).or_else(|| {
            self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(key)).map(|(_, data)| data)
        })
    }

    /// All pairs, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&EcoString, &Data)> {
        self.0.iter().map(|(key, data)| (key, data))
    }

    /// How many pairs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Of pairs with one key the last stays.
impl FromIterator<(EcoString, Data)> for Map {
    fn from_iter<I: IntoIterator<Item = (EcoString, Data)>>(pairs: I) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        if !pairs.is_sorted_by(|a, b| a.0 < b.0) {
            pairs.reverse();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            pairs.dedup_by(|later, kept| later.0 == kept.0);
        }
        Self(pairs)
    }
}

impl Data {
    /// A value under a key, where this is an object that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Json)
    }
}

struct Json;

impl<'de> Visitor<'de> for Json {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_none<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(Data::Int(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "what does not fit an int64 is a float in Go, too"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(i64::try_from(value).map_or(Data::Float(value as f64), Data::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        Ok(Data::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Data, E> {
        Ok(Data::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Data::List(items.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry::<EcoString, Data>()? {
            pairs.push(pair);
        }
        Ok(Data::Map(Arc::new(pairs.into_iter().collect())))
    }
}
