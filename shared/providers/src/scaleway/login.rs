//! Where the key is: in variables, or in the file of Scaleway's own tools.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::{Environment, ProviderError};

/// What a run needs of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) secret_key: String,
    pub(super) url: Option<String>,
    pub(super) insecure: bool,
    pub(super) page_size: u32,
}

/// Most items of a page.
const PAGE: u32 = 1000;

/// A profile of the file.
#[derive(Debug, Clone, Default, Deserialize)]
struct Profile {
    access_key: Option<String>,
    secret_key: Option<String>,
    api_url: Option<String>,
    insecure: Option<bool>,
}

/// `config.yaml`: the top level is the profile that others change.
#[derive(Debug, Default, Deserialize)]
struct File {
    #[serde(flatten)]
    top: Profile,
    active_profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

impl Profile {
    fn or(self, other: Self) -> Self {
        Self {
            access_key: self.access_key.or(other.access_key),
            secret_key: self.secret_key.or(other.secret_key),
            api_url: self.api_url.or(other.api_url),
            insecure: self.insecure.or(other.insecure),
        }
    }

    fn of(variables: &Environment) -> Self {
        let text = |name: Option<&str>| name.map(ToOwned::to_owned);
        let is_true = |text: &str| matches!(text, "1" | "t" | "true" | "T" | "TRUE" | "True");
        let verified = variables.get("SCW_TLSVERIFY").map(|text| !is_true(text));
        Self {
            access_key: text(variables.first(["SCW_ACCESS_KEY", "SCALEWAY_ACCESS_KEY"])),
            secret_key: text(variables.first([
                "SCW_SECRET_KEY",
                "SCW_TOKEN",
                "SCALEWAY_TOKEN",
                "SCALEWAY_ACCESS_KEY",
            ])),
            api_url: text(variables.get("SCW_API_URL")),
            insecure: variables.get("SCW_INSECURE").map(is_true).or(verified),
        }
    }
}

impl File {
    /// That of the variables, or that of the home folder; nothing where there is none.
    fn read(variables: &Environment) -> Result<Self, ProviderError> {
        let home = |name, below: &str| variables.get(name).map(|it| PathBuf::from(it).join(below));
        let path = variables.get("SCW_CONFIG_PATH").map(PathBuf::from);
        let path = path
            .or_else(|| home("XDG_CONFIG_HOME", "scw/config.yaml"))
            .or_else(|| home("HOME", ".config/scw/config.yaml"));
        let Some((path, text)) = path.and_then(|it| Some((it.clone(), std::fs::read(it).ok()?)))
        else {
            return Ok(Self::default());
        };
        let text = String::from_utf8_lossy(&text);
        serde_saphyr::from_str(&text).map_err(|problem| {
            ProviderError::config(format!("the file {} cannot be read: {problem}", path.display()))
        })
    }

    fn active(self, variables: &Environment) -> Result<Profile, ProviderError> {
        let Self { top, active_profile, mut profiles } = self;
        let name = variables.get("SCW_PROFILE").map(ToOwned::to_owned).or(active_profile);
        let Some(name) = name else { return Ok(top) };
        let profile = profiles.remove(&name).ok_or_else(|| {
            ProviderError::config(format!(
                "the profile {name:?} is not in the file of Scaleway; correct SCW_PROFILE"
            ))
        })?;
        Ok(profile.or(top))
    }
}

impl Login {
    /// The key and where it is for. Variables win over the file.
    ///
    /// # Errors
    /// When a key is missing or malformed, or the file cannot be read.
    pub(super) fn find(variables: &Environment) -> Result<Self, ProviderError> {
        let file = File::read(variables)?.active(variables)?;
        let profile = Profile::of(variables).or(file);
        let missing = |what: &str, name: &str| {
            ProviderError::config(format!("no {what} key of Scaleway is set; put it into {name}"))
        };
        let access = profile.access_key.ok_or_else(|| missing("access", "SCW_ACCESS_KEY"))?;
        let secret = profile.secret_key.ok_or_else(|| missing("secret", "SCW_SECRET_KEY"))?;
        if !is_access_key(&access) {
            return Err(ProviderError::config(
                "SCW_ACCESS_KEY holds no access key of Scaleway, which is SCW and 17 letters or digits",
            ));
        }
        if !is_uuid(&secret) {
            return Err(ProviderError::config(
                "SCW_SECRET_KEY holds no secret key of Scaleway, which is a UUID",
            ));
        }
        let size = variables.get("SCW_DEFAULT_PAGE_SIZE").and_then(|text| text.parse().ok());
        Ok(Self {
            secret_key: secret,
            url: profile.api_url,
            insecure: profile.insecure.unwrap_or_default(),
            page_size: size.unwrap_or(PAGE).clamp(1, PAGE),
        })
    }
}

fn is_access_key(text: &str) -> bool {
    let rest = text.strip_prefix("SCW").unwrap_or_default();
    let is_sign = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit();
    rest.len() == 17 && rest.chars().all(is_sign)
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|it| it.len()).collect();
    lengths == [8, 4, 4, 4, 12] && parts.concat().chars().all(|it| it.is_ascii_hexdigit())
}
