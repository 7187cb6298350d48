//! The encoding of Go's package `encoding/gob` (<https://pkg.go.dev/encoding/gob>), as far as a list of structs needs it.

use std::collections::BTreeMap;
use std::io;

/// Values nest less deeply than this.
const DEEPEST: usize = 16;

/// Why bytes are no gob.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GobError {
    /// The connection broke.
    #[error("the connection was closed before the whole list had come ({0})")]
    Stream(io::Error),
    /// It took too long.
    #[error("the list had not come in full after {0} s")]
    Late(u64),
    /// It is too much.
    #[error("it is larger than {0} MiB")]
    TooLarge(usize),
    /// It is something else.
    #[error("it is no list of endpoints in the encoding of Go (gob): {0}")]
    Malformed(&'static str),
}

impl GobError {
    pub(super) fn of_stream(error: io::Error) -> Self {
        Self::Stream(error)
    }
}

/// A value that was decoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int(i64),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// Fields by name; one without a value is left out.
    Struct(Vec<(String, Value)>),
    /// Something that no endpoint has.
    Other,
}

/// A type that a stream defines.
#[derive(Clone, Debug)]
enum Type {
    List(i64),
    Map(i64, i64),
    Struct(Vec<(String, i64)>),
}

/// The types of a stream, by id.
#[derive(Debug, Default)]
pub(super) struct Types(BTreeMap<i64, Type>);

/// Bytes that are not decoded yet.
pub(super) struct Reader<'a>(&'a [u8]);

type Result<T> = std::result::Result<T, GobError>;

const CUT: GobError = GobError::Malformed("a message ends too early");

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn uint(&mut self) -> Result<u64> {
        let first = self.take(1)?[0];
        if first < 0x80 {
            return Ok(first.into());
        }
        let bytes = self.take(usize::from(first.wrapping_neg()))?;
        if bytes.len() > 8 {
            return Err(GobError::Malformed("a number is too long"));
        }
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn int(&mut self) -> Result<i64> {
        let number = self.uint()?;
        let half = i64::try_from(number >> 1).unwrap_or(i64::MAX);
        Ok(if number & 1 == 0 { half } else { -half - 1 })
    }

    /// How many elements follow: each has at least one byte.
    fn count(&mut self) -> Result<usize> {
        let count = usize::try_from(self.uint()?).map_err(|_| CUT)?;
        if count > self.0.len() { Err(CUT) } else { Ok(count) }
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let count = self.count()?;
        self.take(count)
    }

    fn text(&mut self) -> Result<String> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    /// The fields of a struct that have a value, by their number from 1.
    fn fields(&mut self, mut field: impl FnMut(&mut Self, u64) -> Result<()>) -> Result<()> {
        let mut number = 0_u64;
        loop {
            match self.uint()? {
                0 => return Ok(()),
                delta => number = number.saturating_add(delta),
            }
            field(self, number)?;
        }
    }
}

impl Types {
    /// Takes a message: a value, or nothing if it defines a type.
    pub(super) fn message(&mut self, reader: &mut Reader<'_>) -> Result<Option<Value>> {
        let id = reader.int()?;
        if id < 0 {
            let defined = definition(reader)?;
            self.0.insert(id.checked_neg().ok_or(CUT)?, defined);
            return Ok(None);
        }
        if !matches!(self.0.get(&id), Some(Type::Struct(_))) && reader.take(1)? != [0] {
            return Err(GobError::Malformed("a value does not begin as one"));
        }
        self.value(id, reader, 0).map(Some)
    }

    fn value(&self, id: i64, reader: &mut Reader<'_>, depth: usize) -> Result<Value> {
        if depth > DEEPEST {
            return Err(GobError::Malformed("it nests too deeply"));
        }
        let value = |reader: &mut Reader<'_>, id| self.value(id, reader, depth + 1);
        Ok(match (id, self.0.get(&id)) {
            (1 | 3 | 4, _) => {
                reader.uint()?;
                Value::Other
            }
            (2, _) => Value::Int(reader.int()?),
            (5 | 6, _) => Value::Bytes(reader.bytes()?.to_vec()),
            (7, _) => {
                reader.uint()?;
                reader.uint()?;
                Value::Other
            }
            (_, Some(Type::List(items))) => {
                let mut list = Vec::new();
                for _ in 0..reader.count()? {
                    list.push(value(reader, *items)?);
                }
                Value::List(list)
            }
            (_, Some(Type::Map(keys, values))) => {
                let mut pairs = Vec::new();
                for _ in 0..reader.count()? {
                    pairs.push((value(reader, *keys)?, value(reader, *values)?));
                }
                Value::Map(pairs)
            }
            (_, Some(Type::Struct(known))) => {
                let mut found = Vec::new();
                reader.fields(|reader, number| {
                    let index = usize::try_from(number - 1).map_err(|_| CUT)?;
                    let unknown = GobError::Malformed("a struct has a field that is not defined");
                    let (name, id) = known.get(index).ok_or(unknown)?;
                    found.push((name.clone(), value(reader, *id)?));
                    Ok(())
                })?;
                Value::Struct(found)
            }
            (_, None) => return Err(GobError::Malformed("a value has a type that is not defined")),
        })
    }
}

/// The definition of a type: an array, a slice, a struct or a map.
fn definition(reader: &mut Reader<'_>) -> Result<Type> {
    let mut found = None;
    reader.fields(|reader, number| {
        let mut ids = [0, 0];
        let mut fields = Vec::new();
        if !(1..=4).contains(&number) {
            return Err(GobError::Malformed("a type has an encoding of its own"));
        }
        reader.fields(|reader, part| match (number, part) {
            // Its name and id, which the message has said already.
            (_, 1) => reader.fields(|reader, part| {
                if part == 1 { reader.text().map(drop) } else { reader.int().map(drop) }
            }),
            (3, 2) => {
                for _ in 0..reader.count()? {
                    fields.push(struct_field(reader)?);
                }
                Ok(())
            }
            (_, 2 | 3) => {
                ids[usize::from(part == 3)] = reader.int()?;
                Ok(())
            }
            _ => Err(GobError::Malformed("the definition of a type has an unknown field")),
        })?;
        found = Some(match number {
            3 => Type::Struct(fields),
            4 => Type::Map(ids[0], ids[1]),
            _ => Type::List(ids[0]),
        });
        Ok(())
    })?;
    found.ok_or(GobError::Malformed("the definition of a type is empty"))
}

fn struct_field(reader: &mut Reader<'_>) -> Result<(String, i64)> {
    let (mut name, mut id) = (String::new(), 0);
    reader.fields(|reader, part| {
        if part == 1 {
            name = reader.text()?;
        } else {
            id = reader.int()?;
        }
        Ok(())
    })?;
    Ok((name, id))
}
