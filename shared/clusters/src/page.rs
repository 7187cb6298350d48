//! One page of a list: decoded object by object, straight from the bytes of the answer.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::object::{Metadata, Projection, ResourceType};

/// What a page says besides its objects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Where the next page begins; `None` on the last one.
    pub(crate) next: Option<String>,
    /// Objects on this page.
    pub(crate) objects: u64,
}

/// Why a page could not be decoded.
#[derive(Debug)]
pub(crate) enum PageError {
    /// The text ends in the middle.
    Cut(serde_json::Error),
    /// It is no list of this kind: what it is.
    Foreign(String),
    /// It is a list of this kind, but not all of it: why not.
    Partial(String),
    /// An object has another form than its kind has.
    Object { name: String, reason: String },
}

/// Hands each object of a page to `step`.
pub(crate) fn decode<K: Projection>(
    bytes: &[u8],
    resource: &ResourceType,
    step: &mut impl FnMut(K),
) -> Result<Page, PageError> {
    let mut head = Head::default();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let seed = ListSeed { head: &mut head, step, kind: PhantomData };
    seed.deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| classify::<K>(bytes, resource, error))?;
    head.check(resource)
}

/// The fields of a list besides its items.
#[derive(Default)]
struct Head {
    kind: Option<String>,
    api_version: Option<String>,
    metadata: Option<ListMeta>,
    objects: Option<u64>,
}

/// The metadata of a list, as far as it says how the list goes on.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListMeta {
    #[serde(rename = "continue")]
    next: Option<String>,
    remaining_item_count: Option<i64>,
}

impl ListMeta {
    /// The token of the next page. Objects that remain without one are objects that are missing.
    fn next(self) -> Result<Option<String>, PageError> {
        match (self.next.filter(|next| !next.is_empty()), self.remaining_item_count) {
            (None, Some(left)) if left > 0 => Err(PageError::Partial(format!(
                "it says that {left} more objects follow (remainingItemCount), but not where \
                 (continue)"
            ))),
            (next, _) => Ok(next),
        }
    }
}

impl Head {
    fn check(self, resource: &ResourceType) -> Result<Page, PageError> {
        let wanted = (format!("{}List", resource.kind), resource.api_version());
        match (self.kind, self.api_version, self.objects) {
            (Some(kind), Some(version), Some(objects))
                if kind == wanted.0 && version == wanted.1 =>
            {
                Ok(Page { next: self.metadata.unwrap_or_default().next()?, objects })
            }
            (Some(kind), Some(version), Some(_)) => Err(PageError::Foreign(format!(
                "a {version} {kind} where a {} {} was asked for",
                wanted.1, wanted.0
            ))),
            (Some(kind), Some(version), None) => {
                Err(PageError::Foreign(format!("a {version} {kind} without items")))
            }
            _ => Err(PageError::Foreign("JSON without kind and apiVersion".to_owned())),
        }
    }
}

fn classify<K: Projection>(
    bytes: &[u8],
    resource: &ResourceType,
    error: serde_json::Error,
) -> PageError {
    match error.classify() {
        Category::Data => blame::<K>(bytes, resource)
            .unwrap_or_else(|| PageError::Foreign(format!("JSON of another form ({error})"))),
        // An empty answer and the beginning of a list end too early; anything else was never one.
        Category::Eof | Category::Io => PageError::Cut(error),
        Category::Syntax => PageError::Foreign(looks_like(bytes, &error)),
    }
}

/// What an answer is that is not the JSON that was asked for.
pub(crate) fn looks_like(bytes: &[u8], error: &serde_json::Error) -> String {
    match first_letter(bytes) {
        Some(b'<') => "HTML or XML".to_owned(),
        Some(b'{' | b'[') if error.is_data() => format!("JSON of another form ({error})"),
        Some(b'{' | b'[') => format!("malformed JSON ({error})"),
        _ => "no JSON".to_owned(),
    }
}

