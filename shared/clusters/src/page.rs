//! One page of a list: decoded object by object, as its bytes arrive.

mod head;

use std::mem;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;

use crate::object::{Metadata, ResourceType};
use crate::receiver::Receiver;
use head::Head;
pub(crate) use head::{Page, PageError};

/// Takes the bytes of a page as they come, and hands on every object that is complete. What is kept
/// of the text is what stands around the objects, and the beginning of the next one.
pub(crate) struct PageReader {
    /// What has come and is not decoded yet.
    rest: Vec<u8>,
    /// The page without its objects.
    frame: Vec<u8>,
    position: Position,
    outside: Outside,
    objects: u64,
    /// Bytes that must have come before the object at the beginning is tried again.
    try_at: usize,
}

/// Bytes that are decoded at a time: what comes at once can be much more.
const PART: usize = 32 << 10;

/// Where in the page the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Not in the array of objects.
    Outside,
    /// Behind its `[`.
    First,
    /// Behind a comma.
    Next,
    /// Behind an object.
    Behind,
}

impl PageReader {
    pub(crate) fn new() -> Self {
        Self {
            rest: Vec::new(),
            frame: Vec::new(),
            position: Position::Outside,
            outside: Outside::default(),
            objects: 0,
            try_at: 0,
        }
    }

    /// Objects so far.
    pub(crate) fn objects(&self) -> u64 {
        self.objects
    }

    /// Takes the next bytes.
    pub(crate) fn feed(
        &mut self,
        piece: &[u8],
        resource: &ResourceType,
        receiver: &mut dyn Receiver,
    ) -> Result<(), PageError> {
        for part in piece.chunks(PART) {
            self.rest.extend_from_slice(part);
            self.decode(resource, false, receiver)?;
        }
        Ok(())
    }

    /// Ends the page.
    pub(crate) fn end(
        &mut self,
        resource: &ResourceType,
        receiver: &mut dyn Receiver,
    ) -> Result<Page, PageError> {
        self.decode(resource, true, receiver)?;
        // Within the array its bracket is missing, and the decoder says so.
        let frame = &self.frame;
        let head: Head = serde_json::from_slice(frame).map_err(|error| match error.classify() {
            // An empty answer and the beginning of a list end too early; anything else was never one.
            Category::Eof | Category::Io => PageError::Cut(error),
            Category::Data | Category::Syntax => PageError::Foreign(looks_like(frame, &error)),
        })?;
        head.check(resource, self.objects)
    }

