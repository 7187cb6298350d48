//! The environment of the process, as a value.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use extdns_auth::{HttpOptions, Tried};

use crate::ProviderError;

/// Whether a text means yes, as Go reads it.
pub(crate) fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "true" | "T" | "TRUE" | "True")
}

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

    /// The value of the first of these variables that is set.
    #[must_use]
    pub fn first<const N: usize>(&self, names: [&str; N]) -> Option<&str> {
        self.first_of(&names)
    }

    /// The same for a list.
    #[must_use]
    pub fn first_of(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// The path in a variable, else that of a file in the folder of the user's configuration.
    #[must_use]
    pub fn config_path(&self, variable: &str, file: &str) -> Option<PathBuf> {
        if let Some(path) = self.get(variable) {
            return self.path(path);
        }
        match self.get("XDG_CONFIG_HOME") {
            Some(folder) => Some(PathBuf::from(folder).join(file)),
            None => self.path(&format!("~/.config/{file}")),
        }
    }

    /// The values of the variables of this prefix: `key` of `EXAMPLE` is `EXAMPLE_KEY`.
    pub fn under(&self, prefix: &str) -> impl Fn(&str) -> Option<String> + use<'_> {
        let prefix = prefix.to_uppercase();
        move |name: &str| {
            self.get(&format!("{prefix}_{}", name.to_uppercase())).map(ToOwned::to_owned)
        }
    }

    /// A path, in which `~` in front is the folder in `HOME`; `None` where that is not set.
    #[must_use]
    pub fn path(&self, text: &str) -> Option<PathBuf> {
        match text.strip_prefix("~/") {
            Some(below) => Some(PathBuf::from(self.get("HOME")?).join(below)),
            None => Some(PathBuf::from(text)),
        }
    }

    /// The credential in the first of these variables that is set: its value, or what is in the file that it names, as
    /// `file:` and a path, without blanks around it.
    ///
    /// # Errors
    /// When that file cannot be read or is empty.
    pub fn credential<const N: usize>(
        &self,
        names: [&str; N],
    ) -> Result<Option<String>, ProviderError> {
        let Some(name) = names.into_iter().find(|name| self.get(name).is_some()) else {
            return Ok(None);
        };
        let value = self.get(name).unwrap_or_default();
        let Some(path) = value.strip_prefix("file:") else { return Ok(Some(value.to_owned())) };
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
        let text = text.map(|text| text.trim().to_owned());
        let token = text.and_then(|text| {
            if text.is_empty() { Err("the file is empty".to_owned()) } else { Ok(text) }
        });
        token.map(Some).map_err(|problem| {
            ProviderError::config(format!(
                "the token file {path} cannot be used: {problem}; give {name} the path of a file with a \
                 token"
            ))
        })
    }

    /// The error where none of these credentials is there: variables that belong together, and what is right for them.
    #[must_use]
    pub fn nothing_in(
        &self,
        service: &str,
        places: &[(&'static [&str], &'static str)],
    ) -> ProviderError {
        let tried = places.iter().fold(Tried::default(), |tried, (names, remedy)| {
            let is_missing = |name: &&&str| self.get(name).is_none();
            let missing: Vec<&str> = names.iter().filter(is_missing).copied().collect();
            let found = if missing.len() < names.len() {
                format!("{} is not set", missing.join(" and "))
            } else {
                "not set".to_owned()
            };
            tried.place(format!("the environment ({})", names.join(" and ")), found, *remedy)
        });
        ProviderError::config(format!("{service} credentials are not configured: {tried}"))
    }

    /// How a server is reached over TLS: the variables with this prefix, `.._CA_FILE`, `.._CERT_FILE`, `.._KEY_FILE`,
    /// `.._TLS_SERVER_NAME` and `.._TLS_INSECURE`, before what the flags say.
    ///
    /// # Errors
    /// When there is a certificate without a key, or a key without a certificate.
    pub fn tls(&self, prefix: &str, flags: &HttpOptions) -> Result<HttpOptions, ProviderError> {
        let text = |name: &str| self.get(&format!("{prefix}_{name}"));
        let file = |name: &str| text(name).map(PathBuf::from);
        let identity = match (file("CERT_FILE"), file("KEY_FILE")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => flags.identity.clone(),
            _ => {
                return Err(ProviderError::config(format!(
                    "either both cert and key or none must be provided: set {prefix}_CERT_FILE and {prefix}_KEY_FILE, or \
                     neither"
                )));
            }
        };
        let insecure = text("TLS_INSECURE").unwrap_or_default().to_ascii_lowercase();
        Ok(HttpOptions {
            ca: file("CA_FILE").or_else(|| flags.ca.clone()),
            identity,
            server_name: text("TLS_SERVER_NAME").map(str::to_owned),
            accept_any_certificate: matches!(insecure.as_str(), "true" | "yes" | "1"),
            ..flags.clone()
        })
    }

    /// The value of a variable without which there is no provider.
    ///
    /// # Errors
    /// When it is not set.
    pub fn required(&self, name: &str, what: &str) -> Result<&str, ProviderError> {
        let missing = || ProviderError::config(format!("{name} is not set; it holds {what}"));
        self.get(name).ok_or_else(missing)
    }

    /// What a variable means that has one of these values; the first where it is not set.
    ///
    /// # Errors
    /// When it has another value.
    pub fn choice<T: Copy, const N: usize>(
        &self,
        name: &str,
        values: [(&str, T); N],
    ) -> Result<T, ProviderError> {
        let Some(given) = self.get(name) else { return Ok(values[0].1) };
        let meant = values.iter().find(|(text, _)| *text == given).map(|(_, value)| *value);
        meant.ok_or_else(|| {
            let all = values.map(|(text, _)| text).join(" or ");
            ProviderError::config(format!("{name} is {given:?}; use {all}"))
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_a_value_or_what_is_in_the_file_that_it_names() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), " from-file\n").expect("written");
        let empty = tempfile::NamedTempFile::new().expect("a file");
        let [named, nothing] = [&file, &empty].map(|it| format!("file:{}", it.path().display()));
        let of = |value: &str| {
            let environment = Environment::from([("OTHER", " "), ("TOKEN", value)]);
            environment.credential(["OTHER", "TOKEN"])
        };
        let text = |it: &str| Some(it.to_owned());
        assert_eq!(of("t0ken").expect("a value"), text("t0ken"));
        assert_eq!(of(&named).expect("a file"), text("from-file"));
        assert_eq!(of("").expect("nothing"), None);
        for (value, problem) in
            [(nothing.as_str(), "the file is empty"), ("file:/nowhere", "No such file")]
        {
            let error = of(value).expect_err(problem).message;
            assert!(
                error.contains(problem)
                    && error.ends_with("give TOKEN the path of a file with a token"),
                "{error}"
            );
        }
    }

    #[test]
    fn without_credentials_every_place_says_what_is_missing_and_what_would_be_right() {
        let environment = Environment::from([("KEY", "k3y-of-mine")]);
        let places: &[(&[&str], &str)] =
            &[(&["TOKEN"], "set it to a token"), (&["KEY", "EMAIL"], "set both")];
        let error = environment.nothing_in("example", places);
        assert_eq!(
            error.message,
            "example credentials are not configured: no credentials in any of 2 places: (1) the environment (TOKEN): \
             not set; set it to a token. (2) the environment (KEY and EMAIL): EMAIL is not set; set both"
        );
    }
}
