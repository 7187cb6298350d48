//! Go's regular expressions over names.

use std::fmt;
use std::str::Chars;

use regex::Regex;

/// A regular expression in Go's syntax (RE2), as users wrote it for `--regex-domain-filter`.
///
/// The `regex` crate descends from RE2 and differs in little: its `\d \w \s \b` know Unicode,
/// brackets nest in character classes, and `&&`, `--`, `~~` are set operations there.
#[derive(Clone)]
pub struct DomainRegex {
    text: Box<str>,
    regex: Regex,
}

impl DomainRegex {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Self, regex::Error> {
        let translator = Translator { rest: text.chars(), out: String::with_capacity(text.len()) };
        Ok(Self { text: text.into(), regex: Regex::new(&translator.pattern())? })
    }

    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches anywhere in the text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl fmt::Debug for DomainRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.text)
    }
}

/// Rewrites RE2 syntax into that of the `regex` crate. What neither knows is passed on, so that
/// the compiler complains.
struct Translator<'a> {
    rest: Chars<'a>,
    out: String,
}

impl Translator<'_> {
    fn pattern(mut self) -> String {
        while let Some(char) = self.rest.next() {
            match char {
                '\\' => self.escape(),
                '[' => self.class(),
                other => self.out.push(other),
            }
        }
        self.out
    }

    /// What follows a backslash outside of brackets.
    fn escape(&mut self) {
        match self.rest.next() {
            Some('b') => self.out.push_str("(?-u:\\b)"),
            Some('B') => self.out.push_str("(?-u:\\B)"),
            Some('Q') => self.quotation(),
            Some(other) => self.shared_escape(other),
            None => self.out.push('\\'),
        }
    }

    /// `\Q...\E`: literal text.
    fn quotation(&mut self) {
        let text = self.rest.as_str();
        let (literal, rest) = text.split_once("\\E").unwrap_or((text, ""));
        self.out.push_str(&regex::escape(literal));
        self.rest = rest.chars();
    }

    /// Escapes that mean the same inside and outside of brackets.
    fn shared_escape(&mut self, char: char) {
        if let Some(class) = ascii_class(char) {
            self.out.push_str(class);
            return;
        }
        // `\<` is plain `<` in Go, but the start of a word here.
        if !matches!(char, '<' | '>') {
            self.out.push('\\');
        }
        self.out.push(char);
        if matches!(char, 'p' | 'P' | 'x') {
            self.argument();
        }
    }

    /// The `L` of `\pL`, the `{Greek}` of `\p{Greek}`.
    fn argument(&mut self) {
        let rest = self.rest.as_str();
        let end = if rest.starts_with('{') { rest.find('}').map(|end| end + 1) } else { None }
            .unwrap_or_else(|| rest.chars().next().map_or(0, char::len_utf8));
        let (argument, rest) = rest.split_at(end);
        self.out.push_str(argument);
        self.rest = rest.chars();
    }

    /// A class, from behind its opening bracket.
    fn class(&mut self) {
        self.out.push('[');
        if self.skip('^') {
            self.out.push('^');
        }
        // A bracket that comes first is literal.
        let mut first = true;
        while let Some(char) = self.rest.next() {
            if char == ']' && !first {
                self.out.push(']');
                return;
            }
            first = false;
            let is_char = self.class_item(char);
            let rest = self.rest.as_str();
            if is_char && rest.starts_with('-') && !rest.starts_with("-]") {
                self.rest.next();
                self.out.push('-');
                if let Some(end) = self.rest.next() {
                    self.class_item(end);
                }
            }
        }
    }

    /// One item of a class; returns whether it is a character, which can begin a range.
    fn class_item(&mut self, char: char) -> bool {
        match char {
            '\\' => {
                let Some(escaped) = self.rest.next() else {
                    self.out.push('\\');
                    return false;
                };
                self.shared_escape(escaped);
                ascii_class(escaped).is_none() && !matches!(escaped, 'p' | 'P')
            }
            '[' if self.named_class() => false,
            '[' | ']' | '&' | '~' | '-' => {
                self.out.extend(['\\', char]);
                true
            }
            other => {
                self.out.push(other);
                true
            }
        }
    }

    /// `[:alpha:]`, from behind its opening bracket.
    fn named_class(&mut self) -> bool {
        let rest = self.rest.as_str();
        let Some(end) = rest.strip_prefix(':').and_then(|name| name.find(":]")) else {
            return false;
        };
        let (name, rest) = rest.split_at(end + 3);
        self.out.push('[');
        self.out.push_str(name);
        self.rest = rest.chars();
        true
    }

    fn skip(&mut self, char: char) -> bool {
        let found = self.rest.as_str().starts_with(char);
        if found {
            self.rest.next();
        }
        found
    }
}

