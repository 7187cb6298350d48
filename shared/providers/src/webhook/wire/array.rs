//! A JSON array that is decoded while it arrives: an answer with 100,000 endpoints never stands in
//! memory as text.

use memchr::memchr2;
use serde::de::{DeserializeOwned, Error as _};

/// Most bytes of one element. It bounds the memory for an element without an end, also
/// where the whole answer has no limit.
pub(in crate::webhook) const MOST_OF_ELEMENT: usize = 8 << 20;

/// How Go writes an empty list.
const NULL: &[u8] = b"null";

/// Cuts the bytes of a JSON array into its elements and decodes each.
///
/// It knows only what a cut needs: brackets, strings and escapes. `serde_json` checks everything else,
/// as it decodes every element.
#[derive(Debug, Default)]
pub(in crate::webhook) struct ArrayDecoder {
    state: State,
    /// The beginning of an element whose end has not arrived yet.
    begun: Vec<u8>,
    cut: Cut,
    /// Elements so far.
    count: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before `[`.
    #[default]
    Start,
    /// Within `null`, behind so many of its bytes.
    Null(usize),
    /// Behind `[`: an element or `]`.
    First,
    /// Within or before an element.
    Element,
    /// Behind `]` or `null`.
    Done,
}

/// The state within an element after the bytes that came so far.
#[derive(Debug, Default)]
struct Cut {
    /// Open brackets within the element.
    depth: usize,
    in_string: bool,
    escaped: bool,
}

/// A text that is no array of what was expected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArrayError {
    /// An element is wrong.
    #[error("element {number}: {source}")]
    Element {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// An element is too large.
    #[error("element {number} has more than {MOST_OF_ELEMENT} bytes")]
    TooLarge {
        /// Its number, from 1.
        number: usize,
    },
    /// There is no array.
    #[error("expected a JSON array")]
    NoArray,
    /// The text ends too early.
    #[error("the JSON array is not complete")]
    Incomplete,
}

impl ArrayDecoder {
    /// Takes the next bytes and hands on every element that is complete.
    pub(in crate::webhook) fn feed<T: DeserializeOwned>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(T),
    ) -> Result<(), ArrayError> {
        let mut rest = bytes;
        while let Some((&byte, behind)) = rest.split_first() {
            match self.state {
                State::First | State::Element => {
                    let Some(end) = self.cut.end(rest) else { return self.keep(rest) };
                    let last = rest[end] == b']';
                    if let Some(element) = self.element(&rest[..end], last)? {
                        each(element);
                    }
                    self.state = if last { State::Done } else { State::Element };
                    rest = &rest[end + 1..];
                    continue;
                }
                State::Null(seen) if byte == NULL[seen] => self.state = after_null(seen + 1),
                State::Start | State::Done if byte.is_ascii_whitespace() => {
                    rest = behind.trim_ascii_start();
                    continue;
                }
                State::Start if byte == b'[' => self.state = State::First,
                State::Start if byte == NULL[0] => self.state = after_null(1),
                State::Start | State::Null(_) | State::Done => return Err(ArrayError::NoArray),
            }
            rest = behind;
        }
        Ok(())
    }

    /// Decodes an element of which these are the last bytes; `None` for the gap of `[ ]`.
    fn element<T: DeserializeOwned>(
        &mut self,
        end: &[u8],
        last: bool,
    ) -> Result<Option<T>, ArrayError> {
        self.fits(end)?;
        // Most elements lie whole in one chunk and are decoded where they are.
        let whole = if self.begun.is_empty() {
            end
        } else {
            self.begun.extend_from_slice(end);
            &self.begun
        };
        if last && self.state == State::First && whole.trim_ascii().is_empty() {
            return Ok(None);
        }
        self.count += 1;
        // Whether it is UTF-8 is faster to say of all of it than of each string.
        let element = str::from_utf8(whole)
            .map_err(serde_json::Error::custom)
            .and_then(serde_json::from_str)
            .map_err(|source| ArrayError::Element { number: self.count, source })?;
        self.begun.clear();
        Ok(Some(element))
    }

    /// Keeps the beginning of an element for the next chunk.
    fn keep(&mut self, part: &[u8]) -> Result<(), ArrayError> {
        self.fits(part)?;
        self.begun.extend_from_slice(part);
        Ok(())
    }

    fn fits(&self, more: &[u8]) -> Result<(), ArrayError> {
        if self.begun.len().saturating_add(more.len()) > MOST_OF_ELEMENT {
            return Err(ArrayError::TooLarge { number: self.count + 1 });
        }
        Ok(())
    }

    /// Ends the text.
    pub(in crate::webhook) fn finish(self) -> Result<(), ArrayError> {
        match self.state {
            State::Done => Ok(()),
            State::Start => Err(ArrayError::NoArray),
            State::Null(_) | State::First | State::Element => Err(ArrayError::Incomplete),
        }
    }
}

