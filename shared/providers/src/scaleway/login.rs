//! Where the key is: in variables, or in the file of Scaleway's own tools.

use crate::environment::is_true;
use crate::rest::credentials::{Profile, given, looks_like};
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

impl Login {
    /// The key and where it is for. Variables win over the file.
    ///
    /// # Errors
    /// When a key is missing or malformed, or the file cannot be read.
    pub(super) fn find(variables: &Environment) -> Result<Self, ProviderError> {
        let path = variables.config_path("SCW_CONFIG_PATH", "scw/config.yaml");
        let profile = Profile::read("Scaleway", path.as_deref(), "SCW_PROFILE", variables)?;
        let value = |key: &str| {
            let of_variable = VALUES.iter().find(|(own, _)| *own == key);
            let of_variable = of_variable.and_then(|(_, names)| variables.first_of(names));
            of_variable.map(str::to_owned).or_else(|| profile.text(key)).unwrap_or_default()
        };
        let keys = [value("access_key"), value("secret_key")];
        let keys = [("SCW_ACCESS_KEY", keys[0].as_str()), ("SCW_SECRET_KEY", &keys[1])];
        let [access, secret_key] = given("Scaleway", keys)?;
        let what = "access key of Scaleway, which is SCW and 17 letters or digits";
        looks_like("SCW_ACCESS_KEY", &access, "SCW00000000000000000", what)?;
        let what = "secret key of Scaleway, which is a UUID";
        looks_like("SCW_SECRET_KEY", &secret_key, "ffffffff-ffff-ffff-ffff-ffffffffffff", what)?;
        let is_verified = variables.get("SCW_TLSVERIFY");
        let is_verified = is_verified.filter(|_| variables.get("SCW_INSECURE").is_none());
        let size = variables.get("SCW_DEFAULT_PAGE_SIZE").and_then(|text| text.parse().ok());
        Ok(Self {
            secret_key,
            url: Some(value("api_url")).filter(|url| !url.is_empty()),
            insecure: is_verified.map_or_else(|| is_true(&value("insecure")), |it| !is_true(it)),
            page_size: size.unwrap_or(PAGE).clamp(1, PAGE),
        })
    }
}
