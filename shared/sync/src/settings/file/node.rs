//! A document of YAML or JSON as a tree in which every value knows its line.
//!
//! The parser is the one that manifests are read with; its `Spanned` tells where a value stands. What is
//! in the tree is checked key by key, so an unknown key is told with its line.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) value: Value,
    /// Counted from 1.
    pub(super) line: usize,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As it is written: ids may begin with a zero.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) value: Node,
}

/// Why a text is no document: where, and what.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) line: usize,
    pub(super) problem: String,
}

impl Node {
    /// Reads a document.
    pub(super) fn parse(text: &str) -> Result<Self, Broken> {
        let options = serde_saphyr::options! {
            with_snippet: false,
            strict_booleans: true,
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
        };
        let parsed: Result<Spanned<Raw>, _> = serde_saphyr::from_str_with_options(text, options);
        match parsed {
            Ok(raw) => Ok(Self::of(raw, text)),
            Err(error) => Err(Broken {
                line: error.location().map_or(1, |location| line_of(&location)),
                problem: error.to_string(),
            }),
        }
    }

    fn of(raw: Spanned<Raw>, text: &str) -> Self {
        let line = line_of(&raw.referenced);
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Bool(truth) => Value::Bool(truth),
            Raw::Number(number) => {
                Value::Number(written(&raw.defined, text).unwrap_or(&number).to_owned())
            }
            Raw::Text(text) => Value::Text(text),
            Raw::List(list) => {
                Value::List(list.into_iter().map(|own| Self::of(own, text)).collect())
            }
            Raw::Map(map) => Value::Map(
                map.into_iter()
                    .map(|(key, value)| Entry {
                        line: line_of(&key.referenced),
                        key: key.value,
                        value: Self::of(value, text),
                    })
                    .collect(),
            ),
        };
        Self { value, line }
    }

    /// What kind of value it is, in a message.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "keys with values",
        }
    }

    /// A single value as text.
    pub(super) fn text(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text.clone()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }
}

fn line_of(location: &serde_saphyr::Location) -> usize {
    usize::try_from(location.line()).unwrap_or(usize::MAX).max(1)
}

/// The text of a number as it stands in the document.
fn written<'t>(location: &serde_saphyr::Location, text: &'t str) -> Option<&'t str> {
    let span = location.span();
    let (start, length) = (span.byte_offset()?, span.byte_len()?);
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    let written = text.get(start..end)?.trim();
    let is_number = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
    (!written.is_empty() && written.bytes().all(is_number)).then_some(written)
}

/// A value as the parser gives it.
enum Raw {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(truth))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element()? {
            list.push(value);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut map: Vec<(Spanned<String>, Spanned<Raw>)> = Vec::new();
        while let Some((key, value)) = access.next_entry::<Spanned<String>, _>()? {
            if map.iter().any(|(earlier, _)| earlier.value == key.value) {
                return Err(de::Error::custom(format_args!(
                    "the key {:?} is there twice",
                    key.value
                )));
            }
            map.push((key, value));
        }
        Ok(Raw::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let text = "# a comment\na: 1\nb:\n  - x\n  - { c: true,\n      d: null }\n";
        let Value::Map(entries) = Node::parse(text).expect("a document").value else {
            panic!("keys")
        };
        let lines: Vec<_> =
            entries.iter().map(|own| (&*own.key, own.line, own.value.line)).collect();
        assert_eq!(lines, [("a", 2, 2), ("b", 3, 4)]);
        let Value::List(items) = &entries[1].value.value else { panic!("a list") };
        let Value::Map(inner) = &items[1].value else { panic!("keys") };
        assert_eq!((items[0].line, inner[0].line, inner[1].line), (4, 5, 6));
        assert_eq!(inner[1].value.value, Value::Null);
    }

    #[test]
    fn numbers_stay_as_they_are_written_and_json_is_read_too() {
        let text =
            "{\"a\": 0012, \"b\": \"1.10\", \"c\": 1.10, \"d\": 1e3,\n \"e\": 60s, \"f\": yes}";
        let Value::Map(entries) = Node::parse(text).expect("a document").value else {
            panic!("keys")
        };
        let texts: Vec<_> = entries.iter().map(|own| own.value.text().expect("a text")).collect();
        assert_eq!(texts, ["0012", "1.10", "1.10", "1e3", "60s", "yes"]);
    }

    #[test]
    fn what_is_no_document_is_told_with_its_line() {
        for (text, line) in [("a: 1\nb: [", 2), ("a: 1\na: 2\n", 2), ("a: 1\n b: 2\n", 2)] {
            let broken = Node::parse(text).expect_err(text);
            assert!(broken.line >= line, "{text:?}: {broken:?}");
        }
    }
}