/// The ASCII meaning of a Perl class.
fn ascii_class(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        's' => "[\\t\\n\\f\\r ]",
        'S' => "[^\\t\\n\\f\\r ]",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_what_it_means_in_go() {
        let cases: &[(&str, &str, bool)] = &[
            (r"^\d$", "7", true),
            (r"^\d$", "٣", false),
            (r"^\D$", "٣", true),
            (r"^\w+$", "az_09", true),
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"^\s$", "\u{a0}", false),
            (r"^\S$", "\u{a0}", true),
            (r"^[\w-]+$", "a-b", true),
            (r"^[\w-]+$", "a.b", false),
            (r"^[\w-.]+$", "a-b.c", true),
            (r"^[\w-é]+$", "é-a", true),
            (r"^[-\w]+$", "-a", true),
            (r"^[^\w]$", "é", true),
            (r"^[^\w]$", "a", false),
            (r"^[\D]$", "a", true),
            (r"^[\D]$", "1", false),
            (r"^[^\D]$", "1", true),
            (r"^[^\D]$", "a", false),
            (r"^[^\s\d]$", "x", true),
            (r"^[^\s\d]$", "5", false),
            (r"^[[:alpha:]-]+$", "a-b", true),
            (r"^[[:alpha:]]$", "é", false),
            (r"^[[:^alpha:]]$", "é", true),
            (r"^[[]$", "[", true),
            (r"^[a[b]$", "[", true),
            (r"^[]a]$", "]", true),
            (r"^[^]a]$", "]", false),
            (r"^[a&&b]$", "&", true),
            (r"^[a~~b]$", "~", true),
            (r"^[+--]$", ",", true),
            (r"^[a-c--]$", "-", true),
            (r"^[a-z0-9.-]+$", "a-1.b", true),
            (r"^[\x41-\x43]$", "B", true),
            (r"^[\x{41}-\x{43}]$", "B", true),
            (r"^\p{Greek}+$", "αβγ", true),
            (r"^[\pL-]+$", "é-a", true),
            (r"\bprod\b", "a.prod.b", true),
            (r"\bprod\b", "éprod", true),
            (r"\bprod\b", "xprod", false),
            (r"a\Bb", "ab", true),
            (r"^\Qa.b\E$", "a.b", true),
            (r"^\Qa.b\E$", "axb", false),
            (r"^\<\>$", "<>", true),
            (r"^a\.b$", "axb", false),
            (r"(?i)^A$", "a", true),
            (r"^(?:😍|🤩)$", "🤩", true),
            ("", "anything", true),
        ];
        for (pattern, text, expected) in cases {
            let regex = DomainRegex::new(pattern)
                .unwrap_or_else(|error| panic!("{pattern} should compile: {error}"));
            assert_eq!(regex.is_match(text), *expected, "{pattern} on {text}");
            assert_eq!(regex.as_str(), *pattern);
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for pattern in ["(", "[", "[]", r"\", r"[\", r"[\b]", r"(?=a)", r"(a)\1", "[z-a]"] {
            assert!(DomainRegex::new(pattern).is_err(), "{pattern} should not compile");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_compiles_or_fails(text in r"([\[\]\\^&~:wdbQExp{}-]|\PC){0,24}") {
            let _ = DomainRegex::new(&text);
        }
    }
}
