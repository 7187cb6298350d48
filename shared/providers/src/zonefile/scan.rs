//! The positions of entries, their tokens and comment lines in a master file.
//!
//! This is only as much of RFC 1035, section 5.1 as it takes to edit a file without touching the
//! bytes around the edit: quotes, escapes, comments and parentheses. The DNS library reads what the
//! tokens mean.

use std::fmt;
use std::ops::Range;

use smallvec::SmallVec;

/// What is wrong with a file, and on which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) problem: String,
}

impl Fault {
    pub(super) fn new(line: usize, problem: impl Into<String>) -> Self {
        Self { line, problem: problem.into() }
    }
}

/// The text follows the name of the file: `example.org.zone:12: ..`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.problem)
    }
}

/// A comment line or an entry of a file.
#[derive(Debug)]
pub(super) enum Item {
    /// A line that is a comment from its first byte on: its span reaches over the line's end.
    Comment { line: usize, span: Range<usize> },
    /// A record or a directive, over as many lines as its parentheses take.
    Entry(Entry),
}

/// A record or a directive.
#[derive(Debug)]
pub(super) struct Entry {
    /// The line of its first token.
    pub(super) line: usize,
    /// Whether white space stands before the first token: the owner is that of the entry before.
    pub(super) blank_owner: bool,
    pub(super) tokens: SmallVec<[Token; 8]>,
}

/// A token, quotes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) span: Range<usize>,
    pub(super) quoted: bool,
}

/// The fields of a record that stand before its data, as indices into its tokens.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) owner: Option<usize>,
    pub(super) ttl: Option<usize>,
    pub(super) rtype: Option<usize>,
}

impl Entry {
    /// The token's bytes, or nothing.
    pub(super) fn token<'a>(&self, text: &'a [u8], index: usize) -> &'a [u8] {
        self.tokens.get(index).map_or(&[], |token| &text[token.span.clone()])
    }

    /// Whether this is a directive, like `$TTL`.
    pub(super) fn is_directive(&self, text: &[u8]) -> bool {
        !self.blank_owner && self.token(text, 0).starts_with(b"$")
    }

    /// Where owner, TTL and type stand: `[owner] [ttl] [class] type`, or class before TTL. No type
    /// or class begins with a digit.
    pub(super) fn fields(&self, text: &[u8]) -> Fields {
        let mut at = usize::from(!self.blank_owner);
        let mut fields = Fields { owner: (!self.blank_owner).then_some(0), ..Fields::default() };
        let mut class = false;
        while at < self.tokens.len() {
            let token = self.token(text, at);
            if fields.ttl.is_none() && token.first().is_some_and(u8::is_ascii_digit) {
                fields.ttl = Some(at);
            } else if !class && is_class(token) {
                class = true;
            } else {
                fields.rtype = Some(at);
                break;
            }
            at += 1;
        }
        fields
    }
}

fn is_class(token: &[u8]) -> bool {
    const CLASSES: [&[u8]; 4] = [b"IN", b"CH", b"HS", b"CS"];
    CLASSES.iter().any(|class| token.eq_ignore_ascii_case(class))
        || token.get(..5).is_some_and(|head| head.eq_ignore_ascii_case(b"CLASS"))
}

/// Walks through a file, item by item.
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The next item; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Fault> {
        while self.at < self.text.len() {
            if self.peek() == Some(b';') {
                let (line, start) = (self.line, self.at);
                self.skip_comment();
                self.newline();
                return Ok(Some(Item::Comment { line, span: start..self.at }));
            }
            if let Some(entry) = self.entry()? {
                return Ok(Some(Item::Entry(entry)));
            }
        }
        Ok(None)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// One logical line; `None` if it has no token.
    fn entry(&mut self) -> Result<Option<Entry>, Fault> {
        let mut entry = Entry { line: self.line, blank_owner: false, tokens: SmallVec::new() };
        // The lines of the parentheses that are open.
        let mut open: Vec<usize> = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' => {
                    entry.blank_owner |= entry.tokens.is_empty();
                    self.at += 1;
                }
                b'\n' => {
                    self.newline();
                    if open.is_empty() {
                        break;
                    }
                }
                b';' => self.skip_comment(),
                b'(' => {
                    open.push(self.line);
                    self.at += 1;
                }
                b')' => {
                    if open.pop().is_none() {
                        return Err(Fault::new(
                            self.line,
                            "a closing parenthesis without its opening one",
                        ));
                    }
                    self.at += 1;
                }
                _ => {
                    if entry.tokens.is_empty() {
                        entry.line = self.line;
                    }
                    let token = self.token(byte == b'"')?;
                    entry.tokens.push(token);
                }
            }
        }
        if let Some(line) = open.first() {
            return Err(Fault::new(*line, "the parenthesis that opens here is never closed"));
        }
        Ok((!entry.tokens.is_empty()).then_some(entry))
    }

    fn token(&mut self, quoted: bool) -> Result<Token, Fault> {
        let start = self.at;
        self.at += usize::from(quoted);
        loop {
            match self.peek() {
                Some(b'\\') => {
                    if matches!(self.text.get(self.at + 1), None | Some(b'\n' | b'\r')) {
                        return Err(Fault::new(self.line, "a backslash at the end of the line"));
                    }
                    self.at += 2;
                }
                Some(b'"') if quoted => {
                    self.at += 1;
                    break;
                }
                None | Some(b'\n') if quoted => {
                    return Err(Fault::new(self.line, "the quoted string is not closed"));
                }
                None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'(' | b')' | b';' | b'"')
                    if !quoted =>
                {
                    break;
                }
                _ => self.at += 1,
            }
        }
        Ok(Token { span: start..self.at, quoted })
    }

    fn skip_comment(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    }

    fn newline(&mut self) {
        if self.peek() == Some(b'\n') {
            self.at += 1;
            self.line += 1;
        }
    }
}
