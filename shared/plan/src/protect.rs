//! Names that are never deleted or updated.

use std::str::FromStr;

use extdns_model::Name;
use glob::{MatchOptions, Pattern};

/// The patterns of names whose records stay as they are.
#[derive(Debug, Clone, Default)]
pub struct Protected(Vec<Glob>);

/// A pattern of names: `*` is any text, dots included; `?` one character; `[ab]` one of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    pattern: Pattern,
}

/// A text that is no pattern of names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// It would match nothing.
    #[error("the pattern is empty; to protect every name, write *")]
    Empty,
    /// It cannot be read.
    #[error("no pattern of names: {0}; write [*] for a plain *")]
    Syntax(String),
}

const ANYWHERE: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: false,
    require_literal_leading_dot: false,
};

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        let name = text.trim().strip_suffix('.').unwrap_or(text.trim());
        if name.is_empty() {
            return Err(GlobError::Empty);
        }
        let pattern = Pattern::new(&name.to_lowercase())
            .map_err(|error| GlobError::Syntax(error.msg.to_owned()))?;
        Ok(Self { text: text.to_owned(), pattern })
    }
}

impl Glob {
    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches a name in lower case, as A-labels or in Unicode.
    #[must_use]
    pub fn matches(&self, name: &Name) -> bool {
        self.pattern.matches_with(&name.key(), ANYWHERE)
            || self.pattern.matches_with(&name.to_unicode(), ANYWHERE)
    }
}

impl Protected {
    /// These patterns.
    #[must_use]
    pub fn new(globs: Vec<Glob>) -> Self {
        Self(globs)
    }

    /// Whether no name is protected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first pattern that matches a name.
    #[must_use]
    pub fn find(&self, name: &Name) -> Option<&Glob> {
        self.0.iter().find(|glob| glob.matches(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let cases = [
            ("*.prod.org", "a.prod.org", true),
            ("*.prod.org", "a.b.PROD.org", true),
            ("*.prod.org", "prod.org", false),
            ("*.prod.org", "*.prod.org", true),
            ("[*].prod.org", "*.prod.org", true),
            ("[*].prod.org", "a.prod.org", false),
            ("WWW?.prod.org.", "www1.prod.org", true),
            ("www?.prod.org", "www.prod.org", false),
            ("*", "", true),
            ("bücher.*", "xn--bcher-kva.org", true),
            ("xn--bcher-kva.*", "Bücher.org", true),
            ("prod", "prod.org", false),
        ];
        for (pattern, name, expected) in cases {
            let glob: Glob = pattern.parse().expect(pattern);
            assert_eq!(glob.matches(&Name::as_listed(name)), expected, "{pattern} {name}");
            assert_eq!(glob.as_str(), pattern);
        }
    }
}
