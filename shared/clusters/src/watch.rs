//! A list as a stream: events that add the objects one by one, and a bookmark that says that these were all
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists>).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use ecow::EcoString;
use memchr::memchr;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::object::{Metadata, Projection, ResourceType};
use crate::page::{PageError, looks_like, name_of, nameless};

/// What asks for a list as a stream: everything that is there now, then a bookmark, then changes.
pub(crate) const QUERY: &str =
    "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

/// The annotation of the bookmark behind the last object of the list.
const END: &str = "k8s.io/initial-events-end";

/// Takes the bytes of a stream as they come, and hands on every object whose event is complete.
pub(crate) struct EventReader<K> {
    /// The beginning of an event whose end has not come yet.
    begun: Vec<u8>,
    objects: u64,
    /// The state of the cluster that the last bookmark names.
    version: EcoString,
    kind: PhantomData<K>,
}

/// Why a stream is no list.
#[derive(Debug)]
pub(crate) enum EventError {
    /// An event is not what it should be, for the reasons that a page is not.
    Broken(PageError),
    /// The server ends the stream, and says why.
    Refused { code: u16, status: String },
    /// An object that was listed has changed since, or is gone. What was made of it cannot be taken back.
    Changed,
    /// An event has more bytes than an object may have.
    TooLarge,
}

impl<K: Projection> EventReader<K> {
    pub(crate) fn new() -> Self {
        Self { begun: Vec::new(), objects: 0, version: EcoString::new(), kind: PhantomData }
    }

    /// Objects so far.
    pub(crate) fn objects(&self) -> u64 {
        self.objects
    }

    /// The state of the cluster that a complete list shows.
    pub(crate) fn version(&self) -> EcoString {
        self.version.clone()
    }

    /// Takes the next bytes; returns whether the list is complete. What follows then is no part of it. An
    /// event without the end of its line is not there yet.
    pub(crate) fn feed(
        &mut self,
        piece: &[u8],
        resource: &ResourceType,
        most: usize,
        step: &mut impl FnMut(K),
    ) -> Result<bool, EventError> {
        let mut rest = piece;
        while let Some(end) = memchr(b'\n', rest) {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            // Most events lie whole in one piece and are decoded where they are.
            let is_end = if self.begun.is_empty() {
                self.event(line, resource, step)?
            } else {
                let mut whole = std::mem::take(&mut self.begun);
                whole.extend_from_slice(line);
                let is_end = self.event(&whole, resource, step)?;
                whole.clear();
                self.begun = whole;
                is_end
            };
            if is_end {
                return Ok(true);
            }
        }
        if self.begun.len().saturating_add(rest.len()) > most {
            return Err(EventError::TooLarge);
        }
        self.begun.extend_from_slice(rest);
        Ok(false)
    }

    fn event(
        &mut self,
        line: &[u8],
        resource: &ResourceType,
        step: &mut impl FnMut(K),
    ) -> Result<bool, EventError> {
        if line.trim_ascii().is_empty() {
            return Ok(false);
        }
        let number = self.objects + 1;
        match decode(line) {
            Ok(Event::Added::<K>(object)) if object.metadata().name.is_empty() => {
                Err(EventError::Broken(nameless(resource, number)))
            }
            Ok(Event::Added(object)) => {
                self.objects = number;
                step(object);
                Ok(false)
            }
            Ok(Event::Changed) => Err(EventError::Changed),
            Ok(Event::Bookmark(bookmark)) => {
                self.version = bookmark.metadata.resource_version.clone();
                bookmark.is_end(resource).map_err(EventError::Broken)
            }
            Ok(Event::Error(status)) => Err(EventError::Refused {
                code: serde_json::from_str(status.get()).map_or(0, |Status { code }| code),
                status: status.get().to_owned(),
            }),
            Err(error) => Err(EventError::Broken(blame(line, resource, number, error))),
        }
    }
}

/// Decodes an event. Whether it is UTF-8 is faster to say of all of it than of each string.
fn decode<K: Projection>(line: &[u8]) -> serde_json::Result<Event<K>> {
    serde_json::from_str(std::str::from_utf8(line).map_err(serde_json::Error::custom)?)
}

