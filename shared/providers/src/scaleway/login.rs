//! Where the key is: in variables, or in the file of Scaleway's own tools.

use serde_json::Value;

use crate::rest::credentials::given;
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

/// What the file calls the values, and the variables that win over it.
const VALUES: [(&str, &[&str]); 4] = [
    ("access_key", &["SCW_ACCESS_KEY", "SCALEWAY_ACCESS_KEY"]),
    ("secret_key", &["SCW_SECRET_KEY", "SCW_TOKEN", "SCALEWAY_TOKEN", "SCALEWAY_ACCESS_KEY"]),
    ("api_url", &["SCW_API_URL"]),
    ("insecure", &["SCW_INSECURE"]),
];

/// The profile of the file that is used, and its top level, which every profile changes; nothing where there is no file.
fn profile(variables: &Environment) -> Result<[Value; 2], ProviderError> {
    let xdg = variables.get("XDG_CONFIG_HOME").map(|it| format!("{it}/scw/config.yaml"));
    let xdg = xdg.unwrap_or_else(|| "~/.config/scw/config.yaml".to_owned());
    let path = variables.path(variables.get("SCW_CONFIG_PATH").unwrap_or(&xdg));
    let top = match path.and_then(|path| Some((std::fs::read_to_string(&path).ok()?, path))) {
        None => Value::Null,
        Some((text, path)) => serde_saphyr::from_str(&text).map_err(|problem| {
            ProviderError::config(format!("the file {} cannot be read: {problem}", path.display()))
        })?,
    };
    let Some(name) = variables.get("SCW_PROFILE").or(top["active_profile"].as_str()) else {
        return Ok([Value::Null, top]);
    };
    let profile = top["profiles"].get(name).cloned().ok_or_else(|| {
        ProviderError::config(format!(
            "the profile {name:?} is not in the file of Scaleway; correct SCW_PROFILE"
        ))
    })?;
    Ok([profile, top])
}

impl Login {
    /// The key and where it is for. Variables win over the file.
    ///
    /// # Errors
    /// When a key is missing or malformed, or the file cannot be read.
    pub(super) fn find(variables: &Environment) -> Result<Self, ProviderError> {
        let profile = profile(variables)?;
        let value = |key: &str| {
            let (_, names) = VALUES.iter().find(|(own, _)| *own == key)?;
            let of_variable = names.iter().find_map(|name| variables.get(name));
            let of_file = || match profile.iter().find_map(|it| it.get(key))? {
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            of_variable.map(str::to_owned).or_else(of_file)
        };
        let [access, secret] =
            ["access_key", "secret_key"].map(|key| value(key).unwrap_or_default());
        let keys = [("SCW_ACCESS_KEY", access.as_str()), ("SCW_SECRET_KEY", &secret)];
        let [access, secret_key] = given("Scaleway", keys)?;
        if !is_access_key(&access) {
            return Err(ProviderError::config(
                "SCW_ACCESS_KEY holds no access key of Scaleway, which is SCW and 17 letters or digits",
            ));
        }
        if !is_uuid(&secret_key) {
            return Err(ProviderError::config(
                "SCW_SECRET_KEY holds no secret key of Scaleway, which is a UUID",
            ));
        }
        let is_true = |text: &str| matches!(text, "1" | "t" | "true" | "T" | "TRUE" | "True");
        let unverified = || variables.get("SCW_TLSVERIFY").map(|text| !is_true(text));
        let of_variable = variables.get("SCW_INSECURE").map(is_true).or_else(unverified);
        let insecure = of_variable.or_else(|| value("insecure").map(|text| is_true(&text)));
        let size = variables.get("SCW_DEFAULT_PAGE_SIZE").and_then(|text| text.parse().ok());
        Ok(Self {
            secret_key,
            url: value("api_url"),
            insecure: insecure.unwrap_or_default(),
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
