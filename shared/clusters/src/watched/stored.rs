//! An object as it is kept: its text, without what nobody reads.

use std::borrow::Cow;
use std::fmt;

use ecow::EcoString;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use crate::object::{LAST_APPLIED, Metadata, Projection, ResourceType};

/// Namespace and name.
pub(super) type Key = (EcoString, EcoString);

/// Members of `metadata` that nobody reads; the first is often half of an object.
const UNREAD: [&str; 2] = ["managedFields", "ownerReferences"];

/// An object of any kind.
pub(super) struct Stored {
    metadata: Metadata,
    text: Box<str>,
}

impl Stored {
    /// Keeps an object of a text.
    pub(super) fn of(text: &RawValue) -> serde_json::Result<Self> {
        let members: Members<'_> = serde_json::from_str(text.get())?;
        let metadata = members
            .find("metadata")
            .ok_or_else(|| serde_json::Error::custom("missing field `metadata`"))?;
        let kept = trimmed(metadata)?;
        let named: Named = serde_json::from_str(&kept)?;
        let text = members.text(|name, value| match name {
            "metadata" => Some(Cow::Owned(kept.clone())),
            _ => Some(Cow::Borrowed(value.get())),
        })?;
        let Named { name, namespace, resource_version } = named;
        let metadata = Metadata { name, namespace, resource_version, ..Metadata::default() };
        Ok(Self { metadata, text: text.into() })
    }

    /// The state of the cluster that it is of.
    pub(super) fn version(&self) -> &EcoString {
        &self.metadata.resource_version
    }

    pub(super) fn into_parts(self) -> (Key, Box<str>) {
        ((self.metadata.namespace, self.metadata.name), self.text)
    }
}

/// The metadata without what nobody reads.
fn trimmed(metadata: &RawValue) -> serde_json::Result<String> {
    let members: Members<'_> = serde_json::from_str(metadata.get())?;
    let annotations = match members.find("annotations") {
        Some(value) if value.get() != "null" => {
            let members: Members<'_> = serde_json::from_str(value.get())?;
            let kept = |name: &str, value: &'_ RawValue| {
                (name != LAST_APPLIED).then(|| Cow::Owned(value.get().to_owned()))
            };
            Some(members.text(kept)?)
        }
        _ => None,
    };
    members.text(|name, value| match (name, &annotations) {
        ("annotations", Some(kept)) => Some(Cow::Owned(kept.clone())),
        _ if UNREAD.contains(&name) => None,
        _ => Some(Cow::Borrowed(value.get())),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Named {
    #[serde(deserialize_with = "crate::object::nullable")]
    name: EcoString,
    #[serde(deserialize_with = "crate::object::nullable")]
    namespace: EcoString,
    #[serde(deserialize_with = "crate::object::nullable")]
    resource_version: EcoString,
}

/// The members of an object in their order. A key that stands twice stays twice: whoever decodes the object sees it.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    fn find(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    }

    /// The object with what is kept of each member.
    fn text<'b>(
        &'b self,
        keep: impl Fn(&str, &'b RawValue) -> Option<Cow<'b, str>>,
    ) -> serde_json::Result<String> {
        let mut text = String::from("{");
        for (name, value) in &self.0 {
            let Some(value) = keep(name, value) else { continue };
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&serde_json::to_string(name)?);
            text.push(':');
            text.push_str(&value);
        }
        text.push('}');
        Ok(text)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((member.0.0, member.1));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A text that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        Self::of(&text).map_err(de::Error::custom)
    }
}

/// Only the kind that is asked for by name is ever listed with it.
impl Projection for Stored {
    const RESOURCE: ResourceType =
        ResourceType { group: "", version: "v1", plural: "", kind: "", namespaced: true };

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::{RawValue, Stored};

    fn stored(text: &str) -> Result<Stored, String> {
        let raw: Box<RawValue> = serde_json::from_str(text).expect("JSON");
        Stored::of(&raw).map_err(|error| error.to_string())
    }

    #[test]
    fn what_nobody_reads_is_not_kept() {
        let text = r#"{"kind":"Service","metadata":{"name":"web","namespace":"shop","resourceVersion":"7",
            "managedFields":[{"manager":"kubectl"}],"ownerReferences":[],
            "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","a\"b":"1"}},"spec":{"a":[1, 2]}}"#;
        let own = stored(text).expect("an object");
        assert_eq!(own.version(), "7");
        let (key, text) = own.into_parts();
        assert_eq!(key, ("shop".into(), "web".into()));
        let expected = r#"{"kind":"Service","metadata":{"name":"web","namespace":"shop","resourceVersion":"7","annotations":{"a\"b":"1"}},"spec":{"a":[1, 2]}}"#;
        assert_eq!(&*text, expected);
    }

    #[test]
    fn a_key_that_stands_twice_stays_so_and_no_annotations_are_no_error() {
        let (key, text) =
            stored(r#"{"metadata":{"name":"a","annotations":null},"spec":1,"spec":2}"#)
                .expect("an object")
                .into_parts();
        assert_eq!(key, ("".into(), "a".into()));
        assert_eq!(&*text, r#"{"metadata":{"name":"a","annotations":null},"spec":1,"spec":2}"#);
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        assert_eq!(stored("{}").err().as_deref(), Some("missing field `metadata`"));
        assert!(stored("[]").err().is_some_and(|why| why.contains("expected an object")));
        let wrong = r#"{"metadata":{"name":"a","annotations":{"ttl":60}}}"#;
        assert!(stored(wrong).is_ok(), "whoever reads annotations says what is wrong with them");
    }
}
