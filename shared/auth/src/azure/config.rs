//! What says who we are: the file `azure.json`, and the variables of Azure's own libraries.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::AzureError;

/// The variables that are read.
const PREFIXES: [&str; 2] = ["AZURE_", "IDENTITY_"];

/// The environment variables of Azure. Values are secret, so none is shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AzureVariables(BTreeMap<String, String>);

impl AzureVariables {
    /// Those among these variables.
    #[must_use]
    pub fn of(all: &BTreeMap<String, String>) -> Self {
        let own = all.iter().filter(|(name, _)| PREFIXES.iter().any(|it| name.starts_with(it)));
        Self(own.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for AzureVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AzureVariables({})", self.0.len())
    }
}

/// The fields of `azure.json` and the variables, in one view.
pub(super) struct Settings {
    path: Option<PathBuf>,
    /// By their names in lower case; `None` where there is no file.
    fields: Option<BTreeMap<String, String>>,
    variables: AzureVariables,
}

impl Settings {
    /// Reads the file. One that does not exist is no error yet: the variables may say everything.
    pub(super) fn read(
        path: Option<&Path>,
        variables: &AzureVariables,
    ) -> Result<Self, AzureError> {
        let mut settings =
            Self { path: path.map(Path::to_owned), fields: None, variables: variables.clone() };
        let Some(path) = path else { return Ok(settings) };
        let broken = |problem: &str| {
            AzureError::Setting(format!(
                "failed to read Azure config file '{}': {problem}",
                path.display()
            ))
        };
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let fields = parse(&text).ok_or_else(|| {
                    broken("it is no JSON or YAML object with fields like tenantId; correct it")
                })?;
                settings.fields = Some(fields);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(broken(&error.to_string())),
        }
        Ok(settings)
    }

    /// A field of the file, by its name in any case; an empty one is none.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.as_ref()?.get(&name.to_ascii_lowercase())?;
        Some(field.trim()).filter(|value| !value.is_empty())
    }

    /// Whether a field is `true`.
    pub(super) fn switch(&self, name: &str) -> bool {
        self.field(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name)
    }

    /// A field, or else a variable.
    pub(super) fn get(&self, field: &str, variable: &str) -> Option<&str> {
        self.field(field).or_else(|| self.variable(variable))
    }

    /// The file, as messages name it.
    pub(super) fn file(&self) -> String {
        self.path.as_ref().map_or("azure.json".to_owned(), |path| path.display().to_string())
    }

    /// Why a field of the file has no value.
    pub(super) fn lack(&self) -> &'static str {
        match (&self.path, &self.fields) {
            (None, _) => "no such file is named",
            (Some(_), None) => "there is no such file",
            (Some(_), Some(_)) => "not set",
        }
    }
}

/// The fields with a text, a number or a truth value. A file in YAML was taken by older releases of
/// ExternalDNS; JSON is read as JSON.
fn parse(text: &str) -> Option<BTreeMap<String, String>> {
    let value: Value =
        serde_json::from_str(text).ok().or_else(|| serde_saphyr::from_str(text).ok())?;
    let fields = value.as_object()?.iter().filter_map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => return None,
        };
        Some((name.to_ascii_lowercase(), text))
    });
    Some(fields.collect())
}