fn after_null(seen: usize) -> State {
    if seen == NULL.len() { State::Done } else { State::Null(seen) }
}

impl Cut {
    /// Where in these bytes the element ends: at a comma or bracket that is not its own.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                at += self.skip_string(&bytes[at..]);
                continue;
            }
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 0 => self.depth -= 1,
                b',' | b']' if self.depth == 0 => return Some(at),
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// How many of these bytes belong to the open string, up to its next escape.
    fn skip_string(&mut self, bytes: &[u8]) -> usize {
        if self.escaped {
            self.escaped = false;
            return 1;
        }
        let Some(at) = memchr2(b'"', b'\\', bytes) else { return bytes.len() };
        self.in_string = bytes[at] == b'\\';
        self.escaped = self.in_string;
        at + 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Value>, ArrayError> {
        let mut decoder = ArrayDecoder::default();
        let mut all = Vec::new();
        for chunk in chunks {
            decoder.feed(chunk, |value| all.push(value))?;
        }
        decoder.finish()?;
        Ok(all)
    }

    #[test]
    fn elements_are_those_of_the_whole_text_however_it_is_cut() {
        let texts = [
            "[]",
            " [ ] \n",
            "null",
            " null\n",
            "[null]",
            r#"[{"a":"x]},[\"\\"},{"b":[1,[2]]},"s",3]"#,
            "[\n {\"dnsName\": \"b\u{fc}cher\"} ,\n {} ]\n",
        ];
        for text in texts {
            let whole: Option<Vec<Value>> = serde_json::from_str(text).expect(text);
            for step in 1..=text.len() {
                let cut = decode(text.as_bytes().chunks(step));
                let cut = cut.unwrap_or_else(|e| panic!("{text:?} by {step}: {e}"));
                assert_eq!(cut, whole.clone().unwrap_or_default(), "{text:?} by {step}");
            }
        }
    }

    #[test]
    fn what_is_no_array_is_an_error() {
        let texts = [
            "", "  ", "{}", "[", "[1", "[1,", "[1,]", "[,]", "[1 2]", "[}]", "[] x", "[],", "nil",
            "nul", "nulll", "null,1", "null]", "<html>", "[1]]", "[\"a", "[\"\\\"]", "3", "[1}]",
        ];
        for text in texts {
            for step in [1, 3, 100] {
                let cut = decode(text.as_bytes().chunks(step));
                assert!(cut.is_err(), "{text:?} by {step}: {cut:?}");
            }
        }
    }

    #[test]
    fn the_place_of_a_wrong_element_is_named() {
        let error = decode([&b"[1,{},nope]"[..]]).expect_err("no JSON");
        assert_eq!(error.to_string(), "element 3: expected ident at line 1 column 2");
    }

    #[test]
    fn an_element_is_bounded_whole_or_in_parts() {
        let quoted = |length: usize| format!("[\"{}\"]", "x".repeat(length - 2)).into_bytes();
        for step in [1 << 16, usize::MAX] {
            let fits = quoted(MOST_OF_ELEMENT);
            assert_eq!(decode(fits.chunks(step)).expect("it fits").len(), 1, "by {step}");
            let exceeds = quoted(MOST_OF_ELEMENT + 1);
            let error = decode(exceeds.chunks(step)).expect_err("one byte more");
            assert_eq!(error.to_string(), "element 1 has more than 8388608 bytes", "by {step}");
        }
        let endless = std::iter::repeat_n(&b"[[[[\"\\\"[["[..], MOST_OF_ELEMENT / 4);
        let mut decoder = ArrayDecoder::default();
        let ends = endless.into_iter().any(|part| decoder.feed(part, |_: Value| ()).is_err());
        assert!(ends && decoder.begun.capacity() <= 2 * MOST_OF_ELEMENT);
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[\\[\\]{},:\"\\\\a\u{fc}\u{1f600}\n ]{0,12}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-c\"\\\\\\]]{0,3}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_split_of_any_array_gives_its_elements(
            elements in proptest::collection::vec(json(), 0..6),
            pretty in any::<bool>(),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let whole = Value::from(elements.clone());
            let text = if pretty { format!("{whole:#}") } else { whole.to_string() };
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks = cuts.windows(2).map(|ends| &text.as_bytes()[ends[0]..ends[1]]);
            prop_assert_eq!(decode(chunks).expect("an array"), elements);
        }
    }
}
