//! A JSON array that is decoded while it arrives: an answer with 100,000 endpoints never stands in
//! memory as text.

use serde::de::DeserializeOwned;

/// Cuts the bytes of a JSON array into its elements and decodes each.
///
/// It knows only what a cut needs: brackets, strings and escapes. Everything else is `serde_json`'s
/// to judge, which sees every element and the rest around them.
#[derive(Debug, Default)]
pub(super) struct ArrayDecoder {
    /// Bytes that are not decoded yet.
    buffer: Vec<u8>,
    /// How far the buffer was looked at.
    seen: usize,
    /// Open brackets within the current element.
    depth: usize,
    in_string: bool,
    escaped: bool,
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before `[`.
    #[default]
    Start,
    /// Behind `[`: an element or `]`.
    First,
    /// Within or before an element.
    Element,
    /// Behind `]`, or behind a whole other value.
    Done,
}

/// A text that is no array of what was expected.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArrayError {
    /// An element, or the text around, is wrong.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// There is no array.
    #[error("expected a JSON array")]
    NoArray,
    /// The text ends too early.
    #[error("the JSON array is not complete")]
    Incomplete,
}

impl ArrayDecoder {
    /// Takes the next bytes and hands on every element that is complete.
    pub(super) fn feed<T: DeserializeOwned>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(T),
    ) -> Result<(), ArrayError> {
        self.buffer.extend_from_slice(bytes);
        let mut start = 0;
        while self.seen < self.buffer.len() {
            let byte = self.buffer[self.seen];
            self.seen += 1;
            match self.state {
                State::Start | State::Done if byte.is_ascii_whitespace() => start = self.seen,
                State::Start if byte == b'[' => {
                    self.state = State::First;
                    start = self.seen;
                }
                // `null` is Go's way to write an empty list; anything else is no list.
                State::Start if byte == b'n' => self.state = State::Element,
                State::Start | State::Done => return Err(ArrayError::NoArray),
                State::First | State::Element => {
                    if let Some(end) = self.end_of_element(byte) {
                        let element = &self.buffer[start..end];
                        let empty = element.iter().all(u8::is_ascii_whitespace);
                        if !(empty && self.state == State::First && byte == b']') {
                            each(serde_json::from_slice(element)?);
                        }
                        self.state = if byte == b']' { State::Done } else { State::Element };
                        start = self.seen;
                    }
                }
            }
        }
        self.buffer.drain(..start);
        self.seen = self.buffer.len();
        Ok(())
    }

    /// Where the element ends, if this byte (the last seen) ends it.
    fn end_of_element(&mut self, byte: u8) -> Option<usize> {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return None;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth > 0 => self.depth -= 1,
            b',' | b']' if self.depth == 0 => return Some(self.seen - 1),
            _ => {}
        }
        None
    }

    /// Ends the text.
    pub(super) fn finish(self) -> Result<(), ArrayError> {
        match self.state {
            State::Done => Ok(()),
            State::Element if self.buffer.trim_ascii() == b"null" => Ok(()),
            State::Start => Err(ArrayError::NoArray),
            _ => Err(ArrayError::Incomplete),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str, step: usize) -> Result<Vec<serde_json::Value>, ArrayError> {
        let mut decoder = ArrayDecoder::default();
        let mut all = Vec::new();
        for chunk in text.as_bytes().chunks(step) {
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
            r#"[{"a":"x]},[\"\\"},{"b":[1,[2]]},"s",3]"#,
            "[\n {\"dnsName\": \"b\u{fc}cher\"} ,\n {} ]\n",
        ];
        for text in texts {
            let whole: Option<Vec<serde_json::Value>> = serde_json::from_str(text).expect(text);
            for step in 1..=text.len() {
                let cut = decode(text, step).unwrap_or_else(|e| panic!("{text:?} by {step}: {e}"));
                assert_eq!(cut, whole.clone().unwrap_or_default(), "{text:?} by {step}");
            }
        }
    }

    #[test]
    fn what_is_no_array_is_an_error() {
        let texts = [
            "", "  ", "{}", "[", "[1", "[1,", "[1,]", "[,]", "[1 2]", "[}]", "[] x", "nil",
            "<html>", "[1]]",
        ];
        for text in texts {
            for step in [1, 3, 100] {
                assert!(decode(text, step).is_err(), "{text:?} by {step}");
            }
        }
    }
}
