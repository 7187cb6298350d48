//! The words of a template.

use ecow::EcoString;

/// A word, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
    /// Whether white space stands in front of it.
    pub(crate) spaced: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// What stands around actions.
    Text(EcoString),
    Open,
    Close,
    Identifier(EcoString),
    /// `.name`
    Field(EcoString),
    /// `$name`, without the `$`.
    Variable(EcoString),
    Dot,
    Quoted(EcoString),
    Int(i64),
    Float(f64),
    Pipe,
    Left,
    Right,
    Comma,
    Declare,
    Assign,
}

/// What is wrong, and where.
pub(crate) type Fault = (usize, EcoString);

const OPEN: &str = "{{";
const CLOSE: &str = "}}";

/// Cuts a template into words.
pub(crate) fn lex(text: &str) -> Result<Vec<Token>, Fault> {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new() };
    let mut trims = false;
    while lexer.at < text.len() {
        let rest = lexer.rest();
        let start = lexer.at;
        let end = rest.find(OPEN).unwrap_or(rest.len());
        let mut plain = &rest[..end];
        if trims {
            plain = plain.trim_start();
        }
        lexer.at += end;
        let opens = lexer.at < text.len();
        let after = text.get(lexer.at + OPEN.len()..).unwrap_or_default();
        let trims_before =
            opens && after.starts_with('-') && after[1..].starts_with(char::is_whitespace);
        if trims_before {
            plain = plain.trim_end();
        }
        if !plain.is_empty() {
            lexer.push(start, Kind::Text(plain.into()), false);
        }
        if opens {
            trims = lexer.action(trims_before)?;
        }
    }
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn push(&mut self, at: usize, kind: Kind, spaced: bool) {
        self.tokens.push(Token { at, kind, spaced });
    }

    /// Reads `{{ .. }}`; whether the text behind it is trimmed.
    fn action(&mut self, trims_before: bool) -> Result<bool, Fault> {
        let open = self.at;
        self.at += OPEN.len() + usize::from(trims_before);
        if self.rest().trim_start().starts_with("/*") {
            return self.comment(open);
        }
        self.push(open, Kind::Open, false);
        loop {
            let before = self.at;
            self.at += self.rest().len() - self.rest().trim_start().len();
            let (rest, at, spaced) = (self.rest(), self.at, self.at > before);
            if rest.is_empty() {
                return Err((open, "this action is not closed by }}".into()));
            }
            if spaced && rest.strip_prefix('-').is_some_and(|rest| rest.starts_with(CLOSE)) {
                self.at += 1 + CLOSE.len();
                self.push(at, Kind::Close, spaced);
                return Ok(true);
            }
            if rest.starts_with(CLOSE) {
                self.at += CLOSE.len();
                self.push(at, Kind::Close, spaced);
                return Ok(false);
            }
            let (kind, length) = word(rest).map_err(|message| (at, message))?;
            self.at += length;
            self.push(at, kind, spaced);
        }
    }

    fn comment(&mut self, open: usize) -> Result<bool, Fault> {
        let Some(end) = self.rest().find("*/") else {
            return Err((open, "this comment is not closed by */".into()));
        };
        self.at += end + 2;
        let rest = self.rest();
        let inner = rest.trim_start();
        let is_spaced = inner.len() < rest.len();
        let (tail, trims) = match inner.strip_prefix('-') {
            Some(tail) if is_spaced => (tail, true),
            _ => (rest, false),
        };
        match tail.strip_prefix(CLOSE) {
            Some(tail) => {
                self.at = self.text.len() - tail.len();
                Ok(trims)
            }
            None => Err((open, "a comment must end the action: */}} or */ -}}".into())),
        }
    }
}

/// The word at the beginning of a text, and its length.
fn word(rest: &str) -> Result<(Kind, usize), EcoString> {
    let first = rest.chars().next().unwrap_or_default();
    let name = |text: &str| {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        EcoString::from(&text[..end.unwrap_or(text.len())])
    };
    Ok(match first {
        '|' => (Kind::Pipe, 1),
        '(' => (Kind::Left, 1),
        ')' => (Kind::Right, 1),
        ',' => (Kind::Comma, 1),
        ':' if rest.starts_with(":=") => (Kind::Declare, 2),
        '=' => (Kind::Assign, 1),
        '"' => quoted(rest)?,
        '`' => {
            let end = rest[1..].find('`').ok_or("this string is not closed by `")?;
            (Kind::Quoted(rest[1..=end].into()), end + 2)
        }
        '\'' => character(rest)?,
        '$' => {
            let name = name(&rest[1..]);
            let length = 1 + name.len();
            (Kind::Variable(name), length)
        }
        '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            let name = name(&rest[1..]);
            let length = 1 + name.len();
            (if name.is_empty() { Kind::Dot } else { Kind::Field(name) }, length)
        }
        '+' | '-' | '.' | '0'..='9' => number(rest)?,
        c if c.is_alphabetic() || c == '_' => {
            let name = name(rest);
            let length = name.len();
            (Kind::Identifier(name), length)
        }
        c => return Err(ecow::eco_format!("{c:?} has no meaning here")),
    })
}

