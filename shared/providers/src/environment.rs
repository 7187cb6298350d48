//! The environment of the process, as a value.

use std::collections::BTreeMap;
use std::fmt;

use crate::ProviderError;

/// The environment variables of the process. Only `functions/*` and the settings read the real ones.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// These variables.
    #[must_use]
    pub fn new(variables: BTreeMap<String, String>) -> Self {
        Self(variables)
    }

    /// All variables, for a library that reads them by its own rules.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The value of a variable. An empty value counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The value of a variable without which there is no provider.
    ///
    /// # Errors
    /// When it is not set.
    pub fn required(&self, name: &str, what: &str) -> Result<&str, ProviderError> {
        let missing = || ProviderError::config(format!("{name} is not set; it holds {what}"));
        self.get(name).ok_or_else(missing)
    }
}

/// Variables hold credentials, so none is shown.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.0.len())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self(variables.into_iter().map(owned).collect())
    }
}