    fn decode(
        &mut self,
        resource: &ResourceType,
        is_last: bool,
        receiver: &mut dyn Receiver,
    ) -> Result<(), PageError> {
        let bytes = mem::take(&mut self.rest);
        // Whether it is UTF-8 is faster to say of all of it than of each string.
        let (text, is_utf8) = beginning(&bytes);
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            at += match (self.position, rest[0]) {
                (Position::Outside, _) => self.frame(rest),
                (_, b' ' | b'\t' | b'\n' | b'\r') => 1,
                (Position::First | Position::Behind, b']') => {
                    self.frame.push(b']');
                    self.position = Position::Outside;
                    1
                }
                (Position::Behind, b',') => {
                    self.position = Position::Next;
                    1
                }
                (Position::Behind, _) => {
                    let reason = "malformed JSON (expected a comma or `]` between objects)";
                    return Err(PageError::Foreign(reason.to_owned()));
                }
                (Position::First | Position::Next, _) => {
                    let text = text.get(at..).unwrap_or_default();
                    let found = self.object(text, resource, is_last || !is_utf8, receiver);
                    match found.map_err(|error| if is_utf8 { error } else { not_utf8(error) })? {
                        Some(length) => {
                            self.position = Position::Behind;
                            length
                        }
                        None => break,
                    }
                }
            };
        }
        self.rest = bytes;
        self.rest.drain(..at);
        Ok(())
    }

    /// Keeps what stands around the objects: how many of the bytes.
    fn frame(&mut self, bytes: &[u8]) -> usize {
        for (at, &byte) in bytes.iter().enumerate() {
            self.frame.push(byte);
            if self.outside.step(byte) == Some(b'[') && ends_with_items(&self.frame) {
                self.position = Position::First;
                self.outside.close();
                return at + 1;
            }
        }
        bytes.len()
    }

    /// Hands on the object at the beginning, and returns its length; `None` where its end has not come yet.
    fn object(
        &mut self,
        text: &str,
        resource: &ResourceType,
        is_last: bool,
        receiver: &mut dyn Receiver,
    ) -> Result<Option<usize>, PageError> {
        // An object of many pieces is tried whenever twice as much of it is there.
        if text.len() < self.try_at && !is_last {
            return Ok(None);
        }
        match first_object(text, resource, self.objects + 1, receiver) {
            Ok(length) => {
                self.objects += 1;
                self.try_at = 0;
                Ok(Some(length))
            }
            Err(PageError::Cut(_)) if !is_last => {
                self.try_at = 2 * text.len();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// What must be known of a text to find the array of objects in it.
#[derive(Default)]
struct Outside {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Outside {
    /// Takes a byte; returns it if it opens something among the members of the page itself.
    fn step(&mut self, byte: u8) -> Option<u8> {
        if self.in_string {
            self.in_string = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return None;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                self.depth += 1;
                return Some(byte).filter(|_| self.depth == 2);
            }
            b'}' | b']' => self.close(),
            _ => {}
        }
        None
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}

/// As much of a text as is UTF-8, and whether what follows can become it: the last character may not have come in full.
fn beginning(bytes: &[u8]) -> (&str, bool) {
    match str::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(error) => {
            let text = str::from_utf8(&bytes[..error.valid_up_to()]);
            (text.unwrap_or_default(), error.error_len().is_none())
        }
    }
}

/// What it means that an object ends where its bytes are no text any more.
fn not_utf8(error: PageError) -> PageError {
    match error {
        PageError::Cut(_) => PageError::Foreign("malformed JSON (it is not UTF-8)".to_owned()),
        error => error,
    }
}

/// Whether a text ends with `"items": [`. A string that ends so has a backslash before the quote.
fn ends_with_items(text: &[u8]) -> bool {
    let before = text.strip_suffix(b"[").map(<[u8]>::trim_ascii_end);
    let before = before.and_then(|text| text.strip_suffix(b":")).map(<[u8]>::trim_ascii_end);
    let before = before.and_then(|text| text.strip_suffix(b"\"items\""));
    before.is_some_and(|text| !text.ends_with(b"\\"))
}

/// Hands on the object at the beginning of a text, and returns its length. `number` is its number in the list, from
/// 1.
fn first_object(
    text: &str,
    resource: &ResourceType,
    number: u64,
    receiver: &mut dyn Receiver,
) -> Result<usize, PageError> {
    match receiver.receive_named(text) {
        Ok(length) => length.ok_or_else(|| nameless(resource, number)),
        Err(error) if error.is_data() => Err(blame(text.as_bytes(), resource, number, &error)),
        Err(error) if error.is_eof() => Err(PageError::Cut(error)),
        Err(error) => Err(PageError::Foreign(format!("malformed JSON ({error})"))),
    }
}

/// Names the object that has another form than its kind. Where its end has not come, nothing is said of it yet.
fn blame(
    bytes: &[u8],
    resource: &ResourceType,
    number: u64,
    error: &serde_json::Error,
) -> PageError {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Err(error)) if error.is_eof() => return PageError::Cut(error),
        _ => {}
    }
    let name = name_of(bytes.get(..values.byte_offset()).unwrap_or_default());
    let reason = error.to_string();
    if name.is_none() && reason.starts_with("missing field `metadata`") {
        return nameless(resource, number);
    }
    PageError::Object {
        name: name.unwrap_or_else(|| format!("{} number {number}", resource.kind)),
        reason,
    }
}

/// Every object of an API has a name: one without is a piece of an object.
pub(crate) fn nameless(resource: &ResourceType, number: u64) -> PageError {
    let kind = resource.kind;
    PageError::Partial(format!("{kind} number {number} has no name (metadata.name)"))
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

/// `namespace/name` of an object of which only that much has to be right.
pub(crate) fn name_of(json: &[u8]) -> Option<String> {
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
    let Named { metadata } = serde_json::from_slice(json).ok()?;
    if metadata.name.is_empty() {
        return None;
    }
    let metadata =
        Metadata { name: metadata.name, namespace: metadata.namespace, ..Metadata::default() };
    Some(metadata.full_name().to_string())
}

#[cfg(test)]
mod tests;
