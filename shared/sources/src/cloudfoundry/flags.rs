//! The flags of the source `cloudfoundry`.

use std::fmt;

use clap::Args;

use crate::error::OptionsError;

/// The flags of the source `cloudfoundry`.
#[derive(Args, Clone)]
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
    cf_password: String,
}

/// Without the password.
impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flags")
            .field("cf_api_endpoint", &self.cf_api_endpoint)
            .finish_non_exhaustive()
    }
}

/// What the flags say.
#[derive(Clone)]
pub(crate) struct Options {
    /// The URL of the API.
    pub(super) endpoint: String,
    pub(super) username: String,
    pub(super) password: String,
}

/// Without the password.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// A flag is missing.
#[derive(Debug, thiserror::Error)]
#[error("the source cloudfoundry needs --{0}")]
pub(crate) struct CloudFoundryFlagError(pub(crate) &'static str);

impl Options {
    /// What the flags say; all of them are needed where the source is used.
    pub(super) fn read(flags: &Flags, is_used: bool) -> Result<Self, OptionsError> {
        let Flags { cf_api_endpoint, cf_username, cf_password } = flags;
        let all = [
            ("cf-api-endpoint", cf_api_endpoint),
            ("cf-username", cf_username),
            ("cf-password", cf_password),
        ];
        if let Some((flag, _)) = all.into_iter().find(|(_, value)| is_used && value.is_empty()) {
            return Err(OptionsError::source(CloudFoundryFlagError(flag)));
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
        match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        }
    }
}