/// What is wrong with an event, and with which object.
fn blame(line: &[u8], resource: &ResourceType, number: u64, error: serde_json::Error) -> PageError {
    #[derive(Deserialize)]
    struct Of<'a> {
        #[serde(borrow)]
        object: &'a RawValue,
    }
    if error.is_eof() {
        return PageError::Cut(error);
    }
    if !error.is_data() {
        return PageError::Foreign(looks_like(line, &error));
    }
    let Ok(Of { object }) = serde_json::from_slice(line) else {
        return PageError::Foreign(format!("an event of another form ({error})"));
    };
    let reason = error.to_string();
    match name_of(object.get().as_bytes()) {
        None if reason.starts_with("missing field `metadata`") => nameless(resource, number),
        name => PageError::Object {
            name: name.unwrap_or_else(|| format!("{} number {number}", resource.kind)),
            reason,
        },
    }
}

/// One event of a stream.
enum Event<K> {
    Added(K),
    /// An object that was there before has changed, or is gone.
    Changed,
    Bookmark(Bookmark),
    /// Why the server ends the stream.
    Error(Box<RawValue>),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Type {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
}

/// An object of the kind, with the state up to which the stream has come.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bookmark {
    kind: String,
    api_version: String,
    metadata: Metadata,
}

impl Bookmark {
    /// Whether it ends the list.
    fn is_end(&self, resource: &ResourceType) -> Result<bool, PageError> {
        let Self { kind, api_version, metadata } = self;
        let wanted = resource.api_version();
        if *kind != resource.kind || *api_version != wanted {
            let found =
                format!("a bookmark of {api_version} {kind} among {wanted} {}", resource.kind);
            return Err(PageError::Foreign(found));
        }
        Ok(metadata.annotations.get(END) == Some("true"))
    }
}

#[derive(Deserialize)]
struct Status {
    code: u16,
}

impl<K: Projection> Event<K> {
    /// Decodes the object of an event by its type.
    fn of<'de, A: MapAccess<'de>>(kind: Type, map: &mut A) -> Result<Self, A::Error> {
        Ok(match kind {
            Type::Added => Self::Added(map.next_value()?),
            Type::Bookmark => Self::Bookmark(map.next_value()?),
            Type::Error => Self::Error(map.next_value()?),
            Type::Modified | Type::Deleted => {
                map.next_value::<IgnoredAny>()?;
                Self::Changed
            }
        })
    }

    /// The same where the type follows behind the object.
    fn of_text(kind: Type, object: &RawValue) -> serde_json::Result<Self> {
        Ok(match kind {
            Type::Added => Self::Added(serde_json::from_str(object.get())?),
            Type::Bookmark => Self::Bookmark(serde_json::from_str(object.get())?),
            Type::Error => Self::Error(serde_json::from_str(object.get())?),
            Type::Modified | Type::Deleted => Self::Changed,
        })
    }
}

impl<'de, K: Projection> Deserialize<'de> for Event<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EventVisitor(PhantomData))
    }
}

struct EventVisitor<K>(PhantomData<K>);

impl<'de, K: Projection> Visitor<'de> for EventVisitor<K> {
    type Value = Event<K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event<K>, A::Error> {
        let mut kind: Option<Type> = None;
        let mut text: Option<&'de RawValue> = None;
        let mut event = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match (&*key, kind) {
                ("type", Some(_)) => return Err(A::Error::duplicate_field("type")),
                ("type", None) => kind = Some(map.next_value()?),
                ("object", _) if event.is_some() || text.is_some() => {
                    return Err(A::Error::duplicate_field("object"));
                }
                ("object", Some(kind)) => event = Some(Event::of(kind, &mut map)?),
                ("object", None) => text = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match (event, kind, text) {
            (Some(event), _, _) => Ok(event),
            (None, Some(kind), Some(text)) => Event::of_text(kind, text).map_err(A::Error::custom),
            (None, None, _) => Err(A::Error::missing_field("type")),
            (None, Some(_), None) => Err(A::Error::missing_field("object")),
        }
    }
}

#[cfg(test)]
mod tests;
