//! The variables that say who we are at Google.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Where `gcloud` keeps its files, below the home folder.
const CONFIG: &str = ".config/gcloud";
/// The file that `gcloud auth application-default login` makes.
const LOGIN: &str = "application_default_credentials.json";
/// Where the metadata server is.
const METADATA: &str = "metadata.google.internal";

/// What Google's libraries read of the process's environment. An empty variable counts as not set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct GoogleVariables {
    variables: BTreeMap<String, String>,
    #[cfg(feature = "aws")]
    pub(super) aws: crate::AwsVariables,
}

/// The values are not shown.
impl fmt::Debug for GoogleVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl GoogleVariables {
    /// Those of all variables that are looked at here.
    #[must_use]
    pub fn of(variables: &BTreeMap<String, String>) -> Self {
        let ours = |name: &str| {
            ["GOOGLE_", "CLOUDSDK_", "GCE_METADATA_"].iter().any(|start| name.starts_with(start))
                || name == "HOME"
        };
        let kept = variables.iter().filter(|(name, value)| ours(name) && !value.trim().is_empty());
        Self {
            variables: kept.map(|(name, value)| (name.clone(), value.trim().to_owned())).collect(),
            #[cfg(feature = "aws")]
            aws: crate::AwsVariables::of(variables),
        }
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The file of the user's login, where there is a home folder.
    pub(super) fn login(&self) -> Option<PathBuf> {
        let own = self.get("CLOUDSDK_CONFIG").map(PathBuf::from);
        let of_home = || Some(PathBuf::from(self.get("HOME")?).join(CONFIG));
        Some(own.or_else(of_home)?.join(LOGIN))
    }

    /// The host of the metadata server, and its port where it has one of its own.
    pub(super) fn metadata_host(&self) -> &str {
        self.get("GCE_METADATA_HOST").unwrap_or(METADATA)
    }

    pub(super) fn may_run_programs(&self) -> bool {
        self.get("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES") == Some("1")
    }
}