fn first_letter(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// Finds the object that cannot be decoded. The fast path does not know whose field it was in, so only a failure
/// pays for a second look.
fn blame<K: Projection>(bytes: &[u8], resource: &ResourceType) -> Option<PageError> {
    #[derive(Deserialize)]
    struct Items<'a> {
        #[serde(borrow)]
        items: Vec<&'a RawValue>,
    }
    let list: Items<'_> = serde_json::from_slice(bytes).ok()?;
    list.items.iter().enumerate().find_map(|(index, item)| {
        let number = || format!("{} number {}", resource.kind, index + 1);
        let nameless = || PageError::Partial(format!("{} {NAMELESS}", number()));
        let reason = serde_json::from_str::<K>(item.get()).err().map(|error| error.to_string());
        match (name_of(item.get()), reason) {
            (Some(_), None) => None,
            (None, None) => Some(nameless()),
            (None, Some(reason)) if reason.starts_with("missing field `metadata`") => {
                Some(nameless())
            }
            (name, Some(reason)) => {
                Some(PageError::Object { name: name.unwrap_or_else(number), reason })
            }
        }
    })
}

/// Every object of an API has a name: one without is a piece of an object.
const NAMELESS: &str = "has no name (metadata.name)";

/// `namespace/name` of an object of which only that much has to be right.
fn name_of(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        metadata: Name,
    }
    #[derive(Deserialize)]
    struct Name {
        name: ecow::EcoString,
        #[serde(default)]
        namespace: ecow::EcoString,
    }
    let Named { metadata } = serde_json::from_str(json).ok()?;
    if metadata.name.is_empty() {
        return None;
    }
    let metadata =
        Metadata { name: metadata.name, namespace: metadata.namespace, ..Metadata::default() };
    Some(metadata.full_name().to_string())
}

struct ListSeed<'a, K, F> {
    head: &'a mut Head,
    step: &'a mut F,
    kind: PhantomData<K>,
}

impl<'de, K: Projection, F: FnMut(K)> DeserializeSeed<'de> for ListSeed<'_, K, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, K: Projection, F: FnMut(K)> Visitor<'de> for ListSeed<'_, K, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let head = self.head;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "kind" => once("kind", &mut head.kind, map.next_value()?)?,
                "apiVersion" => once("apiVersion", &mut head.api_version, map.next_value()?)?,
                "metadata" => {
                    let metadata = map.next_value::<Option<ListMeta>>()?.unwrap_or_default();
                    once("metadata", &mut head.metadata, Some(metadata))?;
                }
                "items" if head.objects.is_some() => {
                    return Err(A::Error::duplicate_field("items"));
                }
                "items" => {
                    let items = ItemsSeed { step: &mut *self.step, kind: PhantomData };
                    head.objects = Some(map.next_value_seed(items)?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Stores a field of the head. Of one that stands twice nobody knows which is meant.
fn once<T, E: serde::de::Error>(
    name: &'static str,
    field: &mut Option<T>,
    value: Option<T>,
) -> Result<(), E> {
    if field.is_some() {
        return Err(E::duplicate_field(name));
    }
    *field = value;
    Ok(())
}

struct ItemsSeed<'a, K, F> {
    step: &'a mut F,
    kind: PhantomData<K>,
}

impl<'de, K: Projection, F: FnMut(K)> DeserializeSeed<'de> for ItemsSeed<'_, K, F> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, K: Projection, F: FnMut(K)> Visitor<'de> for ItemsSeed<'_, K, F> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    /// Go writes a list without elements as `null`, too.
    fn visit_none<E>(self) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_unit<E>(self) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<u64, A::Error> {
        let mut objects = 0;
        while let Some(object) = items.next_element::<K>()? {
            if object.metadata().name.is_empty() {
                return Err(A::Error::custom(NAMELESS));
            }
            (self.step)(object);
            objects += 1;
        }
        Ok(objects)
    }
}

#[cfg(test)]
mod tests;
