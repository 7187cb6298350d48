//! The flags of the source `cloudfoundry`.

use clap::Args;
use extdns_auth::secrets::Secret;

use crate::error::OptionsError;
use crate::objects::without_port;

/// The flags of the source `cloudfoundry`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// The host of the API of Cloud Foundry.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "HOST[:PORT]")]
    cf_api_endpoint: String,

    /// The user of the API of Cloud Foundry.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
    cf_username: String,

    /// The password of the API of Cloud Foundry.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "PASSWORD")]
    cf_password: Secret,
}

/// What the flags say.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The URL of the API.
    pub(super) endpoint: String,
    pub(super) username: String,
    pub(super) password: Secret,
}

impl Options {
    /// What the flags say; all of them are needed where the source is used.
    pub(super) fn read(flags: &Flags, is_used: bool) -> Result<Self, OptionsError> {
        let Flags { cf_api_endpoint, cf_username, cf_password } = flags;
        let all = [
            ("cf-api-endpoint", cf_api_endpoint.as_str()),
            ("cf-username", cf_username),
            ("cf-password", cf_password.text()),
        ];
        if let Some((flag, _)) = all.into_iter().find(|(_, value)| is_used && value.is_empty()) {
            return Err(OptionsError::Missing { source_name: "cloudfoundry", flag });
        }
        let endpoint = match cf_api_endpoint.contains("://") {
            true => cf_api_endpoint.clone(),
            false => format!("https://{cf_api_endpoint}"),
        };
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Ok(Self { endpoint, username: cf_username.clone(), password: cf_password.clone() })
    }

    /// The host of the API: the target of all records.
    pub(super) fn target(&self) -> &str {
        let host = self.endpoint.split_once("://").map_or(self.endpoint.as_str(), |(_, host)| host);
        let host = host.split_once('/').map_or(host, |(host, _)| host);
        without_port(host)
    }
}
