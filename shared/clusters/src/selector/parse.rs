//! The parser: tokens, requirements, and the grammar of keys and values.

use ecow::EcoString;

use super::requirement::{Requirement, SelectorError, Test};

const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

/// All requirements of a text, joined by commas.
pub(super) fn requirements(text: &str) -> Result<Vec<Requirement>, SelectorError> {
    let mut parser = Parser { rest: text };
    let mut requirements = Vec::new();
    if parser.peek() == Token::End {
        return Ok(requirements);
    }
    loop {
        requirements.push(parser.requirement()?);
        match parser.next() {
            Token::End => return Ok(requirements),
            Token::Symbol(",") if matches!(parser.peek(), Token::Word(_) | Token::Symbol("!")) => {}
            Token::Symbol(",") => {
                return Err(expected(&format!("{} after \",\"", parser.peek()), "a key"));
            }
            other => return Err(expected(&other.to_string(), "\",\" or the end")),
        }
    }
}

fn expected(found: &str, wanted: &str) -> SelectorError {
    SelectorError(format!("found {found}, expected {wanted}"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// A key, a value, or one of the operators `in` and `notin`: its place decides.
    Word(&'a str),
    Symbol(&'a str),
    End,
}

impl std::fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(text) | Self::Symbol(text) => write!(f, "{text:?}"),
            Self::End => f.write_str("the end"),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Token<'a> {
        let is_space = |c| matches!(c, ' ' | '\t' | '\r' | '\n');
        let rest = self.rest.trim_start_matches(is_space);
        let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol));
        let length = match symbol {
            Some(symbol) => symbol.len(),
            None => rest.find(|c| is_space(c) || "=!(),><".contains(c)).unwrap_or(rest.len()),
        };
        let (token, rest) = rest.split_at(length);
        self.rest = rest;
        match symbol {
            Some(_) => Token::Symbol(token),
            None if token.is_empty() => Token::End,
            None => Token::Word(token),
        }
    }

    fn peek(&self) -> Token<'a> {
        Parser { rest: self.rest }.next()
    }

    fn requirement(&mut self) -> Result<Requirement, SelectorError> {
        let absent = self.peek() == Token::Symbol("!");
        if absent {
            self.next();
        }
        let key = match self.next() {
            Token::Word(key) => valid_key(key)?,
            other => return Err(expected(&other.to_string(), "a key")),
        };
        let test = match self.peek() {
            _ if absent => Test::Absent,
            Token::End | Token::Symbol(",") => Test::Exists,
            _ => self.test(&key)?,
        };
        Ok(Requirement { key, test })
    }

    fn test(&mut self, key: &str) -> Result<Test, SelectorError> {
        Ok(match self.next() {
            Token::Symbol("=" | "==") => Test::Is(self.value(key)?),
            Token::Symbol("!=") => Test::NotIn(vec![self.value(key)?]),
            Token::Symbol(">") => Test::GreaterThan(self.number(key)?),
            Token::Symbol("<") => Test::LessThan(self.number(key)?),
            Token::Word("in") => Test::In(self.values(key)?),
            Token::Word("notin") => Test::NotIn(self.values(key)?),
            other => return Err(expected(&other.to_string(), "one of = == != > < in notin")),
        })
    }

    /// One value; nothing in its place is the empty value.
    fn value(&mut self, key: &str) -> Result<EcoString, SelectorError> {
        match self.peek() {
            Token::End | Token::Symbol(",") => Ok(EcoString::new()),
            Token::Word(value) => {
                self.next();
                valid_value(key, value)
            }
            other => Err(expected(&other.to_string(), "a value")),
        }
    }

    fn number(&mut self, key: &str) -> Result<i64, SelectorError> {
        let value = self.value(key)?;
        value
            .parse()
            .map_err(|_| SelectorError(format!("value {value:?} of {key:?}: not a whole number")))
    }

    /// `(a, b)`; nothing between two separators is the empty value.
    fn values(&mut self, key: &str) -> Result<Vec<EcoString>, SelectorError> {
        match self.next() {
            Token::Symbol("(") => {}
            other => return Err(expected(&other.to_string(), "\"(\"")),
        }
        let mut values = Vec::new();
        loop {
            let value = match self.peek() {
                Token::Word(value) => {
                    self.next();
                    valid_value(key, value)?
                }
                _ => EcoString::new(),
            };
            values.push(value);
            match self.next() {
                Token::Symbol(",") => {}
                Token::Symbol(")") => return Ok(values),
                other => return Err(expected(&other.to_string(), "\",\" or \")\"")),
            }
        }
    }
}

/// An optional prefix, a DNS name in lower case, and a name of at most 63 letters.
pub(super) fn valid_key(key: &str) -> Result<EcoString, SelectorError> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if prefix.is_none_or(is_dns_name) && is_name(name) {
        return Ok(key.into());
    }
    Err(SelectorError(format!(
        "key {key:?}: at most 63 letters, digits, \"-\", \"_\" and \".\", the first and last a letter or digit, after an \
         optional \"dns.name/\""
    )))
}

pub(super) fn valid_value(key: &str, value: &str) -> Result<EcoString, SelectorError> {
    if value.is_empty() || is_name(value) {
        return Ok(value.into());
    }
    Err(SelectorError(format!(
        "value {value:?} of {key:?}: at most 63 letters, digits, \"-\", \"_\" and \".\", the first and last a letter or \
         digit"
    )))
}

fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes, [first, .., last] | [first @ last] if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric())
        && bytes.len() <= 63
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn is_dns_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        !bytes.is_empty()
            && bytes.iter().all(inner)
            && bytes[0] != b'-'
            && bytes[bytes.len() - 1] != b'-'
    };
    text.len() <= 253 && text.split('.').all(is_label)
}