fn number(rest: &str) -> Result<(Kind, usize), EcoString> {
    let is_part = |(at, c): (usize, char)| {
        let signed = matches!(c, '+' | '-')
            && (at == 0 || rest[..at].ends_with(['e', 'E']) && !is_hex(rest));
        signed || c.is_alphanumeric() || c == '_' || c == '.'
    };
    let length = rest.char_indices().take_while(|&part| is_part(part)).count();
    let length = rest.char_indices().nth(length).map_or(rest.len(), |(at, _)| at);
    let text = &rest[..length];
    let bad = || ecow::eco_format!("{text:?} is no number");
    let plain = text.replace('_', "");
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let lower = digits.to_ascii_lowercase();
    let radix = match lower.get(..2) {
        Some("0x") => Some((16, &lower[2..])),
        Some("0b") => Some((2, &lower[2..])),
        Some("0o") => Some((8, &lower[2..])),
        _ if lower.len() > 1 && lower.starts_with('0') && !lower.contains(['.', 'e']) => {
            Some((8, &lower[1..]))
        }
        _ => None,
    };
    let kind = match radix {
        Some((radix, digits)) => {
            Kind::Int(i64::from_str_radix(digits, radix).map_err(|_| bad())? * sign)
        }
        None if lower.contains(['.', 'e']) => Kind::Float(plain.parse().map_err(|_| bad())?),
        None => Kind::Int(plain.parse().map_err(|_| bad())?),
    };
    Ok((kind, length))
}

fn is_hex(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    digits.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"))
}

fn character(rest: &str) -> Result<(Kind, usize), EcoString> {
    const NOT_CLOSED: &str = "this character is not closed by '";
    let mut text = String::new();
    let used = unescape(&rest[1..], &mut text)?.ok_or(NOT_CLOSED)?;
    let mut chars = text.chars();
    match (chars.next(), chars.next(), rest[1 + used..].starts_with('\'')) {
        (Some(c), None, true) => Ok((Kind::Int(i64::from(u32::from(c))), used + 2)),
        _ => Err(NOT_CLOSED.into()),
    }
}

fn quoted(rest: &str) -> Result<(Kind, usize), EcoString> {
    let mut text = String::new();
    let mut at = 1;
    loop {
        let tail = &rest[at..];
        if tail.starts_with('"') {
            return Ok((Kind::Quoted(text.into()), at + 1));
        }
        match unescape(tail, &mut text)? {
            Some(used) if !tail.starts_with('\n') => at += used,
            _ => return Err("this string is not closed by \"".into()),
        }
    }
}

/// Appends one character of a Go string, and says how many bytes it took; `None` at the end of the text.
fn unescape(text: &str, out: &mut String) -> Result<Option<usize>, EcoString> {
    let Some(first) = text.chars().next() else { return Ok(None) };
    if first != '\\' {
        out.push(first);
        return Ok(Some(first.len_utf8()));
    }
    let Some(code) = text[1..].chars().next() else { return Ok(None) };
    let numeric = |digits: usize, skip: usize, radix: u32| {
        let value = text.get(1 + skip..1 + skip + digits);
        let value = value.and_then(|digits| u32::from_str_radix(digits, radix).ok());
        let character = value.and_then(char::from_u32);
        character.map(|c| (c, 1 + skip + digits)).ok_or("this escape stands for no character")
    };
    let (character, used) = match code {
        'a' => ('\u{7}', 2),
        'b' => ('\u{8}', 2),
        'f' => ('\u{c}', 2),
        'n' => ('\n', 2),
        'r' => ('\r', 2),
        't' => ('\t', 2),
        'v' => ('\u{b}', 2),
        '\\' | '"' | '\'' => (code, 2),
        'x' => numeric(2, 1, 16)?,
        'u' => numeric(4, 1, 16)?,
        'U' => numeric(8, 1, 16)?,
        '0'..='7' => numeric(3, 0, 8)?,
        _ => return Err(ecow::eco_format!("\\{code} is no escape")),
    };
    out.push(character);
    Ok(Some(used))
}
