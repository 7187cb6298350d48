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
    next: Option<String>,
    objects: Option<u64>,
}

impl Head {
    fn check(self, resource: &ResourceType) -> Result<Page, PageError> {
        let wanted = (format!("{}List", resource.kind), resource.api_version());
        match (self.kind, self.api_version, self.objects) {
            (Some(kind), Some(version), Some(objects))
                if kind == wanted.0 && version == wanted.1 =>
            {
                Ok(Page { next: self.next.filter(|next| !next.is_empty()), objects })
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
        Category::Syntax => PageError::Foreign(match first_letter(bytes) {
            Some(b'<') => "HTML or XML".to_owned(),
            Some(b'{' | b'[') => format!("malformed JSON ({error})"),
            _ => "no JSON".to_owned(),
        }),
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
        let error = serde_json::from_str::<K>(item.get()).err()?;
        Some(PageError::Object {
            name: name_of(item.get())
                .unwrap_or_else(|| format!("{} number {}", resource.kind, index + 1)),
            reason: error.to_string(),
        })
    })
}

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
        #[derive(Deserialize)]
        struct ListMeta {
            #[serde(rename = "continue")]
            next: Option<String>,
        }
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "kind" => self.head.kind = map.next_value()?,
                "apiVersion" => self.head.api_version = map.next_value()?,
                "metadata" => {
                    self.head.next =
                        map.next_value::<Option<ListMeta>>()?.and_then(|meta| meta.next)
                }
                "items" if self.head.objects.is_some() => {
                    return Err(A::Error::duplicate_field("items"));
                }
                "items" => {
                    let items = ItemsSeed { step: &mut *self.step, kind: PhantomData };
                    self.head.objects = Some(map.next_value_seed(items)?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
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
        while let Some(object) = items.next_element()? {
            (self.step)(object);
            objects += 1;
        }
        Ok(objects)
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, PageError, decode};
    use crate::object::{Metadata, Projection, ResourceType};

    #[derive(serde::Deserialize)]
    struct Service {
        metadata: Metadata,
    }

    impl Projection for Service {
        const RESOURCE: ResourceType = ResourceType {
            group: "",
            version: "v1",
            plural: "services",
            kind: "Service",
            namespaced: true,
        };
        fn metadata(&self) -> &Metadata {
            &self.metadata
        }
        fn metadata_mut(&mut self) -> &mut Metadata {
            &mut self.metadata
        }
    }

    fn read(json: &str) -> (Result<Page, PageError>, Vec<String>) {
        let mut names = Vec::new();
        let page = decode(json.as_bytes(), &Service::RESOURCE, &mut |service: Service| {
            names.push(service.metadata.full_name().to_string());
        });
        (page, names)
    }

    #[test]
    fn objects_come_in_order_and_the_token_wherever_it_stands() {
        let (page, names) = read(
            r#"{"items":[{"metadata":{"name":"b","namespace":"x"},"spec":{"a":[1]}},{"metadata":{"name":"a"}}],
                "metadata":{"resourceVersion":"1","continue":"t"},"apiVersion":"v1","kind":"ServiceList"}"#,
        );
        assert_eq!(page.unwrap(), Page { next: Some("t".into()), objects: 2 });
        assert_eq!(names, ["x/b", "a"]);
    }

    #[test]
    fn the_last_page_has_no_token() {
        for metadata in [r#"{"continue":""}"#, "{}", "null"] {
            let json = format!(
                r#"{{"kind":"ServiceList","apiVersion":"v1","metadata":{metadata},"items":null}}"#
            );
            assert_eq!(read(&json).0.unwrap(), Page::default(), "{metadata}");
        }
    }

    #[test]
    fn what_is_no_such_list_is_said() {
        let table = [
            ("<html><body>Sign in</body></html>", "HTML or XML"),
            ("sorry", "no JSON"),
            ("{}", "JSON without kind and apiVersion"),
            (r#"{"kind":"ServiceList","apiVersion":"v1"}"#, "a v1 ServiceList without items"),
            (
                r#"{"kind":"PodList","apiVersion":"v1","items":[]}"#,
                "a v1 PodList where a v1 ServiceList was asked for",
            ),
            (
                r#"{"kind":"ServiceList",]"#,
                "malformed JSON (key must be a string at line 1 column 23)",
            ),
        ];
        for (text, expected) in table {
            match read(text).0 {
                Err(PageError::Foreign(found)) => assert_eq!(found, expected),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        let json = r#"{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a"}}]}"#;
        for end in 0..json.len() {
            assert!(matches!(read(&json[..end]).0, Err(PageError::Cut(_))), "cut at {end}");
        }
    }

    #[test]
    fn the_object_that_is_wrong_is_named() {
        let (page, _) = read(
            r#"{"kind":"ServiceList","apiVersion":"v1","items":[
                {"metadata":{"name":"good"}},{"metadata":{"name":"bad","namespace":"x","labels":{"a":1}}}]}"#,
        );
        match page {
            Err(PageError::Object { name, reason }) => {
                assert_eq!(name, "x/bad");
                assert!(
                    reason.starts_with("invalid type: integer `1`, expected a string"),
                    "{reason}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
}
