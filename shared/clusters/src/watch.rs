//! A list as a stream: events that add the objects one by one, and a bookmark that says that these were all
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists>).

use ecow::EcoString;
use memchr::memchr;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;

use crate::object::{Metadata, ResourceType};
use crate::page::{PageError, looks_like, name_of, nameless};
use crate::receiver::Receiver;

/// What asks for a list as a stream: everything that is there now, then a bookmark, then changes.
pub(crate) const QUERY: &str =
    "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

/// The annotation of the bookmark behind the last object of the list.
const END: &str = "k8s.io/initial-events-end";

/// How a server begins the event of an object.
const ADDED: &str = r#"{"type":"ADDED","object":"#;

/// Takes the bytes of a stream as they come, and hands on every object whose event is complete.
pub(crate) struct EventReader {
    /// The beginning of an event whose end has not come yet.
    begun: Vec<u8>,
    objects: u64,
    /// The state of the cluster that the last bookmark names.
    version: EcoString,
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

impl EventReader {
    pub(crate) fn new() -> Self {
        Self { begun: Vec::new(), objects: 0, version: EcoString::new() }
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
        receiver: &mut dyn Receiver,
    ) -> Result<bool, EventError> {
        let mut rest = piece;
        while let Some(end) = memchr(b'\n', rest) {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            // Most events lie whole in one piece and are decoded where they are.
            let is_end = if self.begun.is_empty() {
                self.event(line, resource, receiver)?
            } else {
                let mut whole = std::mem::take(&mut self.begun);
                whole.extend_from_slice(line);
                let is_end = self.event(&whole, resource, receiver)?;
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
        receiver: &mut dyn Receiver,
    ) -> Result<bool, EventError> {
        if line.trim_ascii().is_empty() {
            return Ok(false);
        }
        let number = self.objects + 1;
        let broken = |error| EventError::Broken(blame(line, resource, number, error));
        // Whether it is UTF-8 is faster to say of all of it than of each string.
        let text =
            str::from_utf8(line).map_err(|error| broken(serde_json::Error::custom(error)))?;
        // As servers write it, the object need not be looked for.
        let found = text.strip_prefix(ADDED);
        let found = found.and_then(|rest| Some((rest, receiver.receive_named(rest).ok()?)));
        if let Some((rest, Some(length))) = found
            && &rest[length..] == "}"
        {
            self.objects = number;
            return Ok(false);
        }
        let Event { kind, object } = serde_json::from_str(text).map_err(broken)?;
        match kind {
            Type::Added => {
                let length = match found {
                    Some((_, length)) => length,
                    None => receiver.receive_named(object.get()).map_err(broken)?,
                };
                length.ok_or_else(|| EventError::Broken(nameless(resource, number)))?;
                self.objects = number;
                Ok(false)
            }
            Type::Modified | Type::Deleted => Err(EventError::Changed),
            Type::Bookmark => {
                let bookmark: Bookmark = serde_json::from_str(object.get()).map_err(broken)?;
                self.version = bookmark.metadata.resource_version.clone();
                bookmark.is_end(resource).map_err(EventError::Broken)
            }
            Type::Error => Err(EventError::Refused {
                code: serde_json::from_str(object.get()).map_or(0, |Status { code }| code),
                status: object.get().to_owned(),
            }),
        }
    }
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
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: Type,
    #[serde(borrow)]
    object: &'a RawValue,
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

#[cfg(test)]
mod tests;
