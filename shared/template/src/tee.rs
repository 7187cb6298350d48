//! Reads an object into a struct, and keeps those of its fields that templates read beside it, in one pass.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use ecow::EcoString;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::data::{Data, Map};
use crate::fields::{Below, Fields};

/// Not kept in any case: the whole object as it was applied, and who applied what.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const MANAGED_FIELDS: &str = "managedFields";

impl Fields {
    /// Reads an object, and keeps these fields of it besides. What is not kept is read once; what is kept is read into
    /// the struct from there.
    ///
    /// # Errors
    /// When what is read is no object, or has not the form of the struct.
    pub fn read<'de, T, D>(&self, deserializer: D) -> Result<(T, Data), D::Error>
    where
        T: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let mut kept = None;
        let object =
            T::deserialize(Tee { inner: deserializer, keys: Keys::First(self), kept: &mut kept })?;
        Ok((object, data(kept)))
    }
}

type Pairs = Vec<(EcoString, Data)>;

fn data(kept: Option<Pairs>) -> Data {
    kept.map_or(Data::Null, |pairs| Data::Map(Arc::new(pairs.into_iter().collect())))
}

/// Which keys of an object, or of a part of it, are kept.
#[derive(Clone, Copy)]
enum Keys<'a> {
    First(&'a Fields),
    /// All without a set.
    Second(Option<&'a BTreeSet<EcoString>>),
}

/// What is kept of the value of a key.
enum Kept<'a> {
    Nothing,
    All,
    Within(Keys<'a>),
}

impl<'a> Keys<'a> {
    fn below(self, key: &str) -> Kept<'a> {
        match self {
            Self::First(fields) => match fields.below(key) {
                Below::Nothing => Kept::Nothing,
                Below::All if key == "metadata" => Kept::Within(Self::Second(None)),
                Below::All => Kept::All,
                Below::These(keys) => Kept::Within(Self::Second(Some(keys))),
            },
            Self::Second(_) if key == MANAGED_FIELDS => Kept::Nothing,
            Self::Second(Some(keys)) if !keys.iter().any(|own| own.eq_ignore_ascii_case(key)) => {
                Kept::Nothing
            }
            Self::Second(_) => Kept::All,
        }
    }
}

/// What is read, while some of it is kept: a deserializer, a visitor, a seed or the access to a map, like the one that
/// it wraps.
struct Tee<'a, T> {
    inner: T,
    keys: Keys<'a>,
    /// Nothing where no map was read.
    kept: &'a mut Option<Pairs>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Tee<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let Self { inner, keys, kept } = self;
        inner.deserialize_any(Tee { inner: visitor, keys, kept })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let Self { inner, keys, kept } = self;
        inner.deserialize_option(Tee { inner: visitor, keys, kept })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Only an object, or nothing, has the form of what is kept in part.
impl<'de, V: Visitor<'de>> Visitor<'de> for Tee<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let Self { inner, keys, kept } = self;
        inner.visit_some(Tee { inner: deserializer, keys, kept })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let pairs = self.kept.insert(Vec::new());
        self.inner.visit_map(TeeMap { map, keys: self.keys, key: EcoString::new(), pairs })
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Tee<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let Self { inner, keys, kept } = self;
        inner.deserialize(Tee { inner: deserializer, keys, kept })
    }
}

struct TeeMap<'a, A> {
    map: A,
    keys: Keys<'a>,
    /// The key whose value comes next.
    key: EcoString,
    pairs: &'a mut Pairs,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for TeeMap<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(key) = self.map.next_key::<EcoString>()? else { return Ok(None) };
        let read = seed.deserialize(key.as_str().into_deserializer())?;
        self.key = key;
        Ok(Some(read))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        let (read, value) = match self.keys.below(&self.key) {
            Kept::Nothing => return self.map.next_value_seed(seed),
            Kept::All => {
                let mut value = self.map.next_value::<Data>()?;
                let read = seed.deserialize(&value).map_err(A::Error::custom)?;
                if matches!(self.keys, Keys::Second(_)) && self.key == "annotations" {
                    value = without_last_applied(value);
                }
                (read, value)
            }
            Kept::Within(keys) => {
                let mut kept = None;
                let read = self.map.next_value_seed(Tee { inner: seed, keys, kept: &mut kept })?;
                (read, data(kept))
            }
        };
        self.pairs.push((std::mem::take(&mut self.key), value));
        Ok(read)
    }
}

fn without_last_applied(annotations: Data) -> Data {
    match &annotations {
        Data::Map(map) if map.get(LAST_APPLIED).is_some() => {
            let others = map.iter().filter(|(key, _)| *key != LAST_APPLIED);
            let others = others.map(|(key, data)| (key.clone(), data.clone()));
            Data::Map(Arc::new(others.collect::<Map>()))
        }
        _ => annotations,
    }
}
