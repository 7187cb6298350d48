//! The source that a template is rendered for.

use ecow::eco_format;

use crate::value::Reason;

/// For which source a template is rendered.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name.
    pub name: &'a str,
    /// All names that there are.
    pub all: &'a [&'a str],
}

impl Source<'_> {
    pub(crate) fn is(self, name: &str) -> Result<bool, Reason> {
        if !self.all.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let all = self.all.join(", ");
            return Err(eco_format!("{name:?} is no source; the sources are {all}"));
        }
        Ok(self.name.eq_ignore_ascii_case(name))
    }
}
